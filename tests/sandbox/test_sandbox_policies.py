"""Managed policies in the sandbox: versions, uses, and those that AWS manages."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from sandbox.sandbox_support import POLICY, TRUST, arn, client, details, managed

OTHER = POLICY.replace("s3:", "ec2:")
P = arn("policy/p")
LOGS = managed("service-role/AmazonAPIGatewayPushToCloudWatchLogs")


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u")
    made.create_group(GroupName="g")
    made.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made.create_policy(PolicyName="p", PolicyDocument=POLICY, Description="d", Tags=[{"Key": "a", "Value": "b"}])
    return made


def versions(iam: Any) -> list[tuple[str, bool]]:
    listed = iam.list_policy_versions(PolicyArn=P)["Versions"]
    return [(version["VersionId"], version["IsDefaultVersion"]) for version in listed]


def test_versions_are_added_chosen_and_deleted_and_their_ids_never_come_back(iam: Any) -> None:
    iam.create_policy_version(PolicyArn=P, PolicyDocument=OTHER, SetAsDefault=True)
    iam.create_policy_version(PolicyArn=P, PolicyDocument=OTHER)
    assert versions(iam) == [("v3", False), ("v2", True), ("v1", False)]
    iam.set_default_policy_version(PolicyArn=P, VersionId="v1")
    iam.set_default_policy_version(PolicyArn=P, VersionId="v1")
    iam.delete_policy_version(PolicyArn=P, VersionId="v3")
    iam.create_policy_version(PolicyArn=P, PolicyDocument=OTHER)
    assert versions(iam) == [("v4", False), ("v2", False), ("v1", True)]
    read = iam.get_policy_version(PolicyArn=P, VersionId="v2")["PolicyVersion"]
    assert read["Document"] == json.loads(OTHER)
    assert iam.get_policy(PolicyArn=P)["Policy"]["DefaultVersionId"] == "v1"
    shown = details(iam, "LocalManagedPolicy")["Policies"][0]
    assert [version["Document"] for version in shown["PolicyVersionList"]] == [json.loads(OTHER)] * 2 + [
        json.loads(POLICY)
    ]


def test_get_policy_shows_what_create_policy_was_given(iam: Any) -> None:
    shown = iam.get_policy(PolicyArn=P)["Policy"]
    assert (shown["PolicyName"], shown["Path"], shown["Description"]) == ("p", "/", "d")
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert shown["IsAttachable"] is True


def test_uses_of_a_policy_are_listed_by_kind_of_entity_and_of_use(iam: Any) -> None:
    iam.attach_user_policy(UserName="u", PolicyArn=P)
    iam.attach_group_policy(GroupName="g", PolicyArn=P)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=P)

    def listed(**filters: str) -> list[str]:
        found = iam.list_entities_for_policy(PolicyArn=P, **filters)
        rows = [*found["PolicyUsers"], *found["PolicyGroups"], *found["PolicyRoles"]]
        return [row.get("UserName") or row.get("GroupName") or row["RoleName"] for row in rows]

    assert listed() == ["u", "g", "r"]
    assert listed(EntityFilter="Group") == ["g"]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == ["r"]
    assert listed(PolicyUsageFilter="PermissionsPolicy") == ["u", "g"]
    assert listed(PathPrefix="/elsewhere/") == []


def test_list_policies_knows_scope_path_and_use(iam: Any) -> None:
    iam.create_policy(PolicyName="q", PolicyDocument=POLICY, Path="/x/")
    iam.create_policy(PolicyName="s", PolicyDocument=POLICY)
    iam.attach_user_policy(UserName="u", PolicyArn=P)
    iam.attach_role_policy(RoleName="r", PolicyArn=LOGS)
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=arn("policy/x/q"))

    def listed(**filters: Any) -> list[str]:
        return [policy["PolicyName"] for policy in iam.list_policies(**filters, MaxItems=1000)["Policies"]]

    assert listed(Scope="Local") == ["p", "q", "s"]
    assert listed(Scope="Local", PathPrefix="/x/") == ["q"]
    assert listed(OnlyAttached=True) == ["p", "AmazonAPIGatewayPushToCloudWatchLogs"]
    assert listed(Scope="AWS", OnlyAttached=True) == ["AmazonAPIGatewayPushToCloudWatchLogs"]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == ["q"]
    assert listed(PolicyUsageFilter="PermissionsPolicy", Scope="Local") == ["p"]


def test_aws_managed_policies_are_there_with_their_documents(iam: Any) -> None:
    shown = iam.get_policy(PolicyArn=LOGS)["Policy"]
    assert (shown["PolicyName"], shown["Path"], shown["AttachmentCount"]) == (
        LOGS.rsplit("/", 1)[1],
        "/service-role/",
        0,
    )
    version = iam.get_policy_version(PolicyArn=LOGS, VersionId=shown["DefaultVersionId"])["PolicyVersion"]
    assert "logs:PutLogEvents" in version["Document"]["Statement"][0]["Action"]
    assert iam.list_policy_versions(PolicyArn=LOGS)["Versions"][0]["VersionId"] == shown["DefaultVersionId"]
    assert client().get_policy(PolicyArn=LOGS)["Policy"]["PolicyId"] == shown["PolicyId"]
    assert iam.list_policy_tags(PolicyArn=LOGS)["Tags"] == []


def test_an_aws_managed_policy_is_found_under_its_own_path_only(iam: Any) -> None:
    for wrong in (managed("AmazonAPIGatewayPushToCloudWatchLogs"), managed("job-function/ReadOnlyAccess")):
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            iam.get_policy(PolicyArn=wrong)


def test_uses_of_an_aws_managed_policy_are_counted_for_each_account(iam: Any) -> None:
    other = client()
    iam.attach_role_policy(RoleName="r", PolicyArn=LOGS)
    iam.create_user(UserName="v", PermissionsBoundary=LOGS)
    shown = iam.get_policy(PolicyArn=LOGS)["Policy"]
    assert (shown["AttachmentCount"], shown["PermissionsBoundaryUsageCount"]) == (1, 1)
    assert other.get_policy(PolicyArn=LOGS)["Policy"]["AttachmentCount"] == 0
    iam.detach_role_policy(RoleName="r", PolicyArn=LOGS)
    assert iam.get_policy(PolicyArn=LOGS)["Policy"]["AttachmentCount"] == 0


def test_all_aws_managed_policies_are_listed_in_pages_and_in_details(iam: Any) -> None:
    iam.attach_role_policy(RoleName="r", PolicyArn=LOGS)
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 1000})
    listed = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert len(listed) == len(set(listed)) > 1400
    shown = {policy["Arn"]: policy for policy in details(iam, "AWSManagedPolicy")["Policies"]}
    assert sorted(shown) == sorted(listed)
    assert shown[LOGS]["AttachmentCount"] == 1
    assert shown[LOGS]["PolicyVersionList"][0]["IsDefaultVersion"] is True


def test_aws_managed_policies_are_not_parsed_for_requests_that_name_none() -> None:
    code = """
from reconciler import sandbox
iam = sandbox.session().client("iam")
iam.create_user(UserName="u")
iam.list_policies(Scope="Local"), iam.list_policies(OnlyAttached=True)
iam.get_account_authorization_details(Filter=["User", "Group", "Role", "LocalManagedPolicy"])
iam.get_account_summary()
from reconciler.sandbox import awsmanaged
assert awsmanaged._data.cache_info().currsize == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)
