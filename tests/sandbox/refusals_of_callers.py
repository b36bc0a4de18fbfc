"""The cases of rules about who calls, and who may assume a role."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from sandbox.refusal_steps import Refusal, Signed, does, has, statement
from sandbox.sandbox_support import METADATA, POLICY, arn, trusting

from reconciler.sandbox.wiring import sandbox_of

__all__ = [
    "CALLERS",
    "FEDERATED",
    "OIDC_PROVIDER",
    "SAML_CALL",
    "SAML_PROVIDER",
    "WEB_CALL",
    "federated",
    "key_of",
    "lent",
    "role",
    "token",
    "user",
]

ROOT = arn("root")
OIDC = arn("oidc-provider/example.org")
SAML = arn("saml-provider/s")
DENY = POLICY.replace("Allow", "Deny").replace("s3:GetObject", "sts:*")


def key_of(session: Any, user: str, *, active: bool = True) -> dict[str, Any]:
    """Return the credentials of a new access key of a user."""
    key = session.client("iam").create_access_key(UserName=user)["AccessKey"]
    if not active:
        session.client("iam").update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def lent(session: Any, role: str, **options: Any) -> dict[str, Any]:
    """Return the credentials of a session of a role."""
    found = session.client("sts").assume_role(RoleArn=role, RoleSessionName="me", **options)["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def user(**steps: Any) -> Signed:
    """Return what signs as user u, after the steps."""

    def signed(session: Any) -> dict[str, Any]:
        for operation, params in steps.items():
            getattr(session.client("iam"), operation)(**params)
        return key_of(session, "u")

    return signed


def inactive(session: Any) -> dict[str, Any]:
    return key_of(session, "u", active=False)


def role(session: Any) -> dict[str, Any]:
    session.client("iam").create_role(RoleName="lent", AssumeRolePolicyDocument=trusting(ROOT))
    return lent(session, arn("role/lent"))


def expired(session: Any) -> dict[str, Any]:
    found = role(session)
    sandbox_of(session).account.sts.assumed_roles[0].expiration = dt.datetime(2020, 1, 1)  # noqa: DTZ001  as moto's
    return found


def made_up(session: Any) -> dict[str, Any]:
    return {**role(session), "aws_access_key_id": lent(session, arn("role/lent"))["aws_access_key_id"][:-1] + "9"}


ASSUMED = {"RoleArn": arn("role/open"), "RoleSessionName": "me"}
OPEN = does("create_role", RoleName="open", AssumeRolePolicyDocument=trusting(ROOT))
OIDC_PROVIDER = does("create_open_id_connect_provider", Url="https://example.org", ClientIDList=["c"] * 3)
SAML_PROVIDER = does("create_saml_provider", Name="s", SAMLMetadataDocument=METADATA)

CALLERS = [
    Refusal("InvalidClientTokenId", "access_key_is_valid", ("list_users", {}), "is invalid", signed=inactive),
    Refusal("InvalidClientTokenId", "access_key_is_valid", ("list_users", {}), "is invalid", signed=made_up),
    Refusal("ExpiredToken", "session_has_not_expired", ("list_users", {}), "is expired", signed=expired),
    has("AccessDenied", "assumed_role_exists", "assume_role", "", RoleArn=arn("role/nobody"), RoleSessionName="me"),
    has(
        "AccessDenied", "assumed_role_exists", "assume_role", "not authorized to perform: sts:AssumeRole on resource",
        RoleArn="arn:aws:iam::210987654321:role/r", RoleSessionName="me",
    ),
    has("AccessDenied", "role_may_be_assumed", "assume_role", "", RoleArn=arn("role/r"), RoleSessionName="me"),
    Refusal(
        "AccessDenied", "role_may_be_assumed", ("assume_role", ASSUMED), f"User: {arn('user/u')} is not",
        (OPEN,), signed=user(),
    ),
    Refusal(
        "AccessDenied", "role_may_be_assumed", ("assume_role", {**ASSUMED, "RoleArn": arn("role/named")}), "",
        (does("create_role", RoleName="named", AssumeRolePolicyDocument=trusting(arn("user/u"))),),
        signed=user(put_user_policy={"UserName": "u", "PolicyName": "d", "PolicyDocument": DENY}),
    ),
    has(
        "ValidationError", "session_length", "assume_role", "MaxSessionDuration", OPEN,
        **ASSUMED, DurationSeconds=3601,
    ),
    Refusal(
        "ValidationError", "chained_session_length", ("assume_role", {**ASSUMED, "DurationSeconds": 3601}), "1 hour",
        (
            does("create_policy", PolicyName="assume", PolicyDocument=POLICY.replace("s3:GetObject", "sts:*")),
            does("create_role", RoleName="open", AssumeRolePolicyDocument=trusting(ROOT), MaxSessionDuration=7200),
        ),
        signed=lambda session: (
            session.client("iam").create_role(RoleName="lent", AssumeRolePolicyDocument=trusting(ROOT)),
            session.client("iam").attach_role_policy(RoleName="lent", PolicyArn=arn("policy/assume")),
            lent(session, arn("role/lent")),
        )[-1],
    ),
]  # fmt: skip


def token(**claims: Any) -> str:
    """Return an OIDC token of these claims, unsigned."""
    said = {"iss": "https://example.org", "sub": "me", "aud": "c", **claims}
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"e30.{payload}.x"


def saml(*roles: str, name: str = "me") -> str:
    """Return a SAML response that gives those pairs of role and provider, and a session name."""
    values = "".join(f"<AttributeValue>{role}</AttributeValue>" for role in roles)
    named = f"<Attribute Name='a/RoleSessionName'><AttributeValue>{name}</AttributeValue></Attribute>" if name else ""
    attributes = f"<Attribute Name='a/Role'>{values}</Attribute>{named}"
    text = f"<Response><Subject><NameID>who</NameID></Subject>{attributes}</Response>"
    return base64.b64encode(text.encode()).decode()


def federated(provider: str, action: str, **condition: Any) -> str:
    """Return a trust policy of an identity provider."""
    return statement(Principal={"Federated": provider}, Action=f"sts:{action}", Condition=condition)


WEB = does(
    "create_role", RoleName="web",
    AssumeRolePolicyDocument=federated(OIDC, "AssumeRoleWithWebIdentity", StringEquals={"example.org:sub": "me"}),
)  # fmt: skip
WITH_SAML = does(
    "create_role", RoleName="saml", AssumeRolePolicyDocument=federated(arn("saml-provider/t"), "AssumeRoleWithSAML")
)
WEB_CALL = {"RoleArn": arn("role/web"), "RoleSessionName": "me", "WebIdentityToken": token()}
SAML_CALL = {"RoleArn": arn("role/saml"), "PrincipalArn": SAML, "SAMLAssertion": saml(f"{arn('role/saml')},{SAML}")}
FEDERATED = [
    *(
        has("AccessDenied", "federated_role_exists", operation, name, **{**call, "RoleArn": arn("role/nobody")})
        for operation, name, call in (
            ("assume_role_with_web_identity", "AssumeRoleWithWebIdentity", WEB_CALL),
            ("assume_role_with_saml", "AssumeRoleWithSAML", SAML_CALL),
        )
    ),
    *(
        has(
            "InvalidIdentityToken", "identity_token_is_a_token", "assume_role_with_web_identity", "", WEB,
            **{**WEB_CALL, "WebIdentityToken": text},
        )
        for text in ("nonsense", "a.b.c", "e30.!.x", f"e30.{'W10'}.x", token(sub=None))
    ),
    has(
        "InvalidIdentityToken", "identity_token_is_of_a_provider", "assume_role_with_web_identity",
        "No OpenIDConnect provider found in your account for https://example.org", WEB, **WEB_CALL,
    ),
    has(
        "InvalidIdentityToken", "identity_token_is_for_a_client", "assume_role_with_web_identity", "audience", WEB,
        OIDC_PROVIDER, **{**WEB_CALL, "WebIdentityToken": token(aud=["d"])},
    ),
    has(
        "ExpiredTokenException", "identity_token_has_not_expired", "assume_role_with_web_identity", "", WEB,
        OIDC_PROVIDER, **{**WEB_CALL, "WebIdentityToken": token(exp=1_600_000_000)},
    ),
    has(
        "AccessDenied", "federation_is_trusted", "assume_role_with_web_identity", "", WEB, OIDC_PROVIDER,
        **{**WEB_CALL, "WebIdentityToken": token(sub="you")},
    ),
    has("AccessDenied", "federation_is_trusted", "assume_role_with_saml", "", WITH_SAML, SAML_PROVIDER, **SAML_CALL),
    has("InvalidIdentityToken", "saml_provider_is_known", "assume_role_with_saml", "", WITH_SAML, **SAML_CALL),
    *(
        has(
            "InvalidIdentityToken", rule, "assume_role_with_saml", "", WITH_SAML, SAML_PROVIDER,
            **{**SAML_CALL, "SAMLAssertion": text},
        )
        for rule, text in (
            ("assertion_is_saml", "no base64"), ("assertion_is_saml", "bm8gWE1M"),
            ("assertion_names_the_role", saml(f"{arn('role/x')},{SAML}")),
            ("assertion_names_the_role", saml(f"{arn('role/saml')},{SAML}", name="")),
        )
    ),
    *(
        has(
            "MalformedPolicyDocument", "session_policies_are_policies", "assume_role", "", OPEN, **ASSUMED, **params
        )
        for params in ({"Policy": "{"}, {"PolicyArns": [{"arn": arn("policy/nowhere")}]})
    ),
]  # fmt: skip
