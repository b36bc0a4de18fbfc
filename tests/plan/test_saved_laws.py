"""Saved plans on random accounts: a rerun after any crash does the rest, and nothing is ever added."""

from __future__ import annotations

import contextlib
import random
from typing import Any

from hypothesis import assume, given, note
from hypothesis import strategies as st
from laws.test_laws import NothingThereError, histories, mutate, mutations, planned, world_of
from plan.saving import bytes_of, forged, left, sent
from support.estates import Docs
from support.worlds import World

from reconciler import apply
from reconciler.errors import ReconcilerError, RefusedError
from reconciler.live import Iam
from reconciler.model import Call, Plan, Step

History = tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]]


@given(histories(), st.randoms(use_true_random=False))
def test_law_6_whatever_of_a_saved_plan_was_done_before_a_crash_a_rerun_does_the_rest(
    history: History, chance: random.Random
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    data = bytes_of(made, after, **settings)
    done = stopped(world, made, chance)
    note([(step.id, step.call, step.after) for step in made.steps])
    note(done)
    rest = left(world, data, after, **settings)
    assert [step.id for step in rest.done] == sorted(done)
    if not rest.lost:
        assert not rest.beyond
        assert set(sent(rest.plan)) == {step.call.key for step in made.steps if step.id not in done}
        if not rest.remade:
            assert [step.id for step in rest.plan.steps] == [step.id for step in made.steps if step.id not in done]
    assert apply.run(rest.plan, Iam(world.session), sleep=lambda _: None).ok
    assert not sent(world.plan(after, **settings))
    again = left(world, data, after, exact=True, **settings)
    assert not again.plan.steps
    assert set(again.lost) == set(rest.lost)
    if not rest.lost:
        assert len(again.done) == len(made.steps)


def stopped(world: World, made: Plan, chance: random.Random) -> set[int]:
    """Make some of the plan's calls, as a run does that stops, and return the steps."""
    iam = Iam(world.session)
    done: set[int] = set()
    for _ in range(chance.randint(0, len(made.steps))):
        # Any set of steps that is closed under what they wait for can be what an apply with many hands leaves.
        ready = [step for step in made.steps if step.id not in done and done.issuperset(step.after)]
        step = chance.choice(ready)
        iam.send(step.call)
        done.add(step.id)
    return done


ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def forge(content: Any, chance: random.Random) -> None:
    """Edit a plan file as somebody does who wants more: other parameters, more steps, and a past that fits them."""
    steps, touched = content["body"]["steps"], content["body"]["touched"]
    creating = [step for step in steps if step["operation"].startswith("Create")]
    for step in creating:
        if chance.random() < 0.3:
            step["parameters"][chance.choice(["Description", "Path", "PolicyDocument"])] = ALL
            step["parameters"]["Tags"] = [{"Key": "team", "Value": "admins"}]
    for address in sorted(touched):
        kind, _, name = address.partition("/")
        fields, noun = touched[address]["fields"], kind.capitalize()
        if kind == "policy" or chance.random() < 0.5:
            continue
        last = len(steps) + 1
        past = chance.choice(
            [{"0": "AIDA", "1": None, str(last): ""}, {"0": None, "1": ""}, touched[address]["unique_id"]]
        )
        touched[address]["unique_id"] = past
        added = {**steps[-1], "id": last, "address": address, "after": [], "marks": []}
        if chance.random() < 0.5:
            added |= {"operation": f"Attach{noun}Policy", "parameters": {f"{noun}Name": name, "PolicyArn": ADMIN}}
            fields.setdefault("policies", {})[ADMIN] = {"0": "0" * 64, "1": None, str(last): "0" * 64}
        else:
            parameters = {f"{noun}Name": name, "PolicyName": "forged", "PolicyDocument": ALL}
            added |= {"operation": f"Put{noun}Policy", "parameters": parameters}
            fields.setdefault("inline_policies", {})["forged"] = {"0": "0" * 64, "1": None, str(last): "0" * 64}
        steps.append(added)


@given(histories(), st.randoms(use_true_random=False))
def test_law_8_a_file_that_was_edited_on_purpose_buys_nothing_wherever_a_run_of_it_stopped(
    history: History, chance: random.Random
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    assume(made.steps)
    data = forged(bytes_of(made, after, **settings), lambda content: forge(content, chance))
    stopped(world, made, chance)
    asked = planned(world, after, settings)
    try:
        rest = left(world, data, after, **settings)
    except ReconcilerError as error:
        note(str(error))
        return
    honest = {unbound(step) for step in [*made.steps, *asked.steps]}
    assert [step for step in rest.plan.steps if unbound(step) not in honest] == []


def unbound(step: Step) -> str:
    """Return the step's call but for a permissions boundary, which can only take away."""
    parameters = {name: value for name, value in step.call.params.items() if name != "PermissionsBoundary"}
    return Call(step.call.operation, parameters).key


@given(histories(), histories())
def test_law_8_an_apply_of_a_saved_plan_never_makes_a_call_that_is_not_in_both_the_file_and_the_documents(
    history: History, other: History
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    _, _, instead, by_then = other
    now = planned(world, instead, by_then)
    data = bytes_of(made, after, **settings)
    both = set(sent(made)) & set(sent(now))
    refused = refusal(world, data, instead, **by_then)
    if refused:
        assert set(sent(made)) - set(sent(now)) or any("waits for" in reason for reason in refused)
        return
    rest = left(world, data, instead, **by_then)
    assert set(sent(rest.plan)) == both == set(sent(made))
    assert {step.call.key for step in rest.beyond} == set(sent(now)) - both


def refusal(world: World, data: bytes, docs: Docs, **settings: Any) -> tuple[str, ...]:
    """Return why a saved plan is refused: nothing if it is not."""
    try:
        left(world, data, docs, **settings)
    except RefusedError as error:
        return error.reasons
    return ()


@given(histories(), mutations())
def test_law_8_a_plan_is_refused_when_an_object_that_it_touches_moved_and_unrelated_changes_do_not_void_it(
    history: History, later: list[tuple[str, int]]
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    assume(made.steps)
    data = bytes_of(made, after, **settings)
    # A rename may change nothing but a name's case.
    touched = {str(address).lower() for address in made.before}
    rows = seen(world)
    for kind, number in later:
        with contextlib.suppress(NothingThereError):
            mutate(world, kind, number)
    now = seen(world)
    moved = {name.lower() for name in rows.keys() | now.keys() if rows.get(name) != now.get(name)}
    note(moved)
    refused = refusal(world, data, after, **settings)
    lost = set(sent(made)) - set(sent(planned(world, after, settings)))
    if not moved & touched and not lost:
        assert all("waits for" in reason for reason in refused)
    elif moved & touched and not refused:
        assert lost, "what moved is what the plan would have made of it"


def seen(world: World) -> dict[str, dict[str, Any]]:
    """Return what kinds compare of every object; a group's members are told by their users."""
    rows = world.rows()
    for name, row in rows.items():
        for counted in ("AttachmentCount", "PermissionsBoundaryUsageCount", "InstanceProfileList", "UpdateDate"):
            row.pop(counted, None)
        if name.startswith("policy/"):
            default = row.pop("DefaultVersionId")
            versions = row.pop("PolicyVersionList")
            row["Document"] = next(v["Document"] for v in versions if v["VersionId"] == default)
        for member in [other for other in rows.values() if row.get("GroupName") in other.get("GroupList", [])]:
            row.setdefault("Members", []).append(member["UserName"])
    return rows
