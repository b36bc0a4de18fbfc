"""Passwords, keys, certificates and MFA devices in the sandbox, as in AWS."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.refusal_steps import CODES, mfa
from sandbox.sandbox_support import PEMS, arn, client, ssh_key

from reconciler import sandbox


@pytest.fixture
def iam() -> Any:
    made = client()
    made.create_user(UserName="u", Path="/team/")
    made.create_user(UserName="v")
    return made


def test_a_password_is_set_changed_in_part_and_taken_away(iam: Any) -> None:
    made = iam.create_login_profile(UserName="u", Password="Correct-horse-1", PasswordResetRequired=True)[
        "LoginProfile"
    ]
    assert (made["UserName"], made["PasswordResetRequired"]) == ("u", True)
    assert iam.get_login_profile(UserName="u")["LoginProfile"] == made
    iam.update_login_profile(UserName="u", Password="Correct-horse-2")
    assert iam.get_login_profile(UserName="u")["LoginProfile"] == made
    iam.update_login_profile(UserName="u", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="u")["LoginProfile"]["PasswordResetRequired"] is False
    iam.update_login_profile(UserName="u", MaxSigninSessionDuration=7200)
    assert iam.get_login_profile(UserName="u")["LoginProfile"]["MaxSigninSessionDuration"] == 7200
    iam.update_login_profile(UserName="u", ResetMaxSigninSessionDuration=True)
    assert "MaxSigninSessionDuration" not in iam.get_login_profile(UserName="u")["LoginProfile"]
    iam.delete_login_profile(UserName="u")
    for call in (iam.get_login_profile, iam.update_login_profile, iam.delete_login_profile):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="Login Profile for User u cannot be found"):
            call(UserName="u")
    iam.delete_user(UserName="u")


def test_access_keys_belong_to_one_user_and_can_be_deactivated(iam: Any) -> None:
    key = iam.create_access_key(UserName="u")["AccessKey"]
    assert (key["UserName"], key["Status"], len(key["SecretAccessKey"])) == ("u", "Active", 40)
    named = {"AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(UserName="u", Status="Inactive", **named)
    (listed,) = iam.list_access_keys(UserName="u")["AccessKeyMetadata"]
    assert listed == {**named, "UserName": "u", "Status": "Inactive", "CreateDate": key["CreateDate"]}
    assert iam.get_access_key_last_used(**named)["UserName"] == "u"
    for call in (iam.delete_access_key, lambda **names: iam.update_access_key(Status="Active", **names)):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="Access Key with id"):
            call(UserName="v", **named)
    iam.delete_access_key(UserName="u", **named)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_access_key_last_used(**named)
    iam.delete_user(UserName="u")


def test_who_calls_without_a_name_means_itself() -> None:
    session = sandbox.session()
    iam: Any = session.client("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    own = session.client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    second = own.create_access_key()["AccessKey"]
    assert second["UserName"] == "u"
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 2
    own.upload_signing_certificate(CertificateBody=PEMS[0])
    assert [each["UserName"] for each in iam.list_signing_certificates(UserName="u")["Certificates"]] == ["u"]
    own.delete_access_key(AccessKeyId=second["AccessKeyId"])


def test_ssh_keys_show_their_body_one_by_one_and_can_be_deactivated(iam: Any) -> None:
    other = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key(1))["SSHPublicKey"]
    made = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key())["SSHPublicKey"]
    named = {"UserName": "u", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    iam.update_ssh_public_key(**named, Status="Inactive")
    read = iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"]
    assert read == {**made, "Status": "Inactive"}
    assert (read["SSHPublicKeyBody"], read["Fingerprint"].count(":")) == (ssh_key(), 15)
    listed = iam.list_ssh_public_keys(UserName="u")["SSHPublicKeys"]
    assert {each["SSHPublicKeyId"] for each in listed} == {other["SSHPublicKeyId"], made["SSHPublicKeyId"]}
    assert listed[0].keys() == {"UserName", "SSHPublicKeyId", "Status", "UploadDate"}
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="SSH Public Key with id"):
        iam.delete_ssh_public_key(UserName="v", SSHPublicKeyId=made["SSHPublicKeyId"])
    iam.delete_ssh_public_key(**named)
    iam.delete_ssh_public_key(UserName="u", SSHPublicKeyId=other["SSHPublicKeyId"])
    iam.delete_user(UserName="u")


def test_signing_certificates_are_two_at_most_and_can_be_deactivated(iam: Any) -> None:
    ids = [
        iam.upload_signing_certificate(UserName="u", CertificateBody=body)["Certificate"]["CertificateId"]
        for body in PEMS[:2]
    ]
    iam.update_signing_certificate(UserName="u", CertificateId=ids[0], Status="Inactive")
    listed = {each["CertificateId"]: each for each in iam.list_signing_certificates(UserName="u")["Certificates"]}
    assert [listed[identifier]["Status"] for identifier in ids] == ["Inactive", "Active"]
    assert [listed[identifier]["CertificateBody"] for identifier in ids] == PEMS[:2]
    for identifier in ids:
        iam.delete_signing_certificate(UserName="u", CertificateId=identifier)
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="Certificate with id"):
            iam.delete_signing_certificate(UserName="u", CertificateId=identifier)
    iam.delete_user(UserName="u")


def test_virtual_mfa_devices_are_listed_by_assignment_and_tagged(iam: Any) -> None:
    made = iam.create_virtual_mfa_device(
        VirtualMFADeviceName="free", Path="/x/", Tags=[{"Key": "a", "Value": "b"}, {"Key": "A", "Value": ""}]
    )["VirtualMFADevice"]
    assert made["SerialNumber"] == arn("mfa/x/free")
    assert len(made["Base32StringSeed"]) == 64
    taken = mfa(iam)

    def listed(**params: Any) -> list[str]:
        return [each["SerialNumber"] for each in iam.list_virtual_mfa_devices(**params)["VirtualMFADevices"]]

    assert listed() == [taken, arn("mfa/x/free")]
    assert listed(AssignmentStatus="Assigned") == [taken]
    assert listed(AssignmentStatus="Unassigned") == [arn("mfa/x/free")]
    page = iam.list_virtual_mfa_devices(MaxItems=1)
    assert (page["VirtualMFADevices"][0]["User"]["Arn"], page["IsTruncated"]) == (arn("user/team/u"), True)
    assert listed(Marker=page["Marker"]) == [arn("mfa/x/free")]
    iam.untag_mfa_device(SerialNumber=arn("mfa/x/free"), TagKeys=["A"])
    iam.tag_mfa_device(SerialNumber=arn("mfa/x/free"), Tags=[{"Key": "c", "Value": "d"}])
    shown = iam.list_mfa_device_tags(SerialNumber=arn("mfa/x/free"))["Tags"]
    assert shown == [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]


def test_a_device_in_the_hand_has_no_arn_and_one_that_was_never_made_is_missed(iam: Any) -> None:
    iam.enable_mfa_device(UserName="u", SerialNumber="GAHT12345678", **CODES)
    iam.resync_mfa_device(UserName="u", SerialNumber="GAHT12345678", **CODES)
    assert iam.get_mfa_device(UserName="u", SerialNumber="GAHT12345678")["SerialNumber"] == "GAHT12345678"
    assert iam.get_account_summary()["SummaryMap"]["MFADevicesInUse"] == 1
    iam.deactivate_mfa_device(UserName="u", SerialNumber="GAHT12345678")
    for call in (iam.get_mfa_device, iam.deactivate_mfa_device):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="GAHT12345678"):
            call(UserName="u", SerialNumber="GAHT12345678")
    nowhere = {"SerialNumber": arn("mfa/nowhere")}
    for call, params in (
        (iam.enable_mfa_device, {"UserName": "u", **CODES}),
        (iam.delete_virtual_mfa_device, {}),
        (iam.tag_mfa_device, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="VirtualMFADevice with serial number"):
            call(**nowhere, **params)


def test_server_certificates_are_listed_by_path_tagged_renamed_and_deleted(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.upload_server_certificate(
            ServerCertificateName=name, CertificateBody=PEMS[0], PrivateKey="key", Path=f"/{name}/",
            Tags=[{"Key": "k", "Value": name}],
        )  # fmt: skip
    page = iam.list_server_certificates(MaxItems=2)
    assert [each["ServerCertificateName"] for each in page["ServerCertificateMetadataList"]] == ["a", "b"]
    rest = iam.list_server_certificates(Marker=page["Marker"])["ServerCertificateMetadataList"]
    assert [each["Arn"] for each in rest] == [arn("server-certificate/c/c")]
    assert rest == iam.list_server_certificates(PathPrefix="/c/")["ServerCertificateMetadataList"]
    iam.update_server_certificate(ServerCertificateName="a", NewServerCertificateName="A", NewPath="/x/")
    iam.tag_server_certificate(ServerCertificateName="A", Tags=[{"Key": "K", "Value": ""}])
    assert [tag["Key"] for tag in iam.list_server_certificate_tags(ServerCertificateName="A")["Tags"]] == ["K", "k"]
    iam.untag_server_certificate(ServerCertificateName="A", TagKeys=["K"])
    found = iam.get_server_certificate(ServerCertificateName="A")["ServerCertificate"]
    assert (found["ServerCertificateMetadata"]["Arn"], found["ServerCertificateMetadata"]["Expiration"].year) == (
        arn("server-certificate/x/A"),
        2060,
    )
    assert (found["CertificateBody"], found["Tags"]) == (PEMS[0].rstrip(), [{"Key": "k", "Value": "a"}])
    for name in ("A", "b", "c"):
        iam.delete_server_certificate(ServerCertificateName=name)
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    for call in (iam.get_server_certificate, iam.delete_server_certificate):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="Server Certificate with name a"):
            call(ServerCertificateName="a")
