"""An account, and documents that differ from it in every way that a plan knows."""

from __future__ import annotations

from typing import Any

from support.estates import ACCOUNT, Docs

__all__ = ["AFTER", "BEFORE", "CERTIFICATE", "by_hand"]

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBCzCBs6ADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRlc3QwIBcN
MjAwMTAxMDAwMDAwWhgPMjA2MDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQeGYErw5pHj5jAUBbkuP/Qfx1IhmSf
lF7ZSpjA0SBt7nUMgttQs3U/XfyLS7ttz4kyJPcAsDnPEmUpvqJlJ/wCMAoGCCqG
SM49BAMCA0cAMEQCIAEGzVv0ttkvLexTIBx0gfw6gqN4eGr4/V3yjfcA5CePAiAT
BNT9Mqwx6ZkALXtMDKB7YPN4Y/3vtl1L4Fh76kXM6A==
-----END CERTIFICATE-----
"""


def body(action: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


def trust(*principals: str) -> dict[str, Any]:
    named = [f"arn:aws:iam::{ACCOUNT}:{principal}" for principal in principals]
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(name: str, action: str, **more: Any) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": body(action), **more}


def gone(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "state": "absent"}


BEFORE: Docs = [
    policy("edited", "s3:GetObject"),
    policy("full", "s3:GetObject"),
    policy("reused", "s3:GetObject"),
    policy("retired", "sqs:*", tags={"team": "old"}),
    policy("bounds", "s3:*"),
    {"kind": "group", "name": "old-team", "policies": ["edited"], "inline_policies": {"a": body("ec2:*")}},
    {"kind": "group", "name": "retired", "policies": ["retired"], "inline_policies": {"a": body("ec2:*")}},
    {"kind": "user", "name": "alice", "groups": ["old-team"], "permissions_boundary": "bounds"},
    {"kind": "user", "name": "old-bob", "policies": ["edited"], "tags": {"team": "a", "level": "1"}},
    {"kind": "user", "name": "mallory", "groups": ["retired", "old-team"], "policies": ["retired", "ReadOnlyAccess"]},
    {"kind": "role", "name": "app", "service": "lambda", "policies": ["edited"], "description": "one"},
    {"kind": "role", "name": "moved", "service": "ec2", "policies": ["edited"], "inline_policies": {"a": body("s3:*")}},
    {"kind": "role", "name": "retired", "service": "ec2", "policies": ["retired"], "permissions_boundary": "retired"},
    {"kind": "role", "name": "guarded", "trust": trust("user/old-bob"), "inline_policies": {"a": body("s3:*")}},
]

AFTER: Docs = [
    policy("edited", "s3:PutObject", tags={"team": "new"}),
    policy("full", "s3:PutObject"),
    policy("reused", "ec2:Run*"),
    policy("bounds", "s3:*"),
    policy("new-bounds", "iam:*", path="/b/", description="New bounds"),
    policy("fresh", "dynamodb:GetItem", tags={"team": "new"}),
    gone("policy", "retired"),
    {"kind": "group", "name": "new-team", "renamed_from": "old-team", "policies": ["fresh"], "path": "/t/"},
    {"kind": "group", "name": "fresh", "policies": ["fresh", "SecurityAudit"], "inline_policies": {"b": body("s3:*")}},
    gone("group", "retired"),
    {
        "kind": "user",
        "name": "alice",
        "path": "/p/",
        "groups": ["new-team", "fresh"],
        "policies": ["fresh"],
        "inline_policies": {"a": body("ec2:*")},
        "permissions_boundary": "new-bounds",
    },
    {"kind": "user", "name": "bob", "renamed_from": "old-bob", "tags": {"team": "b"}, "groups": []},
    {"kind": "user", "name": "carol", "groups": ["fresh"], "policies": ["edited"], "tags": {"team": "c"}},
    {"kind": "user", "name": "dave", "groups": ["fresh"], "permissions_boundary": "bounds"},
    gone("user", "mallory"),
    {
        "kind": "role",
        "name": "app",
        "service": ["lambda", "ec2"],
        "policies": ["fresh"],
        "description": "two",
        "max_session_duration": "7200",
        "permissions_boundary": "new-bounds",
        "tags": {"team": "a"},
    },
    {
        "kind": "role",
        "name": "moved",
        "path": "/m/",
        "replace": "true",
        "service": "ec2",
        "policies": ["edited"],
        "inline_policies": {"a": body("s3:*")},
    },
    gone("role", "retired"),
    {"kind": "role", "name": "guarded", "trust": trust("user/bob", "role/ring-one"), "inline_policies": {}},
    {"kind": "role", "name": "ring-one", "trust": trust("role/ring-two"), "policies": ["fresh"]},
    {"kind": "role", "name": "ring-two", "trust": trust("role/ring-one", "user/carol"), "description": "The other"},
]


def by_hand(iam: Any) -> None:
    """Bring the account, made as BEFORE says, to what documents cannot say: credentials, versions, profiles."""
    own = {"UserName": "mallory"}
    iam.create_login_profile(**own, Password="correct horse battery staple 1!")
    iam.create_access_key(**own)
    iam.create_access_key(**own)
    iam.upload_signing_certificate(**own, CertificateBody=CERTIFICATE)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="mallory")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(**own, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    for name, count in (("full", 4), ("retired", 2)):
        for number in range(count):
            version(iam, name, f"ec2:Describe{number}", default=True)
    version(iam, "reused", "ec2:Run*", default=False)
    iam.create_instance_profile(InstanceProfileName="retired")
    iam.add_role_to_instance_profile(InstanceProfileName="retired", RoleName="retired")


def version(iam: Any, name: str, action: str, *, default: bool) -> None:
    text = f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}'
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=default)
