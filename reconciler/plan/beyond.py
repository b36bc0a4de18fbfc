"""Whether a part of a plan leaves somebody worse off than the whole of it, or than nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model import Address, Call, Live
from reconciler.plan.foresee import after_all
from reconciler.plan.lawful import Trial, Verdict
from reconciler.plan.lives import lives
from reconciler.plan.standing import Reader, closure, is_principal

__all__ = ["Worse", "worse"]


@dataclass(frozen=True, slots=True)
class Worse:
    """A principal that is refused what it may both before and after, or allowed what it may at neither end."""

    address: Address
    held: frozenset[Address]
    """The addresses of everything that has a say in what it holds."""
    verdict: Verdict


def worse(live: Live, part: Sequence[Call], whole: Sequence[Call]) -> Iterator[Worse]:
    """Yield who is left so where of the ``whole`` only the ``part`` is made; what is not shown is not told."""
    start, account = live.objects, live.account
    middle, end = (after_all(start, calls, account) for calls in (part, whole))
    # Who is renamed is another at each end only by name.
    was = {life.address: life.before.address for life in lives(start, part, account) if life.before is not None}
    becomes = {life.before.address: life.address for life in lives(start, whole, account) if life.before is not None}
    reader = Reader(account)
    for address in sorted(filter(is_principal, middle)):
        first = was.get(address, address)
        last = becomes.get(first, first)
        held = frozenset().union(*(closure((start, middle, end), name, account) for name in (first, address, last)))
        moved = {at for at in held if middle.get(at) != start.get(at)}
        if not moved or all(middle.get(at) == end.get(at) for at in held):
            continue
        ends = (reader.standing(start, first), reader.standing(end, last))
        verdict = Trial(*ends).judge(reader.standing(middle, address))
        if verdict.gap or verdict.spike:
            yield Worse(address, held, verdict)
