"""A plan against a base: what this change does, what drift it finds, and what it is limited to."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.grants import HOME, Snapshot, live_of, mended, pair
from support.worlds import desired_of

from reconciler import plan
from reconciler.model import Address, Base, Live, Plan
from reconciler.plan.causes import touched
from reconciler.plan.foresee import after_all

READ = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
WRITE = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}

Docs = list[dict[str, Any]]


def policy(name: str, document: dict[str, Any] = READ) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": document}


def role(name: str, *policies: str, **more: Any) -> dict[str, Any]:
    return {"kind": "role", "name": name, "service": "lambda", "policies": list(policies), **more}


def made(base: Docs, head: Docs, live: Docs | Live, scope: Any = "all") -> Plan:
    account = live if isinstance(live, Live) else live_of(live)
    at_base = Base("c0ffee", desired_of(base, HOME))
    return plan.make(desired_of(head, HOME), Snapshot(account), base=at_base, scope=scope)


def causes(found: Plan) -> dict[str, str]:
    return {str(change.address): change.cause for change in found.changes}


def calls(found: Plan) -> list[str]:
    return [f"{step.call.operation} {step.address}" for step in found.steps]


def test_what_the_documents_say_anew_is_this_change_and_what_the_account_lost_is_drift() -> None:
    base = [policy("p"), policy("q"), role("a", "p"), role("b", "q")]
    head = [policy("p"), policy("q"), role("a", "p", "q"), role("b", "q")]
    found = made(base, head, [policy("p"), policy("q"), role("a", "p"), role("b")])
    assert causes(found) == {"role/a": "change", "role/b": "drift"}


def test_without_a_base_nothing_has_a_cause() -> None:
    found = plan.make(desired_of([policy("p")], HOME), Snapshot(live_of([])))
    assert (found.base, causes(found)) == (None, {"policy/p": ""})


def test_drift_on_an_object_that_the_change_is_about_is_reverted_with_it() -> None:
    base, head = [policy("p"), policy("q"), role("a", "p")], [policy("p"), policy("q"), role("a", "p", "q")]
    live = [policy("p"), policy("q"), {**role("a", "p"), "inline_policies": {"by-hand": WRITE}}]
    [change] = made(base, head, live).changes
    assert [(d.field, d.sign, d.item, d.reverts) for d in change.differences] == [
        ("policies", "+", "q", False),
        ("inline_policies", "-", "by-hand", True),
    ]


def test_an_object_that_was_deleted_by_hand_is_drift_though_it_is_created() -> None:
    base = [policy("p"), role("a", "p")]
    assert causes(made(base, [*base, role("b", "p")], [policy("p")])) == {"role/a": "drift", "role/b": "change"}


def test_a_tombstone_that_stood_at_the_base_is_drift() -> None:
    base = [policy("p"), {"kind": "role", "name": "a", "state": "absent"}]
    assert causes(made(base, base, [policy("p"), role("a")])) == {"role/a": "drift"}


def test_a_plan_limited_to_the_change_leaves_the_drift() -> None:
    base = [policy("p"), policy("q"), role("a", "p"), role("b", "q")]
    head = [policy("p"), policy("q"), role("a", "p", "q"), role("b", "q")]
    found = made(base, head, [policy("p"), policy("q"), role("a", "p"), role("b")], "change")
    assert calls(found) == ["AttachRolePolicy role/a"]
    assert list(found.left_out) == [Address("role", "b")]


def test_a_plan_limited_to_the_change_creates_what_the_change_needs_with_all_that_is_declared_of_it() -> None:
    base = [policy("p"), role("other", "p"), role("a")]
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/other"},
        },
    }
    head = [*base[:2], {"kind": "role", "name": "a", "trust": trust, "policies": []}]
    found = made(base, head, [role("a")], "change")
    assert calls(found) == [
        "CreatePolicy policy/p",
        "CreateRole role/other",
        "AttachRolePolicy role/other",
        "UpdateAssumeRolePolicy role/a",
    ]


def test_a_policy_that_goes_with_the_change_is_taken_from_holders_that_nobody_declares() -> None:
    base = [policy("p"), role("a", "p")]
    head = [{"kind": "policy", "name": "p", "state": "absent"}, role("a")]
    live = [policy("p"), policy("q"), role("a", "p", "q")]
    found = made(base, head, live, "change")
    assert calls(found) == ["DetachRolePolicy role/a", "DetachRolePolicy role/a", "DeletePolicy policy/p"]


def test_a_policy_that_is_replaced_comes_back_to_holders_that_the_change_is_not_about() -> None:
    base = [{**policy("p"), "description": "old"}, role("a", "p")]
    head = [{**policy("p"), "description": "new", "replace": True}, role("a", "p")]
    found = made(base, head, base, "change")
    assert calls(found) == [
        "DetachRolePolicy role/a",
        "DeletePolicy policy/p",
        "CreatePolicy policy/p",
        "AttachRolePolicy role/a",
    ]


def world(seed: int) -> tuple[Docs, Docs, Live]:
    """Return documents at a base, documents now, and an account that moved on from the base by itself."""
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    base, head = pair(chance)
    drifted = mended([d for d in base if d.get("state") != "absent"], chance)
    return base, head, live_of([d for d in drifted if d.get("state") != "absent"])


@given(st.integers(0, 10**9))
def test_the_plan_of_the_change_alone_is_a_part_of_the_whole_plan(seed: int) -> None:
    base, head, live = world(seed)
    whole, part = made(base, head, live), made(base, head, live, "change")
    keys = {step.call.key for step in part.steps}
    assert keys <= {step.call.key for step in whole.steps}
    about = touched(desired_of(head, HOME), Base("c0ffee", desired_of(base, HOME)))
    wanted = {step.call.key for step in whole.steps if step.address in about}
    assert wanted <= keys


@given(st.integers(0, 10**9))
def test_where_nothing_drifted_the_change_is_the_whole_plan(seed: int) -> None:
    base, head = pair(random.Random(seed))  # noqa: S311  the same
    live = live_of([d for d in base if d.get("state") != "absent"])
    whole, part = made(base, head, live), made(base, head, live, "change")
    assert [step.call for step in part.steps] == [step.call for step in whole.steps]
    assert "drift" not in causes(whole).values()


@given(st.integers(0, 10**9))
def test_where_the_documents_say_the_same_everything_is_drift(seed: int) -> None:
    base, _, live = world(seed)
    assert set(causes(made(base, base, live)).values()) <= {"drift"}
    assert not made(base, base, live, "change").steps


@given(st.integers(0, 10**9))
def test_once_the_change_is_made_nothing_of_it_is_left(seed: int) -> None:
    base, head, live = world(seed)
    first = made(base, head, live, "change")
    then = Live(HOME, after_all(live.objects, [step.call for step in first.steps], HOME), live.summary)
    assert not made(base, head, then, "change").steps
