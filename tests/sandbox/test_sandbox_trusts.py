"""Trust policies in the sandbox: what AWS accepts, and what becomes of the principals that they name."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sandbox.refusal_steps import trust
from sandbox.sandbox_support import ACCOUNT, ASSUME, TRUST, arn, client, details, trusting

from reconciler.sandbox import trust as trusts
from reconciler.sandbox.grammar import MalformedError


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u", Path="/team/")
    made.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made.create_role(RoleName="c", Path="/a/b/", AssumeRolePolicyDocument=TRUST)
    return made


def trusts_on_the_wire(iam: Any) -> list[str]:
    """Return a list that takes the text of the trust policy of every answer from now on."""
    raw: list[str] = []

    def note(response_dict: Any, **_: Any) -> None:
        text = response_dict["body"].decode()
        if "<AssumeRolePolicyDocument>" in text:
            raw.append(unquote(text.split("<AssumeRolePolicyDocument>")[1].split("</AssumeRolePolicyDocument>")[0]))

    iam.meta.events.register("response-received", note)
    return raw


def trusted(iam: Any, role: str) -> Any:
    """Return the AWS principals of the role's only statement."""
    (statement,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    return statement["Principal"]["AWS"]


@pytest.mark.parametrize(
    "text",
    [
        TRUST.replace("2012", "2008"),
        json.dumps({"Statement": ASSUME}),
        json.dumps({"Id": "x", "Version": "2012-10-17", "Statement": [{**ASSUME, "Sid": ""}, {**ASSUME, "Sid": ""}]}),
        json.dumps({"Statement": [{**ASSUME, "Effect": "Deny", "Principal": "*"}]}),
        json.dumps({"Statement": [{**ASSUME, "Action": ["STS:assumerole", "sts:TagSession", "sts:SetContext"]}]}),
        trusting("*", arn("root"), arn("role/r"), arn("user/team/u"), arn("role/a/b/c")),
        trusting("arn:aws:iam::999999999999:role/theirs", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"),
        json.dumps({"Statement": [{**ASSUME, "Principal": {"Federated": "accounts.google.com"}}]}),
        json.dumps(
            {
                "Statement": [
                    {**ASSUME, "Principal": {"Federated": [arn("saml-provider/idp"), arn("oidc-provider/a.b/c")]}}
                ]
            }
        ),
        json.dumps(
            {
                "Statement": [
                    {**ASSUME, "Principal": {"Service": ["states.us-east-1.amazonaws.com", "eks.amazonaws.com.cn"]}}
                ]
            }
        ),
        trust(2048),
    ],
)
def test_trusts_that_aws_accepts_and_shows_byte_for_byte(iam: Any, text: str) -> None:
    raw = trusts_on_the_wire(iam)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=text)
    iam.create_role(RoleName="s", AssumeRolePolicyDocument=text)
    raw.clear()
    iam.get_role(RoleName="r"), iam.get_role(RoleName="s")
    assert raw == [text, text]


WORDS = st.sampled_from(
    ["Version", "Statement", "Effect", "Allow", "Principal", "AWS", "*", "Action", "sts:AssumeRole"]
)
VALUES = st.recursive(
    WORDS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
)


@given(value=VALUES)
@example(value={"Statement": {"Effect": "Allow", "Principal": {"AWS": {"AWS": "*"}}, "Action": "sts:AssumeRole"}})
def test_any_json_is_a_trust_policy_or_is_refused_as_none(value: Any) -> None:
    try:
        statements = trusts.checked(json.dumps(value))
    except MalformedError:
        return
    assert all(isinstance(name, str) for _, name in trusts.principals(statements))


def test_trusts_follow_the_user_that_they_name_and_nothing_else_in_them_changes(iam: Any) -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": arn("user/team/u")}}
    several = {**ASSUME, "Principal": {"AWS": [arn("root"), arn("user/team/u")], "Service": "ec2.amazonaws.com"}}
    one = {**ASSUME, "Principal": {"AWS": arn("user/team/u")}, "Condition": condition}
    other = json.dumps({"Statement": {**ASSUME, "Condition": condition}}, indent=1)
    both = json.dumps({"Version": "2012-10-17", "Statement": [several, one]})
    iam.create_role(RoleName="both", AssumeRolePolicyDocument=both)
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=other)
    iam.update_user(UserName="u", NewUserName="v")
    shown = iam.get_role(RoleName="both")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert shown[0]["Principal"] == {"AWS": [arn("root"), arn("user/team/v")], "Service": "ec2.amazonaws.com"}
    assert shown[1] == {**one, "Principal": {"AWS": arn("user/team/v")}}
    assert iam.get_role(RoleName="other")["Role"]["AssumeRolePolicyDocument"] == json.loads(other)


def test_a_deleted_principal_stays_as_its_id_and_its_name_does_not_bring_it_back(iam: Any) -> None:
    role_id = iam.create_role(RoleName="t", AssumeRolePolicyDocument=TRUST)["Role"]["RoleId"]
    user_id = iam.get_user(UserName="u")["User"]["UserId"]
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting(arn("role/t"), arn("user/team/u"), arn("root")))
    iam.delete_role(RoleName="t")
    iam.delete_user(UserName="u")
    assert trusted(iam, "r") == [role_id, user_id, arn("root")]
    iam.create_role(RoleName="t", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="u", Path="/team/")
    assert trusted(iam, "r") == [role_id, user_id, arn("root")]
    shown = [role["AssumeRolePolicyDocument"] for role in iam.list_roles()["Roles"] if role["RoleName"] == "r"]
    shown += [
        role["AssumeRolePolicyDocument"] for role in details(iam, "Role")["RoleDetailList"] if role["RoleName"] == "r"
    ]
    assert [document["Statement"][0]["Principal"]["AWS"][:2] for document in shown] == [[role_id, user_id]] * 2
    for gone in (role_id, user_id):
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match=f'Invalid principal.*"{gone}"'):
            iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting(gone))
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting(arn("role/t"), arn("user/team/u")))
    assert trusted(iam, "r") == [arn("role/t"), arn("user/team/u")]


def test_the_id_of_a_living_principal_is_shown_as_its_arn_and_an_account_id_as_its_root(iam: Any) -> None:
    role_id = iam.get_role(RoleName="c")["Role"]["RoleId"]
    user_id = iam.get_user(UserName="u")["User"]["UserId"]
    iam.create_role(RoleName="s", AssumeRolePolicyDocument=trusting(role_id, user_id, ACCOUNT, "999999999999"))
    assert trusted(iam, "s") == [
        arn("role/a/b/c"), arn("user/team/u"), arn("root"), "arn:aws:iam::999999999999:root",
    ]  # fmt: skip


def test_an_account_id_becomes_the_root_of_the_sessions_partition() -> None:
    iam = client(region="cn-north-1")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(ACCOUNT))
    assert trusted(iam, "r") == [f"arn:aws-cn:iam::{ACCOUNT}:root"]


def test_only_the_principal_is_rewritten_and_every_other_byte_stays(iam: Any) -> None:
    text = """{ "Statement" : {"Effect":"Allow",  "Principal":{"Service":"ec2.amazonaws.com",
        "AWS" : [%s, "*" , %s]}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"AWS": %s, "aws:userid": [%s], "Principal": 1.50}}}}"""
    escaped = json.dumps(arn("user/team/u")).replace("/", "\\/").replace("u", "\\u0075")
    quoted = json.dumps(arn("user/team/u"))
    user_id = json.dumps(iam.get_user(UserName="u")["User"]["UserId"])
    raw = trusts_on_the_wire(iam)
    iam.create_role(RoleName="s", AssumeRolePolicyDocument=text % (f'"{ACCOUNT}"', escaped, quoted, f'"{ACCOUNT}"'))
    iam.delete_user(UserName="u")
    iam.get_role(RoleName="s")
    root = json.dumps(arn("root"))
    assert raw == [
        text % (root, quoted, quoted, f'"{ACCOUNT}"'),
        text % (root, user_id, quoted, f'"{ACCOUNT}"'),
    ]


NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(["replace", "delete", "rename", "trust", "untrust"]), st.sampled_from(NAMES)), max_size=12
)


@given(steps=STEPS)
@example(steps=[("trust", "a"), ("rename", "a"), ("delete", "a"), ("replace", "a"), ("trust", "a")])
def test_a_trust_policy_means_who_was_trusted_whatever_happens_to_names(steps: list[tuple[str, str]]) -> None:
    iam = client()
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    living: dict[str, tuple[str, str]] = {}
    meant: list[str] = []

    def shown() -> list[str]:
        arns = {identifier: arn(f"user/{current}") for identifier, current in living.values()}
        return [arns.get(identifier, identifier) for identifier in meant]

    for step, name in steps:
        identifier, current = living.get(name, ("", name))
        if step in {"replace", "delete"}:
            if identifier:
                iam.delete_user(UserName=current)
                del living[name]
            if step == "replace":
                living[name] = (iam.create_user(UserName=name)["User"]["UserId"], name)
        elif step == "rename" and identifier:
            living[name] = (identifier, name * 2 if current == name else name)
            iam.update_user(UserName=current, NewUserName=living[name][1])
        elif step == "trust" and identifier:
            arns = {row[0] for row in living.values()}
            meant = [*(each for each in meant if each in arns), identifier]
            iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting(*shown()))
        elif step == "untrust" and meant:
            meant = []
            iam.update_assume_role_policy(RoleName="r", PolicyDocument=TRUST)
        if meant:
            assert trusted(iam, "r") == shown()
