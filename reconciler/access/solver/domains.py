"""Values that are no mere texts: numbers, dates, booleans, addresses, bytes; and texts that stand for all of them.

Where a policy draws a line, candidates lie on it and on both sides of it. So what holds of no candidate holds of no
value: candidates are complete for tests of one family.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from reconciler.access.solver.texts import shown
from reconciler.errors import PolicyError

__all__ = ["FAMILIES", "Family", "Point", "candidates", "point"]

Family: TypeAlias = Literal["Numeric", "Date", "Bool", "IPAddress", "Binary"]
Relation: TypeAlias = Literal["=", "<", "<=", ">", ">="]
FAMILIES: tuple[Family, ...] = ("Numeric", "Date", "Bool", "IPAddress", "Binary")

_MEMO = 8_192
_DECIMAL = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,18}", re.ASCII)
_AMBIGUOUS = re.compile(r"[0-9]{4}", re.ASCII)
_ISO = re.compile(
    r"(?P<y>[0-9]{4})-(?P<mo>[0-9]{2})(-(?P<d>[0-9]{2})(T(?P<h>[0-9]{2}):(?P<mi>[0-9]{2})(:(?P<s>[0-9]{2})"
    r"(\.(?P<f>[0-9]{1,9}))?)?(?P<z>Z|(?P<sign>[+-])(?P<zh>[0-9]{2}):?(?P<zm>[0-9]{2}))?)?)?",
    re.ASCII,
)
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+", re.ASCII)
_RANGE = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIRST = Decimal(-62_135_596_800)
_LAST = Decimal(253_402_300_799)
_LEAST_NUMBER = Decimal("1e-40")
_LEAST_MOMENT = Decimal("1e-9")
_DIGITS = 120
_GARBAGE = "x"
"""What is no number, no date, no boolean, no address and no base64."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a typed operator, and on which side of it a value has to be."""

    family: Family
    relation: Relation
    value: Any

    def matches(self, text: str) -> bool:
        """Return whether a request's value is on that side; what is none of the family is on no side."""
        found = _PARSERS[self.family](text)
        if found is None:
            return False
        if self.family == "IPAddress":
            low, high, version = self.value
            return bool(found[2] == version and low <= found[0] <= high)
        if self.relation == "=":
            return bool(found == self.value)
        if self.relation[0] == "<":
            return bool(found < self.value or (self.relation == "<=" and found == self.value))
        return bool(found > self.value or (self.relation == ">=" and found == self.value))


def point(family: Family, relation: Relation, text: str) -> Point:
    """Return what a text of a policy is as a value of a family.

    Raises:
        PolicyError: It is none.
    """
    if family == "Date" and _AMBIGUOUS.fullmatch(text):
        raise PolicyError(f"{shown(text)} may be a year or seconds since 1970")
    value = _range(text) if family == "IPAddress" else _PARSERS[family](text)
    if value is None:
        raise PolicyError(f"{shown(text)} is no value of the operator")
    return Point(family, relation, _plainest(value) if isinstance(value, Decimal) else value)


def _plainest(value: Decimal) -> Decimal:
    """Return a number in one spelling, so that what is equal is the same in every answer."""
    with localcontext(prec=_DIGITS):
        return (value + 0).normalize()


@lru_cache(_MEMO)
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


@lru_cache(_MEMO)
def _moment(text: str) -> Decimal | None:
    if _SECONDS.fullmatch(text):
        return Decimal(text)
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        day = dt.datetime(int(found["y"]), int(found["mo"]), int(found["d"] or 1), tzinfo=dt.UTC)
        day = day.replace(hour=int(found["h"] or 0), minute=int(found["mi"] or 0), second=int(found["s"] or 0))
    except ValueError:
        return None
    since = day - _EPOCH
    seconds = Decimal(since.days * 86_400 + since.seconds)
    if found["f"]:
        seconds += Decimal(f"0.{found['f']}")
    if found["sign"]:
        east = int(found["zh"]) * 3_600 + int(found["zm"]) * 60
        seconds += east if found["sign"] == "-" else -east
    return seconds


def _truth(text: str) -> bool | None:
    if text in ("true", "false"):
        return text == "true"
    small = text.lower() if text.isascii() else ""
    return small == "true" if small in ("true", "false") else None


@lru_cache(_MEMO)
def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(_MEMO)
def _range(text: str) -> tuple[int, int, int] | None:
    """Return the first and last address of a range and its version."""
    if not _RANGE.fullmatch(text):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return int(network.network_address), int(network.broadcast_address), network.version


def _address(text: str) -> tuple[int, int, int] | None:
    return _range(text) if _ADDRESS.fullmatch(text) else None


_PARSERS: Mapping[Family, Callable[[str], Any]] = {
    "Numeric": _number,
    "Date": _moment,
    "Bool": _truth,
    "IPAddress": _address,
    "Binary": _bytes,
}


def candidates(family: Family, points: Iterable[Point], *, typed: bool) -> list[str]:
    """Return values of a family, the plainest first: one at least of every sort that the points tell apart.

    Unless the key is known to be of that type, a value that is none of the family comes last.
    """
    values = [one.value for one in points]
    found = dict.fromkeys(_MAKERS[family](values))
    if not typed:
        found[_GARBAGE] = None
    return list(found)


def _steps(values: Iterable[Decimal], quantum: Decimal, spelled: Callable[[Decimal], str | None]) -> Iterator[str]:
    """Return values between and on all lines; whole ones where there are any."""
    lines = sorted(set(values))
    with localcontext(prec=_DIGITS):
        tries: list[Decimal] = [lines[-1] + 1, *lines]
        for low, high in pairwise(lines):
            whole = low.to_integral_value(rounding="ROUND_FLOOR") + 1
            tries += [value for value in (low + 1, whole, (low + high) / 2, low + quantum) if value < high]
        tries += [lines[0] - 1, lines[-1] + quantum, lines[0] - quantum]
        texts = [spelled(value) for value in tries]
    yield from (text for text in texts if text is not None)


def _numbers(values: list[Decimal]) -> Iterator[str]:
    yield from _steps(values, _LEAST_NUMBER, _spelled_number) if values else ("1",)


def _spelled_number(value: Decimal) -> str | None:
    text = f"{value:f}"
    return text if _number(text) == value else None


def _moments(values: list[Decimal]) -> Iterator[str]:
    yield from _steps(values, _LEAST_MOMENT, _spelled_moment) if values else ("2030-01-01T00:00:00Z",)


def _spelled_moment(value: Decimal) -> str | None:
    if not _FIRST <= value <= _LAST:
        text = f"{value:f}"
        return text if _moment(text) == value else None
    whole = int(value.to_integral_value(rounding="ROUND_FLOOR"))
    moment = _EPOCH + dt.timedelta(seconds=whole)
    part = f"{value - whole:f}".partition(".")[2].rstrip("0")
    text = f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{moment:%H:%M:%S}{'.' * bool(part)}{part}Z"
    return text if _moment(text) == value else None


def _truths(_: list[bool]) -> Iterator[str]:
    yield from ("true", "false")


def _binaries(values: list[bytes]) -> Iterator[str]:
    yield from (base64.b64encode(value).decode("ascii") for value in values)
    other = max((len(value) for value in values), default=0) + 1
    yield base64.b64encode(b"x" * other).decode("ascii")


def _addresses(values: list[tuple[int, int, int]]) -> Iterator[str]:
    """Return addresses that documentation uses, some of each range, then where ranges begin and where they are over."""
    yield from ("203.0.113.7", "198.51.100.7", "2001:db8::7")
    for low, high, version in values:
        yield _spelled_address(min(low + 1, high), version)
    for version, bits in ((4, 32), (6, 128)):
        lines = [0]
        for low, high, found in values:
            if found == version:
                lines += [low, high + 1]
        for line in sorted(set(lines)):
            if line < 1 << bits:
                yield _spelled_address(line, version)


def _spelled_address(number: int, version: int) -> str:
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))  # noqa: PLR2004  IPv4


_MAKERS: Mapping[Family, Callable[[Any], Iterator[str]]] = {
    "Numeric": _numbers,
    "Date": _moments,
    "Bool": _truths,
    "IPAddress": _addresses,
    "Binary": _binaries,
}
