"""The ownership mark: a tag that names its owner and the very object that carries it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Address

__all__ = ["MARK_KEY", "mark_value", "marked_by", "owner_named"]

MARK_KEY = "iam-reconciler"
"""The key of the tag."""


def mark_value(owner: str, address: Address) -> str:
    """Return the mark of ``owner`` on the object at ``address``: ``owner/kind/name``, escaped for a tag's value.

    Source: IAM user guide, id_tags: a value takes letters, digits, spaces and ``_.:/=+-@``; names may hold commas.
    """
    name = address.name.replace("=", "=3D").replace(",", "=2C")
    return f"{owner}/{address.kind}/{name}"


def marked_by(tags: Mapping[str, str], owner: str | None, address: Address) -> bool:
    """Return whether ``tags`` hold the mark of ``owner`` for this very object: a copied tag is no ownership."""
    value = tags.get(MARK_KEY)
    return owner is not None and value is not None and value.lower() == mark_value(owner, address).lower()


def owner_named(tags: Mapping[str, str], address: Address) -> str | None:
    """Return the owner that the tags' mark names if it marks this very object, else None."""
    value = tags.get(MARK_KEY, "")
    owner = value.split("/", 1)[0]
    return owner if owner and marked_by(tags, owner, address) else None
