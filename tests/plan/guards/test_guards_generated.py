"""What is left behind, and sources that come up empty, over random estates: from both sides."""

from __future__ import annotations

import random

from hypothesis import assume, given
from hypothesis import strategies as st
from support.grants import estate, live_of
from support.guarding import judged, said, wanted


@given(st.integers(0, 10**9))
def test_whoever_loses_its_document_is_left_behind_and_nobody_else(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    base = estate(chance)
    people = [one for one in base if one["kind"] in {"user", "role"}]
    assume(people)
    gone = chance.choice(people)
    name, rest = f"{gone['kind']}/{gone['name']}", [one for one in base if one is not gone]
    assume(rest)
    live, before = live_of(base), wanted(base)
    assert list(said(judged(live, wanted(rest), before), "left-behind")) == [name]
    for more in ({"state": "absent"}, {"state": "unmanaged", "reason": "theirs now"}):
        settled = [*rest, {"kind": gone["kind"], "name": gone["name"], **more}]
        assert not said(judged(live, wanted(settled), before), "left-behind")


@given(st.integers(0, 10**9))
def test_documents_that_declare_nothing_any_more_are_an_empty_source_and_one_object_is_none(seed: int) -> None:
    base = estate(random.Random(seed))  # noqa: S311  reproducible, not secret
    live, before = live_of(base), wanted(base)
    assert list(said(judged(live, wanted([]), before), "empty-source")) == ["account"]
    anchor = {"kind": "group", "name": "anchor"}
    assert not said(judged(live, wanted([anchor]), before), "empty-source")
