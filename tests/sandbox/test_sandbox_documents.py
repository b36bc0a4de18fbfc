"""Documents in the sandbox: what AWS accepts beyond the plain case, and that it comes back byte for byte."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sandbox.refusals_documents import GRANT, grant
from sandbox.sandbox_support import ASSUME, POLICY, TRUST, arn, client

from reconciler.sandbox.grammar import MalformedError, check_identity


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u")
    made.create_group(GroupName="g")
    made.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made.create_policy(PolicyName="p", PolicyDocument=POLICY)
    return made


@pytest.mark.parametrize(
    "text",
    [
        grant(Sid=""),
        json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": [{**GRANT, "Sid": ""}, {**GRANT, "Sid": ""}]}),
        json.dumps({"Version": "2012-10-17", "Statement": GRANT}),
        grant(NotAction="s3:*", Action=None, NotResource=["arn:aws:s3:::b"], Resource=None, Effect="Deny"),
        grant(Condition={"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": True}}),
        grant(Condition={"NumericLessThan": {"s3:max-keys": [10, "20", 1.5]}}),
        grant(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b*"]}, "Null": {"a:b": "true"}}),
        grant(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}, "StringEquals": {}}),
        grant(Action=["*", "s3:Get*"], Resource="arn:aws:s3:::${aws:username}/é/*").encode().decode("unicode_escape"),
    ],
)  # fmt: skip
def test_policies_that_aws_accepts_come_back_byte_for_byte(iam: Any, text: str) -> None:
    text = f"\n {text}\t\r\n"
    bodies: list[str] = []
    iam.meta.events.register(
        "response-received", lambda response_dict, **_: bodies.append(unquote(response_dict["body"].decode()))
    )
    iam.create_policy_version(PolicyArn=arn("policy/p"), PolicyDocument=text)
    iam.get_policy_version(PolicyArn=arn("policy/p"), VersionId="v2")
    assert text in bodies[-1]
    iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert text in bodies[-1]
    for noun in ("user", "group", "role"):
        named = {f"{noun.title()}Name": noun[0], "PolicyName": "x"}
        getattr(iam, f"put_{noun}_policy")(**named, PolicyDocument=text)
        getattr(iam, f"get_{noun}_policy")(**named)
        assert text in bodies[-1]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"sts:ExternalId": ["a", "b"]}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}, "Bool": {"aws:MultiFactorAuthPresent": True}},
        {},
    ],
    ids=["list", "numbers", "nothing"],
)
def test_conditions_of_a_trust_may_hold_lists_numbers_or_nothing(iam: Any, condition: Any) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**ASSUME, "Condition": condition}]})
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=text)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(text)


WORDS = st.sampled_from(["Version", "2012-10-17", "Statement", "Effect", "Allow", "Action", "s3:*", "Resource", "*"])
MORE = st.sampled_from(["Condition", "Sid", "StringEquals", "DateLessThan", "Bool", "NotAction", ""])
VALUES = st.recursive(
    WORDS | MORE | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | MORE, inner, max_size=5),
)


@given(statement=st.dictionaries(WORDS | MORE, VALUES, max_size=3))
@example(statement={"Condition": {"DateLessThan": {"a:b": True}}})
@example(statement={"Action": [None]})
def test_any_json_is_a_policy_or_is_refused_as_none(statement: dict[str, Any]) -> None:
    try:
        check_identity(json.dumps({"Version": "2012-10-17", "Statement": {**GRANT, **statement}}))
    except MalformedError:
        return
    assert set(statement) <= {"Effect", "Action", "Resource", "Condition", "Sid", "NotAction"}
