"""Which passwords AWS refuses, and which aliases."""

from __future__ import annotations

from reconciler.sandbox import callers
from reconciler.sandbox.account import Account
from reconciler.sandbox.answers.passwords import digest
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "alias_exists",
    "alias_is_new",
    "changer_is_a_user",
    "login_profile_has_password",
    "old_password_is_right",
    "password_fits_policy",
    "password_is_new",
    "password_policy_exists",
]

_API = "IAM API reference"
_GUIDE = "IAM user guide, id_credentials_passwords_account-policy"
_SYMBOLS = set("!@#$%^&*()_+-=[]{}|'")
_DEFAULT_LENGTH = 8
_DEFAULT_CLASSES = 3
_VIOLATION = "Password does not conform to the account password policy."


@rule("ValidationError", "CreateLoginProfile", source=f"{_API}, CreateLoginProfile", standing="assumed")
def login_profile_has_password(_: Account, call: Call) -> str | None:
    """Refuse a login profile without a password."""
    return None if "Password" in call.params else "Must specify a password."


@rule("InvalidUserType", "ChangePassword", source=f"{_API}, ChangePassword; the wording is assumed")
def changer_is_a_user(account: Account, call: Call) -> str | None:
    """Refuse a change of password by others than a user who has one."""
    caller = callers.caller(account, call.access_key)
    if caller.session is None and caller.entity is not None and caller.entity.password:
        return None
    return "Only an IAM user with a password can change it."


@rule("AccessDenied", "ChangePassword", source=f"{_API}, ChangePassword", standing="assumed")
def old_password_is_right(account: Account, call: Call) -> str | None:
    """Refuse a change of password by whoever does not know it."""
    user = callers.caller(account, call.access_key).entity
    right = digest(call.params["OldPassword"]) == user.former_passwords[-1]
    return None if right else "The old password was incorrect."


@rule(
    "PasswordPolicyViolation", "CreateLoginProfile", "UpdateLoginProfile", "ChangePassword",
    source=f"{_GUIDE}; the wording of the single reasons is not known",
)  # fmt: skip
def password_fits_policy(account: Account, call: Call) -> str | None:
    """Refuse a password that is not as the account's password policy asks, or without one AWS's own."""
    password = call.params.get("NewPassword", call.params.get("Password"))
    if password is None:
        return None
    has = {
        "uppercase_characters": any("A" <= char <= "Z" for char in password),
        "lowercase_characters": any("a" <= char <= "z" for char in password),
        "numbers": any("0" <= char <= "9" for char in password),
        "symbols": any(char in _SYMBOLS for char in password),
    }
    policy = account.iam.account_password_policy
    if policy is None:
        right = len(password) >= _DEFAULT_LENGTH and sum(has.values()) >= _DEFAULT_CLASSES
    else:
        asked = [name for name in has if getattr(policy, f"require_{name}")]
        right = len(password) >= policy.minimum_password_length and all(has[name] for name in asked)
    return None if right else _VIOLATION


@rule("PasswordPolicyViolation", "ChangePassword", source=f"{_GUIDE}; that it holds for users only is assumed")
def password_is_new(account: Account, call: Call) -> str | None:
    """Refuse a user's new password that is one of the last, as many as the password policy says."""
    policy = account.iam.account_password_policy
    kept = policy.password_reuse_prevention if policy is not None else None
    user = callers.caller(account, call.access_key).entity
    former = getattr(user, "former_passwords", ())[-kept:] if kept else ()
    return _VIOLATION if digest(call.params["NewPassword"]) in former else None


@rule(
    "NoSuchEntity", "GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy",
    source=f"{_API}, GetAccountPasswordPolicy, DeleteAccountPasswordPolicy",
)  # fmt: skip
def password_policy_exists(account: Account, call: Call) -> str | None:
    """Refuse to read or delete a password policy that is not there."""
    del call
    if account.iam.account_password_policy is not None:
        return None
    return f"The Password Policy with domain name {account.id} cannot be found."


@rule(
    "EntityAlreadyExists", "CreateAccountAlias", source=f"{_API}, CreateAccountAlias; floci-io/floci pull request 2103"
)
def alias_is_new(account: Account, call: Call) -> str | None:
    """Refuse the alias that the account has; another one takes its place, for there is one only."""
    alias = call.params["AccountAlias"]
    return f"The account alias {alias} already exists." if alias in account.iam.account_aliases else None


@rule("NoSuchEntity", "DeleteAccountAlias", source=f"{_API}, DeleteAccountAlias; the wording is assumed")
def alias_exists(account: Account, call: Call) -> str | None:
    """Refuse to delete an alias that the account does not have."""
    alias = call.params["AccountAlias"]
    return None if alias in account.iam.account_aliases else f"The Account Alias {alias} cannot be found."
