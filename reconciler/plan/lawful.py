"""Whether a moment of a run is lawful for a principal.

It is if everything is allowed that is allowed both before and after, and nothing that is allowed at neither end.

The first answer comes from sets of atoms alone, as if any atom might match any request: what it finds lawful is lawful.
Where it finds a doubt, requests are made that tell the atoms apart, and the evaluator says which atoms match them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import combinations, islice, product

from reconciler.access import Request
from reconciler.plan.standing import Opaque, Part, Standing
from reconciler.plan.witness import OTHER_RESOURCES, Sample, sampled, spoken_of
from reconciler.policydoc import Atom

__all__ = ["Level", "Trial", "Verdict"]

_MOST_GUESSES = 300
"""Guesses at what policies match that are not known."""


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
    gap: str = ""
    """A request that is refused, though it should be allowed."""
    spike: str = ""
    """A request that is allowed, though it should be refused."""


class Trial:
    """Judges the moments between a principal's standing before and its standing after a plan."""

    def __init__(self, before: Standing, after: Standing) -> None:
        """Take both standings."""
        self._ends = (before, after)
        self._universe = _atoms(before) | _atoms(after)
        self._common = _atoms(before) & _atoms(after)
        self._speaks = spoken_of(self._universe)
        self._known: dict[Standing, Verdict] = {}
        self._sets: dict[tuple[Standing, frozenset[Opaque]], int] = {}

    def judge(self, moment: Standing) -> Verdict:
        """Return how the principal stands at a moment; the same moment is judged once."""
        if moment not in self._known:
            self._known[moment] = self._judged(moment)
        return self._known[moment]

    def _judged(self, moment: Standing) -> Verdict:
        news = _atoms(moment) - self._universe
        if news:
            self._universe |= news
            self._speaks = spoken_of(self._universe)
            self._sets.clear()
        before, after, now = self._comparable(moment)
        if before.bindings == after.bindings == now.bindings and not (
            _may_lack(before, after, now) or _may_exceed(before, after, now)
        ):
            return Verdict(Level.SURE)
        sample = sampled(self._universe, self._common, frozenset(one.bindings for one in (before, after, now)))
        gap = spike = ""
        for matching in islice(_guesses(before, after, now), _MOST_GUESSES):
            one, other, here = (self._allowed(sample, standing, matching) for standing in (before, after, now))
            if not spike and here & ~(one | other):
                spike = _told(sample.first(here & ~(one | other)), matching, self._universe)
            if not gap and one & other & ~here:
                gap = _told(sample.first(one & other & ~here), matching, self._universe)
        return Verdict(Level.SPIKE if spike else Level.GAP if gap else Level.UNSHOWN, gap, spike)

    def _comparable(self, moment: Standing) -> list[Standing]:
        """Return before, after and the moment with no more bindings than those that can make a difference."""
        found = []
        other = next((one.bindings for one in (*reversed(self._ends), moment) if one.allow), ())
        for one in (*self._ends, moment):
            bindings = one.bindings if one.allow else other
            kept = tuple((key, value) for key, value in bindings if key.lower() in self._speaks)
            found.append(replace(one, bindings=kept))
        return found

    def _allowed(self, sample: Sample, standing: Standing, matching: frozenset[Opaque]) -> int:
        """Return the requests that the standing allows if, of what is not known, just ``matching`` match them."""

        def matched(parts: Iterable[Part]) -> int:
            found = 0
            for part in parts:
                if isinstance(part, Atom):
                    found |= sample.matched(part, standing.bindings)
                elif part in matching:
                    found = sample.all
            return found

        within = sample.all if standing.bound is None else matched(standing.bound)
        return matched(standing.allow) & within & ~matched(standing.deny)


def _parts(standing: Standing) -> frozenset[Part]:
    return standing.allow | standing.deny | (standing.bound or frozenset())


def _atoms(standing: Standing) -> frozenset[Atom]:
    return frozenset(part for part in _parts(standing) if isinstance(part, Atom))


def _guesses(*standings: Standing) -> Iterator[frozenset[Opaque]]:
    """Yield what of the policies that are not known may match a request: nothing, one, or several at once."""
    parts = frozenset[Part]().union(*map(_parts, standings))
    opaque = sorted((part for part in parts if isinstance(part, Opaque)), key=_text)
    for count in range(len(opaque) + 1):
        for chosen in combinations(opaque, count):
            yield frozenset(chosen)


def _text(part: Part) -> str:
    return part.text


def _told(request: Request, opaque: frozenset[Opaque], universe: frozenset[Atom]) -> str:
    """Return a request in words, its action as the documents spell it, or what of the unknown policies matches it."""
    if opaque:
        names = " and ".join(sorted(part.name.rpartition("/")[2] for part in opaque))
        return f"what {names} {'has' if len(opaque) == 1 else 'may have in common'}"
    context = ", ".join(f"{key} = {value}" for key, value in sorted(request.context.items()))
    spelt = sorted(name for atom in universe for name in atom.written if name.lower() == request.action)
    resource = "a resource that no statement names" if request.resource in OTHER_RESOURCES else request.resource
    return f"{next(iter(spelt), request.action)} on {resource}{f' when {context}' if context else ''}"


def _may_lack(before: Standing, after: Standing, now: Standing) -> bool:
    """Return whether something may be allowed before and after and not now: by allow, by deny or by boundary."""
    denied = before.deny | after.deny
    ends = [end.allow - denied for end in (before, after)]
    if not all(ends) or any(end.bound is not None and not end.bound for end in (before, after)):
        return False
    if all(end - now.allow for end in ends) or now.deny - denied:
        return True
    inside = None if now.bound is None else now.bound | denied
    return inside is not None and all(end.bound is None or end.bound - inside for end in (before, after))


def _may_exceed(before: Standing, after: Standing, now: Standing) -> bool:
    """Return whether something may be allowed now and neither before nor after: for each end by one of its reasons."""
    ends = (before, after)
    lifted = [bool(end.deny - now.deny) for end in ends]
    allowed = _by_ends(now.allow - now.deny, [end.allow for end in ends])
    within = (
        {tuple(end.bound is None for end in ends)}
        if now.bound is None
        else _by_ends(now.bound - now.deny, [end.bound for end in ends])
    )
    return any(
        all(not (has and inside) or denied for has, inside, denied in zip(one, other, lifted, strict=True))
        for one, other in product(allowed, within)
    )


def _by_ends(parts: Iterable[Part], ends: Sequence[frozenset[Part] | None]) -> set[tuple[bool, ...]]:
    """Return by which ends the parts are had; None has every part."""
    return {tuple(end is None or part in end for end in ends) for part in parts}
