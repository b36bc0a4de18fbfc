"""What a call is foreseen to make of an account is what the account shows after it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note
from laws.test_laws import histories, planned, world_of
from support.estates import Docs

from reconciler.kinds import KINDS
from reconciler.live import Iam
from reconciler.model import Account, Items, Live, Value
from reconciler.plan.foresee import foreseen, is_true_already, with_delta

ACCOUNT = Account("123456789012", "aws", "us-east-1")


def shown(live: Live, *, tags: bool) -> dict[str, dict[str, Any]]:
    """Return the fields of every object that kinds compare; documents that mean the same are the same."""
    return {
        str(address): {
            facet.field: getattr(observed.resource, facet.field)
            for facet in KINDS[address.kind].facets
            if isinstance(facet, Items | Value) and (tags or facet.field != "tags")
        }
        for address, observed in live.objects.items()
    }


@given(histories())
def test_every_call_of_a_plan_leaves_the_account_as_foreseen(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    iam = Iam(world.session)
    account = iam.identify()
    objects = iam.snapshot(account).objects
    for step in made.steps:
        objects = with_delta(objects, foreseen(objects, step.call, account))
        iam.send(step.call)
        note(step)
        live = iam.snapshot(account)
        assert shown(Live(account, objects), tags=False) == shown(live, tags=False)
        if not step.call.operation.startswith(("Delete", "TagPolicy", "UntagPolicy", "Update")):
            # What is gone, or has another name, is spoken of no more; tags of policies are not in a snapshot.
            assert is_true_already(live.objects, step.call, account)


@given(histories())
def test_a_plan_keeps_every_object_that_it_changes_as_it_was_read(
    history: tuple[Docs, list[tuple[str, int]], Docs, dict[str, Any]],
) -> None:
    before, changes, after, settings = history
    world = world_of(before, changes, settings)
    made = planned(world, after, settings)
    iam = Iam(world.session)
    live = iam.snapshot(iam.identify())
    assert {change.address for change in made.changes if change.action != "rename"} <= set(made.before)
    for address, observed in made.before.items():
        there = live.objects.get(address)
        assert (observed is None) == (there is None)
        assert there is None or there.resource.unique_id == observed.resource.unique_id != ""
