"""The account as it will show itself once the plan's renames and moves are made: IAM's own ties follow them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from reconciler.diff.nouns import Pair
from reconciler.kinds import KINDS
from reconciler.model import Address, Desired, Items, Live, Observed, Value

__all__ = ["moves", "seen_after"]


def moves(desired: Desired, pairs: Mapping[Address, Pair]) -> dict[Address, tuple[str, str]]:
    """Return for each declared object that is renamed or moved in place its old and its new ARN."""
    found = {}
    for address, pair in pairs.items():
        if pair.observed is None:
            continue
        kind, declared, live = KINDS[address.kind], desired.declared[address], pair.observed.resource
        in_place = isinstance(kind.facet("path"), Value) and "path" in declared.given
        path = declared.resource.path if in_place and declared.manage.get("path") != "ignore" else live.path
        name = address.name if pair.rename else live.name
        arn = desired.account.arn(kind.name, path, name)
        if arn != pair.observed.arn:
            found[address] = (pair.observed.arn, arn)
    return found


def seen_after(live: Live, pairs: Mapping[Address, Pair], moved: Mapping[Address, tuple[str, str]]) -> Live:
    """Return the snapshot under its new names and ARNs.

    Source: IAM user guide, id_users_manage and id_groups_manage_rename: the unique id stays, so memberships, policies
    and principals in trust policies follow a rename.
    """
    if not moved:
        return live
    arns = dict(moved.values())
    renamed = {pair.observed.address: address for address, pair in pairs.items() if pair.rename and pair.observed}
    # A rename that changes case only leaves the address equal, so the old spelling is looked up by kind and name.
    names = {(old.kind, old.name): new.name for old, new in renamed.items()}
    objects: dict[Address, Observed[Any]] = {}
    for address, observed in live.objects.items():
        name = names.get((address.kind, observed.address.name), observed.address.name)
        kind = KINDS[address.kind]
        resource = kind.follow(dataclasses.replace(observed.resource, name=name), arns)
        resource = dataclasses.replace(resource, **_followed(kind.facets, resource, names))
        objects[Address(address.kind, name)] = dataclasses.replace(
            observed,
            address=Address(address.kind, name),
            resource=resource,
            arn=arns.get(observed.arn, observed.arn),
        )
    return dataclasses.replace(live, objects=dict(sorted(objects.items())))


def _followed(facets: Any, resource: Any, names: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Return the fields whose keys are names that change."""
    fields = {}
    for facet in facets:
        if isinstance(facet, Items) and facet.refers:
            items = getattr(resource, facet.field)
            if any((facet.refers, key) in names for key in items):
                fields[facet.field] = {names.get((facet.refers, key), key): value for key, value in items.items()}
    return fields
