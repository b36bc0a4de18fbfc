"""Which outside identities AWS lends a role to. Nobody's signature is checked here."""

from __future__ import annotations

import datetime as dt

from reconciler.sandbox.account import Account, now
from reconciler.sandbox.authority import trusts_provider
from reconciler.sandbox.callers import lender
from reconciler.sandbox.federation import Assertion, assertion, audience, claims, issuer
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "assertion_is_saml",
    "assertion_names_the_role",
    "federated_role_exists",
    "federation_is_trusted",
    "identity_token_has_not_expired",
    "identity_token_is_a_token",
    "identity_token_is_for_a_client",
    "identity_token_is_of_a_provider",
    "saml_provider_is_known",
]

_API = "STS API reference"
_OIDC, _SAML = "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  without its zone as moto keeps times
_AUDIENCE = "https://signin.aws.amazon.com/saml"


@rule("AccessDenied", _OIDC, _SAML, source=f"{_API}, {_OIDC}, {_SAML}")
def federated_role_exists(_: Account, call: Call) -> str | None:
    """Refuse an outside identity a session of a role that is in no account within reach."""
    return None if lender(call) is not None else _denied(call)


@rule("InvalidIdentityToken", _OIDC, source=f"{_API}, {_OIDC}; the wording is assumed")
def identity_token_is_a_token(_: Account, call: Call) -> str | None:
    """Refuse what is no OIDC token with an issuer and a subject."""
    return None if claims(call.params["WebIdentityToken"]) is not None else "The ID Token provided is not a valid JWT."


@rule(
    "InvalidIdentityToken", _OIDC, source=f"{_API}, {_OIDC}; IAM's own Google, Facebook and Amazon are not known here"
)
def identity_token_is_of_a_provider(account: Account, call: Call) -> str | None:
    """Refuse a token whose issuer is no OIDC provider of the role's account."""
    name = issuer(claims(call.params["WebIdentityToken"]) or {})
    found = _owner(account, call)
    if found.arn(f"oidc-provider/{name}") in found.iam.open_id_providers:
        return None
    return f"No OpenIDConnect provider found in your account for https://{name}"


@rule("InvalidIdentityToken", _OIDC, source=f"{_API}, {_OIDC}; the wording is assumed")
def identity_token_is_for_a_client(account: Account, call: Call) -> str | None:
    """Refuse a token that is for none of the provider's client ids."""
    token = claims(call.params["WebIdentityToken"]) or {}
    found = _owner(account, call)
    provider = found.oidc_provider(found.arn(f"oidc-provider/{issuer(token)}"))
    return None if set(audience(token)) & set(provider.client_id_list) else "Incorrect token audience"


@rule("ExpiredTokenException", _OIDC, source=f"{_API}, {_OIDC}; the wording is assumed")
def identity_token_has_not_expired(_: Account, call: Call) -> str | None:
    """Refuse a token whose time is over."""
    end = (claims(call.params["WebIdentityToken"]) or {}).get("exp")
    expired = isinstance(end, (int, float)) and end <= (now() - _EPOCH).total_seconds()
    return "Token expired: current date/time must be before the expiration date/time" if expired else None


@rule("InvalidIdentityToken", _SAML, source=f"{_API}, {_SAML}; the wording is assumed")
def assertion_is_saml(_: Account, call: Call) -> str | None:
    """Refuse what is no SAML response in base64."""
    return None if assertion(call.params["SAMLAssertion"]) is not None else "Invalid SAMLResponse."


@rule(
    "InvalidIdentityToken", _SAML, source=f"{_API}, {_SAML}; IAM user guide, id_roles_providers_create_saml_assertions"
)
def assertion_names_the_role(_: Account, call: Call) -> str | None:
    """Refuse an assertion that lacks the role with its provider, or a RoleSessionName."""
    said = assertion(call.params["SAMLAssertion"]) or Assertion("")
    wanted = {call.params["RoleArn"], call.params["PrincipalArn"]}
    pairs = [{part.strip() for part in each.split(",")} for each in said.attributes.get("Role", ())]
    if wanted not in pairs:
        return "The assertion does not hold the role and its provider."
    return None if said.attributes.get("RoleSessionName") else "RoleSessionName is required in AuthnResponse"


@rule("InvalidIdentityToken", _SAML, source=f"{_API}, {_SAML}; the wording is assumed")
def saml_provider_is_known(account: Account, call: Call) -> str | None:
    """Refuse an assertion of a SAML provider that the role's account does not have."""
    arns = {provider.arn for provider in _owner(account, call).iam.saml_providers.values()}
    return None if call.params["PrincipalArn"] in arns else "Specified provider doesn't exist"


@rule("AccessDenied", _OIDC, _SAML, source=f"{_API}, {_OIDC}, {_SAML}; IAM user guide, id_roles_create_for-idp")
def federation_is_trusted(account: Account, call: Call) -> str | None:
    """Refuse an outside identity that the role's trust does not allow."""
    found = lender(call)
    owner, role = found if found is not None else (account, None)
    if call.operation == _SAML:
        provider, context = call.params["PrincipalArn"], {"SAML:aud": [_AUDIENCE]}
    else:
        token = claims(call.params["WebIdentityToken"]) or {}
        name = issuer(token)
        provider = owner.arn(f"oidc-provider/{name}")
        context = {f"{name}:aud": audience(token), f"{name}:sub": [str(token["sub"])]}
    return None if trusts_provider(role, provider, f"sts:{call.operation}", context) else _denied(call)


def _owner(account: Account, call: Call) -> Account:
    found = lender(call)
    return found[0] if found is not None else account


def _denied(call: Call) -> str:
    return f"Not authorized to perform sts:{call.operation}"
