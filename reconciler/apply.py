"""The running of a plan: its calls in their order and nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from reconciler.errors import CallError, ReconcilerError
from reconciler.model import Call, Plan, Step

__all__ = ["Outcome", "Progress", "Writer", "run"]

Progress: TypeAlias = Callable[[Step, Literal["begun", "done", "failed"]], None]

_REFUSED_FOR_NOW = frozenset(
    {"ConcurrentModification", "EntityTemporarilyUnmodifiable", "Throttling", "ThrottlingException"}
)
"""Codes with which IAM says that it did nothing and that the same call may pass later. Source: IAM's service model."""

_BUDGET = 120.0
"""Seconds that one step may be tried for: a new principal has been seen to take half a minute to be known."""

_LONGEST_PAUSE = 10.0


class Writer(Protocol):
    """What an apply needs of live IAM."""

    def send(self, call: Call) -> Mapping[str, Any]:
        """Make one call, once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what was done, what failed and why, what was not begun."""

    done: Sequence[Step]
    failed: Sequence[tuple[Step, str]]
    left: Sequence[Step]

    @property
    def ok(self) -> bool:
        """Return whether every step was done."""
        return not self.failed and not self.left


def run(
    plan: Plan,
    iam: Writer,
    on_step: Progress = lambda _step, _event: None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Make the plan's calls one after another and stop at the first that IAM refuses for good.

    No later step is begun after a failure, for it may take away what the failed one should have given.
    """
    done: list[Step] = []
    steps = list(plan.steps)
    for index, step in enumerate(steps):
        on_step(step, "begun")
        try:
            _send(step, iam, sleep, clock)
        except ReconcilerError as error:
            on_step(step, "failed")
            return Outcome(done, [(step, str(error))], steps[index + 1 :])
        done.append(step)
        on_step(step, "done")
    return Outcome(done, [], [])


def _send(step: Step, iam: Writer, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
    end, pause = clock() + _BUDGET, 0.5
    while True:
        try:
            iam.send(step.call)
        except CallError as error:
            wait = pause * random.uniform(0.5, 1.0)  # noqa: S311  jitter, no secret
            if not _may_pass_later(step, error) or clock() + wait > end:
                raise
            sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return


def _may_pass_later(step: Step, error: CallError) -> bool:
    """Return whether the refusal may be of the moment: IAM is busy, or does not yet know what this run made before.

    Source: IAM user guide, troubleshoot_general: changes take time until they are seen everywhere.
    """
    if error.code in _REFUSED_FOR_NOW:
        return True
    if not step.after:
        return False
    invalid_principal = error.code == "MalformedPolicyDocument" and error.message.startswith("Invalid principal")
    return invalid_principal or error.code == "NoSuchEntity"
