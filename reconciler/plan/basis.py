"""What a plan was made from, as a digest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from reconciler.model import Desired, Document, Origin
from reconciler.plan.touched import digest

__all__ = ["Basis", "basis_of"]

_APART = frozenset({"places", "accounts"})
"""Fields that say where something stands, and what there is beside the account."""

_YOUNGER = frozenset({"roles", "protect", "limits", "require", "adopt", "last_used", "password_last_used"})
"""Fields that count only where somebody used them: digests that are older than these stay as they were."""


@dataclasses.dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was made from, and must be made from again before it is applied."""

    kind: Literal["documents", "journal"]
    sha256: str
    """The digest of the documents with their variables filled in, or of the journal's bytes."""


def basis_of(desired: Desired) -> Basis:
    """Return the digest of what the documents say: neither their files' names and order nor the day show in it."""
    declared = {str(address).lower(): _plain(one) for address, one in desired.declared.items()}
    said = {"settings": _plain(desired.settings), "declared": declared}
    stated = {"expectations": desired.expectations, "consents": desired.consents, "holds": desired.holds}
    listed = {name: sorted((_plain(one) for one in some), key=str) for name, some in stated.items() if some}
    return Basis("documents", digest({**said, **listed}))


def _plain(value: Any) -> Any:
    """Return a value without the places where it was written."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if field.name not in _APART]
        members = {field.name: getattr(value, field.name) for field in fields if not _is_unused(field, value)}
        return {name: _plain(member) for name, member in members.items() if not isinstance(member, Origin | Document)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, AbstractSet):
        return sorted(str(item) for item in value)
    return value if value is None or isinstance(value, bool | int) else str(value)


def _is_unused(field: dataclasses.Field[Any], owner: Any) -> bool:
    """Return whether a younger field holds what it holds where nobody used it."""
    made = field.default_factory
    default = made() if made is not dataclasses.MISSING else field.default
    return field.name in _YOUNGER and bool(getattr(owner, field.name) == default)
