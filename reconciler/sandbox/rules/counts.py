"""How many objects an account holds, and how many credentials a user."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.account import Account
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.quotas import MFA_DEVICES_PER_USER, SERVICE_CREDENTIALS_PER_USER, SSH_KEYS_PER_USER
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "access_key_quota",
    "account_quota",
    "certificate_quota",
    "mfa_device_quota",
    "service_credential_quota",
    "ssh_key_quota",
    "versions_in_use_quota",
]

_QUOTAS = "IAM user guide, reference_iam-quotas"
_AWS_POLICIES = 2000
"""More than AWS manages."""
_HELD: Mapping[str, tuple[str, str]] = {
    "CreateUser": ("Users", "users"),
    "CreateGroup": ("Groups", "groups"),
    "CreateRole": ("Roles", "roles"),
    "CreatePolicy": ("Policies", "managed_policies"),
    "CreateInstanceProfile": ("InstanceProfiles", "instance_profiles"),
    "UploadServerCertificate": ("ServerCertificates", "certificates"),
}


@rule("LimitExceeded", *_HELD, source=f"{_QUOTAS}; ansible/workshops issue 1801")
def account_quota(account: Account, call: Call) -> str | None:
    """Refuse more users, groups, roles, policies, instance profiles or server certificates than the account may hold.

    Roles that are linked to a service count and are created beyond the quota. Source: IAM user guide,
    using-service-linked-roles.
    """
    noun, attribute = _HELD[call.operation]
    quota = account.quota(f"{noun}Quota")
    return _exceeds(len(getattr(account.iam, attribute)), quota, f"{noun}PerAccount")


@rule(
    "LimitExceeded",
    "CreatePolicy",
    "CreatePolicyVersion",
    source="GetAccountSummary of IAM's API reference; what counts as in use is assumed",
    standing="assumed",
)
def versions_in_use_quota(account: Account, _: Call) -> str | None:
    """Refuse more versions of policies, all taken together, than the account may hold."""
    quota = account.quota("PolicyVersionsInUseQuota")
    # Which policies of AWS are in use takes a look at every holder; mostly there is room for all of them.
    if sum(len(policy.versions) for policy in account.iam.managed_policies.values()) < quota - _AWS_POLICIES:
        return None
    return _exceeds(account.versions_in_use(), quota, "PolicyVersionsInUse")


@rule("LimitExceeded", "CreateAccessKey", source=_QUOTAS)
def access_key_quota(account: Account, call: Call) -> str | None:
    """Refuse a user's third access key."""
    quota = account.quota("AccessKeysPerUserQuota")
    return _exceeds(len(named_user(account, call).access_keys), quota, "AccessKeysPerUser")


@rule("LimitExceeded", "UploadSigningCertificate", source=f"{_QUOTAS}; the wording is assumed")
def certificate_quota(account: Account, call: Call) -> str | None:
    """Refuse a user's third signing certificate."""
    quota = account.quota("SigningCertificatesPerUserQuota")
    return _exceeds(len(named_user(account, call).signing_certificates), quota, "CertificatesPerUser")


@rule("LimitExceeded", "UploadSSHPublicKey", source=f"{_QUOTAS}; the wording is assumed")
def ssh_key_quota(account: Account, call: Call) -> str | None:
    """Refuse a user's sixth SSH public key."""
    return _exceeds(len(named_user(account, call).ssh_public_keys), SSH_KEYS_PER_USER, "SSHPublicKeysPerUser")


@rule("LimitExceeded", "EnableMFADevice", source=f"{_QUOTAS}; the wording is assumed")
def mfa_device_quota(account: Account, call: Call) -> str | None:
    """Refuse a user's ninth MFA device."""
    return _exceeds(len(named_user(account, call).mfa_devices), MFA_DEVICES_PER_USER, "MFADevicesPerUser")


@rule("LimitExceeded", "CreateServiceSpecificCredential", source="IAM API reference, CreateServiceSpecificCredential")
def service_credential_quota(account: Account, call: Call) -> str | None:
    """Refuse a user's third credential for one service."""
    credentials = getattr(named_user(account, call), "service_specific_credentials", ())
    same = [each for each in credentials if each["ServiceName"] == call.params["ServiceName"]]
    return _exceeds(len(same), SERVICE_CREDENTIALS_PER_USER, "ServiceSpecificCredentialsPerUser")


def _exceeds(held: int, quota: int, what: str) -> str | None:
    return f"Cannot exceed quota for {what}: {quota}" if held >= quota else None
