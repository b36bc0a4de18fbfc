"""Roles, their trust, and the boundaries of roles and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import principals, views
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call

__all__ = [
    "create_role",
    "delete_boundary",
    "delete_role",
    "get_role",
    "list_roles",
    "put_boundary",
    "update_role",
    "update_role_description",
    "update_trust",
]

_HOUR = 3600


@answer("CreateRole")
def create_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a role with its path, trust, description, session length, tags and boundary."""
    role = account.iam.create_role(
        role_name=call.params["RoleName"],
        assume_role_policy_document=principals.kept(account, call.params["AssumeRolePolicyDocument"]),
        path=call.params.get("Path", "/"),
        permissions_boundary=None,
        description=call.params.get("Description"),
        tags=[],
        max_session_duration=call.params.get("MaxSessionDuration", _HOUR),
    )
    role.permissions_boundary_arn = call.params.get("PermissionsBoundary")
    put_tags(account, "Role", role, merged("Role", {}, call.params.get("Tags", ())))
    return {"Role": views.role(account, role)}


@answer("GetRole")
def get_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a role."""
    return {"Role": views.role(account, account.role(call.params["RoleName"]))}


@listing("ListRoles", "Roles", views.role_in_list)
def list_roles(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the roles under a path."""
    prefix = call.params.get("PathPrefix", "/")
    return (((role.name.lower(),), role) for role in account.iam.roles.values() if role.path.startswith(prefix))


@answer("UpdateRole")
def update_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace description and session length; what is not given falls back: no description, one hour.

    Source: the service model documents the hour; that the description goes is what moto does, AWS says nothing.
    """
    role = account.role(call.params["RoleName"])
    role.description = call.params.get("Description")
    role.max_session_duration = call.params.get("MaxSessionDuration", _HOUR)
    return {}


@answer("UpdateRoleDescription")
def update_role_description(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace the description."""
    role = account.role(call.params["RoleName"])
    role.description = call.params["Description"]
    return {"Role": views.role(account, role)}


@answer("UpdateAssumeRolePolicy")
def update_trust(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace the trust policy."""
    role = account.role(call.params["RoleName"])
    role.assume_role_policy_document = principals.kept(account, call.params["PolicyDocument"])
    return {}


@answer("DeleteRole")
def delete_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a role; trust policies that name it keep its id."""
    role = account.role(call.params["RoleName"])
    del account.iam.roles[role.id]
    principals.follow(account, role.arn, role.id)
    return {}


@answer("PutUserPermissionsBoundary", "PutRolePermissionsBoundary")
def put_boundary(account: Account, call: Call) -> Mapping[str, Any]:
    """Set the boundary of a user or role."""
    _, holder = account.holder(call.params)
    holder.permissions_boundary_arn = call.params["PermissionsBoundary"]
    return {}


@answer("DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary")
def delete_boundary(account: Account, call: Call) -> Mapping[str, Any]:
    """Take the boundary from a user or role, if there is one."""
    _, holder = account.holder(call.params)
    holder.permissions_boundary_arn = None
    return {}
