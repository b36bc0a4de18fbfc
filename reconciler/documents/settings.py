"""The settings: the one document without ``kind``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reconciler.documents.hints import listed, quoted
from reconciler.documents.tree import Tree
from reconciler.documents.variables import NAME, Definition, Scope, fill, resolve
from reconciler.documents.wording import objections
from reconciler.errors import Fault
from reconciler.model import Path, Rule, Settings

__all__ = ["NOWHERE", "AccountEntry", "AccountSettings", "SettingsFile", "read_settings"]

_SCHEMA = "reconciler.schema.json"
NOWHERE = "000000000000"
"""Stands in for the id of an account that cannot be read."""
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_STATIC = frozenset({"version", "accounts", "account", "variables"})
_DYNAMIC = frozenset({"owner", "prune", "ignore", "keep", "ignore_tags"})
"""The keys whose values may hold variables."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account that the settings name; ``name`` is None for the shorthand ``account:``."""

    name: str | None
    id: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The settings as they are for one account."""

    settings: Settings
    scope: Scope
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The settings document: its accounts, and what is wrong with it whatever the account."""

    tree: Tree
    entries: tuple[AccountEntry, ...] = ()
    unclear: tuple[AccountEntry, ...] = ()
    """Accounts whose ids cannot be read; they have a stand-in."""
    names: tuple[str, ...] | None = ()
    """The names of all accounts; None where they cannot be read."""
    faults: tuple[Fault, ...] = ()

    @property
    def place(self) -> str:
        """Return where the accounts stand, as ``file:line``."""
        data = self.tree.data
        key = next((key for key in ("accounts", "account") if isinstance(data, dict) and key in data), "version")
        origin = self.tree.at((key,))
        return f"{origin.file}:{origin.line}"

    def for_account(
        self, entry: AccountEntry, region: str | None, today: dt.date, kinds: Collection[str]
    ) -> AccountSettings:
        """Return the settings with the account's own variables filled in, and everything that is wrong with them."""
        every = (*self.entries, *self.unclear)
        elsewhere = frozenset(name for other in every for name in self._definitions(other) if NAME.fullmatch(name))
        bare = Scope(account=entry.name or "" if len(every) > 1 else "", elsewhere=elsewhere)
        built_in = {"account_id": entry.id, "partition": entry.partition, "region": region}
        scope, faults = resolve(self._definitions(entry), built_in, bare)
        filled = fill(self.tree, scope, untouched=_STATIC)
        found = objections(_SCHEMA, filled.tree.data)
        said = [Fault(str(filled.tree.at(path)), what, remedy) for path, what, remedy in found]
        reader = _Reader(filled.tree, kinds, frozenset(path for path, _, _ in found))
        settings = reader.settings()
        warnings = [reader.warning(rule) for rule in settings.ignore if rule.until is not None and today > rule.until]
        own = [fault for fault in (*said, *reader.faults) if fault.place not in filled.spoiled]
        return AccountSettings(settings, scope, (*faults, *filled.faults, *own), tuple(warnings))

    def _definitions(self, entry: AccountEntry) -> dict[str, Definition]:
        paths: list[Path] = [("variables",)]
        if entry.name is not None:
            paths.append(("accounts", entry.name, "variables"))
        found: dict[str, Definition] = {}
        for path in paths:
            node: Any = self.tree.data
            spot = self.tree.spot
            for key in path:
                node = node.get(key) if isinstance(node, dict) else None
                spot = spot.child(key) or spot
            if isinstance(node, dict):
                found |= {name: Definition(value, spot.child(name) or spot) for name, value in node.items()}
        return found


def read_settings(tree: Tree) -> SettingsFile:
    """Return the settings document with the accounts that it names; the rest is read for each account."""
    faults = [
        Fault(str(tree.at(path)), what, remedy)
        for path, what, remedy in objections(_SCHEMA, tree.data)
        if not (tree.templated and path and path[0] in _DYNAMIC)
    ]
    entries: dict[str, AccountEntry] = {}
    unclear: list[AccountEntry] = []
    listed_accounts = _listed_accounts(tree.data)
    for name, value, path in listed_accounts:
        number = value.get("id") if isinstance(value, dict) else None
        if not isinstance(number, str) or not _ACCOUNT_ID.fullmatch(number):
            unclear.append(AccountEntry(name, NOWHERE))
            continue
        entry = AccountEntry(name, number, str(value.get("partition") or "aws"))
        twin = entries.setdefault(entry.id, entry)
        if twin is not entry:
            what = f"the accounts {twin.name} and {name} have the same id"
            faults.append(Fault(str(tree.at((*path, "id"))), what, "give each account its own"))
    if not listed_accounts:
        unclear.append(AccountEntry(None, NOWHERE))
    shorthand = "account" in tree.data and "accounts" not in tree.data
    names = tuple(name for name, _, _ in listed_accounts if name is not None)
    return SettingsFile(
        tree, tuple(entries.values()), tuple(unclear), names if names or shorthand else None, tuple(faults)
    )


def _listed_accounts(data: Mapping[str, Any]) -> list[tuple[str | None, Any, Path]]:
    if isinstance(data.get("accounts"), dict):
        return [(name, value, ("accounts", name)) for name, value in data["accounts"].items()]
    return [(None, {"id": data["account"]}, ("account",))] if "account" in data else []


class _Reader:
    """Reads what fits the schema, and reports what a schema cannot see."""

    def __init__(self, tree: Tree, kinds: Collection[str], blamed: frozenset[Path]) -> None:
        self.faults: list[Fault] = []
        self._tree = tree
        self._kinds = kinds
        self._blamed = blamed

    def settings(self) -> Settings:
        data = self._tree.data
        prune = str(data.get("prune")).lower() == "true"
        if prune and "owner" not in data:
            self._fault(("prune",), "`prune: true` deletes what carries our mark, and `owner` is missing", "add owner")
        rules = [self._rule(item, ("ignore", index)) for index, item in self._items("ignore")]
        return Settings(
            owner=data.get("owner"),
            prune=prune,
            ignore=tuple(rule for rule in rules if rule is not None),
            keep=tuple(pattern for _, pattern in self._items("keep")),
            ignore_tags=tuple(pattern for _, pattern in self._items("ignore_tags")),
        )

    def _items(self, key: str) -> list[tuple[int, Any]]:
        """Return the items of a list that nothing is said against."""
        items = self._tree.data.get(key)
        blamed = {path[:2] for path in self._blamed}
        found = enumerate(items) if isinstance(items, list) else ()
        return [(index, item) for index, item in found if (key, index) not in blamed]

    def _rule(self, item: Any, path: Path) -> Rule | None:
        given = {"match": item} if isinstance(item, str) else item
        kind = given["match"].partition("/")[0].lower()
        if not any(fnmatchcase(name, kind) for name in self._kinds):
            what = f"{quoted(given['match'])} matches nothing: no kind is called {quoted(kind)}"
            self._fault(path, what, f"begin the pattern with {listed(sorted(self._kinds), 'or')}")
        try:
            until = dt.date.fromisoformat(given["until"]) if "until" in given else None
        except ValueError:
            self._fault(
                (*path, "until"), f"{quoted(given['until'])} is no day of the calendar", "write it as YYYY-MM-DD"
            )
            return None
        return Rule(given["match"], given.get("reason"), until, self._tree.at(path))

    def warning(self, rule: Rule) -> Fault:
        """Return the warning that a rule has run out."""
        what = f"the ignore rule for {rule.match} ended on {rule.until}"
        return Fault(str(rule.origin), what, "remove it, or move its day")

    def _fault(self, path: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(str(self._tree.at(path)), what, remedy))
