"""One case or more for every rule of the strict layer: an account, and the call that AWS refuses."""

from __future__ import annotations

from sandbox.refusal_steps import Refusal, document, does, groups, has, mfa, named, policies, statement, tag, trust
from sandbox.refusals_credentials import COUNTS, CREDENTIALS
from sandbox.refusals_documents import DOCUMENTS
from sandbox.refusals_of_accounts import ACCOUNTS
from sandbox.sandbox_support import ACCOUNT, PEM, POLICY, TRUST, arn, managed, ssh_key

__all__ = ["CASES", "HTTP", "Refusal"]

HTTP = {
    "AccessDenied": 403,
    "DeleteConflict": 409,
    "DuplicateCertificate": 409,
    "DuplicateSSHPublicKey": 400,
    "EntityAlreadyExists": 409,
    "ExpiredToken": 403,
    "ExpiredTokenException": 400,
    "InvalidClientTokenId": 403,
    "InvalidIdentityToken": 400,
    "InvalidInput": 400,
    "InvalidParameterException": 400,
    "InvalidPublicKey": 400,
    "InvalidUserType": 400,
    "LimitExceeded": 409,
    "MalformedCertificate": 400,
    "MalformedPolicyDocument": 400,
    "NoSuchEntity": 404,
    "NotImplemented": 501,
    "NotSupportedService": 404,
    "PasswordPolicyViolation": 400,
    "PolicyNotAttachable": 400,
    "UnmodifiableEntity": 400,
    "ValidationError": 400,
}
SERVICE_POLICY = managed("aws-service-role/AmazonECSServiceRolePolicy")
P = arn("policy/p")

ROLE = {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}
LAST = "Cannot delete entity, must "

VALIDATION = [
    has("ValidationError", "fits_service_model", "create_user", "following: +=,.@_-", UserName="a b"),
    has("ValidationError", "fits_service_model", "create_user", "following: +=,.@_-", UserName="é"),
    has("ValidationError", "fits_service_model", "create_user", "following: +=,.@_-", UserName="new\n"),
    has("ValidationError", "fits_service_model", "create_user", "less than or equal to 64", UserName="u" * 65),
    has("ValidationError", "fits_service_model", "create_group", "less than or equal to 128", GroupName="g" * 129),
    has("ValidationError", "fits_service_model", "create_role", "equal to 64", **ROLE | {"RoleName": "r" * 65}),
    has("ValidationError", "fits_service_model", "create_user", "begin and end with /", UserName="x", Path="/a"),
    has("ValidationError", "fits_service_model", "create_group", "begin and end with /", GroupName="x", Path="a/"),
    has(
        "ValidationError", "fits_service_model", "create_policy", "begin and end with /",
        PolicyName="x", PolicyDocument=POLICY, Path="/a!/",
    ),
    has("ValidationError", "fits_service_model", "create_role", "equal to 3600", **ROLE, MaxSessionDuration=3599),
    has("ValidationError", "fits_service_model", "update_role", "to 43200", RoleName="r", MaxSessionDuration=43201),
    has("ValidationError", "fits_service_model", "create_role", "equal to 1000", **ROLE, Description="d" * 1001),
    has("ValidationError", "fits_service_model", "create_role", "pattern", **ROLE, Description="\N{EM DASH}"),
    has("ValidationError", "fits_service_model", "create_user", "Value null at 'userName'"),
    has("ValidationError", "fits_service_model", "create_user", "equal to 512", UserName="x", Path=f"/{'p' * 511}/"),
    has("ValidationError", "fits_service_model", "update_user", "following: +=,.@_-", UserName="u", NewUserName="a/b"),
    has("ValidationError", "fits_service_model", "update_group", "begin and end", GroupName="g", NewPath="x"),
    has("ValidationError", "fits_service_model", "create_instance_profile", "to 128", InstanceProfileName="i" * 129),
    has(
        "ValidationError", "fits_service_model", "create_instance_profile", "begin and end with /",
        InstanceProfileName="i", Path="/a b/",
    ),
    has("ValidationError", "fits_service_model", "create_policy", "128", PolicyName="p" * 129, PolicyDocument=POLICY),
    has(
        "ValidationError", "fits_service_model", "put_group_policy", "following: +=,.@_-",
        GroupName="g", PolicyName="a b", PolicyDocument=POLICY,
    ),
    has(
        "ValidationError", "fits_service_model", "create_policy", "equal to 1000",
        PolicyName="x", PolicyDocument=POLICY, Description="d" * 1001,
    ),
    has("ValidationError", "fits_service_model", "attach_role_policy", "equal to 20", RoleName="r", PolicyArn="arn"),
    has("ValidationError", "fits_service_model", "tag_role", "equal to 1", RoleName="r", Tags=[tag("")]),
    has("ValidationError", "fits_service_model", "tag_policy", "pattern", PolicyArn=P, Tags=[tag("a", "b?")]),
    has("ValidationError", "fits_service_model", "untag_user", "equal to 50", UserName="u", TagKeys=["k"] * 51),
    has("ValidationError", "fits_service_model", "list_groups", "begin and end with /", PathPrefix="x"),
    has("ValidationError", "fits_service_model", "list_groups", "equal to 320", Marker="m" * 321),
    has("ValidationError", "fits_service_model", "list_entities_for_policy", "enum", PolicyArn=P, EntityFilter="X"),
    has("ValidationError", "fits_service_model", "list_policies", "enum value set", PolicyUsageFilter="X"),
    has("ValidationError", "fits_service_model", "update_access_key", "enum", AccessKeyId="A" * 20, Status="Off"),
    *(
        has(
            "ValidationError", "fits_service_model", "assume_role", message,
            **{"RoleArn": arn("role/r"), "RoleSessionName": "session", **params},
        )
        for params, message in (
            ({"DurationSeconds": 899}, "equal to 900"), ({"DurationSeconds": 43201}, "equal to 43200"),
            ({"RoleSessionName": "s"}, "equal to 2"), ({"RoleSessionName": "a b"}, "pattern"),
        )
    ),
    has("ValidationError", "fits_service_model", "list_users", "greater than or equal to 1", MaxItems=0),
    has("ValidationError", "fits_service_model", "list_roles", "less than or equal to 1000", MaxItems=1001),
    has("ValidationError", "fits_service_model", "list_policies", "enum value set", Scope="Mine"),
    has(
        "ValidationError", "fits_service_model", "get_account_authorization_details", "enum value set", Filter=["Users"]
    ),
    has(
        "ValidationError", "fits_service_model", "create_policy", "pattern",
        PolicyName="x", PolicyDocument=POLICY.replace("GetObject", "Get\N{SNOWMAN}"),
    ),
    has(
        "ValidationError", "fits_service_model", "create_role", "pattern",
        RoleName="x", AssumeRolePolicyDocument=statement(Sid="").replace('""', '"\N{SNOWMAN}"'),
    ),
    has(
        "ValidationError", "fits_service_model", "update_assume_role_policy", "equal to 131072",
        RoleName="r", PolicyDocument=TRUST + " " * 131072,
    ),
    has("ValidationError", "fits_service_model", "tag_role", "pattern", RoleName="r", Tags=[tag("a?")]),
    has(
        "ValidationError", "fits_service_model", "tag_role", "less than or equal to 50",
        RoleName="r", Tags=[tag(f"k{number}") for number in range(51)],
    ),
    has(
        "ValidationError", "fits_service_model", "tag_user", "2 validation errors",
        UserName="u", Tags=[tag("k" * 129, "v" * 257)],
    ),
    has("ValidationError", "fits_service_model", "set_default_policy_version", "pattern", PolicyArn=P, VersionId="1"),
]  # fmt: skip

EXISTS = [
    has("EntityAlreadyExists", "user_name_is_free", "create_user", "User with name U already exists.", UserName="U"),
    has(
        "EntityAlreadyExists", "user_name_is_free", "update_user", "with name U ",
        does("create_user", UserName="v"), UserName="v", NewUserName="U",
    ),
    has("EntityAlreadyExists", "group_name_is_free", "create_group", "with name G ", GroupName="G"),
    has(
        "EntityAlreadyExists", "group_name_is_free", "update_group", "with name G ",
        does("create_group", GroupName="h"), GroupName="h", NewGroupName="G",
    ),
    has("EntityAlreadyExists", "role_name_is_free", "create_role", "with name R ", **ROLE | {"RoleName": "R"}),
    has("EntityAlreadyExists", "policy_name_is_free", "create_policy", "", PolicyName="P", PolicyDocument=POLICY),
    has(
        "EntityAlreadyExists", "policy_name_is_free", "create_policy", "A policy called p already exists",
        PolicyName="p", PolicyDocument=POLICY, Path="/elsewhere/",
    ),
    has(
        "EntityAlreadyExists", "profile_name_is_free", "create_instance_profile", "",
        does("create_instance_profile", InstanceProfileName="i"), InstanceProfileName="I",
    ),
]  # fmt: skip

CONFLICTS = [
    has(
        "DeleteConflict", "user_has_no_login_profile", "delete_user", f"{LAST}delete login profile first.",
        does("create_login_profile", UserName="u", Password="Correct-horse-1"), UserName="u",
    ),
    has(
        "DeleteConflict", "user_has_no_access_keys", "delete_user", f"{LAST}delete access keys first.",
        does("create_access_key", UserName="u"), UserName="u",
    ),
    has("DeleteConflict", "user_has_no_mfa_devices", "delete_user", "delete MFA device first.", mfa, UserName="u"),
    has(
        "DeleteConflict", "user_has_no_certificates", "delete_user", "",
        does("upload_signing_certificate", UserName="u", CertificateBody=PEM), UserName="u",
    ),
    has(
        "DeleteConflict", "user_has_no_ssh_keys", "delete_user", "",
        does("upload_ssh_public_key", UserName="u", SSHPublicKeyBody=ssh_key()), UserName="u",
    ),
    has(
        "DeleteConflict", "user_has_no_service_credentials", "delete_user", "",
        does("create_service_specific_credential", UserName="u", ServiceName="codecommit.amazonaws.com"), UserName="u",
    ),
    has("DeleteConflict", "user_in_no_group", "delete_user", "", groups(1), UserName="u"),
    has("DeleteConflict", "group_has_no_members", "delete_group", "remove users", groups(1), GroupName="many0"),
    has(
        "DeleteConflict", "role_in_no_profile", "delete_role", f"{LAST}remove roles from instance profile first.",
        does("create_instance_profile", InstanceProfileName="i"),
        does("add_role_to_instance_profile", InstanceProfileName="i", RoleName="r"), RoleName="r",
    ),
    *(
        has(
            "DeleteConflict", "holder_has_no_attachments", f"delete_{noun}", f"{LAST}detach all policies first.",
            does(f"attach_{noun}_policy", **named(noun), PolicyArn=P),
            **named(noun),
        )
        for noun in ("user", "group", "role")
    ),
    *(
        has(
            "DeleteConflict", "holder_has_no_inline_policies", f"delete_{noun}", f"{LAST}delete policies first.",
            does(f"put_{noun}_policy", **named(noun), PolicyName="i", PolicyDocument=POLICY),
            **named(noun),
        )
        for noun in ("user", "group", "role")
    ),
    has(
        "DeleteConflict", "policy_is_unused", "delete_policy", "Cannot delete a policy attached to entities.",
        does("attach_group_policy", GroupName="g", PolicyArn=P), PolicyArn=P,
    ),
    has(
        "DeleteConflict", "policy_is_unused", "delete_policy", "",
        does("put_user_permissions_boundary", UserName="u", PermissionsBoundary=P), PolicyArn=P,
    ),
    has(
        "DeleteConflict", "policy_has_one_version", "delete_policy", "This policy has more than one version.",
        does("create_policy_version", PolicyArn=P, PolicyDocument=POLICY), PolicyArn=P,
    ),
    has("DeleteConflict", "version_is_not_default", "delete_policy_version", "", PolicyArn=P, VersionId="v1"),
    has(
        "DeleteConflict", "profile_has_no_role", "delete_instance_profile", "",
        does("create_instance_profile", InstanceProfileName="i"),
        does("add_role_to_instance_profile", InstanceProfileName="i", RoleName="r"), InstanceProfileName="i",
    ),
    has("DeleteConflict", "mfa_device_is_unassigned", "delete_virtual_mfa_device", "", mfa, SerialNumber=arn("mfa/d")),
]  # fmt: skip

LIMITS = [
    *(
        has(
            "LimitExceeded", "attachment_quota", f"attach_{noun}_policy",
            f"Cannot exceed quota for PoliciesPer{noun.title()}: 10",
            policies(10, **named(noun)), **named(noun), PolicyArn=P,
        )
        for noun in ("user", "group", "role")
    ),
    has(
        "LimitExceeded", "group_quota", "add_user_to_group", "Cannot exceed quota for GroupsPerUser: 10",
        groups(10), GroupName="g", UserName="u",
    ),
    has(
        "LimitExceeded", "version_quota", "create_policy_version", "A managed policy can have up to 5 versions.",
        does("create_policy_version", 4, PolicyArn=P, PolicyDocument=POLICY), PolicyArn=P, PolicyDocument=POLICY,
    ),
    has(
        "LimitExceeded", "managed_policy_size", "create_policy", "Cannot exceed quota for PolicySize: 6144",
        PolicyName="x", PolicyDocument=document(6145),
    ),
    has("LimitExceeded", "managed_policy_size", "create_policy_version", PolicyArn=P, PolicyDocument=document(6145)),
    *(
        has(
            "LimitExceeded", "inline_policy_size", f"put_{noun}_policy",
            f"Maximum policy size of {size} bytes exceeded for {noun} {noun[0]}",
            does(
                f"put_{noun}_policy", **named(noun), PolicyName="a",
                PolicyDocument=document(size - 1000),
            ),
            **named(noun), PolicyName="b", PolicyDocument=document(1001),
        )
        for noun, size in (("user", 2048), ("group", 5120), ("role", 10240))
    ),
    has(
        "LimitExceeded", "trust_size", "create_role", "Cannot exceed quota for ACLSizePerRole: 2048",
        **ROLE | {"AssumeRolePolicyDocument": trust(2049)},
    ),
    has("LimitExceeded", "trust_size", "update_assume_role_policy", "", RoleName="r", PolicyDocument=trust(2049)),
    has(
        "LimitExceeded", "profile_holds_one_role", "add_role_to_instance_profile", "",
        does("create_instance_profile", InstanceProfileName="i"),
        does("add_role_to_instance_profile", InstanceProfileName="i", RoleName="r"),
        InstanceProfileName="i", RoleName="r",
    ),
    has(
        "LimitExceeded", "tag_quota", "tag_policy", "",
        does("tag_policy", PolicyArn=P, Tags=[tag(f"k{number}") for number in range(50)]),
        PolicyArn=P, Tags=[tag("K1")],
    ),
]  # fmt: skip

OTHERS = [
    has(
        "InvalidInput", "tag_keys_not_reserved", "tag_role", "",
        RoleName="r", Tags=[tag("AWS:x")],
    ),
    has("InvalidInput", "tag_keys_not_reserved", "create_user", "", UserName="x", Tags=[tag("aws:x")]),
    has(
        "InvalidInput", "tag_keys_differ", "create_role", "Duplicate tag keys found.",
        **ROLE, Tags=[tag("a"), tag("A")],
    ),
    has(
        "InvalidInput", "tag_keys_differ", "tag_policy", "Duplicate tag keys found.",
        PolicyArn=P, Tags=[tag("a"), tag("a", "b")],
    ),
    *(
        has(
            "NoSuchEntity", "boundary_exists", operation, "does not exist or is not attachable.",
            **params, PermissionsBoundary=boundary,
        )
        for operation, params in (
            ("create_user", {"UserName": "x"}), ("create_role", ROLE),
            ("put_user_permissions_boundary", {"UserName": "u"}), ("put_role_permissions_boundary", {"RoleName": "r"}),
        )
        for boundary in (arn("policy/nowhere"), managed("NoSuchPolicyOfAws"))
    ),
    *(
        has(
            "NoSuchEntity", "detached_is_attached", f"detach_{noun}_policy", f"Policy {policy} was not found.",
            **named(noun), PolicyArn=policy,
        )
        for noun in ("user", "group", "role") for policy in (P, managed("ReadOnlyAccess"), arn("policy/nowhere"))
    ),
    *(
        has(
            "NoSuchEntity", "inline_policy_exists", f"{verb}_{noun}_policy",
            f"The {noun} policy with name x cannot be found.", **named(noun), PolicyName="x",
        )
        for noun in ("user", "group", "role") for verb in ("get", "delete")
    ),
    has("NoSuchEntity", "member_is_in_group", "remove_user_from_group", "", GroupName="g", UserName="u"),
    has(
        "NoSuchEntity", "profile_holds_role", "remove_role_from_instance_profile", "",
        does("create_instance_profile", InstanceProfileName="i"), InstanceProfileName="i", RoleName="r",
    ),
    *(
        has(
            "PolicyNotAttachable", "policy_attachable", f"attach_{noun}_policy",
            "Cannot attach a Service Role Policy to a Customer Role.",
            **named(noun), PolicyArn=SERVICE_POLICY,
        )
        for noun in ("user", "group", "role")
    ),
    has(
        "PolicyNotAttachable", "policy_attachable", "create_user", "",
        UserName="x", PermissionsBoundary=SERVICE_POLICY,
    ),
    *(
        has("AccessDenied", "aws_managed_policies_stay", operation, "", PolicyArn=managed("ReadOnlyAccess"), **params)
        for operation, params in (
            ("create_policy_version", {"PolicyDocument": POLICY}), ("delete_policy", {}),
            ("delete_policy_version", {"VersionId": "v1"}), ("set_default_policy_version", {"VersionId": "v1"}),
            ("tag_policy", {"Tags": [tag("a")]}), ("untag_policy", {"TagKeys": ["a"]}),
        )
    ),
    Refusal(
        "AccessDenied", "assumed_role_exists",
        ("assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody", "RoleSessionName": "session"}),
    ),
]  # fmt: skip

CASES = [*VALIDATION, *EXISTS, *CONFLICTS, *LIMITS, *COUNTS, *CREDENTIALS, *DOCUMENTS, *OTHERS, *ACCOUNTS]
