"""Quotas: what is added waits for room, and the room is made where it costs nobody anything."""

from __future__ import annotations

import dataclasses

from support.crowds import inline_size
from support.grants import live_of, planned_on
from support.small import BOTH, READ, SEND, WRITE, document, marks, planned, policy, user, waits

FULL = {"AttachedPoliciesPerUserQuota": 2, "UserPolicySizeQuota": 300}


def test_each_addition_beyond_the_room_that_there_is_waits_for_one_removal() -> None:
    policies = [policy(name, READ) for name in ("a", "b", "c", "d")]
    live = live_of([*policies, user(policies=["a", "b"], tags={"at": "1"})], FULL)
    plan = planned_on(live, [*policies, user(policies=["c", "d"])])
    found = waits(plan)
    assert [found[f"DetachUserPolicy {name}"] for name in ("a", "b")] == [set(), {"AttachUserPolicy c"}]
    assert [found[f"AttachUserPolicy {name}"] for name in ("c", "d")] == [
        {"DetachUserPolicy a"},
        {"DetachUserPolicy b"},
    ]
    assert [step.note for step in plan.steps if step.note] == [
        "policies are at their quota of 2, so removing comes before adding"
    ] * 2
    assert marks(plan) == []


def test_the_removal_that_makes_room_is_one_that_costs_nobody_anything() -> None:
    policies = [policy("a", READ), policy("b", SEND), policy("c", BOTH), policy("d", WRITE)]
    live = live_of([*policies, user(policies=["a", "b"])], FULL)
    plan = planned_on(live, [*policies, user(policies=["c", "d"])])
    found = waits(plan)
    assert found["DetachUserPolicy b"] == set()
    assert found["AttachUserPolicy c"] == {"DetachUserPolicy b"}
    assert found["DetachUserPolicy a"] == {"AttachUserPolicy c"}
    assert found["AttachUserPolicy d"] == {"DetachUserPolicy a"}
    assert marks(plan) == []


def test_inline_policies_wait_for_as_much_room_as_they_need() -> None:
    one, two = document(("Allow", "s3:Get*", "*")), document(("Allow", ["sqs:A*", "sqs:B*", "sqs:C*"], "*"))
    sizes = [inline_size({"": body}) for body in (one, two)]
    before = [user(inline_policies={"a": one, "b": one, "c": one})]
    live = live_of(before, {"UserPolicySizeQuota": 3 * sizes[0] + 1})
    plan = planned_on(live, [user(inline_policies={"c": one, "d": two})])
    assert sizes[0] + 1 < sizes[1] <= 2 * sizes[0] + 1
    assert waits(plan)["PutUserPolicy d"] == {"DeleteUserPolicy a", "DeleteUserPolicy b"}


def test_what_holds_more_than_its_quota_gets_nothing_before_it_is_within_it() -> None:
    policies = [policy(name, READ) for name in ("a", "b", "c", "d")]
    live = live_of([*policies, user(policies=["a", "b", "c"])], {"AttachedPoliciesPerUserQuota": 3})
    lowered = dataclasses.replace(live, summary=FULL)
    plan = planned_on(lowered, [*policies, user(policies=["d"])])
    assert waits(plan)["AttachUserPolicy d"] == {"DetachUserPolicy a", "DetachUserPolicy b"}
    assert waits(plan)["DetachUserPolicy c"] == {"AttachUserPolicy d"}


def test_what_would_end_beyond_its_quota_is_planned_all_the_same() -> None:
    policies = [policy(name, READ) for name in ("a", "b", "c")]
    plan = planned_on(live_of([*policies, user(policies=["a"])], FULL), [*policies, user(policies=["a", "b", "c"])])
    assert waits(plan) == {"AttachUserPolicy b": set(), "AttachUserPolicy c": set()}


def test_tags_make_room_for_one_another() -> None:
    before = [user(tags={f"k{number}": "v" for number in range(49)})]
    plan = planned(before, [user(tags={f"k{number}": "v" for number in range(2, 51)})])
    assert waits(plan) == {"UntagUser": set(), "TagUser": {"UntagUser"}}
