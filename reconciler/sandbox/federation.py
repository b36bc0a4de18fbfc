"""What an outside identity says of itself: an OIDC token, or a SAML assertion; nobody's signature is checked."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

__all__ = ["Assertion", "assertion", "audience", "claims", "issuer"]

_PARTS = 3


def claims(token: str) -> Mapping[str, Any] | None:
    """Return the claims of an OIDC token, or None when it is none. Source: RFC 7519, 3."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    texts = isinstance(found, dict) and all(isinstance(found.get(name), str) for name in ("iss", "sub"))
    return found if texts else None


def issuer(token: Mapping[str, Any]) -> str:
    """Return the issuer as providers and condition keys are named: without its scheme."""
    return str(token["iss"]).removeprefix("https://")


def audience(token: Mapping[str, Any]) -> list[str]:
    """Return for whom the token is; ``azp`` stands for ``aud`` where it is set.

    Source: IAM user guide, reference_policies_iam-condition-keys, keys of web identity federation.
    """
    found = token.get("azp") or token.get("aud") or []
    return [found] if isinstance(found, str) else [str(each) for each in found]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A SAML assertion."""

    subject: str
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    """The values of the attributes, by their names after the last slash."""


def assertion(text: str) -> Assertion | None:
    """Return what a SAML response says, base64 as it is sent, or None when it is none."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(base64.b64decode(text, validate=True), True)  # noqa: FBT003  expat takes it by place only
    except (binascii.Error, expat.ExpatError, ValueError):
        return None
    return Assertion(reader.subject, reader.attributes) if reader.attributes else None


class _Reader:
    def __init__(self) -> None:
        self.subject = ""
        self.attributes: dict[str, list[str]] = {}
        self._attribute = ""
        self._text = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text = ""
        if name.rpartition(" ")[2] == "Attribute":
            self._attribute = attributes.get("Name", "").rpartition("/")[2]

    def text(self, text: str) -> None:
        self._text += text

    def end(self, name: str) -> None:
        match name.rpartition(" ")[2]:
            case "AttributeValue":
                self.attributes.setdefault(self._attribute, []).append(self._text.strip())
            case "NameID":
                self.subject = self._text.strip()
