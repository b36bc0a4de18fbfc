"""Laws: a verdict hangs on what documents say, not on how they are written down, nor on which side is asked first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from access.proofs.pairs import Pair, pair

from reconciler.access import Principal, Relation, Verdict, compare

SAMPLES = [range(800_000, 800_100)]
FULL = [range(start, start + 500) for start in range(801_000, 806_000, 500)]
MIRRORED = {Relation.NARROWER: Relation.WIDER, Relation.WIDER: Relation.NARROWER}
BATCHES = [
    *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in SAMPLES),
    *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
]


def rewritten(principal: Principal, write: Callable[[Any], Any]) -> Principal:
    boundary = None if principal.boundary is None else write(principal.boundary)
    scps = [[write(document) for document in level] for level in principal.scps]
    return Principal([write(document) for document in principal.identity], boundary, scps, principal.bindings)


def terse(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with scalars for lists of one, and numbers and booleans for texts."""
    statements = [
        {name: _terse(value) if name != "Condition" else _terse_condition(value) for name, value in one.items()}
        for one in document["Statement"]
    ]
    return {**document, "Statement": statements[0] if len(statements) == 1 else statements}


def _terse(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _terse_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    def plain(text: str) -> Any:
        if text in ("true", "false"):
            return text == "true"
        return int(text) if text.isdecimal() and str(int(text)) == text else text

    return {
        operator: {
            key: [plain(text) for text in values] if isinstance(values, list) else plain(values)
            for key, values in block.items()
        }
        for operator, block in condition.items()
    }


def sums(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.relation, verdict.gained_actions, verdict.lost_actions, verdict.old_actions, verdict.new_actions)


def both(one: Pair, write: Callable[[Any], Any]) -> Verdict:
    return compare(rewritten(one.old, write), rewritten(one.new, write))


@pytest.mark.parametrize("seeds", BATCHES)
def test_json_text_and_scalars_make_no_difference(seeds: range) -> None:
    for seed in seeds:
        one = pair(seed)
        verdict = compare(one.old, one.new)
        assert both(one, json.dumps) == verdict, one
        assert sums(both(one, terse)) == sums(verdict), one


@pytest.mark.parametrize("seeds", BATCHES)
def test_the_other_way_round_a_gain_is_a_loss(seeds: range) -> None:
    for seed in seeds:
        one = pair(seed)
        verdict, mirrored = compare(one.old, one.new), compare(one.new, one.old)
        assert mirrored.relation is MIRRORED.get(verdict.relation, verdict.relation), one
        assert (mirrored.gained_actions, mirrored.lost_actions) == (verdict.lost_actions, verdict.gained_actions), one
        assert (mirrored.old_actions, mirrored.new_actions) == (verdict.new_actions, verdict.old_actions), one


@pytest.mark.parametrize("seeds", BATCHES)
def test_a_tight_budget_gives_no_other_answer_and_at_worst_none(seeds: range) -> None:
    given_up = 0
    for seed in seeds:
        one = pair(seed)
        verdict, hasty = compare(one.old, one.new), compare(one.old, one.new, budget=5)
        for said, quick in ((verdict.widens, hasty.widens), (verdict.narrows, hasty.narrows)):
            assert quick is None or said is None or quick is said, one
        given_up += hasty.relation is Relation.UNDECIDED
    assert 0 < given_up < len(seeds)


@pytest.mark.parametrize("seeds", BATCHES)
def test_what_cannot_be_read_is_undecided_and_says_where(seeds: range) -> None:
    broken = (
        {"Statement": {"Effect": "Allow", "Action": "s3:*"}},
        {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Odd": {"aws:x": "1"}}}]},
        '{"Statement": [',
    )
    for seed in seeds:
        one = pair(seed)
        worse = Principal([*one.new.identity, broken[seed % 3]], one.new.boundary, one.new.scps, one.new.bindings)
        for verdict in (compare(one.old, worse), compare(worse, one.old), compare(worse, worse)):
            assert verdict.relation is Relation.UNDECIDED
            assert any(f"identity {len(worse.identity)}" in reason for reason in verdict.reasons), verdict.reasons
