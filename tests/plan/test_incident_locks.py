"""What carries a Deny and is declared nowhere stays, for somebody may have put it there in an emergency."""

from __future__ import annotations

from typing import Any

import pytest
from support.grants import live_of
from support.judging import consent, judged, told
from support.small import NO_READ, READ, document, policy

from reconciler.model import Plan

ALL, MIXED = "AWSDenyAll", document(("Allow", "s3:*", "*"), ("Deny", "s3:GetObject", "*"))
QUARANTINE = "AWSCompromisedKeyQuarantineV2"
DENY, ALLOW = policy("deny", NO_READ), policy("allow", READ)


def user(name: str = "u", **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, **fields}


def group(name: str = "g", **fields: Any) -> dict[str, Any]:
    return {"kind": "group", "name": name, **fields}


def locked(plan: Plan) -> list[str]:
    return [f"{c.address} {c.field}" for c in plan.conflicts if c.guard == "incident-lock"]


LOCKS: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "an inline Deny": ([user(inline_policies={"i": NO_READ})], [user()], ["user/u inline_policies"]),
    "a Deny beside an Allow": ([user(inline_policies={"i": MIXED})], [user()], ["user/u inline_policies"]),
    "a policy of the account": ([DENY, user(policies=["deny"])], [DENY, user()], ["user/u policies"]),
    "a policy whose document changes with the plan": (
        [DENY, user(policies=["deny"])],
        [policy("deny", MIXED), user()],
        ["user/u policies"],
    ),
    "a membership of a group that loses another Deny": (
        [group(policies=[ALL], inline_policies={"i": NO_READ}, members=["u"]), user()],
        [group(inline_policies={"i": READ}), user()],
        ["group/g policies", "user/u groups"],
    ),
    "a policy that nobody declares": ([DENY, user(policies=["deny"])], [user()], ["user/u policies"]),
    "a policy of AWS": ([user(policies=[ALL])], [user()], ["user/u policies"]),
    "two of them": ([user(policies=[ALL, QUARANTINE])], [user()], ["user/u policies"] * 2),
    "one held by a group": ([group(policies=[ALL])], [group()], ["group/g policies"]),
    "one held by a role": (
        [{"kind": "role", "name": "r", "service": "ec2", "inline_policies": {"i": NO_READ}}],
        [{"kind": "role", "name": "r", "service": "ec2"}],
        ["role/r inline_policies"],
    ),
    "a group with an inline Deny": (
        [group(inline_policies={"i": NO_READ}), user(groups=["g"])],
        [user()],
        ["user/u groups"],
    ),
    "a group with a policy that denies": ([group(policies=[ALL]), user(groups=["g"])], [user()], ["user/u groups"]),
    "a membership that both ends leave out": (
        [group(policies=[ALL], members=["u"]), user()],
        [group(policies=[ALL], members=[]), user()],
        ["user/u groups"],
    ),
    "a stranger in a group that names its members": (
        [group(policies=[ALL], members=["u"]), user()],
        [group(policies=[ALL], members=[])],
        ["group/g members"],
    ),
}

FREE: dict[str, tuple[list[Any], list[Any]]] = {
    "an Allow": ([user(inline_policies={"i": READ})], [user()]),
    "a policy that only allows": ([ALLOW, user(policies=["allow", "ReadOnlyAccess"])], [ALLOW, user()]),
    "a group that only allows": ([group(policies=["ReadOnlyAccess"]), user(groups=["g"])], [user()]),
    "a policy that the plan takes its Deny from": (
        [DENY, user(policies=["deny"])],
        [policy("deny", READ), user()],
    ),
    "a policy that denies from this plan on": ([ALLOW, user(policies=["allow"])], [policy("allow", MIXED), user()]),
    "a membership of a group that the plan takes the Deny from": (
        [group(policies=[ALL], members=["u"]), user()],
        [group(policies=[{"policy": ALL, "state": "absent"}]), user()],
    ),
    "an item that is declared to go": (
        [DENY, user(policies=["deny", ALL])],
        [DENY, user(policies=[{"policy": text, "state": "absent"} for text in ("deny", ALL)])],
    ),
    "an object that goes": ([user(policies=[ALL], inline_policies={"i": NO_READ})], [user(state="absent"), group()]),
    "a policy that goes": ([DENY, user(policies=["deny"])], [policy("deny", NO_READ) | {"state": "absent"}, user()]),
    "a group that goes": ([group(policies=[ALL], members=["u"]), user()], [group(state="absent"), user()]),
    "a member that goes": (
        [group(policies=[ALL], members=["u"]), user()],
        [group(policies=[ALL], members=[]), user(state="absent")],
    ),
}


def plain(docs: list[Any]) -> list[Any]:
    """Return the documents, tombstones without anything else."""
    return [
        {key: one[key] for key in ("kind", "name", "state")} if one.get("state") == "absent" else one for one in docs
    ]


@pytest.mark.parametrize("case", LOCKS)
def test_what_carries_a_deny_and_is_declared_nowhere_stays_until_somebody_consents(case: str) -> None:
    before, after, expected = LOCKS[case]
    live = live_of(before)
    made = judged(live, after)
    assert not [step for step in told(made) if step.startswith(("Detach", "Delete", "Remove"))]
    assert locked(made) == expected
    holder = expected[0].partition(" ")[0]
    assert f"{{kind: exception, guard: incident-lock, address: {holder}," in made.conflicts[0].remedy
    assert {skip.rule for skip in made.skips if skip.item} == {"incident-lock"}
    given = consent("incident-lock", holder)
    lifted = judged(live, after, consents=[given, consent("incident-lock", "user/other")])
    assert [step for step in told(lifted) if step.startswith(("Detach", "Delete", "Remove"))]
    assert not locked(lifted)
    assert lifted.used == {given}
    other = judged(live, after, consents=[consent("incident-lock", "user/other"), consent("protected", holder)])
    assert locked(other) == expected
    assert not other.used


@pytest.mark.parametrize("case", FREE)
def test_what_only_allows_what_is_declared_to_go_and_what_goes_whole_is_no_lock(case: str) -> None:
    before, after = FREE[case]
    made = judged(live_of(before), plain(after))
    assert not made.conflicts
    assert [step for step in told(made) if step.startswith(("Detach", "Delete", "Remove"))]


def test_what_is_kept_or_left_to_the_account_is_noted_as_ever_and_is_no_conflict() -> None:
    live = live_of([user(policies=[ALL]), user("v", policies=[ALL])])
    made = judged(live, [user(), user("v", manage={"policies": "additive"})], keep=["user/u/AWSDeny*"])
    assert (made.steps, made.conflicts) == ((), [])
    assert "AWSDenyAll stays: kept by" in made.notes[0].what


def test_an_attackers_grant_goes_while_the_quarantine_beside_it_stays() -> None:
    live = live_of([user(policies=[QUARANTINE, "AdministratorAccess"], inline_policies={"back": READ})])
    made = judged(live, [user()])
    assert told(made) == ["DeleteUserPolicy u back", "DetachUserPolicy u AdministratorAccess"]
    assert locked(made) == ["user/u policies"]


def test_what_the_base_declared_goes_with_its_declaration_and_what_came_by_hand_stays() -> None:
    before = [DENY, group(policies=[ALL]), user(policies=["deny", ALL], groups=["g"], inline_policies={"i": NO_READ})]
    base = [DENY, group(policies=[ALL], members=["u"]), user(policies=["deny"])]
    made = judged(live_of(before), [DENY, group(policies=[ALL], members=[]), user()], base)
    assert sorted(told(made)) == ["DetachUserPolicy u deny", "RemoveUserFromGroup g u"]
    assert locked(made) == ["user/u inline_policies", "user/u policies"]
