"""The order of steps keeps access whole: what comes before what, what is marked, and what stays free to run at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from support.grants import live_of, planned_on
from support.small import (
    BOTH,
    NO_READ,
    READ,
    SEND,
    WRITE,
    document,
    is_chain,
    marks,
    planned,
    policy,
    told,
    user,
    waits,
)
from support.worlds import World

from reconciler import apply
from reconciler.access import Principal, Request, evaluate
from reconciler.errors import DeniedError
from reconciler.live import Iam
from reconciler.model import Address, Call
from reconciler.policydoc import atoms

INSECURE = {"Bool": {"aws:SecureTransport": False}}


def test_a_grant_that_moves_to_another_policy_is_given_before_it_is_taken() -> None:
    before = [policy("p", READ), user(inline_policies={"i": READ})]
    plan = planned(before, [policy("p", READ), user(policies=["p"])])
    assert told(plan) == ["AttachUserPolicy p", "DeleteUserPolicy i"]
    assert is_chain(plan)
    assert marks(plan) == []


def test_a_denial_comes_before_the_grant_that_it_limits_and_goes_after_it() -> None:
    one, other = [user()], [user(inline_policies={"z-deny": NO_READ, "a-allow": BOTH})]
    assert told(planned(one, other)) == ["PutUserPolicy z-deny", "PutUserPolicy a-allow"]
    assert told(planned(other, one)) == ["DeleteUserPolicy a-allow", "DeleteUserPolicy z-deny"]
    assert is_chain(planned(other, one))


def test_two_edits_that_hand_a_grant_on_go_in_the_order_in_which_nobody_loses_it() -> None:
    before = [user(inline_policies={"a": BOTH, "b": WRITE})]
    after = [user(inline_policies={"a": WRITE, "b": READ})]
    plan = planned(before, after)
    assert told(plan) == ["PutUserPolicy b", "PutUserPolicy a"]
    assert marks(plan) == []


def test_two_edits_that_swap_their_grants_leave_a_gap_that_is_marked_with_what_is_refused() -> None:
    before, after = {"a": READ, "b": WRITE}, {"a": WRITE, "b": READ}
    plan = planned([user(inline_policies=before)], [user(inline_policies=after)])
    assert marks(plan) == [(1, "gap", "user/u")]
    (mark,) = plan.steps[0].marks
    shown = mark.reason.removeprefix("refused meanwhile, though allowed before and after: ")
    assert shown.partition(" on arn:aws:s3:::")[0] in {"s3:GetObject", "s3:PutObject"}


def test_denials_that_swap_leave_a_spike_only_where_every_order_has_one() -> None:
    one = document(("Allow", "s3:GetObject", "*"), ("Deny", "s3:PutObject", "*"))
    other = document(("Allow", "s3:PutObject", "*"), ("Deny", "s3:GetObject", "*"))
    plan = planned([user()], [user(inline_policies={"a": one, "b": other})])
    assert marks(plan) == [(1, "spike", "user/u")]


def test_a_boundary_is_narrowed_before_and_widened_after_the_policies_that_it_bounds() -> None:
    policies = [policy("narrow", READ), policy("wide", BOTH)]
    small = [*policies, user(permissions_boundary="narrow", inline_policies={"i": READ})]
    large = [*policies, user(permissions_boundary="wide", inline_policies={"i": READ, "j": WRITE})]
    assert marks(planned(small, large)) == marks(planned(large, small)) == []
    assert told(planned(large, small))[0] in {"PutUserPermissionsBoundary", "DeleteUserPolicy j"}


def test_a_group_is_put_right_before_somebody_joins_it() -> None:
    policies = [policy("p", BOTH), policy("q", READ)]
    before = [*policies, {"kind": "group", "name": "g", "policies": ["p"]}]
    after = [*policies, {"kind": "group", "name": "g", "policies": ["q"]}, user(groups=["g"])]
    plan = planned(before, after)
    assert told(plan).index("DetachGroupPolicy p") < told(plan).index("AddUserToGroup g")
    assert marks(plan) == []


def test_an_opaque_policy_that_must_go_before_another_comes_is_a_gap_of_what_they_may_share() -> None:
    ten = [f"p{number}" for number in range(9)]
    policies = [policy(name, READ) for name in ten]
    before = [*policies, user(policies=[*ten, "ReadOnlyAccess"])]
    plan = planned(before, [*policies, user(policies=[*ten, "SecurityAudit"])])
    assert told(plan) == ["DetachUserPolicy ReadOnlyAccess", "AttachUserPolicy SecurityAudit"]
    assert "ReadOnlyAccess and SecurityAudit may have in common" in plan.steps[0].marks[0].reason


def test_a_new_account_waits_for_nothing_but_what_is_born() -> None:
    after = [policy("p", READ), policy("q", WRITE), user(policies=["p", "q"], inline_policies={"i": BOTH})]
    plan = planned([], after)
    births = {step.id for step in plan.steps if step.call.operation in {"CreatePolicy", "CreateUser"}}
    assert all(set(step.after) <= births for step in plan.steps)


def role(trust: list[str], **fields: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
    return {"kind": "role", "name": "r", "trust": {"Version": "2012-10-17", "Statement": [statement]}, **fields}


LAMBDA, EC2 = "lambda.amazonaws.com", "ec2.amazonaws.com"


def test_less_trust_comes_before_new_permissions_and_says_how_long_sessions_last() -> None:
    before = [role([EC2, LAMBDA], max_session_duration="7200")]
    plan = planned(before, [role([LAMBDA], inline_policies={"i": READ})])
    assert told(plan) == ["UpdateAssumeRolePolicy", "PutRolePolicy i"]
    assert is_chain(plan)
    assert marks(plan) == [(1, "trust", "role/r")]
    assert plan.steps[0].marks[0].reason.endswith("its trust changes first")
    assert "may last up to 2 h more" in plan.changes[0].warnings[0]


def test_more_trust_comes_after_the_permissions() -> None:
    plan = planned([role([LAMBDA], inline_policies={"i": READ})], [role([EC2, LAMBDA])])
    assert told(plan) == ["DeleteRolePolicy i", "UpdateAssumeRolePolicy"]
    assert is_chain(plan)
    assert marks(plan) == [(2, "trust", "role/r")]
    assert plan.steps[1].marks[0].reason.endswith("its trust changes last")
    assert plan.changes[0].warnings == ()


def test_the_atoms_of_a_policy_match_together_what_the_policy_matches() -> None:
    body = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:Get*", "s3:PutObject"],
                "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
            },
            {"Effect": "Allow", "NotAction": ["s3:*", "sqs:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": INSECURE},
        ],
    }
    parts = atoms(body)
    assert len(parts.allow) == 5
    whole = Principal([body])
    apart = Principal([p.document("Allow") for p in parts.allow] + [p.document("Deny") for p in parts.deny])
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "ec2:RunInstances"):
        for resource in ("arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::c"):
            for context in ({}, {"aws:SecureTransport": "false"}):
                request = Request(action, resource, context)
                assert evaluate(whole, request).outcome == evaluate(apart, request).outcome


def test_a_grant_within_overlapping_patterns_is_not_lost_where_their_shortest_match_is_covered() -> None:
    """All but s3 is allowed twice on every way, so only a request for s3 shows what the swap takes away."""
    rest = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
    wide = {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}
    one = {"Version": "2012-10-17", "Statement": [rest, wide]}
    other = {"Version": "2012-10-17", "Statement": [rest]}
    plan = planned([user(inline_policies={"a": one, "b": other})], [user(inline_policies={"a": other, "b": one})])
    assert told(plan) == ["PutUserPolicy b", "PutUserPolicy a"]
    assert is_chain(plan)
    assert marks(plan) == []


def test_a_moment_that_refuses_one_thing_and_allows_another_is_marked_with_both() -> None:
    allowed = document(("Allow", ["s3:GetObject", "s3:PutObject"], "*"), ("Deny", "s3:PutObject", "*"))
    before = [{**policy("p", allowed), "description": "old"}, user(policies=["p"], inline_policies={"i": WRITE})]
    after = [{**policy("p", allowed), "description": "new", "replace": "true"}, *before[1:]]
    plan = planned(before, after)
    assert marks(plan) == [(1, "gap", "user/u"), (1, "spike", "user/u")]


HOMES = document(("Allow", "s3:GetObject", "arn:aws:s3:::home/${aws:username}"))


def test_a_policy_that_speaks_of_the_users_name_waits_for_the_new_name() -> None:
    before = [policy("p", READ), user(policies=["p"])]
    after = [policy("p", HOMES), {"kind": "user", "name": "v", "renamed_from": "u", "policies": ["p"]}]
    plan = planned(before, after)
    assert [step.call.operation for step in plan.steps] == ["UpdateUser", "CreatePolicyVersion"]
    assert is_chain(plan)
    assert marks(plan) == []


def test_a_new_name_waits_until_no_policy_speaks_of_it() -> None:
    before = [policy("p", HOMES), user(policies=["p"])]
    after = [policy("p", READ), {"kind": "user", "name": "v", "renamed_from": "u", "policies": ["p"]}]
    plan = planned(before, after)
    assert [step.call.operation for step in plan.steps] == ["CreatePolicyVersion", "UpdateUser"]
    assert is_chain(plan)


def test_a_rename_of_which_no_policy_speaks_waits_for_nothing() -> None:
    before = [policy("p", READ), user(policies=["p"])]
    after = [policy("p", BOTH), {"kind": "user", "name": "v", "renamed_from": "u", "policies": ["p"]}]
    assert all(step.after == () for step in planned(before, after).steps)


def test_a_tag_that_a_policy_speaks_of_changes_in_the_order_that_lets_nobody_in() -> None:
    def team(name: str) -> dict[str, Any]:
        [statement] = document(("Allow", "s3:GetObject", "*"))["Statement"]
        condition = {"StringEquals": {"aws:PrincipalTag/team": name}}
        return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}

    before = [policy("p", team("b")), user(policies=["p"], tags={"team": "a"})]
    after = [policy("p", team("c")), user(policies=["p"], tags={"team": "b"})]
    plan = planned(before, after)
    assert [step.call.operation for step in plan.steps] == ["CreatePolicyVersion", "TagUser"]
    assert is_chain(plan)
    assert marks(plan) == []


def test_what_aws_denies_altogether_is_never_missed() -> None:
    policies = [policy("p", READ), policy("q", WRITE)]
    plan = planned([*policies, user(policies=["AWSDenyAll", "p"])], [*policies, user(policies=["q"])])
    assert waits(plan)["DetachUserPolicy AWSDenyAll"] == {"DetachUserPolicy p"}
    assert marks(plan) == []


def test_a_call_that_fails_does_not_hold_up_those_that_have_nothing_to_do_with_it() -> None:
    queues = [
        policy("old", document(("Allow", "sqs:SendMessage", "*"))),
        policy("new", document(("Allow", "sqs:*", "*"))),
    ]
    before = [*queues, user(policies=["old"], inline_policies={"a": BOTH})]
    after = [*queues, user(policies=["new"], inline_policies={"a": READ, "z-deny": NO_READ, "b": WRITE})]
    plan = planned(before, after)
    assert waits(plan) == {
        "PutUserPolicy z-deny": set(),
        "PutUserPolicy b": set(),
        "PutUserPolicy a": {"PutUserPolicy b"},
        "AttachUserPolicy new": set(),
        "DetachUserPolicy old": {"AttachUserPolicy new"},
    }
    assert marks(plan) == []


def test_within_one_service_only_those_calls_wait_that_access_needs_to() -> None:
    before = [user(inline_policies={"a": BOTH, "b": READ})]
    after = [user(inline_policies={"a": READ, "c": document(("Allow", "s3:*", "arn:aws:s3:::c/*")), "z": NO_READ})]
    plan = planned(before, after)
    assert waits(plan)["PutUserPolicy z"] == set()
    assert waits(plan)["DeleteUserPolicy b"] == set()
    assert waits(plan)["PutUserPolicy c"] == set()
    assert marks(plan) == []


def test_what_a_user_that_goes_has_by_a_group_is_taken_from_it_once_it_is_locked_out() -> None:
    before = [policy("p", READ), {"kind": "group", "name": "g", "policies": ["p"]}, user(groups=["g"])]
    live = live_of(before)
    address = Address("user", "u")
    keys = {"ListAccessKeys": [{"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}]}
    with_key = dataclasses.replace(live.objects[address].resource, credentials=keys)
    objects = {**live.objects, address: dataclasses.replace(live.objects[address], resource=with_key)}
    gone = [{"kind": kind, "name": name, "state": "absent"} for kind, name in (("user", "u"), ("group", "g"))]
    plan = planned_on(dataclasses.replace(live, objects=objects), [before[0], *gone])
    assert waits(plan)["DetachGroupPolicy p"] == {"DeleteAccessKey"}


def test_a_refused_attachment_leaves_the_users_other_business_to_be_done() -> None:
    world = World()
    policies = [policy("no", NO_READ), policy("old", SEND), policy("new", document(("Allow", "sqs:*", "*")))]
    world.apply([*policies, user(policies=["old"])])
    made = world.plan([*policies, user(policies=["new", "no"], inline_policies={"i": BOTH})])

    class Refusing(Iam):
        def send(self, call: Call) -> Mapping[str, Any]:
            if call.params.get("PolicyArn", "").endswith("/no"):
                raise DeniedError("no permission: ci may not perform iam:AttachUserPolicy on u")
            return super().send(call)

    outcome = apply.run(made, Refusing(world.session))
    names = dict(zip((step.id for step in made.steps), told(made), strict=True))
    assert [names[step.id] for step, _ in outcome.failed] == ["AttachUserPolicy no"]
    assert [names[step.id] for step in outcome.left] == ["PutUserPolicy i"]
    assert {names[step.id] for step in outcome.done} == {"AttachUserPolicy new", "DetachUserPolicy old"}
