"""GetAccountAuthorizationDetails: everything about access in one listing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox import awsmanaged, views
from reconciler.sandbox.account import Account
from reconciler.sandbox.awsmanaged import AwsPolicy
from reconciler.sandbox.registry import Key, answer, page
from reconciler.sandbox.wire import Call

__all__ = ["get_account_authorization_details"]

_FILTERS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@answer("GetAccountAuthorizationDetails")
def get_account_authorization_details(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of users, groups, roles and policies; a page may begin and end within any of them."""
    wanted = call.params.get("Filter") or _FILTERS
    items, paging = page(account, _entities(account, wanted), call.params)
    memberships: dict[str, list[str]] = defaultdict(list)
    for group in account.iam.groups.values():
        for user in group.users:
            memberships[user.id].append(group.name)
    attached, bounding = account.attached(), account.bounding()
    rows: dict[str, list[views.View]] = {name: [] for name in _LISTS}
    for filter_, entity in items:
        match filter_:
            case "User":
                rows["UserDetailList"].append(_user(account, entity, memberships[entity.id]))
            case "Group":
                rows["GroupDetailList"].append(_group(account, entity))
            case "Role":
                rows["RoleDetailList"].append(_role(account, entity))
            case _:
                view = views.policy_in_list(account, entity, lambda arn: (attached[arn], bounding[arn]))
                rows["Policies"].append({**view, **_document(entity)})
    return {**rows, **paging}


def _entities(account: Account, wanted: list[str] | tuple[str, ...]) -> Iterator[tuple[Key, tuple[str, Any]]]:
    found: Mapping[str, Any] = {
        "User": account.iam.users,
        "Group": account.iam.groups,
        "Role": account.iam.roles,
        "LocalManagedPolicy": account.iam.managed_policies,
    }
    for place, filter_ in enumerate(_FILTERS):
        if filter_ not in wanted:
            continue
        entities = found[filter_].values() if filter_ in found else awsmanaged.every(account.partition)
        for entity in entities:
            yield (place, entity.name.lower()), (filter_, entity)


def _user(account: Account, user: Any, groups: list[str]) -> views.View:
    return {
        **views.user(account, user),
        "UserPolicyList": views.inline(user),
        "GroupList": sorted(groups),
        "AttachedManagedPolicies": views.attachments(user),
    }


def _group(account: Account, group: Any) -> views.View:
    return {
        **views.group(account, group),
        "GroupPolicyList": views.inline(group),
        "AttachedManagedPolicies": views.attachments(group),
    }


def _role(account: Account, role: Any) -> views.View:
    view = views.role(account, role)
    return {
        **view,
        "RoleLastUsed": view["RoleLastUsed"] or None,
        "InstanceProfileList": [views.profile(account, profile) for profile in account.profiles_of(role)],
        "RolePolicyList": views.inline(role),
        "AttachedManagedPolicies": views.attachments(role),
    }


def _document(policy: Any) -> views.View:
    if isinstance(policy, AwsPolicy):
        return {"PolicyVersionList": [views.version(policy)]}
    versions = sorted(policy.versions, key=lambda each: -int(each.version_id[1:]))
    description = policy.description or None
    return {"Description": description, "PolicyVersionList": [views.version(each) for each in versions]}
