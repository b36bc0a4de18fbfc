"""Documents of managed policies are read in few calls, and those of AWS are kept on disk, whatever is found there."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from reconciler import live, sandbox
from reconciler.cli.run import checked, reached
from reconciler.cli.target import Target
from reconciler.errors import CallError, CredentialsError
from reconciler.live import Iam, keeping
from reconciler.sandbox import awsmanaged

BODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MADE_UP = "arn:aws:iam::aws:policy/MadeUpByNobody"
NAMES = (
    "AdministratorAccess",
    "AmazonEC2FullAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "CloudWatchFullAccess",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
)
ARNS = [f"arn:aws:iam::aws:policy/{name}" for name in NAMES]
READ_ONLY = ARNS[8]
NEWER = {"DefaultVersionId": "v9000", "Document": BODY}
PAGES = 2
"""That list all of AWS's policies: those from C on are on the last one. The sandbox lists them whether used or not."""


class World:
    """The sandbox, which counts the calls by operation and refuses some."""

    def __init__(self, **options: Any) -> None:
        self.session = sandbox.session(**options)
        self.asked: Counter[str] = Counter()
        self.refused: dict[str, str] = {}
        self.on("before-call.iam", self._answer)

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        events: Any = self.session.events
        events.register(event, handler)

    def attach(self, arns: Iterable[str]) -> None:
        client = self.session.client("iam")
        client.create_group(GroupName="g")
        for arn in arns:
            client.attach_group_policy(GroupName="g", PolicyArn=arn)

    def iam(self, *, keep: bool = True) -> Iam:
        return Iam(self.session, keep=keep)

    def read(self, *arns: str, keep: bool = True) -> tuple[Mapping[str, Any], dict[str, int]]:
        """Return what a process of its own reads, and its calls."""
        self.asked.clear()
        iam = self.iam(keep=keep)
        found = iam.documents(arns)
        assert iam.calls == self.asked.total()
        return found, dict(self.asked)

    def _answer(self, model: Any, **_: Any) -> Any:
        self.asked[model.name] += 1
        if model.name not in self.refused:
            return None
        error = {"Code": self.refused[model.name], "Message": "no"}
        return AWSResponse("", 403, HTTPHeaders(), None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}


@pytest.fixture
def world() -> World:
    return World()


def of_sandbox(arns: Iterable[str], region: str = "us-east-1") -> dict[str, Any]:
    client = sandbox.session(region=region).client("iam")
    found: dict[str, Any] = {}
    for arn in arns:
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found[arn] = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return found


def files() -> list[Path]:
    """Return everything that lies in the user's cache directory."""
    return sorted(path for path in Path(os.environ["XDG_CACHE_HOME"]).rglob("*") if not path.is_dir())


def publish(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Have AWS publish a new version of its policies."""
    data: Any = awsmanaged._data()  # noqa: SLF001  nobody but AWS can publish
    for name in names:
        monkeypatch.setitem(data, name, {**data[name], **NEWER})


def test_one_policy_takes_two_calls_and_one_once_it_is_kept(world: World) -> None:
    first = world.read(READ_ONLY)
    assert first == (of_sandbox([READ_ONLY]), {"GetPolicy": 1, "GetPolicyVersion": 1})
    assert world.read(READ_ONLY) == (first[0], {"GetPolicy": 1})


def test_nothing_wanted_takes_no_call(world: World) -> None:
    assert world.read() == ({}, {})


def test_many_policies_are_read_in_one_listing_and_once_kept_in_a_listing_without_documents(world: World) -> None:
    world.attach(ARNS)
    first = world.read(*ARNS)
    assert first == (of_sandbox(ARNS), {"GetAccountAuthorizationDetails": PAGES})
    assert len(files()) == len(ARNS)
    assert world.read(*ARNS) == (first[0], {"ListPolicies": 1})


def test_a_few_policies_that_are_not_attached_are_asked_for_one_by_one(world: World) -> None:
    world.attach(ARNS[:7])
    world.read(*ARNS)
    assert world.read(*ARNS) == (of_sandbox(ARNS), {"ListPolicies": 1, "GetPolicy": 3})


def test_many_policies_that_are_not_attached_are_looked_for_among_all_of_aws(world: World) -> None:
    world.attach(ARNS[:6])
    world.read(*ARNS)
    assert world.read(*ARNS) == (of_sandbox(ARNS), {"ListPolicies": 1 + PAGES})


def test_what_is_kept_of_some_policies_leaves_few_enough_to_read_one_by_one(world: World) -> None:
    world.attach(ARNS)
    world.read(*ARNS[:5])
    assert world.read(*ARNS) == (of_sandbox(ARNS), {"ListPolicies": 1, "GetPolicyVersion": 5})


def test_a_listing_is_left_once_it_has_shown_all_that_is_wanted(world: World) -> None:
    assert world.read(*ARNS[:4]) == (of_sandbox(ARNS[:4]), {"ListPolicies": 2, "GetPolicyVersion": 4})


@pytest.mark.parametrize(("used", "more"), [(7, {"GetPolicy": 3}), (6, {"ListPolicies": PAGES})])
def test_policies_that_the_account_does_not_use_are_read_one_by_one(
    world: World, used: int, more: dict[str, int]
) -> None:
    def only_used(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Policies"] = [row for row in parsed["Policies"] if row["Arn"] in ARNS[:used]]

    world.on("after-call.iam.GetAccountAuthorizationDetails", only_used)
    calls = {"GetAccountAuthorizationDetails": PAGES, **more, "GetPolicyVersion": len(ARNS) - used}
    assert world.read(*ARNS) == (of_sandbox(ARNS), calls)


def test_of_the_versions_in_a_listing_the_default_one_is_taken(world: World) -> None:
    def with_others(parsed: dict[str, Any], **_: Any) -> None:
        for row in parsed["Policies"]:
            others = [
                {"VersionId": id_, "Document": json.dumps(BODY), "IsDefaultVersion": False} for id_ in ("v9001", "v0")
            ]
            row["PolicyVersionList"] = [others[0], *row["PolicyVersionList"], others[1]]

    world.on("after-call.iam.GetAccountAuthorizationDetails", with_others)
    assert world.read(*ARNS)[0] == of_sandbox(ARNS)
    assert "GetPolicyVersion" not in world.asked


def test_short_and_empty_pages_hide_nothing() -> None:
    world = World(page_limit=100)
    assert world.read(*ARNS)[0] == of_sandbox(ARNS)
    assert world.read(*ARNS)[0] == of_sandbox(ARNS)


@pytest.mark.parametrize("arns", [[READ_ONLY], ARNS[:5], ARNS])
def test_a_version_that_aws_has_published_since_is_read_and_kept_in_place_of_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch, arns: list[str]
) -> None:
    world.read(*arns)
    publish(monkeypatch, *(arn.rpartition("/")[2] for arn in arns))
    found, asked = world.read(*arns)
    assert found == dict.fromkeys(arns, BODY)
    assert asked["GetPolicyVersion"] == len(arns)
    assert len(files()) == len(arns)
    found, asked = world.read(*arns)
    assert found == dict.fromkeys(arns, BODY)
    assert "GetPolicyVersion" not in asked


def test_customer_managed_policies_are_read_and_not_kept(world: World) -> None:
    created = world.session.client("iam").create_policy(PolicyName="p", PolicyDocument=json.dumps(BODY))
    arn = str(created["Policy"].get("Arn"))
    for _ in range(2):
        assert world.read(arn) == ({arn: BODY}, {"GetPolicy": 1, "GetPolicyVersion": 1})
    assert not files()


def test_policies_that_are_not_there_are_left_out(world: World) -> None:
    elsewhere = "arn:aws:iam::210987654321:policy/theirs"
    assert world.read(MADE_UP, elsewhere, READ_ONLY)[0].keys() == {READ_ONLY}
    assert world.read(*(f"{MADE_UP}{n}" for n in range(10)), elsewhere, READ_ONLY)[0].keys() == {READ_ONLY}


@pytest.mark.parametrize(
    "arn", ["", "ReadOnlyAccess", "arn:aws:iam::aws:role/x", "arn:aws:iam::aws:policy/", "arn:aws:iam::aws:policy/a\nb"]
)
def test_what_is_no_arn_of_a_policy_is_never_asked_for(world: World, arn: str) -> None:
    assert world.read(arn) == ({}, {})


@pytest.mark.parametrize(
    ("denied", "wanted", "left"),
    [
        ("GetPolicy", ARNS[:2], []),
        ("GetPolicyVersion", ARNS[:2], []),
        ("GetPolicyVersion", ARNS[:5], []),
        ("GetPolicyVersion", ARNS, ARNS),
        ("ListPolicies", ARNS[:5], []),
        ("ListPolicies", ARNS, ARNS),
        ("GetAccountAuthorizationDetails", ARNS, ARNS),
    ],
)
def test_what_the_caller_may_not_read_is_left_out(
    world: World, denied: str, wanted: list[str], left: list[str]
) -> None:
    world.refused[denied] = "AccessDenied"
    assert sorted(world.read(*wanted)[0]) == left


@pytest.mark.parametrize("operation", ["GetPolicy", "GetPolicyVersion"])
@pytest.mark.parametrize(("code", "error"), [("ExpiredToken", CredentialsError), ("LimitExceeded", CallError)])
def test_every_other_refusal_of_a_single_policy_is_an_error(
    world: World, operation: str, code: str, error: type[Exception]
) -> None:
    world.refused[operation] = code
    with pytest.raises(error):
        world.read(READ_ONLY)


@pytest.mark.parametrize(("operation", "wanted"), [("ListPolicies", 5), ("GetAccountAuthorizationDetails", 10)])
@pytest.mark.parametrize(("code", "error"), [("ExpiredToken", CredentialsError), ("ValidationError", CallError)])
def test_every_other_refusal_of_a_listing_is_an_error(
    world: World, operation: str, wanted: int, code: str, error: type[Exception]
) -> None:
    world.refused[operation] = code
    with pytest.raises(error):
        world.read(*ARNS[:wanted])


def test_a_document_that_is_no_json_object_is_left_out_and_not_kept(world: World) -> None:
    def spoil(parsed: dict[str, Any], **_: Any) -> None:
        parsed["PolicyVersion"]["Document"] = "{"

    world.on("after-call.iam.GetPolicyVersion", spoil)
    assert world.read(READ_ONLY)[0] == {}
    assert not files()


def kept(**changes: Any) -> bytes:
    version = sandbox.session().client("iam").get_policy(PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"]
    return json.dumps({"format": 1, "arn": READ_ONLY, "version": version, "document": BODY, **changes}).encode()


def test_what_is_kept_is_what_is_used(world: World) -> None:
    world.read(READ_ONLY)
    files()[0].write_bytes(kept())
    assert world.read(READ_ONLY) == ({READ_ONLY: BODY}, {"GetPolicy": 1})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: kept()[:-9], id="cut off"),
        pytest.param(lambda: b"\xff\xfe\x00{", id="no text"),
        pytest.param(lambda: b"[" * 100_000, id="nested"),
        pytest.param(lambda: b"[]", id="a list"),
        pytest.param(lambda: kept(format=2), id="another format"),
        pytest.param(lambda: kept(arn=MADE_UP), id="another policy"),
        pytest.param(lambda: kept(version=1), id="a number"),
        pytest.param(lambda: kept(version="v0"), id="another version"),
        pytest.param(lambda: kept(document=json.dumps(BODY)), id="text"),
    ],
)
def test_a_file_that_is_none_of_ours_is_read_anew_and_mended(world: World, content: Callable[[], bytes]) -> None:
    world.read(READ_ONLY)
    (file,) = files()
    whole = file.read_bytes()
    file.write_bytes(content())
    assert world.read(READ_ONLY) == (of_sandbox([READ_ONLY]), {"GetPolicy": 1, "GetPolicyVersion": 1})
    assert [path.read_bytes() for path in files()] == [whole]


posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and pipes as POSIX has them")


def open_to_all(file: Path) -> None:
    file.chmod(0o666)


def in_an_open_directory(file: Path) -> None:
    file.parent.chmod(0o777)


def a_link(file: Path) -> None:
    file.rename(file.with_suffix(".other"))
    file.symlink_to(file.with_suffix(".other"))


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@posix
@pytest.mark.parametrize("change", [open_to_all, in_an_open_directory, a_link, a_pipe])
def test_a_file_that_another_user_could_have_made_is_not_believed(world: World, change: Callable[[Path], None]) -> None:
    world.read(READ_ONLY)
    (file,) = files()
    file.write_bytes(kept())
    change(file)
    assert world.read(READ_ONLY)[0] == of_sandbox([READ_ONLY])


@posix
def test_only_the_user_can_read_what_is_kept(world: World) -> None:
    world.read(READ_ONLY)
    (file,) = files()
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)


def test_a_directory_that_cannot_be_made_costs_calls_and_nothing_else(world: World) -> None:
    place = Path(os.environ["XDG_CACHE_HOME"])
    place.write_text("")
    for _ in range(2):
        assert world.read(READ_ONLY) == (of_sandbox([READ_ONLY]), {"GetPolicy": 1, "GetPolicyVersion": 1})


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(world: World) -> None:
    world.read(READ_ONLY)
    (file,) = files()
    file.unlink()
    file.mkdir()
    (file / "something").touch()
    assert world.read(READ_ONLY)[0] == of_sandbox([READ_ONLY])
    assert files() == [file / "something"]


def test_readers_and_writers_at_the_same_time_always_find_a_whole_version(tmp_path: Path) -> None:
    versions = [keeping.Version(f"v{n}", {**BODY, "Id": str(n) * 20_000}) for n in range(4)]
    place = keeping.Kept(tmp_path / "policies")
    place.put(READ_ONLY, versions[0])

    def work(n: int) -> bool:
        place.put(READ_ONLY, versions[n % 4])
        return place.get(READ_ONLY) in versions

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
    assert len(list((tmp_path / "policies").iterdir())) == 1


def test_nothing_is_kept_unless_it_is_asked_for(world: World) -> None:
    for _ in range(2):
        assert world.read(READ_ONLY, keep=False)[1] == {"GetPolicy": 1, "GetPolicyVersion": 1}
    assert not files()


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_documents_of_each_partition_are_kept(region: str) -> None:
    world = World(region=region)
    partition = world.iam().identify().partition
    arn = READ_ONLY.replace("arn:aws:", f"arn:{partition}:")
    world.read(arn)
    assert world.read(arn) == (of_sandbox([arn], region), {"GetPolicy": 1})


def test_documents_of_another_endpoint_are_neither_kept_nor_mistaken_for_those_of_aws(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    with sandbox.serve() as serving:
        monkeypatch.setenv("AWS_ENDPOINT_URL", serving.url)
        there = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")
        assert Iam(there, keep=True).documents([READ_ONLY]) == of_sandbox([READ_ONLY])
        assert not files()
        world.read(READ_ONLY)
        files()[0].write_bytes(kept())
        assert Iam(there, keep=True).documents([READ_ONLY]) == of_sandbox([READ_ONLY])


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://iam.amazonaws.com",
        "https://iam.amazonaws.com:4566",
        "https://iam.amazonaws.com.example.org",
        "https://ec2-192-0-2-1.compute-1.amazonaws.com",
        "https://iam.localhost.localstack.cloud:4566",
    ],
)
def test_an_endpoint_that_only_looks_like_one_of_aws_is_none(endpoint: str) -> None:
    assert keeping.opened(endpoint) is None


def test_nothing_is_kept_in_the_directory_that_the_command_runs_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, world: World
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    world.read(READ_ONLY)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [None, "s"])
def test_the_command_line_keeps_documents_of_accounts_and_none_of_sandboxes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, world: World, name: str | None
) -> None:
    monkeypatch.setattr(live, "session", lambda *_: world.session)
    (tmp_path / "reconciler.yaml").write_text('{version: 1, account: "123456789012", owner: tests}')
    target = Target(tmp_path, sandbox=name)
    iam, _ = reached(target, checked(target))
    assert iam.documents([READ_ONLY]) == of_sandbox([READ_ONLY])
    assert len(files()) == (name is None)
