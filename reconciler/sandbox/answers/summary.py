"""GetAccountSummary: counts and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.quotas import DEFAULTS
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call

__all__ = ["get_account_summary"]


@answer("GetAccountSummary")
def get_account_summary(account: Account, _: Call) -> Mapping[str, Any]:
    """Return what the account holds and how much it may hold."""
    iam = account.iam
    counts = {
        "AccountAccessKeysPresent": 0,
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "GlobalEndpointTokenVersion": 1,
        "Groups": len(iam.groups),
        "InstanceProfiles": len(iam.instance_profiles),
        "MFADevices": len(iam.virtual_mfa_devices),
        "MFADevicesInUse": sum(len(user.mfa_devices) for user in iam.users.values()),
        "Policies": len(iam.managed_policies),
        "PolicyVersionsInUse": account.versions_in_use(),
        "Providers": len(iam.saml_providers) + len(iam.open_id_providers),
        "Roles": len(iam.roles),
        "ServerCertificates": len(iam.certificates),
        "Users": len(iam.users),
    }
    return {"SummaryMap": dict(sorted({**counts, **DEFAULTS, **account.quotas}.items()))}
