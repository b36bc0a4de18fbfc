"""The guard ``repair-widens``: what a plan gives back although no document of this change asks for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan.guards.cutoffs import ADMIN, AWS, FULL, Given, document, planned, role, said, trusting, user
from support.estates import Docs

from reconciler.model import Consent

READ, SEND = (document(("Allow", action, "*")) for action in ("s3:GetObject", "sqs:SendMessage"))
DENY = document(("Deny", "s3:*", "*"))
P, Q, D = ({"kind": "policy", "name": name, "document": body} for name, body in (("p", READ), ("q", SEND), ("d", DENY)))
G = {"kind": "group", "name": "g", "policies": ["p"]}
WIDE, NARROW = trusting({"AWS": [f"{AWS}root", "999999999999"]}), trusting({"AWS": f"{AWS}root"})


def r(*policies: str, **more: Any) -> dict[str, Any]:
    return role("r", NARROW, policies=list(policies), **more)


CASES: dict[str, tuple[Docs, Docs, Docs, list[str]]] = {
    # The base, what is live, what is declared, and whom the alarms name.
    "a policy that was detached by hand": ([P, r("p")], [P, r()], [P, r("p")], ["role/r"]),
    "a policy that this change attaches": ([P, r()], [P, r()], [P, r("p")], []),
    "a policy that was attached by hand": ([P, r()], [P, r("p")], [P, r()], []),
    "a policy back, beside another field": ([P, r("p")], [P, r()], [P, r("p", description="x")], ["role/r"]),
    "a policy back, beside a policy of this change": (
        [P, Q, r("p")], [P, Q, r()], [P, Q, r("p", "q")], ["role/r"]),
    "a change of one role, a repair of another": (
        [P, r("p"), role("s", NARROW)], [P, r(), role("s", NARROW)], [P, r("p"), role("s", NARROW, policies=["p"])],
        ["role/r"]),
    "a change that widens, and a repair that narrows": ([P, Q, r()], [P, Q, r("q")], [P, Q, r("p")], []),
    "a repair that gives what this change takes": (
        [P, Q, r("p", "q")], [P, Q, r("q")], [P, Q, r("p")], ["role/r"]),
    "a repair of what it holds already": (
        [P, {**Q, "document": READ}, r("p", "q")], [P, {**Q, "document": READ}, r("q")],
        [P, {**Q, "document": READ}, r("p", "q")], []),
    "a document that was narrowed by hand": (
        [{**P, "document": ADMIN}, r("p")], [{**P, "document": READ}, r("p")], [{**P, "document": ADMIN}, r("p")],
        ["role/r"]),
    "a document that this change widens": ([P, r("p")], [P, r("p")], [{**P, "document": FULL}, r("p")], []),
    "a membership that was ended by hand": (
        [P, G, user("u", groups=["g"])], [P, G, user("u")], [P, G, user("u", groups=["g"])], ["user/u"]),
    "a membership of this change": (
        [P, G, user("u")], [P, G, user("u")], [P, {**G, "members": ["u"]}, user("u")], []),
    "a policy that was taken from a group by hand": (
        [P, G, user("u", groups=["g"])], [P, {**G, "policies": []}, user("u", groups=["g"])],
        [P, G, user("u", groups=["g"])], ["user/u"]),
    "a boundary that came by hand": (
        [P, Q, r("p", permissions_boundary=None)], [P, Q, r("p", permissions_boundary="q")],
        [P, Q, r("p", permissions_boundary=None)], ["role/r"]),
    "a trust that was narrowed by hand": (
        [role("r", WIDE)], [role("r", NARROW)], [role("r", WIDE)], ["role/r"]),
    "a trust that this change widens": (
        [role("r", NARROW)], [role("r", NARROW)], [role("r", WIDE)], []),
    "a trust that was widened by hand": (
        [role("r", NARROW)], [role("r", WIDE)], [role("r", NARROW)], []),
    "a role that was deleted by hand": ([P, r("p")], [P], [P, r("p")], ["role/r"]),
    "a role that this change creates": ([P], [P], [P, r("p")], []),
    "a renamed user that is given back a policy": (
        [P, user("u", policies=["p"])], [P, user("u")], [P, user("v", renamed_from="u", policies=["p"])], []),
    "a policy whose day is over denies": (
        [P, D, r("p", {"policy": "d", "until": "2026-11-01"})],  # type: ignore[arg-type]
        [P, D, r("p", "d")],
        [P, D, r("p", {"policy": "d", "until": "2026-11-01"})],  # type: ignore[arg-type]
        ["role/r"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_given_back_by_hand_of_the_plan_is_told_and_what_the_change_gives_is_not(name: str) -> None:
    base, live, head, told = CASES[name]
    alarms = said(planned(live, head, Given(base=base)), "repair-widens")
    assert [alarm.subject for alarm in alarms] == told, alarms
    assert all(alarm.detail and alarm.origin is not None for alarm in alarms)


def test_without_a_base_a_repair_is_not_told_from_a_change() -> None:
    assert said(planned([P, r()], [P, r("p")]), "repair-widens") == []


def test_it_shows_what_is_gained_and_by_which_steps() -> None:
    head = [P, r("p"), role("s", NARROW, description="x")]
    [alarm] = said(planned([P, r(), role("s", NARROW)], head, Given(base=head)), "repair-widens")
    assert alarm.detail == (
        "s3:GetObject on arn:aws:s3:::x/x: p#1 (Action s3:GetObject, Resource *)",
        "step 1: AttachRolePolicy for role/r",
    )


def test_a_policy_that_is_not_known_counts() -> None:
    head = [role("r", NARROW, policies=["ReadOnlyAccess"])]
    [alarm] = said(planned([role("r", NARROW)], head, Given(base=head)), "repair-widens")
    assert "which is not decided" in alarm.what


def test_a_consent_lifts_it_for_one_principal_only() -> None:
    consent = Consent("repair-widens", "role/r", "the incident is over", dt.date(2026, 12, 31))
    head = [P, r("p"), user("u", policies=["p"])]
    found = planned([P, r(), user("u")], head, Given(base=head, consents=(consent,)))
    assert [(alarm.subject, alarm.consent) for alarm in said(found, "repair-widens")] == [
        ("role/r", consent),
        ("user/u", None),
    ]


HELD = st.frozensets(st.sampled_from(["p", "q"]))


@given(HELD, HELD, HELD)
def test_of_any_policies_those_that_the_base_had_too_and_the_account_lost_are_told(
    base: frozenset[str], live: frozenset[str], head: frozenset[str]
) -> None:
    sides = [[P, Q, r(*sorted(held))] for held in (base, live, head)]
    alarms = said(planned(sides[1], sides[2], Given(base=sides[0])), "repair-widens")
    assert [alarm.subject for alarm in alarms] == (["role/r"] if base & head - live else [])


def test_an_undo_is_not_asked() -> None:
    head = [role("r", NARROW, inline_policies={"i": READ})]
    told = [
        [alarm.subject for alarm in said(planned([role("r", NARROW)], head, given_), "repair-widens")]
        for given_ in (Given(base=head), Given(base=head, verbatim=True))
    ]
    assert told == [["role/r"], []]
