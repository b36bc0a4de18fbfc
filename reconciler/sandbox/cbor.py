"""CBOR, as far as AWS's RPC protocol needs it: it is read whole, and written as maps, lists, texts and booleans.

Source: RFC 8949; the protocol is rpcv2Cbor of the Smithy specification.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["decoded", "encoded"]

_DEPTH = 32
_INDEFINITE = 31
_BREAK = object()
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}


def decoded(body: bytes) -> Any:
    """Return the value that the bytes encode.

    Raises:
        ValueError: they are not CBOR, or nest too deep.
    """
    reader = _Reader(body)
    value = reader.value(_DEPTH)
    if value is _BREAK or reader.rest():
        raise ValueError("not one value")
    return value


def encoded(value: Any) -> bytes:
    """Return the value as CBOR; of maps those members that are not None."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, Mapping):
        kept = {key: each for key, each in value.items() if each is not None}
        return _head(5, len(kept)) + b"".join(encoded(key) + encoded(each) for key, each in kept.items())
    rows = list(value)
    return _head(4, len(rows)) + b"".join(map(encoded, rows))


def _head(major: int, size: int) -> bytes:
    if size < 24:  # noqa: PLR2004  RFC 8949, 3: smaller numbers stand in the first byte
        return bytes([major << 5 | size])
    for power in range(4):
        if size < 1 << 8 * 2**power:
            return bytes([major << 5 | 24 + power]) + size.to_bytes(2**power, "big")
    raise ValueError(f"{size} is too large")


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def rest(self) -> int:
        return len(self._body) - self._at

    def value(self, depth: int) -> Any:
        if depth == 0:
            raise ValueError("too deep")
        first = self._take(1)[0]
        major, low = first >> 5, first & 0x1F
        if major == 7:  # noqa: PLR2004  RFC 8949, 3.1: floating-point numbers and simple values
            return self._simple(low)
        if low == _INDEFINITE:
            return self._indefinite(major, depth)
        return self._sized(major, self._size(low), depth)

    def _sized(self, major: int, size: int, depth: int) -> Any:
        found: Any
        match major:
            case 0:
                found = size
            case 1:
                found = -1 - size
            case 2:
                found = self._take(size)
            case 3:
                found = self._take(size).decode()
            case 4:
                found = self._many(size, lambda: self.value(depth - 1))
            case 5:
                found = self._map(self._many(size, lambda: (self.value(depth - 1), self.value(depth - 1))))
            case _:
                # What a tag says about its value is of no concern to what is asked here.
                found = self.value(depth - 1)
        return found

    def _take(self, size: int) -> bytes:
        if size > self.rest():
            raise ValueError("too short")
        self._at += size
        return self._body[self._at - size : self._at]

    def _size(self, low: int) -> int:
        if low < 24:  # noqa: PLR2004  as in _head
            return low
        if low > 27:  # noqa: PLR2004  RFC 8949, 3: reserved
            raise ValueError("not well-formed")
        return int.from_bytes(self._take(1 << low - 24), "big")

    def _simple(self, low: int) -> Any:
        if low == _INDEFINITE:
            return _BREAK
        if low in _FLOATS:
            form, size = _FLOATS[low]
            return struct.unpack(form, self._take(size))[0]
        if low in _SIMPLE:
            return _SIMPLE[low]
        raise ValueError("not well-formed")

    def _many(self, size: int, read: Callable[[], Any]) -> list[Any]:
        if size > self.rest():
            raise ValueError("too short")
        return [read() for _ in range(size)]

    def _indefinite(self, major: int, depth: int) -> Any:
        found = []
        while (item := self.value(depth - 1)) is not _BREAK:
            found.append(item)
        match major:
            case 2 | 3:
                kind: type = bytes if major == 2 else str  # noqa: PLR2004  RFC 8949, 3.1
                if not all(isinstance(piece, kind) for piece in found):
                    raise ValueError("not well-formed")
                return kind().join(found)
            case 4:
                return found
            case 5 if len(found) % 2 == 0:
                return self._map(list(zip(found[::2], found[1::2], strict=True)))
            case _:
                raise ValueError("not well-formed")

    def _map(self, pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
        if not all(isinstance(key, str) for key, _ in pairs):
            raise ValueError("a key is no text")
        return dict(pairs)
