"""The guard ``boundary-removed``: who steps out of its boundary, and who only seems to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan.guards.cutoffs import FULL, Given, document, planned, role, said, user
from support.estates import Docs

from reconciler.model import Consent

FENCES: Docs = [
    {"kind": "policy", "name": name, "document": document(("Allow", action, "*"))}
    for name, action in (("fence", "s3:*"), ("other", "sqs:*"))
]


def bounded(name: str | None, **more: Any) -> dict[str, Any]:
    return role("r", permissions_boundary=name, **more)


CASES: dict[str, tuple[Docs, Docs, list[str]]] = {
    "it goes": ([bounded("fence")], [bounded(None)], ["role/r"]),
    "it goes from a user": (
        [user("u", permissions_boundary="fence")],
        [user("u", permissions_boundary=None)],
        ["user/u"],
    ),
    "it goes with a rename": (
        [user("u", permissions_boundary="fence")],
        [user("v", renamed_from="u", permissions_boundary=None)],
        ["user/v"],
    ),
    "it goes with a replacement": (
        [bounded("fence", path="/a/")],
        [bounded(None, path="/b/", replace=True)],
        ["role/r"],
    ),
    "another comes in its place": ([bounded("fence")], [bounded("other")], []),
    "one of AWS comes in its place": ([bounded("fence")], [bounded("PowerUserAccess")], []),
    "it comes": ([bounded(None)], [bounded("fence")], []),
    "nothing is said of it": ([bounded("fence")], [role("r", description="x")], []),
    "who has it goes": ([bounded("fence")], [{"kind": "role", "name": "r", "state": "absent"}], []),
    "a new role has none": ([], [bounded(None)], []),
    "it says something else": (
        [bounded("fence")],
        [bounded("fence"), {**FENCES[0], "document": FULL}],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_principal_that_loses_its_boundary_and_stays_is_told(name: str) -> None:
    before, after, told = CASES[name]
    fences = [one for one in FENCES if one["name"] not in {document["name"] for document in after}]
    alarms = said(planned([*FENCES, *before], [*fences, *after]), "boundary-removed")
    assert [alarm.subject for alarm in alarms] == told
    assert all("fence" in alarm.what and alarm.origin is not None for alarm in alarms)


def test_a_consent_lifts_it_for_one_principal_only() -> None:
    before = [*FENCES, bounded("fence"), user("u", permissions_boundary="fence")]
    after = [*FENCES, bounded(None), user("u", permissions_boundary=None)]
    consent = Consent("boundary-removed", "ROLE/R", "it is reviewed by hand", dt.date(2026, 12, 31))
    found = planned(before, after, Given(consents=(consent,)))
    assert [alarm.subject for alarm in found.standing if alarm.guard == "boundary-removed"] == ["user/u"]
    assert consent in found.used


STATES = [None, "fence", "other", "gone"]


@given(st.lists(st.tuples(st.sampled_from(STATES[:3]), st.sampled_from(STATES)), min_size=1, max_size=3))
def test_of_any_principals_those_are_told_who_had_a_boundary_and_have_none(pairs: list[tuple[Any, Any]]) -> None:
    before = [user(f"u{n}", permissions_boundary=old) for n, (old, _) in enumerate(pairs)]
    after = [
        {"kind": "user", "name": f"u{n}", "state": "absent"}
        if new == "gone"
        else user(f"u{n}", permissions_boundary=new)
        for n, (_, new) in enumerate(pairs)
    ]
    told = [f"user/u{n}" for n, (old, new) in enumerate(pairs) if old is not None and new is None]
    alarms = said(planned([*FENCES, *before], [*FENCES, *after]), "boundary-removed")
    assert [alarm.subject for alarm in alarms] == told
