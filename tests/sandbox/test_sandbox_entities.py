"""What users, groups, roles and policies do in the sandbox, as in AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox.refusal_steps import document
from sandbox.sandbox_support import PEM, POLICY, TRUST, arn, client, details, managed, ssh_key


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u", Path="/team/", Tags=[{"Key": "Department", "Value": "apps"}])
    made.create_group(GroupName="g", Path="/team/")
    made.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made.create_policy(PolicyName="p", PolicyDocument=POLICY)
    return made


def tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in rows}


def test_ids_have_the_prefixes_of_iam(iam: Any) -> None:
    iam.create_instance_profile(InstanceProfileName="i")
    ids = [
        iam.get_user(UserName="u")["User"]["UserId"],
        iam.get_group(GroupName="g")["Group"]["GroupId"],
        iam.get_role(RoleName="r")["Role"]["RoleId"],
        iam.get_policy(PolicyArn=arn("policy/p"))["Policy"]["PolicyId"],
        iam.get_instance_profile(InstanceProfileName="i")["InstanceProfile"]["InstanceProfileId"],
    ]
    assert [identifier[:4] for identifier in ids] == ["AIDA", "AGPA", "AROA", "ANPA", "AIPA"]
    assert {len(identifier) for identifier in ids} == {21}


def test_a_renamed_and_moved_user_keeps_everything_that_is_its_own(iam: Any) -> None:
    iam.put_user_policy(UserName="u", PolicyName="inline", PolicyDocument=POLICY)
    iam.attach_user_policy(UserName="u", PolicyArn=arn("policy/p"))
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=managed("ReadOnlyAccess"))
    iam.add_user_to_group(GroupName="g", UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    before = details(iam, "User")["UserDetailList"][0]
    iam.update_user(UserName="u", NewUserName="v", NewPath="/other/")
    after = details(iam, "User")["UserDetailList"][0]
    assert after == {**before, "UserName": "v", "Path": "/other/", "Arn": arn("user/other/v")}
    assert tags(iam.list_user_tags(UserName="v")["Tags"]) == {"Department": "apps"}
    assert [user["UserName"] for user in iam.get_group(GroupName="g")["Users"]] == ["v"]
    iam.delete_access_key(UserName="v", AccessKeyId=key)
    assert iam.list_access_keys(UserName="v")["AccessKeyMetadata"] == []


def test_a_renamed_and_moved_group_keeps_members_policies_and_id(iam: Any) -> None:
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.attach_group_policy(GroupName="g", PolicyArn=arn("policy/p"))
    iam.put_group_policy(GroupName="g", PolicyName="inline", PolicyDocument=POLICY)
    before = details(iam, "Group")["GroupDetailList"][0]
    iam.update_group(GroupName="g", NewPath="/other/")
    iam.update_group(GroupName="g", NewGroupName="h")
    after = details(iam, "Group")["GroupDetailList"][0]
    assert after == {**before, "GroupName": "h", "Path": "/other/", "Arn": arn("group/other/h")}
    assert details(iam, "User")["UserDetailList"][0]["GroupList"] == ["h"]


def test_a_name_may_change_its_own_case(iam: Any) -> None:
    iam.update_user(UserName="u", NewUserName="U")
    iam.update_group(GroupName="g", NewGroupName="G")
    assert iam.get_user(UserName="U")["User"]["UserName"] == "U"
    assert iam.get_group(GroupName="G")["Group"]["GroupName"] == "G"


def test_a_group_is_deleted_once_it_is_empty(iam: Any) -> None:
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.remove_user_from_group(GroupName="g", UserName="u")
    iam.delete_group(GroupName="g")
    assert iam.list_groups()["Groups"] == []


def test_a_freed_name_is_free_and_its_tags_are_gone(iam: Any) -> None:
    iam.delete_user(UserName="u")
    assert iam.create_user(UserName="U", Path="/team/")["User"]["UserName"] == "U"
    iam.delete_user(UserName="U")
    iam.create_user(UserName="u", Path="/team/")
    assert iam.list_user_tags(UserName="u")["Tags"] == []


@pytest.mark.parametrize("noun", ["user", "role"])
def test_tag_keys_of_users_and_roles_ignore_case_and_keep_the_last_spelling(iam: Any, noun: str) -> None:
    named = {f"{noun.title()}Name": noun[0]}
    getattr(iam, f"tag_{noun}")(**named, Tags=[{"Key": "Department", "Value": "a"}, {"Key": "Other", "Value": "b"}])
    getattr(iam, f"tag_{noun}")(**named, Tags=[{"Key": "department", "Value": "c"}])
    assert tags(getattr(iam, f"list_{noun}_tags")(**named)["Tags"]) == {"Other": "b", "department": "c"}
    getattr(iam, f"untag_{noun}")(**named, TagKeys=["DEPARTMENT", "absent"])
    assert tags(getattr(iam, f"get_{noun}")(**named)[noun.title()]["Tags"]) == {"Other": "b"}


def test_tag_keys_of_policies_and_instance_profiles_are_told_apart_by_case(iam: Any) -> None:
    wanted = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": ""}]
    iam.tag_policy(PolicyArn=arn("policy/p"), Tags=wanted)
    iam.create_instance_profile(InstanceProfileName="i", Tags=wanted)
    iam.untag_policy(PolicyArn=arn("policy/p"), TagKeys=["Team"])
    iam.untag_instance_profile(InstanceProfileName="i", TagKeys=["Team"])
    assert tags(iam.get_policy(PolicyArn=arn("policy/p"))["Policy"]["Tags"]) == {"team": ""}
    assert tags(iam.list_instance_profile_tags(InstanceProfileName="i")["Tags"]) == {"team": ""}


def test_listings_leave_out_what_aws_leaves_out(iam: Any) -> None:
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=arn("policy/p"))
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn("policy/p"))
    iam.tag_role(RoleName="r", Tags=[{"Key": "a", "Value": ""}])
    role = iam.list_roles()["Roles"][0]
    assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & set(role)
    assert role["MaxSessionDuration"] == 3600
    assert not {"Tags", "PermissionsBoundary"} & set(iam.list_users()["Users"][0])
    assert not {"Tags", "Description"} & set(iam.list_policies(Scope="Local")["Policies"][0])


def test_boundaries_of_users_and_roles_are_shown_counted_and_no_attachment(iam: Any) -> None:
    bound = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("policy/p")}
    iam.create_user(UserName="v", PermissionsBoundary=arn("policy/p"))
    iam.create_role(RoleName="s", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=arn("policy/p"))
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn("policy/p"))
    assert iam.get_user(UserName="v")["User"]["PermissionsBoundary"] == bound
    assert iam.get_role(RoleName="s")["Role"]["PermissionsBoundary"] == bound
    shown = iam.get_policy(PolicyArn=arn("policy/p"))["Policy"]
    assert (shown["PermissionsBoundaryUsageCount"], shown["AttachmentCount"]) == (3, 0)
    iam.delete_user_permissions_boundary(UserName="v")
    iam.delete_role_permissions_boundary(RoleName="s")
    iam.delete_role_permissions_boundary(RoleName="r")
    iam.delete_role_permissions_boundary(RoleName="r")
    assert "PermissionsBoundary" not in iam.get_user(UserName="v")["User"]
    iam.delete_policy(PolicyArn=arn("policy/p"))


@pytest.mark.parametrize("noun", ["user", "group", "role"])
def test_attaching_twice_counts_once(iam: Any, noun: str) -> None:
    named = {f"{noun.title()}Name": noun[0]}
    for _ in range(2):
        getattr(iam, f"attach_{noun}_policy")(**named, PolicyArn=arn("policy/p"))
    listed = getattr(iam, f"list_attached_{noun}_policies")(**named)["AttachedPolicies"]
    assert listed == [{"PolicyName": "p", "PolicyArn": arn("policy/p")}]
    assert iam.get_policy(PolicyArn=arn("policy/p"))["Policy"]["AttachmentCount"] == 1
    getattr(iam, f"detach_{noun}_policy")(**named, PolicyArn=arn("policy/p"))
    assert iam.get_policy(PolicyArn=arn("policy/p"))["Policy"]["AttachmentCount"] == 0


def test_adding_a_member_twice_is_no_error(iam: Any) -> None:
    for _ in range(2):
        iam.add_user_to_group(GroupName="g", UserName="u")
    assert len(iam.get_group(GroupName="g")["Users"]) == 1
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="u")["Groups"]] == ["g"]
    iam.remove_user_from_group(GroupName="g", UserName="u")
    assert iam.get_group(GroupName="g")["Users"] == []


@pytest.mark.parametrize("noun", ["user", "group", "role"])
def test_documents_come_back_byte_for_byte(iam: Any, noun: str) -> None:
    named = {f"{noun.title()}Name": noun[0]}
    text = POLICY.replace("s3:", "s3:\\u002a").replace(", ", " ,\r\n\t") + "\n"
    raw: list[bytes] = []
    getattr(iam, f"put_{noun}_policy")(**named, PolicyName="inline", PolicyDocument=text)
    iam.meta.events.register("response-received", lambda response_dict, **_: raw.append(response_dict["body"]))
    read = getattr(iam, f"get_{noun}_policy")(**named, PolicyName="inline")
    assert read["PolicyDocument"] == json.loads(text)
    wire = raw[0].decode().split("<PolicyDocument>")[1].split("</PolicyDocument>")[0]
    assert wire.isascii()
    assert not set(wire) & set(' "{}:,*/')
    getattr(iam, f"delete_{noun}_policy")(**named, PolicyName="inline")
    assert getattr(iam, f"list_{noun}_policies")(**named)["PolicyNames"] == []


def test_descriptions_keep_their_line_ends_and_signs(iam: Any) -> None:
    text = " <a> & \"b\"\r\n'é'\t "
    iam.update_role(RoleName="r", Description=text, MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == (text, 7200)


def test_update_role_without_a_description_takes_it_and_without_a_length_gives_an_hour(iam: Any) -> None:
    iam.update_role(RoleName="r", Description="d", MaxSessionDuration=7200)
    iam.update_role(RoleName="r", MaxSessionDuration=7200)
    assert "Description" not in iam.get_role(RoleName="r")["Role"]
    iam.update_role(RoleName="r", Description="d")
    assert iam.get_role(RoleName="r")["Role"]["MaxSessionDuration"] == 3600
    assert iam.update_role_description(RoleName="r", Description="e")["Role"]["Description"] == "e"


def test_documents_of_exactly_the_quota_fit_and_white_space_does_not_count(iam: Any) -> None:
    assert len(document(6144)) > 6144
    iam.create_policy(PolicyName="full", PolicyDocument=document(6144))
    iam.put_user_policy(UserName="u", PolicyName="full", PolicyDocument=document(2048))
    iam.put_user_policy(UserName="u", PolicyName="full", PolicyDocument=document(2047))
    iam.put_group_policy(GroupName="g", PolicyName="full", PolicyDocument=document(5120))
    iam.put_role_policy(RoleName="r", PolicyName="full", PolicyDocument=document(10240))


def test_an_instance_profile_holds_a_role_and_shows_with_it(iam: Any) -> None:
    iam.create_instance_profile(InstanceProfileName="i", Path="/x/")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    profile = iam.get_instance_profile(InstanceProfileName="i")["InstanceProfile"]
    assert profile["Arn"] == arn("instance-profile/x/i")
    assert [role["RoleName"] for role in profile["Roles"]] == ["r"]
    for listed in (
        iam.list_instance_profiles(PathPrefix="/x/")["InstanceProfiles"],
        iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"],
        details(iam, "Role")["RoleDetailList"][0]["InstanceProfileList"],
    ):
        assert [each["InstanceProfileName"] for each in listed] == ["i"]
    iam.remove_role_from_instance_profile(InstanceProfileName="i", RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="i")
    iam.delete_role(RoleName="r")


def test_a_user_is_deleted_once_all_that_it_has_is_gone(iam: Any) -> None:
    iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    certificate = iam.upload_signing_certificate(UserName="u", CertificateBody=PEM)["Certificate"]["CertificateId"]
    ssh = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key())["SSHPublicKey"]["SSHPublicKeyId"]
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    made = iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    service = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    iam.update_user(UserName="u", NewUserName="v")

    assert iam.get_login_profile(UserName="v")["LoginProfile"]["UserName"] == "v"
    assert [row["AccessKeyId"] for row in iam.list_access_keys(UserName="v")["AccessKeyMetadata"]] == [key]
    assert [row["CertificateId"] for row in iam.list_signing_certificates(UserName="v")["Certificates"]] == [
        certificate
    ]
    assert [row["SSHPublicKeyId"] for row in iam.list_ssh_public_keys(UserName="v")["SSHPublicKeys"]] == [ssh]
    assert [row["SerialNumber"] for row in iam.list_mfa_devices(UserName="v")["MFADevices"]] == [serial]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"][0]["User"]["UserName"] == "v"
    listed = iam.list_service_specific_credentials(UserName="v")["ServiceSpecificCredentials"]
    assert [row["ServiceSpecificCredentialId"] for row in listed] == [service]

    iam.delete_login_profile(UserName="v")
    iam.delete_access_key(UserName="v", AccessKeyId=key)
    iam.delete_signing_certificate(UserName="v", CertificateId=certificate)
    iam.delete_ssh_public_key(UserName="v", SSHPublicKeyId=ssh)
    iam.deactivate_mfa_device(UserName="v", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.delete_service_specific_credential(UserName="v", ServiceSpecificCredentialId=service)
    iam.delete_user(UserName="v")
    assert iam.list_users()["Users"] == []


def test_service_specific_credentials_show_their_password_once_and_can_be_reset_and_deactivated(iam: Any) -> None:
    made = iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    credential = made["ServiceSpecificCredential"]
    named = {"UserName": "u", "ServiceSpecificCredentialId": credential["ServiceSpecificCredentialId"]}
    reset = iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != credential["ServicePassword"]
    iam.update_service_specific_credential(**named, Status="Inactive")
    listed = iam.list_service_specific_credentials(AllUsers=True)["ServiceSpecificCredentials"]
    assert [row["Status"] for row in listed] == ["Inactive"]
    assert "ServicePassword" not in listed[0]
    named_service = iam.list_service_specific_credentials(UserName="u", ServiceName="cassandra.amazonaws.com")
    assert named_service["ServiceSpecificCredentials"] == []
