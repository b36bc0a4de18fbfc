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
from reconciler.model import Escalation, Plan
from reconciler.report.lines import place

if TYPE_CHECKING:
    from reconciler.plan.make import Reader

__all__ = [
    "ALLOW_SPIKE",
    "FAIL_ON",
    "clock",
    "last_look",
    "objections",
    "refuse_access",
    "refuse_alarms",
    "refuse_spikes",
    "refuse_unmet",
]

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


def refuse_access(plan: Plan, fail_on: Sequence[str]) -> None:
    """Return if nothing that the plan does to access is among what ``--fail-on`` names.

    Raises:
        RefusedError: there is.
    """
    found = objections(plan, fail_on)
    if found:
        options = " ".join(f"--fail-on {name}" for name in fail_on)
        raise RefusedError([*found, f"nothing was written, because of {options}"])


def refuse_unmet(plan: Plan) -> None:
    """Return if the account is as expected once the plan is carried out.

    Raises:
        RefusedError: a sentence of the documents does not hold, or that is not settled.
    """
    failing = {(one.expectation.origin, one.expectation.text) for one in plan.unmet if one.fails}
    if failing:
        reasons = [f"{place(origin)}: not as expected: `{text}`" for origin, text in sorted(failing)]
        raise RefusedError([*reasons, "nothing was written, because of what the documents expect"])


def refuse_alarms(plan: Plan) -> None:
    """Return if no guard speaks against the plan, or somebody consented to each that does.

    Raises:
        RefusedError: a guard stands.
    """
    if plan.standing:
        reasons = [f"{alarm.guard}: {alarm.subject}: {alarm.what}; {alarm.remedy}" for alarm in plan.standing]
        raise RefusedError([*reasons, "nothing was written, because of what the guards say"])


def refuse_spikes(plan: Plan, *, allowed: bool) -> None:
    """Return if no step of the plan is marked ``spike``, or if that is ``allowed``.

    Raises:
        RefusedError: a step lets a principal do what it may do neither before nor after the plan.
    """
    spikes = [(step, mark) for step in plan.steps for mark in step.marks if mark.kind == "spike"]
    if spikes and not allowed:
        reasons = [
            f"step {step.id} ({step.call.operation} {step.address}) lets {mark.principal} do more for a moment: "
            f"{mark.reason}"
            for step, mark in spikes
        ]
        raise RefusedError([*reasons, "nothing was written; --allow-spike applies the plan in spite of that"])


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
