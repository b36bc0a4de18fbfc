"""One object put back, field by field and item by item: what the run wrote goes back, what others wrote since stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Facet, Items, Observed, Value
from reconciler.undo.naming import Names

__all__ = ["Merged", "added_since", "merged"]


@dataclass(slots=True)
class Merged:
    """What is to be put back of one object that is there."""

    values: dict[str, Any] = field(default_factory=dict)
    """Whole fields, with what they were."""
    put: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per field the items that go back, with what they were; every field whose items the run changed is among them."""
    drop: dict[str, set[str]] = field(default_factory=dict)
    """Per field the keys of the items that the run added."""
    foreign: list[str] = field(default_factory=list)
    """What the run wrote and somebody else changed since, for people."""

    def __bool__(self) -> bool:
        """Return whether there is anything to put back."""
        return bool(self.values or any(self.put.values()) or any(self.drop.values()))


def merged(before: Observed[Any], states: Sequence[Observed[Any]], live: Observed[Any], names: Names) -> Merged:
    """Return what puts ``live`` back to ``before`` in everything that differs among the states of the run.

    A field or an item that is as the run found it or left it at any time is the run's; any other value came since.
    """
    found = Merged()
    for facet in KINDS[before.address.kind].facets:
        was, now = getattr(before.resource, facet.field), getattr(live.resource, facet.field)
        seen = [getattr(state.resource, facet.field) for state in states]
        if isinstance(facet, Items):
            if any(was.keys() != items.keys() for items in seen):
                found.put.setdefault(facet.field, {})
            was, now = names.of_run(facet, was), names.of_now(facet, now)
            _merge_items(facet, was, [names.of_run(facet, items) for items in seen], now, found)
        elif any(not _same(facet, was, value) for value in seen) and not _same(facet, was, now):
            if any(_same(facet, now, value) for value in seen):
                found.values[facet.field] = was
            else:
                found.foreign.append(facet.field)
    return found


def _merge_items(
    facet: Items, was: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], now: Mapping[str, Any], found: Merged
) -> None:
    keys = {key: None for items in (was, *seen) for key in items}
    for key in keys:
        if _like(facet, key, was, now) or all(_like(facet, key, was, items) for items in seen):
            continue
        if not any(_like(facet, key, now, items) for items in seen):
            found.foreign.append(f"{facet.field}: {facet.label(key)}")
        elif key in was:
            found.put.setdefault(facet.field, {})[key] = was[key]
        else:
            found.drop.setdefault(facet.field, set()).add(key)


def added_since(states: Sequence[Observed[Any]], live: Observed[Any], names: Names) -> list[str]:
    """Return what the live object has that none of the run's states had, for people."""
    kind, found = KINDS[live.address.kind], []
    for facet in kind.facets:
        now = getattr(live.resource, facet.field)
        seen = [getattr(state.resource, facet.field) for state in states]
        if isinstance(facet, Items):
            now, seen = names.of_now(facet, now), [names.of_run(facet, items) for items in seen]
            more = [key.strip() for key in now if not any(_like(facet, key, now, items) for items in seen)]
            found += [f"{facet.field}: {facet.label(key)}" for key in sorted(more)]
        elif not any(_same(facet, now, value) for value in seen):
            found.append(facet.field)
    ties = {call.key for state in states for call in kind.recreate(state.resource, state.resource)}
    found += [str(call.operation) for call in kind.recreate(live.resource, live.resource) if call.key not in ties]
    lost = {item for state in states for item in kind.irreversible(state.resource, None)}
    return found + [item for item in kind.irreversible(live.resource, None) if item not in lost]


def _same(facet: Facet, one: Any, other: Any) -> bool:
    if one == other:
        return True
    compared = isinstance(facet, Value) and one is not None and other is not None
    return compared and bool(facet.same(one, other))  # type: ignore[attr-defined]


def _like(facet: Items, key: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two fields agree on the item: neither has it, or both have it alike."""
    if key not in one or key not in other:
        return (key in one) == (key in other)
    return bool(facet.same(one[key], other[key]))
