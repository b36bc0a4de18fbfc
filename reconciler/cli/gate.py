"""What stands between a plan that was shown and its first write: consent, and a last look at the account.

Whatever must be known of the plan that is about to be applied is asked here, of that very plan: what a saved plan's
file says of it counts for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import click

from reconciler.cli.screen import status
from reconciler.errors import RefusedError
from reconciler.model import Alarm, Escalation, Origin, Plan
from reconciler.report.lines import place

if TYPE_CHECKING:
    from reconciler.plan.make import Reader

__all__ = ["ALLOW_SPIKE", "FAIL_ON", "alarms", "clock", "last_look", "objections", "refuse", "worded"]

_FRESH = 60.0
"""Seconds that a reading of the account is good for."""

ALLOW_SPIKE = click.option(
    "--allow-spike", is_flag=True, help="Apply also steps that let somebody do more for a moment (marked `spike:`)."
)


FailOn: TypeAlias = Literal["wider", "wider-strict", "escalation", "undecided"]
_FAILURES: tuple[FailOn, ...] = get_args(FailOn)

FAIL_ON = click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(_FAILURES),
    multiple=True,
    help="Exit with 3 if somebody's access grows (wider; wider-strict counts also what only future actions or no "
    "existing resource can show), if there is a new escalation, or if a proof is missing. May be repeated.",
)


def objections(plan: Plan, fail_on: Sequence[str]) -> list[str]:
    """Return why the plan fails by what ``--fail-on`` names, for people; what is undecided counts as wider."""
    access, found = plan.access, []
    if access is None:
        return []
    for impact in access.impacts:
        if impact.subject == "policy":
            continue
        what = f"{'trust' if impact.subject == 'trust' else 'access'} of {impact.address}"
        labelled = impact.widens and bool(impact.gained_label)
        if impact.widens is not False and ("wider-strict" in fail_on or ("wider" in fail_on and not labelled)):
            found.append(f"{what} {'grows' if impact.widens else 'may grow: it is undecided'}")
        elif impact.relation == "UNDECIDED" and "undecided" in fail_on:
            found.append(f"{what} is undecided")
    if "escalation" in fail_on:
        found += [f"{path.source} can {_gain(path)}" for path in access.escalations]
    return found


def _gain(path: Escalation) -> str:
    return "give itself more" if path.source == path.target else f"get at what {path.target} may do"


def refuse(plan: Plan, fail_on: Sequence[str] = (), *, allow_spike: bool = True) -> None:
    """Return if nothing stands against the plan; whatever does is told at once.

    That is: a guard to which nobody consented, a sentence of the documents that does not hold or is not settled once
    the plan is carried out, what ``--fail-on`` names, and, unless ``allow_spike``, a step marked ``spike``, which lets
    a principal do what it may do neither before nor after the plan.

    Raises:
        RefusedError: something does.
    """
    grounds = {
        "what the guards say": alarms(plan),
        "what the documents expect": _unexpected(plan),
        " ".join(f"--fail-on {name}" for name in fail_on): objections(plan, fail_on),
        "spikes, which --allow-spike lets through": [] if allow_spike else _spikes(plan),
    }
    because = [f"of {ground}" for ground, found in grounds.items() if found]
    if because:
        reasons = [reason for found in grounds.values() for reason in found]
        raise RefusedError([*reasons, f"nothing was written, because {' and '.join(because)}"])


def alarms(plan: Plan) -> list[str]:
    """Return what guards say against the plan without anybody's consent, for people."""
    return [worded(alarm) for alarm in plan.standing]


def worded(alarm: Alarm) -> str:
    """Return what a guard says, in one line for people."""
    return f"{_at(alarm.origin)}{alarm.guard} {alarm.subject}: {alarm.what}; way out: {alarm.remedy}"


def _unexpected(plan: Plan) -> list[str]:
    failing = {(one.expectation.origin, one.expectation.text) for one in plan.unmet if one.fails}
    return [f"{_at(origin)}not as expected: `{text}`" for origin, text in sorted(failing)]


def _spikes(plan: Plan) -> list[str]:
    return [
        f"step {step.id} ({step.call.operation} {step.address}) lets {mark.principal} do more for a moment: "
        f"{mark.reason}"
        for step in plan.steps
        for mark in step.marks
        if mark.kind == "spike"
    ]


def _at(origin: Origin | None) -> str:
    return f"{place(origin)}: " if origin is not None else ""


def last_look(plan: Plan, iam: Reader, read: float, *, always: bool) -> Callable[[], None]:
    """Return what is to be called right before the first write.

    It reads the account again, in one snapshot, if the plan was ``read`` (a time of ``clock``) more than a minute ago,
    or ``always``; it raises RefusedError if an object that the plan touches moved.
    """

    def look() -> None:
        from reconciler.plan.check import refuse_moved  # noqa: PLC0415  most commands apply nothing

        if always or not 0 <= clock() - read <= _FRESH:
            with status("reading again what the plan touches"):
                refuse_moved(plan, iam)

    return look


def clock() -> float:
    """Return the time in seconds: one that also passes while the machine sleeps."""
    return time.time()
