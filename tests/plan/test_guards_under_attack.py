"""What somebody tries who wants to get past a guard: half of a plan, a name that is no longer meant, half of a swap."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from plan.saving import HEADER
from support.grants import Snapshot, live_of
from support.guarding import DOMESTIC, judged, live_with, wanted
from support.small import READ, WRITE, document, policy

from reconciler.model import Base, Desired, Live, Plan, Step
from reconciler.plan.basis import basis_of
from reconciler.plan.check import narrowed
from reconciler.plan.file import dump, load
from reconciler.plan.make import guarded, make

P, Q = policy("p", READ), policy("q", WRITE)


def user(name: str, *policies: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, "policies": list(policies), **fields}


def alarms(made: Plan) -> list[tuple[str, str]]:
    return [(alarm.guard, alarm.subject) for alarm in made.alarms]


def numbered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps as the only ones of a plan."""
    ids = {step.id: number for number, step in enumerate(steps, 1)}
    bonds = [tuple(ids[other] for other in step.after if other in ids) for step in steps]
    return tuple(
        dataclasses.replace(step, id=ids[step.id], after=after) for step, after in zip(steps, bonds, strict=True)
    )


def part_of(live: Live, desired: Desired, base: Desired | None, keep: Callable[[Step], bool]) -> Plan:
    """Return what is applied of a file from which somebody has taken all steps but those to ``keep``."""
    at = Base("0" * 40, base) if base is not None else None
    whole = make(desired, Snapshot(live), live, base=at)
    part = dataclasses.replace(whole, steps=numbered([step for step in whole.steps if keep(step)]))
    return narrowed(
        load(dump(part, basis_of(desired), HEADER), "plan.json"),
        lambda reader, begun: make(desired, reader, begun=begun, base=at),
        lambda plan, now, library: guarded(plan, desired, now, library, at),
        Snapshot(live),
    ).plan


def test_a_step_that_is_taken_out_of_the_file_hides_no_takeover() -> None:
    live = live_with([{"kind": "role", "name": "r", "trust": DOMESTIC}])
    desired = wanted([{"kind": "role", "name": "r", "service": "lambda", "inline_policies": {"i": READ}}])
    part = part_of(live, desired, None, lambda step: step.call.operation == "UpdateAssumeRolePolicy")
    assert len(part.steps) == 1
    assert ("takeover", "role/r") in alarms(part)


def test_a_step_that_is_taken_out_of_the_file_hides_no_repair() -> None:
    base, head = wanted([P, Q, user("u", "p")]), wanted([P, Q, user("u", "p", "q")])

    def keep(step: Step) -> bool:
        return str(step.call.params.get("PolicyArn", "")).endswith("/p")

    part = part_of(live_of([P, Q, user("u")]), head, base, keep)
    assert len(part.steps) == 1
    assert alarms(part) == [("repair-widens", "user/u")]


def test_a_change_brings_the_deny_along_without_which_it_would_give_what_nobody_meant() -> None:
    denied = document(("Deny", "s3:PutObject", "*"))
    mixed = document(("Allow", "s3:*", "*"), ("Deny", "s3:PutObject", "*"))
    group = {"kind": "group", "name": "g", "inline_policies": {"d": denied}}
    base = [policy("p", mixed), group, user("u", "p", groups=["g"])]
    head = [policy("p", document(("Allow", "s3:*", "*"))), *base[1:]]
    live = live_of([base[0], {"kind": "group", "name": "g"}, base[2]])
    made = make(wanted(head), Snapshot(live), live, base=Base("0" * 40, wanted(base)), scope="change")
    assert [step.call.operation for step in made.steps] == ["PutGroupPolicy", "CreatePolicyVersion"]


def test_a_name_from_which_the_base_has_renamed_long_ago_is_not_ours() -> None:
    live = live_of([P, user("alice"), user("bob", "p")])
    at_base = wanted([P, user("alice", renamed_from="bob")])
    assert alarms(judged(live, wanted([P, user("alice"), user("bob")]), at_base)) == [("takeover", "user/bob")]


def test_a_rename_that_never_happened_leaves_the_old_name_behind() -> None:
    at_base = wanted([P, user("alice", renamed_from="bob")])
    assert alarms(judged(live_of([P, user("bob", "p")]), wanted([P]), at_base)) == [("left-behind", "user/bob")]
    live = live_of([P, user("bob", "p"), user("alice")])
    assert alarms(judged(live, wanted([P]), at_base)) == [("left-behind", "user/alice")]
