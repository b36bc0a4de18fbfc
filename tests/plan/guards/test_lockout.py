"""The guard ``lockout``: who is cut off, from what, and what is close to it and harmless."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan.guards.cutoffs import ADMIN, AWS, FULL, Given, document, planned, role, roles, said, trusting, user
from support.estates import Docs
from support.grants import HOME, live_of, pair, planned_on
from support.worlds import World, desired_of

from reconciler.access import Principal, Request, evaluate
from reconciler.live import READS, Iam
from reconciler.model import Address, Call, Consent, Observed, Plan, Step
from reconciler.plan import make
from reconciler.plan.foresee import after_all
from reconciler.plan.guards import Scene, alarms
from reconciler.plan.guards.needs import finishing, reading, undoing
from reconciler.plan.lives import lives

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


def unless(policy: str) -> dict[str, Any]:
    return document(("Deny", "iam:*", "*"), condition={"ArnEquals": {"iam:PolicyARN": f"{AWS}policy/{policy}"}})


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
        apply_role(document(("Allow", ["iam:Attach*", "iam:PutRolePolicy", "iam:DeleteRolePolicy"], "*")), READ),
        "would lose iam:DetachUserPolicy on arn:aws:iam::123456789012:user/bob, which it takes to undo it",
    ),
    attaching("what the plan does not take may go", apply_role(ADMIN), apply_role(FULL)),
    attaching("it had none of it before", apply_role(READ), apply_role(READ, document(("Allow", "s3:*", "*")))),
    attaching(
        "a Deny comes",
        apply_role(FULL),
        apply_role(FULL, document(("Deny", "iam:Attach*", "*"))),
        "would lose",
        "denies it",
    ),
    attaching(
        "a Deny comes for other users",
        apply_role(FULL),
        apply_role(FULL, document(("Deny", "iam:AttachUserPolicy", f"{AWS}user/eve"))),
    ),
    attaching(
        "the policy that is attached may not be attached",
        apply_role(FULL),
        apply_role(FULL, unless("p")),
        "would lose",
    ),
    attaching(
        "another policy may not be attached",
        apply_role(FULL),
        apply_role(FULL, unless("x")),
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
         [role("iam-plan", trusting({"AWS": "999999999999"})), user("ann")], "become it would narrow", {"plan": PLAN}),
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
    Case("the caller is a session of a role", [apply_role(FULL), P], [apply_role(READ), P], "would lose", {},
         Given(ME)),
    Case("the caller is a session of another role", [apply_role(FULL), P], [apply_role(READ), P], "", {},
         Given(ME.replace("iam-apply", "else"))),
    Case("the caller is renamed and keeps its rights", [user("a", inline_policies={"i": FULL})],
         [user("b", renamed_from="a", inline_policies={"i": FULL})], "", {}, Given(caller=f"{AWS}user/a")),
    Case("the caller deletes itself", [user("a", inline_policies={"i": FULL}), P], [gone("user", "a"), P],
         "makes this plan, and would be deleted", {}, Given(caller=f"{AWS}user/a")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_is_cut_off_is_told_with_what_and_nobody_else(case: Case) -> None:
    found = said(planned(case.before, case.after, case.given, **case.roles), "lockout")
    assert bool(found) is bool(case.told), found
    if case.told:
        [alarm] = found
        assert case.told in alarm.what
        assert case.detail in " ".join(alarm.detail)
        assert alarm.remedy


BREAK_GLASS = role("break-glass", trusting({"AWS": f"{AWS}root"}), inline_policies={"i": ADMIN})


def broken(body: dict[str, Any]) -> dict[str, Any]:
    return {**BREAK_GLASS, "inline_policies": {"i": body}}


def with_arn(observed: Observed[Any]) -> Observed[Any]:
    """Return a policy as a reading shows it: a call need not know the ARN."""
    if not hasattr(observed.resource, "arn"):
        return observed
    return dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, arn=observed.arn))


SPARE = user("spare", inline_policies={"i": FULL})
NO_ROOT = {"Version": "2012-10-17", "Statement": [
    *BREAK_GLASS["trust"]["Statement"], {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}  # fmt: skip
RECOVER: dict[str, tuple[Docs, Docs, list[str]]] = {
    "the only one loses its rights": ([BREAK_GLASS], [broken(READ)], ["role/break-glass"]),
    "one of two loses its rights": ([BREAK_GLASS, SPARE], [broken(READ), SPARE], []),
    "both lose their rights": (
        [BREAK_GLASS, SPARE],
        [broken(READ), {**SPARE, "inline_policies": {}}],
        ["role/break-glass", "user/spare"],
    ),
    "the one that is left had nothing": (
        [BREAK_GLASS, {**SPARE, "inline_policies": {}}],
        [gone("role", "break-glass"), {**SPARE, "inline_policies": {}}],
        ["role/break-glass"],
    ),
    "what is left is not all": ([BREAK_GLASS], [broken(limited("iam:*", f"{AWS}role/*"))],
                                ["role/break-glass"]),
    "what is left is all of IAM": ([BREAK_GLASS], [broken(FULL)], []),
    "a Deny keeps everybody out": ([BREAK_GLASS], [{**BREAK_GLASS, "trust": NO_ROOT}], ["role/break-glass"]),
    "only a service is let in": ([BREAK_GLASS], [{**BREAK_GLASS, "trust": trusting({"Service": "ec2.amazonaws.com"})}],
                                 ["role/break-glass"]),
    "the only one whom it trusts goes": (
        [role("break-glass", trusting({"AWS": f"{AWS}user/ann"}), inline_policies={"i": ADMIN}), user("ann")],
        [gone("user", "ann")],
        ["role/break-glass"],
    ),
    "none had it before": ([{**SPARE, "inline_policies": {}}], [{**SPARE, "inline_policies": {"i": READ}}], []),
    "a new one takes over": ([BREAK_GLASS], [gone("role", "break-glass"), SPARE], []),
    "nothing about it changes": ([BREAK_GLASS], [BREAK_GLASS, user("new")], []),
}  # fmt: skip


@pytest.mark.parametrize("name", RECOVER)
def test_one_of_those_who_recover_is_left_with_all_of_iam_and_somebody_who_may_become_it(name: str) -> None:
    before, after, told = RECOVER[name]
    found = said(planned(before, [*after, P], recover=["role/break-glass", "user/spare"]), "lockout")
    assert [alarm.subject for alarm in found] == told


def swapped(extra: int) -> Plan:
    """Return the plan that swaps the apply role's one policy for another like it, beside ``extra`` others."""
    others = [{"kind": "policy", "name": f"o{n}", "document": P["document"]} for n in range(extra)]
    full = [{"kind": "policy", "name": name, "document": FULL} for name in ("full-1", "full-2")]
    held = [other["name"] for other in others]
    before, after = (role("iam-apply", policies=[*held, name]) for name in ("full-1", "full-2"))
    return planned([*others, *full, before], [*others, *full, after], apply=APPLY)


def test_a_gap_counts_when_what_is_lost_meanwhile_is_what_later_steps_take() -> None:
    # At the quota of ten the old policy must go first, and with it the right to attach the new one.
    [alarm] = said(swapped(9), "lockout")
    assert "after step 1, until later steps mend it," in alarm.what
    assert "iam:AttachRolePolicy on arn:aws:iam::123456789012:role/iam-apply, which it takes to finish" in alarm.what
    assert said(swapped(8), "lockout") == []


def test_a_consent_lifts_the_guard_for_one_principal_only() -> None:
    before = [apply_role(ADMIN), role("iam-plan", inline_policies={"i": READ})]
    after = [apply_role(READ), role("iam-plan", inline_policies={}), P]
    consent = Consent("lockout", APPLY, "we move to another", dt.date(2026, 12, 31))
    found = planned(before, after, Given(consents=(consent,)), apply=APPLY, plan=PLAN)
    assert [(alarm.subject, alarm.consent) for alarm in said(found, "lockout")] == [(APPLY, consent), (PLAN, None)]
    assert [alarm.subject for alarm in found.standing if alarm.guard == "lockout"] == [PLAN]


def test_whom_the_base_names_counts_too() -> None:
    before, after = [apply_role(ADMIN)], [apply_role(READ)]
    found = planned(before, after, Given(base=before, at_base={"apply": APPLY}), apply="role/other")
    assert [alarm.subject for alarm in said(found, "lockout")] == [APPLY]


STATEMENTS = st.builds(
    lambda effect, action, resource, condition: document((effect, action, resource), condition=condition),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["*", "iam:*", "iam:*tachUserPolicy", "iam:Attach*", ["iam:Get*", "iam:List*"]]),
    st.sampled_from(["*", f"{AWS}user/*", f"{AWS}role/*"]),
    st.sampled_from([None, {"ArnEquals": {"iam:PolicyARN": f"{AWS}policy/p"}}]),
)
ROLES = st.lists(STATEMENTS, min_size=1, max_size=3)


@given(ROLES, ROLES)
def test_whatever_the_evaluator_refuses_afterwards_only_is_told(old: list[Any], new: list[Any]) -> None:
    before, after = [apply_role(*old), *ATTACHING[0]], [apply_role(*new), *ATTACHING[1]]
    made = planned(before, after, apply=APPLY)
    live = live_of(before).objects
    run = lives(live, [step.call for step in made.steps], HOME)
    end = after_all(live, [step.call for step in made.steps], HOME)
    needs = [*finishing(made.steps, live, HOME), *undoing(run, live, end, HOME)]
    requests = [Request(need.action, need.resource, need.context) for need in needs]
    kept = [[evaluate(Principal(held), one).allowed for one in requests] for held in (old, new)]
    lost = any(was and not will for was, will in zip(*kept, strict=True))
    found = said(made, "lockout")
    assert found or not lost
    assert lost or not any("finish" in alarm.what or "undo" in alarm.what for alarm in found)


@given(st.integers(0, 10**9))
def test_what_undoes_a_plan_is_what_a_plan_back_makes(seed: int) -> None:
    before, after = pair(random.Random(seed))  # noqa: S311  a repeatable estate, no secret
    live = live_of(before)
    forth = planned_on(live, after)
    end = after_all(live.objects, [step.call for step in forth.steps], HOME)
    run = lives(live.objects, [step.call for step in forth.steps], HOME)
    needed = {(need.action, need.resource) for need in undoing(run, live.objects, end, HOME)}
    there = {(document["kind"], document["name"]) for document in before}
    again = [*before, *(gone(at.kind, at.name) for at in end if (at.kind, at.name) not in there)]
    back = planned_on(dataclasses.replace(live, objects={at: with_arn(one) for at, one in end.items()}), again)
    made = {(need.action, need.resource) for need in finishing(back.steps, end, HOME)}
    assert made <= needed


def test_a_plan_reads_nothing_beyond_what_the_guard_knows_of() -> None:
    world = World()
    world.apply([user("ann", policies=["ReadOnlyAccess"]), user("bob"), P])
    asked: set[str] = set()

    class Listening(Iam):
        def _request(self, role: str, operation: str, params: Any) -> Any:
            asked.add(operation)
            return super()._request(role, operation, params)

    after = [gone("user", "ann"), {**P, "tags": {"a": "b"}}, user("bob", policies=["ReadOnlyAccess", "customer/p"])]
    iam = Listening(world.session)
    make(desired_of(after, iam.identify(), prune=True, owner="us"), iam)
    known = {need.action.removeprefix("iam:") for need in reading(HOME, READS)}
    assert asked - {"GetCallerIdentity"} <= known
    assert {"GetAccountSummary", "GetPolicyVersion", "ListPolicyTags", "ListAccessKeys"} <= asked


@pytest.mark.parametrize(
    ("operation", "globs"),
    [
        ("GetAccountAuthorizationDetails", {"*"}),
        ("GetPolicy", {"arn:aws:iam::123456789012:policy/*", "arn:aws:iam::aws:policy/*"}),
        ("ListAccessKeys", {"arn:aws:iam::123456789012:user/*"}),
    ],
)
def test_what_is_read_is_asked_about_for_this_account_and_the_policies_of_aws(operation: str, globs: set[str]) -> None:
    assert {need.resource for need in reading(HOME, READS) if need.action == f"iam:{operation}"} == globs


CALLS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"}, f"{AWS}role/a/r",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/X", "iam:PermissionsBoundary": f"{AWS}policy/fence",
      "aws:ResourceTag/team": "x", "iam:ResourceTag/team": "x"}),
    ("AddUserToGroup", {"GroupName": "g", "UserName": "u"}, f"{AWS}group/g", {}),
    ("CreateUser", {"UserName": "new", "Path": "/p/", "PermissionsBoundary": f"{AWS}policy/fence",
                    "Tags": [{"Key": "a", "Value": "b"}]}, f"{AWS}user/p/new",
     {"iam:PermissionsBoundary": f"{AWS}policy/fence", "aws:TagKeys": ["a"], "aws:RequestTag/a": "b"}),
    ("DeleteAccessKey", {"UserName": "u", "AccessKeyId": "AKIA"}, f"{AWS}user/u", {}),
    ("DeleteVirtualMFADevice", {"SerialNumber": f"{AWS}mfa/u"}, f"{AWS}mfa/u", {}),
    ("RemoveRoleFromInstanceProfile", {"InstanceProfileName": "i", "RoleName": "r"}, f"{AWS}instance-profile/i", {}),
    ("CreatePolicyVersion", {"PolicyArn": f"{AWS}policy/fence", "PolicyDocument": "{}", "SetAsDefault": True},
     f"{AWS}policy/fence", {}),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "arn", "context"), CALLS, ids=[call[0] for call in CALLS])
def test_a_call_is_asked_about_on_what_it_writes_in_the_context_that_it_brings(
    operation: str, params: dict[str, Any], arn: str, context: dict[str, Any]
) -> None:
    fence = {"kind": "policy", "name": "fence", "document": FULL}
    bounded = role("r", path="/a/", permissions_boundary="fence", tags={"team": "x"})
    live = live_of([fence, bounded, user("u"), {"kind": "group", "name": "g"}])
    step = Step(1, Address("user", "u"), Call(operation, params))
    [need] = finishing([step], live.objects, HOME)
    assert (need.action, need.resource, need.context) == (f"iam:{operation}", arn, context)


def test_who_puts_a_role_into_an_instance_profile_must_be_able_to_pass_it() -> None:
    step = Step(
        1, Address("role", "r"), Call("AddRoleToInstanceProfile", {"InstanceProfileName": "i", "RoleName": "r"})
    )
    needs = finishing([step], live_of([role("r")]).objects, HOME)
    assert [(need.action, need.resource) for need in needs] == [
        ("iam:AddRoleToInstanceProfile", f"{AWS}instance-profile/i"),
        ("iam:PassRole", f"{AWS}role/r"),
    ]


def test_a_plan_without_steps_asks_for_nothing() -> None:
    docs = [apply_role(ADMIN, policies=["ReadOnlyAccess"])]
    desired = desired_of(docs, HOME)
    settings = dataclasses.replace(desired.settings, roles=roles(apply=APPLY, recover=[APPLY]))

    def read(arns: Any) -> Any:
        raise AssertionError(arns)

    assert alarms(Scene(Plan(HOME), desired, settings, live_of(docs), read)) == ()
