"""Changes of which only a part is written: the writes have to tell which."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from reconciler.model import Address, Change

__all__ = ["partly_shown"]


def partly_shown(changes: Iterable[Change], addresses: AbstractSet[Address], warning: str) -> list[Change]:
    """Return the changes, those of the objects at the addresses without their differences and with the warning."""
    return [
        dataclasses.replace(change, differences=(), warnings=(*change.warnings, warning))
        if change.address in addresses
        else change
        for change in changes
    ]
