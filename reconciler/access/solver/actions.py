"""Actions as bits of one int: those of the catalogue, and names that stand for what it does not have.

Each name that a policy spells out and the catalogue lacks is a bit, and for each ``Get*`` a name that it matches, the
plainest there is. Where patterns have wildcards in other places, the names that they tell apart may be many: the
actions of such a service are a dimension of a question instead, where the catalogue lacks them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TypeAlias

from reconciler.access.solver.predicates import ACTION, Literal, Resources
from reconciler.access.solver.reading import Actions
from reconciler.access.solver.texts import Glob, lowered, match_pieces
from reconciler.catalogue.actions import action_catalogue

__all__ = ["Alphabet", "Loose", "Service", "catalogue_bits", "indexes", "loose"]

_MEMO = 4_096
Loose: TypeAlias = tuple[tuple[str, str], ...]
_WILD = re.compile(r"[*?]")
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


def loose(actions: Actions) -> Loose:
    """Return the patterns that may match what the catalogue has not, each with its spelling."""
    pairs = zip(actions.patterns, actions.written, strict=True)
    return tuple((pattern, text) for pattern, text in pairs if _WILD.search(pattern) or not _pattern_bits(pattern))


@lru_cache(_MEMO)
def _pattern_bits(pattern: str) -> int:
    folded = action_catalogue().folded
    head = _WILD.split(pattern, maxsplit=1)[0]
    first, last = bisect_left(folded, head), bisect_left(folded, head + _END)
    tail = pattern[len(head) :]
    if tail == "*":
        return ((1 << (last - first)) - 1) << first
    if not tail:
        return 1 << first if first < len(folded) and folded[first] == pattern else 0
    pieces = _glob(pattern).pieces
    return sum(1 << index for index in range(first, last) if match_pieces(pieces, folded[index]))


@dataclass(frozen=True)
class Service:
    """A service of which patterns overlap in ways that are searched, not listed."""

    name: str
    """Empty for every service that is not known."""
    known: frozenset[str]
    """The services that have patterns of their own."""
    wide: frozenset[str]
    """The patterns that may match actions of several services."""
    world: tuple[Literal, ...]
    """What makes an action one of the service."""

    def literals(self, actions: Actions) -> tuple[Literal, ...] | None:
        """Return what an element asks of an action of the service, or None where it covers none."""
        found = [pattern for pattern in actions.patterns if pattern in self.wide or self._owns(pattern)]
        if not found or "*" in found:
            return () if bool(found) is not actions.others else None
        return ((ACTION, Resources(tuple(map(_glob, found))), not actions.others),)

    def _owns(self, pattern: str) -> bool:
        service = pattern.partition(":")[0]
        return service == self.name if self.name else service not in self.known


@dataclass(frozen=True)
class Alphabet:
    """The names beside the catalogue's that some patterns tell apart, and which of them each pattern matches."""

    names: tuple[str, ...]
    bits: Mapping[str, int]
    """For each pattern the places in ``names`` that it matches."""
    services: tuple[Service, ...]
    """Whose other names are to be searched."""

    def covered(self, actions: Loose, *, others: bool) -> int:
        """Return which of the names an element covers."""
        found = 0
        for pattern, _ in actions:
            found |= self.bits[pattern]
        return ((1 << len(self.names)) - 1) & ~found if others else found

    @staticmethod
    def of(elements: Iterable[Loose]) -> Alphabet:
        """Return the alphabet of some elements."""
        written: dict[str, str] = {}
        for element in elements:
            for pattern, text in element:
                written.setdefault(pattern, text)
        names = {pattern: text for pattern, text in written.items() if not _WILD.search(pattern)}
        groups, wide = _by_service(written)
        new = _new_service(groups)
        names.setdefault(new, new)
        services, everywhere = [], frozenset([*wide, "*"])
        for service, patterns in groups.items():
            if wide or not all(map(_is_simple, patterns)):
                world: tuple[Literal, ...] = ((ACTION, Resources((_glob(f"{service}:*"),)), True),)
                services.append(Service(service, frozenset(groups), everywhere, world))
            else:
                names.update(_names(patterns, written))
        if wide:
            known = Resources(tuple(_glob(f"{service}:*") for service in groups))
            world = ((ACTION, Resources((_glob("*:*"),)), True), (ACTION, known, False))
            services.append(Service("", frozenset(groups), everywhere, world))
        return Alphabet(tuple(names.values()), _matched(tuple(names), written), tuple(services))


@lru_cache(_MEMO)
def _glob(pattern: str) -> Glob:
    return Glob.read("action", pattern, variables=False)


def _is_simple(pattern: str) -> bool:
    """Return whether a pattern has no wildcard but a star at its end."""
    return not _WILD.search(pattern[:-1]) and not pattern.endswith("?")


def _by_service(patterns: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the patterns of each service, and those that may be of several; the star alone is neither."""
    groups: dict[str, list[str]] = {}
    wide: list[str] = []
    for pattern in patterns:
        service = pattern.partition(":")[0]
        if pattern == "*":
            continue
        if _WILD.search(service):
            wide.append(pattern)
        else:
            groups.setdefault(service, []).append(pattern)
    return groups, wide


def _new_service(groups: Container[str]) -> str:
    """Return an action of a service that no policy names."""
    number = next(number for number in count() if f"{_NEW_SERVICE}{number or ''}" not in groups)
    return lowered(f"{_NEW_SERVICE}{number or ''}:{_NEW[0]}")


def _names(patterns: Sequence[str], written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return for each pattern with a star a name that it matches, and of the others only those that begin it."""
    heads = [pattern[:-1] for pattern in patterns if pattern.endswith("*")]
    taken = set(patterns)
    for head in heads:
        name = _beyond(head, heads, taken)
        yield lowered(name), written[f"{head}*"][:-1] + name[len(head) :]


def _beyond(head: str, heads: Sequence[str], taken: set[str]) -> str:
    """Return a name that begins with ``head`` and with no longer one of the heads."""
    longer = [other for other in heads if len(other) > len(head) and other.startswith(head)]
    for tail in _tails():
        name = lowered(head + tail)
        if name not in taken and not _pattern_bits(name) and not any(name.startswith(other) for other in longer):
            return head + tail
    raise AssertionError("there is no end of names")


def _tails() -> Iterator[str]:
    yield from _NEW
    for number in count():
        yield from (f"{letter}{number}" for letter in _LETTERS)
        yield chr(ord("\u00a1") + number)


def _matched(names: tuple[str, ...], patterns: Iterable[str]) -> dict[str, int]:
    """Return which names each pattern matches; only names of its service are tried."""
    places: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        places.setdefault(name.partition(":")[0], []).append(index)
    found = {}
    for pattern in patterns:
        service = pattern.partition(":")[0]
        tried: Sequence[int] = range(len(names)) if _WILD.search(service) else places.get(service, [])
        pieces = _glob(pattern).pieces
        found[pattern] = sum(1 << index for index in tried if match_pieces(pieces, names[index]))
    return found
