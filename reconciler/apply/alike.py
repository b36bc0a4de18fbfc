"""Whether an object that was read twice is the same, in the same state."""

from __future__ import annotations

from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Items, Observed, Value

__all__ = ["alike"]


def alike(one: Observed[Any] | None, other: Observed[Any] | None) -> bool:
    """Return whether both are one object in one state, by the fields that kinds compare and both have read."""
    if one is None or other is None:
        return one is other
    ids = {one.resource.unique_id, other.resource.unique_id} - {""}
    if one.address != other.address or len(ids) > 1:
        return False
    unread = one.unread | other.unread
    facets = (facet for facet in KINDS[one.address.kind].facets if facet.field not in unread)
    return all(
        _same(facet, getattr(one.resource, facet.field), getattr(other.resource, facet.field)) for facet in facets
    )


def _same(facet: Any, one: Any, other: Any) -> bool:
    if isinstance(facet, Value):
        return facet.same(one, other)
    if isinstance(facet, Items):
        return one.keys() == other.keys() and all(facet.same(one[key], other[key]) for key in one)
    return bool(one == other)
