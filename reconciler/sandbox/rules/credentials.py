"""Which passwords, keys, certificates and devices AWS refuses; how many it takes is in ``counts``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

from reconciler.sandbox.account import Account
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "certificate_is_new",
    "certificate_is_well_formed",
    "mfa_device_is_free",
    "mfa_device_name_is_free",
    "service_has_credentials",
    "ssh_key_is_new",
    "ssh_key_is_rsa",
    "user_has_no_password_yet",
]

_API = "IAM API reference"
_SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com", "bedrock.amazonaws.com")
_RSA_BITS = 2048


@rule("EntityAlreadyExists", "CreateLoginProfile", source=f"{_API}, CreateLoginProfile")
def user_has_no_password_yet(account: Account, call: Call) -> str | None:
    """Refuse a second password for a user."""
    user = named_user(account, call)
    return f"Login Profile for user {user.name} already exists." if user.password else None


@rule(
    "MalformedCertificate",
    "UploadSigningCertificate",
    "UploadServerCertificate",
    source=f"{_API}, UploadSigningCertificate; openshift/openshift-ansible issue 11214",
)
def certificate_is_well_formed(_: Account, call: Call) -> str | None:
    """Refuse a certificate that is none, or not in PEM format."""
    try:
        x509.load_pem_x509_certificate(call.params["CertificateBody"].encode())
    except (ValueError, UnsupportedAlgorithm):
        return "Unable to parse certificate. Please ensure the certificate is in PEM format."
    return None


@rule("DuplicateCertificate", "UploadSigningCertificate", source=f"{_API}, UploadSigningCertificate; wording assumed")
def certificate_is_new(account: Account, call: Call) -> str | None:
    """Refuse a signing certificate that a user of the account has already."""
    named_user(account, call)
    body = call.params["CertificateBody"].split()
    known = (each for user in _users(account) for each in user.signing_certificates.values())
    if any(each.body.split() == body for each in known):
        return "The same certificate is already associated with a user of this account."
    return None


@rule("InvalidPublicKey", "UploadSSHPublicKey", source=f"{_API}, UploadSSHPublicKey; the wording is assumed")
def ssh_key_is_rsa(account: Account, call: Call) -> str | None:
    """Refuse a public key that is not RSA of at least 2,048 bits, in ssh-rsa or PEM format."""
    named_user(account, call)
    body = call.params["SSHPublicKeyBody"].encode()
    try:
        key = load_pem_public_key(body) if body.startswith(b"-----BEGIN") else load_ssh_public_key(body)
    except (ValueError, UnsupportedAlgorithm):
        return "The public key is malformed or otherwise invalid."
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        return f"The public key must be RSA and at least {_RSA_BITS} bits long."
    return None


@rule("DuplicateSSHPublicKey", "UploadSSHPublicKey", source=f"{_API}, UploadSSHPublicKey; the wording is assumed")
def ssh_key_is_new(account: Account, call: Call) -> str | None:
    """Refuse an SSH public key that the user has already."""
    # Only the second word of the line is the key; what follows is a remark.
    body = call.params["SSHPublicKeyBody"].split()[:2]
    if any(key.ssh_public_key_body.split()[:2] == body for key in named_user(account, call).ssh_public_keys):
        return "The SSH public key is already associated with the user."
    return None


@rule("EntityAlreadyExists", "CreateVirtualMFADevice", source=f"{_API}, CreateVirtualMFADevice")
def mfa_device_name_is_free(account: Account, call: Call) -> str | None:
    """Refuse a virtual MFA device of a path and name that another one has."""
    resource = f"mfa{call.params.get('Path', '/')}{call.params['VirtualMFADeviceName']}"
    if account.arn(resource) in account.iam.virtual_mfa_devices:
        return "MFADevice entity at the same path and name already exists."
    return None


@rule("EntityAlreadyExists", "EnableMFADevice", source=f"{_API}, EnableMFADevice; the wording is assumed")
def mfa_device_is_free(account: Account, call: Call) -> str | None:
    """Refuse an MFA device that a user has already."""
    named_user(account, call)
    if any(call.params["SerialNumber"] in user.mfa_devices for user in _users(account)):
        return "MFA Device is already in use."
    return None


@rule(
    "NotSupportedService",
    "CreateServiceSpecificCredential",
    source=f"{_API}, CreateServiceSpecificCredential; the list of services is assumed",
    standing="assumed",
)
def service_has_credentials(_: Account, call: Call) -> str | None:
    """Refuse service-specific credentials for other services than CodeCommit, Keyspaces and Bedrock."""
    service = call.params["ServiceName"]
    return None if service in _SERVICES else f"No such service {service} is supported for Service Specific Credentials"


def _users(account: Account) -> Iterator[Any]:
    yield from account.iam.users.values()
