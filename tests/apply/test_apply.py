"""An apply makes the plan's calls as far apart and as often as IAM asks for, and stops what cannot go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from support.faults import Clock, interruptible, press_ctrl_c

from reconciler import apply
from reconciler.apply.looking import Looker
from reconciler.apply.pace import Pace
from reconciler.errors import CallError, CredentialsError, DeniedError, UnansweredError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Call, Live, Observed, Plan, Step

ACCOUNT = Account("123456789012")


def step(number: int, *after: int, operation: str = "CreateUser", **params: str) -> Step:
    given = params or {"UserName": f"u{number}", "Path": "/"}
    return Step(number, Address("user", given["UserName"]), Call(operation, given), after)


STEPS = (step(1), step(2, 1), step(3))
PLAN = Plan(ACCOUNT, STEPS, before={Address("user", f"u{number}"): None for number in (1, 2, 3)})


class Writer:
    """An IAM that raises what it is told to, by user name, once for each telling; readings show nothing."""

    def __init__(self, errors: Mapping[str, list[Exception]] | None = None) -> None:
        self.errors = errors or {}
        self.sent: list[str] = []
        self.readings = 0

    def send(self, call: Call) -> Mapping[str, Any]:
        name = call.params["UserName"]
        self.sent.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        return {}

    def snapshot(self, account: Account) -> Live:
        self.readings += 1
        return Live(account, {})

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        del wanted
        return live


def run(errors: dict[str, list[Exception]], plan: Plan = PLAN) -> tuple[apply.Outcome, Writer, Clock]:
    writer, clock = Writer(errors), Clock()
    return apply.run(plan, writer, parallel=1, sleep=clock.sleep, clock=clock), writer, clock


def test_one_at_a_time_every_step_is_made_once_and_in_order() -> None:
    outcome, writer, _ = run({})
    assert outcome.ok
    assert writer.sent == ["u1", "u2", "u3"]


@pytest.mark.parametrize("code", ["Throttling", "ConcurrentModification", "EntityTemporarilyUnmodifiable"])
def test_a_refusal_of_the_moment_is_tried_again(code: str) -> None:
    outcome, writer, clock = run({"u2": [CallError("CreateUser", code, "later")] * 3})
    assert outcome.ok
    assert writer.sent == ["u1", "u2", "u2", "u2", "u2", "u3"]
    assert clock.now > 0


@pytest.mark.parametrize(
    ("code", "least", "most"), [("Throttling", 60, 120), ("EntityTemporarilyUnmodifiable", 180, 300)]
)
def test_a_refusal_of_the_moment_that_never_ends_is_given_up(code: str, least: int, most: int) -> None:
    outcome, _, clock = run({"u1": [CallError("CreateUser", code, "later")] * 1000})
    assert [made.id for made, _ in outcome.failed] == [1]
    assert least < clock.now <= most


def test_what_is_not_known_everywhere_yet_is_tried_again_only_where_this_run_made_it() -> None:
    joins = (step(1), step(2, 1, operation="TagUser", UserName="u1"), step(3, operation="TagUser", UserName="old"))
    plan = Plan(ACCOUNT, joins, before={Address("user", "u1"): None})
    missing = CallError("TagUser", "NoSuchEntity", "not found")
    assert run({"u1": []}, plan)[0].ok
    writer, clock = Writer(), Clock()
    answers = {"TagUser": [missing, missing]}

    def send(call: Call) -> Mapping[str, Any]:
        writer.sent.append(call.params["UserName"])
        if answers.get(call.operation):
            raise answers[call.operation].pop(0)
        return {}

    writer.send = send  # type: ignore[method-assign]
    plan = Plan(ACCOUNT, joins[:2], before={Address("user", "u1"): None})
    assert apply.run(plan, writer, parallel=1, sleep=clock.sleep, clock=clock).ok
    assert writer.sent == ["u1", "u1", "u1", "u1"]
    outcome, writer, _ = run({"old": [missing]}, Plan(ACCOUNT, (step(3, operation="TagUser", UserName="old"),)))
    assert [made.id for made, _ in outcome.failed] == [3]
    assert writer.sent == ["old"]
    (notice,) = outcome.notices
    assert notice == ("somebody else seems to be changing user/old: something that was there is gone (TagUser)")


def test_a_name_that_has_come_since_is_told_as_somebody_elses_doing() -> None:
    taken = CallError("CreateUser", "EntityAlreadyExists", "User with name u1 already exists.")
    outcome, _, _ = run({"u1": [taken]})
    assert [made.id for made, _ in outcome.failed] == [1]
    (notice,) = outcome.notices
    assert notice == (
        "somebody else seems to be changing user/u1: something of this name has come since the plan was made "
        "(CreateUser)"
    )


def test_a_step_that_is_denied_holds_up_those_that_wait_for_it_and_no_others() -> None:
    denied = DeniedError("no permission: ci may not perform iam:CreateUser on u1")
    seen: list[tuple[int, str]] = []
    chain = Plan(ACCOUNT, (step(1), step(2, 1), step(3), step(4, 2, 3), step(5, 3)))
    writer, clock = Writer({"u1": [denied]}), Clock()
    outcome = apply.run(chain, writer, lambda s, e: seen.append((s.id, e)), parallel=1, sleep=clock.sleep, clock=clock)
    assert [made.id for made in outcome.done] == [3, 5]
    assert [(made.id, why) for made, why in outcome.failed] == [(1, str(denied))]
    assert [made.id for made in outcome.left] == [2, 4]
    assert outcome.waiting == {2: (1,), 4: (1,)}
    assert seen == [(1, "begun"), (1, "failed"), (3, "begun"), (3, "done"), (5, "begun"), (5, "done")]


def test_expired_credentials_stop_everything_and_fail_nothing() -> None:
    outcome, writer, _ = run({"u1": [CredentialsError("the AWS credentials have expired")]})
    assert writer.sent == ["u1"]
    assert (list(outcome.done), list(outcome.failed)) == ([], [])
    assert [made.id for made in outcome.left] == [1, 2, 3]
    assert outcome.stopped == "the AWS credentials have expired"


def test_a_lost_answer_is_followed_by_a_reading_and_what_is_missing_is_sent_again() -> None:
    outcome, writer, _ = run({"u1": [UnansweredError("CreateUser: AWS cannot be reached")]})
    assert outcome.ok
    assert writer.sent == ["u1", "u1", "u2", "u3"]
    assert writer.readings == 1


def test_a_server_that_never_answers_fails_the_step_without_saying_that_nothing_was_done() -> None:
    outcome, writer, clock = run({"u1": [UnansweredError("CreateUser: AWS failed inside")] * 1000})
    ((_, why),) = outcome.failed
    assert why == "it is not known whether it was made: CreateUser: AWS failed inside"
    assert clock.now <= 120
    assert [made.id for made in outcome.done] == [3]
    assert writer.sent[-1] == "u3"


def test_an_account_that_cannot_even_be_read_stops_everything() -> None:
    class Unreachable(Writer):
        def snapshot(self, account: Account) -> Live:
            raise UnansweredError(f"AWS cannot be reached ({account.id})")

    clock = Clock()
    writer = Unreachable({"u1": [UnansweredError("CreateUser: AWS cannot be reached")] * 1000})
    outcome = apply.run(PLAN, writer, parallel=1, sleep=clock.sleep, clock=clock)
    assert writer.sent == ["u1"]
    assert outcome.stopped == "AWS cannot be reached (123456789012)"
    assert [made.id for made in outcome.left] == [2, 3]


def test_steps_that_a_taken_up_plan_no_longer_has_are_not_waited_for() -> None:
    assert run({}, Plan(ACCOUNT, STEPS[1:]))[0].ok


def test_a_bug_in_one_step_is_raised_once_the_others_have_ended() -> None:
    with pytest.raises(ZeroDivisionError):
        run({"u2": [ZeroDivisionError("a bug")]})


def together(plan: Plan, parallel: int, meet: Callable[[Call], object]) -> apply.Outcome:
    class Meeting(Writer):
        def send(self, call: Call) -> Mapping[str, Any]:
            meet(call)
            return super().send(call)

    return apply.run(plan, Meeting(), parallel=parallel)


def test_steps_on_different_objects_are_in_flight_at_the_same_time() -> None:
    barrier = threading.Barrier(4, timeout=30)
    plan = Plan(ACCOUNT, tuple(step(number) for number in range(1, 9)))
    assert together(plan, 4, lambda _call: barrier.wait()).ok


def test_two_calls_that_touch_the_same_object_are_never_in_flight_together() -> None:
    flying: set[str] = set()
    met: list[set[str]] = []
    lock = threading.Lock()

    def meet(call: Call) -> None:
        names = {call.params["UserName"], call.params["GroupName"]}
        with lock:
            met.append(flying & names)
            flying.update(names)
        threading.Event().wait(0.001)
        with lock:
            flying.difference_update(names)

    pairs = [(f"u{user}", f"g{group}") for user in range(4) for group in range(4)]
    steps = [
        step(number, operation="AddUserToGroup", UserName=user, GroupName=group)
        for number, (user, group) in enumerate(pairs, start=1)
    ]
    assert together(Plan(ACCOUNT, tuple(steps)), 8, meet).ok
    assert met == [set()] * len(pairs)


def test_throttling_halves_the_calls_in_flight_once_for_all_that_were_in_flight() -> None:
    pace = Pace(8)
    begun = [pace.begun() for _ in range(8)]
    for one in begun:
        pace.throttled(one)
    assert pace.limit == 4
    pace.throttled(pace.begun())
    assert pace.limit == 2
    for _ in range(3):
        pace.throttled(pace.begun())
    assert pace.limit == 1


def test_calls_that_pass_let_more_in_by_and_by_and_never_more_than_asked_for() -> None:
    pace = Pace(3)
    pace.throttled(pace.begun())
    seen = []
    for _ in range(40):
        pace.passed()
        seen.append(pace.limit)
    assert seen[0] == 1
    assert sorted(seen) == seen
    assert seen[-1] == 3


class Counting:
    """A lock that knows how many wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.asked.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_one_reading_serves_all_who_asked_before_it_began() -> None:
    go, readings = threading.Event(), []

    class Slow(Writer):
        def snapshot(self, account: Account) -> Live:
            readings.append(account)
            assert go.wait(30)
            return Live(account, {})

    looker = Looker(Slow(), ACCOUNT)
    turn: Any = Counting()
    looker._turn = turn  # noqa: SLF001  nothing else tells who waits
    threads = [threading.Thread(target=looker.look) for _ in range(4)]
    for thread in threads:
        thread.start()
        assert turn.asked.acquire(timeout=30)
    go.set()
    for thread in threads:
        thread.join(30)
    assert len(readings) == 2


def test_the_objects_of_a_landed_call_are_recognised_whatever_else_they_have() -> None:
    user = KINDS["user"]
    (resource,) = user.read(
        {"UserDetailList": [{"UserName": "u1", "Path": "/", "UserId": "AIDA1", "GroupList": ["others"]}]}
    )

    class Landed(Writer):
        def snapshot(self, account: Account) -> Live:
            address = user.address("u1")
            return Live(account, {address: Observed(address, resource, user.arn(resource, account))})

    clock = Clock()
    writer = Landed({"u1": [UnansweredError("CreateUser: connection reset")]})
    assert apply.run(PLAN, writer, parallel=1, sleep=clock.sleep, clock=clock).ok
    assert writer.sent == ["u1", "u2", "u3"]


def test_progress_that_cannot_be_told_stops_the_run_once_the_calls_in_flight_have_ended() -> None:
    ended: list[str] = []

    class Slow(Writer):
        def send(self, call: Call) -> Mapping[str, Any]:
            threading.Event().wait(0.05)
            ended.append(call.params["UserName"])
            return {}

    def tell(made: Step, event: str) -> None:
        if (made.id, event) == (3, "begun"):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        apply.run(Plan(ACCOUNT, tuple(step(number) for number in range(1, 6))), Slow(), tell, parallel=8)
    assert sorted(ended) == ["u1", "u2"]


def test_a_wait_for_a_second_look_that_an_interrupt_cuts_short_sends_nothing() -> None:
    arn = "arn:aws:iam::123456789012:policy/p"
    call = Call("CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": "{}", "SetAsDefault": True})
    sent: list[Call] = []

    class Lost(Writer):
        def send(self, call: Call) -> Mapping[str, Any]:
            sent.append(call)
            raise UnansweredError("CreatePolicyVersion: AWS cannot be reached")

    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            press_ctrl_c()
            threading.Event().wait(0.2)

    plan = Plan(ACCOUNT, (Step(1, Address("policy", "p"), call),))
    with interruptible():
        outcome = apply.run(plan, Lost(), parallel=1, sleep=sleep, clock=Clock())
    assert outcome.interrupted
    assert len(sent) == 1
    assert [made.id for made, _ in outcome.failed] == [1]
