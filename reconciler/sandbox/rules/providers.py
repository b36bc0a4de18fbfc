"""Which identity providers AWS refuses."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.parsers import expat

from reconciler.sandbox import quotas
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "client_id_quota",
    "metadata_is_saml",
    "oidc_provider_is_new",
    "oidc_provider_quota",
    "oidc_url_is_https",
    "saml_provider_is_new",
    "saml_provider_quota",
    "thumbprint_quota",
]

_API = "IAM API reference"
_QUOTAS = "IAM user guide, reference_iam-quotas"
_THUMBPRINTS = ("CreateOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint")
_CLIENTS = ("CreateOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider")


@rule(
    "ValidationError", "CreateOpenIDConnectProvider",
    source=f"{_API}, CreateOpenIDConnectProvider; code and wording are moto's",
)  # fmt: skip
def oidc_url_is_https(_: Account, call: Call) -> str | None:
    """Refuse a URL that does not begin with ``https://``, or has a query, a fragment or a user."""
    try:
        url = urlsplit(call.params["Url"])
        right = url.scheme == "https" and url.hostname and not (url.query or url.fragment or url.username)
    except ValueError:
        right = False
    return None if right else "Invalid Open ID Connect Provider URL"


@rule("EntityAlreadyExists", "CreateOpenIDConnectProvider", source=f"{_API}, CreateOpenIDConnectProvider")
def oidc_provider_is_new(account: Account, call: Call) -> str | None:
    """Refuse a second OIDC provider of one URL."""
    url = call.params["Url"]
    if account.arn(f"oidc-provider/{url.removeprefix('https://')}") in account.iam.open_id_providers:
        return f"Provider with url {url} already exists."
    return None


@rule("LimitExceeded", "CreateOpenIDConnectProvider", source=f"{_QUOTAS}; the wording is assumed")
def oidc_provider_quota(account: Account, call: Call) -> str | None:
    """Refuse the hundred-and-first OIDC provider."""
    del call
    if len(account.iam.open_id_providers) >= quotas.PROVIDERS:
        return f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {quotas.PROVIDERS}"
    return None


@rule("InvalidInput", *_THUMBPRINTS, source=f"{_API}, CreateOpenIDConnectProvider; the wording is moto's")
def thumbprint_quota(_: Account, call: Call) -> str | None:
    """Refuse the sixth thumbprint of an OIDC provider."""
    if len(call.params.get("ThumbprintList", ())) > quotas.THUMBPRINTS_PER_PROVIDER:
        return f"Thumbprint list must contain fewer than {quotas.THUMBPRINTS_PER_PROVIDER} entries."
    return None


@rule("LimitExceeded", *_CLIENTS, source=f"{_API}, CreateOpenIDConnectProvider; the wording is moto's")
def client_id_quota(account: Account, call: Call) -> str | None:
    """Refuse the hundred-and-first client id of an OIDC provider."""
    if call.operation == "CreateOpenIDConnectProvider":
        clients = set(call.params.get("ClientIDList", ()))
    else:
        provider = account.oidc_provider(call.params["OpenIDConnectProviderArn"])
        clients = {*provider.client_id_list, call.params["ClientID"]}
    if len(clients) > quotas.CLIENT_IDS_PER_PROVIDER:
        return f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {quotas.CLIENT_IDS_PER_PROVIDER}"
    return None


@rule("EntityAlreadyExists", "CreateSAMLProvider", source=f"{_API}, CreateSAMLProvider")
def saml_provider_is_new(account: Account, call: Call) -> str | None:
    """Refuse a second SAML provider of one name."""
    name = call.params["Name"]
    return f"Provider with name {name} already exists." if name in account.iam.saml_providers else None


@rule("LimitExceeded", "CreateSAMLProvider", source=f"{_QUOTAS}; the wording is assumed")
def saml_provider_quota(account: Account, call: Call) -> str | None:
    """Refuse the hundred-and-first SAML provider."""
    del call
    if len(account.iam.saml_providers) >= quotas.PROVIDERS:
        return f"Cannot exceed quota for SAMLProvidersPerAccount: {quotas.PROVIDERS}"
    return None


@rule(
    "InvalidInput", "CreateSAMLProvider", "UpdateSAMLProvider",
    source=f"{_API}, CreateSAMLProvider; keys and signatures in it are not looked at",
)  # fmt: skip
def metadata_is_saml(_: Account, call: Call) -> str | None:
    """Refuse metadata that is no XML document of an entity descriptor."""
    text = call.params.get("SAMLMetadataDocument")
    if text is None:
        return None
    roots: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, _: roots.append(name)
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003  expat takes it by place only
    except expat.ExpatError:
        return "Could not parse metadata"
    return None if roots[0].rpartition(" ")[2] == "EntityDescriptor" else "Could not parse metadata"
