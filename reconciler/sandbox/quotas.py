"""How much an account may hold: the quotas of a new account, most of them named as in GetAccountSummary.

Source: IAM user guide, reference_iam-quotas; GetAccountSummary of IAM's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors import SandboxError

__all__ = [
    "CLIENT_IDS_PER_PROVIDER",
    "DEFAULTS",
    "MFA_DEVICES_PER_USER",
    "PROVIDERS",
    "SERVICE_CREDENTIALS_PER_USER",
    "SSH_KEYS_PER_USER",
    "THUMBPRINTS_PER_PROVIDER",
    "checked",
]

CLIENT_IDS_PER_PROVIDER = 100
PROVIDERS = 100
"""OIDC providers, and as many SAML providers."""
THUMBPRINTS_PER_PROVIDER = 5

MFA_DEVICES_PER_USER = 8
SERVICE_CREDENTIALS_PER_USER = 2
"""For each service."""
SSH_KEYS_PER_USER = 5

DEFAULTS: Mapping[str, int] = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "GroupsQuota": 300,
    "InstanceProfilesQuota": 1000,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": 6144,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": 10240,
    "RolesQuota": 1000,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": 2048,
    "UsersQuota": 5000,
    "VersionsPerPolicyQuota": 5,
}


def checked(quotas: Mapping[str, int]) -> dict[str, int]:
    """Return quotas that an account is to have instead of the default ones.

    Raises:
        SandboxError: a name is none of GetAccountSummary's quotas, or a quota is negative.
    """
    for name, quota in quotas.items():
        if name not in DEFAULTS:
            raise SandboxError(f"{name!r} is no quota; use one of {', '.join(DEFAULTS)}")
        if quota < 0:
            raise SandboxError(f"{name} cannot be {quota}; a quota is zero or more")
    return dict(quotas)
