"""Whatever fails, wherever: what can go on goes on, a rerun does the rest, and nothing is lost or there twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.faultlab import Lab
from support.faults import FAULTS, interruptible

import reconciler
from reconciler.kinds import KINDS

LONG = os.environ.get("RECONCILER_TESTS") == "long"
ROOT = Path(reconciler.__file__).parents[1]
TABLE = ROOT / "tests" / "faults" / "table.py"

PASSING = [name for name in FAULTS if not re.match("NoSuch|Invalid|expired|Access|Ctrl", name)]
"""What a run outlives at every position."""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def positions(lab: Lab, name: str) -> range:
    """Return the positions at which a fault is tried: all of them, or a sample that differs from fault to fault."""
    first = 1 if LONG else 1 + list(FAULTS).index(name) % 11
    return range(first, lab.calls + 1, 1 if LONG else 11)


def test_the_plan_has_sixty_writes_and_every_effect_that_a_kind_knows_of_some_sort(lab: Lab) -> None:
    assert lab.calls >= 60
    operations = {step.call.operation for step in lab.plan.steps}
    assert {kind.creates for kind in KINDS.values()} <= operations
    assert {f"Delete{kind.name.capitalize()}" for kind in KINDS.values()} <= operations
    assert {"UpdateUser", "UpdateGroup", "CreatePolicyVersion", "SetDefaultPolicyVersion"} <= operations
    assert {"DeleteLoginProfile", "DeleteAccessKey", "DeactivateMFADevice", "DeleteVirtualMFADevice"} <= operations
    assert {"PutRolePermissionsBoundary", "UpdateAssumeRolePolicy", "RemoveRoleFromInstanceProfile"} <= operations


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_outlived_without_a_rerun(lab: Lab, name: str) -> None:
    for position in positions(lab, name):
        tried = lab.tried(FAULTS[name], position)
        step = lab.plan.steps[position - 1]
        assert tried.survived, (step, tried.outcome)
        assert tried.converged, step


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in PASSING])
def test_a_fault_that_stops_steps_is_mended_by_a_rerun(lab: Lab, name: str) -> None:
    with interruptible():
        for position in positions(lab, name):
            tried = lab.tried(FAULTS[name], position)
            assert tried.converged, (lab.plan.steps[position - 1], tried.outcome)


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_fault_among_eight_calls_in_flight_is_mended_by_a_rerun_at_most(lab: Lab, name: str) -> None:
    with interruptible():
        for position in list(positions(lab, name))[:: 1 if LONG else 3]:
            tried = lab.tried(FAULTS[name], position, parallel=8)
            assert tried.converged, (lab.plan.steps[position - 1], tried.outcome)


def test_what_this_run_made_is_waited_for_until_it_is_known_everywhere(lab: Lab) -> None:
    born = {step.id: step for step in lab.plan.steps if step.call.operation.startswith("Create")}
    waits = [
        at
        for at, step in enumerate(lab.plan.steps, start=1)
        if set(step.after) & born.keys() and step.call.operation.startswith(("Attach", "Put", "Add"))
    ]
    assert len(waits) > 5
    for position in waits[:: 1 if LONG else 4]:
        assert lab.tried(FAULTS["NoSuchEntity for a while"], position).survived


def test_a_principal_that_this_run_made_is_waited_for_and_another_is_not(lab: Lab) -> None:
    fault = FAULTS["Invalid principal for a while"]
    numbered = {(step.call.operation, step.address.name): at for at, step in enumerate(lab.plan.steps, start=1)}
    assert lab.tried(fault, numbered["UpdateAssumeRolePolicy", "guarded"]).survived
    refused = lab.tried(fault, numbered["UpdateAssumeRolePolicy", "app"])
    assert (refused.survived, refused.converged) == (False, True)


@pytest.mark.parametrize("name", ["reset after the commit", "500 after the commit", "reset after, reads lag"])
def test_a_policy_version_whose_answer_was_lost_is_not_made_twice(lab: Lab, name: str) -> None:
    made = [at for at, step in enumerate(lab.plan.steps, start=1) if step.call.operation == "CreatePolicyVersion"]
    assert len(made) == 2
    for position in made:
        tried = lab.tried(FAULTS[name], position)
        assert tried.survived
        assert tried.converged
        assert tried.sent.count("CreatePolicyVersion") == len(made)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_full_disk_under_the_journal_stops_the_run_before_the_next_write(lab: Lab, *, after: bool) -> None:
    for position in range(1 + after, lab.calls + 1, 1 if LONG else 13):
        tried = lab.full_disk(position, after=after)
        assert tried.converged
        assert tried.outcome is not None
        assert "no space left on device" in tried.outcome.stopped
        assert len(tried.outcome.done) == position - (not after)
        assert not tried.outcome.failed


def test_an_interrupt_lets_the_call_in_flight_end_and_begins_no_more(lab: Lab) -> None:
    with interruptible():
        tried = lab.tried(FAULTS["Ctrl-C"], 20)
    assert tried.outcome is not None
    assert tried.outcome.interrupted
    assert [step.id for step in tried.outcome.done] == [step.id for step in lab.plan.steps[:20]]
    assert (len(tried.outcome.failed), len(tried.outcome.left)) == (0, lab.calls - 20)


def test_expired_credentials_leave_the_rest_to_a_rerun(lab: Lab) -> None:
    tried = lab.tried(FAULTS["expired credentials"], 20)
    assert tried.converged
    assert tried.outcome is not None
    assert tried.outcome.stopped.startswith("the AWS credentials have expired (ExpiredToken)")
    assert (len(tried.outcome.done), len(tried.outcome.failed)) == (19, 0)


def test_a_plan_whose_answers_are_lost_reads_the_account_once_for_each_and_not_per_object(lab: Lab) -> None:
    lab.restart()
    lab.seam.arm(FAULTS["reset after the commit"], 20)
    assert lab.run().ok
    assert 0 < lab.seam.reads < 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_process_that_is_killed_anywhere_leaves_what_a_rerun_brings_to_its_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(TABLE), "--only=kill -9", f"--every={1 if LONG else 9}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("kill -9")]
    assert len(rows) == 2
    for row in rows:
        tried, survived, converged = row[-4:-1]
        assert int(tried) >= 7
        assert (survived, converged) == ("0", tried)
