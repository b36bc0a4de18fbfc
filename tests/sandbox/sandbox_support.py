"""What the sandbox's tests share: documents, and an account with one of everything."""

from __future__ import annotations

import base64
import json
from typing import Any

from reconciler import sandbox

__all__ = [
    "ACCOUNT",
    "ASSUME",
    "METADATA",
    "PEM",
    "PEMS",
    "POLICY",
    "TRUST",
    "arn",
    "client",
    "details",
    "managed",
    "ssh_key",
    "trusting",
]

ACCOUNT = "123456789012"
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
ASSUME = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ASSUME]})
METADATA = f"<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>{' ' * 1000}</EntityDescriptor>"
PEM = """-----BEGIN CERTIFICATE-----
MIIBCzCBs6ADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRlc3QwIBcN
MjAwMTAxMDAwMDAwWhgPMjA2MDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQeGYErw5pHj5jAUBbkuP/Qfx1IhmSf
lF7ZSpjA0SBt7nUMgttQs3U/XfyLS7ttz4kyJPcAsDnPEmUpvqJlJ/wCMAoGCCqG
SM49BAMCA0cAMEQCIAEGzVv0ttkvLexTIBx0gfw6gqN4eGr4/V3yjfcA5CePAiAT
BNT9Mqwx6ZkALXtMDKB7YPN4Y/3vtl1L4Fh76kXM6A==
-----END CERTIFICATE-----
"""
# Another certificate: the first with another signature, which nobody checks.
PEMS = [PEM, *(PEM.replace("XM6A==", f"XM{digit}A==") for digit in "5789")]


def ssh_key(number: int = 0, bits: int = 2048) -> str:
    """Return one of many SSH public keys; nobody has the private ones."""
    fields = [b"ssh-rsa", b"\1\0\1", ((1 << (bits - 1)) + 2 * number + 1).to_bytes(bits // 8 + 1, "big")]
    packed = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"ssh-rsa {base64.b64encode(packed).decode()} remark"


def client(name: str | None = None, **options: Any) -> Any:
    """Return an IAM client of a fresh account, or of the saved one of that name."""
    return sandbox.session(name, **options).client("iam")


def arn(resource: str) -> str:
    """Return the ARN of ``user/name``, ``role/name`` or ``policy/name``."""
    return f"arn:aws:iam::{ACCOUNT}:{resource}"


def managed(name: str) -> str:
    """Return the ARN of an AWS managed policy, written ``path/name`` or ``name``."""
    return f"arn:aws:iam::aws:policy/{name}"


def trusting(*principals: str) -> str:
    """Return a trust policy of those AWS principals."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{**ASSUME, "Principal": {"AWS": list(principals)}}]})


def details(iam: Any, *filters: str, size: int = 1000) -> dict[str, list[dict[str, Any]]]:
    """Return everything that GetAccountAuthorizationDetails shows, page by page."""
    found: dict[str, list[dict[str, Any]]] = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }
    params: dict[str, Any] = {"Filter": list(filters or ("User", "Group", "Role", "LocalManagedPolicy"))}
    while True:
        page = iam.get_account_authorization_details(**params, MaxItems=size)
        assert sum(len(page[name]) for name in found) <= size
        for name, rows in found.items():
            rows.extend(page[name])
        if not page["IsTruncated"]:
            assert "Marker" not in page
            return found
        params["Marker"] = page["Marker"]
