"""Service-specific credentials, which moto lacks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox.account import Account, new_id, now
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "create_service_credential",
    "delete_service_credential",
    "list_service_credentials",
    "reset_service_credential",
    "update_service_credential",
]

_MEMBER = "ServiceSpecificCredential"


@answer("CreateServiceSpecificCredential")
def create_service_credential(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a user's credential for one service; its password is shown this once."""
    user = named_user(account, call)
    credential = {
        "CreateDate": now(),
        "ServiceName": call.params["ServiceName"],
        "ServiceUserName": f"{user.name}-at-{account.id}",
        "ServicePassword": secrets.token_urlsafe(32),
        "ServiceSpecificCredentialId": new_id("ACCA"),
        "Status": "Active",
    }
    user.service_specific_credentials = [*_credentials(user), credential]
    return {_MEMBER: {**credential, "UserName": user.name}}


@listing("ListServiceSpecificCredentials", "ServiceSpecificCredentials")
def list_service_credentials(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the credentials of a user, or of all users, for one service or all."""
    service = call.params.get("ServiceName")
    users = account.iam.users.values() if call.params.get("AllUsers") else [named_user(account, call)]
    return [
        ((user.name.lower(), each["ServiceSpecificCredentialId"]), {**each, "UserName": user.name})
        for user in users
        for each in _credentials(user)
        if service in {None, each["ServiceName"]}
    ]


@answer("ResetServiceSpecificCredential")
def reset_service_credential(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a credential a new password."""
    user, credential = _credential(account, call)
    credential["ServicePassword"] = secrets.token_urlsafe(32)
    return {_MEMBER: {**credential, "UserName": user.name}}


@answer("UpdateServiceSpecificCredential")
def update_service_credential(account: Account, call: Call) -> Mapping[str, Any]:
    """Activate or deactivate a credential."""
    _, credential = _credential(account, call)
    credential["Status"] = call.params["Status"]
    return {}


@answer("DeleteServiceSpecificCredential")
def delete_service_credential(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a credential."""
    user, credential = _credential(account, call)
    user.service_specific_credentials = [each for each in _credentials(user) if each is not credential]
    return {}


def _credentials(user: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = getattr(user, "service_specific_credentials", [])
    return found


def _credential(account: Account, call: Call) -> tuple[Any, dict[str, Any]]:
    wanted = call.params["ServiceSpecificCredentialId"]
    user = named_user(account, call)
    for each in _credentials(user):
        if each["ServiceSpecificCredentialId"] == wanted:
            return user, each
    message = f"No such credential {wanted} exists"
    raise RefusedError("NoSuchEntity", message)
