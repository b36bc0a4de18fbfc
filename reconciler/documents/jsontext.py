"""JSON text to trees: as strict as the YAML loader, with JSON's own types."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NoReturn

from reconciler.documents.tree import Spot, Tree
from reconciler.errors import Fault, InputError

__all__ = ["read_json"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 100


def read_json(text: str, file: str) -> Tree:
    """Return the JSON document in ``text``; ``file`` is the file's name in places.

    No message quotes more of the content than a key: the file may be anything.

    Raises:
        InputError: The text is no JSON, holds a key twice, or nests too deeply.
    """
    places = _Places(text, file)
    depth = 0
    for match in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match.group(), 0)
        if depth > _DEEPEST:
            raise _fault(places.spot(match.start()), f"nests deeper than {_DEEPEST} levels", "flatten it")
    try:
        data = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _fault(places.spot(error.pos), f"this is no JSON: {error.msg.lower()}", "mend the file") from error
    except ValueError as error:
        odd = max(_TOKEN.finditer(text), key=lambda match: _oddity(match.group()))
        raise _fault(places.spot(odd.start()), "this is no number that JSON knows", "mend the file") from error
    return Tree(*_Walk(text, places).tree(data), templated="{{" in text)


def _oddity(token: str) -> int:
    """Return how little a token looks like a number that can be read: JSON has no NaN, and Python no endless digits."""
    return len(token) if token[0] in "-0123456789" else {"NaN": 10_000, "Infinity": 10_000}.get(token, 0)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object whose keys have not been held against each other."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _fault(spot: Spot, what: str, remedy: str) -> InputError:
    return InputError([Fault(str(spot.origin), what, remedy)])


class _Places:
    """From offsets in a text to lines and columns."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def spot(self, offset: int) -> Spot:
        line = bisect_right(self._starts, offset)
        return Spot(self._file, line, offset - self._starts[line - 1] + 1)


class _Walk:
    """Walks a text that is known to be JSON beside its value, and notes where everything stands."""

    def __init__(self, text: str, places: _Places) -> None:
        self._places = places
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(text)

    def tree(self, value: Any) -> tuple[Any, Spot]:
        """Return the value, its objects made mappings, and the spot of the tokens that it takes."""
        return self._value(value, next(self._tokens))

    def _value(self, value: Any, token: re.Match[str]) -> tuple[Any, Spot]:
        spot = self._places.spot(token.start())
        if isinstance(value, _Pairs):
            return self._mapping(value, spot)
        if isinstance(value, list):
            return self._list(value, spot)
        self._check(value, spot)
        return value, spot

    def _check(self, value: Any, spot: Spot) -> None:
        if isinstance(value, str) and _SURROGATE.search(value):
            raise _fault(spot, "an escape of this text is half a character", "write the character itself")

    def _mapping(self, pairs: _Pairs, spot: Spot) -> tuple[dict[str, Any], Spot]:
        data: dict[str, Any] = {}
        below: dict[str, Spot] = {}
        for key, value in pairs:
            place = self._places.spot(next(self._tokens).start())
            self._check(key, place)
            if key in data:
                what = f"the key `{key}` already stands in line {below[key].line}"
                raise _fault(place, what, "keep one of the two")
            next(self._tokens)
            data[key], inner = self._value(value, next(self._tokens))
            below[key] = place._replace(below=inner.below)
            next(self._tokens)
        if not pairs:
            next(self._tokens)
        return data, spot._replace(below=below)

    def _list(self, values: list[Any], spot: Spot) -> tuple[list[Any], Spot]:
        data: list[Any] = []
        below: list[Spot] = []
        for value in values:
            item, inner = self._value(value, next(self._tokens))
            data.append(item)
            below.append(inner)
            next(self._tokens)
        if not values:
            next(self._tokens)
        return data, spot._replace(below=below)
