"""What stands between a plan that was shown and its first write: consent, and a last look at the account.

Whatever must be known of the plan that is about to be applied is asked here, of that very plan: what a saved plan's
file says of it counts for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from reconciler.cli.screen import status
from reconciler.errors import RefusedError
from reconciler.model import Plan

if TYPE_CHECKING:
    from reconciler.plan.make import Reader

__all__ = ["ALLOW_SPIKE", "clock", "last_look", "refuse_spikes"]

_FRESH = 60.0
"""Seconds that a reading of the account is good for."""

ALLOW_SPIKE = click.option(
    "--allow-spike", is_flag=True, help="Apply also steps that let somebody do more for a moment (marked `spike:`)."
)


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
