"""What a principal holds at one moment: its own policies, those of its groups, and the boundary around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.catalogue import managed_policy
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Facet, Observed
from reconciler.plan.foresee import Objects
from reconciler.policydoc import Atom, Atoms, atoms

__all__ = ["NOTHING", "Opaque", "Reader", "Standing", "bound_by", "closure", "is_principal", "led_to", "spoken_of"]


_KNOWN: Mapping[str, Mapping[str, Any]] = {
    name: {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": "*", "Resource": "*"}}
    for name, effect in (("AdministratorAccess", "Allow"), ("AWSDenyAll", "Deny"))
}
"""Policies of AWS whose documents are all in their names. Source: AWS managed policy reference guide."""


Bindings: TypeAlias = tuple[tuple[str, str], ...]
"""Condition keys that a principal fixes, with their values, sorted."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Opaque:
    """What a policy grants whose document is not known here; every such policy is taken to be unlike all others."""

    name: str

    @property
    def text(self) -> str:
        """Return a text that no other part has."""
        return self.name


Part: TypeAlias = Atom | Opaque


@dataclass(frozen=True, slots=True)
class Standing:
    """What a principal may do, as sets: what is in ``allow``, in ``bound`` if there is one, and not in ``deny``."""

    allow: frozenset[Part] = frozenset()
    deny: frozenset[Part] = frozenset()
    bound: frozenset[Part] | None = None
    bindings: Bindings = ()
    """The condition keys that the principal fixes."""


NOTHING = Standing()
"""The standing of whoever does not exist, or has nothing."""


def is_principal(address: Address) -> bool:
    """Return whether an object at the address makes requests of its own."""
    return KINDS[address.kind].bindings is not None


def bound_by(observed: Observed[Any], account: Account) -> Mapping[str, str]:
    """Return the condition keys that the object fixes in the requests that it makes."""
    bindings = KINDS[observed.address.kind].bindings
    return bindings(observed.resource, account) if bindings is not None else {}


def closure(ends: Sequence[Objects], address: Address, account: Account) -> frozenset[Address]:
    """Return the addresses of everything that may have a say in what the object grants, itself included.

    Between two ends of a run an object may hold what only one end shows it to hold, so all ``ends`` are followed.
    """
    found = {address}
    todo = [address]
    while todo:
        at = todo.pop()
        for observed in [objects[at] for objects in ends if at in objects]:
            for facet, key in _keys(observed):
                target = led_to(facet, key, account)
                if target is not None and target not in found:
                    found.add(target)
                    todo.append(target)
    return frozenset(found)


def _keys(observed: Observed[Any]) -> Iterator[tuple[Facet, str]]:
    for facet in KINDS[observed.address.kind].facets:
        value = getattr(observed.resource, facet.field) if facet.grants in {"held", "boundary"} else None
        for key in [value] if isinstance(value, str) else value or ():
            yield facet, key


def led_to(facet: Facet, key: str, account: Account) -> Address | None:
    """Return the address in this account that a key leads to, or None for what is AWS's own."""
    if facet.refers is None:
        return None
    if not key.startswith("arn:"):
        return Address(facet.refers, key)
    return Address(facet.refers, key.rpartition("/")[2]) if key.split(":")[4] == account.id else None


class Reader:
    """Reads standings off objects; every document is taken apart once."""

    def __init__(self, account: Account) -> None:
        """Take the account whose ARNs are its own."""
        self._account = account
        self._parts: dict[int, tuple[Mapping[str, Any], Atoms | None]] = {}

    def standing(self, objects: Objects, address: Address) -> Standing:
        """Return what the principal at the address holds; ``NOTHING`` if it is not there."""
        if address not in objects:
            return NOTHING
        allow: set[Part] = set()
        deny: set[Part] = set()
        for item in self._documents(objects, address):
            self._add(item, allow, deny)
        bound = self._bound(objects, address, deny)
        fixed = bound_by(objects[address], self._account)
        return Standing(frozenset(allow), frozenset(deny), bound, tuple(sorted(fixed.items())))

    def spoken_of(self, objects: Objects, addresses: Iterable[Address]) -> frozenset[str]:
        """Return the folded names of the condition keys that documents of the objects speak of."""
        documents = (item for at in addresses if at in objects for item in self._documents(objects, at))
        parts = (self._taken_apart(item) for item in documents if not isinstance(item, str))
        return spoken_of(atom for found in parts if found is not None for atom in found.allow | found.deny)

    def reached(self, ends: Sequence[Objects], facet: Facet, key: str) -> frozenset[tuple[str, Part]]:
        """Return all that a key of the facet may lead to between the ends of a run."""
        target = led_to(facet, key, self._account)
        if target is None:
            return self.said(self._behind({}, facet, key))
        held = closure(ends, target, self._account)
        return self.said(
            item for objects in ends for at in held if at in objects for item in self._documents(objects, at)
        )

    def said(self, documents: Iterable[Mapping[str, Any] | str]) -> frozenset[tuple[str, Part]]:
        """Return what the documents say: each part behind its effect."""
        allow: set[Part] = set()
        deny: set[Part] = set()
        for item in documents:
            self._add(item, allow, deny)
        return frozenset([*(("Allow", part) for part in allow), *(("Deny", part) for part in deny)])

    def _bound(self, objects: Objects, address: Address, deny: set[Part]) -> frozenset[Part] | None:
        for facet in KINDS[address.kind].facets:
            value = getattr(objects[address].resource, facet.field) if facet.grants == "boundary" else None
            if value is not None:
                bound: set[Part] = set()
                (item,) = self._behind(objects, facet, value) or (value,)
                self._add(item, bound, deny)
                return frozenset(bound)
        return None

    def _documents(self, objects: Objects, address: Address) -> Iterator[Mapping[str, Any] | str]:
        """Yield what the object grants: documents, and the ARNs of policies whose documents are not known."""
        resource = objects[address].resource
        for facet in KINDS[address.kind].facets:
            value: Any = getattr(resource, facet.field)
            if facet.grants == "document":
                yield value
            elif facet.grants == "inline":
                yield from value.values()
            elif facet.grants == "held":
                for key in value:
                    yield from self._behind(objects, facet, key)

    def _behind(self, objects: Objects, facet: Facet, key: str) -> tuple[Mapping[str, Any] | str, ...]:
        target = led_to(facet, key, self._account)
        if target is None:
            return (_KNOWN.get(key.rpartition(":aws:policy/")[2], key),)
        return tuple(self._documents(objects, target)) if target in objects else ()

    def _add(self, item: Mapping[str, Any] | str, allow: set[Part], deny: set[Part]) -> None:
        if isinstance(item, str):
            known = managed_policy(item.rpartition("/")[2])
            allow.add(Opaque(item))
            if known is None or known.denies:
                deny.add(Opaque(f"the Deny of {item}"))
            return
        parts = self._taken_apart(item)
        if parts is None:
            allow.add(Opaque(repr(item)))
            deny.add(Opaque(f"the Deny of {item!r}"))
        else:
            allow |= parts.allow
            deny |= parts.deny

    def _taken_apart(self, document: Mapping[str, Any]) -> Atoms | None:
        found = self._parts.get(id(document))
        if found is None:
            try:
                found = (document, atoms(document))
            except PolicyError:
                found = (document, None)
            # The document is kept beside its atoms, so that its id stays its own.
            self._parts[id(document)] = found
        return found[1]


def spoken_of(atoms: Iterable[Atom]) -> frozenset[str]:
    """Return the folded names of the keys that conditions and variables of the atoms speak of."""
    found: set[str] = set()
    for atom in atoms:
        texts = [text for (slot, values) in atom.choices | atom.conditions if slot[0] != "Action" for text in values]
        found.update(slot[2].lower() for slot, _ in atom.conditions)
        found.update(name.split(",")[0].strip().lower() for name in _VARIABLE.findall(" ".join(texts)))
    return frozenset(found)
