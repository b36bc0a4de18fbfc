"""Who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import views
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call

__all__ = ["caller", "get_caller_identity", "named_user"]

_NAME = "sandbox"


def caller(account: Account, call: Call) -> views.View:
    """Return the user whose access key signed the call; a session's own credentials are those of ``user/sandbox``.

    That user is not among the account's, so that what an account holds is what was created in it.
    """
    key = account.iam.access_keys.get(call.access_key)
    if key is not None and key.user_name in account.iam.users:
        return views.user(account, account.iam.users[key.user_name])
    return {
        "Path": "/",
        "UserName": _NAME,
        "UserId": account.caller_id,
        "Arn": account.arn(f"user/{_NAME}"),
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
    session = account.sts.get_assumed_role_from_access_key(call.access_key)
    if session is not None:
        role = next((role for role in account.iam.roles.values() if role.arn == session.role_arn), None)
        user_id = f"{role.id if role is not None else 'AROA'}:{session.session_name}"
        return {"UserId": user_id, "Account": account.id, "Arn": session.arn}
    user = caller(account, call)
    return {"UserId": user["UserId"], "Account": account.id, "Arn": user["Arn"]}
