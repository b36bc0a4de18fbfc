"""Names are unique ignoring case.

Source: IAM user guide, reference_iam-quotas: names of users, groups, roles and instance profiles are not distinguished
by case; CreatePolicy documents EntityAlreadyExists for policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "certificate_name_is_free",
    "group_name_is_free",
    "policy_name_is_free",
    "profile_name_is_free",
    "role_name_is_free",
    "user_name_is_free",
]

_QUOTAS = "IAM user guide, reference_iam-quotas"


@rule("EntityAlreadyExists", "CreateUser", "UpdateUser", source=_QUOTAS)
def user_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that another user has, ignoring case; a user may change the case of its own."""
    return _taken("User", account.iam.users.values(), _renamed(call, account.user, "UserName"), call, "UserName")


@rule("EntityAlreadyExists", "CreateGroup", "UpdateGroup", source=_QUOTAS)
def group_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that another group has, ignoring case; a group may change the case of its own."""
    return _taken("Group", account.iam.groups.values(), _renamed(call, account.group, "GroupName"), call, "GroupName")


@rule("EntityAlreadyExists", "CreateRole", source=_QUOTAS)
def role_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that a role has, ignoring case."""
    return _taken("Role", account.iam.roles.values(), None, call, "RoleName")


@rule("EntityAlreadyExists", "CreatePolicy", source=f"{_QUOTAS}; IAM API reference, CreatePolicy")
def policy_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that a customer managed policy has, ignoring case and path."""
    name = call.params["PolicyName"]
    if _among(name, account.iam.managed_policies.values(), None):
        return f"A policy called {name} already exists. Duplicate names are not allowed."
    return None


@rule("EntityAlreadyExists", "CreateInstanceProfile", source=_QUOTAS)
def profile_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that an instance profile has, ignoring case."""
    name = call.params["InstanceProfileName"]
    if _among(name, account.iam.instance_profiles.values(), None):
        return f"Instance Profile {name} already exists."
    return None


@rule(
    "EntityAlreadyExists",
    "UploadServerCertificate",
    "UpdateServerCertificate",
    source=f"{_QUOTAS}; the wording is assumed",
)
def certificate_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a name that another server certificate has, ignoring case."""
    itself, name = None, call.params["ServerCertificateName"]
    if call.operation.startswith("Update"):
        itself, name = account.server_certificate(name), call.params.get("NewServerCertificateName", name)
    others = (each for each in account.iam.certificates.values() if each is not itself)
    if any(each.cert_name.lower() == name.lower() for each in others):
        return f"The Server Certificate with name {name} already exists."
    return None


def _renamed(call: Call, find: Any, key: str) -> Any:
    return find(call.params[key]) if call.operation.startswith("Update") else None


def _taken(noun: str, entities: Iterable[Any], itself: Any, call: Call, key: str) -> str | None:
    name = call.params.get(f"New{key}") if itself is not None else call.params[key]
    if name is not None and _among(name, entities, itself):
        return f"{noun} with name {name} already exists."
    return None


def _among(name: str, entities: Iterable[Any], itself: Any) -> bool:
    folded = name.lower()
    return any(entity.name.lower() == folded for entity in entities if entity is not itself)
