"""What somebody else made is not taken over without a word: every way to lose something, and every near miss."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.estates import Docs
from support.grants import live_of, pair
from support.guarding import DOMESTIC, judged, live_with, said, wanted
from support.small import BOTH, NO_READ, READ, SEND, policy

from reconciler.model import Address

FENCES = [policy("wide", BOTH), policy("narrow", READ)]
USER: dict[str, Any] = {"kind": "user", "name": "u"}
ROLE: dict[str, Any] = {"kind": "role", "name": "r", "trust": DOMESTIC}
GROUP: dict[str, Any] = {"kind": "group", "name": "g"}
STRANGER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "sts:AssumeRole"}
BOTH_TRUSTED = {"Version": "2012-10-17", "Statement": [*DOMESTIC["Statement"], STRANGER]}

LOSSES: list[tuple[str, Docs, Docs, dict[str, tuple[str, ...]]]] = [
    (
        "a policy is detached, an inline one and a group are taken",
        [*FENCES, GROUP, {**USER, "policies": ["wide"], "inline_policies": {"i": READ}, "groups": ["g"]}],
        [*FENCES, GROUP, USER],
        {
            "user/u": (
                "it would lose g of its groups",
                "it would lose wide of its policies",
                "it would lose i of its inline policies",
            )
        },
    ),
    (
        "an inline policy narrows",
        [{**USER, "inline_policies": {"i": BOTH}}],
        [{**USER, "inline_policies": {"i": READ}}],
        {"user/u": ("its inline policy i would allow less than now, s3:PutObject on",)},
    ),
    (
        "a document narrows",
        [policy("p", BOTH)],
        [policy("p", READ)],
        {"policy/p": ("its document would allow less than now, s3:PutObject on",)},
    ),
    (
        "a boundary comes",
        [*FENCES, {**USER, "policies": ["wide"]}],
        [*FENCES, {**USER, "policies": ["wide"], "permissions_boundary": "narrow"}],
        {"user/u": ("its policies within another boundary would allow less than now, s3:PutObject on",)},
    ),
    ("a trust changes", [{**ROLE, "trust": BOTH_TRUSTED}], [ROLE], {"role/r": ("its trust would change",)}),
    ("a trust grows", [ROLE], [{**ROLE, "trust": BOTH_TRUSTED}], {"role/r": ("its trust would change",)}),
    (
        "a group loses a member",
        [USER, {**GROUP, "members": ["u"]}],
        [{**GROUP, "members": []}],
        {"group/g": ("it would lose u of its members",)},
    ),
    (
        "an object is created anew",
        [{**policy("p", READ), "description": "one"}],
        [{**policy("p", READ), "description": "two", "replace": "true"}],
        {"policy/p": ("it would be deleted and created anew",)},
    ),
    (
        "an object is renamed",
        [{**USER, "name": "old"}],
        [{**USER, "renamed_from": "old"}],
        {"user/u": ("it would be called u instead of old",)},
    ),
    (
        "a document of somebody else's cannot be weighed",
        [{**USER, "policies": ["ReadOnlyAccess"]}, *FENCES],
        [{**USER, "policies": ["ReadOnlyAccess"], "permissions_boundary": "wide"}, *FENCES],
        {"user/u": ("its policies within another boundary may allow less than now",)},
    ),
]


def assert_lost(found: dict[str, tuple[str, ...]], lost: dict[str, tuple[str, ...]]) -> None:
    assert found.keys() == lost.keys()
    for subject, (what, *detail) in found.items():
        assert what == f"it would be taken over from whoever made it: {detail[0]}"
        assert [text.startswith(start) for text, start in zip(detail, lost[subject], strict=True)] == [True] * len(
            detail
        ), detail


@pytest.mark.parametrize(("before", "after", "lost"), [pytest.param(*case[1:], id=case[0]) for case in LOSSES])
def test_a_takeover_lists_what_would_be_lost_and_knows_what_is_ours(
    before: Docs, after: Docs, lost: dict[str, tuple[str, ...]]
) -> None:
    live = live_with(before)
    assert_lost(said(judged(live, wanted(after)), "takeover"), lost)
    assert_lost(
        said(judged(live, wanted(after, owner="me"), wanted([USER, policy("other", READ)][1:])), "takeover"), lost
    )
    assert not said(judged(live, wanted(after), wanted(before)), "takeover")
    adopted = wanted(after)
    declared = {at: dataclasses.replace(one, adopt=True) for at, one in adopted.declared.items()}
    assert not said(judged(live, dataclasses.replace(adopted, declared=declared)), "takeover")


NOTHING_LOST: list[tuple[str, Docs, Docs]] = [
    ("a document grows", [policy("p", READ)], [policy("p", BOTH)]),
    ("a document is written otherwise", [policy("p", BOTH)], [{**policy("p", BOTH), "tags": {"a": "b"}}]),
    ("a policy comes", [*FENCES, USER], [*FENCES, {**USER, "policies": ["wide"]}]),
    ("a member comes", [USER, GROUP], [USER, {**GROUP, "members": ["u"]}]),
    ("what describes changes", [{**USER, "path": "/a/"}], [{**USER, "path": "/b/"}]),
    (
        "a boundary that takes nothing",
        [*FENCES, {**USER, "policies": ["narrow"]}],
        [*FENCES, {**USER, "policies": ["narrow"], "permissions_boundary": "wide"}],
    ),
    (
        "a boundary goes",
        [*FENCES, {**USER, "policies": ["wide"], "permissions_boundary": "narrow"}],
        [*FENCES, {**USER, "policies": ["wide"], "permissions_boundary": None}],
    ),
    ("a tombstone", [policy("p", READ), USER], [{"kind": "policy", "name": "p", "state": "absent"}, USER]),
    ("what is left alone", [*FENCES, {**USER, "policies": ["wide"]}], [{**policy("wide", BOTH)}, GROUP]),
]


@pytest.mark.parametrize(("before", "after"), [pytest.param(*case[1:], id=case[0]) for case in NOTHING_LOST])
def test_what_loses_nothing_is_not_taken_over(before: Docs, after: Docs) -> None:
    found = judged(live_with(before), wanted(after))
    assert found.steps
    assert not said(found, "takeover")


def test_our_mark_says_that_it_is_ours_and_a_copied_one_does_not() -> None:
    before, after = [*FENCES, {**USER, "policies": ["wide"]}], [*FENCES, USER]
    for marked, speaks in (({"user/u": "me"}, False), ({}, True)):
        found = judged(live_with(before, marked=marked), wanted(after, owner="me"))
        assert (said(found, "takeover").keys() == {"user/u"}) == speaks
    copied = live_with(before, fields={"user/u": {"tags": {"iam-reconciler": "me/user/v"}}})
    assert said(judged(copied, wanted(after, owner="me")), "takeover").keys() == {"user/u"}


def test_what_was_declared_at_the_base_by_another_name_is_ours() -> None:
    live = live_with([*FENCES, {**USER, "name": "old", "policies": ["wide"]}])
    after = wanted([*FENCES, {**USER, "renamed_from": "old"}])
    assert not said(judged(live, after, wanted([*FENCES, {**USER, "name": "old"}])), "takeover")
    assert not said(judged(live, after, wanted([*FENCES, {**USER, "renamed_from": "old"}])), "takeover")
    assert said(judged(live, after, wanted(FENCES)), "takeover").keys() == {"user/u"}


@pytest.mark.parametrize("state", ["absent", "unmanaged"])
def test_what_the_base_did_not_want_is_not_ours(state: str) -> None:
    live = live_with([*FENCES, {**USER, "policies": ["wide"]}])
    given_up = {**USER, "state": state, **({"reason": "gone"} if state == "unmanaged" else {})}
    found = judged(live, wanted([*FENCES, USER]), wanted([*FENCES, given_up]))
    assert said(found, "takeover").keys() == {"user/u"}


def test_what_is_moved_along_with_a_rename_loses_nothing() -> None:
    before = [{**GROUP, "name": "old"}, {**USER, "groups": ["old"]}]
    found = judged(live_with(before), wanted([{**GROUP, "renamed_from": "old"}, {**USER, "groups": ["g"]}]))
    assert said(found, "takeover").keys() == {"group/g"}


def test_a_deny_that_comes_in_a_document_is_a_loss() -> None:
    live = live_with([{**USER, "inline_policies": {"i": SEND, "j": READ}}])
    wider = {**READ, "Statement": [*READ["Statement"], *NO_READ["Statement"]]}
    found = judged(live, wanted([{**USER, "inline_policies": {"i": SEND, "j": wider}}]))
    assert [line.startswith("its inline policy j would allow less") for line in said(found, "takeover")["user/u"][1:]]


@given(st.integers(0, 10**6))
def test_whoever_loses_an_item_is_named_and_nobody_who_is_not_written(seed: int) -> None:
    before, after = pair(random.Random(seed))  # noqa: S311  a random account, no secret
    live = live_of(before)
    found = judged(live, wanted(after))
    named = {Address(*subject.split("/")) for subject in said(found, "takeover")}
    losers = {
        change.address
        for change in found.changes
        if change.action in {"update", "rename"}
        and any(d.sign == "-" and d.field in {"policies", "inline_policies", "groups"} for d in change.differences)
    }
    written = {address for address, was in found.before.items() if was is not None}
    assert losers <= named <= written
    assert not said(judged(live, wanted(after), wanted(before)), "takeover").keys() & {
        str(observed.address) for observed in live.objects.values()
    }
