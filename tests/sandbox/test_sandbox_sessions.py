"""A session is an account of its own, answers in this process, and knows nothing of the environment."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import moto
import pytest
from botocore.config import Config
from sandbox.sandbox_support import ACCOUNT, METADATA, POLICY, TRUST, arn, client, details, managed, trusting

from reconciler import sandbox
from reconciler.errors import SandboxError
from reconciler.sandbox.seam import open_sandbox
from reconciler.sandbox.wire import Request
from reconciler.sandbox.wiring import connect

HOSTILE = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_CA_BUNDLE": "/absent/bundle.pem",
    "AWS_CONFIG_FILE": "/absent/config",
    "AWS_DEFAULT_REGION": "mars-north-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_PROFILE": "absent",
    "AWS_RETRY_MODE": "bogus",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
    "MOTO_ACCOUNT_ID": "999999999999",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "https_proxy": "http://127.0.0.1:9",
}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test when anything opens a connection."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def exercise(session: Any) -> list[str]:
    """Go through answers of ours, of moto, and refusals of both; return the ARNs seen."""
    iam, sts = session.client("iam"), session.client("sts")
    user = iam.create_user(UserName="u")["User"]["Arn"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn=managed("ReadOnlyAccess"))
    iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    iam.create_access_key(UserName="u")
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_user(UserName="u")
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException):
        iam.get_credential_report()
    provider = iam.create_saml_provider(Name="saml", SAMLMetadataDocument=METADATA)["SAMLProviderArn"]
    assert [user["UserName"] for user in details(iam)["UserDetailList"]] == ["u"]
    return [user, provider, sts.get_caller_identity()["Arn"]]


EXPECTED = [arn("user/u"), arn("saml-provider/saml"), arn("user/sandbox")]


@pytest.mark.usefixtures("offline")
def test_nothing_reaches_the_network() -> None:
    assert exercise(sandbox.session()) == EXPECTED


@pytest.mark.usefixtures("offline")
def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    assert exercise(sandbox.session()) == EXPECTED
    assert sandbox.session().region_name == "us-east-1"
    assert sandbox.session().client("iam").meta.endpoint_url == "https://iam.amazonaws.com"


def test_the_environment_is_not_read_by_a_new_process_either() -> None:
    code = """
from reconciler import sandbox
session = sandbox.session()
iam = session.client("iam")
iam.create_user(UserName="u")
print(session.client("sts").get_caller_identity()["Arn"])
try:
    iam.get_login_profile(UserName="u")
except iam.exceptions.NoSuchEntityException:
    print("refused")
"""
    hostile = {**os.environ, **HOSTILE}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=hostile)
    assert done.stdout.split() == [arn("user/sandbox"), "refused"]


def test_the_environment_and_other_sessions_are_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    # Another test of this process may have made boto3's default session.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    before = dict(os.environ)
    exercise(sandbox.session())
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is None
    ordinary = boto3.Session("key", "secret", region_name="us-east-1")
    assert ordinary.client("iam").meta.endpoint_url == "http://127.0.0.1:9"


@pytest.mark.usefixtures("offline")
def test_an_endpoint_given_by_hand_is_answered_here_too() -> None:
    iam: Any = sandbox.session().client("iam", endpoint_url="http://192.0.2.1:80", config=Config(connect_timeout=1))
    iam.create_user(UserName="u")
    assert iam.list_users()["Users"][0]["UserName"] == "u"


@pytest.mark.parametrize("service", ["s3", "ec2", "organizations", "dynamodb"])
@pytest.mark.usefixtures("offline")
def test_other_services_are_not_answered(service: Any) -> None:
    other: Any = sandbox.session().client(service)
    call = {"s3": "list_buckets", "ec2": "describe_vpcs", "dynamodb": "list_tables"}.get(service, "list_accounts")
    with pytest.raises(SandboxError, match="the sandbox answers IAM, STS and the tagging API only, not"):
        getattr(other, call)()


def test_a_request_of_another_service_at_the_seam_is_not_answered() -> None:
    made = open_sandbox(None, account=ACCOUNT, region="us-east-1", repository=None)
    with pytest.raises(SandboxError, match=r"IAM, STS and the tagging API only, not sns\.amazonaws\.com"):
        made.dispatch(Request("POST", "https://sns.amazonaws.com/", {}, b"Action=ListTopics&Version=2010-03-31"))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"Action=Nonsense&Version=2010-05-08", 400, b"InvalidAction"),
        (b"Action=ListUsers&Version=2010-05-08&MaxItems=many", 400, b"MalformedInput"),
        (b"Action=TagUser&Version=2010-05-08&UserName=u&Tags=&Tags.member.1.Key=a", 400, b"MalformedInput"),
        (b"Action=CreateUser&Version=2010-05-08", 400, b"ValidationError"),
        (b"Action=CreateUser&Version=2010-05-08&UserName=%00", 400, b"ValidationError"),
        (b"Action=CreateUser&Version=2010-05-08&UserName=u", 200, b"<UserName>u</UserName>"),
    ],
)
def test_the_seam_speaks_the_query_protocol(body: bytes, status: int, code: bytes) -> None:
    made = open_sandbox(None, account=ACCOUNT, region="us-east-1", repository=None)
    answered = made.dispatch(Request("POST", "https://iam.amazonaws.com/", {}, body))
    assert (answered.status, answered.headers["Content-Type"]) == (status, "text/xml")
    assert code in answered.body
    again = made.dispatch(Request("GET", f"https://iam.amazonaws.com/?{body.decode()}", {}, b""))
    assert again.status in {status, 409}


def test_sessions_without_a_name_know_nothing_of_each_other() -> None:
    sessions = [client() for _ in range(20)]
    for number, iam in enumerate(sessions):
        iam.create_user(UserName=f"user{number}", Tags=[{"Key": "number", "Value": str(number)}])
        iam.create_login_profile(UserName=f"user{number}", Password="Correct-horse-1")
    for number, iam in enumerate(sessions):
        assert [user["UserName"] for user in iam.list_users()["Users"]] == [f"user{number}"]


def test_two_sessions_of_one_sandbox_share_its_account() -> None:
    made = open_sandbox(None, account=ACCOUNT, region="us-east-1", repository=None)
    first, second = connect(made, "us-east-1").client("iam"), connect(made, "eu-west-1").client("iam")
    first.create_user(UserName="u")
    assert second.get_user(UserName="u")["User"]["UserName"] == "u"


def test_an_account_is_forgotten_with_its_session() -> None:
    made = open_sandbox(None, account=ACCOUNT, region="us-east-1", repository=None)
    session = connect(made, "us-east-1")
    iam: Any = session.client("iam")
    iam.create_user(UserName="u")
    iam.create_access_key(UserName="u")
    user, account = weakref.ref(made.account.user("u")), weakref.ref(made.account.iam)
    del made, session, iam
    gc.collect()
    assert (user(), account()) == (None, None)


def test_account_and_region_are_those_asked_for() -> None:
    session = sandbox.session(account="210987654321", region="cn-north-1")
    role = session.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    assert role["Arn"] == "arn:aws-cn:iam::210987654321:role/r"
    session.client("iam").attach_role_policy(RoleName="r", PolicyArn="arn:aws-cn:iam::aws:policy/ReadOnlyAccess")
    identity = session.client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("210987654321", "arn:aws-cn:iam::210987654321:user/sandbox")
    keys = session.client("iam").create_user(UserName="u")["User"]["Arn"]
    session.client("iam").create_login_profile(UserName="u", Password="Correct-horse-1")
    assert keys == "arn:aws-cn:iam::210987654321:user/u"


@pytest.mark.parametrize("account", ["", "12345678901", "root", "\N{ARABIC-INDIC DIGIT ONE}" * 12])
def test_an_account_id_is_twelve_digits(account: str) -> None:
    with pytest.raises(SandboxError, match="twelve digits"):
        sandbox.session(account=account)


def test_the_caller_is_the_user_or_session_whose_key_signed() -> None:
    session = sandbox.session()
    iam, sts = session.client("iam"), session.client("sts")
    assert sts.get_caller_identity()["UserId"] == sts.get_caller_identity()["UserId"]
    assert iam.get_user()["User"]["UserName"] == "sandbox"
    assert iam.list_users()["Users"] == []
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    mine = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    assert session.client("sts", **mine).get_caller_identity()["Arn"] == arn("user/u")
    assert session.client("iam", **mine).get_user()["User"]["UserName"] == "u"
    assert len(session.client("iam", **mine).list_access_keys()["AccessKeyMetadata"]) == 1
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(arn("root")))
    lent = sts.assume_role(RoleArn=arn("role/r"), RoleSessionName="me")["Credentials"]
    assumed: Any = session.client(
        "sts",
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )
    identity = assumed.get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/me"
    assert identity["UserId"] == f"{iam.get_role(RoleName='r')['Role']['RoleId']}:me"


def test_moto_beside_it_is_left_alone() -> None:
    with moto.mock_aws():
        theirs = boto3.client("iam", region_name="us-east-1")
        theirs.create_user(UserName="theirs")
        ours = client()
        ours.create_user(UserName="ours")
        ours.create_login_profile(UserName="ours", Password="Correct-horse-1")
        assert [user["UserName"] for user in theirs.list_users()["Users"]] == ["theirs"]
        assert [user["UserName"] for user in ours.list_users()["Users"]] == ["ours"]
    assert [user["UserName"] for user in ours.list_users()["Users"]] == ["ours"]


@pytest.mark.parametrize("name", [None, "threads"])
def test_many_threads_and_clients_lose_nothing(name: str | None) -> None:
    session = sandbox.session(name)
    clients = [session.client("iam") for _ in range(4)]
    clients[0].create_policy(PolicyName="p", PolicyDocument=POLICY)
    clients[0].create_group(GroupName="g")

    def create(number: int) -> None:
        iam: Any = clients[number % 4]
        iam.create_user(UserName=f"user{number}")
        iam.attach_user_policy(UserName=f"user{number}", PolicyArn=arn("policy/p"))
        iam.add_user_to_group(GroupName="g", UserName=f"user{number}")
        iam.create_access_key(UserName=f"user{number}")
        assert len(iam.list_access_keys(UserName=f"user{number}")["AccessKeyMetadata"]) == 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(60)))
    found = details(clients[0], "User")["UserDetailList"]
    assert len(found) == 60
    assert all(user["GroupList"] == ["g"] and user["AttachedManagedPolicies"] for user in found)
    assert len({user["UserId"] for user in found}) == 60
    assert clients[0].get_policy(PolicyArn=arn("policy/p"))["Policy"]["AttachmentCount"] == 60


def test_of_many_threads_that_create_one_name_one_succeeds() -> None:
    iam = client()

    def create(number: int) -> bool:
        try:
            iam.create_user(UserName=["name", "NAME", "Name"][number % 3])
        except iam.exceptions.EntityAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(40))) == 1


def test_importing_the_package_imports_neither_moto_nor_boto3() -> None:
    code = "import sys, reconciler.sandbox; assert not {'moto', 'boto3', 'botocore', 'filelock'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("call", ["session()", "session('x')", "reset('x')"])
def test_without_the_extra_it_says_what_to_install(call: str) -> None:
    code = f"""
import importlib.util
from reconciler import sandbox
from reconciler.errors import SandboxError
importlib.util.find_spec = lambda name: None
try:
    sandbox.{call}
except SandboxError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "pip install 'iam-reconciler[sandbox]'" in done.stdout
