"""The commands about access, and what validate says of expectations: through the sandbox, and offline."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli.cli_support import ACCOUNT, USERS, Runner, process, write

from reconciler.live.keeping import Kept, Version

GET = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
PUT = {"Version": "2012-10-17", "Statement": [{"Sid": "Put", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}
TEAM = """
kind: policy
name: readers
document: {Version: 2012-10-17, Statement: [{Sid: Read, Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
---
kind: policy
name: guard
document: {Version: 2012-10-17, Statement: [{Effect: Deny, Action: "s3:*", Resource: "arn:aws:s3:::secret/*"}]}
---
kind: policy
name: limited
document:
  Version: 2012-10-17
  Statement:
    Effect: Allow
    Action: sqs:SendMessage
    Resource: "*"
    Condition: {Bool: {"aws:SecureTransport": "true"}}
---
kind: group
name: staff
policies: [readers]
---
kind: user
name: alice
groups: [staff]
policies: [guard, limited]
---
kind: user
name: bob
---
kind: role
name: bob
service: lambda
---
kind: role
name: deployer
path: /apps/
service: lambda
policies: [readers]
permissions_boundary: limited
"""
SECRET, OPEN = "arn:aws:s3:::secret/x", "arn:aws:s3:::open/x"


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "desired-state", team=TEAM)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["alice", "s3:GetObject", OPEN], 0, f"yes: user/alice can s3:GetObject on {OPEN}\n  readers#Read through "),
        (["user/ALICE", "s3:Get*", "*"], 0, "yes: user/alice can s3:GetObject on arn:aws:s3:::"),
        ([f"arn:aws:iam::{ACCOUNT}:user/alice", "s3:GetObject", OPEN], 0, "yes: user/alice"),
        ([f"arn:aws:iam::{ACCOUNT}:role/apps/deployer", "s3:GetObject", OPEN], 3, "no: role/deployer"),
        ([f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/s", "s3:GetObject", OPEN], 3, "  the boundary limited does"),
        (["alice", "s3:GetObject", SECRET], 3, "  guard#1 (Action s3:*, Resource arn:aws:s3:::secret/*) denies it"),
        (["alice", "s3:PutObject", OPEN], 3, "no: user/alice cannot: no policy allows it"),
        (["alice", "s3:GetObject", "arn:aws:s3:::*"], 0, "  not always: s3:GetObject on arn:aws:s3:::secret/"),
        (["alice", "sqs:SendMessage", "arn:aws:sqs:*:*:q"], 0, " = true\n  limited#1"),
        (["alice", "sqs:*", "arn:aws:sqs:*:*:q", "--context=aws:SecureTransport=false"], 3, "no policy allows it"),
        (["alice", "s3:GetObject", OPEN, "--context=aws:username=bob"], 3, "aws:username of user/alice is alice"),
    ],
)  # fmt: skip
def test_can_says_yes_or_no_by_what_and_ends_accordingly(
    arguments: list[str], code: int, said: str, run: Runner, team: Path
) -> None:
    ended = run("access", "can", *arguments, "--offline")
    assert (ended.code, ended.err) == (code, "")
    assert said in ended.out
    assert ended.out.endswith(
        "(4 principals that the documents declare for account 123456789012; no account was looked at; identity-based "
        "access: policies of resources, sessions and organizations are not read)\n"
    )
    assert team.is_dir()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bob", "s3:GetObject", "*"], "'bob' is the name of role/bob and user/bob; write the one that you mean"),
        (["alcie", "s3:GetObject", "*"], "there is no role or user 'alcie'; did you mean user/alice?"),
        (["group/staff", "s3:GetObject", "*"], "there is no role or user 'group/staff'"),
        (["alice", "s3:GetObjct", "*"], "no action `s3:GetObjct` is known; did you mean s3:GetObject"),
        (["alice", "s3:GetObject", "open"], "`open` is no resource; write a whole ARN"),
        (["alice", "s3:GetObject", "*", "--context=x"], "--context: 'x' is no KEY=VALUE"),
        (["alice", "s3:GetObject", "*", "--sandbox"], "--offline looks at no account"),
        (["alice", "s3:GetObject", "*", "--account=prod"], "the settings name no account 'prod'"),
    ],
)
@pytest.mark.usefixtures("team")
def test_a_question_that_cannot_be_read_is_one_line(arguments: list[str], said: str, run: Runner) -> None:
    ended = run("access", "can", *arguments, "--offline")
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_a_question_that_says_nothing_is_answered_with_a_warning(run: Runner, team: Path) -> None:
    ended = run("access", "can", "alice", "s3:GetObject", "arn:aws:s3:::open", "--offline", f"--dir={team}")
    assert ended.code == 0
    assert "warning: s3:GetObject cannot act on `arn:aws:s3:::open`, so this says nothing" in ended.err


@pytest.mark.usefixtures("team")
def test_who_can_lists_everybody_who_can_and_the_statement(run: Runner) -> None:
    ended = run("access", "who-can", "s3:GetObject", OPEN, "--offline")
    assert ended.code == 0
    assert ended.out.splitlines()[:3] == [
        f"1 principal of 4 can s3:GetObject on {OPEN}",
        f"  user/alice  s3:GetObject on {OPEN}",
        "      readers#Read through group/staff (Action s3:GetObject, Resource *) allows it",
    ]
    nobody = run("access", "who-can", "iam:*", "*", "--offline")
    assert (nobody.code, nobody.out.splitlines()[0]) == (3, "nobody can iam:* on *")


@pytest.mark.usefixtures("team")
def test_programs_get_the_same_answers(run: Runner) -> None:
    one = json.loads(run("access", "can", "alice", "s3:GetObject", SECRET, "--offline", "--format=json").out)
    assert (one["principal"], one["answer"], one["request"]["allowed"]) == ("user/alice", "no", False)
    assert one["request"]["because"].startswith("guard#1")
    every = json.loads(run("access", "who-can", "s3:GetObject", OPEN, "--offline", "--format=json").out)
    assert every["asked"] == {"action": "s3:GetObject", "resource": OPEN, "context": {}}
    assert {answer["principal"]: answer["answer"] for answer in every["answers"]} == {
        "role/bob": "no",
        "role/deployer": "no",
        "user/alice": "yes",
        "user/bob": "no",
    }


def test_the_account_as_it_is_and_as_apply_would_leave_it_are_asked_apart(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write(tmp_path / "desired-state", users=USERS)
    assert run("apply", "--sandbox", "--yes").code == 0
    write(folder, users=USERS.replace("s3:GetObject", "s3:PutObject"))
    question = ("access", "can", "alice", "s3:PutObject", "arn:aws:s3:::bucket/x", "--sandbox")
    live, desired = run(*question), run(*question, "--desired")
    assert (live.code, desired.code) == (3, 0)
    assert f"(account {ACCOUNT} as it is;" in live.out
    assert f"(account {ACCOUNT} as `apply` would leave it;" in desired.out
    # ReadOnlyAccess is AWS's own: its document is read from the account
    assert "ReadOnlyAccess#" in run("access", "can", "alice", "ec2:DescribeInstances", "*", "--sandbox").out
    who = run("access", "who-can", "s3:GetObject", "arn:aws:s3:::bucket/x", "--sandbox")
    assert "user/alice" in who.out
    write(folder, users="kind: user\nname: [broken\n")
    assert run(*question).code == 3, "the account as it is needs sound settings only"
    assert run(*question, "--desired").code == 1


def test_offline_several_accounts_are_told_apart_by_name(run: Runner, tmp_path: Path) -> None:
    folder = write(tmp_path / "d", team=TEAM)
    (folder / "reconciler.yaml").write_text(
        'version: 1\naccounts: {prod: {id: "123456789012"}, dev: {id: "210987654321"}}\n', "utf-8"
    )
    question = ("access", "can", "alice", "s3:GetObject", OPEN, "--offline", f"--dir={folder}")
    ended = run(*question)
    assert ended.code == 1
    assert "the settings name several accounts; choose one with --account: prod, dev" in ended.err
    assert "account 210987654321" in run(*question, "--account=dev").out


def test_a_policy_whose_document_nobody_keeps_leaves_an_offline_answer_open(run: Runner, tmp_path: Path) -> None:
    folder = write(tmp_path / "d", users=USERS)
    question = ("access", "can", "alice", "ec2:DescribeInstances", "*", "--offline", f"--dir={folder}")
    ended = run(*question)
    assert ended.code == 1
    unknown = "the document of arn:aws:iam::aws:policy/ReadOnlyAccess is not known"
    assert ended.out.startswith(f"undecided: whether user/alice can is not settled: {unknown}\n")
    who = run("access", "who-can", "ec2:DescribeInstances", "*", "--offline", f"--dir={folder}")
    assert who.code == 1
    assert who.out.startswith("nobody can ec2:DescribeInstances on *; of 1 principal that is not settled\n")


def policies(folder: Path, **documents: Any) -> list[str]:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    return [str(folder / f"{name}.json") for name in documents]


def test_compare_tells_how_policies_relate_and_what_shows_it(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policies(Path(), old=GET, new={**GET, "Statement": [GET["Statement"], *PUT["Statement"]]})
    ended = run("access", "compare", "old.json", "new.json")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert lines[0].startswith("WIDER (proved; 1 -> ")
    assert lines[1].startswith("  + can now   s3:Put")
    assert lines[2].strip() == "new.json#Put (Action s3:Put*, Resource *) allows it; nothing in old.json allows it"
    assert lines[-1].startswith("  old.json -> new.json; catalogue ")
    lost = run("access", "compare", "new.json", "old.json").out.splitlines()
    assert lost[0].startswith("NARROWER (proved; ")
    assert lost[1].startswith("  - no longer s3:Put")
    assert run("access", "compare", "old.json", "old.json").out.startswith("EQUAL (proved; 1 -> 1 action)")


@pytest.mark.parametrize(
    ("fail_on", "old", "new", "code"),
    [
        (["wider"], GET, PUT, 3),
        (["wider"], PUT, GET, 3),
        (["wider"], GET, GET, 0),
        (["undecided"], GET, PUT, 0),
        (["undecided"], GET, {"Statement": {"Effect": "Allow", "Action": "s3:*"}}, 3),
        (["wider"], GET, {"Statement": {"Effect": "Allow", "Action": "s3:*"}}, 3),
        ([], GET, {"Statement": {"Effect": "Allow", "Action": "s3:*"}}, 0),
    ],
)
def test_compare_fails_on_what_it_is_told_to(
    fail_on: list[str], old: Any, new: Any, code: int, run: Runner, tmp_path: Path
) -> None:
    files = policies(tmp_path, old=old, new=new)
    ended = run("access", "compare", *files, *(f"--fail-on={name}" for name in fail_on))
    assert ended.code == code
    assert ended.err.startswith("refused: ") is (code == 3)


def test_compare_takes_one_document_from_stdin(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (old,) = policies(tmp_path, old=GET)
    done = process(tmp_path, "access", "compare", old, "-")
    assert done.returncode == 1, "stdin is empty here"
    assert "stdin:1:1: this is no JSON" in done.stderr
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GET).encode())))
    told = json.loads(run("access", "compare", old, "-", "--format=json").out)
    assert (told["relation"], told["new"]) == ("EQUAL", {"name": "stdin", "actions": 1})
    twice = run("access", "compare", "-", "-")
    assert (twice.code, "both documents cannot come from stdin" in twice.err) == (1, True)


def test_compare_compares_trusts(run: Runner, tmp_path: Path) -> None:
    def trust(principal: Any) -> Any:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    files = policies(tmp_path, old=trust({"Service": "lambda.amazonaws.com"}), new=trust({"AWS": ACCOUNT}))
    ended = run("access", "compare", "--trust", *files)
    assert ended.out.startswith("INCOMPARABLE")
    assert "Service lambda.amazonaws.com: sts:AssumeRole" in ended.out


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[]", "this is no JSON object"), (b"{", "this is no JSON"), (b"\xff", "this is not UTF-8")],
)
def test_compare_names_the_file_that_holds_no_policy(content: bytes, said: str, run: Runner, tmp_path: Path) -> None:
    (old,) = policies(tmp_path, old=GET)
    (tmp_path / "new.json").write_bytes(content)
    ended = run("access", "compare", old, str(tmp_path / "new.json"))
    assert ended.code == 1
    assert said in ended.err
    assert "new.json" in ended.err


def test_offline_commands_load_no_boto3(team: Path) -> None:
    files = policies(team.parent, old=GET, new=PUT)
    for arguments in (
        ["access", "compare", *files],
        ["access", "can", "alice", "s3:GetObject", "*", "--offline"],
        ["validate"],
    ):
        code = f"import sys; from reconciler.cli import exit_code; exit_code({arguments!r})"
        code += "; sys.exit('boto3' in sys.modules)"
        assert process(team.parent, code=code).returncode == 0


def expecting(folder: Path, *sentences: str, **more: str) -> Path:
    lines = [*(f"{key}: {value}" for key, value in more.items()), "expect:", *(f"- {text}" for text in sentences)]
    return write(folder, team=TEAM, expected="\n".join(["kind: expectation", "name: expected", *lines]))


@pytest.mark.usefixtures("team")
def test_validate_proves_what_is_expected_over_what_is_declared(run: Runner) -> None:
    expecting(Path("desired-state"), "nobody can iam:*", f"alice can s3:GetObject on {OPEN}")
    ended = run("validate")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1] == "expected: 2 sentences hold over 4 declared principals (identity-based access)"


@pytest.mark.usefixtures("team")
def test_validate_fails_with_place_principal_and_request(run: Runner) -> None:
    expecting(Path("desired-state"), "nobody can s3:GetObject", "alice can iam:GetUser")
    ended = run("validate")
    assert (ended.code, ended.out) == (1, "")
    first, second, last = ended.err.splitlines()
    place = "desired-state/expected.yaml:4:3"
    assert first.startswith(f"error: {place}: `nobody can s3:GetObject` does not hold for user/alice: s3:GetObject on ")
    assert first.endswith(
        " is allowed (readers#Read through group/staff (Action s3:GetObject, Resource *) allows it); "
        "mend the policy or the sentence"
    )
    assert "`alice can iam:GetUser` does not hold for user/alice: iam:GetUser on arn:aws:iam::" in second
    assert last == "2 errors"


@pytest.mark.usefixtures("team")
def test_validate_leaves_to_plan_what_only_the_account_can_tell(run: Runner) -> None:
    folder = expecting(Path("desired-state"), "zoe cannot iam:*", "eve cannot ec2:*", "alice cannot iam:*")
    write(folder, eve="kind: user\nname: eve\npolicies: [ReadOnlyAccess]\n")
    ended = run("validate")
    assert ended.code == 0
    assert ended.out.splitlines()[1] == (
        "expected: 1 sentence holds over 5 declared principals (identity-based access); 2 sentences left to plan"
    )
    assert "zoe is not declared, so only the account tells who that is" in ended.err
    assert (
        "warning: desired-state/expected.yaml:5:3: `eve cannot ec2:*` is not settled for user/eve: the document of "
        "arn:aws:iam::aws:policy/ReadOnlyAccess is not known; left to plan, which reads it" in ended.err
    )


@pytest.mark.usefixtures("team")
def test_validate_uses_the_documents_that_earlier_plans_kept(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = expecting(Path("desired-state"), "eve cannot ec2:*")
    write(folder, eve="kind: user\nname: eve\npolicies: [ReadOnlyAccess]\n")
    monkeypatch.setattr(Kept, "get", lambda _, arn: Version("v1", GET) if arn.endswith("/ReadOnlyAccess") else None)
    assert "1 sentence holds over 5 declared principals" in run("validate").out
    expecting(folder, "eve cannot s3:GetObject")
    assert "ReadOnlyAccess#1 (Action s3:GetObject, Resource *) allows it" in run("validate").err
