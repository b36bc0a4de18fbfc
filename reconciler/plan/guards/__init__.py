"""The guards: what must not be done unless somebody consents to it, for that very subject."""

from __future__ import annotations

from reconciler.model import Alarm
from reconciler.plan.guards.boundaries import boundary_removed
from reconciler.plan.guards.inuse import in_use
from reconciler.plan.guards.leftbehind import left_behind
from reconciler.plan.guards.limits import limit_delete, limit_narrow, limit_trust, limit_widen
from reconciler.plan.guards.lockout import lockout
from reconciler.plan.guards.quota import quota
from reconciler.plan.guards.repairs import repair_widens
from reconciler.plan.guards.scene import Guard, Scene
from reconciler.plan.guards.settings import settings_loosened
from reconciler.plan.guards.source import empty_source
from reconciler.plan.guards.takeover import takeover
from reconciler.plan.guards.trusts import trust_widened

__all__ = ["Guard", "Scene", "alarms"]

_GUARDS: tuple[Guard, ...] = (
    boundary_removed,
    empty_source,
    in_use,
    left_behind,
    limit_delete,
    limit_narrow,
    limit_trust,
    limit_widen,
    lockout,
    quota,
    repair_widens,
    settings_loosened,
    takeover,
    trust_widened,
)


def alarms(scene: Scene) -> tuple[Alarm, ...]:
    """Return what the guards say against the plan, sorted by guard and subject.

    Raises:
        AccountError: the account cannot be read.
    """
    found = [alarm for guard in _GUARDS for alarm in guard(scene)]
    return tuple(sorted(found, key=lambda alarm: (alarm.guard, alarm.subject, alarm.what)))
