"""Law: whether all of some principals may do what none of others may is never contradicted by a request."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from access.proofs.pairs import pair
from access.proofs.tables import Table

from reconciler.access import Principal, Request, compare, evaluate, exceeds

SAMPLES = [range(900_000, 900_100)]
FULL = [range(start, start + 500) for start in range(901_000, 906_000, 500)]
REQUESTS = 150


@pytest.mark.parametrize(
    "seeds",
    [
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in SAMPLES),
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
    ],
)
def test_no_request_contradicts_what_several_principals_have_beyond_others(seeds: range) -> None:
    wrong: list[str] = []
    counts = Counter[bool | None]()
    for seed in seeds:
        one, chance = pair(seed), Random(seed)  # noqa: S311  examples, no secret
        third = Principal(one.old.identity, one.new.boundary, one.new.scps, one.old.bindings)
        table = Table(one)
        for allowed, refused in (([one.old, one.new], [third]), ([third], [one.old, one.new]), ([one.new], [one.old])):
            answer = exceeds(allowed, refused)
            counts[answer.holds] += 1
            asked = [_request(table, chance) for _ in range(REQUESTS)] if answer.holds is False else []
            asked += [answer.witness.request] if answer.witness is not None else []
            for request in asked:
                shown = all(evaluate(side, request).allowed for side in allowed) and not any(
                    evaluate(side, request).allowed for side in refused
                )
                if shown is (answer.holds is False):
                    wrong.append(f"{answer.holds}, and {request} says {shown}\n{one}")
            if (answer.holds is True) is not (answer.witness is not None):
                wrong.append(f"{answer.holds} with the witness {answer.witness}\n{one}")
        widens, beyond = compare(one.old, one.new).widens, exceeds([one.new], [one.old]).holds
        if None not in (widens, beyond) and widens is not beyond:
            wrong.append(f"{beyond}, and a comparison says {widens}\n{one}")
    print(dict(counts))
    if wrong:
        pytest.fail("\n\n".join([f"{len(wrong)} wrong", *wrong[:3]]), pytrace=False)
    assert min(counts[True], counts[False]) > len(seeds) / 5
    assert counts[None] <= 3 * len(seeds) * 0.03


def _request(table: Table, chance: Random) -> Request:
    context = {key: list(values) for key, values in chance.choice(table.contexts).items() if values}
    return Request(chance.choice(table.actions), chance.choice(table.resources), context)
