"""An account as the documents alone would make it: what can be said of access without looking at any account."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.kinds import KINDS
from reconciler.kinds.references import Dangling, References
from reconciler.model import Address, Desired, Facet, Items, Observed
from reconciler.plan.picture import Documents, Picture, aws_policies
from reconciler.plan.standing import KNOWN

__all__ = ["declared_picture"]


def declared_picture(desired: Desired, read: Callable[[Iterable[str]], Documents]) -> Picture:
    """Return who holds what once nothing is there but what is declared; ``read`` gives documents of AWS's policies.

    What a document leaves as live is as in a new object. What is named and not declared counts as not known.
    """
    references = References(desired.account, desired.declared)
    objects: dict[Address, Observed[Any]] = {}
    for address, declared in desired.declared.items():
        if declared.state == "present":
            kind = KINDS[address.kind]
            fields = {
                facet.field: _resolved(facet, getattr(declared.resource, facet.field), references, desired)
                for facet in kind.facets
                if facet.refers and facet.grants
            }
            resource = dataclasses.replace(declared.resource, **fields)
            objects[address] = Observed(address, resource, kind.arn(resource, desired.account))
    wanted = aws_policies((objects,), desired.account)
    return Picture(objects, desired.account, {**_named(wanted), **read(wanted)})


def _named(arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents of those policies of AWS that say it all in their names."""
    names = {arn: arn.partition("::aws:policy/")[2] for arn in arns}
    return {arn: KNOWN[name] for arn, name in names.items() if name in KNOWN}


def _resolved(facet: Facet, value: Any, references: References, desired: Desired) -> Any:
    """Return a field with every reference as IAM calls what it names."""
    if isinstance(facet, Items):
        return {_called(str(facet.refers), key, references, desired): item for key, item in value.items()}
    return _called(str(facet.refers), value, references, desired) if value else value


def _called(kind: str, text: str, references: References, desired: Desired) -> str:
    """Return what IAM calls an object; an ARN for one that nothing declares, so that it is nobody's that is."""
    try:
        found = references.resolve(kind, text)
    except Dangling:
        found = text
    if found.startswith("arn:") or Address(kind, found) in desired.declared:
        return found
    return desired.account.arn(kind, "/", found.rpartition("/")[2])
