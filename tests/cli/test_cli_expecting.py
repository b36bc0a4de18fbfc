"""What a plan, a drift and an apply make of an account that would not be as expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.cli_support import ACCOUNT, USERS, Runner, write

from reconciler import sandbox

OPEN = "- nobody outside alice can s3:GetObject on arn:aws:s3:::bucket/*\n"
EXPECTED = f"kind: expectation\nname: expected\nexpect:\n{OPEN}"
HELD = "1 sentence fails: nothing is written"
REFUSED = "refused: nothing was written, because of what the documents expect\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "desired-state", users=USERS, expected=EXPECTED)


def test_an_account_that_is_as_expected_is_planned_and_applied_as_ever(run: Runner, folder: Path) -> None:
    assert folder.is_dir()
    planned = run("plan", "--sandbox")
    assert planned.code == 0
    assert "Expectations" not in planned.out
    assert run("apply", "--sandbox", "--yes").code == 0
    assert run("drift", "--sandbox").code == 0


def test_nothing_is_written_that_would_break_what_is_expected(run: Runner, folder: Path) -> None:
    write(folder, more="kind: user\nname: bob\npolicies: [readers]\n")
    planned = run("plan", "--sandbox")
    assert planned.code == 3
    assert HELD in planned.out
    assert "does not hold for user/bob: s3:GetObject on arn:aws:s3:::bucket/" in planned.out
    assert planned.err.endswith(REFUSED)
    assert "refused: desired-state/expected.yaml:4: not as expected: `nobody outside alice can" in planned.err
    applied = run("apply", "--sandbox", "--yes")
    assert (applied.code, applied.err.endswith(REFUSED)) == (3, True)
    assert (
        sandbox.session("default", account=ACCOUNT, repository=folder.resolve()).client("iam").list_users()["Users"]
        == []
    )


def test_what_somebody_did_by_hand_is_held_against_the_sentences_even_if_nothing_is_to_be_written(
    run: Runner, folder: Path
) -> None:
    assert run("apply", "--sandbox", "--yes").code == 0
    iam = sandbox.session("default", account=ACCOUNT, repository=folder.resolve()).client("iam")
    iam.create_user(UserName="stray")
    iam.attach_user_policy(UserName="stray", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    iam.close()
    seen = run("validate", "--sandbox")
    assert seen.code == 1
    assert "error: desired-state/expected.yaml:4:3: `nobody outside alice" in seen.err
    assert "for user/stray: s3:GetObject" in seen.err
    for command in (["plan"], ["drift"], ["apply", "--yes"]):
        ended = run(*command, "--sandbox")
        assert ended.code == 3, command
        assert "for user/stray: s3:GetObject" in ended.out
        assert HELD in ended.out


def test_programs_are_told_too(run: Runner, folder: Path) -> None:
    write(folder, more="kind: user\nname: bob\npolicies: [readers]\n")
    (one,) = json.loads(run("plan", "--sandbox", "--format=json").out)["unmet"]
    assert (one["principals"], one["fails"], one["document"]) == (["user/bob"], True, "expected")
    assert one["evidence"]["because"].startswith("readers#1")


def test_a_name_that_the_account_does_not_have_fails_only_then(run: Runner, folder: Path) -> None:
    write(folder, expected=EXPECTED + "- zoe cannot iam:*\n")
    assert run("validate").code == 0
    planned = run("plan", "--sandbox")
    assert planned.code == 3
    assert "`zoe cannot iam:*`: there is no zoe in the account" in planned.out


def test_a_saved_plan_is_held_against_the_sentences_as_it_is_applied(run: Runner, folder: Path) -> None:
    write(folder, expected="")
    write(folder, more="kind: user\nname: bob\npolicies: [readers]\n")
    assert run("plan", "--sandbox", "--out=plan.json").code == 0
    write(folder, expected=EXPECTED)
    applied = run("apply", "--sandbox", "--yes", "plan.json")
    assert applied.code == 3
    assert applied.err.endswith(REFUSED)
