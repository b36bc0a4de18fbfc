"""The cases of rules about an account as a whole: services' roles, providers, passwords, alias, tags, simulation."""

from __future__ import annotations

from typing import Any

from sandbox.refusal_steps import Refusal, does, has
from sandbox.refusals_of_callers import CALLERS, FEDERATED, OIDC_PROVIDER, SAML_PROVIDER, role, user
from sandbox.sandbox_support import METADATA, POLICY, TRUST, arn, managed

__all__ = ["ACCOUNTS"]

ECS = "AWSServiceRoleForECS"
OIDC = arn("oidc-provider/example.org")
SAML = arn("saml-provider/s")
PASSWORD = "Correct-horse-1"
ECS_ROLE = does("create_service_linked_role", AWSServiceName="ecs.amazonaws.com")
SIMULATED = {"PolicyInputList": [POLICY], "ActionNames": ["s3:GetObject"]}
STRICT = does(
    "update_account_password_policy", MinimumPasswordLength=20, RequireSymbols=True, RequireNumbers=True,
    RequireUppercaseCharacters=True, RequireLowercaseCharacters=True, PasswordReusePrevention=2,
)  # fmt: skip
PROFILE = does("create_login_profile", UserName="u", Password=PASSWORD)


def every(prepare: str, count: int, **params: Any) -> Any:
    """Return what creates so many providers."""

    def made(iam: Any) -> None:
        for number in range(count):
            numbered = {name: value.format(number) if "{}" in value else value for name, value in params.items()}
            getattr(iam, prepare)(**numbered)

    return made


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
