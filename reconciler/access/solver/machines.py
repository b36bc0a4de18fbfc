"""Sets of patterns as shift-and automata.

A pattern is a row of states, a state a bit of one int. A policy variable that is open is a letter of its own. So that
"there is no such text" holds for every value of the variable, the letter is read three ways: in the *base*, the set
that is taken as the source of the text, by the variable alone; in other sets that must match, by any stretch of the
pattern; in patterns that must not match, by the same variable and by a star that may hold its colons. Where a set
ignores case, the letter stands for the value in any case, and only what ignores case too reads it by the variable. A
text that is found with such letters is no proof of anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from operator import itemgetter
from typing import Literal, TypeAlias

from reconciler.access.solver.texts import PARTS, Glob, Symbol, Wild

__all__ = ["Colons", "Letter", "Machine", "Role", "Unsettled", "machine"]

Letter: TypeAlias = str | Symbol
Role: TypeAlias = Literal["base", "other", "barred"]
Token: TypeAlias = tuple[str, object]
Colons: TypeAlias = tuple[tuple[Symbol, int], ...]
"""How many colons the values of some variables have."""

_MEMO = 4_096


class Unsettled(Exception):  # noqa: N818  no error: an answer
    """A question that is not settled within its bounds."""


class Machine:
    """The automata of patterns, side by side; together they accept what one of them matches.

    A state is an int: a bit for each place in each pattern that a text may have reached.
    """

    __slots__ = (
        "_near",
        "clears",
        "finals",
        "loops",
        "loops_no_colon",
        "marks",
        "marks_no_colon",
        "rows",
        "size",
        "start",
        "steps",
    )

    def __init__(self) -> None:
        """Make the machine that accepts nothing."""
        self.steps: dict[Letter, int] = {}
        """The places from which a letter leads on."""
        self.marks = self.marks_no_colon = self.loops = self.loops_no_colon = 0
        """The places from which any letter leads on, or any but a colon, and those where any letter may stay."""
        self.clears: dict[int, int] = {}
        """Places with a star, each with some before it: whatever these match, the star's place matches too."""
        self.start = self.finals = self.size = 0
        self.rows: list[tuple[int, Sequence[Token]]] = []
        """The patterns, each with its first place."""
        self._near: list[int] = []

    @staticmethod
    def of(row: Sequence[Token]) -> Machine:
        """Return the machine of one pattern."""
        one = Machine()
        steps = one.steps
        bit = one.start = 1
        since = 0
        for kind, payload in row:
            if kind in ("*", "*-"):
                since = one._stay(kind, bit, since)
            elif isinstance(payload, str):
                for char in payload:
                    for letter in (char,) if kind == "text" else _cases(char):
                        steps[letter] = steps.get(letter, 0) | bit
                    bit <<= 1
                since = 0 if ":" in payload else since
            else:
                one._take(kind, payload, bit)
                since &= one.loops if kind == "?" else one.loops_no_colon if kind == "?-" else 0
                bit <<= 1
        one.finals = bit
        one.size = bit.bit_length()
        one.rows = [(0, row)]
        return one

    def lay(self, one: Machine) -> None:
        """Accept what another machine accepts too."""
        place = self.size
        for letter, mask in one.steps.items():
            self.steps[letter] = self.steps.get(letter, 0) | mask << place
        self.start |= one.start << place
        self.finals |= one.finals << place
        self.marks |= one.marks << place
        self.marks_no_colon |= one.marks_no_colon << place
        self.loops |= one.loops << place
        self.loops_no_colon |= one.loops_no_colon << place
        for star, others in one.clears.items():
            self.clears[star << place] = others << place
        self.rows += [(place + start, row) for start, row in one.rows]
        self.size += one.size

    def _stay(self, kind: str, bit: int, since: int) -> int:
        """Take a star, and return the first of its kind from which on no colon was certain to come."""
        before = self.loops if kind == "*" else self.loops_no_colon
        if since & before and since != bit:
            self.clears[bit] = bit - since
        if kind == "*":
            self.loops |= bit
        else:
            self.loops_no_colon |= bit
        return since if since & before else bit

    def _take(self, kind: str, payload: object, bit: int) -> None:
        if kind == "?":
            self.marks |= bit
        elif kind == "?-":
            self.marks_no_colon |= bit
        elif isinstance(payload, Symbol):
            for letter in dict.fromkeys((payload, replace(payload, folded=False))):
                self.steps[letter] = self.steps.get(letter, 0) | bit

    @property
    def sealed(self) -> int:
        """Return the places at which whatever follows is accepted."""
        return self.finals & self.loops

    def least(self) -> int:
        """Return how many letters the shortest text has that is accepted."""
        return next(letters for letters in count() if self.start & self.near(letters))

    def near(self, letters: int) -> int:
        """Return the places from which so many letters, or fewer, may lead to the end."""
        near = self._near
        while len(near) <= letters:
            near.append(near[-1] | near[-1] >> 1 if near else self.finals)
        return near[letters]

    def run(self, place: int) -> str:
        """Return the text without which nothing leads on from a place; empty where another may do."""
        start, row = self.rows[bisect_right(self.rows, place, key=itemgetter(0)) - 1]
        place -= start
        stays = False
        for kind, payload in row:
            if kind in ("*", "*-"):
                stays = True
                continue
            length = len(payload) if isinstance(payload, str) else 1
            if place < length:
                return payload[place:] if kind == "text" and isinstance(payload, str) and (place or not stays) else ""
            place -= length
            stays = False
        return ""

    def spread(self, state: int) -> int:
        """Return every state that any text at all may lead to: of each pattern what lies behind its first place."""
        starts, ends = self.start, self.finals
        # Sums and differences of all patterns at once: each stays in its own pattern's bits.
        reached = ((state & ~ends) + (ends - starts) | state) & ends
        left = ends ^ reached
        filled = state | left
        return (ends << 1) - (filled & ~(filled - starts)) & ~left


def _row(glob: Glob, role: Role, colons: Colons) -> Sequence[Token] | None:
    """Return a pattern's tokens as a role reads them; None where a barred pattern has no tight reading."""
    if glob.form == "arn" and not glob.everything:
        return _arn_row(glob, role, dict(colons))
    row: list[Token] = []
    for piece in glob.pieces:
        if isinstance(piece, Symbol):
            row.append(_letter(piece, role, dict(colons).get(piece), folded=glob.form == "folded"))
        elif isinstance(piece, Wild):
            row.append(_wild(piece, colon=glob.form != "action"))
        else:
            row.append(("folded" if glob.form == "folded" else "text", piece))
    return row


def _arn_row(glob: Glob, role: Role, colons: Mapping[Symbol, int]) -> list[Token] | None:
    """Return the tokens of an ARN pattern; the colons of a value tell parts apart like those of the pattern."""
    row: list[Token] = []
    part, last = 0, PARTS - 1
    if role == "base" and all(piece is Wild.STAR or isinstance(piece, Symbol) for piece in glob.pieces):
        return [("*", None)]
    for piece in glob.pieces:
        if isinstance(piece, Symbol):
            count = colons.get(piece)
            if part < last and (count is None or role == "other"):
                return None if role == "barred" else [*row, ("*", None)]
            row.append(_letter(piece, role, count, folded=False))
            part = min(last, part + (count or 0))
        elif isinstance(piece, Wild):
            row.append(_wild(piece, colon=part == last))
        else:
            row.append(("text", piece))
            part = min(last, part + piece.count(":"))
    while part < last:
        part += 1
        row += [("text", ":"), ("*" if part == last else "*-", None)]
    return row


def _letter(symbol: Symbol, role: Role, colons: int | None, *, folded: bool) -> Token:
    return ("*", None) if role == "other" else ("symbol", Symbol(symbol.key, symbol.default, folded, colons))


def _wild(piece: Wild, *, colon: bool) -> Token:
    return piece.value if colon else f"{piece.value}-", None


def _cases(char: str) -> tuple[str, ...]:
    return (char.lower(), char.upper()) if char.isascii() and char.isalpha() else (char,)


@lru_cache(_MEMO)
def machine(globs: tuple[Glob, ...], role: Role, colons: Colons) -> Machine:
    """Return the automata of some patterns, as a role reads them."""
    found = Machine()
    for glob in globs:
        one = _single(glob, role, colons)
        if one is not None:
            found.lay(one)
    return found


@lru_cache(_MEMO)
def _single(glob: Glob, role: Role, colons: Colons) -> Machine | None:
    row = _row(glob, role, colons)
    return None if row is None else Machine.of(row)
