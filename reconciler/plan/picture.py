"""Who may do what in an account, as the proofs of access take it: principals and the policies that speak for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.access import Layer, Principal
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Facet, Observed, Value
from reconciler.plan.foresee import Objects
from reconciler.plan.standing import bound_by, is_principal, led_to

__all__ = ["Documents", "Held", "Paper", "Picture", "aws_policies"]

Documents: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Documents of managed policies that no object of the account holds, by ARN."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One policy document that has a say, and where it comes from."""

    document: Mapping[str, Any]
    holder: Address | None
    """The policy whose document it is, or whose inline policy it is; None: it is none of the account's."""
    item: str = ""
    """The name of an inline policy; the ARN of a policy that is none of the account's."""
    through: Address | None = None
    """The group by which a user holds it; None: it is the principal's own."""

    @property
    def name(self) -> str:
        """Return what people call it: the policy's name; for an inline one also whose it is."""
        if self.holder is None:
            return self.item.rpartition("/")[2]
        return f"{self.item} of {self.holder}" if self.item else self.holder.name


@dataclass(frozen=True, slots=True)
class Held:
    """What one principal holds at one moment."""

    address: Address
    arn: str
    identity: tuple[Paper, ...]
    boundary: Paper | None
    bindings: Mapping[str, str] = field(default_factory=dict)
    trust: Mapping[str, Any] | None = None
    """The document that says who may become it; None where nobody can."""
    unknown: tuple[str, ...] = ()
    """The ARNs of policies that have a say and whose documents are not known."""

    @property
    def principal(self) -> Principal:
        """Return what the proofs take; a policy whose document is not known is not in it."""
        boundary = self.boundary.document if self.boundary is not None else None
        return Principal([paper.document for paper in self.identity], boundary, (), self.bindings)

    def paper(self, layer: Layer, document: int) -> Paper | None:
        """Return the paper that a statement's reference means, or None if it is none of ours."""
        papers = {Layer.IDENTITY: self.identity, Layer.BOUNDARY: (self.boundary,)}.get(layer, ())
        return papers[document] if document < len(papers) else None


class Picture:
    """An account at one moment: reads off, for a principal, what speaks for it."""

    def __init__(self, objects: Objects, account: Account, known: Documents) -> None:
        """Take the account's objects, and the documents of policies that are none of them."""
        self.objects = objects
        self._account = account
        self._known = known

    def principals(self) -> list[Address]:
        """Return the addresses of everybody who makes requests, sorted."""
        return sorted(address for address in self.objects if is_principal(address))

    def held(self, address: Address) -> Held:
        """Return what the principal at the address holds.

        Raises:
            KeyError: There is nobody.
        """
        observed = self.objects[address]
        unknown: list[str] = []
        papers = sorted(self._papers(observed, None, unknown), key=_by_name)
        boundary = next(iter(self._behind(observed, "boundary", None, unknown)), None)
        fixed = bound_by(observed, self._account)
        trust = _trust(observed)
        return Held(observed.address, observed.arn, tuple(papers), boundary, fixed, trust, tuple(sorted(set(unknown))))

    def policies(self) -> dict[tuple[Address, str], Mapping[str, Any]]:
        """Return every policy of the account, by its own address or its holder's, and the name of an inline one."""
        found: dict[tuple[Address, str], Mapping[str, Any]] = {}
        for address, observed in self.objects.items():
            for facet, value in _granting(observed):
                if facet.grants == "document":
                    found[(address, "")] = value
                elif facet.grants == "inline":
                    found |= {(address, name): document for name, document in value.items()}
        return found

    def _papers(self, observed: Observed[Any], through: Address | None, unknown: list[str]) -> Iterator[Paper]:
        for facet, value in _granting(observed):
            if facet.grants == "document":
                yield Paper(value, observed.address, "", through)
            elif facet.grants == "inline":
                yield from (Paper(document, observed.address, name, through) for name, document in value.items())
        yield from self._behind(observed, "held", through, unknown)

    def _behind(
        self, observed: Observed[Any], grants: str, through: Address | None, unknown: list[str]
    ) -> Iterator[Paper]:
        """Yield what the objects grant that a field of ``observed`` names."""
        for facet, value in _granting(observed):
            for key in ([value] if isinstance(value, str) else value) if facet.grants == grants else ():
                at = led_to(facet, key, self._account)
                other = self.objects.get(at) if at is not None else None
                if other is not None:
                    by = other.address if _holds(other) else through
                    yield from self._papers(other, by, unknown)
                elif key in self._known:
                    yield Paper(self._known[key], None, key, through)
                elif key.startswith("arn:"):
                    unknown.append(key)


def aws_policies(pictures: Iterable[Objects], account: Account) -> set[str]:
    """Return the ARNs of the policies that the objects name and that are none of the account's objects."""
    found = set()
    for objects in pictures:
        for observed in objects.values():
            for facet, value in _granting(observed):
                if facet.grants in {"held", "boundary"}:
                    keys = [value] if isinstance(value, str) else value
                    found |= {
                        key for key in keys if key.startswith("arn:") and _is_foreign(objects, facet, key, account)
                    }
    return found


def _is_foreign(objects: Objects, facet: Facet, key: str, account: Account) -> bool:
    at = led_to(facet, key, account)
    return at is None or at not in objects


def _granting(observed: Observed[Any]) -> Iterator[tuple[Facet, Any]]:
    """Yield the facets by which the object grants something, with their values."""
    for facet in KINDS[observed.address.kind].facets:
        if facet.grants:
            value = getattr(observed.resource, facet.field)
            if value:
                yield facet, value


def _holds(observed: Observed[Any]) -> bool:
    """Return whether what the object grants is held by it for others, as a group does, and is not itself a policy."""
    return all(facet.grants != "document" for facet in KINDS[observed.address.kind].facets)


def _trust(observed: Observed[Any]) -> Mapping[str, Any] | None:
    facets = KINDS[observed.address.kind].facets
    found = (getattr(observed.resource, f.field) for f in facets if isinstance(f, Value) and f.trusts)
    return next(found, None)


def _by_name(paper: Paper) -> tuple[bool, str, str]:
    return (paper.through is not None, str(paper.through or ""), paper.name)
