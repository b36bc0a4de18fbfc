"""Words for messages, and the case that IAM ignores."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["fold", "items", "quoted", "scalar", "type_name"]

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SHOWN = 100
_TYPES: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (Mapping, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
)


def fold(text: str) -> str:
    """Return the text with its ASCII capitals made small: no other letter is the same in two cases to IAM."""
    return text.translate(_LOWER)


def quoted(value: object) -> str:
    """Return a scalar in double quotes, on one line, printable and shortened; of anything else, what it is."""
    text = scalar(value)
    if text is None:
        return type_name(value)
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f'"{short}"' if short.isprintable() else json.dumps(short)


def type_name(value: Any) -> str:
    """Return what people call the type of a value: ``a list``, ``null``."""
    if value is None:
        return "null"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), f"a {type(value).__name__}")


def items(value: Any) -> list[Any]:
    """Return the items of a list, and a value that is no list as the one item: IAM takes either."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def scalar(value: Any) -> str | None:
    """Return the text that IAM makes of a scalar, or None when it is none: ``True`` is ``true``, ``15`` is ``15``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        try:
            return str(value)
        except ValueError:  # more digits than Python prints
            return None
    return None
