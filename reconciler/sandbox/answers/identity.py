"""Who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import callers, views
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["caller", "get_access_key_info", "get_caller_identity", "named_user"]


def caller(account: Account, call: Call) -> views.View:
    """Return the user whose access key signed the call; a session's own credentials are those of ``user/sandbox``.

    That user is not among the account's, so that what an account holds is what was created in it.

    Raises:
        RefusedError: ValidationError, the call is a role's.
    """
    found = callers.caller(account, call.access_key)
    if found.session is not None:
        raise RefusedError("ValidationError", "Must specify userName when calling with non-User credentials")
    if found.entity is not None:
        return views.user(account, found.entity)
    return {
        "Path": "/",
        "UserName": callers.NAME,
        "UserId": found.id,
        "Arn": found.arn,
        "CreateDate": account.created,
    }


def named_user(account: Account, call: Call) -> Any:
    """Return the user that the call names, or else the one that calls.

    Raises:
        RefusedError: NoSuchEntity.
    """
    return account.user(call.params.get("UserName") or caller(account, call)["UserName"])


@answer("GetCallerIdentity")
def get_caller_identity(account: Account, call: Call) -> Mapping[str, Any]:
    """Return account, id and ARN of the caller: a user, or the session of a role."""
    found = callers.caller(account, call.access_key)
    return {"UserId": found.id, "Account": account.id, "Arn": found.arn}


@answer("GetAccessKeyInfo")
def get_access_key_info(account: Account, call: Call) -> Mapping[str, Any]:
    """Return the account that an access key id belongs to; one that encodes none stands for this account."""
    return {"Account": callers.owner(call.params["AccessKeyId"]) or account.id}
