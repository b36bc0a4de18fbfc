"""What undo does in the cases that people meet: what goes back, what stays, what is refused, what is lost."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from support.estates import BODIES, Docs
from support.journals import journal_of, run_of, undo_of
from support.worlds import World

from reconciler.journal import Journal
from reconciler.kinds import KINDS
from reconciler.kinds.group import Group
from reconciler.kinds.role import Role
from reconciler.kinds.user import User
from reconciler.model import Address, Call, Plan, Rule

POLICY = {"kind": "policy", "name": "p", "document": BODIES[0]}
ARN = "arn:aws:iam::123456789012:policy/p"
RETIRED = "AWSCodePipelineFullAccess"
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def ran(world: World, before: Docs, after: Docs, **settings: Any) -> tuple[Plan, Journal]:
    """Apply both estates and return the plan and the journal of the second one's run."""
    world.apply(before, **settings)
    made = world.plan(after, **settings)
    return made, run_of(world, made)


def trusting(name: str) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::123456789012:role/{name}"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def told(plan: Plan) -> list[str]:
    return [f"{step.call.operation} {step.address}" for step in plan.steps]


def notes(plan: Plan) -> list[str]:
    return [f"{note.address} {note.what}" for note in plan.notes]


def conflicts(plan: Plan) -> str:
    return "\n".join(f"{conflict.address} {conflict.what}" for conflict in plan.conflicts)


def test_a_new_object_that_is_as_the_run_left_it_is_deleted() -> None:
    world = World()
    _, journal = ran(world, [], [POLICY, {"kind": "user", "name": "u", "policies": ["p"]}])
    undo = undo_of(world, journal)
    assert told(undo) == ["DetachUserPolicy user/u", "DeletePolicy policy/p", "DeleteUser user/u"]
    assert [(change.action, change.reason) for change in undo.changes] == [("delete", "the run made it")] * 2
    assert str(undo.changes[0].origin) == "journal.jsonl:1:1"


def test_a_new_object_that_others_changed_since_is_not_deleted() -> None:
    world = World()
    _, journal = ran(world, [], [{"kind": "user", "name": "u"}])
    world.iam.attach_user_policy(UserName="u", PolicyArn=READ)
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "user/u the run made it, but it was changed since (policies: ReadOnlyAccess)" in conflicts(undo)


def test_a_new_user_that_got_a_key_since_is_not_deleted() -> None:
    world = World()
    _, journal = ran(world, [], [{"kind": "user", "name": "u"}])
    world.iam.create_access_key(UserName="u")
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "1 access key" in conflicts(undo)


def test_a_new_policy_that_others_use_since_is_not_deleted_and_what_holds_it_keeps_it() -> None:
    world = World()
    _, journal = ran(world, [], [POLICY])
    world.iam.create_user(UserName="stranger")
    world.iam.attach_user_policy(UserName="stranger", PolicyArn=ARN)
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "it is used by user/stranger (policies)" in conflicts(undo)


def test_a_new_role_that_others_trust_since_is_not_deleted() -> None:
    world = World()
    _, journal = ran(world, [], [{"kind": "role", "name": "r", "service": "ec2"}])
    world.iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trusting("r")))
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "it is used by role/other (trust)" in conflicts(undo)


def test_an_object_that_the_run_failed_to_make_is_taken_for_somebody_elses() -> None:
    world = World()
    made = world.plan([{"kind": "group", "name": "g"}])
    world.iam.create_group(GroupName="g")
    undo = undo_of(world, journal_of(made, made.steps, last="failed"))
    assert told(undo) == []
    assert "the run failed to create it" in conflicts(undo)
    assert told(undo_of(world, journal_of(made, made.steps, last="unknown"))) == ["DeleteGroup group/g"]


def test_items_that_others_added_since_stay_and_need_no_word() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    _, journal = ran(world, [user], [{**user, "policies": ["SecurityAudit"]}])
    world.iam.attach_user_policy(UserName="u", PolicyArn=READ)
    undo = undo_of(world, journal)
    assert told(undo) == ["DetachUserPolicy user/u"]
    assert notes(undo) == []


def test_what_the_run_wrote_and_others_changed_since_is_left_to_them() -> None:
    world = World()
    role = {"kind": "role", "name": "r", "service": "ec2", "inline_policies": {"i": BODIES[0]}}
    _, journal = ran(world, [role], [{**role, "description": "new", "inline_policies": {"i": BODIES[1]}}])
    world.iam.put_role_policy(RoleName="r", PolicyName="i", PolicyDocument=json.dumps(BODIES[2]))
    undo = undo_of(world, journal)
    assert told(undo) == ["UpdateRole role/r"]
    assert notes(undo) == ["role/r changed since the run, left alone: inline_policies: i"]


def test_an_object_that_is_gone_since_is_not_made_again() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    _, journal = ran(world, [user], [{**user, "tags": {"team": "a"}}])
    world.iam.delete_user(UserName="u")
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert notes(undo) == ["user/u changed by the run and gone since: left alone"]


def test_another_object_of_the_same_name_is_not_taken_for_the_runs() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    _, journal = ran(world, [user], [{**user, "policies": ["SecurityAudit"]}])
    world.iam.detach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
    world.iam.delete_user(UserName="u")
    world.iam.create_user(UserName="u")
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "user/u it is another object of that name by now" in conflicts(undo)


def test_a_member_that_is_another_user_by_now_does_not_join_the_group_again() -> None:
    world = World()
    group, user = {"kind": "group", "name": "g"}, {"kind": "user", "name": "u"}
    _, journal = ran(world, [{**group, "members": ["u"]}, user], [{**group, "members": []}, user])
    world.iam.delete_user(UserName="u")
    world.iam.create_user(UserName="u")
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert "group/g u cannot be put back" in conflicts(undo)


def test_a_rename_is_undone_and_keeps_the_groups() -> None:
    world = World()
    group = {"kind": "group", "name": "g"}
    old = {"kind": "user", "name": "alice", "groups": ["g"]}
    _, journal = ran(world, [group, old], [group, {**old, "name": "Alicia", "renamed_from": "alice"}])
    undo = undo_of(world, journal)
    assert [step.call.params for step in undo.steps] == [{"UserName": "Alicia", "NewUserName": "alice"}]
    run_of(world, undo)
    assert [user["UserName"] for user in world.iam.get_group(GroupName="g")["Users"]] == ["alice"]


def test_a_rename_stays_where_somebody_else_took_the_old_name() -> None:
    world = World()
    old = {"kind": "user", "name": "alice"}
    _, journal = ran(world, [old], [{"kind": "user", "name": "bob", "renamed_from": "alice", "tags": {"team": "a"}}])
    world.iam.create_user(UserName="alice")
    undo = undo_of(world, journal)
    assert told(undo) == ["UntagUser user/bob"]
    assert "another object has that name by now" in conflicts(undo)


def test_the_ownership_mark_goes_back_to_what_it_was() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    world.apply([user])
    made = world.plan([{**user, "policies": ["SecurityAudit"]}], owner="us")
    undo = undo_of(world, run_of(world, made), owner="us")
    assert told(undo) == ["DetachUserPolicy user/u", "UntagUser user/u"]
    run_of(world, undo)
    assert world.iam.list_user_tags(UserName="u")["Tags"] == []


def test_what_another_owner_marked_since_is_not_touched() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    _, journal = ran(world, [user], [{**user, "policies": ["SecurityAudit"]}])
    world.iam.tag_user(UserName="u", Tags=[{"Key": "iam-reconciler", "Value": "them/user/u"}])
    undo = undo_of(world, journal, owner="us")
    assert told(undo) == []
    assert "the run changed it, but it carries the mark of another owner, them" in conflicts(undo)
    (remedy,) = {conflict.remedy for conflict in undo.conflicts}
    assert remedy == "undo with the settings that the run had, or consent with --accept foreign-owner=user/u"


def test_what_the_settings_ignore_is_not_touched() -> None:
    world = World()
    user = {"kind": "user", "name": "u"}
    _, journal = ran(world, [user], [{**user, "policies": ["SecurityAudit"], "tags": {"cost": "1"}}])
    assert told(undo_of(world, journal, ignore=[Rule("user/*")])) == []
    assert told(undo_of(world, journal, ignore_tags=["cost"])) == ["DetachUserPolicy user/u"]
    assert told(undo_of(world, journal, keep=["user/u/SecurityAudit"])) == ["UntagUser user/u"]


def test_a_deleted_user_comes_back_without_what_is_lost_which_both_plans_say() -> None:
    world = World()
    group = {"kind": "group", "name": "g"}
    user = {"kind": "user", "name": "u", "groups": ["g"], "policies": ["ReadOnlyAccess"]}
    world.apply([group, user])
    world.iam.create_login_profile(UserName="u", Password="Correct-horse-1")
    world.iam.create_access_key(UserName="u")
    made = world.plan([group, {"kind": "user", "name": "u", "state": "absent"}])
    lost = ("the console password", "1 access key", "the unique id, by which trust policies know the user")
    assert [change.irreversible for change in made.changes if change.action == "delete"] == [lost]
    undo = undo_of(world, run_of(world, made))
    assert told(undo) == ["CreateUser user/u", "AddUserToGroup group/g", "AttachUserPolicy user/u"]
    assert notes(undo) == [f"user/u cannot be put back: {', '.join(lost)}"]


def test_keys_that_went_before_the_run_was_stopped_are_told_too() -> None:
    world = World()
    world.apply([{"kind": "user", "name": "u"}, {"kind": "group", "name": "g"}])
    world.iam.create_access_key(UserName="u")
    made = world.plan([{"kind": "user", "name": "u", "state": "absent"}, {"kind": "group", "name": "g"}])
    undo = undo_of(world, run_of(world, made, made.steps[:1]))
    assert told(undo) == []
    assert notes(undo) == ["user/u cannot be put back: what DeleteAccessKey took away"]


def test_the_version_that_makes_room_is_lost_and_the_former_one_is_the_default_again() -> None:
    world = World()
    for body in BODIES[:5]:
        world.apply([{**POLICY, "document": body}])
    made = world.plan([{**POLICY, "document": BODIES[5]}])
    assert [change.irreversible for change in made.changes] == [("the stored version v1",)]
    undo = undo_of(world, run_of(world, made))
    assert [(step.call.operation, step.call.params["VersionId"]) for step in undo.steps] == [
        ("SetDefaultPolicyVersion", "v5")
    ]
    assert notes(undo) == ["policy/p cannot be put back: the stored version v1"]


def test_a_role_that_was_deleted_is_put_back_into_its_instance_profile() -> None:
    world = World()
    world.apply([{"kind": "role", "name": "r", "service": "ec2"}, {"kind": "group", "name": "g"}])
    world.iam.create_instance_profile(InstanceProfileName="ip")
    world.iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="r")
    made = world.plan([{"kind": "role", "name": "r", "state": "absent"}, {"kind": "group", "name": "g"}])
    undo = undo_of(world, run_of(world, made))
    assert told(undo) == ["CreateRole role/r", "AddRoleToInstanceProfile role/r"]
    # An undo that came half way: the role is there, and out of its profile.
    world.iam.create_role(RoleName="r", AssumeRolePolicyDocument=undo.steps[0].call.params["AssumeRolePolicyDocument"])
    assert told(undo_of(world, journal_of(made, made.steps))) == ["AddRoleToInstanceProfile role/r"]


def test_an_object_does_not_come_back_without_its_boundary() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "permissions_boundary": "p"}
    _, journal = ran(world, [POLICY, user], [POLICY, {"kind": "user", "name": "u", "state": "absent"}])
    world.iam.delete_policy(PolicyArn=ARN)
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert f"it cannot be created again: {ARN} is not there any more" in conflicts(undo)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_roles_that_trust_one_another_come_back_both(names: tuple[str, str]) -> None:
    world = World()
    one, other = names
    roles = [{"kind": "role", "name": name, "trust": trusting(third)} for name, third in [(one, other), (other, one)]]
    gone = [{"kind": "role", "name": name, "state": "absent"} for name in names]
    _, journal = ran(world, roles, [*gone, {"kind": "group", "name": "g"}])
    undo = undo_of(world, journal)
    assert sorted(told(undo)) == [
        "CreateRole role/a",
        "CreateRole role/b",
        "DeleteGroup group/g",
        "UpdateAssumeRolePolicy role/a",
    ]
    run_of(world, undo)
    assert undo_of(world, journal).in_sync


def test_a_run_that_wrote_nothing_needs_no_undo() -> None:
    world = World()
    made = world.plan([POLICY])
    assert undo_of(world, journal_of(made, [])).in_sync


def test_a_membership_follows_a_rename_that_cannot_be_undone() -> None:
    world = World()
    group = {"kind": "group", "name": "g", "members": ["alice"]}
    renamed: Docs = [{**group, "members": ["bob"]}, {"kind": "user", "name": "bob", "renamed_from": "alice"}]
    _, journal = ran(world, [group, {"kind": "user", "name": "alice"}], renamed)
    world.iam.create_user(UserName="alice")
    world.iam.add_user_to_group(GroupName="g", UserName="alice")
    assert told(undo_of(world, journal)) == []
    world.iam.remove_user_from_group(GroupName="g", UserName="alice")
    world.iam.delete_user(UserName="alice")
    undo = undo_of(world, journal)
    assert told(undo) == ["UpdateUser user/alice"]
    run_of(world, undo)
    assert [user["UserName"] for user in world.iam.get_group(GroupName="g")["Users"]] == ["alice"]


def test_a_member_that_joined_under_a_new_name_leaves_when_both_names_go_back() -> None:
    world = World()
    before = [{"kind": "group", "name": "g"}, {"kind": "user", "name": "u"}]
    after: Docs = [
        {"kind": "group", "name": "g2", "renamed_from": "g"},
        {"kind": "user", "name": "u2", "renamed_from": "u", "groups": ["g2"]},
    ]
    _, journal = ran(world, before, after)
    undo = undo_of(world, journal)
    run_of(world, undo)
    assert world.iam.get_group(GroupName="g")["Users"] == []
    assert undo_of(world, journal).in_sync


def test_a_replaced_policy_is_replaced_again_and_its_holders_keep_it() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "policies": ["p"]}
    other = {"kind": "user", "name": "o"}
    moved = {**POLICY, "path": "/a/", "replace": "true"}
    _, journal = ran(world, [POLICY, user, other], [moved, user, {**other, "policies": ["p"]}])
    undo = undo_of(world, journal)
    run_of(world, undo)
    held = world.iam.list_entities_for_policy(PolicyArn=ARN)["PolicyUsers"]
    assert [holder["UserName"] for holder in held] == ["u"]
    assert undo_of(world, journal).in_sync


def test_a_replaced_policy_stays_where_it_is_as_long_as_a_stranger_holds_it() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "policies": ["p"]}
    _, journal = ran(world, [POLICY, user], [{**POLICY, "path": "/a/", "replace": "true"}, user])
    world.iam.create_user(UserName="stranger")
    world.iam.attach_user_policy(UserName="stranger", PolicyArn="arn:aws:iam::123456789012:policy/a/p")
    undo = undo_of(world, journal)
    assert told(undo) == []
    assert conflicts(undo) == (
        "policy/p it cannot be replaced to put back its path: it is held by user/stranger (policies)"
    )


def test_a_trust_that_lost_a_principal_which_is_back_is_named() -> None:
    world = World()
    role = {"kind": "role", "name": "r", "service": "ec2"}
    world.apply([role])
    world.iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trusting("r")))
    made = world.plan([{"kind": "role", "name": "r", "state": "absent"}, {"kind": "group", "name": "g"}])
    undo = undo_of(world, run_of(world, made))
    assert told(undo) == ["CreateRole role/r", "DeleteGroup group/g"]
    assert "role/other trusts what the run deleted by a unique id that is lost" in "\n".join(notes(undo))


@pytest.mark.parametrize("made", [User("u"), Group("u"), Role("u")], ids=["user", "group", "role"])
def test_a_retired_policy_that_is_taken_away_is_lost_and_not_attached_again(made: Any) -> None:
    retired = dataclasses.replace(made, policies={f"arn:aws:iam::aws:policy/{RETIRED}": None, READ: None})
    kind = KINDS[type(made).__name__.lower()]
    assert kind.irreversible(retired, retired) == ()
    assert kind.irreversible(retired, made) == (f"the attachment of {RETIRED}, which AWS has retired",)
    assert kind.irreversible(retired, None)[0] == f"the attachment of {RETIRED}, which AWS has retired"


def test_undo_attaches_no_retired_policy() -> None:
    world = World()
    world.apply([{"kind": "user", "name": "u", "policies": ["ReadOnlyAccess"]}])
    made = world.plan([{"kind": "user", "name": "u"}])
    observed = made.before[Address("user", "u")]
    held = {f"arn:aws:iam::aws:policy/{RETIRED}": None, READ: None}
    journal = run_of(world, made)
    image = dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, policies=held))
    detach = Call("DetachUserPolicy", {"UserName": "u", "PolicyArn": f"arn:aws:iam::aws:policy/{RETIRED}"})
    write = dataclasses.replace(journal.writes[0], step=2, call=detach)
    journal = dataclasses.replace(journal, before={image.address: image}, writes=[*journal.writes, write])
    undo = undo_of(world, journal)
    assert [step.call.params["PolicyArn"] for step in undo.steps] == [READ]
    assert f"{RETIRED} cannot be put back" in conflicts(undo)
    assert notes(undo) == [f"user/u cannot be put back: the attachment of {RETIRED}, which AWS has retired"]


def test_a_user_comes_back_without_a_group_that_is_gone_which_is_a_conflict() -> None:
    world = World()
    group, user = {"kind": "group", "name": "g"}, {"kind": "user", "name": "u", "groups": ["g"]}
    _, journal = ran(world, [group, user], [group, {"kind": "user", "name": "u", "state": "absent"}])
    world.iam.delete_group(GroupName="g")
    undo = undo_of(world, journal)
    assert told(undo) == ["CreateUser user/u"]
    assert "user/u g cannot be put back" in conflicts(undo)


def test_a_boundary_that_is_gone_is_not_put_back() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "permissions_boundary": "p"}
    _, journal = ran(world, [POLICY, user], [POLICY, {**user, "permissions_boundary": None, "tags": {"team": "a"}}])
    world.iam.delete_policy(PolicyArn=ARN)
    undo = undo_of(world, journal)
    assert told(undo) == ["UntagUser user/u"]
    assert f"user/u {ARN} cannot be put back" in conflicts(undo)


def test_an_undo_that_was_stopped_half_way_goes_on() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "policies": ["ReadOnlyAccess"], "tags": {"team": "a"}}
    gone = [{"kind": "user", "name": "u", "state": "absent"}, {"kind": "group", "name": "g"}]
    _, journal = ran(world, [user], gone)
    undo = undo_of(world, journal)
    run_of(world, undo, undo.steps[:1])
    rest = undo_of(world, journal)
    assert told(rest) == told(undo)[1:]
    assert "user/u it was created anew since the run deleted it, and is taken for the same" in notes(rest)


def test_another_object_in_the_place_of_a_deleted_one_is_not_given_what_that_had() -> None:
    world = World()
    user = {"kind": "user", "name": "u", "policies": ["ReadOnlyAccess"]}
    gone = [{"kind": "user", "name": "u", "state": "absent"}, {"kind": "group", "name": "g"}]
    _, journal = ran(world, [user], gone)
    world.iam.create_user(UserName="u", Tags=[{"Key": "team", "Value": "other"}])
    undo = undo_of(world, journal)
    assert told(undo) == ["DeleteGroup group/g"]
    assert "user/u it is another object of that name by now" in conflicts(undo)


def test_a_tie_to_an_ignored_object_is_neither_made_nor_cut() -> None:
    world = World()
    before = [{"kind": "group", "name": "vendor"}, {"kind": "user", "name": "u"}]
    _, journal = ran(world, before, [before[0], {"kind": "user", "name": "u", "groups": ["vendor"]}])
    undo = undo_of(world, journal, ignore=[Rule("group/vendor")])
    assert told(undo) == []
    assert "user/u groups: vendor is spared by the settings: left as it is" in notes(undo)
