"""The creation of objects, and the order in which roles that trust one another can be created."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.diff.facets import chained
from reconciler.diff.nouns import Draft, Tie
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Items

__all__ = ["born", "completing", "deferred", "names_of"]


def names_of(address: Address, resource: Any, arn: str) -> frozenset[tuple[str, str]]:
    """Return the pairs of parameter and value by which calls name the object."""
    param, holds = KINDS[address.kind].handle
    return frozenset({(param, arn if holds == "arn" else resource.name), ("*", arn)})


def deferred(new: Mapping[Address, Any], account: Account) -> dict[Address, frozenset[str]]:
    """Return, per new object, the principals it must be created without, for they cannot exist before it does.

    Trust among new objects may go in a circle. Some member of each circle is created without the principals of its
    circle; no deferral can be left out while the others stay.
    """
    arns = {KINDS[address.kind].arn(resource, account): address for address, resource in new.items()}
    needs = {
        address: {arns[arn] for arn in KINDS[address.kind].principals(resource) if arn in arns}
        for address, resource in new.items()
    }
    chosen: list[Address] = []
    while stuck := _circle(needs, chosen):
        chosen.append(stuck)
    for address in list(chosen):
        if not _circle(needs, [other for other in chosen if other != address]):
            chosen.remove(address)
    names = {address: arn for arn, address in arns.items()}
    return {address: frozenset(names[n] for n in needs[address] & _reach(needs, address)) for address in chosen}


def _circle(needs: Mapping[Address, set[Address]], deferring: Iterable[Address]) -> Address | None:
    """Return the first object that still waits for itself when those in ``deferring`` wait for nobody."""
    open_ = {address: wanted for address, wanted in needs.items() if address not in set(deferring)}
    ready = {address for address in needs if address not in open_}
    while open_:
        done = {address for address, wanted in open_.items() if wanted <= ready}
        if not done:
            break
        ready |= done
        open_ = {address: wanted for address, wanted in open_.items() if address not in done}
    inside = {address: wanted & open_.keys() for address, wanted in open_.items()}
    return next((address for address in sorted(inside) if address in _after(inside, address)), None)


def _after(needs: Mapping[Address, set[Address]], start: Address) -> set[Address]:
    """Return everything that ``start`` waits for, directly or not."""
    found: set[Address] = set()
    todo = list(needs[start])
    while todo:
        address = todo.pop()
        if address not in found:
            found.add(address)
            todo += needs.get(address, ())
    return found


def _reach(needs: Mapping[Address, set[Address]], start: Address) -> set[Address]:
    """Return those that wait for ``start`` and that it waits for: its circles, itself among them."""
    return {address for address in _after(needs, start) if start in _after(needs, address)}


def born(address: Address, resource: Any, arn: str, missing: frozenset[str]) -> tuple[list[Draft], Tie]:
    """Return the drafts that create an object with all its fields and items, and the tie that begins with it."""
    kind = KINDS[address.kind]
    principals = kind.principals(resource)
    first, *completing_calls = kind.create(resource, missing)
    note = "the trust is completed once its principals exist" if missing else ""
    creation = Draft(address, first, "create", needs=principals - missing, note=note)
    drafts = chained([creation, *(Draft(address, call, "change", needs=missing) for call in completing_calls)])
    for facet in kind.facets:
        if isinstance(facet, Items) and not facet.at_creation:
            items = getattr(resource, facet.field)
            drafts += [Draft(address, call, "add") for call in (facet.put(resource, items) if items else ())]
    return drafts, Tie(names_of(address, resource, arn), born=first.key)


def completing(address: Address, desired: Any, live: Any) -> list[Draft]:
    """Return the drafts that put back, after a replacement, what no facet holds."""
    return [Draft(address, call, "add") for call in KINDS[address.kind].recreate(desired, live)]


def replacing(drafts: Iterable[Draft], after: str) -> list[Draft]:
    """Return the drafts, the creating ones waiting for the call ``after``."""
    return [
        dataclasses.replace(draft, after=draft.after | {after}) if draft.effect == "create" else draft
        for draft in drafts
    ]
