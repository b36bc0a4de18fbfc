"""Settings that are loosened are told of, and guards hold to the stricter ones of both sides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.grants import Snapshot
from support.guarding import judged, live_with, said, wanted

from reconciler.model import (
    Address,
    Base,
    Desired,
    Limit,
    LimitName,
    Live,
    Origin,
    Plan,
    Requirement,
    Roles,
    Rule,
    Settings,
)
from reconciler.plan.globs import covers
from reconciler.plan.make import guarded
from reconciler.plan.stricter import stricter

USER = {"kind": "user", "name": "u"}
A, B, C = (Address("role", name) for name in "abc")
SOON, LATE, PAST = dt.date(2027, 1, 1), dt.date(2027, 6, 1), dt.date(2026, 1, 1)
ONE, OTHER, ALL = Rule("role/one"), Rule("role/other"), Rule("role/*")
ASKED = Requirement("role/app-*", ("permissions_boundary", "tags"))


def rule(match: str, until: dt.date | None = None, reason: str | None = None) -> Rule:
    return Rule(match, reason, until, Origin("settings.yaml", 9))


LOOSENED: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str]]] = [
    (
        "limits raised and removed",
        {"limits": {"delete": Limit(5, 20), "trust": Limit(1), "widen": Limit(None, 5)}},
        {"limits": {"delete": Limit(9, 20), "widen": Limit(3)}},
        {
            "limits.delete": "the limit was 5 and 20 % and is 9 and 20 %",
            "limits.trust": "the limit was 1 and is none",
            "limits.widen": "the limit was 5 % and is 3",
        },
    ),
    (
        "limits lowered and added",
        {"limits": {"delete": Limit(5)}},
        {"limits": {"delete": Limit(4, 10), "narrow": Limit(0)}},
        {},
    ),
    ("protect removed", {"protect": [ONE, OTHER]}, {"protect": [OTHER]}, {"protect": "it no longer covers role/one"}),
    (
        "protect reordered and reasoned",
        {"protect": [ONE, OTHER]},
        {"protect": [OTHER, rule("Role/ONE", None, "why")]},
        {},
    ),
    ("protect widened", {"protect": [ONE, rule("role/o*r")]}, {"protect": [ALL]}, {}),
    ("protect narrowed", {"protect": [ALL]}, {"protect": [ONE]}, {"protect": "it no longer covers role/* as it did"}),
    ("protected by the roles", {"protect": [Rule("role/a")]}, {"roles": Roles(apply=A)}, {}),
    (
        "a day brought forward",
        {"protect": [rule("role/a", LATE)], "ignore": [rule("role/b", None)]},
        {"protect": [rule("role/a", SOON)], "ignore": [rule("role/b", LATE)]},
        {"protect": "it no longer covers role/a through 2027-06-01 as it did", "ignore": "it no longer covers role/b"},
    ),
    ("a day put off", {"ignore": [rule("role/a", SOON)]}, {"ignore": [rule("role/a", LATE)]}, {}),
    ("a day put off for good", {"ignore": [rule("role/a", SOON)]}, {"ignore": [rule("role/a")]}, {}),
    ("a rule whose day is past", {"ignore": [rule("role/a", PAST)], "protect": [rule("role/a", PAST)]}, {}, {}),
    ("ignore removed", {"ignore": [ONE]}, {}, {"ignore": "it no longer covers role/one"}),
    ("keep removed", {"keep": ["*/a", "*/b"]}, {"keep": ["*/b"]}, {"keep": "it no longer covers */a"}),
    ("keep widened", {"keep": ["role/x/a", "*/b"]}, {"keep": ["*"]}, {}),
    (
        "require for less",
        {"require": [ASKED]},
        {"require": [Requirement("role/app-*", ("tags",))]},
        {"require": "it no longer asks for permissions_boundary of role/app-*"},
    ),
    (
        "require in two parts",
        {"require": [ASKED]},
        {"require": [Requirement("*", ("tags",)), Requirement("role/*", ("path", "permissions_boundary"))]},
        {},
    ),
    (
        "roles changed",
        {"roles": Roles(A, B, (A, B))},
        {"roles": Roles(None, C, (B, C))},
        {"roles": "they were changed: plan was role/a and is not set, apply was role/b and is role/c, recover no"},
    ),
    ("roles added", {"roles": Roles(None, B, (A,))}, {"roles": Roles(C, B, (C, A))}, {}),
    ("prune turned on", {"prune": False}, {"prune": True}, {"prune": "it was false and is true"}),
    ("prune turned off", {"prune": True}, {"prune": False}, {}),
    ("another owner", {"owner": "us"}, {"owner": "them"}, {"owner": "it was us and is them"}),
    ("no owner", {"owner": "us"}, {}, {"owner": "it was us and is not set"}),
    ("a first owner", {}, {"owner": "us"}, {}),
]


@pytest.mark.parametrize(("base", "head", "told"), [pytest.param(*case[1:], id=case[0]) for case in LOOSENED])
def test_each_key_that_is_loosened_is_told_of_and_no_other(
    base: dict[str, Any], head: dict[str, Any], told: dict[str, str]
) -> None:
    places = {"limits": Origin("settings.yaml", 3), "limits.delete": Origin("settings.yaml", 4)}
    live = live_with([USER])
    found = judged(live, wanted([USER], places=places, **head), wanted([USER], **base))
    alarms = {alarm.subject: alarm for alarm in found.alarms if alarm.guard == "settings-loosened"}
    assert alarms.keys() == {f"settings/{key}" for key in told}
    assert all(alarms[f"settings/{key}"].what.startswith(text) for key, text in told.items())
    lines = {"settings/limits.delete": 4, "settings/limits.trust": 3, "settings/limits.widen": 3}
    assert all((a.origin.line if a.origin else None) == lines.get(subject) for subject, a in alarms.items())
    assert not said(judged(live, wanted([USER], **head)), "settings-loosened")
    assert not said(judged(live, wanted([USER], **base), wanted([USER], **base)), "settings-loosened")


def test_who_raises_a_limit_is_judged_by_the_one_that_was() -> None:
    after = [{**USER, "state": "absent"}, {"kind": "group", "name": "anchor"}]
    base = wanted([USER], limits={"delete": Limit(0)})
    found = judged(live_with([USER]), wanted(after, limits={"delete": Limit(9)}), base)
    assert {alarm.guard for alarm in found.alarms} == {"limit-delete", "settings-loosened"}


TEXT = st.text("ab*?[]/", max_size=5)


@given(TEXT, TEXT, st.lists(st.text("ab/", max_size=4), max_size=20))
def test_a_pattern_covers_another_only_if_it_matches_all_that_the_other_does(
    wide: str, narrow: str, texts: list[str]
) -> None:
    assert covers(wide, wide)
    assert covers("*", narrow) or "[" in narrow
    if covers(wide, narrow):
        assert all(fnmatchcase(text, wide) for text in texts if fnmatchcase(text, narrow))


PATTERNS = st.sampled_from(["role/a", "role/b", "role/*", "*", "user/a?"])
DAYS = st.sampled_from([None, PAST, SOON, LATE])
RULES = st.lists(st.builds(Rule, PATTERNS, st.just("why"), DAYS), max_size=3).map(tuple)
LIMITS = st.builds(Limit, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))
NAMES: list[LimitName] = ["delete", "narrow", "widen", "trust"]
ROLE = st.sampled_from([None, A, B, C])
SETTINGS = st.builds(
    Settings,
    owner=st.sampled_from([None, "us", "them"]),
    prune=st.booleans(),
    roles=st.builds(Roles, ROLE, ROLE, st.lists(st.sampled_from([A, B, C]), unique=True).map(tuple)),
    protect=RULES,
    ignore=RULES,
    limits=st.dictionaries(st.sampled_from(NAMES), LIMITS),
    require=st.lists(
        st.builds(Requirement, PATTERNS, st.lists(st.sampled_from("xyz"), min_size=1, unique=True).map(tuple)),
        max_size=3,
    ).map(tuple),
    accounts=st.frozensets(st.sampled_from(["1", "2", "3"])),
    keep=st.lists(PATTERNS, max_size=3).map(tuple),
)
ADDRESSES = [A, B, C, Address("user", "ab"), Address("group", "g")]


@given(SETTINGS, SETTINGS)
def test_the_stricter_settings_are_looser_than_neither(head: Settings, base: Settings) -> None:
    found = stricter(head, base)
    for side in (head, base):
        for day in (PAST, dt.date(2026, 11, 24), SOON, LATE, dt.date(2030, 1, 1)):
            for address in ADDRESSES:
                assert not side.protecting(address, day) or found.protecting(address, day)
                assert not side.ignoring(address, day) or found.ignoring(address, day)
        for name in NAMES:
            for part in ("count", "percent"):
                old, new = (getattr(one.limits.get(name, Limit()), part) for one in (side, found))
                assert old is None or (new is not None and new <= old)
        asked = {
            (address, f) for one in side.require for address in ADDRESSES if one.covers(address) for f in one.fields
        }
        assert asked <= {(at, f) for one in found.require for at in ADDRESSES if one.covers(at) for f in one.fields}
        assert all(any(fnmatchcase(text, pattern) for pattern in found.keep) for text in kept(side))
        assert found.prune <= side.prune
        assert found.accounts <= side.accounts
        assert found.owner in {None, side.owner} or side.owner is None
    for role in ("plan", "apply"):
        assert getattr(found.roles, role) == (getattr(head.roles, role) or getattr(base.roles, role))
    for side in (head, base):
        assert set(found.roles.recover) <= set(side.roles.recover) or not set(head.roles.recover) & set(
            base.roles.recover
        )


def kept(settings: Settings) -> list[str]:
    texts = ["role/a", "role/b", "role/c/d", "user/ab", "other"]
    return [text for text in texts if any(fnmatchcase(text, pattern) for pattern in settings.keep)]


@given(SETTINGS)
def test_the_same_settings_are_neither_stricter_nor_looser(settings: Settings) -> None:
    assert stricter(settings, None) is settings
    assert stricter(settings, dataclasses.replace(settings)) == settings


@given(SETTINGS, SETTINGS)
def test_nothing_is_loosened_towards_the_stricter_settings(head: Settings, base: Settings) -> None:
    """Save of what cannot be had on both sides: one apply role, one set of those that recover, one owner."""
    found, desired = stricter(head, base), unset()
    at_base = Base("0" * 40, dataclasses.replace(desired, settings=base))
    headed = dataclasses.replace(desired, settings=found)
    live = Live(desired.account, {})
    told = said(guarded(Plan(desired.account), headed, live, Snapshot(live), at_base), "settings-loosened")
    assert told.keys() <= {"settings/owner", "settings/roles"}
    assert ("settings/owner" in told) == (base.owner not in {None, head.owner})


@cache
def unset() -> Desired:
    return wanted([USER])
