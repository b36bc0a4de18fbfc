"""Sessions of roles."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.callers import role_of
from reconciler.sandbox.motobridge import installed
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call

__all__ = ["assume_role"]

_HOUR = 3600


@answer("AssumeRole")
def assume_role(_: Account, call: Call) -> Mapping[str, Any]:
    """Begin a session in the role's account, with an access key that says so."""
    params = call.params
    account = next(each for each in call.accounts.values() if role_of(each, params["RoleArn"]) is not None)
    with installed(account):
        session = account.sts.assume_role(
            region_name=account.iam.region_name,
            role_session_name=params["RoleSessionName"],
            role_arn=params["RoleArn"],
            policy=params.get("Policy"),
            duration=params.get("DurationSeconds", _HOUR),
            external_id=params.get("ExternalId"),
        )
    session.policy_arns = [each["arn"] for each in params.get("PolicyArns", ())]
    session.session_token = secrets.token_urlsafe(120)
    role = role_of(account, params["RoleArn"])
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expiration,
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{session.session_name}", "Arn": session.arn},
    }
