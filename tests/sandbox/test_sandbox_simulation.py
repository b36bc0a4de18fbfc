"""The policy simulator answers by the project's own evaluator, in the words of IAM's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox.sandbox_support import POLICY, TRUST, arn, client, managed


def policy(action: str, resource: str = "*", effect: str = "Allow", **more: Any) -> str:
    """Return a policy of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


DENIED = policy("s3:*", "arn:aws:s3:::secret/*", "Deny")
TEAM = policy("s3:PutObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "a", "s3:x-amz-acl": "private"}})
HOME = policy("s3:ListBucket", "arn:aws:s3:::home-${aws:username}")


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u", Tags=[{"Key": "team", "Value": "a"}])
    made.create_group(GroupName="g")
    made.add_user_to_group(GroupName="g", UserName="u")
    made.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made.create_policy(PolicyName="p", PolicyDocument=POLICY)
    return made


def decisions(found: Any) -> dict[str, str]:
    return {row["EvalActionName"]: row["EvalDecision"] for row in found["EvaluationResults"]}


def simulated(iam: Any, *actions: str, source: str = "user/u", **params: Any) -> Any:
    return iam.simulate_principal_policy(PolicySourceArn=arn(source), ActionNames=list(actions), **params)


def test_custom_policies_allow_deny_and_say_nothing(iam: Any) -> None:
    found = iam.simulate_custom_policy(
        PolicyInputList=[POLICY, policy("iam:*"), policy("iam:DeleteUser", effect="Deny")],
        ActionNames=["s3:GetObject", "iam:DeleteUser", "iam:getuser", "ec2:RunInstances"],
    )
    assert decisions(found) == {
        "s3:GetObject": "allowed",
        "iam:DeleteUser": "explicitDeny",
        "iam:getuser": "allowed",
        "ec2:RunInstances": "implicitDeny",
    }
    first, denied, _, silent = found["EvaluationResults"]
    assert [row["SourcePolicyId"] for row in first["MatchedStatements"]] == ["PolicyInputList.1"]
    assert [row["SourcePolicyId"] for row in denied["MatchedStatements"]] == ["PolicyInputList.3"]
    assert (silent["MatchedStatements"], first["EvalResourceName"], found["IsTruncated"]) == ([], "*", False)


def test_of_several_resources_each_has_its_result_and_the_strictest_stands_above(iam: Any) -> None:
    found = iam.simulate_custom_policy(
        PolicyInputList=[policy("s3:*", "arn:aws:s3:::*"), DENIED],
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::open/x", "arn:aws:s3:::secret/x", "arn:aws:sqs:us-east-1:123456789012:q"],
    )["EvaluationResults"]
    assert [row["EvalDecision"] for row in found] == ["explicitDeny"]
    each = {
        row["EvalResourceName"].split(":")[-1]: row["EvalResourceDecision"]
        for row in found[0]["ResourceSpecificResults"]
    }
    assert each == {"open/x": "allowed", "secret/x": "explicitDeny", "q": "implicitDeny"}


def test_a_principals_policies_are_its_own_its_groups_and_those_given(iam: Any) -> None:
    iam.attach_user_policy(UserName="u", PolicyArn=arn("policy/p"))
    iam.put_group_policy(GroupName="g", PolicyName="inline", PolicyDocument=policy("sqs:*"))
    iam.attach_group_policy(GroupName="g", PolicyArn=managed("AmazonEC2ReadOnlyAccess"))
    actions = ("s3:GetObject", "sqs:SendMessage", "ec2:DescribeInstances", "sns:Publish")
    found = simulated(iam, *actions, PolicyInputList=[policy("sns:Publish")])
    assert set(decisions(found).values()) == {"allowed"}
    sources = [
        (row["SourcePolicyId"], row["SourcePolicyType"])
        for result in found["EvaluationResults"]
        for row in result["MatchedStatements"]
    ]
    assert sources == [
        ("p", "user-managed"),
        ("group_g_inline", "group"),
        ("AmazonEC2ReadOnlyAccess", "aws-managed"),
        ("PolicyInputList.1", "none"),
    ]
    assert decisions(simulated(iam, *actions, source="group/g"))["s3:GetObject"] == "implicitDeny"
    assert decisions(simulated(iam, *actions, source="role/r"))["s3:GetObject"] == "implicitDeny"


@pytest.mark.parametrize(
    ("left_out", "denied"),
    [
        ({"PolicyType": "inline"}, {"sqs:SendMessage"}),
        ({"PolicyType": "user-managed"}, {"s3:GetObject"}),
        ({"PolicyArn": arn("policy/?")}, {"s3:GetObject"}),
        ({"PolicyArn": managed("AmazonEC2*")}, {"ec2:DescribeInstances"}),
        (
            {"InlinePolicyIdentifier": {"PolicyName": "inline", "AttachmentType": "group", "AttachmentName": "g"}},
            {"sqs:SendMessage"},
        ),
        ({"InlinePolicyIdentifier": {"PolicyName": "inline", "AttachmentType": "user", "AttachmentName": "g"}}, set()),
    ],
)
def test_policies_may_be_left_out(iam: Any, left_out: Any, denied: set[str]) -> None:
    iam.attach_user_policy(UserName="u", PolicyArn=arn("policy/p"))
    iam.put_group_policy(GroupName="g", PolicyName="inline", PolicyDocument=policy("sqs:*"))
    iam.attach_group_policy(GroupName="g", PolicyArn=managed("AmazonEC2ReadOnlyAccess"))
    actions = ("s3:GetObject", "sqs:SendMessage", "ec2:DescribeInstances")
    found = simulated(iam, *actions, PolicyExclusionList=[left_out])
    assert {name for name, decision in decisions(found).items() if decision != "allowed"} == denied


def test_a_boundary_limits_and_a_given_one_stands_for_it(iam: Any) -> None:
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy("sqs:*"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="u", PolicyArn=arn("policy/p"))
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=limit)
    result = simulated(iam, "s3:GetObject")["EvaluationResults"][0]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    wide = simulated(iam, "s3:GetObject", PermissionsBoundaryPolicyInputList=[policy("*")])["EvaluationResults"][0]
    assert wide["EvalDecision"] == "allowed"
    assert wide["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    none = simulated(iam, "s3:GetObject", PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert none["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_a_principals_tags_and_name_are_known_and_what_is_missing_is_told(iam: Any) -> None:
    iam.put_user_policy(UserName="u", PolicyName="team", PolicyDocument=TEAM)
    iam.put_user_policy(UserName="u", PolicyName="home", PolicyDocument=HOME)
    result = simulated(iam, "s3:PutObject")["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["s3:x-amz-acl"])
    acl = {"ContextKeyName": "s3:x-amz-acl", "ContextKeyType": "string", "ContextKeyValues": ["private"]}
    assert decisions(simulated(iam, "s3:PutObject", ContextEntries=[acl])) == {"s3:PutObject": "allowed"}
    team = {"ContextKeyName": "AWS:PrincipalTag/team", "ContextKeyType": "string", "ContextKeyValues": ["b"]}
    assert decisions(simulated(iam, "s3:PutObject", ContextEntries=[acl, team])) == {"s3:PutObject": "implicitDeny"}
    homes = simulated(iam, "s3:ListBucket", ResourceArns=["arn:aws:s3:::home-u", "arn:aws:s3:::home-v"])
    each = [row["EvalResourceDecision"] for row in homes["EvaluationResults"][0]["ResourceSpecificResults"]]
    assert each == ["allowed", "implicitDeny"]
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn("user/u"), PolicyInputList=[HOME])
    assert keys["ContextKeyNames"] == ["aws:PrincipalTag/team", "aws:username", "s3:x-amz-acl"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[HOME])["ContextKeyNames"] == ["aws:username"]


def test_policies_of_an_organization_must_allow_level_by_level(iam: Any) -> None:
    levels = [{"ServiceControlPolicyInputList": [policy("*")]}, {"ServiceControlPolicyInputList": [policy("sqs:*")]}]
    found = iam.simulate_custom_policy(
        PolicyInputList=[policy("*")],
        ActionNames=["sqs:SendMessage", "s3:GetObject"],
        OrderedOrganizationPolicyInputList=levels,
    )
    assert decisions(found) == {"sqs:SendMessage": "allowed", "s3:GetObject": "implicitDeny"}
    told = [row["OrganizationsDecisionDetail"]["AllowedByOrganizations"] for row in found["EvaluationResults"]]
    assert told == [True, False]


def test_results_page(iam: Any) -> None:
    actions = [f"s3:Action{number}" for number in range(25)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[POLICY], ActionNames=actions, PaginationConfig={"PageSize": 10}
    )
    found = [row["EvalActionName"] for page in pages for row in page["EvaluationResults"]]
    assert found == actions


@pytest.mark.parametrize("text", ["{", "[]", policy("nonsense"), POLICY.replace("Resource", "Principal")])
def test_a_policy_that_cannot_be_simulated_is_invalid_input(iam: Any, text: str) -> None:
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])


def test_nobodys_policies_are_no_such_entity(iam: Any) -> None:
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        simulated(iam, "s3:GetObject", source="user/nobody")
