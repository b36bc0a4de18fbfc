"""Groups and their members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import views
from reconciler.sandbox.account import Account, new_id
from reconciler.sandbox.registry import Key, answer, listing, page
from reconciler.sandbox.wire import Call

__all__ = [
    "add_user_to_group",
    "create_group",
    "delete_group",
    "get_group",
    "list_groups",
    "remove_user_from_group",
    "update_group",
]


@answer("CreateGroup")
def create_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a group."""
    group = account.iam.create_group(call.params["GroupName"], call.params.get("Path", "/"))
    group.id = new_id("AGPA")
    return {"Group": views.group(account, group)}


@answer("GetGroup")
def get_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a group and a page of its members."""
    group = account.group(call.params["GroupName"])
    users, paging = page(account, (((user.name.lower(),), user) for user in group.users), call.params)
    shown = [views.user_in_list(account, user) for user in users]
    return {"Group": views.group(account, group), "Users": shown, **paging}


@listing("ListGroups", "Groups", views.group)
def list_groups(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the groups under a path."""
    prefix = call.params.get("PathPrefix", "/")
    return (((group.name.lower(),), group) for group in account.iam.groups.values() if group.path.startswith(prefix))


@answer("UpdateGroup")
def update_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Rename a group or move it; its id, members and policies stay."""
    group = account.group(call.params["GroupName"])
    del account.iam.groups[group.name]
    group.name = call.params.get("NewGroupName", group.name)
    group.path = call.params.get("NewPath", group.path)
    account.iam.groups[group.name] = group
    return {}


@answer("DeleteGroup")
def delete_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a group."""
    del account.iam.groups[account.group(call.params["GroupName"]).name]
    return {}


@answer("AddUserToGroup")
def add_user_to_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Add a member; who is one already stays one."""
    group, user = account.group(call.params["GroupName"]), account.user(call.params["UserName"])
    if user not in group.users:
        group.users.append(user)
    return {}


@answer("RemoveUserFromGroup")
def remove_user_from_group(account: Account, call: Call) -> Mapping[str, Any]:
    """Remove a member."""
    account.group(call.params["GroupName"]).users.remove(account.user(call.params["UserName"]))
    return {}
