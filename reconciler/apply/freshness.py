"""Whether objects are still as somebody read them."""

from __future__ import annotations

from typing import Any

from reconciler.apply.outcome import Writer
from reconciler.kinds import KINDS
from reconciler.model import Address, Items, Observed, Plan, Value

__all__ = ["alike", "moved"]


def moved(plan: Plan, iam: Writer) -> tuple[Address, ...]:
    """Return what the plan touches and what is no longer as the plan was made for; the account is read once.

    Raises:
        AccountError: the account cannot be read.
    """
    objects = iam.snapshot(plan.account).objects
    return tuple(sorted(address for address, was in plan.before.items() if not alike(was, objects.get(address))))


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
