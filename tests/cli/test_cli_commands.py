"""The commands in this process: what they print, where, and with which code they end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from cli.cli_support import ACCOUNT, USERS, Runner, write
from support.faults import interruptible, press_ctrl_c

from reconciler import live, sandbox
from reconciler.errors import CallError, CredentialsError
from reconciler.journal import read
from reconciler.model import Account, Call

CLOSED = """
kind: policy
name: closed
description: {description}
document:
  Version: "2012-10-17"
  Statement: [{{Effect: Allow, Action: "s3:GetObject", Resource: "*"}}]
"""


def names(session: boto3.Session) -> set[str]:
    return {user["UserName"] for user in session.client("iam").list_users()["Users"]}


@pytest.mark.usefixtures("documents")
def test_validate_says_what_is_declared(run: Runner) -> None:
    done = run("validate")
    assert (done.code, done.out, done.err) == (0, "valid: 2 objects in 1 account (1 policy, 1 user)\n", "")


def test_validate_counts_every_account_and_what_shall_not_be_there(run: Runner, documents: Path) -> None:
    accounts = 'version: 1\naccounts: {one: {id: "123456789012"}, two: {id: "210987654321"}}\n'
    gone = "kind: user\nname: bob\nstate: absent\n---\nkind: role\nname: given\nstate: unmanaged\nreason: moved\n"
    write(documents, reconciler=accounts, gone=gone)
    done = run("validate", str(documents))
    told = "2 policies, 2 users, 2 declared absent, 2 declared unmanaged"
    assert (done.code, done.out) == (0, f"valid: 4 objects in 2 accounts ({told})\n"), done.err


def test_every_fault_of_a_run_is_one_whole_line_that_begins_with_its_place(run: Runner, documents: Path) -> None:
    far = "x" * 300
    write(documents, users=f"kind: user\nname: a\npolices: []\n---\nkind: user\nname: b\npath: {far}\nage: 1\n")
    done = run("validate")
    assert done.code == 1
    assert done.out == ""
    *faults, last = done.err.splitlines()
    assert [line.split(":")[:3] for line in faults] == [
        ["error", " desired-state/users.yaml", row] for row in ("3", "7", "8")
    ], done.err
    assert last == "3 errors"


@pytest.mark.usefixtures("account")
def test_no_credentials_are_asked_for_while_the_documents_are_wrong(
    run: Runner, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(documents, users="kind: user\nname: a\npolices: []\n")
    monkeypatch.setattr(live, "session", lambda _profile, _region: pytest.fail("asked for credentials"))
    for command in ("plan", "apply", "drift"):
        assert run(command).code == 1


def test_a_warning_goes_to_stderr_and_changes_no_code(run: Runner, documents: Path) -> None:
    rule = "ignore: [{match: role/vendor-*, until: 2026-01-31}]\n"
    write(documents, reconciler=f'version: 1\naccount: "{ACCOUNT}"\n{rule}')
    assert run("validate", "--now=2026-01-31").err == ""
    late = run("validate", "--now=2026-02-01")
    assert late.code == 0
    assert late.err.startswith("warning: desired-state/reconciler.yaml:3:")
    assert run("validate", "--now", "2026-02-01T00:30:00+01:00").err == "", "that is still January in UTC"


def test_a_name_near_another_is_a_slip_only_where_the_account_does_not_know_it(
    run: Runner, documents: Path, account: boto3.Session
) -> None:
    account.client("iam").create_group(GroupName="readers-2")
    users = "kind: group\nname: readers-1\n---\nkind: user\nname: a\ngroups: [{group}]\n"
    write(documents, users=users.format(group="readers-2"))
    alone = run("validate")
    assert (alone.code, alone.err.count("did you mean readers-1?")) == (1, 1)
    assert (run("plan").code, run("plan").err) == (0, "")
    assert run("validate", "--profile=any").code == 0
    accounts = f'version: 1\naccounts: {{here: {{id: "{ACCOUNT}"}}, there: {{id: "210987654321"}}}}\n'
    write(documents, reconciler=accounts, users=users.format(group="readers-2"))
    assert run("validate", "--profile=any").code == 1, "nobody asks the other account"
    assert run("plan").code == 0
    write(documents, users=users.format(group="readers-3"))
    assert run("plan").code == 1
    assert run("plan").err.count("did you mean") == 1
    write(documents, users=users.format(group="readers-3, a b"))
    assert run("plan").err.count("\nerror: ") == 1, "a likely slip is told together with what is wrong for certain"


@pytest.mark.usefixtures("documents", "account")
def test_plan_ends_with_2_for_differences_only_where_it_is_asked_to(run: Runner) -> None:
    assert run("plan").code == 0
    assert run("plan", "--detailed-exitcode").code == 2
    assert run("apply", "--yes").code == 0
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("documents", "account")
def test_the_last_line_of_a_plan_tells_how_many_calls_were_made(run: Runner) -> None:
    last = run("plan").out.splitlines()[-1]
    assert last.endswith("calls were made to read the account.")
    # What AWS's policies grant is read beside the account: what is in the cache once more.
    assert int(last.split()[0]) <= 11
    again = run("plan").out.splitlines()[-1]
    assert int(again.split()[0]) < int(last.split()[0])


@pytest.mark.usefixtures("documents", "account")
def test_json_alone_stands_on_stdout(run: Runner) -> None:
    for command in ("plan", "drift"):
        read = json.loads(run(command, "--format=json").out)
        assert read["account"] == ACCOUNT
        assert read["summary"]["writes"] == len(read["steps"]) > 0
    assert run("plan", "--format", "json").out == run("plan", "--format", "json").out


@pytest.mark.usefixtures("documents")
def test_apply_shows_the_plan_then_what_was_done(run: Runner, account: boto3.Session) -> None:
    run("plan")
    # The second time, what AWS's policies grant is known already, as it is for the apply.
    planned = run("plan").out
    done = run("apply", "--yes")
    assert done.code == 0
    assert done.out.startswith(planned)
    *rows, last = done.out.removeprefix(planned).strip().splitlines()
    assert last == f"done: {len(rows)} writes"
    assert all(row.startswith("done ") and f"{n}/{len(rows)}  " in row for n, row in enumerate(rows, start=1))
    assert names(account) == {"alice"}
    again = run("apply")
    assert (again.code, again.out.splitlines()[0]) == (0, "in sync: 2 objects declared, nothing to do")


@pytest.mark.usefixtures("documents")
def test_apply_writes_nothing_when_it_may_not_and_cannot_ask(run: Runner, account: boto3.Session) -> None:
    refused = run("apply")
    assert refused.code == 1
    assert "`reconciler apply --yes`" in refused.err
    assert names(account) == set()


@pytest.mark.usefixtures("account")
def test_a_conflict_stays_open_beside_what_is_applied_and_ends_with_3(run: Runner, documents: Path) -> None:
    write(documents, closed=CLOSED.format(description="one"))
    assert run("apply", "--yes").code == 0
    write(documents, closed=CLOSED.format(description="two"), more="kind: group\nname: late\n")
    for command in (["plan"], ["plan", "--detailed-exitcode"], ["drift"], ["apply", "--yes"]):
        ended = run(*command)
        assert ended.code == 3, command
        assert "way out:" in ended.out
    rest = run("apply", "--yes")
    assert (rest.code, "nothing to write; 1 conflict stays open" in rest.out) == (3, True)


@pytest.mark.usefixtures("documents")
def test_drift_tells_what_was_changed_behind_our_back_and_how_to_go_on(run: Runner, account: boto3.Session) -> None:
    assert run("apply", "--yes").code == 0
    assert run("drift").code == 0
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    account.client("iam").attach_user_policy(UserName="alice", PolicyArn=admin)
    seen = run("drift", "--region=eu-west-1")
    assert seen.code == 2
    place = "desired-state/users.yaml:10"
    said = f"drift: user/alice  policies: AdministratorAccess is there, though {place} does not ask for it"
    assert said in seen.out.splitlines()
    assert "next: reconciler apply --region=eu-west-1 puts the account back" in seen.out


class Stop:
    """Lets a number of writes pass, and at the next one raises the error or does something else first."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        after: int,
        error: BaseException | None,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        self._left = after
        send = live.Iam.send

        def stopped(iam: live.Iam, call: Call) -> Mapping[str, Any]:
            self._left -= 1
            if self._left < 0 and error is not None:
                raise error
            if self._left == -1:
                then()
            return send(iam, call)

        monkeypatch.setattr(live.Iam, "send", stopped)


@pytest.mark.usefixtures("documents")
def test_a_refused_write_ends_with_1_and_a_rerun_continues(run: Runner, account: boto3.Session) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Stop(patch, 1, CallError("CreateUser", "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000"))
        ended = run("apply", "--yes", "--parallel=1")
    assert ended.code == 1
    first, last, journal = ended.err.splitlines()
    assert journal.startswith("journal: ")
    assert first == (
        "error: CreateUser user/alice failed: LimitExceeded: Cannot exceed quota for UsersPerAccount: 5000"
    )
    assert last.startswith("error: the plan is applied in part: 1 done, 1 failed, 2 left; ")
    assert "`reconciler apply` continues from here" in last
    assert [line.split()[0] for line in ended.out.splitlines()[-4:]] == ["done", "failed", "left", "left"]
    assert names(account) == set()
    assert run("apply", "--yes").code == 0
    assert names(account) == {"alice"}


@pytest.mark.usefixtures("documents", "account")
def test_an_interrupted_apply_lets_the_call_in_flight_end_and_says_what_is_left(run: Runner) -> None:
    with pytest.MonkeyPatch.context() as patch, interruptible():
        Stop(patch, 2, None, press_ctrl_c)
        ended = run("apply", "--yes", "--parallel=1")
    assert ended.code == 130
    # Where the call ends before the interrupt is seen, there is none in flight to tell of.
    *_, said, journal, last = ended.err.splitlines()
    assert said == "stopped: 3 done, 0 failed, 1 left; `reconciler apply` continues from here"
    assert read(Path(journal.removeprefix("journal: "))).ending is not None
    assert last == "interrupted"
    assert [line.split()[0] for line in ended.out.splitlines()[-2:]] == ["done", "left"]
    assert run("apply", "--yes").code == 0
    assert run("drift").code == 0


@pytest.mark.usefixtures("documents", "account")
def test_what_is_left_names_the_failed_step_that_it_waits_for(run: Runner) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Stop(patch, 1, CallError("CreateUser", "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000"))
        ended = run("apply", "--yes", "--parallel=1")
    left = ended.out.splitlines()[-2:]
    assert [" ".join(line.split()) for line in left] == [
        "left AttachUserPolicy user/alice PolicyArn=policy/team/readers (waits for CreateUser user/alice)",
        "left AttachUserPolicy user/alice PolicyArn=aws:policy/ReadOnlyAccess (waits for CreateUser user/alice)",
    ]


@pytest.mark.usefixtures("documents")
def test_expired_credentials_stop_everything_and_the_rest_is_left(run: Runner, account: boto3.Session) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Stop(patch, 1, CredentialsError("the AWS credentials have expired (ExpiredToken); renew them and run again"))
        ended = run("apply", "--yes", "--parallel=1")
    assert ended.code == 1
    why, last, _ = ended.err.splitlines()
    assert why == (
        "error: nothing more was begun: the AWS credentials have expired (ExpiredToken); renew them and run again"
    )
    assert "1 done, 0 failed, 3 left" in last
    assert names(account) == set()


@pytest.mark.usefixtures("documents")
def test_without_room_for_a_journal_nothing_is_written(run: Runner, account: boto3.Session, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for path in (tmp_path / "taken", tmp_path / "taken" / "journal"):
        ended = run("apply", "--yes", f"--journal={path}")
        assert ended.code == 1
        assert ended.err.startswith("error: ")
        assert str(path) in ended.err
    assert names(account) == set()


@pytest.mark.usefixtures("documents", "account")
def test_an_apply_says_where_its_journal_is_and_the_journal_tells_the_apply(run: Runner, tmp_path: Path) -> None:
    ended = run("apply", "--yes", f"--journal={tmp_path / 'mine.jsonl'}")
    assert ended.err == f"journal: {tmp_path / 'mine.jsonl'}\n"
    found = read(tmp_path / "mine.jsonl")
    assert [write.outcome for write in found.writes] == ["done"] * 4
    assert {str(address) for address in found.before} == {"policy/readers", "user/alice"}
    assert found.caller.startswith("arn:aws:")


@pytest.mark.usefixtures("documents", "account")
def test_an_apply_that_is_broken_off_ends_with_130_and_says_what_is_done_and_what_is_not_known(run: Runner) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Stop(patch, 2, KeyboardInterrupt())
        ended = run("apply", "--yes", "--parallel=1")
    assert ended.code == 130
    said, journal, last = ended.err.splitlines()
    assert said == (
        "stopped: 2 of 4 writes done; "
        "whether AttachUserPolicy user/alice PolicyArn=policy/team/readers was made is not known; "
        "`reconciler apply` continues"
    )
    assert journal.startswith("journal: ")
    assert last == "interrupted"
    assert run("apply", "--yes").code == 0
    assert run("drift").code == 0


@pytest.mark.usefixtures("documents")
def test_an_account_that_the_settings_do_not_name_is_refused(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "session", lambda _profile, _region: sandbox.session(account="999999999999"))
    for command in (["plan"], ["apply", "--yes"], ["drift"], ["validate", "--profile=x"]):
        refused = run(*command)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.startswith("error: the credentials belong to account 999999999999, but ")


@pytest.mark.usefixtures("documents")
def test_missing_credentials_are_one_line(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_profile: str | None, _region: str | None) -> boto3.Session:
        raise CredentialsError("no usable AWS credentials were found; sign in")

    monkeypatch.setattr(live, "session", none)
    ended = run("plan")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: no usable AWS credentials were found; sign in\n"


@pytest.mark.usefixtures("documents")
def test_an_error_of_our_own_asks_to_be_reported_and_shows_its_traceback_on_demand(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_profile: str | None, _region: str | None) -> boto3.Session:
        raise KeyError("oops")

    monkeypatch.setattr(live, "session", broken)
    ended = run("plan")
    assert ended.code == 1
    assert ended.err.startswith("error: KeyError: 'oops'; this is a bug in the reconciler: please report it")
    assert len(ended.err.splitlines()) == 1
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    assert "Traceback (most recent call last)" in run("plan").err


@pytest.mark.usefixtures("account")
def test_validate_against_an_account_settles_what_only_the_account_knows(run: Runner, documents: Path) -> None:
    write(documents, users="kind: user\nname: alice\npolicies: [made-by-hand-long-ago]\n")
    assert run("validate").code == 0
    assert "made-by-hand-long-ago" in run("validate").err
    refused = run("validate", "--profile=x")
    assert (refused.code, refused.out) == (1, "")
    assert "error: desired-state/users.yaml:3" in refused.err


def test_the_region_is_asked_for_offline_only_when_a_document_needs_it(
    run: Runner, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = USERS.replace("arn:aws:s3:::bucket/*", "arn:aws:sqs:{{ region }}:{{ account_id }}:queue")
    write(documents, users=users.replace("s3:GetObject", "sqs:SendMessage"))
    unknown = run("validate")
    assert unknown.code == 1
    assert "region" in unknown.err
    assert run("validate", "--region=eu-west-1").code == 0
    assert run("validate", "--sandbox").code == 0
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert run("validate").code == 0


@pytest.mark.usefixtures("account")
def test_the_sessions_region_fills_the_variable_where_nobody_else_does(
    run: Runner, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.Iam, "identify", lambda _: Account(ACCOUNT, "aws", "ap-south-1"))
    users = USERS.replace("arn:aws:s3:::bucket/*", "arn:aws:sqs:{{ region }}:{{ account_id }}:queue")
    write(documents, users=users.replace("s3:GetObject", "sqs:SendMessage"))
    planned = run("plan")
    assert planned.code == 0, planned.err
    assert f"arn:aws:sqs:ap-south-1:{ACCOUNT}:queue" in planned.out


def test_a_sandbox_plays_the_only_account_or_that_of_the_examples_or_the_first(run: Runner, documents: Path) -> None:
    for ids, played in (
        (["555555555555"], "555555555555"),
        (["555555555555", ACCOUNT], ACCOUNT),
        (["555555555555", "444444444444"], "555555555555"),
    ):
        entries = "".join(f'  a{number}: {{id: "{number}"}}\n' for number in ids)
        write(documents, reconciler=f"version: 1\naccounts:\n{entries}")
        assert run("plan", "--sandbox").out.startswith(f"Plan for account {played} (aws)")


def test_a_sandbox_plays_the_partition_of_its_account(run: Runner, documents: Path) -> None:
    settings = 'version: 1\naccounts: {cn: {id: "555555555555", partition: aws-cn}}\n'
    write(documents, reconciler=settings, users="kind: group\nname: a\n")
    planned = run("plan", "--sandbox")
    assert planned.out.startswith("Plan for account 555555555555 (aws-cn)"), planned.err


@pytest.mark.usefixtures("documents")
def test_sandboxes_of_different_names_are_different_accounts_until_they_are_reset(run: Runner) -> None:
    assert run("apply", "--sandbox=one", "--yes").code == 0
    assert run("drift", "--sandbox=one").code == 0
    assert run("drift", "--sandbox=two").code == 2
    assert run("--sandbox=one", "drift").code == 0
    assert run("sandbox", "reset", "--sandbox=one").out == "sandbox one: removed\n"
    assert run("sandbox", "reset", "--sandbox=one").out == "sandbox one: there was none\n"
    assert run("drift", "--sandbox=one").code == 2
