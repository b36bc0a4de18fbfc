"""Journals of runs that tests make: what a run was to touch, and how far it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from support.worlds import TODAY, World

from reconciler.journal import Journal, Write
from reconciler.live import Iam
from reconciler.model import Account, Desired, Plan, Settings, Step
from reconciler.undo import undone

__all__ = ["journal_of", "run_of", "undo_of"]


def journal_of(plan: Plan, steps: Sequence[Step], *, last: Literal["done", "failed", "unknown"] = "done") -> Journal:
    """Return the journal of a run that made the steps, the last of them with the outcome ``last``."""
    outcomes: list[Any] = ["done"] * (len(steps) - 1) + [last]
    return Journal(
        version="0",
        account=plan.account,
        caller="",
        started="2026-11-24T12:00:00+00:00",
        plan="",
        before=plan.before,
        writes=tuple(
            Write(step.id, step.address, step.call, "2026-11-24T12:00:00+00:00", outcome)
            for step, outcome in zip(steps, outcomes[: len(steps)], strict=True)
        ),
    )


def run_of(world: World, plan: Plan, steps: Sequence[Step] | None = None) -> Journal:
    """Make the steps, all of the plan's by default, and return the run's journal."""
    made = plan.steps if steps is None else steps
    for step in made:
        Iam(world.session).send(step.call)
    return journal_of(plan, made)


def undo_of(world: World, journal: Journal, **settings: Any) -> Plan:
    """Return the plan that undoes the journal's run on the account as it is now."""
    iam = Iam(world.session)
    account: Account = iam.identify()
    return undone(journal, "journal.jsonl", Desired(account, Settings(**settings), {}, TODAY), iam)
