"""`plan --out FILE` and `apply FILE`: what they print, what they refuse, and with which code they end."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from cli.cli_support import ACCOUNT, Run, Runner, process, write
from plan.saving import forged

import reconciler.plan
from reconciler import live, sandbox
from reconciler.cli import applying, gate
from reconciler.errors import CallError
from reconciler.model import Call, Mark, Plan

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def users(session: boto3.Session) -> set[str]:
    return {user["UserName"] for user in session.client("iam").list_users()["Users"]}


def attached(session: boto3.Session) -> set[str]:
    found = session.client("iam").list_attached_user_policies(UserName="alice")["AttachedPolicies"]
    return {policy["PolicyName"] for policy in found}


def told(done: Run) -> list[str]:
    """Return what an apply says on stderr beside where its journal is."""
    return [line for line in done.err.splitlines() if not line.startswith("journal: ")]


@pytest.mark.usefixtures("documents", "account")
def test_a_plan_is_saved_beside_what_is_shown_and_the_way_on_is_named(run: Runner) -> None:
    run("plan")
    shown = run("plan")
    done = run("plan", "--out=plan.json")
    assert (done.code, done.out) == (0, shown.out)
    assert done.err == "saved: plan.json: 4 writes; `reconciler apply plan.json` makes them\n"
    assert json.loads(run("plan", "--format=json", "--out", "plan.json").out)["steps"]
    kept = json.loads(Path("plan.json").read_text())
    assert kept["header"]["caller"] == "arn:aws:iam::123456789012:user/sandbox"
    assert kept["header"]["expires"] is None


@pytest.mark.usefixtures("documents")
def test_a_saved_plan_is_shown_and_applied_and_can_be_applied_again(run: Runner, account: boto3.Session) -> None:
    run("plan", "--out=plan.json")
    planned = run("plan").out
    done = run("apply", "plan.json", "--yes")
    assert (done.code, told(done)) == (0, [])
    assert done.out.startswith(planned)
    assert done.out.splitlines()[-1] == "done: 4 writes"
    assert users(account) == {"alice"}
    again = run("apply", "plan.json", "--yes", "--exact")
    assert (again.code, again.out) == (0, "nothing to write: everything in plan.json is true already\n")
    assert again.err == "note: 4 of the 4 writes of plan.json are true already\n"


@pytest.mark.usefixtures("account")
def test_the_documents_of_a_saved_plan_may_stand_anywhere(run: Runner, documents: Path) -> None:
    documents.rename("elsewhere")
    saved = run("plan", "elsewhere", "--out", "a plan")
    assert "`reconciler apply 'a plan' --dir=elsewhere`" in saved.err
    assert run("apply", "a plan", "--dir=elsewhere", "--yes").code == 0
    assert run("plan", "elsewhere", "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("documents")
def test_a_plan_that_was_edited_is_an_error_and_nothing_is_written(run: Runner, account: boto3.Session) -> None:
    run("plan", "--out=plan.json")
    file = Path("plan.json")
    file.write_bytes(file.read_bytes().replace(b"alice", b"alicf", 1))
    done = run("apply", "plan.json", "--yes")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: plan.json: edited or damaged since it was written; plan again\n"
    assert users(account) == set()


@pytest.mark.usefixtures("documents", "account")
def test_a_file_that_is_not_there_or_no_plan_is_an_error(run: Runner) -> None:
    missing = run("apply", "plan.json", "--yes")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("error: plan.json: there is no such file; `reconciler plan --out plan.json` writes")
    wrong = run("apply", "desired-state/users.yaml", "--yes")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("error: desired-state/users.yaml: no saved plan; ")
    nowhere = run("apply", "nowhere", "--yes")
    assert nowhere.code == 1
    assert "nowhere" in nowhere.err


@pytest.mark.usefixtures("account")
def test_a_plan_for_another_account_is_refused(run: Runner, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = f'version: 1\nowner: tests\naccounts: {{one: {{id: "{ACCOUNT}"}}, two: {{id: "210987654321"}}}}\n'
    write(documents, reconciler=accounts)
    run("plan", "--out=plan.json")
    other = sandbox.session(account="210987654321", region="eu-west-1")
    monkeypatch.setattr(live, "session", lambda _profile, _region: other)
    refused = run("apply", "plan.json", "--yes")
    assert (refused.code, refused.out) == (3, "")
    assert refused.err == f"refused: the plan is for account {ACCOUNT}, and the credentials belong to 210987654321\n"
    assert users(other) == set()


@pytest.mark.usefixtures("documents")
def test_a_stale_plan_is_refused_with_every_object_that_moved(run: Runner, account: boto3.Session) -> None:
    assert run("apply", "--yes").code == 0
    iam = account.client("iam")
    iam.detach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    run("plan", "--out=plan.json")
    iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN)
    refused = run("apply", "plan.json", "--yes")
    assert (refused.code, refused.out) == (3, "")
    moved = "user/alice: policies AdministratorAccess was added since the plan was made"
    assert refused.err == f"refused: {moved}; plan again, and have it reviewed\n"
    assert attached(account) == {"readers", "AdministratorAccess"}


@pytest.mark.parametrize(
    ("given", "expires"),
    [
        ("30m", "2026-11-24T10:30:00+00:00"),
        ("2h", "2026-11-24T12:00:00+00:00"),
        ("3d", "2026-11-27T10:00:00+00:00"),
        ("1w", "2026-12-01T10:00:00+00:00"),
        ("2026-11-25", "2026-11-26T00:00:00+00:00"),
        ("2026-11-25T12:00:00+02:00", "2026-11-25T10:00:00+00:00"),
    ],
)
@pytest.mark.usefixtures("documents", "account")
def test_a_plan_expires_when_it_was_told_to(run: Runner, given: str, expires: str) -> None:
    done = run("plan", "--now=2026-11-24T10:00:00Z", "--out=plan.json", f"--expires={given}")
    assert done.code == 0, done.err
    assert json.loads(Path("plan.json").read_text())["header"]["expires"] == expires
    late = run("apply", "plan.json", "--yes", f"--now={expires}")
    assert (late.code, late.out, late.err) == (3, "", f"refused: the plan expired at {expires}; plan again\n")
    assert run("apply", "plan.json", "--yes", "--now=2026-11-24T10:29:59Z").code == 0


@pytest.mark.usefixtures("documents", "account")
def test_a_plan_of_other_documents_is_refused_with_the_directory_that_was_looked_at(
    run: Runner, tmp_path: Path
) -> None:
    write(tmp_path / "others", users="{kind: user, name: carol}\n")
    run("plan", "--out=plan.json", "others")
    done = run("apply", "--yes", "plan.json")
    assert done.code == 3
    *refused, hint = told(done)
    assert "do not produce step 1 (CreateUser user/carol)" in refused[0]
    assert hint == (
        "refused: the documents in desired-state are not those that plan.json was made from; --dir names others"
    )
    assert run("apply", "--yes", "plan.json", "--dir=others").code == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["plan", "--expires=2h"], "--expires goes with --out"),
        (["plan", "--out=p.json", "--expires=soon"], "'soon' is neither a span (30m, 2h, 3d, 1w) nor a day or time"),
        (["plan", "--out=p.json", "--expires=9999-12-31"], "'9999-12-31' is neither a span"),
        (["plan", "--out=p.json", "--expires=2020-01-01"], "2020-01-02T00:00:00+00:00 is past already"),
        (["plan", "--out=desired-state"], "desired-state is no ordinary file"),
        (
            ["plan", "--out=nowhere/p.json"],
            "error: nowhere/p.json: the plan cannot be saved: no such file or directory; ",
        ),
        (["apply", "--exact"], "--exact goes with the file of a saved plan"),
        (["apply", "--dir=desired-state"], "--dir goes with the file of a saved plan"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("documents", "account")
def test_what_does_not_go_together_is_an_error_in_one_line(run: Runner, arguments: list[str], why: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (1, "")
    assert why in done.err
    assert len(done.err.splitlines()) == 1
    assert not Path("p.json").exists()


@pytest.mark.usefixtures("account")
def test_what_the_documents_ask_for_by_now_is_told_and_left_out_or_refused(run: Runner, documents: Path) -> None:
    run("plan", "--out=plan.json")
    write(documents, late="kind: group\nname: late\npolicies: [ReadOnlyAccess]\n")
    refused = run("apply", "plan.json", "--yes", "--exact")
    assert refused.code == 3
    why, _, others = refused.err.splitlines()
    assert why == "refused: CreateGroup group/late is not in the plan file, and would be done now (--exact)"
    assert others.startswith("refused: the documents in desired-state are not those that plan.json was made from")
    done = run("apply", "plan.json", "--yes")
    assert done.code == 0
    assert told(done) == [
        "note: the documents say something else than when plan.json was saved",
        "warning: not in plan.json, so not done: CreateGroup group/late",
        "warning: not in plan.json, so not done: AttachGroupPolicy group/late PolicyArn=aws:policy/ReadOnlyAccess",
    ]
    assert "group/late" not in done.out
    assert run("plan", "--detailed-exitcode").code == 2


@pytest.mark.usefixtures("documents")
def test_an_apply_that_stopped_half_way_goes_on_with_the_same_file(run: Runner, account: boto3.Session) -> None:
    run("plan", "--out=plan.json")
    made: list[Call] = []
    send = live.Iam.send

    def refusing(iam: live.Iam, call: Call) -> Any:
        made.append(call)
        if len(made) == 3:
            raise CallError(call.operation, "LimitExceeded", "Cannot exceed quota")
        return send(iam, call)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live.Iam, "send", refusing)
        stopped = run("apply", "plan.json", "--yes")
    assert stopped.code == 1
    assert "`reconciler apply plan.json` continues from here" in stopped.err
    done = run("apply", "plan.json", "--yes")
    assert done.code == 0
    assert told(done) == [f"note: {len(made) - 1} of the 4 writes of plan.json are true already"]
    assert attached(account) == {"readers", "ReadOnlyAccess"}


REPLACED = "kind: role\nname: worker\nservice: lambda\npath: /a/\nreplace: true\n"


def test_what_only_the_file_tells_behind_a_deletion_is_told_and_not_done(
    run: Runner, documents: Path, account: boto3.Session
) -> None:
    write(documents, roles=REPLACED.replace("path: /a/\n", "description: kept\n"))
    assert run("apply", "--yes").code == 0
    write(documents, roles=REPLACED)
    run("plan", "--out=plan.json")
    account.client("iam").delete_role(RoleName="worker")
    done = run("apply", "plan.json", "--yes")
    assert done.code == 0
    assert told(done) == [
        "warning: only plan.json tells it any more, so not done: role/worker: description",
        "note: what a run took away before it stopped is in the journal of that run",
        "note: 1 of the 2 writes of plan.json is true already",
    ]
    assert "Description" not in account.client("iam").get_role(RoleName="worker")["Role"]
    again = run("apply", "plan.json", "--yes")
    assert again.code == 0
    assert "nothing to write" in again.out
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_file_whose_call_lacks_its_parameters_is_no_sound_plan(
    run: Runner, documents: Path, account: boto3.Session
) -> None:
    write(documents, roles=REPLACED.replace("path: /a/\n", "description: kept\n"))
    assert run("apply", "--yes").code == 0
    write(documents, roles=REPLACED)
    run("plan", "--out=plan.json")

    def emptied(content: Any) -> None:
        content["body"]["steps"][-1]["parameters"] = {"RoleName": "worker"}

    Path("plan.json").write_bytes(forged(Path("plan.json").read_bytes(), emptied))
    account.client("iam").delete_role(RoleName="worker")
    done = run("apply", "plan.json", "--yes")
    assert done.code == 1
    assert done.err.startswith("error: plan.json: no sound plan: CreateRole has parameters that it does not take")
    assert done.err.endswith("; plan again\n")


@pytest.mark.usefixtures("documents", "account")
@pytest.mark.parametrize("out", ["./-x.json", "-"])
def test_the_way_on_can_be_run_whatever_the_file_is_called(run: Runner, out: str) -> None:
    said = run("plan", "--out", out).err
    command = shlex.split(said.partition("`")[2].partition("`")[0])
    assert run(*command[1:], "--yes").code == 0


class Person:
    """Answers yes at the terminal, some seconds after the question, and may do something before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float, meanwhile: Callable[[], Any]) -> None:
        self.now = 1_000_000.0
        self._seconds = seconds
        self._meanwhile = meanwhile
        monkeypatch.setattr(applying, "watched", lambda _stream: True)
        monkeypatch.setattr(applying, "ask", self._ask)
        monkeypatch.setattr(gate, "clock", lambda: self.now)

    def _ask(self, _question: str) -> bool:
        self._meanwhile()
        self.now += self._seconds
        return True


@pytest.fixture
def detached(run: Runner, documents: Path, account: boto3.Session) -> boto3.Session:
    """Return an account in which one thing is to be done: alice lacks a policy."""
    assert documents.is_dir()
    assert run("apply", "--yes").code == 0
    account.client("iam").detach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    run("plan", "--out=plan.json")
    return account


def snapshots(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    taken: list[None] = []
    snapshot = live.Iam.snapshot

    def counted(iam: live.Iam, account: Any) -> Any:
        taken.append(None)
        return snapshot(iam, account)

    monkeypatch.setattr(live.Iam, "snapshot", counted)
    return taken


@pytest.mark.parametrize(
    ("what", "seconds", "read"),
    [([], 59, 1), ([], 61, 2), ([], -5, 2), (["plan.json"], 1, 2)],
    ids=["at once", "late", "the clock was set back", "a saved plan"],
)
def test_the_account_is_read_again_before_the_first_write_of_a_saved_or_old_plan(
    run: Runner, detached: boto3.Session, monkeypatch: pytest.MonkeyPatch, what: list[str], seconds: float, read: int
) -> None:
    Person(monkeypatch, seconds, lambda: None)
    taken = snapshots(monkeypatch)
    done = run("apply", *what)
    assert done.code == 0, done.err
    assert len(taken) == read
    assert attached(detached) == {"readers", "ReadOnlyAccess"}


@pytest.mark.parametrize("what", [[], ["plan.json"]], ids=["a directory", "a saved plan"])
def test_what_moved_while_a_person_thought_is_refused_before_the_first_write(
    run: Runner, detached: boto3.Session, monkeypatch: pytest.MonkeyPatch, what: list[str]
) -> None:
    iam = detached.client("iam")
    Person(monkeypatch, 3600, lambda: iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN))
    done = run("apply", *what)
    assert done.code == 3
    moved = "user/alice: policies AdministratorAccess was added since the plan was made"
    assert done.err == f"refused: {moved}; nothing was written: plan again\n"
    assert attached(detached) == {"readers", "AdministratorAccess"}


@pytest.fixture
def spiked(detached: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Let every step of every plan be marked from now on."""
    make = reconciler.plan.make

    def marked(*given: Any, **named: Any) -> Plan:
        made = make(*given, **named)
        steps = [
            dataclasses.replace(step, marks=(Mark("spike", step.address, "it cannot be helped"),))
            for step in made.steps
        ]
        return dataclasses.replace(made, steps=steps)

    monkeypatch.setattr(reconciler.plan, "make", marked)
    return detached


@pytest.mark.parametrize("what", [[], ["plan.json"]], ids=["a directory", "a saved plan"])
def test_a_spike_is_shown_and_refused_without_consent(run: Runner, spiked: boto3.Session, what: list[str]) -> None:
    refused = run("apply", *what, "--yes")
    assert refused.code == 3
    assert "AttachUserPolicy  user/alice" in refused.out
    assert refused.err.splitlines() == [
        "refused: step 1 (AttachUserPolicy user/alice) lets user/alice do more for a moment: it cannot be helped",
        "refused: nothing was written, because of spikes, which --allow-spike lets through",
    ]
    assert attached(spiked) == {"readers"}
    assert run("apply", *what, "--yes", "--allow-spike").code == 0
    assert attached(spiked) == {"readers", "ReadOnlyAccess"}


@pytest.mark.usefixtures("account")
def test_a_plan_tells_the_commit_where_git_knows_it_and_does_without_git(
    run: Runner, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit() -> Any:
        assert run("plan", "--out=plan.json").code == 0
        return json.loads(Path("plan.json").read_text())["header"]["commit"]

    assert commit() is None
    if shutil.which("git") is not None:
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(documents)]
        subprocess.run([*git, "init", "-q"], check=True)
        assert commit() is None
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        assert commit() == head
    monkeypatch.setenv("PATH", "")
    assert commit() is None


@pytest.mark.usefixtures("documents", "account")
def test_a_plan_is_written_whole_or_not_at_all(run: Runner) -> None:
    Path("real.json").write_text("old")
    Path("plan.json").symlink_to("real.json")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full)
        failed = run("plan", "--out=plan.json")
    what = "plan.json: the plan cannot be saved: no space left on device; mend that, or name another place"
    assert (failed.code, failed.err) == (1, f"error: {what}\n")
    assert Path("real.json").read_text() == "old"
    assert run("plan", "--out=plan.json").code == 0
    assert Path("plan.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["format"] == 1
    assert sorted(path.name for path in Path().iterdir()) == ["desired-state", "plan.json", "real.json"]
    old = os.umask(0o027)
    try:
        assert run("plan", "--out=new.json").code == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(Path("new.json").stat().st_mode) == 0o640


def test_a_plan_file_holds_none_of_the_credentials_of_the_environment(documents: Path) -> None:
    key, token = "VERYsecretKEY1", "VERYsecretTOKEN2"
    done = process(
        documents.parent,
        *("plan", "--sandbox", "--out=plan.json"),
        AWS_ACCESS_KEY_ID="AKIAX",
        AWS_SECRET_ACCESS_KEY=key,
        AWS_SESSION_TOKEN=token,
    )
    assert done.returncode == 0, done.stderr
    text = Path("plan.json").read_text()
    assert [secret for secret in (key, token) if secret in text] == []
