"""The laws, each tried on random accounts and random documents of every kind, on the strict sandbox."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from support.estates import Docs, estates
from support.twists import trusting, twisted, twisted_settings
from support.worlds import Recorder, World

from reconciler import apply
from reconciler.errors import InputError
from reconciler.live import Iam
from reconciler.model import Plan, Step
from reconciler.model.mark import MARK_KEY
from reconciler.report import json as report_json


class NothingThereError(Exception):
    """There is no object of the kind that somebody would have changed."""


def mutations() -> st.SearchStrategy[list[tuple[str, int]]]:
    kinds = ["attach", "inline", "stranger", "leave", "tag", "version", "boundary", "detach", "profile", "member"]
    kinds += ["credentials", "foreign", "trusting", "group", "expanded"]
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 9)), max_size=6)


def mutate(world: World, kind: str, number: int) -> None:  # noqa: C901, PLR0912  one branch a kind of change
    """Change the account behind the reconciler's back, in a way that depends on nothing but the arguments."""
    iam = world.iam
    users = [user["UserName"] for user in iam.list_users()["Users"]]
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    groups = [group["GroupName"] for group in iam.list_groups()["Groups"]]
    policies = [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    body = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}'

    def pick(items: list[str]) -> str:
        if not items:
            raise NothingThereError
        return sorted(items)[number % len(items)]

    if kind == "attach":
        iam.attach_user_policy(UserName=pick(users), PolicyArn="arn:aws:iam::aws:policy/PowerUserAccess")
    elif kind == "detach":
        user = pick(users)
        for item in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=user, PolicyArn=item["PolicyArn"])
    elif kind == "inline":
        iam.put_role_policy(RoleName=pick(roles), PolicyName="extra", PolicyDocument=body)
    elif kind == "stranger":
        name = f"stranger{number}"
        if name not in users:
            iam.create_user(UserName=name)
        if policies:
            iam.attach_user_policy(UserName=name, PolicyArn=pick(policies))
    elif kind == "member":
        if "outsider" not in users:
            iam.create_user(UserName="outsider")
        iam.add_user_to_group(UserName="outsider", GroupName=pick(groups))
    elif kind == "leave" and groups:
        group = pick(groups)
        for user in iam.get_group(GroupName=group)["Users"]:
            iam.remove_user_from_group(GroupName=group, UserName=user["UserName"])
    elif kind == "tag":
        iam.tag_user(UserName=pick(users), Tags=[{"Key": "Team", "Value": "hand"}])
    elif kind == "version":
        arn = pick(policies)
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        if len(versions) < 5:
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=body, SetAsDefault=number % 2 == 0)
    elif kind == "boundary":
        iam.put_user_permissions_boundary(
            UserName=pick(users), PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"
        )
    elif kind == "profile":
        name = f"hand{number}"
        role = pick(roles)
        if not iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    else:
        mutate_more(iam, kind, number, pick)


def mutate_more(iam: Any, kind: str, number: int, pick: Callable[[list[str]], str]) -> None:
    """Change what only some plans touch: ways in, marks of others, trusts, groups' grants, versions of one document."""
    users = [user["UserName"] for user in iam.list_users()["Users"]]
    groups = [group["GroupName"] for group in iam.list_groups()["Groups"]]
    policies = [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    if kind == "credentials":
        name = pick(users)
        if not iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.create_access_key(UserName=name)
            iam.create_login_profile(UserName=name, Password="Correct-horse-1")
    elif kind == "foreign":
        if number % 2:
            name = pick(users)
            iam.tag_user(UserName=name, Tags=[{"Key": "iam-reconciler", "Value": f"them/user/{name}"}])
        else:
            arn = pick(policies)
            mark = {"Key": "iam-reconciler", "Value": f"them/policy/{arn.rpartition('/')[2]}"}
            iam.tag_policy(PolicyArn=arn, Tags=[mark])
    elif kind == "trusting":
        principal = iam.get_user(UserName=pick(users))["User"]["Arn"]
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
        iam.update_assume_role_policy(RoleName=pick(roles), PolicyDocument=document)
    elif kind == "group":
        iam.attach_group_policy(GroupName=pick(groups), PolicyArn=pick(policies))
    elif kind == "expanded":
        arn = pick(policies)
        for version in range(5 - len(iam.list_policy_versions(PolicyArn=arn)["Versions"])):
            action = f"s3:{'Get' if version % 2 else 'Put'}Object"
            body = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::b{version}/*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [body]})
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=number % 2 == 0)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]]:
    """Draw what was applied once, what somebody changed since, what shall be now, and the settings."""
    before, changes, after = draw(estates()), draw(mutations()), draw(estates())
    if draw(st.booleans()):
        before = draw(trusting([], before))
    names = {(document["kind"], document["name"]) for document in after}
    for document in before:
        if (document["kind"], document["name"]) not in names and draw(st.integers(0, 2)) == 0:
            tombstone = {"kind": document["kind"], "name": document["name"], "state": "absent"}
            after = [*after, tombstone]
    settings: dict[str, Any] = {}
    if draw(st.booleans()):
        settings = {"owner": "laws", "prune": draw(st.sampled_from(["true", "false"]))}
    if draw(st.booleans()):
        after = draw(twisted(before, after))
        settings |= draw(twisted_settings(after))
    if any("state" not in document for document in after):
        return before, changes, after, settings
    return before, changes, [*after, {"kind": "group", "name": "anchor"}], settings


def world_of(
    before: Docs, changes: list[tuple[str, int]], settings: dict[str, Any], world: World | None = None
) -> World:
    world = world or World()
    world.apply(before, **{key: settings[key] for key in ("owner", "prune") if key in settings})
    for kind, number in changes:
        with contextlib.suppress(NothingThereError):
            mutate(world, kind, number)
    return world


def planned(world: World, docs: Docs, settings: dict[str, Any]) -> Plan:
    """Plan, giving up on examples whose trusts name a role that cannot get the path it would need."""
    try:
        return world.plan(docs, **settings)
    except InputError as error:
        assume(any("will not exist" not in fault.what for fault in error.faults))
        raise


def applied(world: World, docs: Docs, settings: dict[str, Any]) -> Plan:
    planned(world, docs, settings)
    return world.apply(docs, **settings)


def open_points(plan: Plan) -> list[tuple[str, str]]:
    return [(str(conflict.address), conflict.field) for conflict in plan.conflicts]


@given(histories())
def test_law_1_after_an_apply_the_next_plan_is_empty(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = applied(world, after, settings)
    again = world.plan(after, **settings)
    note([(step.call.operation, step.call.params) for step in made.steps])
    assert [(step.call.operation, step.call.params) for step in again.steps] == []
    assert not set(open_points(again)) - set(open_points(made))


@given(histories(), st.randoms(use_true_random=False))
def test_law_2_a_plan_that_misses_any_one_step_leaves_something_to_do(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]], chance: random.Random
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    assert len({step.call.key for step in made.steps}) == len(made.steps)
    # The mark goes along with other writes and never alone, so that nothing asks for one that was missed.
    steps = [step for step in made.steps if not only_marks(step)]
    assume(steps)
    missed = chance.choice(steps)
    iam = Iam(world.session)
    lost = {missed.id}
    for step in made.steps:
        if step.id in lost or lost & set(step.after):
            lost.add(step.id)
        else:
            iam.send(step.call)
    note(missed)
    assert world.plan(after, **settings).steps


def only_marks(step: Step) -> bool:
    """Return whether the step writes the mark of ownership and nothing else."""
    return {tag["Key"] for tag in step.call.params.get("Tags", ()) if step.call.operation.startswith("Tag")} == {
        MARK_KEY
    }


OPPOSITES = {"Attach": "Detach", "Put": "Delete", "Add": "Remove", "Tag": "Untag", "Create": "Delete"}
NAMING = ("UserName", "GroupName", "RoleName", "PolicyName", "PolicyArn", "InstanceProfileName")


def touched(step: Step, prefix: str) -> tuple[str, Any]:
    """Return what a call writes: its operation less the verb, and the names among its parameters."""
    named = tuple((key, str(step.call.params[key]).lower()) for key in NAMING if key in step.call.params)
    keys = step.call.params.get("TagKeys") or [tag["Key"] for tag in step.call.params.get("Tags", [])]
    noun = step.call.operation.removeprefix(prefix).replace("UserTo", "User").replace("UserFrom", "User")
    return noun, (named, frozenset(key.lower() for key in keys) if prefix in {"Tag", "Untag"} else frozenset())


@given(histories())
def test_law_2_no_step_undoes_another_but_where_an_object_is_replaced(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    assume(all(change.action != "replace" for change in made.changes))
    for doing, undoing in OPPOSITES.items():
        done = {touched(step, doing) for step in made.steps if step.call.operation.startswith(doing)}
        undone = {touched(step, undoing) for step in made.steps if step.call.operation.startswith(undoing)}
        # A version that makes room is another than the one that is made; its id is not among the names.
        for noun, (named, keys) in sorted(done - {d for d in done if d[0] == "PolicyVersion"}, key=str):
            assert not [u for u in undone if u[0] == noun and u[1][0] == named and (keys & u[1][1] or not keys)], noun
    for operation in ("UpdateAssumeRolePolicy", "UpdateRole", "UpdateUser", "UpdateGroup", "CreatePolicyVersion"):
        written = [step.address for step in made.steps if step.call.operation == operation]
        assert len(set(written)) == len(written), operation


@given(histories())
def test_law_4_an_apply_makes_the_calls_of_the_plan_and_no_others(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    reviewed = copy.deepcopy([(step.call.operation, dict(step.call.params)) for step in made.steps])
    iam = Recorder(world.session)
    assert apply.run(made, iam, parallel=1).ok
    assert [(call.operation, dict(call.params)) for call in iam.sent] == reviewed
    assert iam.calls == len(reviewed)


@given(histories())
def test_law_5_what_is_neither_declared_nor_owned_is_never_written(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    declared = {f"{document['kind']}/{document['name']}" for document in after if document.get("state") != "unmanaged"}
    declared |= {f"{d['kind']}/{d['renamed_from']}" for d in after if "renamed_from" in d}
    rows = world.rows()
    owned = {
        name
        for name, row in rows.items()
        if any(tag["Key"] == "iam-reconciler" and tag["Value"] == f"laws/{name}" for tag in row.get("Tags", []))
    }
    made = applied(world, after, settings)
    after_rows = world.rows()
    # IAM itself rewrites the trusts that name a principal which is renamed, moved or deleted.
    moving = {"UpdateUser", "DeleteUser", "DeleteRole"} & {step.call.operation for step in made.steps}
    for name in rows.keys() - declared - owned:
        # A declared group decides on its members, so that an undeclared user may leave or join one.
        was, now = dict(rows[name]), dict(after_rows.get(name, {}))
        groups = {group for group in was.pop("GroupList", []) if f"group/{group}" not in declared}
        assert groups <= set(now.pop("GroupList", []))
        for counted in ("AttachmentCount", "PermissionsBoundaryUsageCount"):
            was.pop(counted, None)
            now.pop(counted, None)
        for row in (was, now) if moving else ():
            row.pop("AssumeRolePolicyDocument", None)
            row.pop("Listed", None)
        assert now == was, name


@given(histories(), st.randoms(use_true_random=False))
def test_law_7_the_order_of_documents_never_shows(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]], chance: random.Random
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    first = planned(world, after, settings)
    shuffled = chance.sample(after, len(after))
    second = world.plan(shuffled, **settings)

    def steps(plan: Plan) -> list[Any]:
        return [(step.id, step.address, step.call.key, step.after) for step in plan.steps]

    assert steps(first) == steps(second)
    assert report_json.render(first) == report_json.render(world.plan(after, **settings))


@given(estates())
def test_law_8_a_reference_that_leads_nowhere_is_refused(docs: Docs) -> None:
    broken = [*docs, {"kind": "user", "name": "lost", "policies": ["customer/nowhere-at-all"]}]
    world = World()
    with pytest.raises(InputError, match="nowhere-at-all"):
        world.plan(broken)
    assert not [name for name in world.rows() if not name.startswith("role/aws")]
