"""What will be there once everything is put back that is still meant to be, and who uses what now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.catalogue import managed_policy
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Facet, Live, Observed, Origin, Value
from reconciler.undo.targets import Target

__all__ = ["Ground", "Use", "final_arn", "ground_of"]


@dataclass(frozen=True, slots=True)
class Use:
    """A live object that refers to another by one of its fields."""

    user: Observed[Any]
    facet: Facet

    def __str__(self) -> str:
        """Return the user and its field, for people."""
        return f"{self.user.address} ({self.facet.field})"


@dataclass(frozen=True, slots=True)
class Ground:
    """The live account and the targets of the undo, which change while it is made up."""

    live: Live
    origin: Origin
    found: Mapping[Address, Target]
    """By the address under which the run found the object, or left it."""
    here: Mapping[Address, Target]
    """By the address under which the object is live."""
    arns: frozenset[str]
    uses: Mapping[tuple[str, str], Sequence[Use]]
    """By kind, and ARN or name, of what is used."""

    def users(self, made: Observed[Any]) -> list[Use]:
        """Return every use of a live object."""
        kind = made.address.kind
        return [*self.uses.get((kind, made.arn), ()), *self.uses.get((kind, made.address.name), ())]

    def leads_nowhere(self, facet: Facet, key: str) -> bool:
        """Return whether a reference will not lead to the object that it led to before the run."""
        if not key.startswith("arn:"):
            address = Address(facet.refers or "", key)
            target = self.found.get(address)
            return address not in self.live.objects if target is None else not _will_be(target)
        if key.split(":")[4] != self.live.account.id:
            known = managed_policy(key.rpartition("/")[2])
            return known is not None and known.deprecated
        return not self._will_be_arn(key, facet.refers or "")

    def dead_principals(self, kind: str, resource: Any) -> list[str]:
        """Return the principals of this account that the resource trusts and that will not be there."""
        own = [arn for arn in sorted(KINDS[kind].principals(resource)) if arn.split(":")[4] == self.live.account.id]
        return [arn for arn in own if not self._will_be_arn(arn, arn.split(":", 5)[5].partition("/")[0])]

    def _will_be_arn(self, arn: str, kind: str) -> bool:
        target = self.found.get(Address(kind, arn.rpartition("/")[2]))
        if target is None:
            return arn in self.arns
        return _will_be(target) and final_arn(target, self.live.account) == arn


def ground_of(found: Sequence[Target], live: Live, origin: Origin) -> Ground:
    """Return the ground on which the targets stand."""
    uses: dict[tuple[str, str], list[Use]] = {}
    for observed in live.objects.values():
        kind = KINDS[observed.address.kind]
        for facet in kind.facets:
            value = getattr(observed.resource, facet.field)
            if isinstance(facet, Value) and facet.trusts:
                for arn in kind.principals(observed.resource):
                    uses.setdefault((arn.split(":", 5)[5].partition("/")[0], arn), []).append(Use(observed, facet))
            elif facet.refers and value:
                for key in [value] if isinstance(facet, Value) else value:
                    uses.setdefault((facet.refers, key), []).append(Use(observed, facet))
    return Ground(
        live,
        origin,
        {target.before.address: target for target in found},
        {target.live.address: target for target in found if target.live is not None},
        frozenset(observed.arn for observed in live.objects.values()),
        uses,
    )


def _will_be(target: Target) -> bool:
    """Return whether the target's object will be there."""
    if target.fate in {"create", "mend"}:
        return True
    return target.fate == "leave" and target.life.before is None and target.live is not None


def final_arn(target: Target, account: Account) -> str:
    """Return the ARN that the target's object will have."""
    if target.live is None:
        return target.before.arn
    kind, moved = KINDS[target.address.kind], "path" in target.merged.values
    path = (target.before if moved else target.live).resource.path
    return account.arn(kind.name, path, target.address.name)
