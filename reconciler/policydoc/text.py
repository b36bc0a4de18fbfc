"""From a policy's text to a mapping, and from a scalar to the text that IAM makes of it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import unquote

from reconciler.errors import PolicyError
from reconciler.policydoc.words import quoted

__all__ = ["decode", "parse", "scalar", "type_name"]

_BOM = "\ufeff"
_LONGEST_INTEGER = 100
_TYPES: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (Mapping, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
)


def parse(text: str) -> dict[str, Any]:
    """Return the mapping that JSON text holds; a number with a fraction or an exponent keeps its text.

    Raises:
        PolicyError: The text is no JSON object, holds a key twice, NaN or Infinity, or nests too deeply.
    """
    try:
        data = json.loads(
            _text(text).removeprefix(_BOM),
            object_pairs_hook=_mapping,
            parse_constant=_refuse,
            parse_float=str,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        raise PolicyError(f"{error.lineno}:{error.colno}: this is no JSON: {_lower_first(error.msg)}") from None
    except RecursionError:
        raise PolicyError("the text nests deeper than any policy") from None
    if not isinstance(data, dict):
        raise PolicyError(f"a policy is a JSON object, and this is {type_name(data)}")
    return data


def decode(value: Mapping[str, Any] | str) -> dict[str, Any]:
    """Return the mapping that a policy is, however it came: as a mapping, as JSON text, or as IAM's API encodes it.

    Source: IAM API reference, GetPolicyVersion: documents are URL-encoded compliant with RFC 3986.

    Raises:
        PolicyError: ``value`` is none of the three.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if _text(value).lstrip().startswith("%"):
        try:
            return parse(unquote(value, errors="strict"))
        except UnicodeDecodeError:
            raise PolicyError("the URL-encoded text is no UTF-8") from None
    return parse(value)


def scalar(value: Any) -> str | None:
    """Return the text that a scalar stands for, or None when it is no scalar that a policy may hold.

    ``True`` is ``true``, ``15`` is ``15`` and ``1.0`` stays ``1.0``.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    return None


def type_name(value: Any) -> str:
    """Return what people call the type of a value: ``a list``, ``null``."""
    if value is None:
        return "null"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), f"a {type(value).__name__}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PolicyError(f"a policy is a mapping or JSON text, and this is {type_name(value)}")
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise PolicyError(f"the key {quoted(twice)} stands twice in one object; keep one of the two")
    return data


def _refuse(constant: str) -> NoReturn:
    raise PolicyError(f"{constant} is no JSON")


def _integer(text: str) -> int | str:
    if len(text) > _LONGEST_INTEGER or text == "-0":
        return text
    return int(text)


def _digits(number: int) -> str | None:
    try:
        return str(int(number))
    except ValueError:
        return None


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
