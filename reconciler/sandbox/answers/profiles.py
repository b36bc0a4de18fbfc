"""Instance profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import views
from reconciler.sandbox.account import Account, new_id
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call

__all__ = [
    "add_role_to_profile",
    "create_profile",
    "delete_profile",
    "get_profile",
    "list_profiles",
    "list_profiles_for_role",
    "remove_role_from_profile",
]

_NOUN = "InstanceProfile"


@answer("CreateInstanceProfile")
def create_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Create an instance profile."""
    name, path = call.params["InstanceProfileName"], call.params.get("Path", "/")
    profile = account.iam.create_instance_profile(name=name, path=path, role_names=[], tags=[])
    profile.id = new_id("AIPA")
    put_tags(account, _NOUN, profile, merged(_NOUN, {}, call.params.get("Tags", ())))
    return {_NOUN: {**views.profile(account, profile), **views.tags(account, _NOUN, profile)}}


@answer("GetInstanceProfile")
def get_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Return an instance profile."""
    profile = account.profile(call.params["InstanceProfileName"])
    return {_NOUN: {**views.profile(account, profile), **views.tags(account, _NOUN, profile)}}


@listing("ListInstanceProfiles", "InstanceProfiles", views.profile)
def list_profiles(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the instance profiles under a path."""
    prefix = call.params.get("PathPrefix", "/")
    found = account.iam.instance_profiles.values()
    return (((profile.name.lower(),), profile) for profile in found if profile.path.startswith(prefix))


@listing("ListInstanceProfilesForRole", "InstanceProfiles", views.profile)
def list_profiles_for_role(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the instance profiles that hold a role."""
    found = account.profiles_of(account.role(call.params["RoleName"]))
    return (((profile.name.lower(),), profile) for profile in found)


@answer("AddRoleToInstanceProfile")
def add_role_to_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Put a role into an instance profile."""
    account.profile(call.params["InstanceProfileName"]).roles.append(account.role(call.params["RoleName"]))
    return {}


@answer("RemoveRoleFromInstanceProfile")
def remove_role_from_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Take the role out of an instance profile."""
    account.profile(call.params["InstanceProfileName"]).roles.remove(account.role(call.params["RoleName"]))
    return {}


@answer("DeleteInstanceProfile")
def delete_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete an instance profile."""
    del account.iam.instance_profiles[account.profile(call.params["InstanceProfileName"]).name]
    return {}
