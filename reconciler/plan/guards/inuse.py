"""Deletion of what seems to be in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds import KINDS
from reconciler.model import Address, Alarm
from reconciler.plan.guards.scene import Scene
from reconciler.plan.standing import led_to

__all__ = ["in_use"]

_REMEDY = (
    "make sure that nobody needs it and take it out of use first, or consent with a `kind: exception` document for "
    "in-use"
)


def in_use(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each object that the plan deletes though it seems to be in use.

    The kinds tell whether an object was used; besides, one is in use that grants something to another which is neither
    declared nor deleted.
    """
    gone = [change for change in scene.plan.changes if change.action == "delete"]
    if not gone:
        return
    held = _held_by_others(scene, [change.address for change in gone])
    for change in gone:
        observed = scene.live.objects.get(change.address)
        if observed is None:
            continue
        used = KINDS[change.address.kind].in_use(observed.resource, scene.desired.today)
        why = (*used, *(f"{holder}, which is not declared, holds it" for holder in held.get(change.address, ())))
        if why:
            yield scene.alarm(
                "in-use", change.address, f"it would be deleted, but {why[0]}", _REMEDY, change.origin, why
            )


def _held_by_others(scene: Scene, gone: Iterable[Address]) -> Mapping[Address, list[Address]]:
    """Return for each of the objects who has it granted that nobody declares and that stays."""
    wanted = set(gone)
    found: dict[Address, list[Address]] = {}
    for address, observed in scene.live.objects.items():
        if address in scene.desired.declared or address in wanted:
            continue
        for facet in KINDS[address.kind].facets:
            value = getattr(observed.resource, facet.field) if facet.grants in {"held", "boundary"} else None
            for key in [value] if isinstance(value, str) else value or ():
                target = led_to(facet, key, scene.account)
                if target in wanted:
                    found.setdefault(target, []).append(address)
    return found
