"""Whether a moment of a run is lawful for a principal.

It is if everything is allowed that is allowed both before and after, and nothing that is allowed at neither end.

The first answer comes from sets of atoms alone, as if any atom might match any request: what it finds lawful is lawful.
Where it finds a violation, a request is built that would show it, and the evaluator decides on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice, product
from typing import Literal, TypeAlias

from reconciler.access import Principal, Request, evaluate
from reconciler.errors import PolicyError
from reconciler.plan.standing import Opaque, Part, Standing
from reconciler.plan.witness import requests

__all__ = ["Level", "Trial", "Verdict"]

_MOST_SUSPECTS = 300

Suspect: TypeAlias = tuple[Literal["gap", "spike"], frozenset[Part]]
"""A sort of violation, and the parts that a request would have to match to show it."""


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

    def judge(self, moment: Standing) -> Verdict:
        """Return how the principal stands at a moment; the same moment is judged once."""
        key = replace(moment, documents=(), boundary=None)
        if key not in self._known:
            self._known[key] = self._judged(moment)
        return self._known[key]

    def _judged(self, moment: Standing) -> Verdict:
        suspects = list(islice(_suspects(*self._ends, moment), _MOST_SUSPECTS + 1))
        if not suspects:
            return Verdict(Level.SURE)
        worst = Verdict(Level.UNSHOWN)
        for sort, parts in suspects[:_MOST_SUSPECTS]:
            level = Level.GAP if sort == "gap" else Level.SPIKE
            if level > worst.level and (shown := self._shown(sort, parts, moment)):
                worst = Verdict(level, shown)
            if worst.level is Level.SPIKE:
                break
        return worst

    def _shown(self, sort: str, parts: frozenset[Part], moment: Standing) -> str:
        """Return what shows the violation that the parts are suspected of, or nothing."""
        opaque = {part for part in parts if isinstance(part, Opaque)}
        atoms = [part for part in parts if not isinstance(part, Opaque)]
        for request in requests(atoms, self._bindings):
            before, after, now = (self._allows(s, request, opaque) for s in (*self._ends, moment))
            if None in {before, after, now}:
                continue
            violated = before and after and not now if sort == "gap" else now and not before and not after
            if violated:
                return _told(request, opaque)
        return ""

    def _allows(self, standing: Standing, request: Request, matching: set[Opaque]) -> bool | None:
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


def _told(request: Request, opaque: set[Opaque]) -> str:
    if opaque:
        names = " and ".join(sorted(part.name.rpartition("/")[2] for part in opaque))
        return f"what {names} {'has' if len(opaque) == 1 else 'may have in common'}"
    context = ", ".join(f"{key} = {value}" for key, value in sorted(request.context.items()))
    return f"{request.action} on {request.resource}{f' when {context}' if context else ''}"


def _suspects(before: Standing, after: Standing, now: Standing) -> Iterator[Suspect]:
    """Yield every violation that sets of atoms do not exclude, the smallest first."""
    yield from _gaps(before, after, now)
    yield from _spikes(before, after, now)


def _gaps(before: Standing, after: Standing, now: Standing) -> Iterator[Suspect]:
    """Yield what may be allowed before and after and is not allowed now."""
    denied = before.deny | after.deny
    ends = (before.allow - denied, after.allow - denied)
    if not ends[0] or not ends[1]:
        return
    for parts in _pairs(ends[0] - now.allow, ends[1] - now.allow):
        for bounds in _bounds(before, after):
            yield "gap", frozenset({*parts, *bounds})
    for denial in sorted(now.deny - denied, key=_text):
        for parts in _pairs(*ends):
            for bounds in _bounds(before, after):
                yield "gap", frozenset({denial, *parts, *bounds})
    if now.bound is not None:
        kept = now.bound
        limits = [None if end.bound is None else end.bound - kept - denied for end in (before, after)]
        if all(limit is None or limit for limit in limits):
            for bounds in product(*(sorted(limit, key=_text) for limit in limits if limit is not None)):
                for parts in _pairs(*ends):
                    yield "gap", frozenset({*parts, *bounds})


def _text(part: Part) -> str:
    return part.text


def _pairs(one: Iterable[Part], other: Iterable[Part]) -> list[frozenset[Part]]:
    """Return the pairs of one part of each, what is in both alone and first."""
    pairs = {frozenset({a, b}) for a, b in product(one, other)}
    return sorted(pairs, key=lambda pair: (len(pair), sorted(map(_text, pair))))


def _bounds(*standings: Standing) -> Iterator[tuple[Part, ...]]:
    """Yield what to match in each of the boundaries."""
    return product(*(sorted(s.bound, key=_text) for s in standings if s.bound is not None))


def _spikes(before: Standing, after: Standing, now: Standing) -> Iterator[Suspect]:
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
                    yield "spike", denials | {part} | bound


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
