"""Whose access keys AWS takes."""

from __future__ import annotations

from reconciler.sandbox.account import Account, now
from reconciler.sandbox.callers import owner, session_of
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = ["access_key_is_valid", "session_has_not_expired"]

_SOURCE = "IAM API reference, CommonErrors"


@rule("InvalidClientTokenId", source=f"{_SOURCE}; keys that nobody made stand for user/sandbox here")
def access_key_is_valid(account: Account, call: Call) -> str | None:
    """Refuse the inactive access key of a user, and the key of a session that this account did not begin."""
    key = account.iam.access_keys.get(call.access_key)
    inactive = key is not None and key.status != "Active"
    made_up = key is None and call.access_key.startswith("ASIA") and owner(call.access_key) == account.id
    return "The security token included in the request is invalid." if inactive or made_up else None


@rule("ExpiredToken", source=_SOURCE)
def session_has_not_expired(account: Account, call: Call) -> str | None:
    """Refuse the key of a session whose time is over."""
    session = session_of(account, call.access_key)
    if session is None or session.expiration > now():
        return None
    return "The security token included in the request is expired"
