"""Law: where z3 answers, it says what the solver says, and what the evaluator says."""

from __future__ import annotations

from collections import Counter

import pytest
from access.proofs.oracle import Oracle
from access.proofs.pairs import Pair, pair

from reconciler.access import Relation, compare, evaluate

SAMPLES = [range(500_000, 500_040)]
FULL = [range(start, start + 100) for start in range(500_100, 502_100, 100)]


def opinions(one: Pair, milliseconds: int) -> list[bool | None]:
    """Return whether z3 finds that new access widens, and that it narrows; a request that it finds must be one."""
    oracle = Oracle(one, milliseconds)
    found: list[bool | None] = []
    for allowed, refused in ((1, 0), (0, 1)):
        answer = oracle.ask(allowed, refused)
        if answer.request is None:
            found.append(False if answer.proved else None)
            continue
        sides = (evaluate(one.old, answer.request).allowed, evaluate(one.new, answer.request).allowed)
        confirmed = (sides[allowed], sides[refused]) == (True, False)
        assert confirmed or oracle.loose, (one, answer.request)
        found.append(True if confirmed else None)
    return found


@pytest.mark.parametrize(
    ("seeds", "milliseconds"),
    [
        *(pytest.param(seeds, 500, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.slow) for seeds in SAMPLES),
        *(pytest.param(seeds, 2_000, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
    ],
)
def test_z3_never_disagrees(seeds: range, milliseconds: int) -> None:
    disagreements = []
    answers = Counter[str]()
    for seed in seeds:
        one = pair(seed)
        verdict = compare(one.old, one.new)
        for said, found in zip((verdict.widens, verdict.narrows), opinions(one, milliseconds), strict=True):
            answers["unknown to z3" if found is None else "undecided here" if said is None else "decided by both"] += 1
            if None not in (said, found) and said is not found:
                disagreements.append(f"{verdict.relation.value}, and z3 says {found}: {one}")
        answers[verdict.relation.value] += 1
    print(dict(answers))
    assert not disagreements, "\n\n".join(disagreements[:3])
    assert answers["decided by both"] > len(seeds)
    assert answers[Relation.UNDECIDED.value] <= len(seeds) * 0.05
