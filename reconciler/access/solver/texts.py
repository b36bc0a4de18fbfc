"""Texts of a policy, read for the solver: wildcards, policy variables, and what a ground text matches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal, TypeAlias

from reconciler.errors import PolicyError

__all__ = [
    "PARTS",
    "Form",
    "Glob",
    "Piece",
    "Symbol",
    "Values",
    "Wild",
    "lowered",
    "match_pieces",
    "pieces_of",
    "shown",
    "variables_in",
]


class Wild(Enum):
    """A wildcard of a policy's text."""

    STAR = "*"
    MARK = "?"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A policy variable that nothing has filled in yet: a condition key in small letters, and its default."""

    key: str
    default: str | None = None
    folded: bool = False
    """Whether the letters of its value may be of either case."""
    colons: int | None = None
    """How many colons its value holds, where that is taken as known."""


Piece: TypeAlias = str | Wild | Symbol
Form: TypeAlias = Literal["equals", "folded", "like", "arn", "action"]
Values: TypeAlias = Mapping[str, tuple[str | Symbol, ...]]
"""What is known of condition keys: all their values, none for a key that is absent; a symbol is one value, unknown."""

PARTS = 6
"""How many parts an ARN has."""

_CAPITALS = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_QUOTED = 60
_OPEN = "${"
_WILDS = {wild.value: wild for wild in Wild}
_MARK = re.compile(r"[*?]|\$\{")
_VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^\s{},'][^{},']*?)\s*(?:,\s*'([^']*)'\s*)?)\}")


def lowered(text: str) -> str:
    """Return a text with its ASCII capitals made small."""
    return text.translate(_CAPITALS)


def shown(text: object) -> str:
    """Return a text as a message shows it: quoted, printable, not too long."""
    words = str(text)
    return ascii(words if len(words) <= _QUOTED else words[:_QUOTED] + "...")


def pieces_of(text: str, *, variables: bool) -> tuple[Piece, ...]:
    """Return what a text of a policy is made of; without ``variables``, ``${`` is no more than two characters.

    Raises:
        PolicyError: A ``${`` begins no policy variable.
    """
    pieces: list[Piece] = []
    place = 0
    while (mark := _MARK.search(text, place)) is not None:
        pieces.append(text[place : mark.start()])
        place = mark.end()
        if mark[0] != _OPEN:
            pieces.append(_WILDS[mark[0]])
        elif not variables:
            pieces.append(_OPEN)
        else:
            found = _VARIABLE.match(text, mark.start())
            if found is None or not (found[1] or ":" in found[2]):
                raise PolicyError(
                    f"{shown(text[mark.start() :])} begins with no policy variable, as in ${{aws:username}}"
                )
            pieces.append(found[1] or Symbol(lowered(found[2]), found[3]))
            place = found.end()
    pieces.append(text[place:])
    return _joined(pieces)


def variables_in(text: str) -> Iterator[str]:
    """Return the keys of what looks like policy variables in a text."""
    yield from (found[2] for found in _VARIABLE.finditer(text) if found[2])


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the same pieces with texts that touch made one, and none that is empty."""
    joined: list[Piece] = []
    run: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            run.append(piece)
            continue
        if text := "".join(run):
            joined.append(text)
        run.clear()
        joined.append(piece)
    if text := "".join(run):
        joined.append(text)
    return tuple(joined)


@dataclass(frozen=True)
class Glob:
    """What matches texts: one value of a string or ARN operator, one resource, one action."""

    form: Form
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        """Hash once: patterns are looked up far more often than they are made."""
        object.__setattr__(self, "_hash", hash((self.form, self.pieces)))

    def __hash__(self) -> int:
        """Return the hash that was taken once."""
        found: int = self.__dict__["_hash"]
        return found

    def __eq__(self, other: object) -> bool:
        """Return whether both match alike, by what is written."""
        if self is other:
            return True
        return isinstance(other, Glob) and self.form == other.form and self.pieces == other.pieces

    @staticmethod
    def read(form: Form, text: str, *, variables: bool) -> Glob:
        """Return what a text stands for; where wildcards are no wildcards they become their characters."""
        pieces = pieces_of(text, variables=variables)
        if form in ("equals", "folded"):
            pieces = _joined(piece.value if isinstance(piece, Wild) else piece for piece in pieces)
        return Glob(form, pieces)

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Return the variables that are still open."""
        return frozenset(piece for piece in self.pieces if isinstance(piece, Symbol))

    @cached_property
    def early(self) -> frozenset[Symbol]:
        """Return the open variables that stand before the last part of an ARN pattern."""
        if self.form != "arn":
            return frozenset()
        return frozenset(piece for part in self.parts[:-1] for piece in part if isinstance(piece, Symbol))

    @cached_property
    def everything(self) -> bool:
        """Return whether this matches every text: stars and nothing else."""
        return (
            self.form in ("like", "arn", "action")
            and bool(self.pieces)
            and all(piece is Wild.STAR for piece in self.pieces)
        )

    @cached_property
    def text(self) -> str | None:
        """Return the one text that is matched, or None where there may be others."""
        if self.form == "equals" and not self.symbols:
            return "".join(str(piece) for piece in self.pieces)
        if self.form == "folded" or any(not isinstance(piece, str) for piece in self.pieces):
            return None
        whole = "".join(str(piece) for piece in self.pieces)
        if self.form == "arn" and whole.count(":") < PARTS - 1:
            return None
        return whole

    def filled(self, values: Values) -> Glob | None:
        """Return this with the variables filled in that are known; None where one has no single value.

        A variable that ``values`` does not speak of stays open.
        """
        if not any(symbol.key in values for symbol in self.symbols):
            return self
        pieces: list[Piece] = []
        for piece in self.pieces:
            if isinstance(piece, Symbol) and piece.key in values:
                known = values[piece.key]
                if len(known) > 1 or not (known or piece.default is not None):
                    return None
                pieces.append(known[0] if known else piece.default or "")
            else:
                pieces.append(piece)
        return Glob(self.form, _joined(pieces))

    @cached_property
    def parts(self) -> tuple[tuple[Piece, ...], ...]:
        """Return the six parts of an ARN pattern: those that are missing are stars, the last keeps its colons."""
        found: list[list[Piece]] = [[]]
        for piece in self.pieces:
            if isinstance(piece, str):
                head, *tail = piece.split(":", PARTS - len(found))
                found[-1].append(head)
                found.extend([text] for text in tail)
            else:
                found[-1].append(piece)
        while len(found) < PARTS:
            found.append([Wild.STAR])
        return tuple(_joined(part) for part in found)

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """Return the shortest texts that are matched, and the same with a letter for each star; none of an action."""
        if self.form == "action":
            return ()
        parts = self.parts if self.form == "arn" and not self.everything else (self.pieces,)
        return tuple(dict.fromkeys(":".join(_filled(part, star) for part in parts) for star in ("", "x")))

    def matches(self, text: str) -> bool:
        """Return whether a text is matched; no variable may be open."""
        if self.form == "equals":
            return "".join(map(str, self.pieces)) == text
        if self.form == "folded":
            return lowered("".join(map(str, self.pieces))) == lowered(text)
        if self.everything:
            return True
        if self.pieces and isinstance(self.pieces[0], str) and not text.startswith(self.pieces[0]):
            return False
        if self.form in ("like", "action"):
            return match_pieces(self.pieces, text)
        parts = text.split(":", PARTS - 1)
        return len(parts) == PARTS and all(map(match_pieces, self.parts, parts))


def _filled(pieces: Iterable[Piece], star: str) -> str:
    """Return pieces as a text; a star behind another wildcard is nothing."""
    found: list[str] = []
    before: Piece = ""
    for piece in pieces:
        if isinstance(piece, Wild):
            found.append("x" if piece is Wild.MARK else star if isinstance(before, str) else "")
        else:
            found.append(str(piece))
        before = piece
    return "".join(found)


def match_pieces(pieces: tuple[Piece, ...], text: str) -> bool:
    """Return whether wildcards and literal pieces cover a whole text, in time that is at most their product."""
    if pieces and isinstance(pieces[-1], str) and not text.endswith(pieces[-1]):
        return False
    at = place = resume = 0
    star = -2
    while True:
        piece = pieces[at] if at < len(pieces) else None
        if piece is Wild.STAR:
            star, resume = at, place
            at += 1
        elif piece is None and (place == len(text) or star == at - 1):
            return True
        elif star == at - 1 and isinstance(piece, str):
            resume = text.find(piece, place)
            if resume < 0:
                return False
            at, place = at + 1, resume + len(piece)
        elif piece is Wild.MARK and place < len(text):
            at, place = at + 1, place + 1
        elif isinstance(piece, str) and text.startswith(piece, place):
            at, place = at + 1, place + len(piece)
        else:
            resume += 1
            if star < 0 or resume > len(text):
                return False
            at, place = star + 1, resume
