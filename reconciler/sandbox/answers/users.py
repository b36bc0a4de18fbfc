"""Users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import principals, views
from reconciler.sandbox.account import Account, new_id
from reconciler.sandbox.answers.identity import caller
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call

__all__ = ["create_user", "delete_user", "get_user", "list_groups_for_user", "list_users", "update_user"]


@answer("CreateUser")
def create_user(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a user with its path, tags and boundary."""
    name = call.params["UserName"]
    user = account.iam.create_user(account.partition, name, call.params.get("Path", "/"), [])
    user.id = new_id("AIDA")
    user.permissions_boundary_arn = call.params.get("PermissionsBoundary")
    put_tags(account, "User", user, merged("User", {}, call.params.get("Tags", ())))
    return {"User": views.user(account, user)}


@answer("GetUser")
def get_user(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a user; without a name the caller, who need not be a user of the account."""
    name = call.params.get("UserName")
    if name is None:
        return {"User": caller(account, call)}
    return {"User": views.user(account, account.user(name))}


@listing("ListUsers", "Users", views.user_in_list)
def list_users(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the users under a path."""
    prefix = call.params.get("PathPrefix", "/")
    return (((user.name.lower(),), user) for user in account.iam.users.values() if user.path.startswith(prefix))


@listing("ListGroupsForUser", "Groups", views.group)
def list_groups_for_user(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the groups of a user."""
    user = account.user(call.params["UserName"])
    return (((group.name.lower(),), group) for group in account.groups_of(user))


@answer("UpdateUser")
def update_user(account: Account, call: Call) -> Mapping[str, Any]:
    """Rename a user or move it; its id stays, and everything that is its own follows.

    Trust policies that name it as a principal follow too. Source: IAM user guide, id_users_manage.
    """
    user = account.user(call.params["UserName"])
    before, tags = user.arn, account.iam.tagger.tags.pop(user.arn, {})
    del account.iam.users[user.name]
    user.name = call.params.get("NewUserName", user.name)
    user.path = call.params.get("NewPath", user.path)
    account.iam.users[user.name] = user
    account.iam.tagger.tags[user.arn] = tags
    for owned in (*user.access_keys, *user.ssh_public_keys, *user.signing_certificates.values()):
        owned.user_name = user.name
    principals.follow(account, before, user.arn)
    return {}


@answer("DeleteUser")
def delete_user(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a user; trust policies that name it keep its id."""
    user = account.user(call.params["UserName"])
    account.iam.tagger.tags.pop(user.arn, None)
    del account.iam.users[user.name]
    principals.follow(account, user.arn, user.id)
    return {}
