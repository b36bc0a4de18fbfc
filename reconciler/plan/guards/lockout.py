"""The guard that keeps those in who must be able to finish, to undo, to plan, and to get in when all else fails."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.model import Address, Alarm, Live
from reconciler.plan.guards.scene import Scene
from reconciler.plan.standing import bound_by

__all__ = ["caller_of", "lockout"]

_SESSION = re.compile(r"arn:[^:]*:sts::\d{12}:assumed-role/(?P<name>[^/]+)/.*")


def lockout(scene: Scene) -> Iterable[Alarm]:
    """Return an alarm for each principal that the plan would cut off from what it is there for.

    With a base, those whom its settings name for planning and applying count as well: they may be who does it now.

    Raises:
        AccountError: the account cannot be read.
    """
    if not scene.plan.steps:
        return ()
    settings = [scene.settings, *([scene.base.desired.settings] if scene.base is not None else ())]
    named = [pair for one in settings for pair in (("apply", one.roles.apply), ("plan", one.roles.plan))]
    found: dict[Address, dict[str, None]] = {}
    for duty, address in (*named, ("caller", caller_of(scene.live))):
        if address is not None and address in scene.live.objects:
            found.setdefault(scene.live.objects[address].address, {})[duty] = None
    recover = scene.settings.roles.recover
    if not found and not recover:
        return ()
    from reconciler.plan.guards.cutting import Judge  # noqa: PLC0415  only who is named or known costs a proof

    judge = Judge(scene)
    kept = (alarm for address, duties in found.items() for alarm in judge.of(address, [*duties]))
    return (*kept, *judge.of_recover(recover))


def caller_of(live: Live) -> Address | None:
    """Return who asked for the plan; None: the account's root, a federated user, or nobody of this account."""
    session = _SESSION.fullmatch(live.caller)
    for address, observed in live.objects.items() if live.caller else ():
        kind = bound_by(observed, live.account).get("aws:PrincipalType")
        if session is not None and kind == "AssumedRole" and address.name == session["name"]:
            return address
        if kind is not None and observed.arn == live.caller:
            return address
    return None
