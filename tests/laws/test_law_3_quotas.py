"""Where quotas are tight, the strict account refuses no call of a plan, in whatever order a run comes to make them."""

from __future__ import annotations

import random

import pytest
from support.crowds import crowded
from support.worlds import World

from reconciler import sandbox
from reconciler.live import Iam

SEEDS = [pytest.param(seed, id=f"seed {seed}", marks=[pytest.mark.long] if seed > 7 else []) for seed in range(100)]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_call_is_refused_for_a_quota_in_whatever_order_the_steps_are_made(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  examples, no secret
    before, after, quotas = crowded(chance)
    world = World(sandbox.session(quotas=quotas))
    world.apply(before)
    iam, left, done = Iam(world.session), list(world.plan(after, before).steps), set[int]()
    while left:
        step = chance.choice([step for step in left if done.issuperset(step.after)])
        iam.send(step.call)
        done.add(step.id)
        left.remove(step)
    assert world.plan(after, before).steps == ()
