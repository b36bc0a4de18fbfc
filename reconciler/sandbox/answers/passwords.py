"""Passwords of users, and what the account asks of them; and the account's alias."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import callers
from reconciler.sandbox.account import Account, now
from reconciler.sandbox.answers.identity import caller
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.wire import Call

__all__ = [
    "change_password",
    "create_login_profile",
    "delete_login_profile",
    "get_login_profile",
    "list_account_aliases",
    "update_login_profile",
]

_PROFILE = "LoginProfile"


@answer("CreateLoginProfile")
def create_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user a password."""
    user = _user(account, call)
    _set(user, call.params["Password"])
    user.password_created, user.password_reset_required = now(), call.params.get("PasswordResetRequired", False)
    return {_PROFILE: _profile(user)}


@answer("GetLoginProfile")
def get_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Return since when a user has a password."""
    return {_PROFILE: _profile(_user(account, call))}


@answer("UpdateLoginProfile")
def update_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace a password, or whether its user must; what is not given stays."""
    user = _user(account, call)
    if "Password" in call.params:
        _set(user, call.params["Password"])
    user.password_reset_required = call.params.get("PasswordResetRequired", user.password_reset_required)
    return {}


@answer("DeleteLoginProfile")
def delete_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Take a user's password away."""
    _user(account, call).password = None
    return {}


@answer("ChangePassword")
def change_password(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace the caller's own password."""
    user = callers.caller(account, call.access_key).entity
    _set(user, call.params["NewPassword"])
    user.password_reset_required = False
    return {}


@listing("ListAccountAliases", "AccountAliases")
def list_account_aliases(account: Account, _: Call) -> Iterable[tuple[Key, Any]]:
    """Return the alias, if there is one."""
    return (((alias,), alias) for alias in account.iam.account_aliases)


def _user(account: Account, call: Call) -> Any:
    return account.user(call.params.get("UserName") or caller(account, call)["UserName"])


def _set(user: Any, password: str) -> None:
    # The former ones are kept as their digests, for the rule against taking them again.
    digest = hashlib.sha256(password.encode()).hexdigest()
    user.former_passwords = [*getattr(user, "former_passwords", ()), digest]
    user.password, user.password_changed = password, now()


def _profile(user: Any) -> Mapping[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": user.password_created,
        "PasswordResetRequired": user.password_reset_required,
    }
