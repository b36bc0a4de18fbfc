"""Law 6, crash-safe: whatever fails at whatever call of whatever plan, the next run brings the account to its goal."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, note
from hypothesis import strategies as st
from laws.test_laws import histories, planned, world_of
from support.estates import Docs
from support.faultlab import settled
from support.faults import FAULTS, Clock, Seam, fresh, interruptible
from support.worlds import World

from reconciler import apply
from reconciler.live import Iam
from reconciler.model import Plan


def run(plan: Plan, world: World, parallel: int) -> apply.Outcome:
    clock = Clock()
    return apply.run(plan, Iam(world.session), parallel=parallel, sleep=clock.sleep, clock=clock)


@given(histories(), st.sampled_from(sorted(FAULTS)), st.integers(0, 10_000), st.sampled_from([1, 2, 8]))
def test_law_6_after_any_fault_anywhere_a_rerun_leaves_what_a_run_without_faults_leaves(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]], name: str, where: int, parallel: int
) -> None:
    before, changes, after, settings = history
    seam = Seam(fresh())
    # What nobody declares of an object that is replaced only the journal knows once it is deleted.
    after = [{key: value for key, value in document.items() if key != "replace"} for document in after]
    world = world_of(before, changes, settings, World(seam.session()))
    made = planned(world, after, settings)
    assume(made.steps)
    start = seam.copy()
    assert run(made, world, 1).ok
    goal = settled(world.rows())

    seam.sandbox = start
    seam.arm(FAULTS[name], 1 + where % len(made.steps))
    with interruptible():
        outcome = run(made, world, parallel)
    note(outcome)
    seam.arm(None, 0)
    if not outcome.ok:
        assert run(world.plan(after, **settings), world, parallel).ok
    assert settled(world.rows()) == goal
