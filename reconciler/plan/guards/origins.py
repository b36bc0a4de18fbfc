"""Where the documents say what a guard speaks against."""

from __future__ import annotations

from reconciler.model import Address, Origin
from reconciler.plan.guards.scene import Scene

__all__ = ["origin_of"]


def origin_of(scene: Scene, address: Address, field: str = "") -> Origin | None:
    """Return where an object's field is written, else the object itself; None where no document speaks of it."""
    change = next((one for one in scene.plan.changes if one.address == address), None)
    if change is not None:
        own = (one.origin for one in change.differences if one.field == field and one.origin is not None)
        return next(own, change.origin)
    declared = scene.desired.declared.get(address)
    return declared.origin if declared is not None else None
