"""Why the account differs: because the documents say something else than at the base, or because it moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.diff import Ruling, compare
from reconciler.errors import InputError
from reconciler.model import Address, Base, Change, Declared, Desired, Difference, Live
from reconciler.plan.ownership import rulings

__all__ = ["caused", "touched"]

_Key: TypeAlias = tuple[str, str, str, Any, Any]


def touched(desired: Desired, base: Base) -> frozenset[Address]:
    """Return the objects of which the documents say something else than at the base, old names among them."""
    old, new = base.desired.declared, desired.declared
    changed = {address for address in old.keys() | new.keys() if not _same(old.get(address), new.get(address))}
    renamed = {Address(a.kind, d.renamed_from) for a, d in new.items() if a in changed and d.renamed_from}
    return frozenset(changed | renamed)


def _same(one: Declared | None, other: Declared | None) -> bool:
    """Return whether two documents say the same, wherever they stand."""
    return one is other or (one is not None and other is not None and _said(one) == _said(other))


def _said(declared: Declared) -> tuple[Any, ...]:
    places = {"origin", "document"}
    fields = (field.name for field in dataclasses.fields(declared) if field.name not in places)
    return (declared.address.name, *(getattr(declared, name) for name in fields))


def caused(
    changes: Sequence[Change], desired: Desired, base: Base, live: Live, probed: Mapping[str, bool]
) -> list[Change]:
    """Return the changes, each with its cause: what the base's documents would change all the same is drift.

    Of an object that this change is about, the differences that are drift are marked: the change reverts them as well.
    """
    if not changes:
        return []
    there = _at_base(desired, base, live, {change.address for change in changes}, probed)
    return [_caused(change, there.get(change.address)) for change in changes]


def _caused(change: Change, there: Change | None) -> Change:
    known = {_key(difference) for difference in there.differences} if there is not None else set()
    marked = tuple(dataclasses.replace(d, reverts=True) if _key(d) in known else d for d in change.differences)
    if there is not None and there.action == change.action and all(d.reverts for d in marked):
        return dataclasses.replace(change, cause="drift")
    return dataclasses.replace(change, differences=marked, cause="change")


def _key(difference: Difference) -> _Key:
    return (difference.field, difference.sign, difference.item, _Told(difference.before), _Told(difference.after))


class _Told:
    """A value that may be no key of a set, told by its text."""

    def __init__(self, value: Any) -> None:
        self._text = repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _at_base(
    desired: Desired, base: Base, live: Live, about: set[Address], probed: Mapping[str, bool]
) -> dict[Address, Change]:
    """Return what the base's documents would change of the objects; what is declared and live is not looked at else."""
    old = base.desired
    kept = {a: one for a, one in old.declared.items() if a in about or a not in live.objects}
    prune = old.settings.prune and desired.settings.prune
    settings = dataclasses.replace(old.settings, prune=prune)
    trimmed = dataclasses.replace(old, declared=kept, settings=settings)
    ruled = {a: ruling if a in about or a in kept else Ruling("leave") for a, ruling in rulings(trimmed, live).items()}
    try:
        diff = compare(trimmed, live, ruled, probed)
    except InputError:
        # What the base's documents name is not there any more, so nothing of what is planned was their wish.
        return {}
    return {change.address: change for change in diff.changes}
