"""What an apply puts on record: everything that was there, and each write before it is made; never a secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.faultlab import Lab
from support.faults import FAULTS

from reconciler import apply
from reconciler.errors import DeniedError, UnansweredError
from reconciler.journal import Journal, JournalFile, read
from reconciler.live import Iam
from reconciler.model import Account, Address, Call, Live, Plan


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def journaled(lab: Lab, path: Path, fault: str = "", position: int = 0) -> Journal:
    lab.restart()
    lab.seam.arm(FAULTS[fault] if fault else None, position)
    lab.run(JournalFile(path))
    return read(path)


def test_every_step_is_on_record_in_its_order_with_what_became_of_it(lab: Lab, tmp_path: Path) -> None:
    found = journaled(lab, tmp_path / "journal.jsonl")
    assert [(write.step, write.address, write.call.key) for write in found.writes] == [
        (step.id, step.address, step.call.key) for step in lab.plan.steps
    ]
    assert {write.outcome for write in found.writes} == {"done"}
    assert found.ending is not None
    assert found.ending.done == tuple(step.id for step in lab.plan.steps)
    assert (found.account.id, found.caller) == ("123456789012", lab.plan.header["caller"])


def test_a_call_is_on_record_before_it_is_made(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lab.restart()

    class Reading(Iam):
        def send(self, call: Call) -> Mapping[str, Any]:
            last = read(path).writes[-1]
            assert (last.call.key, last.outcome) == (call.key, "unknown")
            return super().send(call)

    assert apply.run(lab.plan, Reading(lab.world.session), journal=JournalFile(path), parallel=1).ok


def test_everything_that_the_plan_touches_is_kept_as_it_was(lab: Lab, tmp_path: Path) -> None:
    found = journaled(lab, tmp_path / "journal.jsonl")
    lab.restart()
    live = lab.iam.snapshot(lab.account).objects
    assert found.before.keys() == lab.plan.before.keys()
    for address, image in found.before.items():
        there = live.get(address)
        assert (image is None) == (there is None)
        if image is not None and there is not None:
            assert image.arn == there.arn
            assert image.resource.unique_id == there.resource.unique_id != ""
            assert image.resource.path == there.resource.path


def test_of_what_goes_all_is_kept_that_can_be_read(lab: Lab, tmp_path: Path) -> None:
    before = journaled(lab, tmp_path / "journal.jsonl").before
    policy, user = before[Address("policy", "retired")], before[Address("user", "mallory")]
    role = before[Address("role", "retired")]
    assert policy is not None
    assert (dict(policy.resource.tags), policy.unread) == ({"team": "old"}, frozenset())
    assert len(policy.resource.others) == 2
    assert user is not None
    assert len(user.resource.credentials["ListAccessKeys"]) == 2
    assert sorted(user.resource.groups) == ["old-team", "retired"]
    assert role is not None
    assert role.resource.instance_profiles == ("retired",)


def without_tags(lab: Lab) -> Plan:
    """Return the plan as it is made where nothing has asked for the tags of the policy that goes."""
    address = Address("policy", "retired")
    image = lab.plan.before[address]
    unread = dataclasses.replace(
        image, resource=dataclasses.replace(image.resource, tags={}), unread=frozenset({"tags"})
    )
    return dataclasses.replace(lab.plan, before={**lab.plan.before, address: unread})


def test_what_the_plan_did_not_need_of_what_goes_is_read_for_the_journal(lab: Lab, tmp_path: Path) -> None:
    lab.restart()
    path = tmp_path / "journal.jsonl"
    assert apply.run(without_tags(lab), lab.iam, journal=JournalFile(path), parallel=1).ok
    image = read(path).before[Address("policy", "retired")]
    assert image is not None
    assert (dict(image.resource.tags), image.unread) == ({"team": "old"}, frozenset())


def test_what_may_not_be_read_is_marked_as_unread_and_does_not_stop_the_apply(lab: Lab, tmp_path: Path) -> None:
    class Blind(Iam):
        def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
            raise DeniedError(f"no permission to read {[*wanted]} of {live.account.id}")

    lab.restart()
    path = tmp_path / "journal.jsonl"
    assert apply.run(without_tags(lab), Blind(lab.world.session), journal=JournalFile(path), parallel=1).ok
    image = read(path).before[Address("policy", "retired")]
    assert image is not None
    assert image.unread == {"tags"}


def test_a_journal_holds_no_secret(lab: Lab, tmp_path: Path) -> None:
    journaled(lab, tmp_path / "journal.jsonl")
    text = (tmp_path / "journal.jsonl").read_text()
    assert "AKIA" in text
    for secret in ("correct horse", "SecretAccessKey", 'Password"', "Base32StringSeed", "QRCodePNG"):
        assert secret not in text


def test_a_call_that_may_have_been_made_is_of_unknown_outcome(lab: Lab, tmp_path: Path) -> None:
    class Gone(Iam):
        def send(self, call: Call) -> Mapping[str, Any]:
            super().send(call)
            raise UnansweredError(f"{call.operation}: AWS cannot be reached")

        def snapshot(self, account: Account) -> Live:
            raise UnansweredError(f"AWS cannot be reached ({account.id})")

    lab.restart()
    path, clock = tmp_path / "journal.jsonl", lab.seam.clock
    first = next(step for step in lab.plan.steps if step.call.operation == "CreateUser")
    plan = dataclasses.replace(lab.plan, steps=[first])
    outcome = apply.run(
        plan, Gone(lab.world.session), journal=JournalFile(path), parallel=1, sleep=clock.sleep, clock=clock
    )
    ((step, why),) = outcome.failed
    assert why.startswith("it is not known whether it was made")
    (write,) = read(path).writes
    assert (write.step, write.outcome, write.error) == (step.id, "unknown", why)
