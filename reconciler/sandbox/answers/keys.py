"""Access keys, SSH public keys and signing certificates of users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.models import SigningCertificate

from reconciler.sandbox.account import Account, new_id
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "create_access_key",
    "delete_access_key",
    "delete_certificate",
    "delete_ssh_key",
    "get_access_key_last_used",
    "get_ssh_key",
    "list_access_keys",
    "list_certificates",
    "list_ssh_keys",
    "update_access_key",
    "update_certificate",
    "update_ssh_key",
    "upload_certificate",
    "upload_ssh_key",
]


@answer("CreateAccessKey")
def create_access_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Create an access key; its secret is shown this once."""
    key = named_user(account, call).create_access_key("AKIA")
    account.iam.access_keys[key.access_key_id] = key
    return {"AccessKey": {**_access_key(key), "SecretAccessKey": key.secret_access_key}}


@listing("ListAccessKeys", "AccessKeyMetadata")
def list_access_keys(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the access keys of a user, without their secrets."""
    keys = named_user(account, call).access_keys
    return (((number, key.access_key_id), _access_key(key)) for number, key in enumerate(keys))


@answer("UpdateAccessKey")
def update_access_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Activate or deactivate an access key."""
    _found_access_key(account, call).status = call.params["Status"]
    return {}


@answer("DeleteAccessKey")
def delete_access_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete an access key."""
    key = _found_access_key(account, call)
    named_user(account, call).access_keys.remove(key)
    del account.iam.access_keys[key.access_key_id]
    return {}


@answer("GetAccessKeyLastUsed")
def get_access_key_last_used(account: Account, call: Call) -> Mapping[str, Any]:
    """Return whose the access key is; the sandbox does not note its use."""
    key = account.iam.access_keys.get(call.params["AccessKeyId"])
    if key is None or key.user_name is None:
        raise _missing("Access Key", call.params["AccessKeyId"])
    return {"UserName": key.user_name, "AccessKeyLastUsed": {"Region": "N/A", "ServiceName": "N/A"}}


@answer("UploadSSHPublicKey")
def upload_ssh_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user an SSH public key."""
    return _shown_ssh_key(named_user(account, call).upload_ssh_public_key(call.params["SSHPublicKeyBody"]))


@answer("GetSSHPublicKey")
def get_ssh_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Return an SSH public key as it was given, whichever encoding is asked for."""
    return _shown_ssh_key(_found_ssh_key(account, call))


@listing("ListSSHPublicKeys", "SSHPublicKeys")
def list_ssh_keys(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the SSH public keys of a user, without their bodies."""
    return (((key.ssh_public_key_id,), _ssh_key(key)) for key in named_user(account, call).ssh_public_keys)


@answer("UpdateSSHPublicKey")
def update_ssh_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Activate or deactivate an SSH public key."""
    _found_ssh_key(account, call).status = call.params["Status"]
    return {}


@answer("DeleteSSHPublicKey")
def delete_ssh_key(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete an SSH public key."""
    named_user(account, call).ssh_public_keys.remove(_found_ssh_key(account, call))
    return {}


@answer("UploadSigningCertificate")
def upload_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user a signing certificate."""
    user = named_user(account, call)
    certificate = SigningCertificate(new_id("ASCA") + new_id(""), user.name, call.params["CertificateBody"])
    user.signing_certificates[certificate.id] = certificate
    return {"Certificate": _certificate(certificate)}


@listing("ListSigningCertificates", "Certificates")
def list_certificates(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the signing certificates of a user."""
    found = named_user(account, call).signing_certificates.values()
    return (((certificate.id,), _certificate(certificate)) for certificate in found)


@answer("UpdateSigningCertificate")
def update_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Activate or deactivate a signing certificate."""
    _found_certificate(account, call).status = call.params["Status"]
    return {}


@answer("DeleteSigningCertificate")
def delete_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a signing certificate."""
    del named_user(account, call).signing_certificates[_found_certificate(account, call).id]
    return {}


def _access_key(key: Any) -> dict[str, Any]:
    shown = {"UserName": key.user_name, "AccessKeyId": key.access_key_id, "Status": key.status}
    return {**shown, "CreateDate": key.create_date}


def _ssh_key(key: Any) -> dict[str, Any]:
    shown = {"UserName": key.user_name, "SSHPublicKeyId": key.ssh_public_key_id, "Status": key.status}
    return {**shown, "UploadDate": key.upload_date}


def _shown_ssh_key(key: Any) -> Mapping[str, Any]:
    # Seen in the wild as pairs of hexadecimal digits; moto has it without the colons.
    fingerprint = ":".join(key.fingerprint[place : place + 2] for place in range(0, len(key.fingerprint), 2))
    body = {"SSHPublicKeyBody": key.ssh_public_key_body, "Fingerprint": fingerprint}
    return {"SSHPublicKey": {**_ssh_key(key), **body}}


def _certificate(each: Any) -> Mapping[str, Any]:
    shown = {"UserName": each.user_name, "CertificateId": each.id, "CertificateBody": each.body}
    return {**shown, "Status": each.status, "UploadDate": each.upload_date}


def _found_access_key(account: Account, call: Call) -> Any:
    wanted = call.params["AccessKeyId"]
    for key in named_user(account, call).access_keys:
        if key.access_key_id == wanted:
            return key
    raise _missing("Access Key", wanted)


def _found_ssh_key(account: Account, call: Call) -> Any:
    wanted = call.params["SSHPublicKeyId"]
    for key in named_user(account, call).ssh_public_keys:
        if key.ssh_public_key_id == wanted:
            return key
    raise _missing("SSH Public Key", wanted)


def _found_certificate(account: Account, call: Call) -> Any:
    wanted = call.params["CertificateId"]
    found = named_user(account, call).signing_certificates.get(wanted)
    if found is None:
        raise _missing("Certificate", wanted)
    return found


def _missing(what: str, wanted: str) -> RefusedError:
    return RefusedError("NoSuchEntity", f"The {what} with id {wanted} cannot be found.")
