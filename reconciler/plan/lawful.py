"""Whether a moment of a run is lawful for a principal.

It is if everything is allowed that is allowed both before and after, and nothing that is allowed at neither end.

The first answer comes from sets of atoms alone, as if any atom might match any request: what it finds lawful is lawful.
Where it finds a violation, a request is built that would show it, and the evaluator decides on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import combinations, islice, product
from typing import Any

from reconciler.access import Principal, Request, evaluate
from reconciler.errors import PolicyError
from reconciler.plan.standing import Opaque, Part, Standing
from reconciler.plan.witness import OTHER_RESOURCE, requests
from reconciler.policydoc import Atom

__all__ = ["Level", "Trial", "Verdict"]

_MOST_SUSPECTS = 300
_MOST_PAIRS = 1500


class Level(IntEnum):
    """How a moment stands, the better the smaller."""

    SURE = 0
    """Lawful whatever the atoms match."""
    UNSHOWN = 1
    """Not sure to be lawful, but no request was found that shows otherwise."""
    GAP = 2
    SPIKE = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a moment stands, and what shows it."""

    level: Level
    shown: str = ""


class Trial:
    """Judges the moments between a principal's standing before and its standing after a plan."""

    def __init__(self, before: Standing, after: Standing, bindings: Mapping[str, str]) -> None:
        """Take both standings, and the condition keys that the principal fixes."""
        self._ends = (before, after)
        self._bindings = bindings
        self._known: dict[Standing, Verdict] = {}
        self._pools: dict[frozenset[Part], tuple[Request, ...]] = {}

    def judge(self, moment: Standing) -> Verdict:
        """Return how the principal stands at a moment; the same moment is judged once."""
        key = replace(moment, documents=(), boundary=None)
        if key not in self._known:
            self._known[key] = self._judged(moment)
        return self._known[key]

    def _judged(self, moment: Standing) -> Verdict:
        suspects = list(islice(_suspects(*self._ends, moment), _MOST_SUSPECTS))
        if not suspects:
            return Verdict(Level.SURE)
        worst = Verdict(Level.UNSHOWN)
        for request, opaque in self._candidates(suspects, moment):
            level = self._level(request, opaque, moment)
            if level > worst.level:
                worst = Verdict(level, self._told(request, opaque))
            if worst.level is Level.SPIKE:
                break
        return worst

    def _candidates(
        self, suspects: Sequence[frozenset[Part]], moment: Standing
    ) -> Iterator[tuple[Request, frozenset[Opaque]]]:
        """Yield requests that may show a violation, each with what of the unknown policies would match it."""
        universe = _atoms(*self._ends, moment)
        for parts in suspects:
            opaque = frozenset(part for part in parts if isinstance(part, Opaque))
            atoms = [part for part in parts if isinstance(part, Atom)]
            for request in requests(atoms, universe, self._bindings):
                yield request, opaque
        for request in self._pool(universe):
            yield request, frozenset()

    def _pool(self, universe: Sequence[Atom]) -> tuple[Request, ...]:
        """Return requests that match each two of the atoms: where more than a suspect's own parts decide."""
        key = frozenset[Part](universe)
        if key not in self._pools:
            pairs = islice(combinations(universe, 2), _MOST_PAIRS)
            found = {_identity(r): r for pair in pairs for r in requests(pair, universe, self._bindings)}
            self._pools[key] = tuple(found.values())
        return self._pools[key]

    def _told(self, request: Request, opaque: frozenset[Opaque]) -> str:
        """Return a request in words, or what of the unknown policies would match it."""
        if opaque:
            names = " and ".join(sorted(part.name.rpartition("/")[2] for part in opaque))
            return f"what {names} {'has' if len(opaque) == 1 else 'may have in common'}"
        ends = (*self._ends[0].documents, *self._ends[1].documents)
        unnamed = request.resource == OTHER_RESOURCE
        resource = "a resource that no statement names" if unnamed else request.resource
        context = ", ".join(f"{key} = {value}" for key, value in sorted(request.context.items()))
        return f"{_spelt(request.action, ends)} on {resource}{f' when {context}' if context else ''}"

    def _level(self, request: Request, opaque: frozenset[Opaque], moment: Standing) -> Level:
        """Return what the request shows of the moment."""
        before, after, now = (self._allows(standing, request, opaque) for standing in (*self._ends, moment))
        if before is None or after is None or now is None:
            return Level.UNSHOWN
        if before and after and not now:
            return Level.GAP
        return Level.SPIKE if now and not before and not after else Level.UNSHOWN

    def _allows(self, standing: Standing, request: Request, matching: frozenset[Opaque]) -> bool | None:
        """Return whether the standing allows the request if, of what is not known, just ``matching`` match it."""
        if standing.deny & matching:
            return False
        grant = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": request.action, "Resource": request.resource},
        }
        identity = [*standing.documents, *([grant] if standing.allow & matching else [])]
        boundary = standing.boundary
        if standing.bound is not None and boundary is None:
            if not standing.bound & matching:
                return False
            boundary = grant
        try:
            return evaluate(Principal(identity, boundary, bindings=self._bindings), request).allowed
        except PolicyError:
            return None


def _atoms(*standings: Standing) -> list[Atom]:
    parts = frozenset[Part]().union(*(one.allow | one.deny | (one.bound or frozenset()) for one in standings))
    return sorted((part for part in parts if isinstance(part, Atom)), key=_text)


def _identity(request: Request) -> tuple[str, str, str]:
    return (request.action, request.resource, repr(sorted(request.context.items())))


def _spelt(action: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """Return the action in the letter case of the documents; atoms have none."""
    statements = (statement for document in documents for statement in _items(document.get("Statement", [])))
    named = (name for statement in statements for name in _items(statement.get("Action", [])))
    return next((name for name in named if name.lower() == action.lower()), action)


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _suspects(before: Standing, after: Standing, now: Standing) -> Iterator[frozenset[Part]]:
    """Yield, for each violation that sets of atoms do not exclude, the parts that a request must match to show it."""
    yield from _gaps(before, after, now)
    yield from _spikes(before, after, now)


def _gaps(before: Standing, after: Standing, now: Standing) -> Iterator[frozenset[Part]]:
    """Yield what may be allowed before and after and is not allowed now: by allow, by deny or by boundary."""
    denied = before.deny | after.deny
    ends = (before.allow - denied, after.allow - denied)
    within = [one | other for one, other in product(_limit(before), _limit(after))]
    for parts in _pairs(ends[0] - now.allow, ends[1] - now.allow):
        for bounds in within:
            yield parts | bounds
    refusals = [(frozenset({denial}), within) for denial in sorted(now.deny - denied, key=_text)]
    if now.bound is not None:
        inside = now.bound | denied
        refusals.append((frozenset(), [bounds for bounds in within if not bounds & inside]))
    for denial, where in refusals:
        for bounds in where:
            for parts in _pairs(*ends):
                yield parts | bounds | denial


def _limit(end: Standing) -> list[frozenset[Part]]:
    """Return what there is to match in the boundary of an end; without a boundary it is one match of nothing."""
    return [frozenset({part}) for part in sorted(end.bound, key=_text)] if end.bound is not None else [frozenset()]


def _text(part: Part) -> str:
    return part.text


def _pairs(one: frozenset[Part], other: frozenset[Part]) -> Iterator[frozenset[Part]]:
    """Yield the pairs of one part of each; what is in both comes alone and first."""
    for part in sorted(one & other, key=_text):
        yield frozenset({part})
    for a, b in product(sorted(one, key=_text), sorted(other, key=_text)):
        if a != b:
            yield frozenset({a, b})


def _spikes(before: Standing, after: Standing, now: Standing) -> Iterator[frozenset[Part]]:
    """Yield what may be allowed now and neither before nor after: each end fails by allow, by boundary or by deny."""
    ends = (before, after)
    nothing: frozenset[Part] = frozenset()
    refusals = [[frozenset({denial}) for denial in sorted(end.deny - now.deny, key=_text)] for end in ends]
    limits = _limits(now, ends)
    for allowed, parts in _by_ends(now.allow - now.deny, [end.allow for end in ends]).items():
        for within, bounds in limits.items():
            grants = [has and inside for has, inside in zip(allowed, within, strict=True)]
            fails = [refusal if granted else [nothing] for refusal, granted in zip(refusals, grants, strict=True)]
            for combined in product(*fails):
                denials = nothing.union(*combined)
                for part, bound in product(parts, bounds):
                    yield denials | {part} | bound


def _limits(now: Standing, ends: Sequence[Standing]) -> dict[tuple[bool, ...], list[frozenset[Part]]]:
    """Return what to match in the boundary of now, by the ends within whose boundaries it is."""
    if now.bound is None:
        return {tuple(end.bound is None for end in ends): [frozenset()]}
    grouped = _by_ends(now.bound, [end.bound for end in ends])
    return {within: [frozenset({part}) for part in parts] for within, parts in grouped.items()}


def _by_ends(parts: Iterable[Part], ends: Sequence[frozenset[Part] | None]) -> dict[tuple[bool, ...], list[Part]]:
    """Return the parts by the ends that have them; None has every part."""
    found: dict[tuple[bool, ...], list[Part]] = {}
    for part in sorted(parts, key=_text):
        found.setdefault(tuple(end is None or part in end for end in ends), []).append(part)
    return found
