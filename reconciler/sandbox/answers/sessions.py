"""Sessions of roles."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.callers import lender
from reconciler.sandbox.federation import Assertion, assertion, audience, claims, issuer
from reconciler.sandbox.motobridge import installed
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["assume_role", "assume_role_with_saml", "assume_role_with_web_identity"]

_HOUR = 3600


@answer("AssumeRole")
def assume_role(_: Account, call: Call) -> Mapping[str, Any]:
    """Begin a session in the role's account, with an access key that says so."""
    return _begun(call, call.params["RoleSessionName"])


@answer("AssumeRoleWithWebIdentity")
def assume_role_with_web_identity(_: Account, call: Call) -> Mapping[str, Any]:
    """Begin a session for whoever an OIDC token is about."""
    token = claims(call.params["WebIdentityToken"]) or {}
    return {
        **_begun(call, call.params["RoleSessionName"]),
        "SubjectFromWebIdentityToken": token["sub"],
        "Provider": issuer(token),
        "Audience": audience(token)[0],
    }


@answer("AssumeRoleWithSAML")
def assume_role_with_saml(_: Account, call: Call) -> Mapping[str, Any]:
    """Begin a session for whoever a SAML assertion is about, under the name that it gives."""
    said = assertion(call.params["SAMLAssertion"]) or Assertion("")
    return {**_begun(call, said.attributes["RoleSessionName"][0]), "Subject": said.subject}


def _begun(call: Call, name: str) -> Mapping[str, Any]:
    found = lender(call)
    if found is None:
        raise RefusedError("AccessDenied", f"Not authorized to perform sts:{call.operation}")
    account, role = found
    with installed(account):
        session = account.sts.assume_role(
            region_name=account.iam.region_name,
            role_session_name=name,
            role_arn=role.arn,
            policy=call.params.get("Policy"),
            duration=call.params.get("DurationSeconds", _HOUR),
            external_id=call.params.get("ExternalId"),
        )
    session.policy_arns = [each["arn"] for each in call.params.get("PolicyArns", ())]
    session.session_token = secrets.token_urlsafe(120)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expiration,
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{name}", "Arn": session.arn},
    }
