"""Steps come in an order that depends on nothing but the drafts, and that IAM accepts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff import Draft, Tie
from reconciler.model import Address, Call, Effect
from reconciler.plan.order import ordered

USER = Address("user", "u")


def draft(operation: str, effect: Effect, *after: str, **params: str) -> Draft:
    return Draft(USER, Call(operation, params), effect, frozenset(after))


def names(drafts: list[Draft], ties: list[Tie]) -> list[str]:
    return [step.call.operation for step in ordered(drafts, ties)]


def test_where_nothing_binds_them_doors_close_first_and_deletions_come_last() -> None:
    effects: list[Effect] = ["delete", "remove", "change", "add", "create", "rename", "lock"]
    drafts = [draft(effect, effect, UserName=effect) for effect in effects]
    assert names(drafts, []) == ["lock", "rename", "create", "add", "change", "remove", "delete"]


def test_a_call_that_names_an_object_waits_for_its_birth() -> None:
    create = draft("CreatePolicy", "create", PolicyName="p")
    attach = draft("AttachUserPolicy", "lock", UserName="u", PolicyArn="arn:p")
    tie = Tie(frozenset({("PolicyArn", "arn:p"), ("*", "arn:p")}), born=create.call.key)
    assert names([attach, create], [tie]) == ["CreatePolicy", "AttachUserPolicy"]


def test_an_end_waits_for_everything_that_names_or_releases_the_object() -> None:
    delete = draft("DeletePolicy", "lock", PolicyArn="arn:p")
    detach = draft("DetachUserPolicy", "remove", UserName="u", PolicyArn="arn:p")
    swap = Draft(USER, Call("PutUserPermissionsBoundary", {"UserName": "u"}), "change", releases=frozenset({"arn:p"}))
    tie = Tie(frozenset({("PolicyArn", "arn:p"), ("*", "arn:p")}), dies=delete.call.key)
    assert names([delete, detach, swap], [tie])[-1] == "DeletePolicy"


def test_of_a_replaced_object_the_old_ties_go_before_its_end_and_the_new_come_after_its_birth() -> None:
    delete = draft("DeletePolicy", "delete", PolicyArn="arn:p")
    create = draft("CreatePolicy", "create", delete.call.key, PolicyName="p")
    detach = draft("DetachUserPolicy", "remove", UserName="u", PolicyArn="arn:p")
    attach = draft("AttachUserPolicy", "add", UserName="u", PolicyArn="arn:p")
    both = frozenset({("PolicyArn", "arn:p"), ("*", "arn:p")})
    ties = [Tie(both, dies=delete.call.key, replaced=True), Tie(both, born=create.call.key, replaced=True)]
    expected = ["DetachUserPolicy", "DeletePolicy", "CreatePolicy", "AttachUserPolicy"]
    assert names([attach, create, delete, detach], ties) == expected


def test_the_same_call_drafted_twice_is_one_step_with_the_bonds_of_both() -> None:
    first, second = draft("A", "add"), draft("B", "add")
    twice = [draft("C", "lock", first.call.key), draft("C", "lock", second.call.key)]
    steps = ordered([*twice, first, second], [])
    assert [(step.call.operation, step.after) for step in steps] == [("A", ()), ("B", ()), ("C", (1, 2))]


@st.composite
def bound_drafts(draw: st.DrawFn) -> list[Draft]:
    """Draw drafts of which each may wait for some before it."""
    effects: list[Effect] = ["lock", "create", "add", "change", "remove", "delete"]
    drafts: list[Draft] = []
    for number in range(draw(st.integers(0, 12))):
        after = draw(st.lists(st.sampled_from([d.call.key for d in drafts]), max_size=3)) if drafts else []
        drafts.append(draft(f"Op{number}", draw(st.sampled_from(effects)), *after))
    return drafts


@given(bound_drafts(), st.randoms(use_true_random=False))
def test_every_step_comes_after_what_it_waits_for_and_shuffled_drafts_give_the_same_steps(
    drafts: list[Draft],
    chance: object,
) -> None:
    steps = ordered(drafts, [])
    assert len(steps) == len(drafts)
    assert all(earlier < step.id for step in steps for earlier in step.after)
    chance.shuffle(drafts)  # type: ignore[attr-defined]
    assert ordered(drafts, []) == steps
