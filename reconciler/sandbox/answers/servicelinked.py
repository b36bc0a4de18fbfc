"""Service-linked roles: creation, and deletion as a task."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import principals, views
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import answer
from reconciler.sandbox.servicelinked import PATH, linked
from reconciler.sandbox.wire import Call

__all__ = ["create_service_linked_role", "delete_service_linked_role", "get_deletion_status"]

_HOUR = 3600


@answer("CreateServiceLinkedRole")
def create_service_linked_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Create the role of a service, under the name that the service gives it, with its policy where that is known."""
    service, suffix = call.params["AWSServiceName"], call.params.get("CustomSuffix")
    known = linked(service)
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = account.iam.create_role(
        role_name=f"{known.name}_{suffix}" if suffix else known.name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path=f"{PATH}{service}/",
        permissions_boundary=None,
        description=call.params.get("Description"),
        tags=[],
        max_session_duration=_HOUR,
        linked_service=service,
    )
    role.permissions_boundary_arn = None
    if known.policy:
        arn = f"arn:{account.partition}:iam::aws:policy{PATH}{known.policy}"
        role.managed_policies[arn] = account.policy(arn)
    return {"Role": views.role(account, role)}


@answer("DeleteServiceLinkedRole")
def delete_service_linked_role(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete the role of a service and return the task that did it: here no service uses any, so it is done at once."""
    role = account.role(call.params["RoleName"])
    del account.iam.roles[role.id]
    principals.follow(account, role.arn, role.id)
    task = f"task{role.path}{role.name}/{uuid.uuid4()}"
    account.deletions.append(task)
    return {"DeletionTaskId": task}


@answer("GetServiceLinkedRoleDeletionStatus")
def get_deletion_status(_: Account, __: Call) -> Mapping[str, Any]:
    """Return that the task has succeeded."""
    return {"Status": "SUCCEEDED"}
