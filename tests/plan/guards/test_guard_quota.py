"""Quotas: no step passes one without a word, and nothing is said of what was beyond before and gets no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.crowds import inline_size
from support.estates import Docs
from support.guarding import DOMESTIC, judged, live_with, said, wanted
from support.small import BOTH, READ, SEND, WRITE, document, policy

NOUNS = {"user": "Users", "group": "Groups", "role": "Roles", "policy": "Policies"}
MORE: dict[str, dict[str, Any]] = {"role": {"trust": DOMESTIC}, "policy": {"document": READ}}


def some(kind: str, numbers: range, **fields: Any) -> Docs:
    return [{"kind": kind, "name": f"x{number}", **MORE.get(kind, {}), **fields} for number in numbers]


@pytest.mark.parametrize("kind", NOUNS)
@given(there=st.integers(0, 4), come=st.integers(0, 4), go=st.integers(0, 4), most=st.integers(0, 8))
def test_the_account_holds_no_more_than_its_quota_at_any_moment(
    kind: str, there: int, come: int, go: int, most: int
) -> None:
    go = min(go, there)
    gone = [{"kind": kind, "name": f"x{number}", "state": "absent"} for number in range(go)]
    live = live_with(some(kind, range(there)), quotas={f"{NOUNS[kind]}Quota": most})
    docs = [*gone, *some(kind, range(go, there + come)), {"kind": "group", "name": "anchor"}][: -1 if come else None]
    found = judged(live, wanted(docs))
    count, peak = there, 0
    for step in found.steps:
        if step.call.operation == f"Create{kind.capitalize()}":
            count += 1
            peak = max(peak, count)
        count -= step.call.operation == f"Delete{kind.capitalize()}"
    told = f"there would be {peak} {NOUNS[kind].lower()} in the account, and the quota is {most}"
    mine = {at: text for at, text in said(found, "quota").items() if NOUNS[kind].lower() in text[0]}
    assert mine == ({"account": (told,)} if peak > most else {})


def test_the_account_is_counted_by_its_own_summary() -> None:
    live = live_with([], quotas={"Roles": 1000, "RolesQuota": 1000})
    assert said(judged(live, wanted(some("role", range(1)))), "quota") == {
        "account": ("there would be 1001 roles in the account, and the quota is 1000",)
    }
    assert not said(judged(live, wanted(some("user", range(3)))), "quota")


POLICIES = [policy(name, READ) for name in "abcd"]
LONG = document(("Allow", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "*"))
USER: dict[str, Any] = {"kind": "user", "name": "u"}
ROLE: dict[str, Any] = {"kind": "role", "name": "r", "trust": DOMESTIC}


ONE_OBJECT: list[tuple[str, Docs, Docs, dict[str, int], dict[str, str]]] = [
    (
        "a policy too many",
        [*POLICIES, {**USER, "policies": ["a"]}],
        [*POLICIES, {**USER, "policies": ["a", "b", "c"]}],
        {"AttachedPoliciesPerUserQuota": 2},
        {"user/u": "its policies would come to 3, and the quota is 2"},
    ),
    (
        "as many as there may be, one for another",
        [*POLICIES, {**USER, "policies": ["a", "b"]}],
        [*POLICIES, {**USER, "policies": ["c", "d"]}],
        {"AttachedPoliciesPerUserQuota": 2},
        {},
    ),
    (
        "fewer, and still too many",
        [*POLICIES, {**USER, "policies": ["a", "b", "c"]}],
        [*POLICIES, {**USER, "policies": ["a", "b"]}],
        {"AttachedPoliciesPerUserQuota": 1},
        {},
    ),
    (
        "a new object with too much",
        [*POLICIES],
        [*POLICIES, {**ROLE, "policies": ["a", "b"]}],
        {"AttachedPoliciesPerRoleQuota": 1},
        {"role/r": "its policies would come to 2, and the quota is 1"},
    ),
    (
        "inline policies that are too long together",
        [{**USER, "inline_policies": {"i": READ}}],
        [{**USER, "inline_policies": {"i": READ, "j": SEND}}],
        {"UserPolicySizeQuota": inline_size({"i": READ}) + 1},
        {"user/u": f"its inline policies would come to {inline_size({'i': READ, 'j': SEND})}, and the quota is "},
    ),
    (
        "groups of a user, put by the group",
        [USER, *some("group", range(3))],
        [USER, *some("group", range(3), members=["u"])],
        {"GroupsPerUserQuota": 2},
        {"user/u": "its groups would come to 3, and the quota is 2"},
    ),
    (
        "a document that is too long",
        [policy("p", READ)],
        [policy("p", LONG)],
        {"PolicySizeQuota": 100},
        {"policy/p": "its PolicySize would come to "},
    ),
    ("a document that was too long", [policy("p", LONG)], [policy("p", BOTH)], {"PolicySizeQuota": 10}, {}),
    (
        "a trust that is too long",
        [],
        [ROLE],
        {"AssumeRolePolicySizeQuota": 100},
        {"role/r": "its AssumeRolePolicySize would come to "},
    ),
    (
        "a version too many",
        [policy("p", READ)],
        [policy("p", WRITE)],
        {"VersionsPerPolicyQuota": 1},
        {"policy/p": "its VersionsPerPolicy would come to 2, and the quota is 1"},
    ),
    ("the second of two versions", [policy("p", READ)], [policy("p", WRITE)], {"VersionsPerPolicyQuota": 2}, {}),
    ("what the account does not tell of", [], [ROLE, policy("p", LONG)], {}, {}),
]


@pytest.mark.parametrize(
    ("before", "after", "quotas", "told"), [pytest.param(*case[1:], id=case[0]) for case in ONE_OBJECT]
)
def test_no_object_holds_more_than_its_quota(
    before: Docs, after: Docs, quotas: dict[str, int], told: dict[str, str]
) -> None:
    docs = after or [{"kind": "group", "name": "anchor"}]
    found = said(judged(live_with(before, quotas=quotas), wanted(docs)), "quota")
    assert found.keys() == told.keys()
    assert all(found[subject][0].startswith(text) for subject, text in told.items()), found


def test_a_user_takes_fifty_tags_with_its_mark() -> None:
    for count, speaks in ((49, False), (50, True)):
        live = live_with([USER], fields={"user/u": {"tags": {f"k{number}": "v" for number in range(count)}}})
        found = judged(live, wanted([{**USER, "path": "/a/"}], owner="me"))
        assert bool(said(found, "quota")) == speaks
