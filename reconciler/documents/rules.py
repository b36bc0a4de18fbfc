"""What the settings say, beside the accounts and the variables, read value by value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, get_args

from reconciler.documents.defaults import ADOPT, Default
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.tree import Tree
from reconciler.errors import Fault
from reconciler.model import Address, Kind, Limit, LimitName, Origin, Path, Requirement, Roles, Rule, Settings

__all__ = ["DYNAMIC", "RuleReader", "day", "is_true"]

DYNAMIC: Final = (
    "owner",
    "roles",
    "prune",
    "protect",
    "limits",
    "ignore",
    "keep",
    "ignore_tags",
    "require",
    "defaults",
)
"""The keys that are read here, whose values may hold variables."""


def is_true(value: Any) -> bool:
    """Return whether a value that fits its schema as a truth value is true."""
    return str(value).lower() == "true"


def day(text: str) -> dt.date | Fault:
    """Return the day that a text written YYYY-MM-DD names, or what is wrong with it, without its place."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return Fault("", f"{quoted(text)} is no day of the calendar", "write it as YYYY-MM-DD")


class RuleReader:
    """Reads what fits the schema, and reports what a schema cannot see."""

    def __init__(self, tree: Tree, kinds: Mapping[str, Kind[Any]], blamed: frozenset[Path]) -> None:
        """Take the settings for one account; something was said against the nodes at ``blamed`` already."""
        self.faults: list[Fault] = []
        self._tree = tree
        self._kinds = kinds
        self._blamed = blamed

    def settings(self, accounts: frozenset[str]) -> Settings:
        """Return the settings; ``accounts`` are the ids of all accounts that they name."""
        data = self._tree.data
        prune = is_true(data.get("prune"))
        if prune and "owner" not in data:
            self._fault(("prune",), "`prune: true` deletes what carries our mark, and `owner` is missing", "add owner")
        return Settings(
            owner=data.get("owner"),
            prune=prune,
            roles=self._roles(),
            protect=self._rules("protect"),
            limits=self._limits(),
            require=self._requirements(),
            accounts=accounts,
            places=self._places(),
            ignore=self._rules("ignore"),
            keep=tuple(pattern for _, pattern in self._items("keep")),
            ignore_tags=tuple(pattern for _, pattern in self._items("ignore_tags")),
        )

    def defaults(self) -> tuple[Default, ...]:
        """Return what documents get that leave it out."""
        found = []
        for path, item in self._items("defaults"):
            spot = self._tree.spot_at(path)
            if self._matches(item["match"], path):
                for field in item.keys() - {"match"}:
                    self._known(item["match"], field, (*path, field), (ADOPT,))
            values = {field: (value, spot.child(field) or spot) for field, value in item.items() if field != "match"}
            found.append(Default(item["match"].lower(), values))
        return tuple(found)

    def warnings(self, settings: Settings, today: dt.date) -> tuple[Fault, ...]:
        """Return a warning for every rule that has run out by ``today`` (UTC)."""
        named = [("protect", rule) for rule in settings.protect] + [("ignore", rule) for rule in settings.ignore]
        past = [(key, rule) for key, rule in named if rule.until is not None and today > rule.until]
        remedy = "remove it, or move its day"
        return tuple(
            Fault(str(rule.origin), f"the {key} rule for {rule.match} ended on {rule.until}", remedy)
            for key, rule in past
        )

    def _places(self) -> dict[str, Origin]:
        limits = self._tree.data.get("limits")
        paths: list[Path] = [(key,) for key in self._tree.data]
        paths += [("limits", name) for name in limits] if isinstance(limits, dict) else []
        return {".".join(map(str, path)): self._tree.at(path) for path in paths}

    def _roles(self) -> Roles:
        data = self._tree.data.get("roles")
        if not isinstance(data, dict):
            return Roles()
        recover = data.get("recover")
        named = [self._principal(text, ("roles", "recover", at)) for at, text in enumerate(_list(recover))]
        return Roles(
            plan=self._principal(data.get("plan"), ("roles", "plan")),
            apply=self._principal(data.get("apply"), ("roles", "apply")),
            recover=tuple(one for one in named if one is not None),
            origin=self._tree.at(("roles",)),
        )

    def _principal(self, text: Any, path: Path) -> Address | None:
        if not isinstance(text, str) or any(path[: len(blamed)] == blamed for blamed in self._blamed):
            return None
        kind, _, name = text.partition("/")
        principals = sorted(name for name, one in self._kinds.items() if one.bindings is not None)
        if kind.lower() not in principals:
            meant = did_you_mean(kind, principals)
            choice = listed([f"{one}/{name}" for one in principals], "or")
            remedy = f"did you mean {meant}/{name}?" if meant else f"write {choice}"
            self._fault(path, f"{quoted(text)} is nobody who makes requests", remedy)
            return None
        return Address(kind.lower(), name)

    def _limits(self) -> dict[LimitName, Limit]:
        data = self._tree.data.get("limits")
        found: dict[LimitName, Limit] = {}
        for name in get_args(LimitName):
            given = data.get(name) if isinstance(data, dict) else None
            if not isinstance(given, dict) or any(path[:2] == ("limits", name) for path in self._blamed):
                continue
            numbers = {key: int(value) for key, value in given.items()}
            found[name] = Limit(numbers.get("count"), numbers.get("percent"), self._tree.at(("limits", name)))
        return found

    def _requirements(self) -> tuple[Requirement, ...]:
        found = []
        for path, item in self._items("require"):
            if self._matches(item["match"], path):
                for index, field in enumerate(item["fields"]):
                    self._known(item["match"], field, (*path, "fields", index), ())
            found.append(Requirement(item["match"], tuple(item["fields"]), self._tree.at(path)))
        return tuple(found)

    def _rules(self, key: str) -> tuple[Rule, ...]:
        found = (self._rule(item, path) for path, item in self._items(key))
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, item: Any, path: Path) -> Rule | None:
        given = {"match": item} if isinstance(item, str) else item
        self._matches(given["match"], path)
        until = day(given["until"]) if "until" in given else None
        if isinstance(until, Fault):
            self._fault((*path, "until"), until.what, until.remedy)
            return None
        return Rule(given["match"], given.get("reason"), until, self._tree.at(path))

    def _items(self, key: str) -> list[tuple[Path, Any]]:
        """Return the items of a list that nothing is said against, with their paths."""
        blamed = {path[:2] for path in self._blamed}
        items = enumerate(_list(self._tree.data.get(key)))
        return [((key, index), item) for index, item in items if not {(key,), (key, index)} & blamed]

    def _matches(self, pattern: str, path: Path) -> bool:
        """Return whether a pattern is about any kind, after reporting that it is about none."""
        if self._covered(pattern):
            return True
        kind = pattern.partition("/")[0].lower()
        what = f"{quoted(pattern)} matches nothing: no kind is called {quoted(kind)}"
        self._fault(path, what, f"begin the pattern with {listed(sorted(self._kinds), 'or')}")
        return False

    def _covered(self, pattern: str) -> list[Kind[Any]]:
        kind = pattern.partition("/")[0].lower()
        return [one for name, one in self._kinds.items() if fnmatchcase(name, kind)]

    def _known(self, pattern: str, field: str, path: Path, others: tuple[str, ...]) -> None:
        """Report a key that no kind knows which the pattern is about."""
        fields = {*others, *(facet.field for kind in self._covered(pattern) for facet in kind.facets)}
        if field in fields:
            return
        meant = did_you_mean(field, fields)
        remedy = f"did you mean `{meant}`?" if meant else f"the keys there are {listed(sorted(fields))}"
        self._fault(path, f"no kind that {quoted(pattern)} is about has the key {quoted(field)}", remedy)

    def _fault(self, path: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(str(self._tree.at(path)), what, remedy))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
