"""What calls will make of an account: the effect of each call on the objects that it names, without making it.

Objects that a call does not name are followed through renames only: that the trusts of others show the unique id of
whoever is deleted (IAM user guide, reference_policies_elements_principal) is left to whoever compares trusts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from reconciler.errors import MisshapenCallError, PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Call, Items, Kind, Observed

__all__ = [
    "Delta",
    "Objects",
    "after_all",
    "changed_by",
    "foreseen",
    "is_true_already",
    "subjects",
    "take",
    "with_delta",
]

Objects: TypeAlias = Mapping[Address, Observed[Any]]

Delta: TypeAlias = dict[Address, Observed[Any] | None]
"""The objects that a call changes, as they are after it (None: gone)."""


def foreseen(objects: Objects, call: Call, account: Account) -> Delta:
    """Return what the call makes of ``objects``: only what it changes, so nothing for a call that is true already.

    Raises:
        MisshapenCallError: the call, as one from a damaged file may, has not the parameters of its operation.
    """
    try:
        return _foreseen(objects, call, account)
    except (AttributeError, KeyError, TypeError, ValueError, PolicyError) as error:
        raise MisshapenCallError(call.operation) from error


def _foreseen(objects: Objects, call: Call, account: Account) -> Delta:
    delta: Delta = {}
    for kind in KINDS.values():
        effect = kind.effects.get(call.operation)
        if effect is None:
            continue
        address = kind.address(_subject(kind, call))
        observed = objects.get(address)
        if observed is None and call.operation != kind.creates:
            continue
        before = observed.resource if observed is not None else None
        after = effect(before, call.params)
        if after is before:
            continue
        if after is None:
            delta[address] = None
        elif observed is None or kind.arn(after, account) == observed.arn:
            delta[address] = _observed(kind, after, account, observed)
        else:
            delta |= _renamed(objects, kind, observed, after, account)
    return delta


def with_delta(objects: Objects, delta: Delta) -> Objects:
    """Return the objects as they are after the changes."""
    changed = dict(objects)
    take(changed, delta)
    return changed


def after_all(objects: Objects, calls: Iterable[Call], account: Account) -> Objects:
    """Return the objects as they are after the calls, made in their order."""
    now = dict(objects)
    for call in calls:
        take(now, foreseen(now, call, account))
    return now


def take(objects: dict[Address, Observed[Any]], delta: Delta) -> None:
    """Make the changes in ``objects`` itself."""
    for address, observed in delta.items():
        # Addresses are equal when they differ in case only, and a key that is there keeps its spelling.
        objects.pop(address, None)
        if observed is not None:
            objects[observed.address] = observed


def changed_by(objects: Objects, calls: Iterable[Call], account: Account) -> dict[Address, Observed[Any] | None]:
    """Return every object that the calls, made in their order, change, as it is in ``objects`` (None: not there)."""
    before: dict[Address, Observed[Any] | None] = {}
    now = objects
    for call in calls:
        delta = foreseen(now, call, account)
        for address in delta:
            before.setdefault(address, objects.get(address))
        now = with_delta(now, delta)
    return before


def subjects(call: Call) -> tuple[Address, ...]:
    """Return the objects that the call writes to; where no kind tells its effect, those that it names by their names.

    A policy that is attached is not one of them: IAM attaches one policy to many at once.
    """
    told = [kind.address(_subject(kind, call)) for kind in KINDS.values() if call.operation in kind.effects]
    named = [(kind, call.params.get(kind.handle[0])) for kind in KINDS.values() if kind.handle[1] == "name"]
    return tuple(told or (kind.address(str(name)) for kind, name in named if name is not None))


def is_true_already(objects: Objects, call: Call, account: Account) -> bool:
    """Return whether an object that the call speaks of is there, and as the call would make it."""
    speaks = [kind for kind in KINDS.values() if call.operation in kind.effects]
    return bool(speaks) and not foreseen(objects, call, account) and any(_is_there(objects, k, call) for k in speaks)


def _is_there(objects: Objects, kind: Kind[Any], call: Call) -> bool:
    return kind.address(_subject(kind, call)) in objects


def _subject(kind: Kind[Any], call: Call) -> str:
    if kind.subject is not None:
        return kind.subject(call.params)
    return str(call.params[kind.handle[0]])


def _observed(kind: Kind[Any], resource: Any, account: Account, observed: Observed[Any] | None) -> Observed[Any]:
    address, arn = kind.address(resource.name), kind.arn(resource, account)
    if observed is None:
        return Observed(address, resource, arn)
    return dataclasses.replace(observed, address=address, resource=resource, arn=arn)


def _renamed(objects: Objects, kind: Kind[Any], observed: Observed[Any], after: Any, account: Account) -> Delta:
    """Return a renamed object and everything that follows it: memberships by name, trusts by ARN.

    Source: IAM user guide, id_users_manage and id_groups_manage_rename.
    """
    new = _observed(kind, after, account, observed)
    delta: Delta = {} if new.address == observed.address else {observed.address: None}
    delta[new.address] = new
    for address, other in objects.items():
        other_kind = KINDS[address.kind]
        resource = other_kind.follow(other.resource, {observed.arn: new.arn})
        for facet in other_kind.facets:
            if isinstance(facet, Items) and facet.refers == kind.name:
                items = getattr(resource, facet.field)
                if observed.address.name in items:
                    named = {after.name if key == observed.address.name else key: items[key] for key in items}
                    resource = dataclasses.replace(resource, **{facet.field: named})
        if resource != other.resource and address != observed.address:
            delta[address] = dataclasses.replace(other, resource=resource)
    return delta
