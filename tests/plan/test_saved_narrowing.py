"""What an apply of a saved plan refuses, leaves out and does, case by case."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from plan.saving import HEADER, bytes_of, forged, left, sent
from support.estates import Docs
from support.worlds import World, desired_of

from reconciler.errors import RefusedError
from reconciler.live import Iam
from reconciler.model import Account, Mark, Plan
from reconciler.plan import Begun, Reader, make
from reconciler.plan.check import narrowed, refuse_foreign, refuse_moved
from reconciler.plan.file import load

ACCOUNT = Account("123456789012", "aws", "us-east-1")
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
BEFORE: Docs = [
    {"kind": "policy", "name": "readers", "document": READ},
    {"kind": "user", "name": "alice", "policies": ["readers"], "tags": {"team": "a"}},
    {"kind": "user", "name": "leaver", "policies": ["readers"]},
    {"kind": "role", "name": "worker", "service": "lambda"},
    {"kind": "group", "name": "old"},
]
AFTER: Docs = [
    {"kind": "policy", "name": "readers", "document": WRITE},
    {"kind": "user", "name": "alice", "policies": ["SecurityAudit"], "tags": {"team": "b"}},
    {"kind": "user", "name": "leaver", "state": "absent"},
    {"kind": "role", "name": "worker", "service": "lambda", "inline_policies": {"own": READ}},
    {"kind": "group", "name": "new", "policies": ["readers"]},
]


def before() -> World:
    world = World()
    world.apply(BEFORE)
    return world


def refusal(world: World, data: bytes, docs: Docs, *, exact: bool = False, **settings: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        left(world, data, docs, exact=exact, **settings)
    return str(caught.value)


def saved(world: World) -> bytes:
    return bytes_of(world.plan(AFTER), AFTER)


def test_the_whole_plan_is_left_to_do_while_nothing_has_happened() -> None:
    world = before()
    made = world.plan(AFTER)
    rest = left(world, bytes_of(made, AFTER), AFTER, exact=True)
    assert list(rest.plan.steps) == list(made.steps)
    assert rest.plan.before == made.before
    assert (list(rest.done), list(rest.beyond), rest.remade) == ([], [], False)


def add(operation: str, address: str, **params: str) -> Callable[[Any], None]:
    def edit(content: Any) -> None:
        steps = content["body"]["steps"]
        step = {"operation": operation, "address": address, "parameters": params, "after": [], "note": "", "marks": []}
        steps.append({"id": len(steps) + 1, **step})

    return edit


ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    ("edit", "step"),
    [
        (add("AttachUserPolicy", "user/alice", UserName="alice", PolicyArn=ADMIN), "AttachUserPolicy user/alice"),
        (add("DeleteRole", "role/worker", RoleName="worker"), "DeleteRole role/worker"),
        (add("CreateUser", "user/mallory", UserName="mallory", Path="/"), "CreateUser user/mallory"),
        (add("CreateAccessKey", "user/alice", UserName="alice"), "CreateAccessKey user/alice"),
        (add("DeleteAccessKey", "user/alice", UserName="alice", AccessKeyId="AKIA"), "DeleteAccessKey user/alice"),
        (add("DetachUserPolicy", "user/x", UserName="x", PolicyArn=ADMIN), "DetachUserPolicy user/x"),
        (add("DeactivateMFADevice", "user/leaver", UserName="leaver", SerialNumber="x"), "DeactivateMFADevice user/le"),
    ],
    ids=["attach", "delete", "create", "credential", "key", "nobody", "device"],
)
def test_a_plan_with_a_step_added_is_refused_though_the_digest_was_recomputed(
    edit: Callable[[Any], None], step: str
) -> None:
    world = before()
    why = refusal(world, forged(saved(world), edit), AFTER)
    assert "the documents as they are now do not produce step " in why
    assert step in why


def test_a_plan_with_a_parameter_changed_is_refused_though_the_digest_was_recomputed() -> None:
    world = before()
    data = saved(world)
    for number, step in enumerate(load(data, "plan.json").steps):
        for name, value in step.call.params.items():

            def edit(content: Any, number: int = number, name: str = name, value: Any = value) -> None:
                changed = f"{value}x" if isinstance(value, str) else []
                content["body"]["steps"][number]["parameters"][name] = changed

            assert f"do not produce step {step.id} ({step.call.operation} " in refusal(world, forged(data, edit), AFTER)


def test_a_plan_whose_order_was_changed_is_applied_in_the_order_that_the_account_needs() -> None:
    world = before()
    made = world.plan(AFTER)

    def turn(content: Any) -> None:
        steps = content["body"]["steps"]
        steps.reverse()
        for number, step in enumerate(steps, start=1):
            step.update(id=number, after=[])

    rest = left(world, forged(bytes_of(made, AFTER), turn), AFTER)
    assert rest.remade
    assert list(rest.plan.steps) == list(made.steps)


def test_a_plan_that_does_not_tell_how_an_object_was_is_refused() -> None:
    world = before()

    def forget(content: Any) -> None:
        del content["body"]["touched"]["user/alice"]

    assert refusal(world, forged(saved(world), forget), AFTER) == (
        "the plan file does not tell how user/alice was; plan again"
    )


def test_bonds_that_were_taken_out_of_a_plan_hold_all_the_same() -> None:
    world = before()
    made = world.plan(AFTER)

    def loosen(content: Any) -> None:
        for step in content["body"]["steps"]:
            step["after"] = []

    rest = left(world, forged(bytes_of(made, AFTER), loosen), AFTER)
    assert [step.after for step in rest.plan.steps] == [step.after for step in made.steps]
    assert any(step.after for step in made.steps)


def test_marks_are_those_of_the_plan_that_is_made_anew_and_of_the_file() -> None:
    world = before()
    made = world.plan(AFTER)
    new, old = (Mark("spike", made.steps[0].address, reason) for reason in ("found now", "reviewed"))

    def with_mark(reader: Reader, begun: Begun) -> Plan:
        plan = make(desired_of(AFTER, ACCOUNT), reader, begun=begun)
        return dataclasses.replace(plan, steps=[dataclasses.replace(step, marks=(new,)) for step in plan.steps])

    marked = dataclasses.replace(made, steps=[dataclasses.replace(step, marks=(old,)) for step in made.steps])
    rest = narrowed(load(bytes_of(marked, AFTER), "plan.json"), with_mark, lambda plan, *_: plan, Iam(world.session))
    assert all(step.marks == (new, old) for step in rest.plan.steps)


def test_a_plan_for_another_account_or_partition_or_past_its_time_is_refused_with_every_reason() -> None:
    world = before()
    made = world.plan(AFTER)
    header = dataclasses.replace(HEADER, expires=HEADER.created + dt.timedelta(hours=1))
    plan = load(bytes_of(made, AFTER, header), "plan.json")
    at = HEADER.created + dt.timedelta(minutes=59)
    refuse_foreign(plan, ACCOUNT, at)
    with pytest.raises(RefusedError) as caught:
        refuse_foreign(plan, Account("210987654321", "aws-cn"), at + dt.timedelta(minutes=1))
    assert caught.value.reasons == (
        "the plan is for account 123456789012, and the credentials belong to 210987654321",
        "the plan is for partition aws, and the credentials belong to aws-cn",
        "the plan expired at 2026-11-24T13:00:00+00:00; plan again",
    )


def anew(world: World) -> None:
    world.iam.delete_group(GroupName="old")
    world.iam.create_group(GroupName="old")


def replaced_role(world: World) -> None:
    trust = world.iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
    world.iam.delete_role(RoleName="worker")
    world.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))


def emptied(world: World) -> None:
    world.iam.detach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::123456789012:policy/readers")
    world.iam.delete_user(UserName="alice")


MOVES: list[tuple[str, Callable[[World], Any]]] = [
    (
        "user/alice: policies AdministratorAccess was added",
        lambda w: w.iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN),
    ),
    (
        "user/alice: tags team was changed",
        lambda w: w.iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "z"}]),
    ),
    ("user/alice: tags team was removed", lambda w: w.iam.untag_user(UserName="alice", TagKeys=["team"])),
    (
        "role/worker: max_session_duration was changed",
        lambda w: w.iam.update_role(RoleName="worker", MaxSessionDuration=7200),
    ),
    (
        "role/worker: inline_policies x was added",
        lambda w: w.iam.put_role_policy(RoleName="worker", PolicyName="x", PolicyDocument=json.dumps(READ)),
    ),
    ("group/new: path was added", lambda w: w.iam.create_group(GroupName="new", Path="/other/")),
    ("role/worker was deleted and made anew", replaced_role),
    ("user/alice is not there any more", emptied),
]


@pytest.mark.parametrize(("why", "move"), MOVES, ids=[why.replace("/", " ") for why, _ in MOVES])
def test_a_touched_object_that_moved_makes_the_plan_stale(why: str, move: Callable[[World], Any]) -> None:
    world = before()
    data = saved(world)
    made = world.plan(AFTER)
    move(world)
    stale = refusal(world, data, AFTER)
    assert stale.startswith(why)
    assert stale.endswith("; plan again, and have it reviewed")
    with pytest.raises(RefusedError) as caught:
        refuse_moved(made, Iam(world.session))
    assert str(caught.value).startswith("group/new is there now" if "group/new" in why else why)


def rewritten(world: World) -> None:
    statement = {"Resource": ["*"], "Action": ["s3:getobject"], "Effect": "Allow"}
    document = json.dumps({"Statement": [statement], "Version": "2012-10-17"})
    world.iam.create_policy_version(
        PolicyArn="arn:aws:iam::123456789012:policy/readers", PolicyDocument=document, SetAsDefault=True
    )


@pytest.mark.parametrize(
    "move",
    [
        rewritten,
        anew,
        lambda w: w.iam.create_user(UserName="stranger"),
        lambda w: w.iam.attach_group_policy(GroupName="old", PolicyArn=ADMIN),
        lambda w: w.iam.create_access_key(UserName="alice"),
    ],
    ids=["a policy written differently", "an object made anew", "a stranger", "another object", "a key"],
)
def test_what_a_plan_does_not_touch_does_not_void_it(move: Callable[[World], Any]) -> None:
    world = before()
    made = world.plan(AFTER)
    move(world)
    rest = left(world, bytes_of(made, AFTER), AFTER, exact=True)
    assert sent(rest.plan) == sent(made)
    refuse_moved(made, Iam(world.session))


def test_tags_of_policies_which_no_listing_shows_are_read_to_judge_them() -> None:
    docs: Docs = [{"kind": "policy", "name": "p", "document": READ, "tags": {"team": "a"}}]
    after: Docs = [{**docs[0], "tags": {"team": "b"}}]
    arn = "arn:aws:iam::123456789012:policy/p"
    world = World()
    world.apply(docs)
    made = world.plan(after)
    data = bytes_of(made, after)
    assert sent(left(world, data, after).plan) == sent(made)
    world.iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "b"}])
    assert not left(world, data, after).plan.steps
    world.iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "c"}])
    assert "policy/p: tags team was changed" in refusal(world, data, after)
    with pytest.raises(RefusedError, match="tags team was changed"):
        refuse_moved(made, Iam(world.session))


def test_steps_that_the_documents_no_longer_ask_for_are_refused_by_name() -> None:
    world = before()
    made = world.plan(AFTER)
    fewer = [document for document in AFTER if document["name"] != "new"]
    why = refusal(world, bytes_of(made, AFTER), fewer)
    (creation,) = [step for step in made.steps if step.call.operation == "CreateGroup"]
    named = f"step {creation.id} (CreateGroup group/new)"
    assert f"the documents as they are now do not produce {named}; plan again" in why.splitlines()


def test_a_conflict_that_takes_a_steps_place_is_named_with_it() -> None:
    world = before()
    made = world.plan(AFTER)
    elsewhere = [{**document, "path": "/other/"} if document["name"] == "readers" else document for document in AFTER]
    with_replacement = [{**d, "replace": "true"} if d["name"] == "readers" else d for d in elsewhere]
    data = bytes_of(world.plan(with_replacement), with_replacement)
    why = refusal(world, data, elsewhere)
    assert "(path is '/' and shall be '/other/', which IAM cannot change in place)" in why
    assert made.steps


def test_what_the_documents_ask_for_beyond_the_file_is_told_and_not_done() -> None:
    world = before()
    made = world.plan(AFTER)
    more = [*AFTER, {"kind": "group", "name": "late"}]
    more[1] = {**more[1], "policies": ["SecurityAudit", "ReadOnlyAccess"]}
    rest = left(world, bytes_of(made, AFTER), more)
    assert sent(rest.plan) == sent(made)
    assert [step.call.operation for step in rest.beyond] == ["CreateGroup", "AttachUserPolicy"]
    shown = {str(change.address): change for change in rest.plan.changes}
    assert "group/late" not in shown
    assert not shown["user/alice"].differences
    assert "only a part" in shown["user/alice"].warnings[-1]
    why = refusal(world, bytes_of(made, AFTER), more, exact=True)
    assert why.splitlines() == [
        "CreateGroup group/late is not in the plan file, and would be done now (--exact)",
        "AttachUserPolicy user/alice is not in the plan file, and would be done now (--exact)",
    ]


def test_a_deletion_is_refused_when_the_object_has_come_to_hold_what_must_go_first() -> None:
    world = before()
    data = saved(world)
    world.iam.create_access_key(UserName="leaver")
    assert "(DeleteUser user/leaver) waits for DeleteAccessKey user/leaver now" in refusal(world, data, AFTER)


def test_a_step_is_refused_when_what_it_names_is_not_there_any_more() -> None:
    docs: Docs = [{"kind": "policy", "name": "p", "document": READ}, {"kind": "user", "name": "alice"}]
    after: Docs = [docs[0], {"kind": "user", "name": "alice", "policies": ["p"]}]
    world = World()
    world.apply(docs)
    data = bytes_of(world.plan(after), after)
    world.iam.delete_policy(PolicyArn="arn:aws:iam::123456789012:policy/p")
    assert "step 1 (AttachUserPolicy user/alice) waits for CreatePolicy policy/p now" in refusal(world, data, after)


def test_a_plan_file_holds_no_secret() -> None:
    secrets = ["only-for-this-test-1"]
    world = before()
    world.iam.create_login_profile(UserName="leaver", Password=secrets[0])
    key = world.iam.create_access_key(UserName="leaver")["AccessKey"]
    secrets.append(key["SecretAccessKey"])
    credentials = world.session.get_credentials()
    assert credentials is not None
    secrets += [secret for secret in credentials.get_frozen_credentials()[1:] if secret]
    data = saved(world).decode()
    assert key["AccessKeyId"] in data, "the plan deletes the key, and names it"
    assert [secret for secret in secrets if secret in data] == []
