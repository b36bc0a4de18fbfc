"""The names of the policy language, and words for messages."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence

__all__ = [
    "ACCOUNT",
    "BOOLEAN_OPERATOR",
    "EFFECTS",
    "IAM_OBJECT_ARN",
    "OPERATORS",
    "PRINCIPAL_TYPES",
    "QUALIFIERS",
    "ROOT_ARN",
    "STATEMENT_ELEMENTS",
    "TOP_ELEMENTS",
    "VERSION_NEW",
    "VERSION_OLD",
    "fold",
    "listed",
    "near",
    "place",
    "quoted",
]

VERSION_NEW = "2012-10-17"
VERSION_OLD = "2008-10-17"
TOP_ELEMENTS = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
EFFECTS = ("Allow", "Deny")
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
QUALIFIERS = ("ForAllValues:", "ForAnyValue:")
_COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    *(f"Numeric{comparison}" for comparison in _COMPARISONS),
    *(f"Date{comparison}" for comparison in _COMPARISONS),
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
)
"""Condition operators without qualifier and suffix.

Source: IAM user guide, reference_policies_elements_condition_operators.
"""

BOOLEAN_OPERATOR = re.compile(r"(?:ForAllValues:|ForAnyValue:)?(?:Bool|Null)(?:IfExists)?")
ACCOUNT = re.compile(r"[0-9]{12}")
ROOT_ARN = re.compile(r"arn:[a-z0-9-]+:iam::([0-9]{12}):root")
IAM_OBJECT_ARN = re.compile(r"arn:[^:]+:iam::[^:]*:(?:user|role)/.+", re.DOTALL)

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_LONGEST_GUESS = 80
_CUTOFF = 0.7
_SHOWN = 100


def fold(text: str) -> str:
    """Return the text with its ASCII capitals made small: no other letter is the same in two cases to IAM."""
    return text.translate(_LOWER)


def near(word: str, options: Iterable[str]) -> str | None:
    """Return the option that somebody who wrote ``word`` probably meant, or None."""
    if len(word) > _LONGEST_GUESS:
        return None
    by_folded = {fold(option): option for option in options}
    found = difflib.get_close_matches(fold(word).strip(), list(by_folded), n=1, cutoff=_CUTOFF)
    return by_folded[found[0]] if found else None


def listed(items: Sequence[str], last: str = "or") -> str:
    """Return ``a, b or c``."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def quoted(value: object) -> str:
    """Return a value from a document in double quotes, on one line, in printable characters, and shortened."""
    text = value if isinstance(value, str) else str(value)
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f'"{short}"' if short.isprintable() else json.dumps(short)


def place(path: Sequence[str | int]) -> str:
    """Return where a node stands, for people: ``statement 2, Effect``."""
    if len(path) > 1 and isinstance(path[1], int):
        return ", ".join([f"statement {path[1] + 1}", *map(str, path[2:])])
    return ", ".join(map(str, path))
