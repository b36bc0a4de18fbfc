"""Undo on random histories: what a run wrote is put back, whole or as far as it came, and nothing else is touched."""

from __future__ import annotations

import random
from typing import Any, TypeAlias

from hypothesis import assume, given, note
from hypothesis import strategies as st
from laws.test_laws import histories, planned, world_of
from support.estates import Docs
from support.journals import journal_of, run_of, undo_of
from support.worlds import World

from reconciler.kinds import KINDS
from reconciler.live import Iam
from reconciler.model import Live, Plan
from reconciler.policydoc import canonical

History: TypeAlias = tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]]


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
    assert shown(seen(world)) == was
    again = undo_of(world, journal, **owner(settings))
    assert again.in_sync, (calls(again), again.conflicts)
