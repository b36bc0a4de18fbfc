"""The limits of the settings: how much one plan may delete, and whose access or trust it may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.model import ACCOUNT, Address, Alarm, GuardId, Impact, Limit, LimitName
from reconciler.plan.guards.scene import Scene
from reconciler.plan.standing import is_principal

__all__ = ["limit_delete", "limit_narrow", "limit_trust", "limit_widen"]

_SHOWN: Final = 5
_GUARDS: Final[Mapping[LimitName, GuardId]] = {
    "delete": "limit-delete",
    "narrow": "limit-narrow",
    "trust": "limit-trust",
    "widen": "limit-widen",
}


def limit_delete(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm if the plan deletes, be it to create anew, more objects than the settings allow.

    The percentage is one of the live objects that are declared or deleted. An undo declares only what it puts back:
    there it is one of all live objects.
    """
    if "delete" in scene.settings.limits:
        gone = [change.address for change in scene.plan.changes if change.action in {"delete", "replace"}]
        yield from _beyond(scene, "delete", gone, _ours(scene, gone), "delete {} object{}")


def limit_narrow(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm if more principals may do less, or may be able to do less, than the settings allow."""
    if "narrow" in scene.settings.limits:
        found = _of(impact for impact in scene.impacts if impact.subject == "identity" and impact.narrows is not False)
        yield from _beyond(scene, "narrow", found, _principals(scene), "take access from {} principal{}")


def limit_widen(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm if more principals may do more, or may be able to do more, than the settings allow."""
    if "widen" in scene.settings.limits:
        found = _of(impact for impact in scene.impacts if impact.subject == "identity" and impact.widens is not False)
        yield from _beyond(scene, "widen", found, _principals(scene), "give more access to {} principal{}")


def limit_trust(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm if of more principals than the settings allow others may become them than before."""
    if "trust" in scene.settings.limits:
        found = _of(impact for impact in scene.impacts if impact.subject == "trust" and impact.relation != "EQUAL")
        yield from _beyond(scene, "trust", found, _principals(scene), "change who may become {} principal{}")


def _of(impacts: Iterable[Impact]) -> list[Address]:
    return sorted({impact.address for impact in impacts})


def _ours(scene: Scene, gone: Sequence[Address]) -> int:
    live = scene.live.objects
    if scene.desired.verbatim:
        return len(live)
    return len(live.keys() & {*scene.desired.declared, *gone})


def _principals(scene: Scene) -> int:
    return sum(map(is_principal, scene.live.objects))


def _beyond(scene: Scene, name: LimitName, found: Sequence[Address], of: int, does: str) -> Iterator[Alarm]:
    limit = scene.settings.limits[name]
    passed = list(_passed(limit, len(found), of))
    if not passed:
        return
    guard = _GUARDS[name]
    what = f"it would {does.format(len(found), '' if len(found) == 1 else 's')}, and limits.{name} is {_and(passed)}"
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    remedy = f"do it in several changes, or consent with a `kind: exception` document for {guard} and `{ACCOUNT}`"
    yield scene.alarm(guard, ACCOUNT, what, remedy, limit.origin, [*map(str, sorted(found)[:_SHOWN]), *more])


def _passed(limit: Limit, count: int, of: int) -> Iterator[str]:
    """Yield each part of the limit that ``count`` of ``of`` passes; nothing is within every limit."""
    if limit.count is not None and count > limit.count:
        yield str(limit.count)
    if limit.percent is not None and count * 100 > limit.percent * of:
        yield f"{limit.percent} % of the {of} that there are"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(parts)
