"""Laws on the policies that AWS manages: what is known by construction comes out, and no request contradicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from access.proofs.judging import RELATIONS, faults
from access.proofs.managed import EDITS, Case, near, policies, principals, requests, strayed, unrelated

from reconciler.access import Principal, Relation, compare, compare_documents


def batches(sampled: int, full: int, size: int) -> list[object]:
    """Return ranges of seeds: those of the sample, and those up to full size as long ones."""
    short = [range(start, min(start + size, sampled)) for start in range(0, sampled, size)]
    rest = [range(start, min(start + size, full)) for start in range(sampled, full, size)]
    return [
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in short),
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in rest),
    ]


def tried(make: Callable[[int], Case], seeds: range) -> tuple[Counter[Relation], Counter[tuple[bool, bool]]]:
    """Return the relations that were found, and which of both directions requests showed."""
    wrong: list[str] = []
    relations, shown = Counter[Relation](), Counter[tuple[bool, bool]]()
    for seed in seeds:
        case = make(seed)
        gained, lost = requests(case.old, case.new, Random(seed))  # noqa: S311  examples, no secret
        verdict = compare(case.old, case.new)
        found = [*faults(case.old, case.new, verdict, gained, lost), *strayed(case, verdict)]
        wrong += [f"seed {seed}: {case.name}: {fault} {verdict.reasons}" for fault in found]
        relations[verdict.relation] += 1
        shown[bool(gained), bool(lost)] += 1
    print(dict(relations), dict(shown))
    assert not wrong, "\n".join(wrong[:5])
    return relations, shown


def undecided(relations: Counter[Relation]) -> int:
    return relations[Relation.UNDECIDED]


def test_every_managed_policy_is_read_and_equals_itself() -> None:
    assert len(policies()) > 1_500
    odd = [
        name for name, document in policies().items() if compare_documents(document, document).relation.value != "EQUAL"
    ]
    assert not odd


@pytest.mark.long
def test_every_managed_policy_against_none_is_wider_where_it_allows_anything() -> None:
    relations = Counter(compare_documents(None, document).relation for document in policies().values())
    assert relations[Relation.WIDER] > 1_500
    assert set(relations) <= {Relation.WIDER, Relation.EQUAL}


@pytest.mark.parametrize("seeds", batches(100, 1_000, 100))
def test_pairs_of_managed_policies_are_told_apart(seeds: range) -> None:
    relations, shown = tried(unrelated, seeds)
    assert undecided(relations) <= len(seeds) // 100
    assert shown[True, True] > len(seeds) / 2


@pytest.mark.parametrize("seeds", batches(150, 1_500, 150))
def test_what_an_edit_does_is_known_by_construction_and_comes_out(seeds: range) -> None:
    relations, shown = tried(near, seeds)
    assert undecided(relations) <= 1
    assert relations[Relation.EQUAL] >= 2 * len(seeds) // len(EDITS)
    assert shown[True, False] > len(seeds) / 10
    assert shown[False, True] > len(seeds) / 10


@pytest.mark.parametrize("seeds", batches(20, 200, 20))
def test_an_edit_of_one_of_ten_policies_that_a_principal_holds_comes_out(seeds: range) -> None:
    relations, _ = tried(principals, seeds)
    assert not undecided(relations)


def test_relations_are_those_of_both_directions() -> None:
    assert set(RELATIONS.values()) == set(Relation) - {Relation.UNDECIDED}


def test_a_policy_that_another_covers_adds_nothing() -> None:
    reading = policies()["ReadOnlyAccess"]
    less = {**reading, "Statement": [{**reading["Statement"][0], "Action": ["s3:Get*"]}]}
    assert compare(Principal([reading, less]), Principal([reading])).relation is Relation.EQUAL
    assert compare(Principal([less]), Principal([reading, less])).relation is Relation.WIDER
