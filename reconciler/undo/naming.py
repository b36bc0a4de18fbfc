"""One name for each object, whatever it is called before the run, in it and now: the one that the run found.

What is referred to by ARN goes by the ARN that the run found: a replaced policy may have moved to another path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model import Facet, Live, Observed
from reconciler.plan.lives import Life

__all__ = ["Names", "names_of"]

_STRANGER = "\n"
"""What no name begins with."""


@dataclass(frozen=True, slots=True)
class Names:
    """By kind and folded name or ARN: the name or ARN that the run found the object by."""

    in_run: Mapping[tuple[str, str], str] = field(default_factory=dict)
    now: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of_run(self, facet: Facet, items: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a field of a state of the run with every object that it refers to under the name that was found."""
        return _named(self.in_run, facet, items)

    def of_now(self, facet: Facet, items: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a field of a live object so; another object that took such a name gets one that nothing else has."""
        return _named(self.now, facet, items)


def _named(names: Mapping[tuple[str, str], str], facet: Facet, items: Mapping[str, Any]) -> Mapping[str, Any]:
    if not facet.refers or not names:
        return items
    return {names.get((facet.refers, key.lower()), key): value for key, value in items.items()}


def names_of(run: Sequence[Life], live: Live, by_id: Mapping[str, Observed[Any]]) -> Names:
    """Return the names of the objects that were renamed, by the run or since."""
    in_run: dict[tuple[str, str], str] = {}
    now: dict[tuple[str, str], str] = {}
    for life in run:
        if life.before is None:
            continue
        address, arn = life.before.address, life.before.arn
        in_run |= {(address.kind, state.address.folded): address.name for state in life.there}
        in_run |= {(address.kind, state.arn.lower()): arn for state in life.there}
        there = by_id.get(life.before.resource.unique_id) or (live.objects.get(address) if life.ends else None)
        stranger = live.objects.get(address)
        if there is not None and stranger is not None and stranger is not there:
            now[(address.kind, address.folded)] = f"{_STRANGER}{address.name}"
        if there is not None:
            now.setdefault((address.kind, there.address.folded), address.name)
            now[(address.kind, there.arn.lower())] = arn
    return Names(in_run, now)
