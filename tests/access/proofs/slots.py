"""Values of condition keys as z3 has them, and when one is what a text of a policy asks for."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import z3

__all__ = ["Slots", "Unencodable", "Value", "constant", "fresh", "match"]


class Unencodable(Exception):  # noqa: N818  a way out, no mistake
    """z3 has no words for it."""


@dataclass(frozen=True)
class Value:
    """One value: an expression for each of its parts, and how a model's answer is written."""

    parts: tuple[Any, ...]
    """A text: itself. An ARN: itself and its six parts. An address: whether it is IPv6, its bits as either."""
    write: Callable[..., str]

    def read(self, model: Any) -> str:
        """Return the value in a model."""
        return self.write(*(model.eval(part, model_completion=True) for part in self.parts))


@dataclass(frozen=True)
class Slots:
    """The values of a key: how many there are, and each of them."""

    kind: str
    count: Any
    values: tuple[Value, ...]


@dataclass(frozen=True)
class _Wild:
    many: bool


@dataclass(frozen=True)
class _Whole:
    """A text without a colon."""

    text: Any


_Piece = Any
"""A literal text, a wildcard, or the expression that a variable stands for."""

_HOLE = re.compile(r"\$\{\s*([^},\s]+)\s*(?:,\s*'([^']*)'\s*)?\}")
_ANY = z3.Range(" ", "~")
_NO_COLON = z3.Union(z3.Range(" ", "9"), z3.Range(";", "~"))
_TEXT = z3.Star(_ANY)


def fresh(name: str, kind: str, rules: list[Any]) -> Value:
    """Return a value of a kind that is free, and add what holds for every such value to the rules."""
    if kind in ("number", "date"):
        return Value((z3.Real(name),), _decimal if kind == "number" else _moment)
    if kind == "bool":
        return Value((z3.Bool(name),), lambda found: "true" if z3.is_true(found) else "false")
    if kind == "ip":
        parts = (z3.Bool(f"{name} is v6"), z3.BitVec(f"{name} v4", 32), z3.BitVec(f"{name} v6", 128))
        return Value(parts, _address)
    if kind == "binary":
        return Value((z3.Int(name),), lambda found: _TOKENS.get(found.as_long(), "Wlpa"))
    if kind == "arn":
        segments = [z3.String(f"{name} {number}") for number in range(6)]
        rules.append(segments[0] == "arn")
        rules += [z3.InRe(one, z3.Star(_NO_COLON)) for one in segments[1:5]]
        rules.append(z3.InRe(segments[5], _TEXT))
        joined = [piece for segment in segments for piece in (z3.StringVal(":"), segment)][1:]
        return Value((z3.Concat(*joined), *segments), lambda found, *_: found.as_string())
    text = z3.String(name)
    rules.append(z3.InRe(text, _TEXT))
    return Value((text,), lambda found: found.as_string())


def constant(kind: str, text: str) -> Value:
    """Return a text as a value that is fixed."""
    assert kind == "text"
    return Value((z3.StringVal(text),), lambda found: found.as_string())


def match(base: str, text: str, value: Value, keys: Mapping[str, Slots] | None) -> Any:
    """Return when a value is what an operator asks for.

    ``keys`` are what policy variables stand for; None where they are literal text.

    Raises:
        Unencodable: z3 has no words for it.
    """
    subject = value.parts[0]
    if base.startswith(("Numeric", "Date")):
        kind = "Numeric" if base.startswith("Numeric") else "Date"
        number = Fraction(text) if kind == "Numeric" else _instant(text)
        return _SPANS[base.removeprefix(kind)](subject, z3.Q(number.numerator, number.denominator))
    if base == "Bool":
        return subject == (text.lower() == "true")
    if base == "BinaryEquals":
        return subject == _token(text)
    if base == "IpAddress":
        return _in_network(text, value)
    arn = base in ("ArnEquals", "ArnLike")
    if arn and len(value.parts) == 1:
        raise Unencodable("a text that is held against ARNs")

    def one(pieces: Sequence[_Piece]) -> Any:
        if arn:
            return _arn(pieces, value.parts[1:])
        if base == "StringLike":
            return _like(pieces, subject, _ANY)
        return _equals(pieces, subject, folded="IgnoreCase" in base)

    return _filled(_pieces(text, variables=keys is not None), keys or {}, one)


def _pieces(text: str, *, variables: bool) -> list[_Piece]:
    """Return literal texts, wildcards, and for a variable the match that found it."""
    found: list[_Piece] = []
    start = 0
    for hole in _HOLE.finditer(text) if variables else ():
        found += _wild(text[start : hole.start()])
        found.append(hole[1] if len(hole[1]) == 1 else hole)
        start = hole.end()
    return found + _wild(text[start:])


def _wild(text: str) -> list[_Piece]:
    return [_Wild(part == "*") if part in ("*", "?") else part for part in re.split(r"([*?])", text) if part]


def _filled(pieces: Sequence[_Piece], keys: Mapping[str, Slots], one: Callable[[Sequence[_Piece]], Any]) -> Any:
    """Return when a pattern matches, over all that its variables may stand for: a value, or a default."""
    place = next((place for place, piece in enumerate(pieces) if isinstance(piece, re.Match)), None)
    if place is None:
        return one(pieces)
    hole, before, after = pieces[place], pieces[:place], pieces[place + 1 :]
    slots = keys[hole[1].lower()]
    only = slots.values[0].parts[0]
    only = only.as_string() if z3.is_string_value(only) else only
    ways = [z3.And(slots.count == 1, _filled([*before, only, *after], keys, one))]
    if hole[2] is not None:
        ways.append(z3.And(slots.count == 0, _filled([*before, hole[2], *after], keys, one)))
    return z3.Or(*ways)


def _equals(pieces: Sequence[_Piece], subject: Any, *, folded: bool) -> Any:
    plain = [("*" if piece.many else "?") if isinstance(piece, _Wild) else piece for piece in pieces]
    if not folded:
        return subject == _joined(plain)
    if not all(isinstance(piece, str) for piece in plain):
        raise Unencodable("a variable whose case does not count")
    text = "".join(plain)
    return z3.InRe(subject, _sequence([_either_case(char) for char in text]))


def _either_case(char: str) -> Any:
    """Return a character in both cases, where it is a letter that has two to IAM."""
    if char.isascii() and char.isalpha():
        return z3.Union(z3.Re(char.lower()), z3.Re(char.upper()))
    return z3.Re(char)


def _joined(pieces: Sequence[_Piece]) -> Any:
    texts = [z3.StringVal(piece) if isinstance(piece, str) else piece for piece in pieces]
    return z3.Concat(z3.StringVal(""), *texts) if texts else z3.StringVal("")


def _sequence(parts: Sequence[Any]) -> Any:
    return z3.Concat(*parts) if len(parts) > 1 else parts[0] if parts else z3.Re("")


def _like(pieces: Sequence[_Piece], subject: Any, char: Any) -> Any:
    """Return when a text is like a pattern; ``char`` is what wildcards take."""
    if all(isinstance(piece, (str, _Wild)) for piece in pieces):
        parts = [z3.Re(p) if isinstance(p, str) else z3.Star(char) if p.many else char for p in pieces]
        return z3.InRe(subject, _sequence(parts))
    chunks: list[list[_Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, _Wild) and piece.many:
            chunks.append([])
        else:
            chunks[-1].append(piece)
    first, last = chunks[0], chunks[-1]
    size = z3.Length(subject)
    if len(chunks) == 1:
        return z3.And(size == _length(first), _stands(first, subject, z3.IntVal(0)))
    middles = [chunk for chunk in chunks[1:-1] if chunk]
    if len(middles) > 1 or (middles and any(isinstance(piece, _Wild) for piece in middles[0])):
        raise Unencodable("a variable among several wildcards")
    room = size - _length(first) - _length(last)
    ways = [room >= 0, _stands(first, subject, z3.IntVal(0)), _stands(last, subject, size - _length(last))]
    if middles:
        ways.append(z3.Contains(z3.SubString(subject, _length(first), room), _joined(middles[0])))
    return z3.And(*ways)


def _length(chunk: Sequence[_Piece]) -> Any:
    sizes = [len(p) if isinstance(p, str) else 1 if isinstance(p, _Wild) else z3.Length(p) for p in chunk]
    return z3.Sum(z3.IntVal(0), *sizes)


def _stands(chunk: Sequence[_Piece], subject: Any, at: Any) -> Any:
    """Return when texts and single wildcards stand one after the other at a place of a text."""
    parts = []
    for number, piece in enumerate(chunk):
        if not isinstance(piece, _Wild):
            text = z3.StringVal(piece) if isinstance(piece, str) else piece
            parts.append(z3.SubString(subject, at + _length(chunk[:number]), z3.Length(text)) == text)
    return z3.And(*parts)


def _arn(pieces: Sequence[_Piece], segments: Sequence[Any]) -> Any:
    """Return when an ARN is like a pattern, part by part; a colon in a variable's value ends a part like any other."""
    if pieces and all(isinstance(piece, _Wild) and piece.many for piece in pieces):
        return z3.BoolVal(val=True)
    parts: list[list[_Piece]] = [[]]
    for place, piece in enumerate(pieces):
        if isinstance(piece, str):
            first, *others = piece.split(":", 6 - len(parts))
            parts[-1].append(first)
            parts += [[other] for other in others]
        elif isinstance(piece, (_Wild, _Whole)) or len(parts) == 6:
            parts[-1].append(piece)
        else:
            return _arn_divided(pieces, place, segments)
    parts += [[_Wild(many=True)]] * (6 - len(parts))
    chars = [_NO_COLON] * 5 + [_ANY]
    whole = [[piece.text if isinstance(piece, _Whole) else piece for piece in part] for part in parts]
    return z3.And(*(_like(part, one, char) for part, one, char in zip(whole, segments, chars, strict=True)))


def _arn_divided(pieces: Sequence[_Piece], place: int, segments: Sequence[Any]) -> Any:
    """Return when an ARN is like a pattern, by whether the text at a place has a colon at which parts divide."""
    text, before, after = pieces[place], pieces[:place], pieces[place + 1 :]
    colon = z3.IndexOf(text, z3.StringVal(":"), z3.IntVal(0))
    head = z3.SubString(text, z3.IntVal(0), colon)
    tail = z3.SubString(text, colon + 1, z3.Length(text))
    return z3.If(
        z3.Contains(text, z3.StringVal(":")),
        _arn([*before, _Whole(head), ":", tail, *after], segments),
        _arn([*before, _Whole(text), *after], segments),
    )


def _in_network(text: str, value: Value) -> Any:
    is_v6, *bits = value.parts
    network = ipaddress.ip_network(text, strict=False)
    six = network.version == 6
    subject, size = bits[six], network.max_prefixlen
    shift = size - network.prefixlen
    inside = z3.LShR(subject, shift) == (int(network.network_address) >> shift) if network.prefixlen else True
    return z3.And(is_v6 if six else z3.Not(is_v6), inside)


_SPANS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_TOKENS: dict[int, str] = {}


def _token(text: str) -> int:
    """Return a number for the bytes of a binary value, from 1, and remember how they are written."""
    data = base64.b64decode(text)
    number = int.from_bytes(b"\1" + data, "big")
    _TOKENS[number] = base64.b64encode(data).decode()
    return number


@lru_cache(256)
def _instant(text: str) -> Fraction:
    if text.isdigit():
        return Fraction(text)
    moment = dt.datetime.fromisoformat(text if len(text) > 7 else f"{text}-01")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return Fraction((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1), 1_000_000)


def _decimal(found: Any) -> str:
    number = found.as_fraction()
    return f"{float(number):.6f}".rstrip("0").rstrip(".")


def _moment(found: Any) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(found.as_fraction() * 1_000_000))
    return moment.isoformat().replace("+00:00", "Z")


def _address(is_v6: Any, four: Any, six: Any) -> str:
    if z3.is_true(is_v6):
        return str(ipaddress.IPv6Address(six.as_long()))
    return str(ipaddress.IPv4Address(four.as_long()))
