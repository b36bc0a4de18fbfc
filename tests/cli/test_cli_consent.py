"""Guards on the command line: how a plan is refused, and what a person may say yes to, and where."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from cli.cli_support import ACCOUNT, Runner, write

import reconciler.plan.guards
from reconciler.cli import applying, consenting
from reconciler.cli import run as rooms
from reconciler.cli.target import Target
from reconciler.documents import Source
from reconciler.live import Iam
from reconciler.model import Alarm, Consent, Desired, Origin
from reconciler.plan.guards import Scene

ACCEPT = "--accept=takeover=user/alice"
WHAT = "takeover user/alice: it would be written; way out: do not write it"
REFUSED = f"refused: {WHAT}\nrefused: nothing was written, because of what the guards say\n"
CONSENT = Consent("takeover", "user/alice", "it is ours", dt.date(2026, 11, 30), Origin("desired-state/yes.yaml", 2))


def minding(scene: Scene) -> Iterator[Alarm]:
    """Object to every user that a plan writes."""
    for address in sorted({step.address for step in scene.plan.steps if step.address.kind == "user"}):
        yield scene.alarm("takeover", address, "it would be written", "do not write it")


def always(scene: Scene) -> Iterator[Alarm]:
    yield scene.alarm("lockout", "account", "nobody could get in", "let somebody in")


@pytest.fixture
def guard(documents: Path, account: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    assert documents.is_dir()
    monkeypatch.setattr(reconciler.plan.guards, "_GUARDS", (minding,))
    return account


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a person sit at the terminal, who says yes to every question."""
    for room in (applying, consenting):
        monkeypatch.setattr(room, "watched", lambda _stream: True)
    monkeypatch.setattr(applying, "ask", lambda _question: True)


def documented(monkeypatch: pytest.MonkeyPatch, consent: Consent) -> None:
    """Let the documents give the consent."""
    reached = rooms.reached

    def consenting_too(target: Target, source: Source) -> tuple[Iam, Desired]:
        iam, desired = reached(target, source)
        return iam, dataclasses.replace(desired, consents=(consent,))

    monkeypatch.setattr(rooms, "reached", consenting_too)


def users(session: boto3.Session) -> set[str]:
    return {user["UserName"] for user in session.client("iam").list_users()["Users"]}


@pytest.mark.parametrize("command", [["plan"], ["plan", "--detailed-exitcode"], ["apply", "--yes"], ["drift"]])
def test_a_guard_refuses_what_is_shown_all_the_same(run: Runner, guard: boto3.Session, command: list[str]) -> None:
    done = run(*command)
    assert (done.code, done.err) == (3, REFUSED)
    assert "refused by 1 guard (takeover)" in done.out
    assert "! takeover user/alice  it would be written" in done.out
    assert users(guard) == set()


@pytest.mark.usefixtures("guard", "terminal")
def test_a_flag_on_a_terminal_lifts_a_guard_for_one_address_and_no_other(run: Runner, documents: Path) -> None:
    write(documents, more="kind: user\nname: alicia\n")
    refused = run("apply", ACCEPT)
    assert refused.code == 3
    assert [line for line in refused.err.splitlines() if "takeover" in line] == [
        "refused: takeover user/alicia: it would be written; way out: do not write it"
    ]
    assert ". takeover user/alice  lifted by --accept" in refused.out
    done = run("apply", "--accept=takeover=user/ALICE", "--accept=takeover=user/alicia")
    assert done.code == 0, done.err
    assert "warning" not in done.err
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"], ["undo", "run.jsonl"]])
def test_without_a_terminal_a_flag_lifts_nothing_and_is_an_error(
    run: Runner, guard: boto3.Session, command: list[str]
) -> None:
    done = run(*command, ACCEPT)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: --accept lifts nothing where there is no terminal: write a `kind: exception` document and have it "
        f"reviewed, or add --accept-guards-in-ci; see `reconciler {command[0]} --help`\n"
    )
    assert users(guard) == set()


def test_a_pipeline_that_says_so_lifts_guards_and_its_log_tells(run: Runner, guard: boto3.Session) -> None:
    done = run("apply", "--yes", ACCEPT, "--accept=quota=account", "--accept-guards-in-ci")
    assert done.code == 0, done.err
    told = "is lifted for {} by --accept, in a run without a terminal"
    assert done.err.splitlines()[:2] == [
        f"warning: guard takeover {told.format('user/alice')}",
        f"warning: guard quota {told.format('account')}",
    ]
    assert ". quota account  no guard speaks of it  --accept" in done.out
    assert users(guard) == {"alice"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("takeover", "'takeover' names no address; write GUARD=ADDRESS, such as takeover=role/deployer"),
        ("takover=role/x", "there is no guard 'takover'; did you mean takeover?"),
        ("everything=role/x", "there is no guard 'everything'; the guards are boundary-removed, "),
        ("takeover=role/*", "'role/*' is a pattern, and consent is given for one address at a time"),
        ("takeover=role/", "'role/' is no address that a guard speaks of; it is kind/name, account, or settings/KEY"),
        ("takeover=rolle/x", "'rolle/x' is no address that a guard speaks of"),
        ("lockout=account/x", "'account/x' is no address"),
        ("takeover=", "'' is no address"),
    ],
)
def test_a_consent_that_cannot_be_read_is_one_line(run: Runner, text: str, said: str) -> None:
    done = run("plan", "--accept", text)
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_the_switch_for_pipelines_alone_lifts_nothing(run: Runner) -> None:
    done = run("plan", "--accept-guards-in-ci")
    assert done.code == 1
    assert "--accept-guards-in-ci goes with --accept" in done.err


@pytest.mark.usefixtures("guard")
def test_the_way_on_repeats_what_was_accepted(run: Runner) -> None:
    consents = ["--accept=takeover=user/alice", "--accept=limit-delete=account", "--accept-guards-in-ci"]
    done = run("plan", "--out=plan.json", *consents)
    assert f"`reconciler apply {' '.join(consents)} plan.json` makes them" in done.err
    assert f"next: reconciler apply {' '.join(consents)} puts the account back" in run("drift", *consents).out


def test_a_flag_is_no_part_of_what_a_plan_was_made_from_and_counts_for_the_run_it_is_given_to(
    run: Runner, guard: boto3.Session
) -> None:
    assert run("plan", "--out=plan.json", ACCEPT, "--accept-guards-in-ci").code == 0
    assert run("plan", "--out=plain.json").code == 3
    accepted, plain = (json.loads(Path(name).read_text())["body"] for name in ("plan.json", "plain.json"))
    assert accepted == plain
    assert run("apply", "plan.json", "--yes").code == 3
    assert users(guard) == set()
    done = run("apply", "plain.json", "--yes", ACCEPT, "--accept-guards-in-ci")
    assert done.code == 0
    assert "documents say something else" not in done.err
    assert users(guard) == {"alice"}


def test_an_exception_that_has_run_out_since_planning_no_longer_lets_the_file_be_applied(
    run: Runner, guard: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented(monkeypatch, CONSENT)
    assert run("plan", "--out=plan.json", "--now=2026-11-25").code == 0
    late = run("apply", "plan.json", "--yes", "--now=2026-12-01")
    assert (late.code, late.err) == (3, REFUSED)
    assert ". takeover user/alice  past since 2026-11-30  desired-state/yes.yaml:2" in late.out
    assert users(guard) == set()
    done = run("apply", "plan.json", "--yes", "--now=2026-11-30")
    assert done.code == 0, done.err
    assert "lifted by desired-state/yes.yaml:2 until 2026-11-30 (it is ours)" in done.out
    assert users(guard) == {"alice"}


def test_guards_are_asked_about_what_is_left_of_a_saved_plan_and_not_about_all_that_could_be_done(
    run: Runner, documents: Path, guard: boto3.Session
) -> None:
    users_of = (documents / "users.yaml").read_text()
    write(documents, users="kind: group\nname: readers\n")
    assert run("plan", "--out=plan.json").code == 0
    write(documents, users=f"kind: group\nname: readers\n---{users_of}")
    assert run("plan").code == 3
    done = run("apply", "plan.json", "--yes")
    assert done.code == 0, done.err
    assert users(guard) == set()


@pytest.mark.usefixtures("guard")
def test_everything_that_stands_against_a_plan_is_told_at_once(run: Runner, documents: Path) -> None:
    write(documents, expect="kind: expectation\nname: safe\nexpect:\n  - nobody can s3:GetObject on *\n")
    refused = run("apply", "--yes", "--fail-on=wider")
    assert refused.code == 3
    *reasons, closing = refused.err.splitlines()
    assert reasons[0] == f"refused: {WHAT}"
    assert "not as expected: `nobody can s3:GetObject on *`" in reasons[1]
    assert "refused: access of user/alice grows" in reasons
    assert closing == (
        "refused: nothing was written, because of what the guards say and of what the documents expect and of "
        "--fail-on wider"
    )


@pytest.mark.usefixtures("documents", "account")
def test_a_plan_without_writes_is_refused_too_and_never_called_in_sync(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("plan", "--out=plan.json")
    assert run("apply", "--yes").code == 0
    monkeypatch.setattr(reconciler.plan.guards, "_GUARDS", (always,))
    for command in (["plan"], ["apply", "--yes"], ["apply", "plan.json", "--yes"], ["drift"]):
        done = run(*command)
        assert done.code == 3
        assert "! lockout account  nobody could get in" in done.out
        assert "in sync" not in done.out
    told = json.loads(run("plan", "--format=json").out)
    assert [(one["guard"], one["subject"], one["consent"]) for one in told["alarms"]] == [("lockout", "account", None)]
    assert (told["in_sync"], told["summary"]["refusing"]) == (True, 1)


@pytest.mark.usefixtures("terminal")
def test_undo_is_held_to_guards_and_lifted_by_flags(
    run: Runner, documents: Path, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", "--journal=run.jsonl").code == 0
    monkeypatch.setattr(reconciler.plan.guards, "_GUARDS", (minding,))
    undo = ["undo", f"--dir={documents}", "run.jsonl"]
    refused = run(*undo)
    assert (refused.code, refused.err) == (3, REFUSED)
    assert users(account) == {"alice"}
    saved = run(*undo, "--out=undo.json", ACCEPT)
    assert saved.code == 0, saved.err
    again = ["apply", "undo.json", "--undoes=run.jsonl", f"--dir={documents}"]
    assert run(*again).code == 3
    assert users(account) == {"alice"}
    assert run(*again, ACCEPT).code == 0
    assert users(account) == set()


def test_the_consents_of_the_documents_count_for_an_undo(
    run: Runner, documents: Path, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", "--yes", "--journal=run.jsonl").code == 0
    monkeypatch.setattr(reconciler.plan.guards, "_GUARDS", (minding,))
    documented(monkeypatch, CONSENT)
    undo = ["undo", "--yes", f"--dir={documents}", "run.jsonl"]
    assert run(*undo, "--now=2026-12-01").code == 3
    assert run(*undo, "--now=2026-11-30").code == 0
    assert users(account) == set()


@pytest.mark.usefixtures("guard")
def test_validate_checks_documents_and_only_warns_of_guards(run: Runner) -> None:
    assert run("validate").err == ""
    told = run("validate", "--profile=any")
    assert (told.code, told.err) == (0, f"warning: a guard refuses the plan for account {ACCOUNT}: {WHAT}\n")


@pytest.mark.usefixtures("documents", "account")
def test_what_was_spared_is_shown_where_it_is_asked_for(run: Runner) -> None:
    assert "Spared" not in run("plan").out
    assert "skips" not in json.loads(run("plan", "--format=json").out)
    shown = run("plan", "--explain-skips")
    assert shown.code == 0
    assert "Nothing was spared." in shown.out
    assert json.loads(run("plan", "--format=json", "--explain-skips").out)["skips"] == []
