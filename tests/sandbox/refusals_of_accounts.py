"""The cases of rules about an account as a whole: who calls, its services' roles, providers, passwords and alias."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from sandbox.refusal_steps import Refusal, Signed, does, has, statement
from sandbox.sandbox_support import METADATA, POLICY, TRUST, arn, managed, trusting

from reconciler.sandbox.wiring import sandbox_of

__all__ = ["ACCOUNTS", "SAML_CALL", "WEB_CALL", "federated", "key_of", "lent", "token"]

ROOT = arn("root")
ECS = "AWSServiceRoleForECS"
OIDC = arn("oidc-provider/example.org")
SAML = arn("saml-provider/s")
PASSWORD = "Correct-horse-1"
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


ECS_ROLE = does("create_service_linked_role", AWSServiceName="ecs.amazonaws.com")
SIMULATED = {"PolicyInputList": [POLICY], "ActionNames": ["s3:GetObject"]}
ASSUMED = {"RoleArn": arn("role/open"), "RoleSessionName": "me"}
OPEN = does("create_role", RoleName="open", AssumeRolePolicyDocument=trusting(ROOT))
STRICT = does(
    "update_account_password_policy", MinimumPasswordLength=20, RequireSymbols=True, RequireNumbers=True,
    RequireUppercaseCharacters=True, RequireLowercaseCharacters=True, PasswordReusePrevention=2,
)  # fmt: skip
PROFILE = does("create_login_profile", UserName="u", Password=PASSWORD)
OIDC_PROVIDER = does("create_open_id_connect_provider", Url="https://example.org", ClientIDList=["c"] * 3)
SAML_PROVIDER = does("create_saml_provider", Name="s", SAMLMetadataDocument=METADATA)


def every(prepare: str, count: int, **params: Any) -> Any:
    """Return what creates so many providers."""

    def made(iam: Any) -> None:
        for number in range(count):
            numbered = {name: value.format(number) if "{}" in value else value for name, value in params.items()}
            getattr(iam, prepare)(**numbered)

    return made


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

LINKED = [
    *(
        has(
            "UnmodifiableEntity", "linked_role_stays", operation,
            "Cannot perform the operation on the protected role 'AWSServiceRoleForECS'", ECS_ROLE,
            does("create_instance_profile", InstanceProfileName="i"), RoleName=ECS, **params,
        )
        for operation, params in (
            ("add_role_to_instance_profile", {"InstanceProfileName": "i"}),
            ("attach_role_policy", {"PolicyArn": arn("policy/p")}),
            ("delete_role", {}),
            ("delete_role_permissions_boundary", {}),
            ("delete_role_policy", {"PolicyName": "x"}),
            ("detach_role_policy", {"PolicyArn": managed("aws-service-role/AmazonECSServiceRolePolicy")}),
            ("put_role_permissions_boundary", {"PermissionsBoundary": arn("policy/p")}),
            ("put_role_policy", {"PolicyName": "x", "PolicyDocument": POLICY}),
            ("update_assume_role_policy", {"PolicyDocument": TRUST}),
        )
    ),
    has(
        "UnmodifiableEntity", "linked_role_session_stays", "update_role", "", ECS_ROLE,
        RoleName=ECS, MaxSessionDuration=7200,
    ),
    has("InvalidInput", "service_is_a_principal", "create_service_linked_role", "", AWSServiceName="ecs"),
    has(
        "InvalidInput", "suffix_is_taken_by_the_service", "create_service_linked_role", "",
        AWSServiceName="ecs.amazonaws.com", CustomSuffix="x",
    ),
    has(
        "InvalidInput", "linked_role_is_new", "create_service_linked_role",
        "AWSServiceRoleForECS has been taken in this account, please try a different suffix.", ECS_ROLE,
        AWSServiceName="ecs.amazonaws.com",
    ),
    has("NoSuchEntity", "linked_role_only", "delete_service_linked_role", "", RoleName="r"),
    has(
        "NoSuchEntity", "deletion_task_exists", "get_service_linked_role_deletion_status", "", DeletionTaskId="task/x"
    ),
]  # fmt: skip

PROVIDERS = [
    *(
        has("ValidationError", "oidc_url_is_https", "create_open_id_connect_provider", "Invalid Open ID", Url=url)
        for url in ("http://example.org", "example.org", "https://", "https://e.org?a=b", "https://[", "https://a@e.org")
    ),
    has(
        "EntityAlreadyExists", "oidc_provider_is_new", "create_open_id_connect_provider",
        "Provider with url https://example.org already exists.", OIDC_PROVIDER, Url="https://example.org",
    ),
    has(
        "LimitExceeded", "oidc_provider_quota", "create_open_id_connect_provider", "",
        every("create_open_id_connect_provider", 100, Url="https://example{}.org"), Url="https://example.org",
    ),
    *(
        has(
            "InvalidInput", "thumbprint_quota", operation, "", *prepare,
            **params, ThumbprintList=[str(number) * 40 for number in range(6)],
        )
        for operation, prepare, params in (
            ("create_open_id_connect_provider", (), {"Url": "https://example.org"}),
            ("update_open_id_connect_provider_thumbprint", (OIDC_PROVIDER,), {"OpenIDConnectProviderArn": OIDC}),
        )
    ),
    has(
        "LimitExceeded", "client_id_quota", "create_open_id_connect_provider", "",
        Url="https://example.org", ClientIDList=[f"c{number}" for number in range(101)],
    ),
    has(
        "LimitExceeded", "client_id_quota", "add_client_id_to_open_id_connect_provider", "",
        does(
            "create_open_id_connect_provider", Url="https://example.org",
            ClientIDList=[f"c{number}" for number in range(100)],
        ),
        OpenIDConnectProviderArn=OIDC, ClientID="c",
    ),
    has(
        "ValidationError", "fits_service_model", "create_open_id_connect_provider", "equal to 40",
        Url="https://example.org", ThumbprintList=["a" * 39],
    ),
    has(
        "EntityAlreadyExists", "saml_provider_is_new", "create_saml_provider", "", SAML_PROVIDER,
        Name="s", SAMLMetadataDocument=METADATA,
    ),
    has(
        "LimitExceeded", "saml_provider_quota", "create_saml_provider", "",
        every("create_saml_provider", 100, Name="s{}", SAMLMetadataDocument=METADATA),
        Name="s", SAMLMetadataDocument=METADATA,
    ),
    *(
        has("InvalidInput", "metadata_is_saml", operation, "Could not parse metadata", *prepare, **params)
        for text in ("x" * 1000, f"<a>{' ' * 1000}</a>", f"{METADATA}<")
        for operation, prepare, params in (
            ("create_saml_provider", (), {"Name": "x", "SAMLMetadataDocument": text}),
            ("update_saml_provider", (SAML_PROVIDER,), {"SAMLProviderArn": SAML, "SAMLMetadataDocument": text}),
        )
    ),
    has(
        "InvalidInput", "tag_keys_not_reserved", "tag_saml_provider", "", SAML_PROVIDER,
        SAMLProviderArn=SAML, Tags=[{"Key": "aws:x", "Value": ""}],
    ),
]  # fmt: skip

PASSWORDS = [
    has("ValidationError", "login_profile_has_password", "create_login_profile", "", UserName="u"),
    *(
        has("PasswordPolicyViolation", "password_fits_policy", "create_login_profile", "", UserName="u", Password=text)
        for text in ("Short-1", "correct horse battery", "CORRECTHORSE1")
    ),
    *(
        has(
            "PasswordPolicyViolation", "password_fits_policy", "create_login_profile", "", STRICT,
            UserName="u", Password=text,
        )
        for text in (
            "Correct-horse-bat-1", "correct-horse-battery-staple-1", "CORRECT-HORSE-BATTERY-1",
            "Correct-horse-battery-staple", "CorrectHorseBatteryStaple1",
        )
    ),
    has(
        "PasswordPolicyViolation", "password_fits_policy", "update_login_profile", "", PROFILE,
        UserName="u", Password="short",
    ),
    has("InvalidUserType", "changer_is_a_user", "change_password", "", OldPassword="a", NewPassword=PASSWORD),
    Refusal(
        "InvalidUserType", "changer_is_a_user",
        ("change_password", {"OldPassword": PASSWORD, "NewPassword": "Another-horse-1"}), signed=role,
    ),
    Refusal(
        "AccessDenied", "old_password_is_right",
        ("change_password", {"OldPassword": "Wrong-horse-1", "NewPassword": "Another-horse-1"}), "",
        (PROFILE,), signed=user(),
    ),
    Refusal(
        "PasswordPolicyViolation", "password_is_new",
        ("change_password", {"OldPassword": "Correct-horse-battery-2", "NewPassword": "Correct-horse-battery-1"}), "",
        (
            STRICT,
            does("create_login_profile", UserName="u", Password="Correct-horse-battery-1"),
            does("update_login_profile", UserName="u", Password="Correct-horse-battery-2"),
        ),
        signed=user(),
    ),
    *(
        has("NoSuchEntity", "password_policy_exists", f"{verb}_account_password_policy", "cannot be found.")
        for verb in ("get", "delete")
    ),
    *(
        has("ValidationError", "fits_service_model", "update_account_password_policy", said, **params)
        for params, said in (
            ({"MinimumPasswordLength": 5}, "equal to 6"), ({"MinimumPasswordLength": 129}, "equal to 128"),
            ({"MaxPasswordAge": 0}, "equal to 1"), ({"MaxPasswordAge": 1096}, "equal to 1095"),
            ({"PasswordReusePrevention": 25}, "equal to 24"),
        )
    ),
    has(
        "EntityAlreadyExists", "alias_is_new", "create_account_alias", "",
        does("create_account_alias", AccountAlias="ours"), AccountAlias="ours",
    ),
    has("NoSuchEntity", "alias_exists", "delete_account_alias", "ours", AccountAlias="ours"),
    *(
        has("ValidationError", "fits_service_model", "create_account_alias", "", AccountAlias=alias)
        for alias in ("ab", "a" * 64, "Ours", "-ours", "ours-", "our--s", "our_s")
    ),
]  # fmt: skip

RESOURCES = [
    *(
        has(
            "InvalidParameterException", "resources_are_listed_or_filtered", "get_resources", f"and {name} in",
            ResourceARNList=[arn("policy/p")], **{name: value},
        )
        for name, value in (
            ("TagFilters", [{"Key": "a"}]), ("ResourceTypeFilters", ["iam"]), ("ResourcesPerPage", 1)
        )
    ),
    *(
        has("InvalidParameterException", "resource_filters_fit", "get_resources", "", **params)
        for params in (
            {"ResourcesPerPage": 0}, {"ResourcesPerPage": 101}, {"TagsPerPage": 150}, {"TagsPerPage": 600},
            {"TagFilters": [{"Values": ["b"]}]},
            {"ExcludeCompliantResources": True},
        )
    ),
]  # fmt: skip

SIMULATIONS = [
    *(
        has("InvalidInput", "simulated_actions_are_actions", "simulate_custom_policy", name, **SIMULATED | {
            "ActionNames": ["s3:GetObject", name],
        })
        for name in ("s3:Get*", "GetObject", "s3:")
    ),
    has(
        "InvalidInput", "simulated_boundary_is_one", "simulate_custom_policy", "", **SIMULATED,
        PermissionsBoundaryPolicyInputList=[POLICY, POLICY],
    ),
    has(
        "NotImplemented", "resource_policies_are_not_simulated", "simulate_principal_policy", "",
        PolicySourceArn=arn("user/u"), ActionNames=["s3:GetObject"], ResourcePolicy=POLICY,
    ),
]  # fmt: skip

ACCOUNTS = [*CALLERS, *FEDERATED, *LINKED, *PROVIDERS, *PASSWORDS, *RESOURCES, *SIMULATIONS]
