"""What holds for every comparison, held against the evaluator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from access.access_naive import documents, principals, requests
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access import Principal, Relation, Request, Verdict, certain, compare, evaluate, possible

SWAPPED = {Relation.WIDER: Relation.NARROWER, Relation.NARROWER: Relation.WIDER}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Principal, Principal]:
    """Return two principals, mostly with much in common."""
    old = draw(principals())
    edit = draw(st.sampled_from(["other", "document", "boundary", "scps", "bindings", "none"]))
    if edit == "other":
        return old, draw(principals())
    if edit == "document":
        return old, replace(old, identity=[*old.identity[1:], draw(documents())])
    if edit == "boundary":
        return old, replace(old, boundary=draw(st.none() | documents()))
    if edit == "scps":
        return old, replace(old, scps=[*old.scps[1:], *draw(st.lists(st.lists(documents(), max_size=2), max_size=1))])
    if edit == "bindings":
        return old, replace(old, bindings=draw(principals()).bindings)
    return old, old


def refuted(verdict: Verdict, old: Principal, new: Principal, request: Request) -> bool:
    before, after = evaluate(old, request).allowed, evaluate(new, request).allowed
    return (verdict.widens is False and after and not before) or (verdict.narrows is False and before and not after)


@given(pairs(), st.lists(requests(), min_size=20, max_size=20))
def test_no_request_refutes_a_verdict(pair: tuple[Principal, Principal], found: list[Request]) -> None:
    verdict = compare(*pair)
    assert not any(refuted(verdict, *pair, request) for request in found)


@given(pairs())
def test_every_witness_is_allowed_on_one_side_only_and_says_how_both_sides_decide(
    pair: tuple[Principal, Principal],
) -> None:
    verdict = compare(*pair)
    assert bool(verdict.gained) is bool(verdict.widens)
    assert bool(verdict.lost) is bool(verdict.narrows)
    assert not any("fault" in reason for reason in verdict.reasons)
    for witness in [*verdict.gained, *verdict.lost]:
        assert (witness.old, witness.new) == tuple(evaluate(side, witness.request) for side in pair)
        assert witness.new.allowed is (witness in verdict.gained)
        assert witness.old.allowed is not witness.new.allowed


@given(pairs())
def test_the_other_way_round_gains_are_losses(pair: tuple[Principal, Principal]) -> None:
    old, new = pair
    there, back = compare(old, new), compare(new, old)
    assert back.relation is SWAPPED.get(there.relation, there.relation)
    assert [one.request for one in back.gained] == [one.request for one in there.lost]


@given(principals())
def test_a_principal_is_its_own_equal(principal: Principal) -> None:
    assert compare(principal, principal).relation is Relation.EQUAL


@given(principals(), documents())
def test_a_boundary_or_scps_more_never_widen(principal: Principal, document: dict[str, Any]) -> None:
    free = replace(principal, boundary=None)
    assert compare(free, replace(free, boundary=document)).widens is False
    assert compare(free, replace(free, scps=[*free.scps, [document]])).widens is False


@given(principals(), requests())
def test_what_is_allowed_is_possible_and_what_is_certain_is_allowed(principal: Principal, request: Request) -> None:
    action, _, rest = request.action.partition(":")
    allowed = evaluate(principal, request).allowed
    if allowed:
        assert possible(principal, f"{action}:{rest[0]}*", request.resource, request.context).holds is not False
    if not allowed:
        assert certain(principal, request.action, request.resource, request.context).holds is not True
