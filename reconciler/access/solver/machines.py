"""Which text all of some pattern sets match and none of others: shift-and automata side by side, searched by breadth.

A pattern is a row of states, a state a bit of one int. A policy variable that is open is a letter of its own. So that
"there is no such text" holds for every value of the variable, the letter is read three ways: in the *base*, the set
that is taken as the source of the text, by the variable alone; in other sets that must match, by any stretch of the
pattern; in patterns that must not match, by the same variable and by a star that may hold its colons. Where a set
ignores case, the letter stands for the value in any case, and only what ignores case too reads it by the variable. A
text that is found with such letters is no proof of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal, TypeAlias

from reconciler.access.solver.texts import PARTS, Glob, Symbol, Wild

__all__ = ["Colons", "Letter", "Machine", "Role", "Unsettled", "common_text"]

Letter: TypeAlias = str | Symbol
Role: TypeAlias = Literal["base", "other", "barred"]
Token: TypeAlias = tuple[str, object]
Colons: TypeAlias = tuple[tuple[Symbol, int], ...]
"""How many colons the values of some variables have."""

_COLON: Token = ("text", ":")
_STATES = 20_000
_HEAVY = 4_000
"""So many states of patterns make a move twice as long."""
_MEMO = 4_096
_FRESH = "xyzqwjkvXYZQWJK0123456789"


class Unsettled(Exception):  # noqa: N818  no error: an answer
    """A question that is not settled within its bounds."""


class Machine:
    """The automata of a set of patterns; it accepts what one of them matches."""

    __slots__ = (
        "_blocks",
        "_loops",
        "_loops_no_colon",
        "_marks",
        "_marks_no_colon",
        "_steps",
        "finals",
        "size",
        "start",
    )

    def __init__(self, rows: Iterable[Sequence[Token]]) -> None:
        """Lay the patterns' states side by side."""
        self._steps: dict[Letter, int] = {}
        self._marks = self._marks_no_colon = self._loops = self._loops_no_colon = 0
        self._blocks: list[int] = []
        self.start = self.finals = 0
        bit = 0
        for row in rows:
            first = bit
            self.start |= 1 << bit
            for kind, payload in row:
                if kind == "*":
                    self._loops |= 1 << bit
                elif kind == "*-":
                    self._loops_no_colon |= 1 << bit
                else:
                    self._take(kind, payload, 1 << bit)
                    bit += 1
            self.finals |= 1 << bit
            bit += 1
            self._blocks.append(((1 << (bit - first)) - 1) << first)
        self.size = bit

    def _take(self, kind: str, payload: object, mask: int) -> None:
        if kind == "?":
            self._marks |= mask
        elif kind == "?-":
            self._marks_no_colon |= mask
        elif isinstance(payload, Symbol):
            for letter in dict.fromkeys((payload, replace(payload, folded=False))):
                self._steps[letter] = self._steps.get(letter, 0) | mask
        else:
            for char in str(payload):
                self._steps[char] = self._steps.get(char, 0) | mask

    def step(self, state: int, letter: Letter, role: Role) -> int:
        """Return the state after one more letter."""
        takes = self._steps.get(letter, 0)
        if isinstance(letter, Symbol):
            if role == "other":
                return self._spread(state)
            after = (state & takes) << 1
            if role == "base":
                return after
            return after | (state & (self._loops | (self._loops_no_colon if letter.colons == 0 else 0)))
        takes |= self._marks
        loops = self._loops
        if letter != ":":
            takes |= self._marks_no_colon
            loops |= self._loops_no_colon
        return ((state & takes) << 1) | (state & loops)

    def _spread(self, state: int) -> int:
        """Return every state that any text at all may lead to."""
        reached = 0
        for block in self._blocks:
            if alive := state & block:
                reached |= block & ~((alive & -alive) - 1)
        return reached

    def letters(self) -> Iterable[Letter]:
        """Return the letters that are told from others."""
        return self._steps

    def next_letters(self, state: int) -> list[Letter] | None:
        """Return the only letters that lead on, or None where others do too."""
        if state & (self._marks | self._marks_no_colon | self._loops | self._loops_no_colon):
            return None
        return [letter for letter, mask in self._steps.items() if state & mask]

    def sealed(self, state: int) -> bool:
        """Return whether whatever follows is accepted."""
        return bool(state & self.finals & self._loops)


@lru_cache(_MEMO)
def _row(glob: Glob, role: Role, colons: Colons) -> Sequence[Token] | None:
    """Return a pattern's tokens as a role reads them; None where a barred pattern has no tight reading."""
    if glob.form == "arn" and not glob.everything:
        return _arn_row(glob, role, dict(colons))
    row: list[Token] = []
    for piece in glob.pieces:
        if isinstance(piece, Symbol):
            row.append(_letter(piece, role, dict(colons).get(piece), folded=glob.form == "folded"))
        else:
            row += _tokens(piece, colon=glob.form != "action", folded=glob.form == "folded")
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
            continue
        for token in _tokens(piece, colon=part == last, folded=False) if isinstance(piece, Wild) else _text(piece):
            row.append(token)
            part = min(last, part + (token == _COLON))
    while part < last:
        part += 1
        row += [_COLON, ("*" if part == last else "*-", None)]
    return row


def _letter(symbol: Symbol, role: Role, colons: int | None, *, folded: bool) -> Token:
    return ("*", None) if role == "other" else ("symbol", Symbol(symbol.key, symbol.default, folded, colons))


def _text(text: str) -> Iterator[Token]:
    yield from (("text", char) for char in text)


def _tokens(piece: str | Wild, *, colon: bool, folded: bool) -> Iterator[Token]:
    if isinstance(piece, Wild):
        yield piece.value if colon else f"{piece.value}-", None
    else:
        for char in piece:
            both = folded and char.isascii() and char.isalpha()
            yield "text", char.lower() + char.upper() if both else char


@lru_cache(_MEMO)
def _machine(globs: tuple[Glob, ...], role: Role, colons: Colons) -> Machine:
    rows = (_row(glob, role, colons) for glob in globs)
    return Machine(row for row in rows if row is not None)


def common_text(
    wanted: Sequence[tuple[Glob, ...]], barred: tuple[Glob, ...], base: int = -1, colons: Colons = ()
) -> tuple[str | None, int]:
    """Return the shortest text that one pattern of every wanted set matches and no barred pattern, and the moves made.

    ``base`` is the index of the wanted set whose variables are letters, ``colons`` how many colons values have, where
    that is taken as known. None is a proof that there is no such text, whatever such values the variables have; a text
    is a witness only where no pattern has a variable.

    Raises:
        Unsettled: The search is too large.
    """
    machines: list[tuple[Machine, Role]] = []
    for index, globs in enumerate(wanted):
        role: Role = "base" if index == base else "other"
        machines.append((_machine(globs, role, colons), role))
    machines.append((_machine(barred, "barred", colons), "barred"))
    return _search(machines)


def _search(machines: Sequence[tuple[Machine, Role]]) -> tuple[str | None, int]:
    *wanted, (bar, _) = machines
    letters = _alphabet(machines)
    moves, weight = 0, 1 + sum(machine.size for machine, _ in machines) // _HEAVY
    start = tuple(machine.start for machine, _ in machines)
    before: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
    layer = [start]
    while layer:
        following: list[tuple[int, ...]] = []
        for state in layer:
            accepted = all(state[index] & machine.finals for index, (machine, _) in enumerate(wanted))
            if accepted and not state[-1] & bar.finals:
                return _spelled(before, state), moves * weight
            for letter in _useful(wanted, state, letters):
                moves += 1
                after = _after(machines, state, letter)
                if after is not None and after not in before:
                    before[after] = (state, letter if isinstance(letter, str) else "")
                    following.append(after)
        if len(before) > _STATES:
            raise Unsettled("patterns overlap in too many ways")
        layer = following
    return None, moves * weight


def _after(machines: Sequence[tuple[Machine, Role]], state: tuple[int, ...], letter: Letter) -> tuple[int, ...] | None:
    reached = []
    for (machine, role), one in zip(machines, state, strict=True):
        following = machine.step(one, letter, role)
        if role == "barred":
            if machine.sealed(following):
                return None
        elif not following:
            return None
        reached.append(following)
    return tuple(reached)


def _useful(
    wanted: Sequence[tuple[Machine, Role]], state: tuple[int, ...], letters: Sequence[Letter]
) -> Sequence[Letter]:
    symbols = isinstance(letters[-1], Symbol)
    for index, (machine, role) in enumerate(wanted):
        if role == "base" or not symbols:
            found = machine.next_letters(state[index])
            if found is not None:
                return found
    return letters


def _alphabet(machines: Sequence[tuple[Machine, Role]]) -> list[Letter]:
    """Return a letter that no pattern names, then all that some pattern names; symbols of the base only, and last."""
    texts: set[str] = set()
    symbols: dict[Symbol, None] = {}
    for machine, role in machines:
        for letter in machine.letters():
            if isinstance(letter, str):
                texts.add(letter)
            elif role == "base":
                symbols[letter] = None
    fresh = next((char for char in _FRESH if char not in texts), None) or _stranger(texts)
    return [fresh, *sorted(texts | {":"}), *symbols]


def _stranger(texts: set[str]) -> str:
    code = ord("\u00a1")
    while chr(code) in texts:
        code += 1
    return chr(code)


def _spelled(before: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], state: tuple[int, ...]) -> str:
    chars: list[str] = []
    step = before[state]
    while step is not None:
        state, char = step
        chars.append(char)
        step = before[state]
    return "".join(reversed(chars))
