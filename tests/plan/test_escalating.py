"""Which ways to more than is given a plan opens, and which an account has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.grants import HOME, live_of

from reconciler.access import Request, evaluate
from reconciler.access.escalation import Doubt
from reconciler.model import Address, Escalation
from reconciler.plan.escalating import Found, Scene, escalations, new_escalations, possible_escalations
from reconciler.plan.foresee import Objects
from reconciler.plan.picture import Picture

ROOT = f"arn:aws:iam::{HOME.id}:root"


def document(*statements: tuple[Any, ...]) -> dict[str, Any]:
    keys = ("Effect", "Action", "Resource", "Condition")
    return {"Version": "2012-10-17", "Statement": [dict(zip(keys, one, strict=False)) for one in statements]}


def trust(**principal: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }


def policy(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": body}


ADMIN = policy("everything", document(("Allow", "*", "*")))
LAMBDA = document(("Allow", ["lambda:CreateFunction", "lambda:InvokeFunction"], "*"))
PASS = document(
    ("Allow", ["lambda:CreateFunction", "lambda:InvokeFunction"], "*"),
    ("Allow", "iam:PassRole", "*", {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
)
DEPLOYER = {
    "kind": "role",
    "name": "app-deployer",
    "trust": trust(Service="codebuild.amazonaws.com"),
    "policies": ["deploy"],
}
CHIEF = {"kind": "role", "name": "admin", "trust": trust(Service="lambda.amazonaws.com"), "policies": ["everything"]}
VIA = "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"


def picture(documents: list[dict[str, Any]]) -> Picture:
    return Picture(live_of(documents).objects, HOME, {})


def told(found: Found) -> list[str]:
    return [
        " ".join([str(path.source), *(f"-> {hop.target} via {hop.method}" for hop in path.hops)])
        for path in found.escalations
    ]


def new(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return told(new_escalations(picture(before), picture(after)))


def test_a_plan_that_lets_a_role_be_passed_opens_a_way() -> None:
    rest = [ADMIN, CHIEF, DEPLOYER]
    found = new_escalations(picture([policy("deploy", LAMBDA), *rest]), picture([policy("deploy", PASS), *rest]))
    assert told(found) == [f"role/app-deployer -> role/admin via {VIA}"]
    assert not found.undecided


def test_each_request_of_a_way_is_one_that_is_allowed_and_names_its_statement() -> None:
    after = picture([policy("deploy", PASS), ADMIN, CHIEF, DEPLOYER])
    (path,) = escalations(after).escalations
    passed, *others = path.hops[0].evidence
    assert (passed.action, passed.resource) == ("iam:PassRole", "arn:aws:iam::123456789012:role/admin")
    assert passed.context == {"iam:PassedToService": "lambda.amazonaws.com"}
    assert passed.because == "deploy#2 (Action iam:PassRole, Resource *)"
    assert [one.action for one in others] == ["lambda:CreateFunction", "lambda:InvokeFunction", "sts:AssumeRole"]
    for one in (passed, *others[:-1]):
        request = Request(one.action, one.resource, one.context)
        assert evaluate(after.held(path.source).principal, request).allowed
    assert others[-1].caller == "Service lambda.amazonaws.com"


def test_a_way_that_was_there_is_not_new() -> None:
    before = [policy("deploy", PASS), ADMIN, CHIEF, DEPLOYER]
    assert new(before, before) == []
    assert new(before, [*before, {"kind": "user", "name": "alice"}]) == []
    assert told(escalations(picture(before))) == [f"role/app-deployer -> role/admin via {VIA}"]


def test_a_target_that_becomes_more_opens_a_way() -> None:
    weak = {**CHIEF, "policies": []}
    rest = [policy("deploy", PASS), ADMIN, DEPLOYER]
    assert new([*rest, weak], [*rest, CHIEF]) == [f"role/app-deployer -> role/admin via {VIA}"]


def test_who_could_become_an_administrator_before_gains_no_new_way() -> None:
    rest = [policy("deploy", PASS), ADMIN, DEPLOYER, CHIEF]
    assert new(rest, [*rest, {**CHIEF, "name": "admin-too"}]) == []


def renamed(objects: Objects, old: str, name: str) -> Objects:
    """Return the objects with a user that has another name, and the same unique id."""
    observed = objects[Address("user", old)]
    resource = replace(observed.resource, name=name)
    address, arn = Address("user", name), HOME.arn("user", "/", name)
    kept = {at: one for at, one in objects.items() if at != observed.address}
    return {**kept, address: replace(observed, address=address, resource=resource, arn=arn)}


def with_ids(objects: Objects) -> Objects:
    return {at: replace(one, resource=replace(one.resource, unique_id=f"ID{at}")) for at, one in objects.items()}


def test_a_principal_that_is_renamed_has_the_ways_that_it_had() -> None:
    keys = policy("keys", document(("Allow", "iam:CreateAccessKey", "*")))
    alice = {"kind": "user", "name": "alice", "policies": ["keys"]}
    boss = {"kind": "user", "name": "boss", "policies": ["everything"]}
    start = with_ids(dict(live_of([keys, ADMIN, alice, boss]).objects))
    for old, name in (("alice", "alicia"), ("boss", "chief")):
        end = renamed(start, old, name)
        found = new_escalations(Picture(start, HOME, {}), Picture(end, HOME, {}))
        assert told(found) == []
        assert len(escalations(Picture(end, HOME, {})).escalations) == 1


def test_a_member_of_a_group_can_write_to_its_group_and_a_stranger_cannot() -> None:
    writes = policy("writes", document(("Allow", "iam:PutGroupPolicy", f"arn:aws:iam::{HOME.id}:group/staff")))
    group = {"kind": "group", "name": "staff", "members": ["alice"]}
    alice, bob = ({"kind": "user", "name": name, "policies": ["writes"]} for name in ("alice", "bob"))
    assert told(escalations(picture([writes, group, alice, bob]))) == [
        "user/alice -> user/alice via iam:PutGroupPolicy"
    ]


def test_a_policy_held_through_a_group_can_be_written_anew() -> None:
    writes = policy("writes", document(("Allow", "iam:CreatePolicyVersion", "*")))
    group = {"kind": "group", "name": "staff", "members": ["alice"], "policies": ["writes"]}
    found = escalations(picture([writes, group, {"kind": "user", "name": "alice"}]))
    assert told(found) == ["user/alice -> user/alice via iam:CreatePolicyVersion"]
    assert found.escalations[0].hops[0].evidence[0].because.startswith("writes#1 through group/staff (")


def test_ways_by_what_runs_already_are_told_only_when_asked_for() -> None:
    edits = policy("deploy", document(("Allow", "lambda:UpdateFunctionCode", "*")))
    account = picture([edits, ADMIN, DEPLOYER, CHIEF])
    assert told(escalations(account)) == []
    assert told(possible_escalations(account)) == ["role/app-deployer -> role/admin via lambda:UpdateFunctionCode"]


def test_a_policy_whose_document_is_not_known_is_named_once_it_matters() -> None:
    aws = "arn:aws:iam::aws:policy/PowerUserAccess"
    holder = {"kind": "user", "name": "alice", "policies": [aws]}
    want = (f"user/alice: what it may do: the document of {aws} is not known",)
    assert escalations(picture([holder])).undecided == want
    assert new_escalations(picture([holder]), picture([holder])).undecided == ()
    assert new_escalations(picture([{"kind": "user", "name": "alice"}]), picture([holder])).undecided == want


def test_what_could_not_be_settled_for_the_same_cause_is_told_in_one() -> None:
    scene = Scene(picture([{"kind": "user", "name": "alice"}]))
    alice = HOME.arn("user", "/", "alice")
    doubts = [Doubt(alice, f"iam:PassRole on {name}", ("budget",)) for name in ("a", "b", "c")]
    other = Doubt(alice, "iam:PassRole on d", ("another cause",))
    assert scene.doubted([*doubts, other]) == (
        "user/alice: iam:PassRole on a and 2 more: budget",
        "user/alice: iam:PassRole on d: another cause",
    )


@pytest.mark.parametrize("path", ["/aws-service-role/x.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/"])
def test_roles_that_aws_keeps_for_itself_are_no_targets(path: str) -> None:
    trusts = policy("trusts", document(("Allow", "iam:UpdateAssumeRolePolicy", "*")))
    kept = {
        "kind": "role",
        "name": "kept",
        "path": path,
        "trust": trust(Service="x.amazonaws.com"),
        "policies": ["everything"],
    }
    alice = {"kind": "user", "name": "alice", "policies": ["trusts"]}
    assert told(escalations(picture([trusts, ADMIN, kept, alice]))) == []


def test_paths_read_the_same_every_time() -> None:
    documents = [policy("deploy", PASS), ADMIN, CHIEF, DEPLOYER, {"kind": "user", "name": "z", "policies": ["deploy"]}]
    one, other = (escalations(picture(order)).escalations for order in (documents, documents[::-1]))
    assert one == other
    assert [path.source for path in one] == [Address("role", "app-deployer"), Address("user", "z")]
    assert all(isinstance(path, Escalation) for path in one)
