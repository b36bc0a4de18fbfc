"""The quotas of a new account.

Source: IAM user guide, reference_iam-quotas; GetAccountSummary of IAM's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ATTACHED_POLICIES",
    "CLIENT_IDS",
    "GROUPS_PER_USER",
    "INLINE_POLICY_SIZE",
    "MANAGED_POLICY_SIZE",
    "PROVIDERS",
    "SERVICE_CREDENTIALS",
    "SUMMARY",
    "THUMBPRINTS",
    "TRUST_SIZE",
    "VERSIONS_PER_POLICY",
]

ATTACHED_POLICIES = 10
CLIENT_IDS = 100
GROUPS_PER_USER = 10
INLINE_POLICY_SIZE: Mapping[str, int] = {"User": 2048, "Group": 5120, "Role": 10240}
MANAGED_POLICY_SIZE = 6144
PROVIDERS = 100
"""OIDC providers, and as many SAML providers."""
SERVICE_CREDENTIALS = 2
THUMBPRINTS = 5
TRUST_SIZE = 2048
VERSIONS_PER_POLICY = 5

SUMMARY: Mapping[str, int] = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": TRUST_SIZE,
    "AttachedPoliciesPerGroupQuota": ATTACHED_POLICIES,
    "AttachedPoliciesPerRoleQuota": ATTACHED_POLICIES,
    "AttachedPoliciesPerUserQuota": ATTACHED_POLICIES,
    "GlobalEndpointTokenVersion": 1,
    "GroupPolicySizeQuota": INLINE_POLICY_SIZE["Group"],
    "GroupsPerUserQuota": GROUPS_PER_USER,
    "GroupsQuota": 300,
    "InstanceProfilesQuota": 1000,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": MANAGED_POLICY_SIZE,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": INLINE_POLICY_SIZE["Role"],
    "RolesQuota": 1000,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": INLINE_POLICY_SIZE["User"],
    "UsersQuota": 5000,
    "VersionsPerPolicyQuota": VERSIONS_PER_POLICY,
}
