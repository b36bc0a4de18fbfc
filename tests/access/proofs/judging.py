"""What is wrong with a verdict: requests that contradict it, witnesses that are none, parts that do not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from access.proofs.pairs import Pair
from access.proofs.tables import Table

from reconciler.access import Label, Principal, Relation, Request, Verdict, Witness, compare, evaluate
from reconciler.catalogue.actions import action_catalogue

__all__ = ["RELATIONS", "Tally", "contradictions", "faults", "judged", "misfits"]

RELATIONS = {
    (False, False): Relation.EQUAL,
    (False, True): Relation.NARROWER,
    (True, False): Relation.WIDER,
    (True, True): Relation.INCOMPARABLE,
}
"""The relation by whether new access widens and narrows old."""


@dataclass
class Tally:
    """What came out for many pairs."""

    wrong: list[str] = field(default_factory=list)
    relations: Counter[Relation] = field(default_factory=Counter)
    truths: Counter[Relation] = field(default_factory=Counter)
    """The relations that the tables saw: what is missing there, a table did not see."""
    unseen: int = 0
    """Directions whose witness holds and of which the table has no request."""
    directions: int = 0
    requests: int = 0
    exhaustive: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Return the figures on a line."""
        total = sum(self.relations.values())
        counts = ", ".join(f"{relation.value} {self.relations[relation]}" for relation in Relation)
        return (
            f"{total} pairs: {counts}; undecided {self.relations[Relation.UNDECIDED] / max(total, 1):.2%}; "
            f"{self.requests:,} requests, all combinations in {self.exhaustive} pairs; "
            f"{self.unseen} of {self.directions} differences seen by the solver only; {len(self.wrong)} wrong"
        )


def judged(tally: Tally, pair: Pair) -> None:
    """Compare a pair, and put into the tally what came out."""
    verdict = compare(pair.old, pair.new)
    table = Table(pair)
    gained, lost = table.differences()
    tally.wrong += [f"{fault}\n{pair}" for fault in faults(pair.old, pair.new, verdict, gained, lost)]
    tally.relations[verdict.relation] += 1
    tally.truths[RELATIONS[bool(gained), bool(lost)]] += 1
    tally.requests += table.size
    tally.exhaustive += table.exhaustive
    for said, seen in ((verdict.widens, gained), (verdict.narrows, lost)):
        tally.directions += bool(said or seen)
        tally.unseen += bool(said and not seen)
    tally.reasons.update(verdict.reasons)


def faults(
    old: Principal, new: Principal, verdict: Verdict, gained: Sequence[Request], lost: Sequence[Request]
) -> Iterator[str]:
    """Return what is wrong with a verdict, given requests that are gained and lost."""
    yield from contradictions(old, new, verdict, [*gained, *lost])
    yield from misfits(old, new, verdict)


def contradictions(old: Principal, new: Principal, verdict: Verdict, requests: Sequence[Request]) -> Iterator[str]:
    """Return the requests that show a proof to be none."""
    for request in requests:
        before, after = evaluate(old, request).allowed, evaluate(new, request).allowed
        if after and not before and verdict.widens is False:
            yield f"{verdict.relation.value} says that nothing is gained, and {request} is"
        if before and not after and verdict.narrows is False:
            yield f"{verdict.relation.value} says that nothing is lost, and {request} is"


def misfits(old: Principal, new: Principal, verdict: Verdict) -> Iterator[str]:
    """Return the witnesses that the evaluator does not confirm, and what does not fit together in a verdict."""
    yield from _unconfirmed(old, new, verdict)
    ways = (verdict.widens, verdict.narrows)
    expected = Relation.UNDECIDED if None in ways else RELATIONS[bool(ways[0]), bool(ways[1])]
    if verdict.relation is not expected:
        yield f"{verdict.relation.value} does not fit widens={ways[0]}, narrows={ways[1]}"
    if (verdict.relation is Relation.UNDECIDED) is not bool(verdict.reasons):
        yield f"{verdict.relation.value} with the reasons {verdict.reasons}"
    yield from (f"a witness of its own was none: {reason}" for reason in verdict.reasons if "confirm" in reason)
    directions = (
        (verdict.widens, verdict.gained, verdict.gained_label, verdict.gained_actions),
        (verdict.narrows, verdict.lost, verdict.lost_label, verdict.lost_actions),
    )
    for said, witnesses, label, actions in directions:
        if bool(said) is not bool(witnesses):
            yield f"said {said}, with {len(witnesses)} witnesses"
        labels = {witness.label for witness in witnesses}
        if label is not None and labels != {label}:
            yield f"the direction's label is {label}, its witnesses have {labels}"
        if not said and actions:
            yield f"said {said}, with {actions} actions"
        if said and not actions and labels - {Label.FUTURE_ONLY}:
            yield "a request of today's actions differs, and no action is counted"


def _unconfirmed(old: Principal, new: Principal, verdict: Verdict) -> Iterator[str]:
    known = _known()
    for direction, witnesses in (("gained", verdict.gained), ("lost", verdict.lost)):
        for witness in witnesses:
            before, after = evaluate(old, witness.request), evaluate(new, witness.request)
            if (before.allowed, after.allowed) != (direction == "lost", direction == "gained"):
                yield f"{direction}: {witness.request} is not: {before.outcome.value}, then {after.outcome.value}"
            if (witness.old, witness.new) != (before, after):
                yield f"{direction}: {witness.request} carries other decisions than the evaluator's"
            if (witness.request.action.lower() not in known) is not (witness.label is Label.FUTURE_ONLY):
                yield f"{direction}: {witness.request.action} has the label {witness.label}"
            if not _is_resource(witness):
                yield f"{direction}: {witness.request.resource!r} is no resource"


@cache
def _known() -> frozenset[str]:
    return frozenset(action_catalogue().folded)


def _is_resource(witness: Witness) -> bool:
    resource = witness.request.resource
    return resource == "*" or (resource.startswith("arn:") and resource.count(":") >= 5)
