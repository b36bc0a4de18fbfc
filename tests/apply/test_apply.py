"""An apply makes the plan's calls in order, waits where IAM asks to, and stops at what is refused for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler import apply
from reconciler.errors import CallError, DeniedError
from reconciler.model import Account, Address, Call, Plan, Step

STEPS = tuple(
    Step(number, Address("user", f"u{number}"), Call("CreateUser", {"UserName": f"u{number}"}), after)
    for number, after in ((1, ()), (2, (1,)), (3, ()))
)
PLAN = Plan(Account("123456789012"), STEPS)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Writer:
    """An IAM that raises what it is told to, by user name, once for each telling."""

    def __init__(self, errors: dict[str, list[Exception]]) -> None:
        self.errors = errors
        self.sent: list[str] = []

    def send(self, call: Call) -> Mapping[str, Any]:
        name = call.params["UserName"]
        self.sent.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        return {}


def run(errors: dict[str, list[Exception]]) -> tuple[apply.Outcome, Writer, Clock]:
    writer, clock = Writer(errors), Clock()
    return apply.run(PLAN, writer, sleep=clock.sleep, clock=clock), writer, clock


def test_a_run_without_refusals_makes_every_step_once_and_in_order() -> None:
    outcome, writer, _ = run({})
    assert outcome.ok
    assert writer.sent == ["u1", "u2", "u3"]


@pytest.mark.parametrize("code", ["Throttling", "ConcurrentModification", "EntityTemporarilyUnmodifiable"])
def test_a_refusal_of_the_moment_is_tried_again(code: str) -> None:
    outcome, writer, clock = run({"u2": [CallError("CreateUser", code, "later")] * 3})
    assert outcome.ok
    assert writer.sent == ["u1", "u2", "u2", "u2", "u2", "u3"]
    assert clock.now > 0


def test_a_refusal_of_the_moment_that_never_ends_is_given_up_after_two_minutes() -> None:
    outcome, _, clock = run({"u1": [CallError("CreateUser", "Throttling", "later")] * 1000})
    assert not outcome.ok
    assert 60 < clock.now <= 120


def test_what_is_not_yet_known_everywhere_is_tried_again_only_where_this_run_made_it() -> None:
    missing = CallError("CreateUser", "NoSuchEntity", "not found")
    assert run({"u2": [missing]})[0].ok
    outcome, writer, _ = run({"u3": [missing]})
    assert [step.id for step, _ in outcome.failed] == [3]
    assert writer.sent == ["u1", "u2", "u3"]


def test_an_invalid_principal_is_tried_again_but_another_malformed_document_is_not() -> None:
    unknown = CallError("CreateRole", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn"')
    assert run({"u2": [unknown]})[0].ok
    other = CallError("CreateRole", "MalformedPolicyDocument", "Syntax errors in policy.")
    assert not run({"u2": [other]})[0].ok


def test_a_server_that_fails_is_not_asked_again_for_the_write_may_have_landed() -> None:
    outcome, writer, _ = run({"u1": [CallError("CreateUser", "ServiceFailure", "internal")]})
    assert writer.sent == ["u1"]
    assert not outcome.ok


def test_after_a_failure_nothing_more_is_begun_and_the_rest_is_told() -> None:
    denied = DeniedError("no permission: ci may not perform iam:CreateUser on u2")
    seen: list[tuple[int, str]] = []
    writer, clock = Writer({"u2": [denied]}), Clock()
    outcome = apply.run(PLAN, writer, lambda s, e: seen.append((s.id, e)), sleep=clock.sleep, clock=clock)
    assert [step.id for step in outcome.done] == [1]
    assert [(step.id, why) for step, why in outcome.failed] == [(2, str(denied))]
    assert [step.id for step in outcome.left] == [3]
    assert seen == [(1, "begun"), (1, "done"), (2, "begun"), (2, "failed")]
