"""Actions as bits of one int: those of the catalogue, and names that stand for all that it does not have.

To whatever patterns there are belongs a list of more names: each name that a policy spells out and the catalogue lacks,
and for every way in which the patterns of a service can overlap on other names, one such name. So what holds of every
bit holds of every action there may ever be.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from reconciler.access.solver.machines import Unsettled
from reconciler.access.solver.reading import Actions
from reconciler.access.solver.texts import lowered, match_pieces, pieces_of
from reconciler.catalogue.actions import action_catalogue

__all__ = ["Alphabet", "catalogue_bits", "indexes"]

_MEMO = 4_096
_SHAPES = 4_000
_NEW = ("FutureAction", "UnheardOf", "x", "y", "z", "q", "0", "1")
_NEW_SERVICE = "future-service"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_"
_END = "\U0010ffff"


def indexes(bits: int) -> Iterator[int]:
    """Return the places of the bits that are set, in order."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def catalogue_bits(actions: Actions) -> int:
    """Return which actions of the catalogue an element covers."""
    found = 0
    for pattern in actions.patterns:
        found |= _pattern_bits(pattern)
    return ((1 << len(action_catalogue().folded)) - 1) & ~found if actions.others else found


@lru_cache(_MEMO)
def _pattern_bits(pattern: str) -> int:
    folded = action_catalogue().folded
    head = re.split(r"[*?]", pattern, maxsplit=1)[0]
    first, last = bisect_left(folded, head), bisect_left(folded, head + _END)
    tail = pattern[len(head) :]
    if tail == "*":
        return ((1 << (last - first)) - 1) << first
    if not tail:
        return 1 << first if first < len(folded) and folded[first] == pattern else 0
    pieces = pieces_of(pattern, variables=False)
    return sum(1 << index for index in range(first, last) if match_pieces(pieces, folded[index]))


@dataclass(frozen=True)
class Alphabet:
    """The names beside the catalogue's that some patterns tell apart, and which of them each pattern matches."""

    names: tuple[str, ...]
    bits: dict[str, int]
    """For each pattern the places in ``names`` that it matches."""

    def covered(self, actions: Actions) -> int:
        """Return which of the names an element covers."""
        found = 0
        for pattern in actions.patterns:
            found |= self.bits[pattern]
        return ((1 << len(self.names)) - 1) & ~found if actions.others else found

    @staticmethod
    def of(elements: Iterable[Actions]) -> Alphabet:
        """Return the alphabet of some elements.

        Raises:
            Unsettled: Their patterns overlap in too many ways.
        """
        written: dict[str, str] = {}
        for element in elements:
            written = {**dict(zip(element.patterns, element.written, strict=True)), **written}
        plain = (pattern for pattern in written if "*" not in pattern and "?" not in pattern)
        names = {pattern: written[pattern] for pattern in plain if not _pattern_bits(pattern)}
        groups = _by_service(written)
        names.setdefault(_new_service(groups), _new_service(groups))
        for service, patterns in groups.items():
            for name in _names(service, tuple(patterns)):
                if not _pattern_bits(lowered(name)):
                    names.setdefault(lowered(name), _as_written(name, patterns, written))
        return Alphabet(tuple(names.values()), _matched(tuple(names), written))


def _new_service(groups: Container[str]) -> str:
    """Return an action of a service that no policy names."""
    number = next(number for number in count() if f"{_NEW_SERVICE}{number or ''}" not in groups)
    return lowered(f"{_NEW_SERVICE}{number or ''}:{_NEW[0]}")


def _by_service(patterns: Iterable[str]) -> dict[str, list[str]]:
    """Return the patterns of each service, and under the empty name those of no service in particular.

    Patterns that may be of several services are among those of each.
    """
    groups: dict[str, list[str]] = {}
    wide: list[str] = []
    for pattern in patterns:
        service = pattern.partition(":")[0]
        if pattern == "*":
            continue
        if "*" in service or "?" in service:
            wide.append(pattern)
        else:
            groups.setdefault(service, []).append(pattern)
    for group in groups.values():
        group.extend(wide)
    known = [f"{service}:*" for service in groups] if wide else []
    return {**groups, "": [*known, *wide]}


def _names(service: str, patterns: tuple[str, ...]) -> list[str]:
    """Return a name for each way in which patterns overlap on names that none of them spells out."""
    simple = [pattern for pattern in patterns if pattern.endswith("*") and not re.search(r"[*?]", pattern[:-1])]
    if len(simple) + sum("*" not in pattern and "?" not in pattern for pattern in patterns) < len(patterns):
        return list(_names_by_search(service, patterns))
    heads = [pattern[:-1] for pattern in simple]
    taken = set(patterns)
    return [_beyond(head, heads, taken) for head in dict.fromkeys(heads)]


def _beyond(head: str, heads: Sequence[str], taken: set[str]) -> str:
    """Return a name that begins with ``head`` and with no longer one of the heads."""
    longer = [other for other in heads if len(other) > len(head) and other.startswith(head)]
    folded = action_catalogue().folded
    for tail in _tails(len(longer) + len(taken)):
        name = lowered(head + tail)
        place = bisect_left(folded, name)
        free = name not in taken and not (place < len(folded) and folded[place] == name)
        if free and not any(name.startswith(other) for other in longer):
            return head + tail
    raise Unsettled("actions have too many beginnings")


def _tails(number_of_others: int) -> Iterator[str]:
    yield from _NEW
    for number in range(number_of_others + 1):
        yield f"_{number}"
        for letter in _LETTERS:
            yield f"{letter}{number}"
    for code in range(0xA1, 0xA1 + number_of_others + len(_NEW)):
        if chr(code).isprintable():
            yield chr(code)


@lru_cache(_MEMO)
def _names_by_search(service: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the shortest name for each set of patterns that some name matches, by all states that they can be in."""
    rows = [_row(pattern) for pattern in patterns]
    shape = _row(f"{service}:?*" if service else "?*:?*")
    letters = _letters(patterns)
    start = tuple(_closed(row, 1) for row in (shape, *rows))
    seen = {start}
    layer = [(start, "")]
    names: dict[tuple[bool, ...], str] = {}
    while layer:
        following: list[tuple[tuple[int, ...], str]] = []
        for state, text in layer:
            done = tuple(bool(one >> len(row) & 1) for one, row in zip(state, (shape, *rows), strict=True))
            if done[0] and text.count(":") == 1:
                names.setdefault(done, text)
            for letter in letters:
                if letter == ":" and ":" in text:
                    continue
                after = tuple(_stepped(row, one, letter) for one, row in zip(state, (shape, *rows), strict=True))
                marked = (*after, ":" in text or letter == ":")
                if after[0] and marked not in seen:
                    seen.add(marked)
                    following.append((after, text + letter))
        if len(seen) > _SHAPES:
            raise Unsettled(f"the action patterns of {service or 'all services'} overlap in too many ways")
        layer = following
    return tuple(names.values())


def _row(pattern: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\*+", "*", pattern))


def _closed(row: tuple[str, ...], state: int) -> int:
    """Return the state with every star that may be empty passed over."""
    for index, char in enumerate(row):
        if char == "*" and state >> index & 1:
            state |= 1 << (index + 1)
    return state


def _stepped(row: tuple[str, ...], state: int, letter: str) -> int:
    after = 0
    for index, char in enumerate(row):
        if state >> index & 1:
            if char == "*":
                after |= 1 << index
            elif char in ("?", letter):
                after |= 1 << (index + 1)
    return _closed(row, after)


def _letters(patterns: Iterable[str]) -> list[str]:
    named = {char for pattern in patterns for char in pattern} - {"*", "?"}
    fresh = next((char for char in "xyzqwkjv0123456789" if char not in named), None)
    if fresh is None:
        fresh = next(chr(code) for code in range(0xA1, 0x1000) if chr(code) not in named and chr(code).isprintable())
    return [fresh, *sorted(named | {":"})]


def _as_written(name: str, patterns: Iterable[str], written: dict[str, str]) -> str:
    """Return the name with its beginning spelled as a policy does."""
    best = ""
    for pattern in patterns:
        text = written.get(pattern, "")
        if pattern.endswith("*") and lowered(name).startswith(pattern[:-1]) and len(text) > len(best):
            best = text
    return best[:-1] + name[len(best) - 1 :] if best else name


def _matched(names: tuple[str, ...], patterns: Iterable[str]) -> dict[str, int]:
    """Return which names each pattern matches; only names of its service are tried."""
    places: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        places.setdefault(name.partition(":")[0], []).append(index)
    found = {}
    for pattern in patterns:
        service = pattern.partition(":")[0]
        wide = "*" in service or "?" in service
        tried = range(len(names)) if wide else places.get(service, [])
        pieces = pieces_of(pattern, variables=False)
        found[pattern] = sum(1 << index for index in tried if match_pieces(pieces, names[index]))
    return found
