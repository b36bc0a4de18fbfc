"""Which text all of some pattern sets match and none of others: automata side by side, searched for the shortest way.

All automata are one, whose state is one int. Ways are tried in the order of the letters that they have taken and that
the patterns still ask for at least, and those of which the same may come are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import accumulate

from reconciler.access.solver.machines import Colons, Letter, Machine, Role, Unsettled, machine
from reconciler.access.solver.texts import Glob, Symbol

__all__ = ["common_text"]

_STATES = 20_000
_HEAVY = 4_000
"""So many states of patterns make a move twice as long."""
_FRESH = "xyzqwjkvXYZQWJK0123456789"
_VALUE = "\ufffd"
"""What stands in a text for the value of a variable."""


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
        machines.append((machine(globs, role, colons), role))
    search = _Search(machines, machine(barred, "barred", colons))
    return search.text(), search.moves * search.weight


class _Search:
    """The automata of the wanted sets, and above them that of the barred patterns, in one int."""

    def __init__(self, wanted: Sequence[tuple[Machine, Role]], barred: Machine) -> None:
        *places, top = accumulate((one.size for one, _ in wanted), initial=0)
        laid = [*((one, place) for (one, _), place in zip(wanted, places, strict=True)), (barred, top)]
        self.moves, self.weight = 0, 1 + (top + barred.size) // _HEAVY
        self._wanted = [(one, role, place) for (one, role), place in zip(wanted, places, strict=True)]
        self._blocks = [((1 << one.size) - 1) << place for one, place in laid[:-1]]
        self._finals = [one.finals << place for one, place in laid[:-1]]
        self._barred, self._top = barred, top
        self._bar, self._lost = barred.finals << top, barred.sealed << top
        self._start = sum(one.start << place for one, place in laid)
        self._near: dict[int, list[int]] = {}
        self._symbols = [
            letter for one, role in wanted if role == "base" for letter in one.steps if isinstance(letter, Symbol)
        ]
        self._worth, self._steps = _letters(laid, top)
        self._clears = {} if self._symbols else _clears(laid)
        self._cleared = sum(self._clears)
        self._won = (
            []
            if self._symbols
            else [
                (won << place, ~block, (won & -won) << place)
                for (one, place), block in zip(laid, self._blocks, strict=False)
                if (won := one.sealed)
            ]
        )

    def text(self) -> str | None:
        """Return the shortest text, or None."""
        if not all(self._blocks):
            return None
        start = self._tidied(self._start)
        before: dict[int, tuple[int, str] | None] = {start: None}
        taken = {start: 0}
        least = 0 if self._symbols else max(one.least() for one, _, _ in self._wanted)
        # Of ways of one length the last that was found is followed, and so the first letters first.
        number = 0
        ways = [(least, number, start, least)]
        while ways:
            length, _, state, left = heappop(ways)
            if length - left != taken[state]:
                continue
            if not state & self._bar and all(state & one for one in self._finals):
                return _spelled(before, state)
            found = []
            for letters, after in self._following(state):
                far = taken[state] + len(letters)
                if far < taken.get(after, far + 1):
                    before[after], taken[after] = (state, letters), far
                    more = self._left(after, max(left - len(letters), 0))
                    found.append((far + more, after, more))
            for whole, after, more in reversed(found):
                number -= 1
                heappush(ways, (whole, number, after, more))
            if len(taken) > _STATES:
                raise Unsettled("patterns overlap in too many ways")
        return None

    def _left(self, state: int, least: int) -> int:
        """Return how many letters the wanted patterns still ask for: ``least`` at least."""
        if self._symbols:
            return 0
        while True:
            near = self._near.get(least)
            if near is None:
                near = self._near[least] = [one.near(least) << place for one, _, place in self._wanted]
            for mask in near:
                if not state & mask:
                    break
            else:
                return least
            least += 1

    def _following(self, state: int) -> Iterator[tuple[str, int]]:
        """Return the letters that lead on, more than one where there is no other way, and where they lead."""
        for (one, role, place), block in zip(self._wanted, self._blocks, strict=True):
            live = state & block
            if live & (live - 1) or (self._symbols and role != "base"):
                continue
            letters = one.run(live.bit_length() - 1 - place)
            if letters:
                reached = self._along(state, letters)
                if reached is not None:
                    yield letters, reached
                return
        for letter, worth in self._worth:
            if state & worth:
                self.moves += 1
                reached = self._after(state, letter)
                if reached is not None:
                    yield letter, reached
        for symbol in self._symbols:
            self.moves += 1
            reached = self._valued(state, symbol)
            if reached is not None:
                yield _VALUE, reached

    def _along(self, state: int, letters: str) -> int | None:
        for letter in letters:
            self.moves += 1
            reached = self._after(state, letter)
            if reached is None:
                return None
            state = reached
        return state

    def _after(self, state: int, letter: str) -> int | None:
        """Return the state after one more letter; None where nothing can come of it."""
        takes, loops = self._steps[letter]
        after = (state & takes) << 1 | state & loops
        if after & self._lost:
            return None
        for block in self._blocks:
            if not after & block:
                return None
        return self._tidied(after)

    def _valued(self, state: int, symbol: Symbol) -> int | None:
        """Return the state after the value of a variable."""
        found = 0
        for (one, role, place), block in zip(self._wanted, self._blocks, strict=True):
            own = (state & block) >> place
            after = one.spread(own) if role == "other" else (own & one.steps.get(symbol, 0)) << 1
            if not after:
                return None
            found |= after << place
        bar, own = self._barred, state >> self._top
        stays = bar.loops | (bar.loops_no_colon if symbol.colons == 0 else 0)
        after = ((own & bar.steps.get(symbol, 0)) << 1 | own & stays) << self._top
        return None if after & self._lost else found | after

    def _tidied(self, state: int) -> int:
        """Return the one of all states of which the same may come."""
        for won, others, one in self._won:
            if state & won:
                state = state & others | one
        stars = state & self._cleared
        while stars:
            star = 1 << stars.bit_length() - 1
            state &= ~self._clears[star]
            stars &= state & (star - 1)
        return state


def _letters(
    laid: Sequence[tuple[Machine, int]], top: int
) -> tuple[list[tuple[str, int]], Mapping[str, tuple[int, int]]]:
    """Return from which places a letter is worth a try, and for each letter those it leads on from and may stay at.

    The first is a letter that no pattern names; another leads further only where a wanted pattern names it. A colon
    may also save from what is barred.
    """
    takes: dict[Letter, int] = {":": 0}
    marks = marks_no_colon = loops = loops_no_colon = 0
    for one, place in laid:
        marks |= one.marks << place
        marks_no_colon |= one.marks_no_colon << place
        loops |= one.loops << place
        loops_no_colon |= one.loops_no_colon << place
        for letter, mask in one.steps.items():
            takes[letter] = takes.get(letter, 0) | mask << place
    texts = sorted((letter for letter in takes if isinstance(letter, str)), key=_plainness)
    fresh = next((char for char in _FRESH if char not in takes), None) or _stranger(takes)
    wanted = (1 << top) - 1
    worth, steps = [(fresh, -1)], {fresh: (marks | marks_no_colon, loops | loops_no_colon)}
    for text in texts:
        own = takes[text]
        if text == ":":
            worth.append((text, own & wanted | (marks_no_colon | loops_no_colon) & ~wanted))
            steps[text] = own | marks, loops
        else:
            worth.append((text, own & wanted))
            steps[text] = own | marks | marks_no_colon, loops | loops_no_colon
    return worth, steps


def _clears(laid: Sequence[tuple[Machine, int]]) -> dict[int, int]:
    return {star << place: others << place for one, place in laid for star, others in one.clears.items()}


def _stranger(texts: Mapping[Letter, int]) -> str:
    code = ord("\u00a1")
    while chr(code) in texts:
        code += 1
    return chr(code)


def _spelled(before: Mapping[int, tuple[int, str] | None], state: int) -> str:
    found: list[str] = []
    step = before[state]
    while step is not None:
        state, letters = step
        found.append(letters)
        step = before[state]
    return "".join(reversed(found))


def _plainness(letter: str) -> tuple[bool, str]:
    """Return what letters are sorted by: small ones first, then capitals, then what is no letter and no digit."""
    return not letter.isalnum(), letter.swapcase()
