"""How entities look in answers: moto's objects as the mappings that IAM's service model describes.

Which operation shows what differs. Source: IAM API reference: listings of users and roles leave out tags and boundary,
ListRoles RoleLastUsed too; GetAccountAuthorizationDetails leaves out a role's description and session length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.sandbox.account import Account, boundary
from reconciler.sandbox.awsmanaged import AwsPolicy
from reconciler.sandbox.tagging import get_tags, rows

__all__ = [
    "View",
    "attachments",
    "bound",
    "encoded",
    "group",
    "inline",
    "policy",
    "policy_in_list",
    "profile",
    "role",
    "role_in_list",
    "tags",
    "user",
    "user_in_list",
    "version",
]

View = Mapping[str, Any]


def encoded(document: str) -> str:
    """Return a document as answers carry it. Source: IAM API reference: URL-encoded, compliant with RFC 3986."""
    return quote(document, safe="")


def user_in_list(_: Account, user: Any) -> View:
    """Return a user without tags and boundary."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.create_date,
        "PasswordLastUsed": user.password_last_used,
    }


def user(account: Account, user: Any) -> View:
    """Return a user as GetUser and CreateUser show it."""
    return {**user_in_list(account, user), **bound(user), **tags(account, "User", user)}


def group(_: Account, group: Any) -> View:
    """Return a group."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.create_date,
    }


def role_in_list(_: Account, role: Any) -> View:
    """Return a role without tags, boundary and last use."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": encoded(role.assume_role_policy_document),
        "Description": role.description,
        "MaxSessionDuration": int(role.max_session_duration or 3600),
    }


def role(account: Account, role: Any) -> View:
    """Return a role as GetRole and CreateRole show it."""
    used = {"LastUsedDate": role.last_used, "Region": role.last_used_region} if role.last_used else {}
    return {
        **role_in_list(account, role),
        **bound(role),
        **tags(account, "Role", role),
        "RoleLastUsed": used,
    }


def policy_in_list(account: Account, policy: Any, counts: Callable[[str], tuple[int, int]] | None = None) -> View:
    """Return a managed policy without description and tags; ``counts`` gives its uses, from its ARN, when at hand."""
    if counts is not None:
        attached, bounding = counts(policy.arn)
    else:
        attached, bounding = account.attached()[policy.arn], account.bounding()[policy.arn]
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
    }


def policy(account: Account, policy: Any) -> View:
    """Return a managed policy as GetPolicy shows it."""
    return {
        **policy_in_list(account, policy),
        "Description": getattr(policy, "description", None) or None,
        **tags(account, "Policy", policy, empty=True),
    }


def version(each: Any, *, document: bool = True) -> View:
    """Return one version of a managed policy; an AWS managed policy stands for its only version."""
    if isinstance(each, AwsPolicy):
        shown = {"VersionId": each.default_version_id, "IsDefaultVersion": True, "CreateDate": each.update_date}
    else:
        shown = {"VersionId": each.version_id, "IsDefaultVersion": each.is_default, "CreateDate": each.create_date}
    return {**shown, "Document": encoded(each.document) if document else None}


def profile(account: Account, profile: Any) -> View:
    """Return an instance profile without its tags."""
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.create_date,
        "Roles": [role_in_list(account, each) for each in profile.roles],
    }


def tags(account: Account, noun: str, entity: Any, *, empty: bool = False) -> View:
    """Return the member Tags; it is left out when there are none, unless ``empty``."""
    found = get_tags(account, noun, entity)
    return {"Tags": rows(found)} if found or empty else {}


def bound(holder: Any) -> View:
    """Return the member PermissionsBoundary; it is left out when there is none."""
    arn = boundary(holder)
    if arn is None:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def attachments(holder: Any) -> list[View]:
    """Return the managed policies attached to a user, group or role, by name."""
    found = sorted(holder.managed_policies.values(), key=lambda each: (each.name.lower(), each.arn))
    return [{"PolicyName": each.name, "PolicyArn": each.arn} for each in found]


def inline(holder: Any) -> list[View]:
    """Return the inline policies of a user, group or role, by name."""
    return [{"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in sorted(holder.policies.items())]
