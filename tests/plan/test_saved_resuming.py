"""What the same plan file does after a run of it stopped: also where the account tells less than it did before."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from plan.saving import bytes_of, forged, left, sent
from plan.test_saved_narrowing import READ, WRITE, before, refusal
from support.estates import ACCOUNT, Docs
from support.worlds import World

from reconciler import apply
from reconciler.errors import MisshapenCallError
from reconciler.live import Iam
from reconciler.model import Address, Plan, Step
from reconciler.plan.check import Narrowed

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(*names: str) -> dict[str, Any]:
    principals = [f"arn:aws:iam::{ACCOUNT}:{name}" for name in names]
    named = principals if len(principals) > 1 else principals[0]
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def down_sets(steps: list[Step]) -> list[frozenset[int]]:
    """Return every set of steps that holds, with a step, all that it waits for."""
    after = {step.id: set(step.after) for step in steps}
    sets = itertools.chain.from_iterable(itertools.combinations(after, size) for size in range(len(after) + 1))
    return [frozenset(ids) for ids in sets if all(after[step] <= set(ids) for step in ids)]


SMALL: Docs = [
    {"kind": "user", "name": "leaver", "state": "absent"},
    {"kind": "user", "name": "alice", "policies": ["SecurityAudit"]},
    {"kind": "policy", "name": "readers", "document": WRITE, "path": "/moved/", "replace": "true"},
    {"kind": "role", "name": "worker", "service": "lambda"},
]


RENAMED: Docs = [
    {"kind": "user", "name": "anna", "renamed_from": "alice", "policies": ["SecurityAudit"]},
    {"kind": "group", "name": "former", "renamed_from": "old", "members": ["anna"]},
    {"kind": "role", "name": "worker", "trust": trust("user/anna"), "description": "later"},
]


CIRCLES: Docs = [
    {"kind": "role", "name": "a", "trust": trust("role/a", "role/b", "role/worker")},
    {"kind": "role", "name": "b", "trust": trust("role/c")},
    {"kind": "role", "name": "c", "trust": trust("role/a", "role/b")},
    {"kind": "role", "name": "worker", "trust": trust("role/c", "root")},
]


def assert_it_is_resumed(docs: Docs, most: int | None) -> None:
    """Check that a plan is resumed from all, or from some, of the states that an interrupted apply can leave."""
    made = before().plan(docs)
    sets = down_sets(list(made.steps))
    assert len(sets) > 10
    for done in sets if most is None else random.Random(0).sample(sets, most):  # noqa: S311  a choice, no secret
        world = before()
        data = bytes_of(world.plan(docs), docs)
        iam = Iam(world.session)
        for step in made.steps:
            if step.id in done:
                iam.send(step.call)
        rest = left(world, data, docs, exact=True)
        assert {step.id for step in rest.done} == done
        assert [step.id for step in rest.plan.steps] == [step.id for step in made.steps if step.id not in done]
        assert apply.run(rest.plan, iam, sleep=lambda _: None).ok
        assert not sent(world.plan(docs))


@pytest.mark.parametrize("docs", [SMALL, RENAMED, CIRCLES], ids=["deleted and replaced", "renamed", "circles"])
def test_a_plan_is_resumed_from_states_that_an_interrupted_apply_can_leave(docs: Docs) -> None:
    assert_it_is_resumed(docs, 8)


@pytest.mark.long
@pytest.mark.parametrize("docs", [SMALL, RENAMED, CIRCLES], ids=["deleted and replaced", "renamed", "circles"])
def test_a_plan_is_resumed_from_every_state_that_an_interrupted_apply_can_leave(docs: Docs) -> None:
    assert_it_is_resumed(docs, None)


def test_a_trust_in_a_role_that_the_plan_has_deleted_already_has_not_moved() -> None:
    docs: Docs = [
        {"kind": "role", "name": "leaver", "trust": trust("root")},
        {"kind": "role", "name": "worker", "trust": trust("role/leaver")},
    ]
    after: Docs = [
        {"kind": "role", "name": "leaver", "state": "absent"},
        {"kind": "role", "name": "worker", "trust": trust("root")},
    ]
    world = World()
    world.apply(docs)
    made = world.plan(after)
    data = bytes_of(made, after)
    world.iam.delete_role(RoleName="leaver")
    (named,) = world.iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert named["Principal"]["AWS"].startswith("AROA")
    rest = left(world, data, after, exact=True)
    assert [step.call.operation for step in rest.plan.steps] == ["UpdateAssumeRolePolicy"]
    assert apply.run(rest.plan, Iam(world.session), sleep=lambda _: None).ok
    assert not sent(world.plan(after))


def test_a_user_that_goes_with_its_credentials_is_resumed_after_every_step() -> None:
    docs: Docs = [{"kind": "user", "name": "leaver", "policies": ["ReadOnlyAccess"]}]
    after: Docs = [{"kind": "user", "name": "leaver", "state": "absent"}, {"kind": "group", "name": "anchor"}]
    for count in range(8):
        world = World()
        world.apply(docs)
        world.iam.create_login_profile(UserName="leaver", Password="only-for-this-test-1")
        for _ in range(2):
            world.iam.create_access_key(UserName="leaver")
        made = world.plan(after)
        data = bytes_of(made, after)
        iam = Iam(world.session)
        for step in made.steps[:count]:
            iam.send(step.call)
        rest = left(world, data, after, exact=True)
        assert [step.id for step in rest.done] == [step.id for step in made.steps[:count]]
        assert apply.run(rest.plan, iam, sleep=lambda _: None).ok
        assert not sent(world.plan(after))


KEEPING: Docs = [
    {"kind": "role", "name": "worker", "service": "ec2", "path": "/moved/", "replace": "true"},
    {"kind": "user", "name": "alice", "policies": ["readers"], "manage": {"policies": "additive"}},
    {"kind": "policy", "name": "readers", "document": READ, "path": "/moved/", "replace": "true"},
    {"kind": "policy", "name": "gifts", "document": READ, "path": "/moved/", "replace": "true"},
]
SETTINGS: dict[str, Any] = {"keep": ["role/worker/*"], "ignore_tags": ["Cost"]}
LOST = {
    "role/worker: description",
    "role/worker: max_session_duration",
    "role/worker: tags Cost",
    "role/worker: tags team",
    "role/worker: policies SecurityAudit",
    "AddRoleToInstanceProfile role/worker machines",
    "policy/gifts: description",
    "user/alice: policies gifts",
}


def kept() -> World:
    """Return an account of which much is to be kept that no document tells."""
    world = World()
    role = {"kind": "role", "name": "worker", "service": "ec2", "description": "kept", "max_session_duration": "7200"}
    world.apply(
        [
            {**role, "permissions_boundary": "ReadOnlyAccess", "tags": {"team": "a", "Cost": "1"}},
            {"kind": "policy", "name": "readers", "document": READ},
            {"kind": "policy", "name": "gifts", "document": READ, "description": "kept"},
            {"kind": "user", "name": "alice", "policies": ["readers", "gifts"]},
        ]
    )
    world.iam.attach_role_policy(RoleName="worker", PolicyArn=AUDIT)
    world.iam.create_instance_profile(InstanceProfileName="machines")
    world.iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="worker")
    return world


def stopped(world: World, made: Plan, done: frozenset[int]) -> None:
    iam = Iam(world.session)
    for step in made.steps:
        if step.id in done:
            iam.send(step.call)


def deleted(made: Plan) -> frozenset[int]:
    """Return the steps that are done when a role and a policy are deleted, and no other that need not be."""
    gone = {"DeleteRole role/worker", "DeletePolicy policy/gifts"}
    found = {step.id for step in made.steps if f"{step.call.operation} {step.address}" in gone}
    for step in reversed(made.steps):
        if step.id in found:
            found |= set(step.after)
    return frozenset(found)


def resumed(world: World, data: bytes, docs: Docs, **settings: Any) -> Narrowed:
    rest = left(world, data, docs, **settings)
    assert apply.run(rest.plan, Iam(world.session), sleep=lambda _: None).ok
    assert not sent(world.plan(docs, **settings))
    return rest


def test_what_a_replaced_object_was_to_keep_and_no_document_tells_is_told_and_not_written() -> None:
    made = kept().plan(KEEPING, **SETTINGS)
    for done in [deleted(made), frozenset(range(1, len(made.steps)))]:
        world = kept()
        data = bytes_of(made := world.plan(KEEPING, **SETTINGS), KEEPING, **SETTINGS)
        stopped(world, made, done)
        rest = resumed(world, data, KEEPING, **SETTINGS)
        assert set(rest.lost) <= LOST
        assert len(rest.lost) == len(set(rest.lost))
        again = left(world, data, KEEPING, exact=True, **SETTINGS)
        assert (again.plan.steps, again.lost) == ((), rest.lost)


def test_behind_all_deletions_only_the_boundary_is_taken_from_the_file_for_it_only_takes_away() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)
    data = bytes_of(made, KEEPING, **SETTINGS)
    stopped(world, made, deleted(made))
    rest = resumed(world, data, KEEPING, **SETTINGS)
    assert set(rest.lost) == LOST
    role = world.rows()["role/worker"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    (creation,) = [step for step in rest.plan.steps if step.call.operation == "CreateRole"]
    assert creation.note == f"only the plan file tells the boundary any more: {READ_ONLY}"
    assert (role["Path"], role["AttachedManagedPolicies"], role.get("Tags", [])) == ("/moved/", [], [])
    assert role["InstanceProfileList"] == []
    assert [row["PolicyName"] for row in world.rows()["user/alice"]["AttachedManagedPolicies"]] == ["readers"]


DENYING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}


@pytest.mark.parametrize(
    "done", [{"DetachRolePolicy", "DeleteRolePolicy"}, {"DeleteRole"}], ids=["stripped", "deleted"]
)
def test_a_policy_that_only_denies_is_taken_from_the_file_and_one_that_allows_is_not(done: set[str]) -> None:
    docs: Docs = [
        {"kind": "policy", "name": "lock", "document": DENYING},
        {"kind": "role", "name": "worker", "service": "ec2", "path": "/moved/", "replace": "true"},
    ]
    docs[1]["manage"] = {"inline_policies": "additive"}
    settings: dict[str, Any] = {"keep": ["role/worker/*"]}
    world = World()
    world.apply([docs[0], {"kind": "role", "name": "worker", "service": "ec2"}])
    for held in (f"arn:aws:iam::{ACCOUNT}:policy/lock", "arn:aws:iam::aws:policy/AWSDenyAll", AUDIT):
        world.iam.attach_role_policy(RoleName="worker", PolicyArn=held)
    for name, body in (("denies", DENYING), ("allows", READ)):
        world.iam.put_role_policy(RoleName="worker", PolicyName=name, PolicyDocument=json.dumps(body))
    made = world.plan(docs, **settings)
    data = bytes_of(made, docs, **settings)
    steps = {step.id for step in made.steps if step.call.operation in done}
    stopped(
        world, made, frozenset(steps | {earlier for step in made.steps if step.id in steps for earlier in step.after})
    )
    rest = resumed(world, data, docs, **settings)
    assert set(rest.lost) == {"role/worker: policies SecurityAudit", "role/worker: inline_policies allows"}
    role = world.rows()["role/worker"]
    assert {row["PolicyName"] for row in role["AttachedManagedPolicies"]} == {"lock", "AWSDenyAll"}
    assert [row["PolicyName"] for row in role["RolePolicyList"]] == ["denies"]
    assert not left(world, data, docs, **settings).plan.steps


def test_nothing_is_taken_from_the_file_for_an_object_that_the_documents_do_not_create() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)
    data = bytes_of(made, KEEPING, **SETTINGS)
    identity = Iam(world.session).snapshot(made.account).objects[Address("user", "alice")].resource.unique_id

    def locked(content: Any) -> None:
        steps = content["body"]["steps"]
        parameters = {"UserName": "alice", "PolicyName": "lock", "PolicyDocument": json.dumps(DENYING)}
        call = {"operation": "PutUserPolicy", "parameters": parameters}
        steps.append({**steps[-1], "id": len(steps) + 1, "address": "user/alice", "after": [], **call})
        alice = content["body"]["touched"]["user/alice"]
        alice["unique_id"] = {"0": f"{identity}X", "1": None, "2": ""}

    stopped(world, made, deleted(made))
    rest = left(world, forged(data, locked), KEEPING, **SETTINGS)
    assert "PutUserPolicy" not in {step.call.operation for step in rest.plan.steps}
    assert "PutUserPolicy user/alice" in " ".join(rest.lost)


def test_before_anything_is_deleted_or_once_it_is_back_nothing_is_lost() -> None:
    made = kept().plan(KEEPING, **SETTINGS)
    for done in (frozenset[int](), frozenset(step.id for step in made.steps)):
        world = kept()
        data = bytes_of(made := world.plan(KEEPING, **SETTINGS), KEEPING, **SETTINGS)
        stopped(world, made, done)
        rest = resumed(world, data, KEEPING, **SETTINGS)
        assert ([step.id for step in rest.done], list(rest.lost)) == (sorted(done), [])
        assert world.rows()["role/worker"]["Listed"]["Description"] == "kept"


def edited_creation(content: Any) -> None:
    """Write into the file what a role that is created anew was to keep, as an attacker would."""
    (creation,) = [step for step in content["body"]["steps"] if step["operation"] == "CreateRole"]
    creation["parameters"]["Tags"] = [{"Key": "team", "Value": "admins"}]
    creation["parameters"]["Description"] = "forged"
    creation["parameters"]["MaxSessionDuration"] = 43200


def edited_attachment(content: Any) -> None:
    """Have the file say that a role that is created anew was to keep an administrator's policy."""
    (attach,) = [
        step
        for step in content["body"]["steps"]
        if (step["operation"], step["parameters"].get("PolicyArn")) == ("AttachRolePolicy", AUDIT)
    ]
    attach["parameters"]["PolicyArn"] = ADMIN
    held = content["body"]["touched"]["role/worker"]["fields"]["policies"]
    held[ADMIN] = held.pop(AUDIT)


@pytest.mark.parametrize("edit", [edited_creation, edited_attachment])
def test_what_an_attacker_writes_into_a_file_as_kept_is_never_written(edit: Any) -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)
    data = forged(bytes_of(made, KEEPING, **SETTINGS), edit)
    assert refusal(world, data, KEEPING, **SETTINGS)
    stopped(world, made, deleted(made))
    resumed(world, data, KEEPING, **SETTINGS)
    role = world.rows()["role/worker"]
    assert (role["AttachedManagedPolicies"], role.get("Tags", [])) == ([], [])
    assert "Description" not in role["Listed"]
    assert role["Listed"]["MaxSessionDuration"] == 3600


def test_an_attachment_that_was_never_taken_away_is_not_taken_for_a_kept_one() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)

    def added(content: Any) -> None:
        steps = content["body"]["steps"]
        call = {"operation": "AttachUserPolicy", "parameters": {"UserName": "alice", "PolicyArn": ADMIN}}
        steps.append({**steps[-1], "id": len(steps) + 1, "address": "user/alice", "after": [], **call})

    data = forged(bytes_of(made, KEEPING, **SETTINGS), added)
    stopped(world, made, deleted(made))
    why = refusal(world, data, KEEPING, **SETTINGS)
    assert (
        why == f"the documents as they are now do not produce step {len(made.steps) + 1} (AttachUserPolicy user/alice)"
        "; plan again"
    )


def test_other_documents_are_a_reason_to_refuse_and_not_taken_for_what_was_lost() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)
    data = bytes_of(made, KEEPING, **SETTINGS)
    stopped(world, made, deleted(made))
    why = refusal(world, data, [*KEEPING, {"kind": "group", "name": "late"}], **SETTINGS)
    assert "do not produce" in why
    assert "AddRoleToInstanceProfile role/worker" in why


def test_another_trust_than_the_file_tells_is_never_given_to_a_role_that_is_created_anew() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)

    def other(content: Any) -> None:
        (creation,) = [step for step in content["body"]["steps"] if step["operation"] == "CreateRole"]
        creation["parameters"]["AssumeRolePolicyDocument"] = json.dumps(trust("root"))
        fields = content["body"]["touched"]["role/worker"]["fields"]
        fields["trust"][""][str(creation["id"])] = "0" * 64

    data = forged(bytes_of(made, KEEPING, **SETTINGS), other)
    stopped(world, made, deleted(made))
    assert "(CreateRole role/worker)" in refusal(world, data, KEEPING, **SETTINGS)


def test_a_step_whose_parameters_are_none_of_its_operation_is_no_bug_of_ours() -> None:
    world = kept()
    made = world.plan(KEEPING, **SETTINGS)

    def emptied(content: Any) -> None:
        (creation,) = [step for step in content["body"]["steps"] if step["operation"] == "CreateRole"]
        creation["parameters"] = {"RoleName": "worker"}

    data = forged(bytes_of(made, KEEPING, **SETTINGS), emptied)
    stopped(world, made, deleted(made))
    with pytest.raises(MisshapenCallError, match="CreateRole has parameters that it does not take"):
        left(world, data, KEEPING, **SETTINGS)


def test_what_a_new_object_is_given_and_then_left_alone_is_told_and_not_done_after_a_stop() -> None:
    docs: Docs = [{"kind": "role", "name": "new", "service": "ec2", "policies": ["SecurityAudit"]}]
    docs[0]["manage"] = {"policies": "ignore"}
    world = World()
    made = world.plan(docs)
    data = bytes_of(made, docs)
    assert [step.call.operation for step in made.steps] == ["CreateRole", "AttachRolePolicy"]
    stopped(world, made, frozenset({1}))
    assert resumed(world, data, docs).lost == ["role/new: policies SecurityAudit"]


def test_principals_that_a_trust_names_may_have_been_moved_and_renamed_in_any_order() -> None:
    users = [{"kind": "user", "name": name, "path": "/old/"} for name in ("anna", "bert", "carl")]
    role = {"kind": "role", "name": "worker", "trust": trust("user/old/anna", "user/old/bert", "user/old/carl")}
    after: Docs = [
        {**users[0], "path": "/new/"},
        {**users[1], "path": "/new/"},
        {**users[2], "name": "karl", "renamed_from": "carl"},
        {**role, "trust": trust("user/new/anna", "user/new/bert", "user/old/karl")},
    ]
    for size in range(4):
        for done in itertools.combinations((1, 2, 3), size):
            world = World()
            world.apply([*users, role])
            made = world.plan(after)
            data = bytes_of(made, after)
            assert [step.call.operation for step in made.steps] == ["UpdateUser"] * 3
            stopped(world, made, frozenset(done))
            rest = resumed(world, data, after)
            assert tuple(step.id for step in rest.done) == done
            assert not rest.lost


def test_a_stranger_who_was_moved_into_a_trust_still_makes_the_plan_stale() -> None:
    users = [{"kind": "user", "name": name, "path": "/old/"} for name in ("anna", "bert")]
    role = {"kind": "role", "name": "worker", "trust": trust("user/old/anna", "user/old/bert")}
    after: Docs = [{**users[0], "path": "/new/"}]
    world = World()
    world.apply([*users, role])
    data = bytes_of(world.plan(after), after)
    world.iam.update_user(UserName="bert", NewPath="/new/")
    assert "role/worker: trust was changed" in refusal(world, data, after)


def test_a_role_that_only_kept_its_boundary_has_lost_nothing() -> None:
    role = {"kind": "role", "name": "worker", "service": "ec2"}
    docs: Docs = [{**role, "path": "/moved/", "replace": "true"}]
    world = World()
    world.apply([{**role, "permissions_boundary": "ReadOnlyAccess"}])
    made = world.plan(docs)
    data = bytes_of(made, docs)
    stopped(world, made, frozenset({1}))
    rest = resumed(world, data, docs)
    assert (list(rest.lost), [step.id for step in rest.plan.steps]) == ([], [2])
    assert sent(rest.plan) == sent(made)[1:]


def test_a_mark_is_not_written_alone_after_a_stop_but_told() -> None:
    docs: Docs = [{"kind": "user", "name": "anna", "policies": ["ReadOnlyAccess"]}]
    world = World()
    world.apply([{"kind": "user", "name": "anna"}])
    made = world.plan(docs, owner="team")
    data = bytes_of(made, docs, owner="team")
    (attach,) = [step.id for step in made.steps if step.call.operation == "AttachUserPolicy"]
    stopped(world, made, frozenset({attach}))
    rest = resumed(world, data, docs, owner="team")
    assert (list(rest.lost), rest.plan.steps) == (["user/anna: tags iam-reconciler"], ())
