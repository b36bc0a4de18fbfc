"""Identity providers: OIDC and SAML."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import views
from reconciler.sandbox.account import Account
from reconciler.sandbox.motobridge import installed
from reconciler.sandbox.registry import answer
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "add_client_id",
    "create_oidc_provider",
    "create_saml_provider",
    "delete_oidc_provider",
    "delete_saml_provider",
    "get_oidc_provider",
    "get_saml_provider",
    "list_oidc_providers",
    "list_saml_providers",
    "remove_client_id",
    "update_saml_provider",
    "update_thumbprints",
]

_OIDC, _SAML = "OpenIDConnectProvider", "SAMLProvider"
_KEYS = ("AddPrivateKey", "RemovePrivateKey")


@answer("CreateOpenIDConnectProvider")
def create_oidc_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Create an OIDC provider; it is named after its URL."""
    with installed(account):
        provider = account.iam.create_open_id_connect_provider(
            url=call.params["Url"],
            thumbprint_list=list(call.params.get("ThumbprintList", ())),
            client_id_list=list(dict.fromkeys(call.params.get("ClientIDList", ()))),
            tags=[],
        )
    put_tags(account, _OIDC, provider, merged(_OIDC, {}, call.params.get("Tags", ())))
    return {"OpenIDConnectProviderArn": provider.arn, **views.tags(account, _OIDC, provider)}


@answer("GetOpenIDConnectProvider")
def get_oidc_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Return an OIDC provider."""
    provider = account.oidc_provider(call.params["OpenIDConnectProviderArn"])
    return {
        "Url": provider.url,
        "ClientIDList": provider.client_id_list,
        "ThumbprintList": provider.thumbprint_list,
        "CreateDate": provider.create_date,
        **views.tags(account, _OIDC, provider, empty=True),
    }


@answer("ListOpenIDConnectProviders")
def list_oidc_providers(account: Account, _: Call) -> Mapping[str, Any]:
    """Return the ARNs of all OIDC providers; AWS does not page them either."""
    return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in sorted(account.iam.open_id_providers)]}


@answer("AddClientIDToOpenIDConnectProvider")
def add_client_id(account: Account, call: Call) -> Mapping[str, Any]:
    """Add a client id; one that is there is no error."""
    provider = account.oidc_provider(call.params["OpenIDConnectProviderArn"])
    provider.client_id_list = list(dict.fromkeys([*provider.client_id_list, call.params["ClientID"]]))
    return {}


@answer("RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id(account: Account, call: Call) -> Mapping[str, Any]:
    """Remove a client id; one that is not there is no error."""
    provider = account.oidc_provider(call.params["OpenIDConnectProviderArn"])
    provider.client_id_list = [each for each in provider.client_id_list if each != call.params["ClientID"]]
    return {}


@answer("UpdateOpenIDConnectProviderThumbprint")
def update_thumbprints(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace the thumbprints."""
    provider = account.oidc_provider(call.params["OpenIDConnectProviderArn"])
    provider.thumbprint_list = list(call.params["ThumbprintList"])
    return {}


@answer("DeleteOpenIDConnectProvider")
def delete_oidc_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete an OIDC provider; one that is not there is no error, and trust policies keep naming it."""
    account.iam.open_id_providers.pop(call.params["OpenIDConnectProviderArn"], None)
    return {}


@answer("CreateSAMLProvider")
def create_saml_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a SAML provider."""
    _without_keys(call)
    provider = account.iam.create_saml_provider(call.params["Name"], call.params["SAMLMetadataDocument"])
    provider.uuid = uuid.uuid4().hex.upper()
    provider.encryption = call.params.get("AssertionEncryptionMode")
    put_tags(account, _SAML, provider, merged(_SAML, {}, call.params.get("Tags", ())))
    return {"SAMLProviderArn": provider.arn, **views.tags(account, _SAML, provider)}


@answer("GetSAMLProvider")
def get_saml_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a SAML provider."""
    provider = account.saml_provider(call.params["SAMLProviderArn"])
    return {
        "SAMLProviderUUID": provider.uuid,
        "SAMLMetadataDocument": provider.saml_metadata_document,
        "AssertionEncryptionMode": provider.encryption,
        "CreateDate": provider.create_date,
        "ValidUntil": provider.valid_until,
        **views.tags(account, _SAML, provider, empty=True),
    }


@answer("ListSAMLProviders")
def list_saml_providers(account: Account, _: Call) -> Mapping[str, Any]:
    """Return all SAML providers by ARN; AWS does not page them either."""
    found = sorted(account.iam.saml_providers.values(), key=lambda each: each.arn)
    rows = [{"Arn": each.arn, "ValidUntil": each.valid_until, "CreateDate": each.create_date} for each in found]
    return {"SAMLProviderList": rows}


@answer("UpdateSAMLProvider")
def update_saml_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Replace metadata and encryption, whichever is given."""
    _without_keys(call)
    provider = account.saml_provider(call.params["SAMLProviderArn"])
    provider.saml_metadata_document = call.params.get("SAMLMetadataDocument", provider.saml_metadata_document)
    provider.encryption = call.params.get("AssertionEncryptionMode", provider.encryption)
    return {"SAMLProviderArn": provider.arn}


@answer("DeleteSAMLProvider")
def delete_saml_provider(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a SAML provider; trust policies keep naming it."""
    del account.iam.saml_providers[account.saml_provider(call.params["SAMLProviderArn"]).name]
    return {}


def _without_keys(call: Call) -> None:
    for name in _KEYS:
        if name in call.params:
            raise RefusedError("NotImplemented", f"The sandbox does not keep private keys ({name}).")
