"""Whether a moment of a run is lawful for a principal.

It is if everything is allowed that is allowed both before and after, and nothing that is allowed at neither end.

The first answer comes from sets of atoms alone, as if any atom might match any request: what it finds lawful is lawful.
Where it finds a doubt, the solver proves that there is no request that shows otherwise, or finds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

from reconciler.access import Principal
from reconciler.plan.standing import Opaque, Part, Standing, spoken_of
from reconciler.policydoc import Atom

if TYPE_CHECKING:
    from reconciler.access import Answer

__all__ = ["Level", "Trial", "Verdict"]

_MOST_GUESSES = 300
"""Guesses at what policies match that are not known."""
_MEMO = 8_192
_EVERYTHING = {"Action": "*", "Resource": "*"}


class Level(IntEnum):
    """How a moment stands, the better the smaller."""

    SURE = 0
    """Proved to be lawful."""
    UNSHOWN = 1
    """Not proved to be lawful, but no request was found that shows otherwise."""
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
        self._speaks = spoken_of(self._universe)
        self._known: dict[Standing, Verdict] = {}

    def judge(self, moment: Standing) -> Verdict:
        """Return how the principal stands at a moment; the same moment is judged once."""
        if moment not in self._known:
            self._known[moment] = self._judged(moment)
        return self._known[moment]

    def _judged(self, moment: Standing) -> Verdict:
        from reconciler.access import exceeds  # noqa: PLC0415  most plans have no order that is in doubt

        news = _atoms(moment) - self._universe
        if news:
            self._universe |= news
            self._speaks = spoken_of(self._universe)
        before, after, now = self._comparable(moment)
        renamed = not before.bindings == after.bindings == now.bindings
        lacks, exceeding = renamed or _may_lack(before, after, now), renamed or _may_exceed(before, after, now)
        if not (lacks or exceeding):
            return Verdict(Level.SURE)
        gap, spike, sure = "", "", True
        guesses = _guesses(before, after, now)
        for matching in islice(guesses, _MOST_GUESSES):
            one, other, here = (_principal(standing, matching) for standing in (before, after, now))
            if exceeding and not spike:
                found = exceeds([here], [one, other])
                spike, sure = _told(found, matching), sure and found.holds is not None
            if lacks and not gap:
                found = exceeds([one, other], [here])
                gap, sure = _told(found, matching), sure and found.holds is not None
        sure = sure and next(guesses, None) is None
        level = Level.SURE if sure else Level.UNSHOWN
        return Verdict(Level.SPIKE if spike else Level.GAP if gap else level, gap, spike)

    def _comparable(self, moment: Standing) -> list[Standing]:
        """Return before, after and the moment with no more bindings than those that can make a difference."""
        found = []
        other = next((one.bindings for one in (*reversed(self._ends), moment) if one.allow), ())
        for one in (*self._ends, moment):
            bindings = one.bindings if one.allow else other
            kept = tuple((key, value) for key, value in bindings if key.lower() in self._speaks)
            found.append(replace(one, bindings=kept))
        return found


@lru_cache(_MEMO)
def _principal(standing: Standing, matching: frozenset[Opaque]) -> Principal:
    """Return whoever has the standing, if of what is not known just ``matching`` matches a request."""
    identity = [*_documents(standing.allow, matching, "Allow"), *_documents(standing.deny, matching, "Deny")]
    # A boundary of many parts is told as documents of which one must allow.
    bound = [] if standing.bound is None else [_documents(standing.bound, matching, "Allow")]
    return Principal(identity, None, bound, dict(standing.bindings))


def _documents(parts: Iterable[Part], matching: frozenset[Opaque], effect: str) -> list[str]:
    """Return documents of what is known, and one for everything where something unknown is taken to match."""
    found = sorted(_document(part, effect) for part in parts if isinstance(part, Atom))
    if any(isinstance(part, Opaque) and part in matching for part in parts):
        found.append(json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, **_EVERYTHING}}))
    return found


@lru_cache(_MEMO)
def _document(atom: Atom, effect: str) -> str:
    return json.dumps(atom.document(effect), sort_keys=True)


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


def _told(found: Answer, opaque: frozenset[Opaque]) -> str:
    """Return the request that was found in words, or what of the unknown policies matches it; empty if none was."""
    if found.witness is None:
        return ""
    if opaque:
        names = " and ".join(sorted(part.name.rpartition("/")[2] for part in opaque))
        return f"what {names} {'has' if len(opaque) == 1 else 'may have in common'}"
    request = found.witness.request
    context = ", ".join(f"{key} = {value}" for key, value in sorted(request.context.items()))
    return f"{request.action} on {request.resource}{f' when {context}' if context else ''}"


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
