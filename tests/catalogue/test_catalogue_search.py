from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalogue.actions import ActionCatalogue, action_catalogue
from reconciler.catalogue.search import find_actions, near_actions, services

CATALOGUE = action_catalogue()
NAMES = st.sampled_from(CATALOGUE.names)
PIECES = st.lists(st.sampled_from(["*", "?", "get", "Put", "role", "s3", "iam", "Object"]), min_size=1, max_size=5)


def found(glob: str, catalogue: ActionCatalogue = CATALOGUE) -> list[str]:
    return [catalogue.names[index] for index in find_actions(catalogue, glob)]


@given(PIECES, PIECES)
def test_a_glob_with_a_colon_finds_just_the_names_that_it_matches_as_a_whole(
    before: list[str], after: list[str]
) -> None:
    glob = f"{''.join(before)}:{''.join(after)}"
    assert found(glob) == [name for name in CATALOGUE.names if fnmatch.fnmatchcase(name.lower(), glob.lower())]


@given(NAMES, st.data())
def test_a_name_is_found_by_itself_in_any_case_and_by_what_is_left_of_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert found(name.swapcase()) == [name]
    for glob in (f"{name[:start]}*{name[end:]}", name[:start] + "?" * (end - start) + name[end:]):
        assert name in found(glob)
    word = name.partition(":")[2]
    assert name in found(word.upper())


@pytest.mark.parametrize("glob", ["s3.getobject", "s3:get[o]bject", "s3:Get.*", "s3:GetObject\n", "", ":", "(", "é*"])
def test_only_star_and_question_mark_stand_for_something_else(glob: str) -> None:
    assert found(glob) == []


def test_every_action_belongs_to_one_service() -> None:
    counts = services(CATALOGUE)
    assert list(counts) == sorted(counts)
    for service in ("s3", "s3-outposts", "iam"):
        assert len(found(service)) == counts[service]
    assert sum(counts.values()) == len(CATALOGUE.names)


@given(NAMES, st.integers(1, 2))
def test_a_name_that_lacks_a_letter_is_seen_through_and_what_is_suggested_finds_something(
    name: str, place: int
) -> None:
    service, _, action = name.partition(":")
    slip = f"{service}:{action[:-place]}{action[len(action) - place + 1 :]}"
    if len(action) > 8 and not found(slip):
        suggested = near_actions(CATALOGUE, slip)
        assert suggested
        assert all(found(glob) for glob in suggested)


def test_no_more_is_suggested_than_asked_for() -> None:
    assert near_actions(CATALOGUE, "s3:GetObjct", limit=1) == ("s3:GetObject",)
    assert near_actions(CATALOGUE, "xq:zz") == ()
