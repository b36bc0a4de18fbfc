"""Where an item of a field stands in its object's document."""

from __future__ import annotations

from reconciler.model import Declared, Origin

__all__ = ["item_place"]


def item_place(declared: Declared, field: str, key: str) -> Origin:
    """Return the place of the item ``key`` of ``field``: of the list's entry or the mapping's key that gives it."""
    value = declared.document.data.get(field) if declared.document is not None else None
    if isinstance(value, list):
        for index, item in enumerate(value):
            if item == key or (isinstance(item, dict) and key in item.values()):
                return declared.at(field, index)
    return declared.at(field, key)
