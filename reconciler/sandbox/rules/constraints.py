"""The constraints that IAM's own service model states: patterns, lengths, ranges, enumerations, required members."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = ["fits_service_model"]

_NAME = r"[\w+=,.@-]+"
_PATHS = (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", r"((/[A-Za-z0-9\.,\+@=_-]+)*)/", r"\u002F[\u0021-\u007F]*")
# Java's Unicode classes, which Python's re lacks; its \w holds letters, numbers and the underscore.
_JAVA = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"}


@rule("ValidationError", source="the service model of IAM, as botocore ships it; IAM user guide, reference_iam-quotas")
def fits_service_model(_: Account, call: Call) -> str | None:
    """Refuse a parameter outside the pattern, length, range or enumeration that the service model states."""
    shape = call.model.input_shape
    faults = list(_faults(shape, call.params, "")) if shape is not None else []
    if not faults:
        return None
    for fault in faults:
        if fault.startswith("The specified value"):
            return fault
    count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
    return f"{count}: {'; '.join(faults)}"


def _faults(shape: Any, value: Any, place: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name in shape.required_members:
                if name not in value:
                    member = _place(place, name)
                    yield f"Value null at '{member}' failed to satisfy constraint: Member must not be null"
            for name, member_shape in shape.members.items():
                if name in value:
                    yield from _faults(member_shape, value[name], _place(place, name))
        case "list":
            yield from _sized(shape, len(value), value, place, "length")
            for number, item in enumerate(value, 1):
                yield from _faults(shape.member, item, f"{place}.{number}.member")
        case "integer" | "long":
            yield from _sized(shape, value, value, place, "value")
        case "string":
            yield from _text(shape, value, place)


def _text(shape: Any, value: str, place: str) -> Iterator[str]:
    yield from _sized(shape, len(value), value, place, "length")
    if shape.enum and value not in shape.enum:
        yield _fault(shape, value, place, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        wording = _worded(pattern, place)
        yield wording or _fault(shape, value, place, f"Member must satisfy regular expression pattern: {pattern}")


def _sized(shape: Any, size: int, value: Any, place: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _fault(shape, value, place, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _fault(shape, value, place, f"Member must have {what} less than or equal to {most}")


def _fault(shape: Any, value: Any, place: str, constraint: str) -> str:
    # A password must not come back in an error.
    shown = "" if shape.metadata.get("sensitive") else f" '{value}'"
    return f"Value{shown} at '{place}' failed to satisfy constraint: {constraint}"


def _worded(pattern: str, place: str) -> str:
    if pattern == _NAME:
        allowed = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
        return f"The specified value for {place} is invalid. {allowed}"
    if pattern in _PATHS:
        allowed = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
        return f"The specified value for {place} is invalid. {allowed}"
    return ""


def _place(parent: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{parent}.{name}" if parent else name


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = pattern
    for java, python in _JAVA.items():
        translated = translated.replace(java, python)
    return re.compile(translated, 0 if translated != pattern else re.ASCII)
