"""Somebody else who changes the account during an apply is noticed where IAM lets it be noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from support.estates import BODIES, Docs
from support.faults import Seam, Unanswered, fresh
from support.worlds import World

from reconciler import apply
from reconciler.live import Iam
from reconciler.sandbox.wire import Response

BODY = json.dumps(BODIES[3])
BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
HERE: Docs = [
    {"kind": "policy", "name": "p", "document": BODIES[0]},
    {"kind": "user", "name": "alice", "policies": ["p"]},
    {"kind": "group", "name": "g"},
]
GONE: Docs = [{"kind": kind, "name": name, "state": "absent"} for kind, name in (("user", "alice"), ("policy", "p"))]


class Meddler:
    """Does something else to the account right before the run's write at the position is answered."""

    def __init__(self, meddle: Callable[[Any], object], then: Unanswered | None = None) -> None:
        self._meddle = meddle
        self._then = then

    def __call__(self, seam: Seam, attempt: int, deliver: Callable[[], Response]) -> Response:
        if attempt == 1:
            fault, seam.fault = seam.fault, None
            self._meddle(seam.session().client("iam"))
            seam.fault = fault
        return self._then(seam, attempt, deliver) if self._then is not None else deliver()


def meddled(before: Docs, after: Docs, operation: str, fault: Meddler) -> tuple[apply.Outcome, World, Seam]:
    """Apply ``before``, then ``after`` with the fault at the operation."""
    seam = Seam(fresh())
    world = World(seam.session())
    world.apply(before)
    made = world.plan(after)
    position = [step.call.operation for step in made.steps].index(operation) + 1
    seam.arm(fault, position)
    clock = seam.clock
    outcome = apply.run(made, Iam(world.session), parallel=1, sleep=clock.sleep, clock=clock)
    return outcome, world, seam


def test_what_another_has_made_first_fails_and_is_named() -> None:
    outcome, world, _ = meddled(HERE[:1], HERE, "CreateUser", Meddler(lambda iam: iam.create_user(UserName="alice")))
    ((step, why),) = outcome.failed
    assert (step.call.operation, why.split(": ")[1]) == ("CreateUser", "EntityAlreadyExists")
    (notice,) = outcome.notices
    assert notice.startswith("somebody else seems to be changing user/alice: something of this name has come since")
    assert [step.call.operation for step in outcome.done] == ["CreateGroup"]
    world.apply(HERE)


def test_what_another_has_taken_away_first_is_done_and_is_named() -> None:
    arn = "arn:aws:iam::123456789012:policy/p"
    meddle = Meddler(lambda iam: iam.detach_user_policy(UserName="alice", PolicyArn=arn))
    outcome, _, _ = meddled(HERE, [*HERE[2:], *GONE], "DetachUserPolicy", meddle)
    assert outcome.ok
    (notice,) = outcome.notices
    assert notice == (
        "somebody else seems to be changing user/alice: what was to be taken away had gone already (DetachUserPolicy)"
    )


def test_what_another_has_added_to_an_object_that_goes_keeps_it_and_is_named() -> None:
    meddle = Meddler(lambda iam: iam.put_user_policy(UserName="alice", PolicyName="i", PolicyDocument=BODY))
    outcome, world, _ = meddled(HERE, [*HERE[2:], *GONE], "DeleteUser", meddle)
    ((step, why),) = outcome.failed
    assert (step.call.operation, why.split(": ")[1]) == ("DeleteUser", "DeleteConflict")
    assert outcome.notices[0].startswith("somebody else seems to be changing user/alice: something has been added")
    world.apply([*HERE[2:], *GONE])


def test_what_another_has_deleted_fails_what_would_change_it() -> None:
    wanted: Docs = [{"kind": "group", "name": "g", "inline_policies": {"i": BODIES[0]}}]
    meddle = Meddler(lambda iam: iam.delete_group(GroupName="g"))
    outcome, _, seam = meddled(HERE, [*HERE[:2], *wanted], "PutGroupPolicy", meddle)
    assert [step.call.operation for step, _ in outcome.failed] == ["PutGroupPolicy"]
    assert outcome.notices[0].startswith("somebody else seems to be changing group/g: something that was there is gone")
    assert seam.sent.count("PutGroupPolicy") == 1


def test_an_object_that_is_read_again_and_is_as_nobody_here_left_it_is_named() -> None:
    wanted: Docs = [{"kind": "user", "name": "alice", "policies": ["p"], "permissions_boundary": "ReadOnlyAccess"}]
    meddle = Meddler(
        lambda iam: iam.put_user_policy(UserName="alice", PolicyName="i", PolicyDocument=BODY),
        Unanswered(committed=False),
    )
    outcome, _, _ = meddled(HERE, [*HERE[:1], *HERE[2:], *wanted], "PutUserPermissionsBoundary", meddle)
    assert outcome.ok
    assert outcome.notices == ("somebody else seems to be changing user/alice: it is not as this run found or left it",)


def test_an_object_that_another_made_while_our_own_answer_was_lost_is_not_taken_for_ours() -> None:
    def meddle(iam: Any) -> None:
        iam.create_user(UserName="alice", PermissionsBoundary=BOUNDARY)

    outcome, _, seam = meddled(HERE[:1], HERE, "CreateUser", Meddler(meddle, Unanswered(committed=False)))
    ((_, why),) = outcome.failed
    assert "is there, and not as the call makes it" in why
    assert outcome.notices[0].startswith("somebody else seems to be changing user/alice")
    # One of them was the other's.
    assert seam.sent.count("CreateUser") == 2
