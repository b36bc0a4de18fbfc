"""AssumeRole: who may, and into which account the session leads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from sandbox.refusals_of_callers import SAML_CALL, WEB_CALL, federated, key_of, lent, token
from sandbox.sandbox_support import ACCOUNT, ASSUME, METADATA, POLICY, arn, trusting

from reconciler import sandbox
from reconciler.errors import SandboxError

OTHER = "210987654321"
THEIRS = f"arn:aws:iam::{OTHER}:role/r"
ROOT, THEIR_ROOT = arn("root"), f"arn:aws:iam::{OTHER}:root"
MAY_ASSUME = POLICY.replace("s3:GetObject", "sts:AssumeRole")


def role(session: Any, name: str, *principals: str, **options: Any) -> str:
    """Create a role that trusts the principals, and return its ARN."""
    made = session.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trusting(*principals), MaxSessionDuration=43200, **options
    )
    return str(made["Role"]["Arn"])


def may(session: Any, wanted: str, signed: Any = None, **options: Any) -> bool:
    """Return whether whoever signs gets a session of the role."""
    sts = session.client("sts", **(signed or {}))
    try:
        sts.assume_role(RoleArn=wanted, RoleSessionName="me", **options)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"  # noqa: PT017  anything else is no decision
        return False
    return True


@pytest.fixture(params=["memory", "saved"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, Any]:
    """Sessions of two accounts within reach of each other."""
    if request.param == "memory":
        first = sandbox.session()
        return first, sandbox.session(account=OTHER, beside=first)
    options: dict[str, Any] = {"repository": tmp_path}
    return sandbox.session("s", **options), sandbox.session("s", account=OTHER, **options)


def test_a_session_of_another_accounts_role_is_in_that_account(pair: tuple[Any, Any]) -> None:
    here, there = pair
    role(there, "r", ROOT)
    signed = lent(here, THEIRS)
    assumed: Any = here.client("sts", **signed)
    identity = assumed.get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/r/me")
    assert identity["UserId"] == f"{there.client('iam').get_role(RoleName='r')['Role']['RoleId']}:me"
    iam: Any = here.client("iam", **signed)
    iam.create_user(UserName="u")
    assert iam.get_user(UserName="u")["User"]["Arn"] == f"arn:aws:iam::{OTHER}:user/u"
    assert [user["UserName"] for user in there.client("iam").list_users()["Users"]] == ["u"]
    assert here.client("iam").list_users()["Users"] == []
    assert assumed.get_access_key_info(AccessKeyId=signed["aws_access_key_id"])["Account"] == OTHER
    with pytest.raises(ClientError, match="Must specify userName when calling with non-User credentials"):
        iam.get_user()


def test_of_the_other_account_only_those_that_its_trust_names_may(pair: tuple[Any, Any]) -> None:
    here, there = pair
    role(there, "r", THEIR_ROOT)
    assert not may(here, THEIRS)
    assert may(there, THEIRS)
    assert not may(here, f"arn:aws:iam::{OTHER}:role/nobody")
    assert not may(here, "arn:aws:iam::000000000000:role/r")
    assert here.client("iam").list_roles()["Roles"] == []


def test_across_accounts_both_sides_must_allow(pair: tuple[Any, Any]) -> None:
    here, there = pair
    here.client("iam").create_user(UserName="u")
    role(there, "r", arn("user/u"))
    signed = key_of(here, "u")
    assert not may(here, THEIRS, signed)
    here.client("iam").put_user_policy(UserName="u", PolicyName="p", PolicyDocument=MAY_ASSUME)
    assert may(here, THEIRS, signed)
    # The key leads home from wherever it is used, as in AWS.
    there_signed: Any = there.client("sts", **signed)
    assert there_signed.get_caller_identity()["Arn"] == arn("user/u")


def test_chains_lead_on_from_account_to_account(pair: tuple[Any, Any]) -> None:
    here, there = pair
    role(here, "back", f"arn:aws:iam::{OTHER}:root")
    role(there, "r", ROOT)
    there.client("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=MAY_ASSUME)
    sts: Any = here.client("sts", **lent(here, THEIRS))
    back = sts.assume_role(RoleArn=arn("role/back"), RoleSessionName="again")
    assert back["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/back/again"


def test_saved_accounts_are_within_reach_by_name_and_repository_only(tmp_path: Path) -> None:
    there = sandbox.session("s", account=OTHER, repository=tmp_path)
    role(there, "r", ROOT)
    assert may(sandbox.session("s", repository=tmp_path), THEIRS)
    assert not may(sandbox.session("other", repository=tmp_path), THEIRS)
    assert not may(sandbox.session("s", repository=tmp_path / "x"), THEIRS)
    assert not may(sandbox.session(), THEIRS)


def test_a_saved_session_goes_on_in_another_process_and_over_http(tmp_path: Path) -> None:
    there = sandbox.session("s", account=OTHER, repository=tmp_path)
    role(there, "r", ROOT)
    signed = lent(sandbox.session("s", repository=tmp_path), THEIRS)
    with sandbox.serve("s", repository=tmp_path) as serving:
        plain: Any = boto3.Session(**signed, region_name="us-east-1").client("sts", endpoint_url=serving.url)
        assert plain.get_caller_identity()["Account"] == OTHER


@pytest.mark.parametrize(
    ("trusted", "policy", "allowed"),
    [
        (ROOT, None, False),
        (ROOT, MAY_ASSUME, True),
        (ROOT, MAY_ASSUME.replace("Allow", "Deny"), False),
        (ACCOUNT, MAY_ASSUME, True),
        (THEIR_ROOT, MAY_ASSUME, False),
        (arn("user/u"), None, True),
        (arn("user/u"), MAY_ASSUME.replace("Allow", "Deny"), False),
        (arn("user/u"), POLICY, True),
        (arn("user/v"), MAY_ASSUME, False),
        ("*", None, True),
    ],
)
def test_in_one_account_a_user_that_is_named_needs_no_policy_of_its_own(
    trusted: str, policy: str | None, *, allowed: bool
) -> None:
    session: Any = sandbox.session()
    for name in ("u", "v"):
        session.client("iam").create_user(UserName=name)
    if policy is not None:
        session.client("iam").put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    assert may(session, role(session, "r", trusted), key_of(session, "u")) is allowed


def test_policies_of_groups_and_boundaries_count() -> None:
    session: Any = sandbox.session()
    iam = session.client("iam")
    iam.create_user(UserName="u")
    wanted, signed = role(session, "r", ROOT), key_of(session, "u")
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=MAY_ASSUME)
    assert not may(session, wanted, signed)
    iam.add_user_to_group(GroupName="g", UserName="u")
    assert may(session, wanted, signed)
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=limit)
    assert not may(session, wanted, signed)
    # A boundary does not limit what a trust gives to the user by name.
    assert may(session, role(session, "named", arn("user/u")), signed)


def test_a_role_and_its_sessions_are_limited_by_boundary_and_session_policy() -> None:
    session: Any = sandbox.session()
    iam = session.client("iam")
    first = role(session, "first", ROOT)
    second = role(session, "second", first)
    assert may(session, second, lent(session, first))
    assert not may(session, second, lent(session, first, Policy=POLICY))
    assert may(session, second, lent(session, first, Policy=MAY_ASSUME.replace("sts:AssumeRole", "*")))
    named = arn("policy/limit")
    iam.create_policy(PolicyName="limit", PolicyDocument=POLICY)
    assert not may(session, second, lent(session, first, PolicyArns=[{"arn": named}]))
    iam.put_role_permissions_boundary(RoleName="first", PermissionsBoundary=named)
    assert not may(session, second, lent(session, first))


@pytest.mark.parametrize(
    ("condition", "options", "allowed"),
    [
        ({"StringEquals": {"sts:ExternalId": "x"}}, {"ExternalId": "x1"}, False),
        ({"StringEquals": {"sts:ExternalId": "x1"}}, {"ExternalId": "x1"}, True),
        ({"StringEquals": {"sts:ExternalId": "x1"}}, {}, False),
        ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, {}, False),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/sandbox"}}, {}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}, {}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, False),
    ],
)
def test_conditions_of_a_trust_are_asked(condition: Any, options: dict[str, str], *, allowed: bool) -> None:
    session: Any = sandbox.session()
    trust = {"Version": "2012-10-17", "Statement": [{**ASSUME, "Principal": {"AWS": ROOT}, "Condition": condition}]}
    session.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    assert may(session, arn("role/r"), **options) is allowed


def test_an_explicit_deny_of_a_trust_counts_before_any_allow() -> None:
    session: Any = sandbox.session()
    allow = {**ASSUME, "Principal": {"AWS": ROOT}}
    trust = {"Version": "2012-10-17", "Statement": [allow, {**allow, "Effect": "Deny"}]}
    session.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    assert not may(session, arn("role/r"))


def test_accounts_beside_each_other_are_in_memory_of_one_partition_and_differ() -> None:
    first = sandbox.session()
    with pytest.raises(SandboxError, match="there is an account 123456789012 beside"):
        sandbox.session(beside=first)
    second = sandbox.session(account=OTHER, beside=first)
    third = sandbox.session(account="000000000001", beside=second)
    role(third, "r", ROOT)
    assert may(first, "arn:aws:iam::000000000001:role/r")
    with pytest.raises(SandboxError, match="partition aws, not aws-cn"):
        sandbox.session(account="000000000002", region="cn-north-1", beside=first)
    with pytest.raises(SandboxError, match="give either a name or"):
        sandbox.session("s", account=OTHER, beside=first)
    with pytest.raises(SandboxError, match="those of its name and repository"):
        sandbox.session(account=OTHER, beside=sandbox.session("s"))
    with pytest.raises(SandboxError, match="no session of the sandbox"):
        sandbox.session(account=OTHER, beside=boto3.Session(region_name="us-east-1"))


def test_an_oidc_token_gives_a_session_that_the_trust_allows() -> None:
    session: Any = sandbox.session()
    iam = session.client("iam")
    provider = iam.create_open_id_connect_provider(Url="https://example.org", ClientIDList=["c"])
    condition = {"example.org:sub": "repo:me/*", "example.org:aud": "c"}
    trust = federated(provider["OpenIDConnectProviderArn"], "AssumeRoleWithWebIdentity", StringLike=condition)
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust)
    sts = session.client("sts", config=Config(signature_version=UNSIGNED))
    said = {**WEB_CALL, "WebIdentityToken": token(sub="repo:me/it", exp=4_000_000_000)}
    found = sts.assume_role_with_web_identity(**said)
    assert (found["SubjectFromWebIdentityToken"], found["Provider"], found["Audience"]) == (
        "repo:me/it",
        "example.org",
        "c",
    )
    assert found["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/web/me"
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        sts.assume_role_with_web_identity(**{**said, "WebIdentityToken": token(sub="repo:you/it")})
    # A trust outlives its provider, and is then of no use.
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["OpenIDConnectProviderArn"])
    with pytest.raises(sts.exceptions.InvalidIdentityTokenException):
        sts.assume_role_with_web_identity(**said)


def test_a_saml_assertion_gives_a_session_under_the_name_that_it_says() -> None:
    session: Any = sandbox.session()
    iam = session.client("iam")
    provider = iam.create_saml_provider(Name="s", SAMLMetadataDocument=METADATA)["SAMLProviderArn"]
    condition = {"SAML:aud": "https://signin.aws.amazon.com/saml"}
    trust = federated(provider, "AssumeRoleWithSAML", StringEquals=condition)
    iam.create_role(RoleName="saml", AssumeRolePolicyDocument=trust)
    found = session.client("sts").assume_role_with_saml(**SAML_CALL)
    assert found["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/saml/me"
    assert found["Subject"] == "who"


LENDING = """
import sys
from reconciler import sandbox
number, account, other = sys.argv[1:]
session = sandbox.session("s", account=account)
wanted = {"RoleArn": f"arn:aws:iam::{other}:role/r", "RoleSessionName": "me"}
for turn in range(8):
    lent = session.client("sts").assume_role(**wanted)["Credentials"]
    signed = {"aws_access_key_id": lent["AccessKeyId"], "aws_secret_access_key": "x", "aws_session_token": "y"}
    session.client("iam", **signed).create_user(UserName=f"u{number}-{turn}")
"""


@pytest.mark.slow
def test_processes_that_lend_each_other_roles_do_not_wait_for_each_other() -> None:
    pairs = [(ACCOUNT, OTHER), (OTHER, ACCOUNT)]
    for account, other in pairs:
        role(sandbox.session("s", account=account), "r", f"arn:aws:iam::{other}:root")
    running = [
        subprocess.Popen([sys.executable, "-c", LENDING, str(number), *pairs[number % 2]]) for number in range(4)
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0, 0]
    for account, _ in pairs:
        assert len(sandbox.session("s", account=account).client("iam").list_users()["Users"]) == 16
