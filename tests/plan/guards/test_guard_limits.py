"""The limits: one more than they allow is told of, as many as they allow are not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.guarding import DOMESTIC, judged, live_with, said, wanted
from support.small import BOTH, READ, policy

from reconciler.model import Limit, LimitName, Origin

PLACE = Origin("settings.yaml", 7, 3)


def users(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"kind": "user", "name": f"u{number}", **fields} for number in range(count)]


def roles(count: int, trust: Any) -> list[dict[str, Any]]:
    return [{"kind": "role", "name": f"r{number}", "trust": trust} for number in range(count)]


STRANGER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "sts:AssumeRole"}
ABROAD = {"Version": "2012-10-17", "Statement": [STRANGER]}
CHANGES: dict[LimitName, Any] = {
    "delete": lambda n: (users(9), [*users(n, state="absent"), *users(9)[n:]]),
    "narrow": lambda n: (
        [policy("p", BOTH), *users(n, policies=["p"])],
        [policy("p", READ), *users(n, policies=["p"])],
    ),
    "widen": lambda n: ([policy("p", READ), *users(n, policies=["p"])], [policy("p", BOTH), *users(n, policies=["p"])]),
    "trust": lambda n: (roles(n, DOMESTIC), roles(n, ABROAD)),
}


@pytest.mark.parametrize("name", CHANGES)
@given(st.integers(1, 8), st.integers(0, 8))
def test_a_count_is_passed_by_one_more_and_by_nothing_else(name: LimitName, number: int, count: int) -> None:
    before, after = CHANGES[name](number)
    limits = {name: Limit(count, None, PLACE)}
    found = judged(live_with(before), wanted(after, limits=limits))
    alarms = [alarm for alarm in found.alarms if alarm.guard.startswith("limit-")]
    assert [alarm.guard for alarm in alarms] == ([f"limit-{name}"] if number > count else [])
    for alarm in alarms:
        assert (alarm.subject, alarm.origin) == ("account", PLACE)
        assert f" {number} " in alarm.what
        assert alarm.what.endswith(f"limits.{name} is {count}")
        assert len([line for line in alarm.detail if not line.startswith("and ")]) == min(number, 5)
        assert (f"and {number - 5} more" in alarm.detail) == (number > 5)


@pytest.mark.parametrize(
    ("gone", "percent", "passed"), [(2, 20, False), (3, 20, True), (1, 9, True), (1, 10, False), (0, 0, False)]
)
def test_a_percentage_is_one_of_what_is_live_and_declared_or_deleted(gone: int, percent: int, *, passed: bool) -> None:
    """Ten objects are; the undeclared ones beside them make no deletion smaller."""
    others = [{"kind": "group", "name": f"g{number}"} for number in range(90)]
    after = [*users(gone, state="absent"), *users(10)[gone:]]
    found = judged(live_with([*users(10), *others]), wanted(after, limits={"delete": Limit(None, percent)}))
    assert bool(said(found, "limit-delete")) == passed


def test_the_principals_that_a_percentage_is_taken_of_are_those_before_the_plan() -> None:
    before = [policy("p", READ), *users(4, policies=["p"])]
    after = [policy("p", READ), *users(6, policies=["p"])]
    for percent, passed in ((50, False), (49, True)):
        found = judged(live_with(before), wanted(after, limits={"widen": Limit(9, percent)}))
        assert bool(said(found, "limit-widen")) == passed


def test_what_cannot_be_decided_counts_as_both_narrower_and_wider() -> None:
    limits = {name: Limit(0) for name in ("narrow", "widen", "trust", "delete")}
    found = judged(
        live_with(users(1, policies=["ReadOnlyAccess"])),
        wanted(users(1, policies=["ReadOnlyAccess"], inline_policies={"i": READ}), limits=limits),
    )
    assert {alarm.guard for alarm in found.alarms} == {"limit-narrow", "limit-widen"}


def test_what_another_policy_still_grants_narrows_nobody() -> None:
    before = [policy("p", BOTH), policy("q", BOTH), *users(3, policies=["p", "q"])]
    after = [policy("p", READ), policy("q", BOTH), *users(3, policies=["p", "q"])]
    assert not said(judged(live_with(before), wanted(after, limits={"narrow": Limit(0)})), "limit-narrow")


def test_what_is_deleted_to_be_created_anew_counts_as_deleted() -> None:
    before = [{**policy("p", READ), "description": "one"}]
    after = [{**policy("p", READ), "description": "two", "replace": "true"}]
    found = judged(live_with(before), wanted(after, limits={"delete": Limit(0)}))
    assert said(found, "limit-delete") == {"account": ("it would delete 1 object, and limits.delete is 0", "policy/p")}
