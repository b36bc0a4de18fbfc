"""Who calls: the user or the session whose access key signed the request, else ``user/sandbox``."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.wire import Call

__all__ = ["NAME", "Caller", "caller", "lender", "owner", "role_of", "session_of"]

NAME = "sandbox"
"""The user that a session's own credentials, and keys that nobody made, stand for: it may do everything."""

_OFFSET = 1 << 39
_ACCOUNTS = 10**12
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PLAIN, _PART = 20, slice(4, 12)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal that signed a request."""

    arn: str
    """The ARN as GetCallerIdentity shows it."""
    id: str
    """The unique id; of a session the role's, a colon, and the session's name."""
    entity: Any = None
    """The user or role; None for ``user/sandbox``, which is not among the account's users."""
    session: Any = None
    """The role session, if it is one."""

    @property
    def everything(self) -> bool:
        """Return whether it may do everything without a policy that says so."""
        return self.entity is None


def owner(access_key: str) -> str | None:
    """Return the id of the account that an access key id encodes, or None.

    Source: seen in the wild: ids made since 2018 hold the account id; moto makes them in the same way.
    """
    if len(access_key) != _PLAIN or access_key[:4] not in {"AKIA", "ASIA"}:
        return None
    try:
        number = int.from_bytes(base64.b32decode(access_key[_PART]), "big") - _OFFSET
    except binascii.Error:
        return None
    account = 2 * number + (access_key[_PART.stop] in _ALPHABET[16:])
    return f"{account:012d}" if 0 <= account < _ACCOUNTS else None


def caller(account: Account, access_key: str) -> Caller:
    """Return who signs with that access key."""
    session = session_of(account, access_key)
    if session is not None:
        role = role_of(account, session.role_arn)
        return Caller(session.arn, f"{role.id if role is not None else 'AROA'}:{session.session_name}", role, session)
    key = account.iam.access_keys.get(access_key)
    user = account.iam.users.get(key.user_name) if key is not None else None
    if user is not None:
        return Caller(user.arn, user.id, user)
    return Caller(account.arn(f"user/{NAME}"), account.caller_id)


def session_of(account: Account, access_key: str) -> Any:
    """Return the role session of that access key, or None."""
    return account.sts.get_assumed_role_from_access_key(access_key)


def role_of(account: Account, arn: str) -> Any:
    """Return the role of exactly that ARN, or None."""
    return next((role for role in account.iam.roles.values() if role.arn == arn), None)


def lender(call: Call) -> tuple[Account, Any] | None:
    """Return the role that a call is to assume after its account, or None where there is none within reach."""
    found = ((each, role_of(each, call.params["RoleArn"])) for each in call.accounts.values())
    return next(((each, role) for each, role in found if role is not None), None)
