"""Variables: ``{{ name }}`` within texts; a text that is nothing else takes the variable's own value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.tree import Spot, Tree
from reconciler.errors import Fault

__all__ = ["NAME", "Definition", "Filled", "Scope", "fill", "resolve"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a variable may be called."""
_TEMPLATE = re.compile(r"\{\{\{\{|\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}|\{\{")
_WHOLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_VARIABLE_SIZE, _DOCUMENT_SIZE = 100_000, 1_000_000
_DEEPEST = 100
_STAND_IN = "x"
_FIXED = ("account_id", "partition")


@dataclass(frozen=True, slots=True)
class Definition:
    """A variable as the settings define it."""

    value: Any
    spot: Spot


@dataclass(frozen=True, slots=True)
class Scope:
    """The values that variables have for one account."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    spoiled: frozenset[str] = frozenset()
    """Variables whose definition is at fault; it was reported there."""
    account: str = ""
    """The account's name, where there is more than one."""
    elsewhere: frozenset[str] = frozenset()
    """The variables that some account has."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A tree whose variables are filled in; faults that stand at a ``spoiled`` place are consequences."""

    tree: Tree
    faults: tuple[Fault, ...] = ()
    spoiled: frozenset[str] = frozenset()


def fill(tree: Tree, scope: Scope, *, untouched: frozenset[str] = frozenset()) -> Filled:
    """Return the tree with its variables filled in; the values of the top-level keys ``untouched`` stay as they are."""
    if not tree.templated:
        return Filled(tree, spoiled=tree.spoiled)
    filler = _Filler(scope, _DOCUMENT_SIZE)
    data, spot = filler.root(tree, untouched)
    return Filled(Tree(data, spot), tuple(filler.faults), tree.spoiled | filler.spoiled)


def resolve(
    definitions: Mapping[str, Definition], built_in: Mapping[str, str | None], bare: Scope
) -> tuple[Scope, tuple[Fault, ...]]:
    """Return the scope ``bare`` with the values of all variables: definitions may use other variables in any order.

    A ``region`` among the definitions wins over the built-in one; a built-in of None has no value.
    """
    faults: list[Fault] = []
    wanted = dict(definitions)
    for name in _FIXED:
        if name in wanted:
            place = str(wanted.pop(name).spot.origin)
            faults.append(Fault(place, f"the variable {name} is built in", "remove it: the account's entry sets it"))
    values: dict[str, Any] = {name: text for name, text in built_in.items() if name not in wanted}
    sizes = {name: len(text or "") for name, text in values.items()}
    spoiled: set[str] = set()
    for name in _order(wanted, faults, spoiled):
        definition = wanted[name]
        filler = _Filler(replace(bare, values=values, sizes=sizes, spoiled=frozenset(spoiled)), _VARIABLE_SIZE)
        value = filler.value(definition.value, definition.spot)[0]
        size, depth = _measure(value)
        if depth > _DEEPEST:
            filler.fault(definition.spot, f"the variable {name} nests deeper than {_DEEPEST} levels", "flatten it")
        faults += filler.faults
        if filler.spoiled:
            spoiled.add(name)
        values[name], sizes[name] = value, size
    return replace(bare, values=values, sizes=sizes, spoiled=frozenset(spoiled)), tuple(faults)


def _order(wanted: Mapping[str, Definition], faults: list[Fault], spoiled: set[str]) -> list[str]:
    """Return the names so that each follows those that it uses; names on a cycle are reported and left out."""
    uses = {name: [used for used in _used(wanted[name].value) if used in wanted] for name in sorted(wanted)}
    while True:
        try:
            return list(TopologicalSorter(uses).static_order())
        except CycleError as error:
            cycle: list[str] = error.args[1][:0:-1]
            start = cycle.index(min(cycle))
            cycle = cycle[start:] + cycle[:start]
            what = f"reference cycle: the variable {' uses '.join([*cycle, cycle[0]])}"
            faults.append(Fault(str(wanted[cycle[0]].spot.origin), what, "give one of them a value of its own"))
            spoiled.update(cycle)
            uses = {
                name: [used for used in names if used not in spoiled]
                for name, names in uses.items()
                if name not in spoiled
            }


def _used(value: Any) -> list[str]:
    return [match.group(1) for text in _texts(value) for match in _TEMPLATE.finditer(text) if match.group(1)]


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            pending += [*item, *item.values()]
        elif isinstance(item, list):
            pending += item


def _measure(value: Any) -> tuple[int, int]:
    """Return a value's size (nodes and characters) and depth."""
    size = deepest = 0
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        size += 1
        deepest = max(deepest, depth)
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, Mapping):
            size += sum(map(len, item))
            pending += [(child, depth + 1) for child in item.values()]
        elif isinstance(item, list):
            pending += [(child, depth + 1) for child in item]
    return size, deepest


class _Filler:
    """Fills in the variables of one tree."""

    def __init__(self, scope: Scope, budget: int) -> None:
        self.faults: list[Fault] = []
        self.spoiled: set[str] = set()
        self._scope = scope
        self._budget = budget
        self._left = budget

    def fault(self, spot: Spot, what: str, remedy: str) -> None:
        place = str(spot.origin)
        self.faults.append(Fault(place, what, remedy))
        self.spoiled.add(place)

    def root(self, tree: Tree, untouched: frozenset[str]) -> tuple[Any, Spot]:
        if not isinstance(tree.data, dict):
            return self.value(tree.data, tree.spot)
        data: dict[str, Any] = {}
        below: dict[str, Spot] = {}
        for key, value in tree.data.items():
            place = tree.spot.child(key) or tree.spot
            data[key], below[key] = (value, place) if key in untouched else self.value(value, place)
        return data, tree.spot._replace(below=below)

    def value(self, value: Any, spot: Spot) -> tuple[Any, Spot]:
        if isinstance(value, str):
            return (self._text(value, spot), spot) if "{{" in value else (value, spot)
        if isinstance(value, dict):
            return self._mapping(value, spot)
        if isinstance(value, list):
            return self._list(value, spot)
        return value, spot

    def _mapping(self, value: Mapping[str, Any], spot: Spot) -> tuple[Any, Spot]:
        data: dict[str, Any] = {}
        below: dict[str, Spot] = {}
        for key, child in value.items():
            place = spot.child(key) or spot
            name = str(self._substitute(key, place)) if "{{" in key else key
            if name in data:
                what = (
                    f"with its variables filled in, the key {quoted(key)} reads as one in line {below[name].line} does"
                )
                self.fault(place, what, "keep one of the two")
                continue
            data[name], below[name] = self.value(child, place)
        return data, spot._replace(below=below)

    def _list(self, value: list[Any], spot: Spot) -> tuple[Any, Spot]:
        data: list[Any] = []
        below: list[Spot] = []
        for index, child in enumerate(value):
            place = spot.child(index) or spot
            item, inner = self.value(child, place)
            if isinstance(item, list) and isinstance(child, str):
                data += item
                below += [inner] * len(item)
            else:
                data.append(item)
                below.append(inner)
        return data, spot._replace(below=below)

    def _text(self, text: str, spot: Spot) -> Any:
        whole = _WHOLE.fullmatch(text)
        return self._look_up(whole.group(1), spot) if whole else self._substitute(text, spot)

    def _substitute(self, text: str, spot: Spot) -> str:
        def replace(match: re.Match[str]) -> str:
            name: str | None = match.group(1)
            if name is None:
                if match.group() == "{{{{":
                    return "{{"
                what = "`{{` begins a variable, and no name with `}}` follows"
                self.fault(spot, what, "write {{ name }}, or {{{{ for the two braces themselves")
                return _STAND_IN
            value = self._look_up(name, spot)
            if isinstance(value, str):
                return value
            form = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "null"
            what = f"the variable {name} is {form} and cannot stand within a text"
            self.fault(spot, what, f'let it stand alone: "{{{{ {name} }}}}"')
            return _STAND_IN

        return _TEMPLATE.sub(replace, text)

    def _look_up(self, name: str, spot: Spot) -> Any:
        scope = self._scope
        if name in scope.spoiled:
            self.spoiled.add(str(spot.origin))
            return _STAND_IN
        if name not in scope.values:
            self._unknown(name, spot)
            return _STAND_IN
        value = scope.values[name]
        if name == "region" and value is None:
            what = f"the variable region has no value{self._for_account(name)}"
            self.fault(spot, what, "set it under variables in the settings, or pass --region")
            return _STAND_IN
        before, self._left = self._left, self._left - scope.sizes[name]
        if self._left < 0:
            if before >= 0:
                what = f"variables add more than {self._budget:,} characters here"
                self.fault(spot, what, "no IAM object needs that: shorten them")
            self.spoiled.add(str(spot.origin))
            return _STAND_IN
        return value

    def _unknown(self, name: str, spot: Spot) -> None:
        known = sorted({*_FIXED, "region", *self._scope.elsewhere})
        meant = did_you_mean(name, known)
        if name in known:
            remedy = "define it under that account's variables too"
        elif meant:
            remedy = f"did you mean {meant}?"
        else:
            remedy = f"define it under variables in the settings, or use {listed(known, 'or')}"
        self.fault(spot, f"unknown variable {quoted(name)}{self._for_account(name)}", remedy)

    def _for_account(self, name: str) -> str:
        scope = self._scope
        return f" for the account {scope.account}" if scope.account and name in scope.elsewhere else ""
