"""Condition operators: how one value of a request is held against one value of a policy."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from reconciler.access.patterns import Context, Pieces, arn_matcher, literal, read, text_matcher
from reconciler.access.words import fold, quoted
from reconciler.errors import PolicyError

__all__ = ["NEGATED", "OPERATORS", "Matcher", "truth"]

Matcher: TypeAlias = Callable[[str, Context], bool]
"""Whether a value of the request, in a context, is what one value of the policy asks for."""

_MEMO = 8_192
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII)
_EPOCH = re.compile(r"[0-9]{1,18}", re.ASCII)
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?",
    re.ASCII,
)
_MASK = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?", re.ASCII)
_SPANS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def truth(text: str) -> bool:
    """Return the boolean that a text of a policy is, whatever its case.

    Raises:
        PolicyError: It is neither ``true`` nor ``false``.
    """
    found = _bool(text)
    if found is None:
        raise PolicyError(f"{quoted(text)} is neither true nor false")
    return found


def _string_equals(text: str, *, variables: bool) -> Matcher:
    """Return what finds a text; ``*`` and ``?`` are no wildcards.

    Source: IAM user guide, reference_policies_elements_condition_operators.
    """
    return _filled(text, lambda value, pieces: value == literal(pieces), variables=variables)


def _string_equals_ignoring_case(text: str, *, variables: bool) -> Matcher:
    return _filled(text, lambda value, pieces: fold(value) == fold(literal(pieces)), variables=variables)


def _string_like(text: str, *, variables: bool) -> Matcher:
    return _filled(text, lambda value, pieces: bool(text_matcher(pieces).fullmatch(value)), variables=variables)


def _arn_like(text: str, *, variables: bool) -> Matcher:
    """Return what finds an ARN; ArnEquals is ArnLike: six parts, each with wildcards of its own.

    Source: IAM user guide, reference_policies_elements_condition_operators.
    """
    return _filled(text, lambda value, pieces: bool(arn_matcher(pieces).fullmatch(value)), variables=variables)


def _filled(text: str, match: Callable[[str, Pieces], bool], *, variables: bool) -> Matcher:
    template = read(text, variables=variables)

    def matches(value: str, context: Context) -> bool:
        pieces = template.pieces(context)
        return pieces is not None and match(value, pieces)

    return matches


def _bool_equals(text: str, *, variables: bool) -> Matcher:
    del variables
    wanted = truth(text)
    return lambda value, _: _bool(value) is wanted


def _binary_equals(text: str, *, variables: bool) -> Matcher:
    del variables
    wanted = _bytes(text)
    if wanted is None:
        raise PolicyError(f"{quoted(text)} is no base64")
    return lambda value, _: _bytes(value) == wanted


def _ip_address(text: str, *, variables: bool) -> Matcher:
    """Return what finds addresses of a range; IPv4 and IPv6 are apart, and an address is the range of itself."""
    del variables
    wanted = _network(text)
    if wanted is None:
        raise PolicyError(f"{quoted(text)} is no IP address and no range of them, as in 203.0.113.0/24")

    def matches(value: str, _: Context) -> bool:
        address = _address(value)
        return address is not None and address in wanted

    return matches


def _comparing(
    parse: Callable[[str], Decimal | None], compare: Callable[[Any, Any], bool], what: str
) -> Callable[..., Matcher]:
    def compiled(text: str, *, variables: bool) -> Matcher:
        del variables
        wanted = parse(text)
        if wanted is None:
            raise PolicyError(f"{quoted(text)} is no {what}")

        def matches(value: str, _: Context) -> bool:
            found = parse(value)
            return found is not None and compare(found, wanted)

        return matches

    return compiled


def _dated(compare: Callable[[Any, Any], bool]) -> Callable[..., Matcher]:
    compiled = _comparing(_instant, compare, "date: write 2030-01-31T23:59:59Z, or seconds since 1970")

    def checked(text: str, *, variables: bool) -> Matcher:
        if _YEAR.fullmatch(text):
            raise PolicyError(f"{quoted(text)} may be a year or seconds since 1970: write {text}-01-01T00:00:00Z")
        return compiled(text, variables=variables)

    return checked


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(fold(text))


@lru_cache(_MEMO)
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(_MEMO)
def _instant(text: str) -> Decimal | None:
    """Return seconds since 1970, or None when the text is no instant; a time without a zone is UTC."""
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = dt.datetime(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=dt.UTC
        )
    except ValueError:
        return None
    whole = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    return Decimal(whole - _offset(zone)) + Decimal(f"0.{fraction or 0}")


def _offset(zone: str | None) -> int:
    if zone in (None, "Z"):
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3_600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


@lru_cache(_MEMO)
def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(_MEMO)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False) if _MASK.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(_MEMO)
def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text) if _MASK.fullmatch(text) else None
    except ValueError:
        return None


OPERATORS: Mapping[str, Callable[..., Matcher]] = {
    "StringEquals": _string_equals,
    "StringNotEquals": _string_equals,
    "StringEqualsIgnoreCase": _string_equals_ignoring_case,
    "StringNotEqualsIgnoreCase": _string_equals_ignoring_case,
    "StringLike": _string_like,
    "StringNotLike": _string_like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotEquals": _arn_like,
    "ArnNotLike": _arn_like,
    "Bool": _bool_equals,
    "BinaryEquals": _binary_equals,
    "IpAddress": _ip_address,
    "NotIpAddress": _ip_address,
    **{f"Numeric{name}": _comparing(_number, compare, "number") for name, compare in _SPANS.items()},
    **{f"Date{name}": _dated(compare) for name, compare in _SPANS.items()},
}
"""What each operator asks for, by its name without qualifier and suffix; for a negated one, what it must not find.

Source: IAM user guide, reference_policies_elements_condition_operators.
"""

NEGATED = frozenset(name for name in OPERATORS if "Not" in name)
"""The operators that hold where none of their values matches."""
