"""Whether what is asked of one dimension can hold all at once, and a value that shows it.

Answers are exact where no policy variable is open. Where one is, ``None`` is still a proof that nothing fits, and a
value is only the promise that nothing was found to be in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeAlias, TypeVar

from reconciler.access.solver.domains import FAMILIES, Family, Point, candidates
from reconciler.access.solver.machines import Colons, Unsettled
from reconciler.access.solver.predicates import Atom, Literal, Resources, Test
from reconciler.access.solver.shortest import common_text
from reconciler.access.solver.texts import PARTS, Glob, Wild

__all__ = ["MANY", "NONE", "ONE", "Settled", "action", "key_values", "resource"]

MANY, ONE, NONE = "many", "one", "none"
"""The worlds of a condition key: several values, one, none."""

_T = TypeVar("_T")
Settled: TypeAlias = tuple[_T | Unsettled | None, int]
"""A value, that there is none, or that it was not settled; and what that cost."""
Demand: TypeAlias = tuple[tuple[Atom, ...], bool]
"""Atoms, and whether one of them shall match a value or none."""

_MEMO = 16_384
_MOVES = 50
_LOST = 400
_GUESSED = 8
"""Of so many patterns of each set it is tried whether they suggest a text."""
_EARLY = 2
"""Of so many variables in the first parts of ARNs it is tried how many colons their values have."""
_USUAL = ("0", "1", "2", "3", "7", "10", "-1", "true", "false", "2030-01-01T00:00:00Z", "203.0.113.7")
_PLAIN = ("x", "y", "z", "other")
_ANY_ARN = Glob("arn", ("arn:", Wild.STAR))
_NO_ARN = Glob("equals", ("*",))
_RESOURCE_WORLD = (_NO_ARN, _ANY_ARN)
"""Every resource there is: a star, or what has the six parts of an ARN."""
_ACTION_WORLD = (Glob("action", (Wild.MARK, Wild.STAR, ":", Wild.MARK, Wild.STAR)),)


@dataclass
class Meter:
    """Counts what a search costs: a step for each ``_MOVES`` moves of automata."""

    cost: int = 0

    def text(
        self, wanted: Sequence[tuple[Glob, ...]], barred: tuple[Glob, ...], base: int = -1, colons: Colons = ()
    ) -> str | None:
        """Return a common text, and count what it took to find it."""
        try:
            found, moves = common_text(wanted, barred, base, colons)
        except Unsettled:
            self.cost += _LOST
            raise
        self.cost += moves // _MOVES
        return found


def resource(literals: tuple[Literal, ...]) -> Settled[str]:
    """Return a resource that makes all literals hold, or None where there is none."""
    return _one_of(_RESOURCE_WORLD, literals)


def action(literals: tuple[Literal, ...]) -> Settled[str]:
    """Return an action that makes all literals hold, or None where there is none."""
    return _one_of(_ACTION_WORLD, literals)


@lru_cache(_MEMO)
def _one_of(world: tuple[Glob, ...], literals: tuple[Literal, ...]) -> Settled[str]:
    demands: list[Demand] = [(one.globs, wanted) for _, one, wanted in literals if isinstance(one, Resources)]
    meter = Meter()
    try:
        return _text([(world, True), *demands], meter), meter.cost
    except Unsettled as error:
        return error, meter.cost


@lru_cache(_MEMO)
def key_values(
    literals: tuple[Literal, ...], worlds: tuple[str, ...], typed: Family | None = None
) -> Settled[tuple[str, ...]]:
    """Return values of a condition key that make all literals hold, or None where there are none."""
    tests = [(test, wanted) for _, test, wanted in literals if isinstance(test, Test)]
    if NONE in worlds and all(test.absent is wanted for test, wanted in tests):
        return (), 0
    if any(test.present is not None and test.present is not wanted for test, wanted in tests):
        return None, 0
    tests = [(test, wanted) for test, wanted in tests if test.present is None]
    unsettled = None
    meter = Meter()
    for world, sought in ((ONE, _one), (MANY, _several)):
        if world in worlds:
            try:
                values = sought(tests, typed, meter)
            except Unsettled as error:
                unsettled = unsettled or error
            else:
                if values is not None:
                    return values, meter.cost
    return unsettled, meter.cost


def _demand(test: Test, wanted: bool) -> Demand:  # noqa: FBT001  half of a literal
    return test.atoms, wanted is not test.negated


def _one(tests: Sequence[tuple[Test, bool]], typed: Family | None, meter: Meter) -> tuple[str, ...] | None:
    value = _value(tuple(_demand(test, wanted) for test, wanted in tests), typed, meter)
    return None if value is None else (value,)


def _several(tests: Sequence[tuple[Test, bool]], typed: Family | None, meter: Meter) -> tuple[str, ...] | None:
    """Return several values: all meet what all must, and for what one must meet there is one."""
    every = tuple(_demand(test, wanted) for test, wanted in tests if test.some is not wanted)
    some = [_demand(test, wanted) for test, wanted in tests if test.some is wanted]
    found: dict[str, None] = {}
    for demand in some or [((), False)]:
        value = _value((*every, demand), typed, meter)
        if value is None:
            return None
        found[value] = None
    if len(found) == 1:
        (value,) = found
        return (value, _another(value, every, typed, meter))
    return tuple(found)


def _another(value: str, every: tuple[Demand, ...], typed: Family | None, meter: Meter) -> str:
    """Return another value where one is found, else the same again."""
    same: Demand = ((Glob("equals", (value,) if value else ()),), False)
    try:
        other = _value((*every, same), typed, meter)
    except Unsettled:
        return value
    return value if other is None else other


def _value(demands: tuple[Demand, ...], typed: Family | None, meter: Meter) -> str | None:
    """Return one value that meets every demand."""
    found, cost = _sought(tuple(dict.fromkeys(demands)), typed)
    meter.cost += cost
    if isinstance(found, Unsettled):
        raise Unsettled(*found.args)
    return found


@lru_cache(_MEMO)
def _sought(demands: tuple[Demand, ...], typed: Family | None) -> Settled[str]:
    meter = Meter()
    try:
        return _found(demands, typed, meter), meter.cost
    except Unsettled as error:
        return error, meter.cost


def _found(demands: tuple[Demand, ...], typed: Family | None, meter: Meter) -> str | None:
    texts = [one for one in demands if one[0] and isinstance(one[0][0], Glob)]
    points = [one for one in demands if one[0] and isinstance(one[0][0], Point)]
    if any(wanted and not atoms for atoms, wanted in demands):
        return None
    if not points:
        return _plain(texts, typed) or _text(texts, meter)
    families = _families(points)
    if not texts and len(families) == 1:
        return _first(_candidates(families[0], points, typed), points)
    return _mixed(texts, points, typed, meter)


def _families(points: Iterable[Demand]) -> list[Family]:
    found = {atom.family for atoms, _ in points for atom in atoms if isinstance(atom, Point)}
    return [one for one in FAMILIES if one in found]


def _candidates(family: Family, demands: Iterable[Demand], typed: Family | None) -> list[str]:
    points = (atom for atoms, _ in demands for atom in atoms if isinstance(atom, Point) and atom.family == family)
    return candidates(family, points, typed=typed == family)


def _first(values: Iterable[str], demands: Sequence[Demand]) -> str | None:
    return next((value for value in values if all(_meets(value, one) for one in demands)), None)


def _meets(value: str, demand: Demand) -> bool:
    atoms, wanted = demand
    return any(atom.matches(value) for atom in atoms) is wanted


def _mixed(texts: Sequence[Demand], points: Sequence[Demand], typed: Family | None, meter: Meter) -> str | None:
    """Return a value for demands of several families: one that one of them suggests, if there is any at all."""
    if _open(texts):
        raise Unsettled("a key is tested with operators of different types, and with a policy variable")
    families = _families(points)
    named = [glob.text for atoms, _ in texts for glob in _globs(atoms)]
    tries = [one for family in families for one in _candidates(family, points, typed)]
    tries += [*(text for text in named if text is not None), *_USUAL]
    found = _text(texts, meter)
    if found is None:
        return None
    value = _first([*tries, found], [*texts, *points])
    if value is not None:
        return value
    for family in families:
        own = [one for one in points if _families([one]) == [family]]
        if _first(_candidates(family, own, typed), own) is None:
            return None
    if any(wanted and all(glob.text is not None for glob in _globs(atoms)) for atoms, wanted in texts):
        return None
    raise Unsettled("a key is tested with operators of different types")


def _open(demands: Iterable[Demand]) -> bool:
    return any(glob.symbols for atoms, _ in demands for glob in _globs(atoms))


def _plain(demands: Sequence[Demand], typed: Family | None) -> str | None:
    """Return a word that people expect, where one will do."""
    if _open(demands):
        return None
    words = list(candidates(typed, (), typed=True)) if typed else []
    if not any(wanted for _, wanted in demands):
        words += _PLAIN
    return _first(words, demands)


def _text(demands: Sequence[Demand], meter: Meter) -> str | None:
    """Return a text that meets the demands on texts."""
    wanted = [_globs(atoms) for atoms, positive in demands if positive]
    barred = tuple(dict.fromkeys(glob for atoms, positive in demands if not positive for glob in _globs(atoms)))
    if not wanted:
        wanted = [(Glob("like", (Wild.STAR,)),)]
    if any(glob.everything for glob in barred):
        return None
    forbidden = frozenset(barred)
    wanted = [tuple(glob for glob in globs if glob not in forbidden) for globs in wanted]
    if not all(wanted):
        return None
    sources = [index for index, globs in enumerate(wanted) if any(glob.symbols for glob in globs)]
    if not sources and not any(glob.symbols for glob in barred):
        return _ground(wanted, barred, meter)
    early = sorted({symbol for globs in (*wanted, barred) for glob in globs for symbol in glob.early}, key=repr)
    known = early if len(early) <= _EARLY else []
    for counts in product(range(PARTS), repeat=len(known)):
        colons = tuple(zip(known, counts, strict=True))
        if all(meter.text(wanted, barred, base, colons) is not None for base in sources or [-1]):
            return ""
    return None


def _globs(atoms: tuple[Atom, ...]) -> tuple[Glob, ...]:
    return tuple(atom for atom in atoms if isinstance(atom, Glob))


def _ground(wanted: Sequence[tuple[Glob, ...]], barred: tuple[Glob, ...], meter: Meter) -> str | None:
    for globs in wanted:
        texts = [glob.text for glob in globs]
        if all(text is not None for text in texts):
            demands: list[Demand] = [*((globs, True) for globs in wanted), (barred, False)]
            return _first((text for text in texts if text is not None), demands)
    wanted = [globs for globs in wanted if not any(glob.everything for glob in globs)] or [wanted[0]]
    guess = _guess(wanted, barred)
    return meter.text(wanted, barred) if guess is None else guess


def _guess(wanted: Sequence[tuple[Glob, ...]], barred: tuple[Glob, ...]) -> str | None:
    """Return a text that suggests itself, and spares a search most often; None says nothing."""
    sets = sorted(wanted, key=len)
    for globs in sets:
        for glob in globs[:_GUESSED]:
            for text in glob.examples:
                met = all(any(one.matches(text) for one in others) for others in sets)
                if met and not any(one.matches(text) for one in barred):
                    return text
    return None
