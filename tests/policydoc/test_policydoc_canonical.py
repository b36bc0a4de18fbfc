from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policydoc.policy_strategies import changed, policies, rewritten

from reconciler.errors import PolicyError
from reconciler.policydoc import canonical, compact, equivalent

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("equivalence_cases.json").read_text(encoding="utf-8"))
JUDGED = [case for case in CASES if "same" in case]
FAULTY = [case for case in CASES if "fault" in case]


def _sides(case: dict[str, Any]) -> list[Any]:
    if "statements" not in case:
        sides: list[Any] = case.get("texts") or case["documents"]
        return sides
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return [
        {"Statement": {key: value for key, value in {**base, **part}.items() if value is not None}}
        for part in case["statements"]
    ]


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case["name"])
def test_two_policies_are_judged_alike_in_both_directions_and_from_text(case: dict[str, Any]) -> None:
    a, b = _sides(case)
    assert equivalent(a, b) is case["same"]
    assert equivalent(b, a) is case["same"]
    if "texts" not in case:
        assert equivalent(json.dumps(a), json.dumps(b)) is case["same"]


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case["name"])
def test_what_is_no_policy_is_refused_on_either_side(case: dict[str, Any]) -> None:
    (side,) = _sides(case)
    sound: dict[str, Any] = {"Statement": []}
    for a, b in ((side, sound), (sound, side), (side, side)):
        with pytest.raises(PolicyError) as caught:
            equivalent(a, b)
        assert case["fault"] in str(caught.value)


def test_the_cases_are_many_and_each_has_its_own_name() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names) >= 100


@given(policies())
def test_a_policy_is_equivalent_to_itself(policy: dict[str, Any]) -> None:
    assert equivalent(policy, policy)
    assert equivalent(policy, json.dumps(policy, indent=2))
    assert equivalent(compact(policy), policy)


@given(st.data(), policies())
def test_rewriting_changes_nothing(data: st.DataObject, policy: dict[str, Any]) -> None:
    one, two = rewritten(data.draw, policy), rewritten(data.draw, policy)
    assert equivalent(policy, one)
    assert equivalent(one, policy)
    assert equivalent(one, json.dumps(two, ensure_ascii=data.draw(st.booleans())))
    assert len({canonical(policy), canonical(one), canonical(two)}) == 1


@given(st.data(), policies().filter(lambda policy: policy["Statement"]))
def test_any_change_that_means_something_is_seen_however_it_is_written(
    data: st.DataObject, policy: dict[str, Any]
) -> None:
    for number, statement in enumerate(policy["Statement"]):
        statement.setdefault("Condition", {})["IpAddress"] = {"aws:SourceIp": [f"10.0.0.{number}"]}
    other = changed(data.draw, policy)
    assert not equivalent(policy, other)
    assert not equivalent(rewritten(data.draw, other), rewritten(data.draw, policy))


@given(st.data(), policies().filter(lambda policy: policy["Statement"]))
def test_equivalence_is_symmetric_and_transitive(data: st.DataObject, policy: dict[str, Any]) -> None:
    other = changed(data.draw, policy)
    pool = [policy, other, rewritten(data.draw, policy), rewritten(data.draw, other)]
    a, b, c = data.draw(st.permutations(pool))[:3]
    for one, two, three in ((a, b, c), (b, c, a), (c, a, b)):
        assert equivalent(one, two) is equivalent(two, one)
        if equivalent(one, two):
            assert equivalent(two, three) is equivalent(one, three)


@given(st.data(), policies())
def test_equivalence_carries_over_a_chain_of_rewritings(data: st.DataObject, policy: dict[str, Any]) -> None:
    chain = [policy]
    for _ in range(3):
        step = rewritten(data.draw, policy)
        assert equivalent(chain[-1], step)
        chain.append(step)
    assert equivalent(chain[0], chain[-1])


def test_a_float_of_a_mapping_keeps_its_fraction() -> None:
    def policy(value: Any) -> dict[str, Any]:
        return {"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"NumericEquals": {"aws:x": value}}}}

    assert equivalent(policy(1.0), policy("1.0"))
    assert not equivalent(policy(1.0), policy(1))
    for bad in (float("nan"), float("inf"), b"1", object(), 10**5000):
        with pytest.raises(PolicyError):
            equivalent(policy(bad), policy("1"))


def test_a_letter_that_only_unicode_takes_for_a_k_is_no_k() -> None:
    kelvin = {"Statement": {"Effect": "Allow", "Action": "s3:\N{KELVIN SIGN}"}}
    assert not equivalent(kelvin, {"Statement": {"Effect": "Allow", "Action": "s3:k"}})


def test_keys_that_are_no_text_are_refused() -> None:
    statement = {"Effect": "Allow", "Action": "*"}
    bad: list[Any] = [
        {5: "x", "Statement": []},
        {"Statement": {**statement, None: "x"}},
        {"Statement": {**statement, "Condition": {True: {}}}},
        {"Statement": {**statement, "Condition": {"Bool": {5: "true"}}}},
        {"Statement": {**statement, "Principal": {5: "*"}}},
    ]
    for policy in bad:
        with pytest.raises(PolicyError, match="a key is text"):
            canonical(policy)


@pytest.mark.parametrize("junk", [None, 5, [], b"{}", object(), {1, 2}], ids=lambda junk: type(junk).__name__)
def test_a_value_of_another_type_is_no_policy(junk: Any) -> None:
    with pytest.raises(PolicyError):
        canonical(junk)


def test_a_tuple_is_a_list() -> None:
    one = {"Statement": ({"Effect": "Allow", "Action": ("a:B", "a:C")},)}
    assert equivalent(one, {"Statement": {"Effect": "Allow", "Action": ["a:C", "a:B"]}})
