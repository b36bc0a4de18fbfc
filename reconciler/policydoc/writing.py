"""The text that is sent to IAM, and how IAM counts it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.errors import PolicyError
from reconciler.policydoc.text import decode, scalar, type_name
from reconciler.policydoc.words import STATEMENT_ELEMENTS, TOP_ELEMENTS

__all__ = ["compact", "size"]

_DEEPEST = 8
_MOST_NODES = 200_000
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[ \t\r\n]+', re.DOTALL)


def compact(doc: Mapping[str, Any] | str) -> str:
    """Return the text that is sent to IAM: no white space, elements in their usual order, every scalar as text.

    Two mappings that are equal give the same text. Lists keep their order and their values; characters are not
    escaped, because an escape counts as six. Other keys (condition operators and keys) are sorted.

    Raises:
        PolicyError: ``doc`` holds what JSON cannot, nests deeper than a policy does, or is larger than IAM reads.
    """
    return json.dumps(_Writer().document(decode(doc)), ensure_ascii=False, separators=(",", ":"))


def size(text: str) -> int:
    """Return the number of characters that IAM counts in a policy's text: all but white space between tokens.

    White space inside strings is counted: the guide does not say that IAM leaves it out.
    Source: IAM user guide, reference_iam-quotas.
    """
    spaces = (match.group() for match in _TOKEN.finditer(text))
    return len(text) - sum(len(space) for space in spaces if not space.startswith('"'))


class _Writer:
    """Makes plain JSON values, and counts them: aliases can make a small mapping endless."""

    def __init__(self) -> None:
        self._nodes = 0

    def document(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return self._mapping(data, TOP_ELEMENTS, 1)

    def _value(self, key: str, value: Any, depth: int) -> Any:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            raise PolicyError("the document nests deeper, or is larger, than any policy that IAM takes")
        if isinstance(value, Mapping):
            return self._mapping(value, STATEMENT_ELEMENTS if key == "Statement" else (), depth)
        if isinstance(value, (list, tuple)):
            return [self._value(key, item, depth + 1) for item in value]
        text = scalar(value)
        if text is None:
            raise PolicyError(f"{key}: a policy cannot hold {type_name(value)}")
        return text

    def _mapping(self, data: Mapping[str, Any], first: Sequence[str], depth: int) -> dict[str, Any]:
        return {key: self._value(key, data[key], depth + 1) for key in _ordered(data, first)}


def _ordered(keys: Iterable[Any], first: Sequence[str]) -> list[str]:
    texts = []
    for key in keys:
        if not isinstance(key, str):
            raise PolicyError(f"a key is text, and this is {type_name(key)}")
        texts.append(key)
    return [key for key in first if key in texts] + sorted(key for key in texts if key not in first)
