"""Undo on random histories: what a run wrote is put back, whole or as far as it came, and nothing else is touched."""

from __future__ import annotations

import contextlib
import random
import re
from typing import Any, TypeAlias

from hypothesis import assume, given, note
from hypothesis import strategies as st
from laws.test_laws import NothingThereError, histories, mutate, mutations, planned, world_of
from support.estates import Docs
from support.journals import journal_of, run_of, undo_of
from support.worlds import World

from reconciler.kinds import KINDS
from reconciler.live import Iam
from reconciler.model import Live, Plan
from reconciler.policydoc import canonical

History: TypeAlias = tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]]


_LOST = re.compile(r"'A(ROA|IDA)[A-Z0-9]{8,}'")


def seen(world: World) -> Live:
    """Return the account with the tags of its policies."""
    iam = Iam(world.session)
    live = iam.snapshot(iam.identify())
    return iam.look_up(live, [(o.address, "tags") for o in live.objects.values() if "tags" in o.unread])


def shown(live: Live) -> dict[str, dict[str, Any]]:
    """Return what undo is to put back: every facet, and the instance profiles of roles; no ids."""
    found = {}
    for address, observed in live.objects.items():
        kind = KINDS[address.kind]
        fields = {facet.field: plain(getattr(observed.resource, facet.field)) for facet in kind.facets}
        ties = [call.key for call in kind.recreate(observed.resource, observed.resource)]
        found[f"{address.kind}/{observed.address.name}"] = {**fields, "ties": ties}
    return found


def plain(value: Any) -> Any:
    if isinstance(value, dict) and "Statement" in value:
        return canonical(value)
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def unlike(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the fields in which two accounts differ, as they are in both."""
    found: dict[str, Any] = {}
    for name in sorted({*one, *other}):
        # IAM writes a principal that is gone as its unique id, which the same principal made again does not have.
        if any(_LOST.search(repr(account.get(name, {}).get("trust"))) for account in (one, other)):
            one, other = ({**a, name: {**a.get(name, {}), "trust": None}} for a in (one, other))
        left, right = one.get(name, {}), other.get(name, {})
        fields = {*left, *right}
        found |= {f"{name} {f}": [left.get(f), right.get(f)] for f in fields if left.get(f, 0) != right.get(f, 0)}
    return found


def owner(settings: dict[str, Any]) -> dict[str, Any]:
    return {"owner": settings["owner"]} if "owner" in settings else {}


def calls(plan: Plan) -> list[Any]:
    return [(step.call.operation, step.call.params) for step in plan.steps]


@given(histories())
def test_undo_puts_an_account_back_and_then_has_nothing_left_to_do(history: History) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    was = shown(seen(world))
    made = planned(world, after, settings)
    journal = run_of(world, made)
    note(calls(made))
    undo = undo_of(world, journal, **owner(settings))
    note(calls(undo))
    assert list(undo.conflicts) == []
    run_of(world, undo)
    assert unlike(shown(seen(world)), was) == {}
    again = undo_of(world, journal, **owner(settings))
    assert again.in_sync, (calls(again), again.conflicts)


@given(histories(), st.randoms(use_true_random=False))
def test_undo_puts_back_a_run_that_was_stopped_anywhere(history: History, chance: random.Random) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    was = shown(seen(world))
    made = planned(world, after, settings)
    assume(made.steps)
    missed = {chance.choice(made.steps).id}
    steps = []
    for step in made.steps:
        if step.id in missed or missed & set(step.after):
            missed.add(step.id)
        else:
            steps.append(step)
    stopped = made.steps[min(missed) - 1]
    run_of(world, made, steps)
    # The step at which it stopped was begun, and did not land.
    journal = journal_of(made, [*steps, stopped], last=chance.choice(["failed", "unknown"]))
    note((stopped, calls(made)))
    undo = undo_of(world, journal, **owner(settings))
    note(calls(undo))
    assert list(undo.conflicts) == []
    run_of(world, undo)
    assert unlike(shown(seen(world)), was) == {}
    assert undo_of(world, journal, **owner(settings)).in_sync


@given(histories())
def test_an_undo_can_be_undone(history: History) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    journal = run_of(world, made)
    done = shown(seen(world))
    undo = undo_of(world, journal, **owner(settings))
    note(calls(undo))
    redo = undo_of(world, run_of(world, undo), **owner(settings))
    note((calls(redo), redo.conflicts))
    # A role that nobody wrote may trust one that is back: then that one is in use.
    assume(not redo.conflicts)
    run_of(world, redo)
    assert unlike(shown(seen(world)), done) == {}


@given(histories(), mutations())
def test_undo_leaves_what_others_changed_since(history: History, later: list[tuple[str, int]]) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    was = shown(seen(world))
    made = planned(world, after, settings)
    # A rename that is undone takes along what others wrote under the new name; it is looked at in a case of its own.
    assume(all(change.action != "rename" for change in made.changes))
    journal = run_of(world, made)
    left = shown(seen(world))
    for kind, number in later:
        with contextlib.suppress(NothingThereError):
            mutate(world, kind, number)
    now = shown(seen(world))
    undo = undo_of(world, journal, **owner(settings))
    note((calls(made), later, calls(undo), undo.conflicts))
    run_of(world, undo)
    ended = shown(seen(world))
    # What the run did not write is as others have it now, and so is what they changed of what it did write.
    for name in {*was, *left, *now} - {f"{c.address.kind}/{c.address.name}" for c in undo.conflicts}:
        for field in now.get(name, {}):
            theirs, since = now[name][field], left.get(name, {}).get(field)
            if was.get(name, {}).get(field) == since or theirs != since:
                keeps(theirs, since, ended.get(name, {}).get(field), name)


def keeps(theirs: Any, since: Any, ended: Any, name: str) -> None:
    if not isinstance(theirs, dict):
        assert ended == theirs, name
        return
    for key in {*theirs, *(since or {})}:
        if theirs.get(key, 0) != (since or {}).get(key, 0):
            assert (ended or {}).get(key, 0) == theirs.get(key, 0), (name, key)
