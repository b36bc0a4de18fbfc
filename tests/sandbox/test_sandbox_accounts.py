"""What belongs to an account as a whole: services' roles, providers, passwords, alias, credential report, tags."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox.refusals_of_callers import key_of
from sandbox.sandbox_support import METADATA, PEM, POLICY, TRUST, arn, client, managed

from reconciler import sandbox
from reconciler.sandbox import awsmanaged, servicelinked
from reconciler.sandbox.answers import report

NOWHERE = arn("oidc-provider/x")


@pytest.fixture
def session() -> Any:
    return sandbox.session()


@pytest.fixture
def iam(session: Any) -> Any:
    return session.client("iam")


@pytest.mark.parametrize(
    ("service", "suffix", "name"),
    [
        ("ecs.amazonaws.com", None, "AWSServiceRoleForECS"),
        ("eks.amazonaws.com", None, "AWSServiceRoleForAmazonEKS"),
        ("ops.apigateway.amazonaws.com", None, "AWSServiceRoleForAPIGateway"),
        ("spot.amazonaws.com", None, "AWSServiceRoleForEC2Spot"),
        ("autoscaling.amazonaws.com", None, "AWSServiceRoleForAutoScaling"),
        ("autoscaling.amazonaws.com", "blue", "AWSServiceRoleForAutoScaling_blue"),
        ("lexv2.amazonaws.com", "a1", "AWSServiceRoleForLexV2Bots_a1"),
        ("nobody-knows.it.amazonaws.com", "x", "AWSServiceRoleForNobodyKnowsIt_x"),
    ],
)
def test_a_service_linked_role_has_the_services_spelling(iam: Any, service: str, suffix: str | None, name: str) -> None:
    options = {"CustomSuffix": suffix} if suffix else {}
    made = iam.create_service_linked_role(AWSServiceName=service, Description="d", **options)["Role"]
    assert (made["RoleName"], made["Path"]) == (name, f"/aws-service-role/{service}/")
    assert made["Arn"] == arn(f"role/aws-service-role/{service}/{name}")
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": service}
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "d"


def test_every_policy_of_a_known_service_is_one_that_aws_has() -> None:
    for service, known in servicelinked._KNOWN.items():  # noqa: SLF001  the table is what is tested
        assert known.name.startswith("AWSServiceRoleFor"), service
        assert awsmanaged.find(managed(f"aws-service-role/{known.policy}")), service


def test_a_service_linked_role_has_its_policy_and_keeps_description_and_tags_of_its_owner(iam: Any) -> None:
    name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    policy = managed("aws-service-role/AmazonECSServiceRolePolicy")
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [row["PolicyArn"] for row in attached] == [policy]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    iam.update_role_description(RoleName=name, Description="mine")
    iam.update_role(RoleName=name, Description="ours")
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "b"}])
    found = iam.get_role(RoleName=name)["Role"]
    assert (found["Description"], found["Tags"]) == ("ours", [{"Key": "a", "Value": "b"}])


def test_a_service_linked_role_goes_by_a_task_of_its_own(iam: Any) -> None:
    name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/ecs.amazonaws.com/{name}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name)
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_an_oidc_provider_lives(iam: Any) -> None:
    made = iam.create_open_id_connect_provider(
        Url="https://token.example.org/a", ClientIDList=["one", "one"], ThumbprintList=["a" * 40],
        Tags=[{"Key": "a", "Value": "b"}],
    )  # fmt: skip
    found = made["OpenIDConnectProviderArn"]
    assert (found, made["Tags"]) == (arn("oidc-provider/token.example.org/a"), [{"Key": "a", "Value": "b"}])
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=found, ClientID="two")
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=found, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=found, ThumbprintList=["b" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=found, Tags=[{"Key": "A", "Value": "c"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=found, TagKeys=["a"])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=found)
    assert shown["Url"] == "token.example.org/a"
    assert (shown["ClientIDList"], shown["ThumbprintList"]) == (["two"], ["b" * 40])
    tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=found)["Tags"]
    assert tags == shown["Tags"] == [{"Key": "A", "Value": "c"}]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": found}]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=found)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_saml_provider_lives(iam: Any) -> None:
    found = iam.create_saml_provider(Name="s", SAMLMetadataDocument=METADATA, Tags=[{"Key": "a", "Value": "b"}])
    provider = found["SAMLProviderArn"]
    assert provider == arn("saml-provider/s")
    iam.tag_saml_provider(SAMLProviderArn=provider, Tags=[{"Key": "c", "Value": ""}])
    iam.untag_saml_provider(SAMLProviderArn=provider, TagKeys=["a"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=provider)["Tags"] == [{"Key": "c", "Value": ""}]
    changed = METADATA.replace("</", "<a/></")
    assert iam.update_saml_provider(SAMLProviderArn=provider, SAMLMetadataDocument=changed)["SAMLProviderArn"]
    shown = iam.get_saml_provider(SAMLProviderArn=provider)
    assert (shown["SAMLMetadataDocument"], shown["Tags"]) == (changed, [{"Key": "c", "Value": ""}])
    assert [row["Arn"] for row in iam.list_saml_providers()["SAMLProviderList"]] == [provider]
    with pytest.raises(ClientError, match="NotImplemented"):
        iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey="key")
    iam.delete_saml_provider(SAMLProviderArn=provider)
    assert iam.list_saml_providers()["SAMLProviderList"] == []


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("get_open_id_connect_provider", {"OpenIDConnectProviderArn": NOWHERE}),
        ("update_open_id_connect_provider_thumbprint", {"OpenIDConnectProviderArn": NOWHERE, "ThumbprintList": []}),
        ("add_client_id_to_open_id_connect_provider", {"OpenIDConnectProviderArn": NOWHERE, "ClientID": "c"}),
        ("remove_client_id_from_open_id_connect_provider", {"OpenIDConnectProviderArn": NOWHERE, "ClientID": "c"}),
        ("list_open_id_connect_provider_tags", {"OpenIDConnectProviderArn": NOWHERE}),
        ("get_saml_provider", {"SAMLProviderArn": arn("saml-provider/x")}),
        ("update_saml_provider", {"SAMLProviderArn": arn("saml-provider/x"), "SAMLMetadataDocument": METADATA}),
        ("delete_saml_provider", {"SAMLProviderArn": arn("saml-provider/x")}),
        ("tag_saml_provider", {"SAMLProviderArn": arn("saml-provider/x"), "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)  # fmt: skip
def test_a_provider_that_is_not_there_is_no_such_entity(iam: Any, operation: str, params: dict[str, Any]) -> None:
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        getattr(iam, operation)(**params)


def test_a_trust_may_name_a_provider_that_does_not_exist(iam: Any) -> None:
    trust = TRUST.replace('"Service": "ec2.amazonaws.com"', f'"Federated": "{arn("oidc-provider/gone")}"')
    trust = trust.replace("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)


def test_passwords_live(session: Any, iam: Any) -> None:
    iam.create_user(UserName="u")
    made = iam.create_login_profile(UserName="u", Password="Correct-horse-1", PasswordResetRequired=True)
    assert made["LoginProfile"]["PasswordResetRequired"] is True
    # What is not given stays: moto takes the password away.
    iam.update_login_profile(UserName="u", PasswordResetRequired=True)
    mine = session.client("iam", **key_of(session, "u"))
    mine.change_password(OldPassword="Correct-horse-1", NewPassword="Correct-horse-2")
    shown = mine.get_login_profile()["LoginProfile"]
    assert (shown["UserName"], shown["PasswordResetRequired"]) == ("u", False)
    iam.delete_login_profile(UserName="u")
    iam.delete_access_key(
        UserName="u", AccessKeyId=iam.list_access_keys(UserName="u")["AccessKeyMetadata"][0]["AccessKeyId"]
    )
    iam.delete_user(UserName="u")


def test_a_password_policy_holds_until_it_is_deleted(iam: Any) -> None:
    iam.create_user(UserName="u")
    iam.update_account_password_policy(MinimumPasswordLength=6)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireSymbols"], policy["ExpirePasswords"]) == (6, False, False)
    iam.create_login_profile(UserName="u", Password="simple")
    iam.delete_account_password_policy()
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException):
        iam.update_login_profile(UserName="u", Password="simple")


def test_an_account_has_one_alias(iam: Any) -> None:
    iam.create_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="second-1")
    assert iam.list_account_aliases()["AccountAliases"] == ["second-1"]
    iam.delete_account_alias(AccountAlias="second-1")
    assert iam.list_account_aliases()["AccountAliases"] == []


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.time = dt.datetime(2027, 1, 1, 12)  # noqa: DTZ001  without zone, as moto keeps times

    def __call__(self) -> dt.datetime:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(report, "now", made)
    return made


def test_a_credential_report_is_begun_made_kept_and_begun_again(iam: Any, clock: Clock) -> None:
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException) as absent:
        iam.get_credential_report()
    assert absent.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "INPROGRESS"
    with pytest.raises(iam.exceptions.CredentialReportNotReadyException) as unready:
        iam.get_credential_report()
    assert unready.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    clock.time += report.TAKES
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    first = iam.get_credential_report()
    iam.create_user(UserName="later")
    assert iam.get_credential_report()["Content"] == first["Content"]
    assert (first["ReportFormat"], first["GeneratedTime"].isoformat()) == ("text/csv", "2027-01-01T12:00:00+00:00")
    clock.time += report.KEPT
    with pytest.raises(iam.exceptions.CredentialReportExpiredException) as expired:
        iam.get_credential_report()
    assert expired.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    assert iam.generate_credential_report()["State"] == "STARTED"
    clock.time += report.TAKES
    assert b"later" in iam.get_credential_report()["Content"]


def test_a_credential_report_has_awss_columns_and_what_users_have(iam: Any, clock: Clock) -> None:
    for name in ("none", "all"):
        iam.create_user(UserName=name)
    iam.update_account_password_policy(MaxPasswordAge=10)
    iam.create_login_profile(UserName="all", Password="Correct-horse-1")
    iam.create_access_key(UserName="all")
    second = iam.create_access_key(UserName="all")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="all", AccessKeyId=second, Status="Inactive")
    iam.upload_signing_certificate(UserName="all", CertificateBody=PEM)
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="all", SerialNumber=serial, **codes)
    iam.generate_credential_report()
    clock.time += report.TAKES
    text = iam.get_credential_report()["Content"].decode()
    assert text.splitlines()[0] == (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
        "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
        "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
        "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
        "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
    )
    root, every, none = csv.DictReader(io.StringIO(text))
    assert (root["user"], root["arn"], root["password_enabled"]) == ("<root_account>", arn("root"), "not_supported")
    assert (none["password_enabled"], none["password_last_used"], none["mfa_active"]) == ("false", "N/A", "false")
    assert {none[name] for name in none if name.endswith(("active", "enabled"))} == {"false"}
    assert (every["user"], every["arn"], every["mfa_active"]) == ("all", arn("user/all"), "true")
    assert (every["password_enabled"], every["password_last_used"]) == ("true", "no_information")
    changed, rotation = (
        dt.datetime.fromisoformat(every[f"password_{what}"]) for what in ("last_changed", "next_rotation")
    )
    assert rotation - changed == dt.timedelta(days=10)
    assert (every["access_key_1_active"], every["access_key_2_active"]) == ("true", "false")
    assert (every["cert_1_active"], every["cert_2_active"]) == ("true", "false")
    assert every["access_key_2_last_rotated"].endswith("+00:00")
    assert every["access_key_1_last_used_date"] == "N/A"


def tagged(session: Any, **params: Any) -> list[str]:
    """Return the names of what the tagging API finds, over all pages."""
    tagging = session.client("resourcegroupstaggingapi")
    pages = tagging.get_paginator("get_resources").paginate(**params)
    return [row["ResourceARN"].rpartition("/")[2] for page in pages for row in page["ResourceTagMappingList"]]


@pytest.fixture
def many(session: Any) -> Any:
    """A session whose account has seven tagged policies, an untagged one, a profile, a user and a role with tags."""
    iam = session.client("iam")
    for number in range(7):
        tags = [{"Key": "team", "Value": "ab"[number % 2]}, {"Key": f"k{number}", "Value": ""}]
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=POLICY, Tags=tags)
    iam.create_policy(PolicyName="untagged", PolicyDocument=POLICY)
    iam.create_instance_profile(InstanceProfileName="i", Tags=[{"Key": "team", "Value": "a"}])
    iam.create_user(UserName="u", Tags=[{"Key": "team", "Value": "a"}])
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "team", "Value": "a"}])
    return session


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "i p0 p1 p2 p3 p4 p5 p6"),
        ({"ResourceTypeFilters": ["iam:policy"]}, "p0 p1 p2 p3 p4 p5 p6"),
        ({"ResourceTypeFilters": ["iam:instance-profile", "ec2"]}, "i"),
        ({"ResourceTypeFilters": ["iam"]}, "i p0 p1 p2 p3 p4 p5 p6"),
        ({"ResourceTypeFilters": ["iam:user"]}, ""),
        ({"TagFilters": [{"Key": "team", "Values": ["b"]}]}, "p1 p3 p5"),
        ({"TagFilters": [{"Key": "team", "Values": ["a", "b"]}, {"Key": "k2"}]}, "p2"),
        ({"TagFilters": [{"Key": "TEAM"}]}, ""),
        ({"ResourceARNList": [arn("policy/p4"), arn("policy/nowhere"), arn("policy/untagged")]}, "p4"),
    ],
)
def test_the_tagging_api_finds_what_has_tags_but_no_users_and_roles(many: Any, params: Any, names: str) -> None:
    assert tagged(many, **params) == names.split()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_the_tagging_api_pages(many: Any, size: int) -> None:
    assert tagged(many, ResourcesPerPage=size) == ["i", *(f"p{number}" for number in range(7))]
    tagging = many.client("resourcegroupstaggingapi")
    assert len(tagging.get_resources(ResourcesPerPage=size)["ResourceTagMappingList"]) == min(size, 8)


def test_a_page_may_be_cut_by_tags_and_no_resource_is(session: Any) -> None:
    iam = session.client("iam")
    for number in range(3):
        tags = [{"Key": f"k{each}", "Value": ""} for each in range(40)]
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=POLICY, Tags=tags)
    page = session.client("resourcegroupstaggingapi").get_resources(TagsPerPage=100)
    assert [len(row["Tags"]) for row in page["ResourceTagMappingList"]] == [40, 40]
    assert page["PaginationToken"]


def test_the_tagging_api_lists_keys_and_values_and_knows_iam_in_one_region(many: Any) -> None:
    tagging = many.client("resourcegroupstaggingapi")
    assert tagging.get_tag_keys()["TagKeys"] == [*(f"k{number}" for number in range(7)), "team"]
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["a", "b"]
    elsewhere = many.client("resourcegroupstaggingapi", region_name="eu-west-1")
    assert elsewhere.get_resources()["ResourceTagMappingList"] == []
    with pytest.raises(tagging.exceptions.InvalidParameterException, match="PaginationToken is invalid"):
        tagging.get_resources(PaginationToken="nonsense")
    with pytest.raises(ClientError, match="NotImplemented"):
        tagging.tag_resources(ResourceARNList=[arn("policy/p0")], Tags={"a": "b"})
    china: Any = sandbox.session(region="cn-north-1")
    china.client("iam").create_policy(PolicyName="p", PolicyDocument=POLICY, Tags=[{"Key": "a", "Value": ""}])
    assert tagged(china) == ["p"]


def test_what_is_new_is_saved_too() -> None:
    iam = client("shared")
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    iam.create_saml_provider(Name="s", SAMLMetadataDocument=METADATA, Tags=[{"Key": "a", "Value": "b"}])
    provider = iam.create_open_id_connect_provider(Url="https://example.org", Tags=[{"Key": "a", "Value": "b"}])
    name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    iam.generate_credential_report()
    other = client("shared")
    assert other.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert other.generate_credential_report()["State"] != "STARTED"
    assert other.get_saml_provider(SAMLProviderArn=arn("saml-provider/s"))["Tags"] == [{"Key": "a", "Value": "b"}]
    assert other.get_open_id_connect_provider(
        OpenIDConnectProviderArn=provider["OpenIDConnectProviderArn"]
    )["Tags"] == [{"Key": "a", "Value": "b"}]  # fmt: skip
    assert other.get_login_profile(UserName="u")["LoginProfile"]["PasswordResetRequired"] is False
