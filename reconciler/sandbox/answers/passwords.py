"""Login profiles: whether a user has a password for the console. The password itself is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import Account, now
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["create_login_profile", "delete_login_profile", "get_login_profile", "update_login_profile"]

_SET = "set"
"""Stands for every password: moto's credential report asks whether there is one, and no more."""
_SETTINGS = ("PasswordResetRequired", "MaxSigninSessionDuration")


@answer("CreateLoginProfile")
def create_login_profile(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user a password."""
    user = named_user(account, call)
    user.password = _SET
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


def _settings(call: Call) -> dict[str, Any]:
    return {name: call.params[name] for name in _SETTINGS if name in call.params}


def _with_password(account: Account, call: Call) -> Any:
    user = named_user(account, call)
    if not user.password:
        raise RefusedError("NoSuchEntity", f"Login Profile for User {user.name} cannot be found.")
    return user


def _shown(user: Any) -> Mapping[str, Any]:
    return {"LoginProfile": {"UserName": user.name, **user.login_profile}}
