"""Law: no request contradicts a verdict, and every witness is one."""

from __future__ import annotations

import pytest
from access.proofs.judging import Tally, judged
from access.proofs.pairs import pair

from reconciler.access import Relation

BATCH = 1_000
SAMPLES = [range(300), range(300, 600)]
FULL = [range(start, start + BATCH) for start in range(1_000, 101_000, BATCH)]


@pytest.mark.parametrize(
    "seeds",
    [
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in SAMPLES),
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
    ],
)
def test_no_request_contradicts_a_verdict_and_every_witness_is_confirmed(seeds: range) -> None:
    tally = Tally()
    for seed in seeds:
        judged(tally, pair(seed))
    print(tally)
    if tally.wrong:
        pytest.fail("\n\n".join([str(tally), *tally.wrong[:2]]), pytrace=False)
    undecided = tally.relations[Relation.UNDECIDED]
    assert undecided <= len(seeds) * 0.02, (tally, tally.reasons.most_common(3))
    assert tally.unseen <= tally.directions * 0.08, str(tally)
    assert (
        min(tally.relations[relation] for relation in Relation if relation is not Relation.UNDECIDED) > len(seeds) / 20
    )
