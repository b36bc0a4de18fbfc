"""Listings: every field, and every item exactly once whatever the size of a page."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st
from sandbox.refusal_steps import mfa
from sandbox.sandbox_support import PEMS, POLICY, TRUST, arn, client, details, managed, ssh_key

NOUNS = ("user", "group", "role")


@cache
def full() -> Any:
    """Return an account of 11 users, 5 groups, 7 roles and 6 policies, read by many tests and written by none."""
    iam = client()
    for number in range(6):
        iam.create_policy(PolicyName=f"policy{number}", PolicyDocument=POLICY, Description="d", Path="/p/")
    for number in range(5):
        iam.create_group(GroupName=f"Group{number}")
        iam.attach_group_policy(GroupName=f"Group{number}", PolicyArn=arn(f"policy/p/policy{number}"))
        iam.put_group_policy(GroupName=f"Group{number}", PolicyName="inline", PolicyDocument=POLICY)
    for number in range(11):
        name = f"{'uU'[number % 2]}ser{number}"
        iam.create_user(UserName=name, Tags=[{"Key": "n", "Value": str(number)}])
        for group in range(number % 5):
            iam.add_user_to_group(GroupName=f"Group{group}", UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=POLICY)
    for number in range(7):
        iam.create_role(RoleName=f"role{number}", AssumeRolePolicyDocument=TRUST, Description="d", Path="/r/")
    return iam


def test_details_show_every_field_and_leave_out_what_aws_leaves_out() -> None:
    iam = client()
    iam.create_policy(
        PolicyName="p", PolicyDocument=POLICY, Description="d", Path="/x/", Tags=[{"Key": "a", "Value": ""}]
    )
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="i", PolicyDocument=POLICY)
    iam.attach_group_policy(GroupName="g", PolicyArn=managed("ReadOnlyAccess"))
    iam.create_user(UserName="u", PermissionsBoundary=arn("policy/x/p"), Tags=[{"Key": "a", "Value": "b"}])
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.create_role(
        RoleName="r",
        AssumeRolePolicyDocument=TRUST,
        Description="d",
        MaxSessionDuration=7200,
        PermissionsBoundary=arn("policy/x/p"),
        Tags=[{"Key": "a", "Value": "b"}],
    )
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    iam.attach_role_policy(RoleName="r", PolicyArn=arn("policy/x/p"))
    found = details(iam)
    bound = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("policy/x/p")}
    tagged = [{"Key": "a", "Value": "b"}]
    (user,), (group,), (role,), (policy,) = found.values()
    for row in (user, group, role, policy):
        assert row.pop("CreateDate").tzinfo is not None
    assert user.pop("UserId").startswith("AIDA")
    assert user == {
        "Path": "/", "UserName": "u", "Arn": arn("user/u"), "UserPolicyList": [], "GroupList": ["g"],
        "AttachedManagedPolicies": [], "PermissionsBoundary": bound, "Tags": tagged,
    }  # fmt: skip
    assert group.pop("GroupId").startswith("AGPA")
    assert group == {
        "Path": "/", "GroupName": "g", "Arn": arn("group/g"),
        "GroupPolicyList": [{"PolicyName": "i", "PolicyDocument": json.loads(POLICY)}],
        "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": managed("ReadOnlyAccess")}],
    }  # fmt: skip
    assert role.pop("RoleId").startswith("AROA")
    assert [profile["InstanceProfileName"] for profile in role.pop("InstanceProfileList")] == ["i"]
    assert role == {
        "Path": "/", "RoleName": "r", "Arn": arn("role/r"), "AssumeRolePolicyDocument": json.loads(TRUST),
        "RolePolicyList": [], "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn("policy/x/p")}],
        "PermissionsBoundary": bound, "Tags": tagged,
    }  # fmt: skip
    assert policy.pop("PolicyId").startswith("ANPA")
    assert policy.pop("PolicyVersionList")[0].keys() == {"Document", "VersionId", "IsDefaultVersion", "CreateDate"}
    assert policy.pop("UpdateDate").tzinfo is not None
    assert policy == {
        "PolicyName": "p", "Arn": arn("policy/x/p"), "Path": "/x/", "DefaultVersionId": "v1", "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 2, "IsAttachable": True, "Description": "d",
    }  # fmt: skip


@given(size=st.integers(1, 40), filters=st.sets(st.sampled_from(["User", "Group", "Role", "LocalManagedPolicy"])))
@example(size=29, filters=set())
def test_pages_of_any_size_show_everything_exactly_once(size: int, filters: set[str]) -> None:
    wanted = sorted(filters) or ["User", "Group", "Role", "LocalManagedPolicy"]
    assert details(full(), *wanted, size=size) == details(full(), *wanted)


@pytest.mark.parametrize(
    ("operation", "member", "params", "count"),
    [
        ("list_users", "Users", {}, 11),
        ("list_groups", "Groups", {}, 5),
        ("list_roles", "Roles", {"PathPrefix": "/r/"}, 7),
        ("list_policies", "Policies", {"Scope": "Local"}, 6),
        ("get_group", "Users", {"GroupName": "Group0"}, 8),
        ("list_groups_for_user", "Groups", {"UserName": "user4"}, 4),
        ("list_entities_for_policy", "PolicyGroups", {"PolicyArn": arn("policy/p/policy1")}, 1),
    ],
)
@given(size=st.integers(1, 12))
def test_listings_of_any_page_size_show_everything_exactly_once(
    operation: str, member: str, params: dict[str, str], count: int, size: int
) -> None:
    pages = full().get_paginator(operation).paginate(**params, PaginationConfig={"PageSize": size})
    rows = [page[member] for page in pages]
    assert all(len(page) <= size for page in rows)
    names = [json.dumps(row, default=str, sort_keys=True) for page in rows for row in page]
    assert len(names) == len(set(names)) == count


@cache
def rich() -> Any:
    """Return an account whose user, group and role have several of everything; read by many tests, written by none."""
    iam = client()
    tags = [{"Key": f"key{number}", "Value": ""} for number in range(3)]
    iam.create_user(UserName="u", Tags=tags)
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags)
    for number in range(3):
        made = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=POLICY, Tags=tags)["Policy"]["Arn"]
        for noun in NOUNS:
            named = {f"{noun.title()}Name": noun[0]}
            getattr(iam, f"attach_{noun}_policy")(**named, PolicyArn=made)
            getattr(iam, f"put_{noun}_policy")(**named, PolicyName=f"inline{number}", PolicyDocument=POLICY)
        iam.create_instance_profile(InstanceProfileName=f"i{number}", Tags=tags)
        iam.add_role_to_instance_profile(InstanceProfileName=f"i{number}", RoleName="r")
        iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key(number))
        iam.upload_server_certificate(
            ServerCertificateName=f"c{number}", CertificateBody=PEMS[0], PrivateKey="key", Tags=tags
        )
        mfa(iam, f"d{number}")
    iam.tag_mfa_device(SerialNumber=arn("mfa/d0"), Tags=tags)
    for number in range(2):
        iam.create_policy_version(PolicyArn=arn("policy/p0"), PolicyDocument=POLICY)
        iam.create_access_key(UserName="u")
        iam.upload_signing_certificate(UserName="u", CertificateBody=PEMS[number])
        iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    return iam


@pytest.mark.parametrize(
    ("operation", "member", "params", "count"),
    [
        *((f"list_attached_{n}_policies", "AttachedPolicies", {f"{n.title()}Name": n[0]}, 3) for n in NOUNS),
        *((f"list_{n}_policies", "PolicyNames", {f"{n.title()}Name": n[0]}, 3) for n in NOUNS),
        ("list_user_tags", "Tags", {"UserName": "u"}, 3),
        ("list_role_tags", "Tags", {"RoleName": "r"}, 3),
        ("list_policy_tags", "Tags", {"PolicyArn": arn("policy/p0")}, 3),
        ("list_instance_profile_tags", "Tags", {"InstanceProfileName": "i0"}, 3),
        ("list_server_certificate_tags", "Tags", {"ServerCertificateName": "c0"}, 3),
        ("list_mfa_device_tags", "Tags", {"SerialNumber": arn("mfa/d0")}, 3),
        ("list_policy_versions", "Versions", {"PolicyArn": arn("policy/p0")}, 3),
        ("list_entities_for_policy", "PolicyRoles", {"PolicyArn": arn("policy/p0")}, 1),
        ("list_entities_for_policy", "PolicyUsers", {"PolicyArn": arn("policy/p0"), "EntityFilter": "User"}, 1),
        ("list_instance_profiles", "InstanceProfiles", {}, 3),
        ("list_instance_profiles_for_role", "InstanceProfiles", {"RoleName": "r"}, 3),
        ("list_server_certificates", "ServerCertificateMetadataList", {}, 3),
        ("list_virtual_mfa_devices", "VirtualMFADevices", {}, 3),
        ("list_mfa_devices", "MFADevices", {"UserName": "u"}, 3),
        ("list_ssh_public_keys", "SSHPublicKeys", {"UserName": "u"}, 3),
        ("list_signing_certificates", "Certificates", {"UserName": "u"}, 2),
        ("list_access_keys", "AccessKeyMetadata", {"UserName": "u"}, 2),
        ("list_service_specific_credentials", "ServiceSpecificCredentials", {"UserName": "u"}, 2),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_listings_of_what_one_entity_has_are_cut_into_pages(
    operation: str, member: str, params: dict[str, str], count: int, size: int
) -> None:
    rows: list[str] = []
    answer: dict[str, Any] = {"IsTruncated": True}
    while answer["IsTruncated"]:
        marker = {"Marker": answer["Marker"]} if rows or "Marker" in answer else {}
        answer = getattr(rich(), operation)(**params, **marker, MaxItems=size)
        assert len(answer[member]) <= size
        rows += [json.dumps(row, default=str) for row in answer[member]]
    assert len(rows) == len(set(rows)) == count


def test_what_is_deleted_between_two_pages_hides_nothing() -> None:
    iam = client()
    for number in range(25):
        iam.create_user(UserName=f"user{number}")
    for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 10}):
        for user in page["Users"]:
            iam.delete_user(UserName=user["UserName"])
    assert iam.list_users()["Users"] == []


def test_a_page_holds_a_hundred_items_unless_asked() -> None:
    iam = client()
    for number in range(101):
        iam.create_group(GroupName=f"g{number}")
    page = iam.get_account_authorization_details(Filter=["Group"])
    assert (len(page["GroupDetailList"]), page["IsTruncated"]) == (100, True)
    assert len(iam.list_groups()["Groups"]) == 100


@pytest.mark.parametrize("marker", ["nonsense", "WzFd", "e30=", "\N{POUND SIGN}"])
def test_a_marker_of_somebody_else_is_a_validation_error(marker: str) -> None:
    iam = client()
    iam.create_user(UserName="u")
    with pytest.raises(ClientError, match=r"ValidationError.*Invalid Marker\."):
        iam.list_users(Marker=marker)


def test_the_summary_counts_and_tells_the_quotas() -> None:
    iam = client()
    empty = iam.get_account_summary()["SummaryMap"]
    assert {value for key, value in empty.items() if not key.endswith(("Quota", "Version"))} == {0}
    assert (empty["UsersQuota"], empty["GroupsPerUserQuota"], empty["PolicySizeQuota"]) == (5000, 10, 6144)
    assert empty["AttachedPoliciesPerUserQuota"] == empty["AttachedPoliciesPerRoleQuota"] == 10
    assert (empty["VersionsPerPolicyQuota"], empty["AssumeRolePolicySizeQuota"]) == (5, 2048)
    filled = full().get_account_summary()["SummaryMap"]
    counts = [filled[key] for key in ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse")]
    assert counts == [11, 5, 7, 6, 6]
    assert {key for key in filled if key.endswith("Quota")} == {key for key in empty if key.endswith("Quota")}
