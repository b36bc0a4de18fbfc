"""The guard that no principal steps out of its boundary unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Alarm, Facet, Observed
from reconciler.plan.guards.origins import origin_of
from reconciler.plan.guards.scene import Scene

__all__ = ["boundary_removed"]


def boundary_removed(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each live principal that has a boundary, stays, and has none any more."""
    for life in scene.lives:
        after = life.states[-1]
        if life.before is None or after is None:
            continue
        for facet in KINDS[life.address.kind].facets:
            if facet.grants == "boundary" and (was := _value(life.before, facet)) and not _value(after, facet):
                name = was.rpartition("/")[2]
                what = f"it would lose its permissions boundary {name} and get no other, so that nothing bounds it"
                origin = origin_of(scene, after.address, facet.field)
                remedy = f"keep a `{facet.field}`, or consent with a `kind: exception` document"
                yield scene.alarm("boundary-removed", after.address, what, remedy, origin)


def _value(observed: Observed[Any], facet: Facet) -> str | None:
    value: str | None = getattr(observed.resource, facet.field)
    return value
