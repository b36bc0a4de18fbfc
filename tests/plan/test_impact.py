"""What a plan says of access: who is affected, how, by what, and with which request to show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from support.grants import HOME, Snapshot, live_of
from support.worlds import desired_of

from reconciler import plan
from reconciler.access import Request, evaluate
from reconciler.model import Address, Evidence, Impact, Plan
from reconciler.plan.foresee import after_all
from reconciler.plan.picture import Held, Picture

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALICE, BOB = Address("user", "alice"), Address("user", "bob")


def document(*statements: tuple[str, Any, Any], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    parts = [
        {"Effect": effect, "Action": action, "Resource": resource, **more} for effect, action, resource in statements
    ]
    return {"Version": "2012-10-17", "Statement": parts}


READ = document(("Allow", "s3:GetObject", "arn:aws:s3:::b/*"))
BOTH = document(("Allow", ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*"))
ALL = document(("Allow", "s3:*", "*"))


def policy(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": body}


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, **fields}


def made(
    before: list[dict[str, Any]], after: list[dict[str, Any]], known: Mapping[str, dict[str, Any]] | None = None
) -> Plan:
    return plan.make(desired_of(after, HOME), Snapshot(live_of(before), known or {}))


def impacts(found: Plan) -> dict[tuple[str, str], Impact]:
    assert found.access is not None
    return {(str(one.address) + (f":{one.item}" if one.item else ""), one.subject): one for one in found.access.impacts}


def relations(found: Plan) -> dict[tuple[str, str], str]:
    return {key: impact.relation for key, impact in impacts(found).items()}


def assert_true(found: Plan, before: list[dict[str, Any]], impact: Impact) -> None:
    """Check every request that is shown for a principal with the evaluator, on both sides of the plan."""
    live = live_of(before)
    end = after_all(live.objects, [step.call for step in found.steps], HOME)
    sides = [Picture(objects, HOME, {}) for objects in (live.objects, end)]
    assert impact.evidence
    for one in impact.evidence:
        was, will = (allowed(side, impact.address, one) for side in sides)
        assert (was, will) == (not one.gained, one.gained)


def allowed(picture: Picture, address: Address, evidence: Evidence) -> bool:
    held = picture.held(address) if address in picture.objects else Held(address, "", (), None)
    return evaluate(held.principal, Request(evidence.action, evidence.resource, evidence.context)).allowed


def test_a_policy_that_grows_widens_everybody_who_holds_it_and_names_them() -> None:
    rest = [
        user("alice", policies=["p"]),
        {"kind": "group", "name": "g", "policies": ["p"], "members": ["bob"]},
        user("bob"),
        user("carol"),
    ]
    before = [policy("p", READ), *rest]
    found = made(before, [policy("p", BOTH), *rest])
    assert relations(found) == {
        ("policy/p", "policy"): "WIDER",
        ("user/alice", "identity"): "WIDER",
        ("user/bob", "identity"): "WIDER",
    }
    grown = impacts(found)[("policy/p", "policy")]
    assert grown.principals == (ALICE, BOB)
    bob = impacts(found)[("user/bob", "identity")]
    assert bob.through == ("policy p through group/g",)
    assert [(one.gained, one.action) for one in bob.evidence] == [(True, "s3:PutObject")]
    assert "p#1" in bob.evidence[0].because
    assert "s3:PutObject" in bob.evidence[0].because
    assert_true(found, before, bob)
    assert found.access is not None
    assert found.access.affected == (ALICE, BOB)


def test_what_another_policy_still_grants_is_equal_for_the_principal_and_says_by_what() -> None:
    before = [policy("p", BOTH), policy("q", ALL), user("alice", policies=["p", "q"])]
    found = made(before, [policy("p", READ), policy("q", ALL), user("alice", policies=["p", "q"])])
    assert relations(found) == {("policy/p", "policy"): "NARROWER", ("user/alice", "identity"): "EQUAL"}
    (reason,) = impacts(found)[("user/alice", "identity")].reasons
    assert reason.startswith("q#1")
    assert "still grants s3:PutObject" in reason
    assert found.access is not None
    assert found.access.affected == ()


def test_a_new_principal_is_compared_with_nothing_and_so_is_one_that_goes() -> None:
    found = made(
        [user("bob", inline_policies={"i": READ})], [user("alice", inline_policies={"i": READ}), absent("bob")]
    )
    assert relations(found) == {("user/alice", "identity"): "WIDER", ("user/bob", "identity"): "NARROWER"}


def absent(name: str) -> dict[str, Any]:
    return {"kind": "user", "name": name, "state": "absent"}


def test_a_new_principal_that_holds_nothing_changes_no_access() -> None:
    found = made([user("bob")], [user("bob"), user("alice")])
    assert relations(found) == {}


def test_a_boundary_that_goes_widens_and_says_so() -> None:
    before = [policy("p", ALL), policy("fence", READ), user("alice", policies=["p"], permissions_boundary="fence")]
    found = made(before, [*before[:2], user("alice", policies=["p"], permissions_boundary=None)])
    alice = impacts(found)[("user/alice", "identity")]
    assert alice.relation == "WIDER"
    assert "the boundary did not" in alice.evidence[0].because
    assert_true(found, before, alice)


def test_a_boundary_that_comes_narrows_and_says_so() -> None:
    before = [policy("p", ALL), policy("fence", READ), user("alice", policies=["p"], permissions_boundary=None)]
    found = made(before, [*before[:2], user("alice", policies=["p"], permissions_boundary="fence")])
    alice = impacts(found)[("user/alice", "identity")]
    assert alice.relation == "NARROWER"
    assert "the boundary does not allow it" in alice.evidence[0].because
    assert_true(found, before, alice)


def test_a_deny_that_comes_is_named_as_what_took_the_access() -> None:
    before = [user("alice", inline_policies={"i": BOTH})]
    guard = {"guard": document(("Deny", "s3:PutObject", "*"))}
    found = made(before, [user("alice", inline_policies={"i": BOTH, **guard})])
    alice = impacts(found)[("user/alice", "identity")]
    assert alice.relation == "NARROWER"
    assert alice.evidence[0].because.startswith("denied by guard of user/alice#1")


def test_a_rename_is_no_loss_and_matters_only_to_policies_that_speak_of_the_name() -> None:
    assert relations(renamed({"i": READ})) == {}
    own = {"i": document(("Allow", "s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"))}
    assert relations(renamed(own)) == {("user/bob", "identity"): "INCOMPARABLE"}


def renamed(policies: dict[str, Any]) -> Plan:
    """Return the plan by which alice, whom IAM knows by an id of hers, becomes bob."""
    live = live_of([user("alice", inline_policies=policies)])
    alice = live.objects[ALICE]
    known = dataclasses.replace(alice, resource=dataclasses.replace(alice.resource, unique_id="AIDAEXAMPLE"))
    found = Snapshot(dataclasses.replace(live, objects={ALICE: known}))
    return plan.make(desired_of([user("bob", renamed_from="alice", inline_policies=policies)], HOME), found)


def test_a_trust_that_grows_is_told_with_whom_it_lets_in() -> None:
    def role(*trusted: str) -> dict[str, Any]:
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": list(trusted)}, "Action": "sts:AssumeRole"}],
        }
        return {"kind": "role", "name": "r", "trust": trust}

    one, other = f"arn:aws:iam::{HOME.id}:root", "arn:aws:iam::210987654321:root"
    found = made([role(one)], [role(one, other)])
    assert relations(found) == {("role/r", "trust"): "WIDER"}
    (evidence, *_) = impacts(found)[("role/r", "trust")].evidence
    assert "210987654321" in evidence.caller
    assert evidence.action.startswith("sts:AssumeRole")


def test_a_policy_of_aws_whose_document_cannot_be_read_leaves_the_verdict_open_and_is_named() -> None:
    before = [user("alice", policies=["ReadOnlyAccess"])]
    found = made(before, [user("alice", policies=["ReadOnlyAccess"], inline_policies={"i": READ})])
    alice = impacts(found)[("user/alice", "identity")]
    assert alice.relation == "UNDECIDED"
    assert READ_ONLY in alice.reasons[0]
    known = {READ_ONLY: document(("Allow", ["s3:Get*", "s3:List*"], "*"))}
    settled = made(before, [user("alice", policies=["ReadOnlyAccess"], inline_policies={"i": READ})], known)
    assert relations(settled) == {("user/alice", "identity"): "EQUAL"}


def test_a_plan_without_changes_reads_no_document_of_aws() -> None:
    class Refusing(Snapshot):
        def documents(self, arns: Any) -> Any:
            raise AssertionError(arns)

    docs = [user("alice", policies=["ReadOnlyAccess"])]
    assert plan.make(desired_of(docs, HOME), Refusing(live_of(docs))).access is None


@pytest.mark.parametrize("count", [1, 30])
def test_principals_that_hold_the_same_are_told_the_same(count: int) -> None:
    users = [user(f"u{number}", policies=["p"]) for number in range(count)]
    found = made([policy("p", READ), *users], [policy("p", BOTH), *users])
    people = [impact for impact in impacts(found).values() if impact.subject == "identity"]
    assert len(people) == count
    assert len({(impact.relation, impact.evidence[0].action, impact.evidence[0].resource) for impact in people}) == 1
