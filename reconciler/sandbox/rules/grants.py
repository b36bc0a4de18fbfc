"""What may be attached to whom, and how much of it."""

from __future__ import annotations

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "attachment_quota",
    "boundary_exists",
    "detached_is_attached",
    "group_quota",
    "inline_policy_exists",
    "member_is_in_group",
    "policy_attachable",
    "profile_holds_one_role",
    "profile_holds_role",
    "version_quota",
]

_ATTACH = ("AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy")
_BOUNDARY = ("CreateUser", "CreateRole", "PutUserPermissionsBoundary", "PutRolePermissionsBoundary")
_DETACH = ("DetachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy")
_INLINE = ("User", "Group", "Role")
_QUOTAS = "IAM user guide, reference_iam-quotas"
_SERVICE_ROLE = "/aws-service-role/"


@rule("NoSuchEntity", *_BOUNDARY, source="IAM API reference, PutRolePermissionsBoundary; the wording is assumed")
def boundary_exists(account: Account, call: Call) -> str | None:
    """Refuse a permissions boundary that is no managed policy."""
    arn = call.params.get("PermissionsBoundary")
    try:
        if arn is not None:
            account.policy(arn)
    except RefusedError:
        return f"Scope ARN: {arn} does not exist or is not attachable."
    return None


@rule("PolicyNotAttachable", *_ATTACH, *_BOUNDARY, source="IAM API reference, AttachRolePolicy")
def policy_attachable(account: Account, call: Call) -> str | None:
    """Refuse to give a policy for service-linked roles to anybody else."""
    arn = call.params.get("PolicyArn") or call.params.get("PermissionsBoundary")
    if arn is None:
        return None
    policy = account.policy(arn)
    if arn.startswith(f"arn:{account.partition}:iam::aws:") and policy.path.startswith(_SERVICE_ROLE):
        return "Cannot attach a Service Role Policy to a Customer Role."
    return None


@rule("LimitExceeded", *_ATTACH, source=_QUOTAS)
def attachment_quota(account: Account, call: Call) -> str | None:
    """Refuse the eleventh managed policy of a user, group or role."""
    noun, holder = account.holder(call.params)
    quota = account.quota(f"AttachedPoliciesPer{noun}Quota")
    if call.params["PolicyArn"] not in holder.managed_policies and len(holder.managed_policies) >= quota:
        return f"Cannot exceed quota for PoliciesPer{noun}: {quota}"
    return None


@rule("LimitExceeded", "AddUserToGroup", source=_QUOTAS)
def group_quota(account: Account, call: Call) -> str | None:
    """Refuse the eleventh group of a user."""
    group, user = account.group(call.params["GroupName"]), account.user(call.params["UserName"])
    others = [each for each in account.groups_of(user) if each is not group]
    quota = account.quota("GroupsPerUserQuota")
    if user not in group.users and len(others) >= quota:
        return f"Cannot exceed quota for GroupsPerUser: {quota}"
    return None


@rule("LimitExceeded", "CreatePolicyVersion", source=f"{_QUOTAS}; IAM API reference, CreatePolicyVersion")
def version_quota(account: Account, call: Call) -> str | None:
    """Refuse the sixth version of a managed policy."""
    quota = account.quota("VersionsPerPolicyQuota")
    if len(account.policy(call.params["PolicyArn"]).versions) >= quota:
        return (
            f"A managed policy can have up to {quota} versions. "
            "Before you create a new version, you must delete an existing version."
        )
    return None


@rule("LimitExceeded", "AddRoleToInstanceProfile", source=_QUOTAS)
def profile_holds_one_role(account: Account, call: Call) -> str | None:
    """Refuse the second role of an instance profile."""
    account.role(call.params["RoleName"])
    if account.profile(call.params["InstanceProfileName"]).roles:
        return "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    return None


@rule("NoSuchEntity", *_DETACH, source="IAM API reference, DetachRolePolicy")
def detached_is_attached(account: Account, call: Call) -> str | None:
    """Refuse to detach what is not attached."""
    _, holder = account.holder(call.params)
    arn = call.params["PolicyArn"]
    return None if arn in holder.managed_policies else f"Policy {arn} was not found."


@rule(
    "NoSuchEntity",
    *(f"Get{noun}Policy" for noun in _INLINE),
    *(f"Delete{noun}Policy" for noun in _INLINE),
    source="IAM API reference, DeleteRolePolicy",
)
def inline_policy_exists(account: Account, call: Call) -> str | None:
    """Refuse to read or delete an inline policy that is not there."""
    noun, holder = account.holder(call.params)
    name = call.params["PolicyName"]
    return None if name in holder.policies else f"The {noun.lower()} policy with name {name} cannot be found."


@rule("NoSuchEntity", "RemoveUserFromGroup", source="IAM API reference, RemoveUserFromGroup", standing="assumed")
def member_is_in_group(account: Account, call: Call) -> str | None:
    """Refuse to remove from a group who is no member."""
    group, user = account.group(call.params["GroupName"]), account.user(call.params["UserName"])
    return None if user in group.users else f"User {user.name} not in group {group.name}"


@rule("NoSuchEntity", "RemoveRoleFromInstanceProfile", source="IAM API reference, RemoveRoleFromInstanceProfile")
def profile_holds_role(account: Account, call: Call) -> str | None:
    """Refuse to take from an instance profile a role that it does not hold."""
    profile, role = account.profile(call.params["InstanceProfileName"]), account.role(call.params["RoleName"])
    return None if role in profile.roles else f"The role with name {role.name} cannot be found."
