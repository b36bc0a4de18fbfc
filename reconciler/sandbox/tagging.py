"""Where the tags of every kind of taggable object are, and whether their keys are told apart by case.

Source: IAM user guide, id_tags: keys on users and roles ignore case and keep it; on all others case counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.wire import Call

__all__ = ["FINDERS", "folded", "get_tags", "merged", "put_tags", "rows", "tagged", "without"]

FINDERS: Mapping[str, tuple[str, Callable[[Account, str], Any]]] = {
    "User": ("UserName", Account.user),
    "Role": ("RoleName", Account.role),
    "Policy": ("PolicyArn", Account.policy),
    "InstanceProfile": ("InstanceProfileName", Account.profile),
    "MFADevice": ("SerialNumber", Account.virtual_device),
    "ServerCertificate": ("ServerCertificateName", Account.server_certificate),
    "OpenIDConnectProvider": ("OpenIDConnectProviderArn", Account.oidc_provider),
    "SAMLProvider": ("SAMLProviderArn", Account.saml_provider),
}
_SUBJECT = re.compile(rf"(?:Create|Tag|Untag|List)(?P<noun>{'|'.join(FINDERS)})(?:Tags)?")


def tagged(account: Account, call: Call) -> tuple[str, Any]:
    """Return the noun and the object that a tagging operation is about; the object is None when it is to be created.

    Raises:
        RefusedError: NoSuchEntity.
    """
    found = _SUBJECT.fullmatch(call.operation)
    noun = found["noun"] if found else ""
    if call.operation.startswith("Create"):
        return noun, None
    key, find = FINDERS[noun]
    return noun, find(account, call.params[key])


def folded(noun: str, key: str) -> str:
    """Return the key as it is compared on that kind of object."""
    return key.lower() if noun in {"User", "Role"} else key


def get_tags(account: Account, noun: str, entity: Any) -> dict[str, str]:
    """Return the object's tags."""
    match noun:
        case "User":
            return dict(account.iam.tagger.tags.get(entity.arn, {}))
        case "Policy" | "OpenIDConnectProvider" | "SAMLProvider":
            return {tag["Key"]: tag["Value"] for tag in getattr(entity, "tags", {}).values()}
        case _:
            return {tag["Key"]: tag["Value"] for tag in entity.tags}


def put_tags(account: Account, noun: str, entity: Any, tags: Mapping[str, str]) -> None:
    """Replace the object's tags."""
    match noun:
        case "User":
            account.iam.tagger.tags[entity.arn] = dict(tags)
        case "Policy" | "OpenIDConnectProvider" | "SAMLProvider":
            entity.tags = {key: {"Key": key, "Value": value} for key, value in tags.items()}
        case _:
            entity.tags = rows(tags)


def merged(noun: str, tags: Mapping[str, str], new: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the tags with the new ones over them; a key that is the same takes the new spelling."""
    new = list(new)
    kept = without(noun, tags, (tag["Key"] for tag in new))
    return kept | {tag["Key"]: tag.get("Value", "") for tag in new}


def without(noun: str, tags: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """Return the tags that have none of the keys."""
    gone = {folded(noun, key) for key in keys}
    return {key: value for key, value in tags.items() if folded(noun, key) not in gone}


def rows(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the tags as the service model lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
