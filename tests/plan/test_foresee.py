"""What a call is foreseen to make of an account is what the account shows after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, note
from laws.test_laws import histories, planned, world_of
from support.estates import Docs

from reconciler.kinds import KINDS
from reconciler.live import Iam
from reconciler.model import Account, Address, Items, Observed, Value
from reconciler.plan.foresee import foreseen, is_true_already, with_delta

ACCOUNT = Account("123456789012", "aws", "us-east-1")


def shown(objects: Mapping[Address, Observed[Any]], names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what kinds compare of every object, tags aside, with trusts that name by ARN whoever is gone."""
    found = {}
    for address, observed in objects.items():
        kind = KINDS[address.kind]
        resource = kind.follow(observed.resource, names)
        facets = [facet for facet in kind.facets if isinstance(facet, Items | Value) and facet.field != "tags"]
        found[str(address)] = {facet.field: getattr(resource, facet.field) for facet in facets}
    return found


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
    names = {observed.resource.unique_id: observed.arn for observed in objects.values()}
    for step in made.steps:
        objects = with_delta(objects, foreseen(objects, step.call, account))
        iam.send(step.call)
        note(step)
        live = iam.snapshot(account)
        assert shown(objects, names) == shown(live.objects, names)
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
