"""The cases of rules about credentials, and about how many objects an account and a user may hold."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox.refusal_steps import CODES, Refusal, does, has, mfa, tag
from sandbox.sandbox_support import PEM, PEMS, POLICY, TRUST, arn, managed, ssh_key

__all__ = ["COUNTS", "CREDENTIALS"]

U: dict[str, Any] = {"UserName": "u"}
CODECOMMIT: dict[str, Any] = {**U, "ServiceName": "codecommit.amazonaws.com"}
CERTIFICATE: dict[str, Any] = {"CertificateBody": PEM, "PrivateKey": "key"}
IN_HAND = {"SerialNumber": "GAHT12345678", **CODES}


def _full(noun: str, operation: str, quota: int = 1, **params: str) -> Refusal:
    message = f"Cannot exceed quota for {noun}PerAccount: {quota}"
    return Refusal("LimitExceeded", "account_quota", (operation, params), message, quotas={f"{noun}Quota": quota})


COUNTS = [
    _full("Users", "create_user", UserName="x"),
    _full("Groups", "create_group", GroupName="x"),
    _full("Roles", "create_role", RoleName="x", AssumeRolePolicyDocument=TRUST),
    _full("Policies", "create_policy", PolicyName="x", PolicyDocument=POLICY),
    _full("InstanceProfiles", "create_instance_profile", 0, InstanceProfileName="x"),
    _full(
        "ServerCertificates", "upload_server_certificate", 0,
        ServerCertificateName="x", CertificateBody=PEM, PrivateKey="x",
    ),
    *(
        Refusal(
            "LimitExceeded", "versions_in_use_quota", call, "Cannot exceed quota for PolicyVersionsInUse: 2",
            (does("attach_group_policy", GroupName="g", PolicyArn=managed("ReadOnlyAccess")),),
            {"PolicyVersionsInUseQuota": 2},
        )
        for call in (
            ("create_policy", {"PolicyName": "x", "PolicyDocument": POLICY}),
            ("create_policy_version", {"PolicyArn": arn("policy/p"), "PolicyDocument": POLICY}),
        )
    ),
    has(
        "LimitExceeded", "access_key_quota", "create_access_key", "Cannot exceed quota for AccessKeysPerUser: 2",
        does("create_access_key", 2, **U), **U,
    ),
    has(
        "LimitExceeded", "certificate_quota", "upload_signing_certificate", "CertificatesPerUser: 2",
        *(does("upload_signing_certificate", **U, CertificateBody=body) for body in PEMS[:2]),
        **U, CertificateBody=PEMS[2],
    ),
    has(
        "LimitExceeded", "ssh_key_quota", "upload_ssh_public_key", "SSHPublicKeysPerUser: 5",
        *(does("upload_ssh_public_key", **U, SSHPublicKeyBody=ssh_key(number)) for number in range(5)),
        **U, SSHPublicKeyBody=ssh_key(5),
    ),
    has(
        "LimitExceeded", "mfa_device_quota", "enable_mfa_device", "MFADevicesPerUser: 8",
        *(partial(mfa, name=f"d{number}") for number in range(8)), **U, **IN_HAND,
    ),
    has(
        "LimitExceeded", "service_credential_quota", "create_service_specific_credential", "",
        does("create_service_specific_credential", 2, **CODECOMMIT), **CODECOMMIT,
    ),
]  # fmt: skip

CREDENTIALS = [
    has(
        "EntityAlreadyExists", "user_has_no_password_yet", "create_login_profile",
        "Login Profile for user u already exists.",
        does("create_login_profile", **U, Password="Correct-horse-1"), **U, Password="Correct-horse-2",
    ),
    *(
        has(
            "MalformedCertificate", "certificate_is_well_formed", operation, "in PEM format.",
            CertificateBody=body, **params,
        )
        for operation, params in (
            ("upload_signing_certificate", U),
            ("upload_server_certificate", {"ServerCertificateName": "x", "PrivateKey": "x"}),
        )
        for body in ("x", PEM.replace("MIIB", "XXXX"))
    ),
    has(
        "DuplicateCertificate", "certificate_is_new", "upload_signing_certificate", "",
        does("create_user", UserName="v"), does("upload_signing_certificate", UserName="v", CertificateBody=PEM),
        **U, CertificateBody=PEM.replace("\n", "\r\n"),
    ),
    *(
        has("InvalidPublicKey", "ssh_key_is_rsa", "upload_ssh_public_key", "", **U, SSHPublicKeyBody=body)
        for body in (
            "x", "ssh-rsa AAAA", ssh_key(bits=1024), PEM,
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVRWXR2xVTDFWQkdvcG1VYVVpait6OWlHclhBdDUy",
        )
    ),
    has(
        "DuplicateSSHPublicKey", "ssh_key_is_new", "upload_ssh_public_key", "",
        does("upload_ssh_public_key", **U, SSHPublicKeyBody=ssh_key()),
        **U, SSHPublicKeyBody=ssh_key().replace("remark", "other remark"),
    ),
    has(
        "EntityAlreadyExists", "mfa_device_name_is_free", "create_virtual_mfa_device", "same path and name",
        does("create_virtual_mfa_device", VirtualMFADeviceName="d", Path="/x/"), VirtualMFADeviceName="d", Path="/x/",
    ),
    has(
        "EntityAlreadyExists", "mfa_device_is_free", "enable_mfa_device", "already in use",
        mfa, does("create_user", UserName="v"), UserName="v", SerialNumber=arn("mfa/d"), **CODES,
    ),
    has(
        "EntityAlreadyExists", "certificate_name_is_free", "upload_server_certificate", "name C already exists",
        does("upload_server_certificate", ServerCertificateName="c", **CERTIFICATE),
        ServerCertificateName="C", **CERTIFICATE,
    ),
    has(
        "EntityAlreadyExists", "certificate_name_is_free", "update_server_certificate", "name C already exists",
        does("upload_server_certificate", ServerCertificateName="c", **CERTIFICATE),
        does("upload_server_certificate", ServerCertificateName="d", **CERTIFICATE),
        ServerCertificateName="d", NewServerCertificateName="C",
    ),
    has(
        "InvalidInput", "tag_keys_not_reserved", "upload_server_certificate", "",
        ServerCertificateName="c", **CERTIFICATE, Tags=[tag("aws:x")],
    ),
    has(
        "InvalidInput", "tag_keys_differ", "create_virtual_mfa_device", "",
        VirtualMFADeviceName="d", Tags=[tag("a"), tag("a")],
    ),
    has(
        "NotSupportedService", "service_has_credentials", "create_service_specific_credential", "s3.amazonaws.com",
        **U, ServiceName="s3.amazonaws.com",
    ),
]  # fmt: skip
