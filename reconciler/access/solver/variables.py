"""Questions in which policy variables are open: a proof for every value, or a value that shows a request.

First the variables are letters of their own: what then has no answer has none for any value. Else values are tried: a
new word, every text that the key is held against, and whatever makes patterns meet. Where that finds nothing either,
the question is settled only if the values that were tried are all there can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from reconciler.access.solver.callers import Callers
from reconciler.access.solver.machines import Unsettled
from reconciler.access.solver.predicates import Fixed, Literal, Resources, Test
from reconciler.access.solver.search import Box, Budget, Point, Question, World, solve
from reconciler.access.solver.texts import Glob, Symbol, Values, Wild

__all__ = ["answer"]

_TRIES = 400
_TRIED = 24
_SPLIT = 3
_SEVERAL = ("", "")
_WORDS = ("alice", "bob", "carol", "x", "y", "z")


def answer(question: Question, world: World, budget: Budget) -> Point | None:
    """Return a request that meets the question, or None where there is none.

    Raises:
        Unsettled: Neither was shown.
    """
    literals = tuple(dict.fromkeys(question.literals()))
    keys = sorted({symbol.key for _, one, _ in literals if not isinstance(one, Callers) for symbol in one.symbols})
    if not keys:
        return solve(question, world, budget)
    try:
        if solve(question, World(world.types, world.callers, open=True), budget) is None:
            return None
    except Unsettled:
        if budget.left < 0:
            raise
    found, complete = _tried(question, keys, world, budget)
    if found is not None or complete:
        return found
    if len(keys) <= _SPLIT and _refuted(question, keys, world, budget):
        return None
    names = ", ".join(f"${{{key}}}" for key in keys)
    raise Unsettled(f"what holds depends on the value of {names}")


def _tried(question: Question, keys: Sequence[str], world: World, budget: Budget) -> tuple[Point | None, bool]:
    """Return a request with values that suggest themselves, and whether there can be no other values."""
    literals = tuple(dict.fromkeys(question.literals()))
    choices = [list(_choices(key, literals)) for key in keys]
    complete = all(_finite(key, question) for key in keys)
    for number, values in enumerate(product(*choices)):
        if number == _TRIES:
            return None, False
        try:
            found = _under(question, dict(zip(keys, values, strict=True)), world, budget)
        except Unsettled:
            if budget.left < 0:
                raise
            complete = False
            continue
        if found is not None:
            return found, True
    return None, complete


def _refuted(question: Question, keys: Sequence[str], world: World, budget: Budget) -> bool:
    """Return whether there is no answer, taking keys with one value, none, and several apart."""
    worlds: list[tuple[tuple[str | Symbol, ...], ...]] = [((Symbol(key),), (), _SEVERAL) for key in keys]
    for values in product(*worlds):
        if _under(question, dict(zip(keys, values, strict=True)), world, budget) is not None:
            return False
    return True


def _under(question: Question, known: Values, world: World, budget: Budget) -> Point | None:
    """Return a request in which keys have known values; of one that a symbol stands for, the promise of a request."""
    held = _grounded(question.held, known)
    groups = tuple(tuple(_all_grounded(group, known)) for group in question.groups)
    if held is None or not all(groups):
        return None
    barred = tuple(_all_grounded(question.barred, known))
    several = frozenset(key for key, values in known.items() if values is _SEVERAL)
    single = frozenset(key for key, values in known.items() if values == (Symbol(key),))
    narrowed = World(world.types, world.callers, several, single, open=bool(single))
    found = solve(Question(held, groups, barred), narrowed, budget)
    if found is None:
        return None
    chosen = {key: ("x", "y") if values is _SEVERAL else values for key, values in known.items()}
    return {**chosen, **found}


def _all_grounded(boxes: Iterable[Box], known: Values) -> Iterator[Box]:
    for box in boxes:
        found = _grounded(box, known)
        if found is not None:
            yield found


def _grounded(box: Box, known: Values) -> Box | None:
    """Return what is left of a box where the values of some keys are known, or None where it cannot hold."""
    left: list[Literal] = []
    for literal in box:
        dimension, one, wanted = literal
        if isinstance(one, Callers):
            left.append(literal)
            continue
        filled = one.filled(known)
        values = _texts(known, dimension) if isinstance(filled, Test) else None
        if isinstance(filled, Fixed) and not filled.symbols:
            values = ()
        if values is None or (values and filled.symbols):
            left.append((filled.dimension if isinstance(filled, Fixed) else dimension, filled, wanted))
        elif filled.holds(values) is not wanted:
            return None
    return tuple(left)


def _texts(known: Values, key: str) -> tuple[str, ...] | None:
    """Return the values of a key that are known one by one, or None."""
    values = known.get(key, _SEVERAL)
    if values is _SEVERAL or any(isinstance(value, Symbol) for value in values):
        return None
    return tuple(str(value) for value in values)


def _choices(key: str, literals: Iterable[Literal]) -> Iterator[tuple[str, ...]]:
    """Return values of a key: one word that is new, those that texts suggest, none at all, several."""
    literals = tuple(literals)
    texts = dict.fromkeys(_suggested(key, literals))
    spelled = "".join(texts) + "".join(
        text for glob in _globs(literals) for text in glob.pieces if isinstance(text, str)
    )
    yield (next((word for word in _WORDS if word not in spelled), "new-" + "x" * (len(spelled) + 1)),)
    yield from ((text,) for text in texts)
    yield ()
    yield _SEVERAL


def _globs(literals: Iterable[Literal]) -> Iterator[Glob]:
    for _, one, _ in literals:
        yield from _globs_of(one)


def _globs_of(one: object) -> Iterator[Glob]:
    if isinstance(one, Resources):
        yield from one.globs
    elif isinstance(one, (Test, Fixed)):
        test = one.test if isinstance(one, Fixed) else one
        yield from (atom for atom in test.atoms if isinstance(atom, Glob))
        if isinstance(one, Fixed):
            yield from (Glob("equals", (value,)) for value in one.known if value)


def _suggested(key: str, literals: tuple[Literal, ...]) -> Iterator[str]:
    """Return texts that the key is held against, then what lets its patterns meet others of their dimension."""
    for dimension, one, _ in literals:
        if dimension == key:
            yield from (_example(glob) for glob in _globs_of(one) if not glob.symbols)
    for dimension, one, _ in literals:
        for glob in _globs_of(one):
            if any(symbol.key == key for symbol in glob.symbols):
                others = (other for place, two, _ in literals if place == dimension for other in _globs_of(two))
                for other in islice(others, _TRIED):
                    yield from _meeting(glob, key, _example(other))
    yield ""


def _example(glob: Glob) -> str:
    return "".join(piece if isinstance(piece, str) else "" if piece is Wild.STAR else "x" for piece in glob.pieces)


def _meeting(glob: Glob, key: str, text: str) -> Iterator[str]:
    """Return values of the variable by which the pattern may match a text."""
    start = 0
    for index, piece in enumerate(glob.pieces):
        if isinstance(piece, Symbol) and piece.key == key:
            rest = text[start:]
            after = glob.pieces[index + 1] if index + 1 < len(glob.pieces) else None
            if isinstance(after, str) and after[0] in rest:
                yield rest.partition(after[0])[0]
                yield rest.rpartition(after)[0] if after in rest else rest
            yield rest
            return
        if not isinstance(piece, str):
            return
        if not text.startswith(piece, start):
            return
        start += len(piece)


def _finite(key: str, question: Question) -> bool:
    """Return whether the texts that the key is held against are all the values it can have."""
    if any(_pins(literal, key) for literal in question.held):
        return True
    return any(all(any(_pins(literal, key) for literal in box) for box in group) for group in question.groups)


def _pins(literal: Literal, key: str) -> bool:
    dimension, one, wanted = literal
    if dimension != key or not isinstance(one, Test) or one.present is not None or not one.atoms:
        return False
    return wanted is not one.negated and all(isinstance(atom, Glob) and atom.text is not None for atom in one.atoms)
