"""Login profiles: whether a user has a password for the console; and the account's alias.

Of passwords, the former ones too, no more than digests are kept: a user who changes one has to know the last, and may
be kept from taking one again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import callers
from reconciler.sandbox.account import Account, now
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "change_password",
    "create_login_profile",
    "delete_login_profile",
    "digest",
    "get_login_profile",
    "list_account_aliases",
    "update_login_profile",
]

_SET = "set"
"""Stands for every password."""
_SETTINGS = ("PasswordResetRequired", "MaxSigninSessionDuration")


@answer("CreateLoginProfile")
def create_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user a password."""
    user = named_user(account, call)
    _set(user, call.params["Password"])
    user.login_profile = {"CreateDate": now(), "PasswordResetRequired": False, **_settings(call)}
    return _shown(user)


@answer("GetLoginProfile")
def get_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Return when the user was given a password, and whether it has to be changed."""
    return _shown(_with_password(account, call))


@answer("UpdateLoginProfile")
def update_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Change the password, or what is required of it; what is not given stays."""
    user = _with_password(account, call)
    if "Password" in call.params:
        _set(user, call.params["Password"])
    user.login_profile |= _settings(call)
    if call.params.get("ResetMaxSigninSessionDuration"):
        user.login_profile.pop("MaxSigninSessionDuration", None)
    return {}


@answer("DeleteLoginProfile")
def delete_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Take the password from a user."""
    user = _with_password(account, call)
    user.password = None
    del user.login_profile
    return {}


@answer("ChangePassword")
def change_password(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace the caller's own password."""
    user = callers.caller(account, call.access_key).entity
    _set(user, call.params["NewPassword"])
    user.login_profile["PasswordResetRequired"] = False
    return {}


@listing("ListAccountAliases", "AccountAliases")
def list_account_aliases(account: Account, _: Call) -> Iterable[tuple[Key, Any]]:
    """Return the alias, if there is one."""
    return (((alias,), alias) for alias in account.iam.account_aliases)


def digest(password: str) -> str:
    """Return what is kept of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def _set(user: Any, password: str) -> None:
    user.password, user.password_changed = _SET, now()
    user.former_passwords = [*getattr(user, "former_passwords", ()), digest(password)]


def _settings(call: Call) -> dict[str, Any]:
    return {name: call.params[name] for name in _SETTINGS if name in call.params}


def _with_password(account: Account, call: Call) -> Any:
    user = named_user(account, call)
    if not user.password:
        raise RefusedError("NoSuchEntity", f"Login Profile for User {user.name} cannot be found.")
    return user


def _shown(user: Any) -> Mapping[str, Any]:
    return {"LoginProfile": {"UserName": user.name, **user.login_profile}}
