"""Law: no caller's request contradicts what is said of two trust policies, and every witness is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from access.proofs.judging import RELATIONS
from access.proofs.trusts import CALLERS, REQUESTS, TrustPair, trust_pair

from reconciler.access import Relation, Verdict, compare_trust, evaluate_trust

SAMPLES = [range(30)]
FULL = [range(start, start + 100) for start in range(1_000, 3_000, 100)]


def seen(one: TrustPair) -> tuple[bool, bool]:
    """Return whether any request of any caller is gained, and whether any is lost."""
    gained = lost = False
    for caller in CALLERS:
        for request in REQUESTS:
            before = evaluate_trust(one.old, caller, request).allowed
            after = evaluate_trust(one.new, caller, request).allowed
            gained, lost = gained or (after and not before), lost or (before and not after)
        if gained and lost:
            break
    return gained, lost


def faults(one: TrustPair, verdict: Verdict, gained: bool, lost: bool) -> Iterator[str]:  # noqa: FBT001  what was seen
    if (verdict.widens is False and gained) or (verdict.narrows is False and lost):
        yield f"{verdict.relation.value}, and requests are gained: {gained}, lost: {lost}"
    for direction, witnesses in (("gained", verdict.gained), ("lost", verdict.lost)):
        for witness in witnesses:
            assert witness.caller is not None
            sides = [evaluate_trust(side, witness.caller, witness.request) for side in (one.old, one.new)]
            if [side.allowed for side in sides] != [direction == "lost", direction == "gained"]:
                yield f"{direction}: {witness.caller} {witness.request} is not"
            if sides != [witness.old, witness.new]:
                yield f"{direction}: {witness.caller} {witness.request} carries other decisions"
    if (bool(verdict.widens), bool(verdict.narrows)) != (bool(verdict.gained), bool(verdict.lost)):
        yield f"{verdict.relation.value} with {len(verdict.gained)} and {len(verdict.lost)} witnesses"
    yield from (f"a witness of its own was none: {reason}" for reason in verdict.reasons if "confirm" in reason)


@pytest.mark.parametrize(
    "seeds",
    [
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in SAMPLES),
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
    ],
)
def test_no_caller_contradicts_what_is_said_of_trusts(seeds: range) -> None:
    wrong: list[str] = []
    relations, truths = Counter[Relation](), Counter[Relation]()
    for seed in seeds:
        one = trust_pair(seed)
        gained, lost = seen(one)
        verdict = compare_trust(one.old, one.new)
        wrong += [f"{fault}\n{one}\n{verdict.reasons}" for fault in faults(one, verdict, gained, lost)]
        relations[verdict.relation] += 1
        truths[RELATIONS[gained, lost]] += 1
    print(dict(relations), dict(truths))
    if wrong:
        pytest.fail("\n\n".join([f"{len(wrong)} wrong", *wrong[:3]]), pytrace=False)
    assert relations[Relation.UNDECIDED] <= len(seeds) * 0.02
    assert min(truths[relation] for relation in RELATIONS.values()) > len(seeds) / 25
