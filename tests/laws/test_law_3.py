"""Law 3, no gap and no spike: at every moment that a run can reach, nobody has less or more than the plan's two ends.

The accounts are small and random, and every request that their policies can tell apart is put to the evaluator.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.crowds import crowded, inline_size
from support.grants import (
    HOME,
    OVERLAPS,
    REQUESTS,
    accesses,
    live_of,
    overlapping,
    pair,
    planned_on,
)

from reconciler.access import Request
from reconciler.model import Address, Call, Mark, Observed, Plan, Step
from reconciler.plan.foresee import foreseen, with_delta

PAIRS, CROWDS, ALL_OF_THEM = 500, 50, 13
"""Pairs of accounts a batch, and of tight quotas; plans of fewer steps than this are looked at in every state."""
OVERLAPPING = PAIRS if os.environ.get("RECONCILER_TESTS") == "long" else 100
"""Pairs a batch whose statements overlap: they take more time."""
SAMPLES = 200
MOST_MARKED = 0.02

Objects = Mapping[Address, Observed[Any]]


@dataclass
class Run:
    """A plan on an account, and what was found out about it."""

    plan: Plan
    start: Objects
    requests: Sequence[Request] = field(default_factory=lambda: REQUESTS)
    quotas: Mapping[str, int] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.end = self.after(self.plan.steps)
        people = {*self.start, *self.end}
        self.people = sorted(address for address in people if address.kind in {"user", "role"})
        self.ends = {who: (self.access(self.start, who), self.access(self.end, who)) for who in self.people}

    def after(self, steps: Any) -> Objects:
        objects = self.start
        for step in sorted(steps, key=lambda step: step.id):
            objects = with_delta(objects, foreseen(objects, step.call, HOME))
        return objects

    def access(self, objects: Objects, who: Address) -> frozenset[int]:
        return accesses(objects, who, self.known, self.requests)

    def crowds(self, objects: Objects) -> list[tuple[Address, str]]:
        """Return who holds more of what than the quotas let it."""
        found = []
        for address, observed in objects.items():
            noun, resource = address.kind.capitalize(), observed.resource
            counts = {f"{noun}PolicySizeQuota": inline_size(getattr(resource, "inline_policies", {}))}
            counts[f"AttachedPoliciesPer{noun}Quota"] = len(getattr(resource, "policies", ()))
            counts[f"GroupsPer{noun}Quota"] = len(getattr(resource, "groups", ()))
            found += [(address, name) for name, count in counts.items() if count > self.quotas.get(name, count)]
        return found

    def breaches(self, objects: Objects) -> list[tuple[str, Address]]:
        """Return who lacks what it must have, and who has what it must not have."""
        found = []
        for who in self.people:
            before, after = self.ends[who]
            now = self.access(objects, who)
            if not before & after <= now:
                found.append(("gap", who))
            if not now <= before | after:
                found.append(("spike", who))
        return found


def harms(plan: Plan) -> set[Mark]:
    """Return the marks that excuse a state in which somebody has less or more."""
    return {mark for step in plan.steps for mark in step.marks if mark.kind != "trust"}


def down_sets(steps: Sequence[Step], chance: random.Random) -> Iterator[frozenset[int]]:
    """Yield the sets of steps that a run can have made: all of them, or samples where there are many steps."""
    earlier = {step.id: frozenset(step.after) for step in steps}
    if len(steps) < ALL_OF_THEM:
        found = {frozenset[int]()}
        todo = [frozenset[int]()]
        while todo:
            done = todo.pop()
            yield done
            for number, needed in earlier.items():
                following = done | {number}
                if number not in done and needed <= done and following not in found:
                    found.add(following)
                    todo.append(following)
        return
    for _ in range(SAMPLES):
        done = frozenset()
        for _ in range(chance.randint(0, len(steps))):
            done |= {chance.choice([n for n, needed in earlier.items() if n not in done and needed <= done])}
        yield done


def possible(objects: Objects, call: Call) -> bool:
    """Return whether IAM would take the call: what it names is there, and what it ends is held by nobody."""
    params = call.params
    policy = Address("policy", str(params.get("PolicyArn", params.get("PermissionsBoundary", ""))).rpartition("/")[2])
    names = [
        Address(kind.lower(), params[f"{kind}Name"]) for kind in ("User", "Group", "Role") if f"{kind}Name" in params
    ]
    if call.operation.startswith("Create") and call.operation != "CreatePolicyVersion":
        return not any(name in objects for name in names) and (not policy.name or policy in objects)
    if not all(name in objects for name in names) or (policy.name and policy not in objects):
        return False
    if call.operation == "DeletePolicy":
        resources = [observed.resource for observed in objects.values() if observed.address.kind != "policy"]
        arn = params["PolicyArn"]
        return not any(arn in r.policies or getattr(r, "permissions_boundary", None) == arn for r in resources)
    if call.operation in {"DeleteUser", "DeleteGroup", "DeleteRole"}:
        gone = objects[names[0]].resource
        ties = [gone.policies, gone.inline_policies, getattr(gone, "groups", ()), getattr(gone, "members", ())]
        return not any(ties)
    return True


def a_lawful_order_exists(run: Run) -> bool:
    """Search all orders of the plan's calls that IAM would take, through lawful states only."""
    steps = run.plan.steps
    dead: set[frozenset[int]] = set()

    def reaches_the_end(done: frozenset[int], objects: Objects) -> bool:
        if len(done) == len(steps):
            return True
        for step in steps:
            following = done | {step.id}
            if step.id in done or following in dead or not possible(objects, step.call):
                continue
            after = with_delta(objects, foreseen(objects, step.call, HOME))
            if not run.crowds(after) and not run.breaches(after) and reaches_the_end(following, after):
                return True
            dead.add(following)
        return False

    return reaches_the_end(frozenset(), run.start)


def runs(seed: int, *, overlaps: bool = False) -> Iterator[tuple[Run, random.Random, Any]]:
    chance = random.Random(seed)  # noqa: S311  examples, no secret
    for number in range(OVERLAPPING if overlaps else PAIRS):
        before, after = overlapping(chance, pair(chance)) if overlaps else pair(chance)
        live = live_of(before)
        run = Run(planned_on(live, after, before), live.objects, OVERLAPS if overlaps else REQUESTS)
        # What is sampled of one run has no say in which accounts come after it.
        yield run, random.Random(number), (before, after)  # noqa: S311  examples, no secret


BATCHES = [
    pytest.param(0, id="batch 0"),
    *(pytest.param(seed, id=f"batch {seed}", marks=pytest.mark.long) for seed in range(1, 10)),
]


@pytest.mark.parametrize("seed", BATCHES)
def test_law_3_in_every_state_of_an_unmarked_plan_nobody_has_less_or_more_than_at_its_ends(
    seed: int, record_property: Any
) -> None:
    marked = 0
    for run, chance, estates in runs(seed):
        marks = harms(run.plan)
        marked += bool(marks)
        excused = {(mark.kind, mark.principal) for mark in marks}
        if marks and len(run.plan.steps) < ALL_OF_THEM:
            assert not a_lawful_order_exists(run), (estates, marks)
        for done in down_sets(run.plan.steps, chance):
            breaches = run.breaches(run.after(step for step in run.plan.steps if step.id in done))
            assert not set(breaches) - excused, (estates, done, breaches, run.plan.steps)
    record_property("marked", marked)
    assert marked / PAIRS < MOST_MARKED


@pytest.mark.parametrize("seed", BATCHES)
def test_law_3_holds_where_patterns_and_conditions_overlap_in_part(seed: int) -> None:
    for run, chance, estates in runs(seed, overlaps=True):
        excused = {(mark.kind, mark.principal) for mark in harms(run.plan)}
        for done in down_sets(run.plan.steps, chance):
            breaches = run.breaches(run.after(step for step in run.plan.steps if step.id in done))
            assert not set(breaches) - excused, (estates, done, breaches, run.plan.steps)


@pytest.mark.parametrize("seed", BATCHES)
def test_law_3_holds_where_quotas_are_tight_and_the_quotas_hold_in_every_state_too(
    seed: int, record_property: Any
) -> None:
    chance, marked = random.Random(seed), 0  # noqa: S311  examples, no secret
    for _ in range(CROWDS):
        before, after, quotas = crowded(chance)
        live = live_of(before, quotas)
        run = Run(planned_on(live, after, before), live.objects, quotas=quotas)
        marks = harms(run.plan)
        marked += bool(marks)
        excused = {(mark.kind, mark.principal) for mark in marks}
        if marks and len(run.plan.steps) < ALL_OF_THEM:
            assert not a_lawful_order_exists(run), (before, after, quotas, marks)
        for done in down_sets(run.plan.steps, chance):
            objects = run.after(step for step in run.plan.steps if step.id in done)
            assert not run.crowds(objects), (before, after, quotas, done, run.plan.steps)
            assert not set(run.breaches(objects)) - excused, (before, after, quotas, done, run.plan.steps)
    record_property("marked", marked)
