"""The guard ``lockout``: who is cut off, from what, and what is close to it and harmless."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from plan.guards.cutoffs import ADMIN, AWS, FULL, Given, document, planned, role, said, trusting, user
from hypothesis import given
from hypothesis import strategies as st
from support.estates import Docs

from reconciler.live import READS, Iam
from reconciler.model import Consent, Plan
from reconciler.plan.guards.needs import reading
from support.grants import HOME

APPLY, PLAN, OTHER = "role/iam-apply", "role/iam-plan", user("bob", policies=["p"])
READ = document(("Allow", ["iam:Get*", "iam:List*"], "*"))
P = {"kind": "policy", "name": "p", "document": document(("Allow", "s3:GetObject", "*"))}
WRITES = document(("Allow", ["iam:AttachUserPolicy", "iam:DetachUserPolicy"], "*"))
TRUST = trusting({"AWS": ["999999999999", f"{AWS}user/ann"]})
ME = "arn:aws:sts::123456789012:assumed-role/iam-apply/session"


def apply_role(*documents: Any, **fields: Any) -> dict[str, Any]:
    return role("iam-apply", inline_policies={f"i{n}": one for n, one in enumerate(documents)}, **fields)


def gone(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "state": "absent"}


def limited(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return document(("Allow", action, resource), condition=condition)


@dataclass(frozen=True)
class Case:
    """What is live, what is declared, and what the one alarm says (empty: there is none)."""

    name: str
    before: Docs
    after: Docs
    told: str = ""
    roles: dict[str, Any] = field(default_factory=lambda: {"apply": APPLY})
    given: Given = field(default_factory=Given)
    detail: str = ""


ATTACHING = [P, user("bob")], [P, OTHER]
"""A plan of one call: AttachUserPolicy, which DetachUserPolicy takes back."""


def attaching(name: str, old: Any, new: Any, told: str = "", detail: str = "", **more: Any) -> Case:
    """Return a case in which the apply role changes beside the one call."""
    one, other = ([each] if isinstance(each, dict) else list(each) for each in (old, new))
    return Case(name, [*one, *ATTACHING[0]], [*other, *ATTACHING[1]], told, detail=detail, **more)


CASES = [
    attaching(
        "its rights go",
        apply_role(ADMIN),
        apply_role(READ),
        "would lose iam:AttachUserPolicy on arn:aws:iam::123456789012:user/bob",
        "before, i0 of role/iam-apply#1 (Action *, Resource *) allows it",
    ),
    attaching(
        "what undoes the plan goes",
        apply_role(ADMIN, READ),
        apply_role(document(("Allow", ["iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"], "*")), READ),
        "would lose iam:DetachUserPolicy on arn:aws:iam::123456789012:user/bob, which it takes to undo it",
    ),
    attaching("what the plan does not take may go", apply_role(ADMIN), apply_role(FULL)),
    attaching("it had none of it before", apply_role(READ), apply_role(READ, document(("Allow", "s3:*", "*")))),
    attaching("a Deny comes", apply_role(FULL), apply_role(FULL, document(("Deny", "iam:Attach*", "*"))), "would lose", "denies it"),
    attaching(
        "a Deny comes for other users",
        apply_role(FULL),
        apply_role(FULL, document(("Deny", "iam:AttachUserPolicy", f"{AWS}user/eve"))),
    ),
    attaching(
        "the policy that is attached may not be attached",
        apply_role(FULL),
        apply_role(FULL, document(("Deny", "iam:*", "*"), condition={"ArnEquals": {"iam:PolicyARN": f"{AWS}policy/p"}})),
        "would lose",
    ),
    attaching(
        "another policy may not be attached",
        apply_role(FULL),
        apply_role(FULL, document(("Deny", "iam:*", "*"), condition={"ArnEquals": {"iam:PolicyARN": f"{AWS}policy/x"}})),
    ),
    attaching(
        "it may write without MFA no longer",
        apply_role(FULL),
        apply_role(limited("iam:*", Bool={"aws:MultiFactorAuthPresent": "true"})),
        "would lose",
    ),
    attaching(
        "a boundary comes that does not let it write",
        [apply_role(FULL)],
        [{"kind": "policy", "name": "fence", "document": READ}, apply_role(FULL, permissions_boundary="fence")],
        "would lose",
        "the boundary fence does not allow it",
    ),
    attaching("it may no longer read", apply_role(FULL), apply_role(limited("iam:*Polic*")), "which it takes to plan"),
    attaching(
        "a policy goes that is not known",
        role("iam-apply", policies=["IAMFullAccess"]),
        role("iam-apply", policies=[]),
        "which is not decided",
        "the document of arn:aws:iam::aws:policy/IAMFullAccess is not known",
    ),
    attaching(
        "a policy stays that is not known",
        role("iam-apply", policies=["IAMFullAccess"]),
        role("iam-apply", policies=["IAMFullAccess"], inline_policies={"more": READ}),
    ),
    attaching(
        "what is known goes and what is not known stays",
        role("iam-apply", policies=["IAMFullAccess"], inline_policies={"i": FULL}),
        role("iam-apply", policies=["IAMFullAccess"]),
        "which is not decided",
    ),
    Case("it is deleted", [apply_role(ADMIN)], [gone("role", "iam-apply"), P], "would be deleted"),
    Case("another is deleted", [apply_role(ADMIN), role("x")], [apply_role(ADMIN), gone("role", "x")]),
    Case("it is not there yet", [P], [P, apply_role(READ)]),
    Case("it is moved", [user("a", path="/x/")], [user("a", path="/y/")], "renamed or moved", {"apply": "user/a"}),
    Case(
        "it is renamed",
        [user("a", inline_policies={"i": FULL})],
        [user("b", renamed_from="a", inline_policies={"i": FULL})],
        "renamed or moved: it would be arn:aws:iam::123456789012:user/b",
        {"apply": "user/a"},
    ),
    Case(
        "its trust narrows",
        [user("ann"), apply_role(ADMIN, trust=TRUST)],
        [user("ann"), apply_role(ADMIN, trust=trusting({"AWS": "999999999999"}))],
        "who may become it would narrow",
        detail="user/ann",
    ),
    Case(
        "its trust widens",
        [user("ann"), apply_role(ADMIN, trust=trusting({"AWS": "999999999999"}))],
        [user("ann"), apply_role(ADMIN, trust=TRUST)],
        given=Given(accounts=frozenset({"999999999999"})),
    ),
    Case(
        "the only one whom it trusts is deleted",
        [user("ann"), role("iam-apply", trusting({"AWS": f"{AWS}user/ann"}), inline_policies={"i": ADMIN})],
        [gone("user", "ann"), P],
        "nobody whom its trust names would be there",
    ),
    Case(
        "one of two whom it trusts is deleted",
        [user("ann"), role("iam-apply", TRUST, inline_policies={"i": ADMIN})],
        [gone("user", "ann"), P],
    ),
    Case("who plans reads no longer", [role("iam-plan", inline_policies={"i": READ})],
         [role("iam-plan", inline_policies={"i": limited("iam:List*")})], "which it takes to plan", {"plan": PLAN}),
    Case("who plans reads what it takes", [role("iam-plan", inline_policies={"i": ADMIN})],
         [role("iam-plan", inline_policies={"i": READ})], "", {"plan": PLAN}),
    Case("who plans reads this account only", [role("iam-plan", inline_policies={"i": READ})],
         [role("iam-plan", inline_policies={"i": document(
             ("Allow", ["iam:Get*", "iam:List*"], [f"{AWS}*", "arn:aws:iam::aws:policy/*"]),
             ("Allow", ["iam:GetAccount*", "iam:List*"], "*"))})], "", {"plan": PLAN}),
    Case("who plans is trusted less", [role("iam-plan", TRUST), user("ann")],
         [role("iam-plan", trusting({"AWS": "999999999999"})), user("ann")], "who may become it would narrow", {"plan": PLAN}),
    *(
        Case(f"the caller, {how}", [user("ann", path="/a/", inline_policies={"i": FULL}), P],
             [user("ann", path="/a/", inline_policies={}), P], told, {}, Given(caller=caller))
        for how, caller, told in (
            ("a user", f"{AWS}user/a/ann", "it is who makes this plan, and would lose"),
            ("a user of that name elsewhere", f"{AWS}user/b/ann", ""),
            ("the root", f"{AWS}root", ""),
            ("a federated user", "arn:aws:sts::123456789012:federated-user/ann", ""),
            ("nobody knows who", "", ""),
        )
    ),
    Case("the caller is a session of a role", [apply_role(FULL), P], [apply_role(READ), P], "would lose", {}, Given(ME)),
    Case("the caller is a session of another role", [apply_role(FULL), P], [apply_role(READ), P], "", {},
         Given(ME.replace("iam-apply", "else"))),
    Case("the caller is renamed and keeps its rights", [user("a", inline_policies={"i": FULL})],
         [user("b", renamed_from="a", inline_policies={"i": FULL})], "", {}, Given(caller=f"{AWS}user/a")),
    Case("the caller deletes itself", [user("a", inline_policies={"i": FULL}), P], [gone("user", "a"), P],
         "makes this plan, and would be deleted", {}, Given(caller=f"{AWS}user/a")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_is_cut_off_is_told_with_what_and_nobody_else(case: Case) -> None:
    alarms = said(planned(case.before, case.after, case.given, **case.roles), "lockout")
    assert bool(alarms) is bool(case.told), alarms
    if case.told:
        [alarm] = alarms
        assert case.told in alarm.what
        assert case.detail in " ".join(alarm.detail)
        assert alarm.remedy
