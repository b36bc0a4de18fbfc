"""Objects that were declared and are no longer, and that would keep their access unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Alarm
from reconciler.plan.guards.scene import Scene
from reconciler.plan.ownership import declared_at

__all__ = ["left_behind"]

_REMEDY = (
    "write `state: absent` to delete it or `state: unmanaged` to give it up, or consent with a `kind: exception` "
    "document for left-behind"
)


def left_behind(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each object that this change leaves behind; without a base, for each that is left behind.

    What was undeclared at the base already is listed in the plan, and no fault of this change.
    """
    if scene.desired.verbatim:
        return
    before = declared_at(scene.base, scene.live) if scene.base is not None else None
    for one in scene.plan.left_behind:
        if before is None or one.address in before:
            what = "it is declared no more, and would keep what it has"
            yield scene.alarm("left-behind", one.address, what, _REMEDY, one.origin, (one.why, *one.keeps))
