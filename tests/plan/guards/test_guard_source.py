"""Documents that came up empty, and objects that a change leaves behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from support.estates import Docs
from support.grants import Snapshot
from support.guarding import judged, live_with, said, wanted

from reconciler.model import Address, Base, Change, Desired, LeftBehind, Origin, Plan
from reconciler.plan.make import guarded

USER, GROUP = {"kind": "user", "name": "u"}, {"kind": "group", "name": "g"}
ABSENT = {**USER, "state": "absent"}
AT = Address("user", "u")


def constructed(plan: Plan, desired: Desired, base: Desired | None = None) -> Plan:
    live = live_with([USER, GROUP])
    return guarded(plan, desired, live, Snapshot(live), Base("0" * 40, base) if base is not None else None)


EMPTY: list[tuple[str, Docs, Docs | None, Sequence[str], bool]] = [
    ("nothing at all, and pruned", [], None, ["u"], True),
    ("nothing at all, and nothing to prune", [], None, [], False),
    ("nothing at all, and declared at the base", [], [USER], [], True),
    ("nothing at all, as at the base", [], [], [], False),
    ("tombstones for a part", [ABSENT], [USER, GROUP], ["u"], True),
    ("a tombstone for all there was", [ABSENT], [USER], ["u"], False),
    ("a tombstone that is older", [ABSENT], None, ["u"], False),
    ("something is declared", [GROUP], [USER, GROUP], ["u"], False),
]


@pytest.mark.parametrize(("after", "base", "gone", "speaks"), [pytest.param(*case[1:], id=case[0]) for case in EMPTY])
def test_an_empty_source_is_not_what_somebody_wants(
    after: Docs, base: Docs | None, gone: Sequence[str], *, speaks: bool
) -> None:
    desired = wanted(after)
    plan = Plan(desired.account, changes=[Change(Address("user", name), "delete", "") for name in gone])
    found = constructed(plan, desired, wanted(base) if base is not None else None)
    assert (said(found, "empty-source").keys() == {"account"}) == speaks


def test_an_empty_source_says_what_it_would_come_to() -> None:
    found = judged(live_with([USER, GROUP]), wanted([]), wanted([USER, GROUP]))
    assert said(found, "empty-source") == {
        "account": ("nothing is declared for account 123456789012, and 2 objects were declared at the base",)
    }


BASES: list[tuple[str, Docs | None, bool]] = [
    ("no base", None, True),
    ("declared at the base", [USER], True),
    ("renamed at the base", [{**USER, "name": "v", "renamed_from": "u"}], True),
    ("undeclared at the base too", [GROUP], False),
    ("wanted away at the base", [ABSENT, GROUP], False),
]


@pytest.mark.parametrize(("base", "speaks"), [pytest.param(*case[1:], id=case[0]) for case in BASES])
def test_what_this_change_leaves_behind_is_told_with_what_it_keeps(base: Docs | None, *, speaks: bool) -> None:
    desired, origin = wanted([GROUP]), Origin("old.yaml", 3)
    left = LeftBehind(AT, "declared at the base", ("policy admin", "group ops"), origin)
    found = constructed(Plan(desired.account, left_behind=[left]), desired, wanted(base) if base is not None else None)
    alarms = [alarm for alarm in found.alarms if alarm.guard == "left-behind"]
    assert [(alarm.subject, alarm.origin, alarm.detail) for alarm in alarms] == (
        [("user/u", origin, ("declared at the base", "policy admin", "group ops"))] if speaks else []
    )


def test_an_undo_asks_neither_for_a_source_nor_for_what_is_left_behind() -> None:
    undo = dataclasses.replace(wanted([]), verbatim=True)
    plan = Plan(
        undo.account,
        changes=[Change(AT, "delete", "")],
        left_behind=[LeftBehind(AT, "marked as ours")],
    )
    assert {alarm.guard for alarm in constructed(plan, undo, wanted([USER], prune=False)).alarms} <= {"in-use"}
