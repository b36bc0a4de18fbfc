"""Server certificates, whose keys are not looked at; moto knows neither their dates nor their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509
from moto.iam.models import Certificate

from reconciler.sandbox import views
from reconciler.sandbox.account import Account, new_id, now
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call

__all__ = [
    "delete_server_certificate",
    "get_server_certificate",
    "list_server_certificates",
    "update_server_certificate",
    "upload_server_certificate",
]

_NOUN = "ServerCertificate"
_NAME = "ServerCertificateName"
_METADATA = "ServerCertificateMetadata"


def _metadata(_: Account, each: Any) -> Mapping[str, Any]:
    named = {_NAME: each.cert_name, "ServerCertificateId": each.id, "Path": each.path, "Arn": each.arn}
    return {**named, "UploadDate": each.upload_date, "Expiration": each.expiration}


@answer("UploadServerCertificate")
def upload_server_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Store a server certificate."""
    body, chain = call.params["CertificateBody"], call.params.get("CertificateChain")
    path, region = call.params.get("Path", "/"), account.iam.region_name
    made: Any = Certificate(account.id, region, call.params[_NAME], body, call.params["PrivateKey"], chain, path)
    made.id, made.upload_date = new_id("ASCA"), now()
    made.expiration = x509.load_pem_x509_certificate(body.encode()).not_valid_after_utc.replace(tzinfo=None)
    account.iam.certificates[made.id] = made
    put_tags(account, _NOUN, made, merged(_NOUN, {}, call.params.get("Tags", ())))
    return {_METADATA: _metadata(account, made), "Tags": made.tags or None}


@answer("GetServerCertificate")
def get_server_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a server certificate; its key stays secret."""
    found = account.server_certificate(call.params[_NAME])
    content = {"CertificateBody": found.cert_body, "CertificateChain": found.cert_chain}
    return {_NOUN: {_METADATA: _metadata(account, found), **content, **views.tags(account, _NOUN, found)}}


@listing("ListServerCertificates", "ServerCertificateMetadataList", _metadata)
def list_server_certificates(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the server certificates under a path."""
    prefix = call.params.get("PathPrefix", "/")
    found = account.iam.certificates.values()
    return (((each.cert_name.lower(),), each) for each in found if each.path.startswith(prefix))


@answer("UpdateServerCertificate")
def update_server_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Rename a server certificate or move it; its id stays."""
    found = account.server_certificate(call.params[_NAME])
    found.cert_name = call.params.get("NewServerCertificateName", found.cert_name)
    found.path = call.params.get("NewPath", found.path)
    return {}


@answer("DeleteServerCertificate")
def delete_server_certificate(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a server certificate."""
    del account.iam.certificates[account.server_certificate(call.params[_NAME]).id]
    return {}
