"""Roles that belong to services."""

from __future__ import annotations

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.servicelinked import is_linked, linked
from reconciler.sandbox.wire import Call

__all__ = [
    "deletion_task_exists",
    "linked_role_is_new",
    "linked_role_only",
    "linked_role_session_stays",
    "linked_role_stays",
    "service_is_a_principal",
    "suffix_is_taken_by_the_service",
]

_API = "IAM API reference"
_GUIDE = "IAM user guide, using-service-linked-roles"
_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")


@rule(
    "UnmodifiableEntity",
    "AddRoleToInstanceProfile",
    "AttachRolePolicy",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "RemoveRoleFromInstanceProfile",
    "UpdateAssumeRolePolicy",
    source=f"{_API}, the errors of these operations; {_GUIDE}",
)
def linked_role_stays(account: Account, call: Call) -> str | None:
    """Refuse to change or delete a role that belongs to a service; description and tags may change."""
    return _protected(account, call)


@rule("UnmodifiableEntity", "UpdateRole", source=f"{_API}, UpdateRole; {_GUIDE}")
def linked_role_session_stays(account: Account, call: Call) -> str | None:
    """Refuse to change the session length of a role that belongs to a service."""
    return _protected(account, call) if "MaxSessionDuration" in call.params else None


@rule("InvalidInput", "CreateServiceLinkedRole", source=f"{_API}, CreateServiceLinkedRole", standing="assumed")
def service_is_a_principal(_: Account, call: Call) -> str | None:
    """Refuse a service name that is no service principal."""
    name = call.params["AWSServiceName"]
    return None if name.endswith(_DOMAINS) and name[0] != "." else f"Service role template for {name} not found."


@rule(
    "InvalidInput",
    "CreateServiceLinkedRole",
    source=f"{_API}, CreateServiceLinkedRole; known of the commonest services, others may have any",
)
def suffix_is_taken_by_the_service(_: Account, call: Call) -> str | None:
    """Refuse a suffix for a service that has one role only."""
    service = call.params["AWSServiceName"]
    known = linked(service)
    refused = "CustomSuffix" in call.params and known.policy and not known.suffixed
    return f"Custom suffix is not allowed for {service}" if refused else None


@rule(
    "InvalidInput",
    "CreateServiceLinkedRole",
    source=f"{_API}, CreateServiceLinkedRole; Rayraegah/terraform-aws-hasura issue 17",
)
def linked_role_is_new(account: Account, call: Call) -> str | None:
    """Refuse a second role of the same name for a service."""
    name, suffix = linked(call.params["AWSServiceName"]).name, call.params.get("CustomSuffix")
    name = f"{name}_{suffix}" if suffix else name
    if any(role.name.lower() == name.lower() for role in account.iam.roles.values()):
        return f"Service role name {name} has been taken in this account, please try a different suffix."
    return None


@rule(
    "NoSuchEntity", "DeleteServiceLinkedRole",
    source=f"{_API}, DeleteServiceLinkedRole; the code is assumed", standing="assumed",
)  # fmt: skip
def linked_role_only(account: Account, call: Call) -> str | None:
    """Refuse to delete as a service's role one that belongs to no service."""
    role = account.role(call.params["RoleName"])
    return None if is_linked(role) else f"The role with name {role.name} is not a service-linked role."


@rule("NoSuchEntity", "GetServiceLinkedRoleDeletionStatus", source=f"{_API}, GetServiceLinkedRoleDeletionStatus")
def deletion_task_exists(account: Account, call: Call) -> str | None:
    """Refuse the status of a deletion that nobody began."""
    task = call.params["DeletionTaskId"]
    return None if task in account.deletions else f"Deletion task {task} not found."


def _protected(account: Account, call: Call) -> str | None:
    role = account.role(call.params["RoleName"])
    if not is_linked(role):
        return None
    return f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS"
