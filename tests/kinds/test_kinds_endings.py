"""Deleting a user clears whatever IAM demands to be gone first, and closes every way in before anything else."""

from __future__ import annotations

from typing import Any

from sandbox.sandbox_support import ssh_key
from support.worlds import World

from reconciler.kinds import KINDS
from reconciler.kinds.user import User

PEM = """-----BEGIN CERTIFICATE-----
MIIBCzCBs6ADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRlc3QwIBcN
MjAwMTAxMDAwMDAwWhgPMjA2MDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQeGYErw5pHj5jAUBbkuP/Qfx1IhmSf
lF7ZSpjA0SBt7nUMgttQs3U/XfyLS7ttz4kyJPcAsDnPEmUpvqJlJ/wCMAoGCCqG
SM49BAMCA0cAMEQCIAEGzVv0ttkvLexTIBx0gfw6gqN4eGr4/V3yjfcA5CePAiAT
BNT9Mqwx6ZkALXtMDKB7YPN4Y/3vtl1L4Fh76kXM6A==
-----END CERTIFICATE-----
"""
LOCKS = {
    "DeleteLoginProfile",
    "DeleteAccessKey",
    "DeleteServiceSpecificCredential",
    "DeleteSSHPublicKey",
    "DeleteSigningCertificate",
    "DeactivateMFADevice",
    "DeleteVirtualMFADevice",
}


def full_user(iam: Any) -> None:
    """Give the user ``u`` one of everything that IAM lets a user have."""
    iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    for _ in range(2):
        iam.create_access_key(UserName="u")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="m")["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="u", SerialNumber=device["SerialNumber"], **codes)
    iam.upload_signing_certificate(UserName="u", CertificateBody=PEM)
    iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=ssh_key())
    iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=boundary)


def test_a_user_that_has_everything_is_locked_out_then_stripped_then_deleted() -> None:
    world = World()
    body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    user = {"kind": "user", "name": "u", "groups": ["g"], "policies": ["SecurityAudit"], "inline_policies": {"i": body}}
    group = {"kind": "group", "name": "g"}
    world.apply([group, user])
    full_user(world.iam)
    gone = [group, {"kind": "user", "name": "u", "state": "absent"}]
    made = world.apply(gone)
    operations = [step.call.operation for step in made.steps]
    locks = [step.id for step in made.steps if step.call.operation in LOCKS]
    assert set(operations[: len(locks)]) == LOCKS
    assert len(locks) == len(LOCKS) + 1
    stripping = ["RemoveUserFromGroup", "DeleteUserPolicy", "DetachUserPolicy"]
    assert operations[len(locks) :] == [*stripping, "DeleteUser"]
    for step in made.steps[len(locks) :]:
        assert set(locks) <= set(step.after), step
    assert not world.iam.list_users()["Users"]
    assert not world.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert not world.plan(gone).steps


def test_a_device_that_is_a_thing_is_taken_from_the_user_and_not_deleted() -> None:
    serials = ["GAHT12345678", "arn:aws:iam::123456789012:u2f/user/u/key", "arn:aws:iam::123456789012:mfa/phone"]
    found = {"ListMFADevices": [{"SerialNumber": serial} for serial in serials]}
    calls = [call for _, call in KINDS["user"].delete(User("u", credentials=found))]
    assert [call.operation for call in calls].count("DeactivateMFADevice") == 3
    assert [call.params for call in calls if call.operation == "DeleteVirtualMFADevice"] == [
        {"SerialNumber": "arn:aws:iam::123456789012:mfa/phone"}
    ]
