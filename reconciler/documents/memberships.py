"""Ties that two objects both speak of, such as a user's ``groups`` and a group's ``members``, made whole at one end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.documents.places import item_place
from reconciler.errors import Fault
from reconciler.model import Address, Declared, Items, Kind

__all__ = ["complete"]


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a tie: the objects of a kind, and the facet in which they name the other end's."""

    facet: Items
    objects: Mapping[Address, Declared]

    def mode(self, declared: Declared) -> str:
        """Return how the object keeps the field; ``silent`` where it says nothing about it."""
        mode = declared.manage.get(self.facet.field, "exclusive")
        return mode if self.facet.field in declared.given and mode != "ignore" else "silent"

    def named(self, declared: Declared) -> dict[Address, str]:
        """Return the other end's objects that the object names, with the names as they stand there."""
        keys = getattr(declared.resource, self.facet.field)
        return {Address(str(self.facet.refers), key): key for key in keys}


def complete(
    declared: Mapping[Address, Declared], kinds: Mapping[str, Kind[Any]]
) -> tuple[dict[Address, Declared], list[Fault]]:
    """Return the objects with every tie made whole at the end where absence means none, and the contradictions.

    Where both ends have their key they must agree; where one has it, it decides; where none has, there is no tie.
    At the completed end the field counts as given; an object that ignores the field is left as it is.
    """
    whole = dict(declared)
    faults: list[Fault] = []
    for near, far in _ties(declared, kinds):
        claims: dict[Address, list[Address]] = {}
        for address, other in far.objects.items():
            if far.mode(other) != "silent":
                for named in far.named(other):
                    claims.setdefault(named, []).append(address)
        for address, one in near.objects.items():
            if one.manage.get(near.facet.field) != "ignore":
                whole[address] = _completed(one, near, far, claims.get(address, []), faults)
    return whole, faults


def _ties(declared: Mapping[Address, Declared], kinds: Mapping[str, Kind[Any]]) -> Iterator[tuple[_End, _End]]:
    for kind in kinds.values():
        for facet in kind.facets:
            if not isinstance(facet, Items) or not facet.inverse or facet.absent != "none":
                continue
            other = kinds[str(facet.refers)]
            inverse = other.facet(facet.inverse)
            if isinstance(inverse, Items):
                yield _End(facet, _present(declared, kind.name)), _End(inverse, _present(declared, other.name))


def _present(declared: Mapping[Address, Declared], kind: str) -> dict[Address, Declared]:
    return {address: one for address, one in declared.items() if address.kind == kind and one.state == "present"}


def _completed(one: Declared, near: _End, far: _End, claimed_by: list[Address], faults: list[Fault]) -> Declared:
    own = near.named(one)
    for address, key in own.items():
        other = far.objects.get(address)
        if other is not None and far.mode(other) == "exclusive" and address not in claimed_by:
            faults.append(_contradiction((one, near, key), (other, far)))
    items = dict(getattr(one.resource, near.facet.field))
    for address in claimed_by:
        if address in own:
            continue
        other = far.objects[address]
        if near.mode(one) == "exclusive":
            key = next(key for named, key in far.named(other).items() if named == one.address)
            faults.append(_contradiction((other, far, key), (one, near)))
        items[other.address.name] = None
    field = near.facet.field
    return dataclasses.replace(one, resource=_with(one.resource, field, items), given=one.given | {field})


def _with(resource: Any, field: str, items: Mapping[str, None]) -> Any:
    return dataclasses.replace(resource, **{field: items})


def _contradiction(speaks: tuple[Declared, _End, str], silent: tuple[Declared, _End]) -> Fault:
    one, end, key = speaks
    other, other_end = silent
    field, other_field = end.facet.field, other_end.facet.field
    what = f"{one.address} names {other.address} under `{field}`, and `{other_field}` of {other.address}"
    what += f" at {other.at(other_field)} leaves {one.address} out"
    return Fault(str(item_place(one, field, key)), what, "make the two agree, or remove one of the two keys")
