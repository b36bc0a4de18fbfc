"""A policy as a set of its smallest parts: what two policies share, or one has beyond the other, is then a set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from reconciler.policydoc.normal import Slot, Statement, normalise
from reconciler.policydoc.words import VERSION_OLD

__all__ = ["Atom", "Atoms", "atoms"]

Choice: TypeAlias = tuple[Slot, frozenset[str]]
"""An element with its values: one value, or all of them where they mean something only together."""

_MOST = 1000
_WHOLE = frozenset({"NotAction", "NotResource", "NotPrincipal"})


@dataclass(frozen=True, slots=True)
class Atom:
    """Requests that one statement matches, by one of its actions, resources and principals and all of its conditions.

    The effect is no part of it: what one statement allows and another denies is the same atom.
    """

    choices: frozenset[Choice]
    conditions: frozenset[Choice]
    old: bool = False
    """Whether ``${…}`` is literal text in it, as in policies of version 2008-10-17."""
    written: tuple[str, ...] = field(default=(), compare=False)
    """Its actions as the document spells them."""

    @property
    def text(self) -> str:
        """Return a text that no other atom has, the same in every process: sets of atoms are sorted by it."""
        return json.dumps(self.document("Allow"), sort_keys=True)

    def values(self, *elements: str) -> tuple[str, ...]:
        """Return the sorted values of the first of the elements that it has."""
        found = (sorted(values) for slot, values in self.choices if slot[0] in elements)
        return tuple(next(found, ()))

    def has(self, element: str) -> bool:
        """Return whether it has the element."""
        return any(slot[0] == element for slot, _ in self.choices)

    def document(self, effect: str) -> dict[str, Any]:
        """Return a policy of one statement that matches exactly these requests."""
        statement: dict[str, Any] = {"Effect": effect}
        for (element, *rest), values in sorted(self.choices, key=lambda choice: choice[0]):
            statement[element] = {rest[0]: sorted(values)} if rest else sorted(values)
        for (_, operator, key), values in sorted(self.conditions, key=lambda choice: choice[0]):
            statement.setdefault("Condition", {}).setdefault(operator, {})[key] = sorted(values)
        return {"Version": VERSION_OLD if self.old else "2012-10-17", "Statement": statement}


@dataclass(frozen=True, slots=True)
class Atoms:
    """What a policy allows and what it denies."""

    allow: frozenset[Atom]
    deny: frozenset[Atom]


def atoms(document: Mapping[str, Any] | str) -> Atoms:
    """Return the atoms of a policy: those of its parts together match exactly what the policy's statements match.

    Raises:
        PolicyError: ``document`` is no policy.
    """
    policy = normalise(document)
    found: dict[str, set[Atom]] = {"Allow": set(), "Deny": set()}
    for statement in policy.statements:
        found[statement.effect].update(_parts(statement, old=policy.version == VERSION_OLD))
    return Atoms(frozenset(found["Allow"]), frozenset(found["Deny"]))


def _parts(statement: Statement, *, old: bool) -> Iterator[Atom]:
    conditions = frozenset((slot, frozenset(values)) for slot, values in statement.slots.items() if _is_condition(slot))
    axes: dict[str, list[Choice]] = {}
    for slot, values in statement.slots.items():
        if not _is_condition(slot):
            axes.setdefault(slot[0], []).extend(_choices(slot, values))
    if _count(axes.values()) > _MOST:
        axes = {element: _joined(axis) for element, axis in axes.items()}
    literal = old and any("$" in value for values in statement.slots.values() for value in values)
    spelt = statement.slots.get(("Action",), {})
    for chosen in product(*axes.values()):
        named = [name for slot, values in chosen if slot == ("Action",) for name in sorted(values)]
        yield Atom(frozenset(chosen), conditions, literal, tuple(spelt[name] for name in named))


def _choices(slot: Slot, values: Iterable[str]) -> list[Choice]:
    if slot[0] in _WHOLE:
        return [(slot, frozenset(values))]
    return [(slot, frozenset({value})) for value in values]


def _joined(axis: list[Choice]) -> list[Choice]:
    """Return an axis whose values stand together, so that a huge statement does not become a million atoms."""
    by_slot: dict[Slot, frozenset[str]] = {}
    for slot, values in axis:
        by_slot[slot] = by_slot.get(slot, frozenset()) | values
    return list(by_slot.items())


def _count(axes: Iterable[list[Choice]]) -> int:
    count = 1
    for axis in axes:
        count *= len(axis)
    return count


def _is_condition(slot: Slot) -> bool:
    return slot[0] == "Condition"
