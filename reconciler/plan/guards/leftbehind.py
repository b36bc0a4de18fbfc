"""Objects that were declared and are no longer, and that would keep their access unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Address, Alarm
from reconciler.plan.guards.scene import Scene

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
    for one in scene.plan.left_behind:
        if scene.base is None or _declared_at_base(scene, one.address):
            what = "it is declared no more, and would keep what it has"
            yield scene.alarm("left-behind", one.address, what, _REMEDY, one.origin, (one.why, *one.keeps))


def _declared_at_base(scene: Scene, address: Address) -> bool:
    at_base = scene.base.desired.declared if scene.base is not None else {}
    declared = at_base.get(address)
    sources = (Address(other.kind, one.renamed_from) for other, one in at_base.items() if one.renamed_from)
    return (declared is not None and declared.state == "present") or address in sources
