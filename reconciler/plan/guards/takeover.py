"""Objects that somebody else made: what they would lose once they are declared here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Alarm, Declared, Facet, Impact, Items, Observed, Value
from reconciler.model.mark import marked_by
from reconciler.plan.guards.scene import Scene
from reconciler.plan.ownership import declared_at
from reconciler.plan.standing import led_to

__all__ = ["takeover"]

_REMEDY = (
    "declare what it has, or choose another name if it is not yours; write `adopt: true` in its document to take it "
    "over, or consent with a `kind: exception` document for takeover"
)


def takeover(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each declared object that is not known to be ours and that the plan takes something from.

    Ours is what carries our mark, and what was declared at the base. Without an owner in the settings and without a
    base nothing is known to be ours. To lose is to have a policy, group or member taken, a document or boundary that
    is not proved to allow all that it did, another trust or name, or to be created anew.
    """
    if scene.desired.verbatim or not scene.plan.steps:
        return
    losses = _Losses(scene)
    for address, declared in scene.desired.declared.items():
        observed = _found(scene, declared) if declared.state == "present" and not declared.adopt else None
        if observed is None or observed.address not in scene.plan.before or _is_ours(scene, observed):
            continue
        lost = tuple(losses.of(declared, observed))
        if lost:
            what = f"it would be taken over from whoever made it: {lost[0]}"
            yield scene.alarm("takeover", address, what, _REMEDY, declared.origin, lost)


def _found(scene: Scene, declared: Declared) -> Observed[Any] | None:
    """Return the live object that shall be as declared."""
    found = scene.live.objects.get(declared.address)
    return found or (scene.live.objects.get(_source(declared)) if declared.renamed_from else None)


def _source(declared: Declared) -> Address:
    return Address(declared.address.kind, declared.renamed_from or declared.address.name)


def _is_ours(scene: Scene, observed: Observed[Any]) -> bool:
    tags: Mapping[str, str] = getattr(observed.resource, "tags", {})
    if marked_by(tags, scene.settings.owner, observed.address):
        return True
    return scene.base is not None and observed.address in declared_at(scene.base, scene.live)


class _Losses:
    """What objects lose by a plan, for people."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._impacts: dict[tuple[Address, str, str], Impact] = {
            (one.address, one.subject, one.item): one for one in scene.impacts
        }
        self._changes = {change.address: change for change in scene.plan.changes}
        renamed = (scene.desired.declared[at] for at, one in self._changes.items() if one.action == "rename")
        self._renamed = {_source(one): one.address for one in renamed}

    def of(self, declared: Declared, observed: Observed[Any]) -> Iterator[str]:
        """Yield what the object loses."""
        address = declared.address
        after, change = self._scene.end.get(address), self._changes.get(address)
        if after is None:
            return
        if change is not None and change.action == "replace":
            yield "it would be deleted and created anew"
        if change is not None and change.action == "rename":
            yield f"it would be called {after.address.name} instead of {observed.address.name}"
        written = {one.field for one in change.differences} if change is not None else set()
        for facet in KINDS[address.kind].facets:
            old, new = (getattr(one.resource, facet.field) for one in (observed, after))
            if isinstance(facet, Items):
                # Who belongs to both ends is taken from this one only where its own document says who they are.
                if facet.grants or (facet.inverse and facet.field in declared.given):
                    yield from self._items(address, facet, old, new)
            elif facet.field in written and old != new:
                yield from self._value(address, facet, new)

    def _items(self, address: Address, facet: Items, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        kept = {led_to(facet, key, self._scene.account) for key in new}
        for key in sorted(old):
            target = led_to(facet, key, self._scene.account)
            still = target is not None and self._renamed.get(target, target) in kept
            if key not in new and not still:
                yield f"it would lose {facet.label(key)} of its {facet.field.replace('_', ' ')}"
            elif facet.grants == "inline" and old[key] != new[key]:
                yield from self._narrowed((address, "policy", key), f"its inline policy {key}")

    def _value(self, address: Address, facet: Facet, new: Any) -> Iterator[str]:
        if facet.grants == "document":
            yield from self._narrowed((address, "policy", ""), "its document")
        elif facet.grants == "boundary" and new is not None:
            yield from self._narrowed((address, "identity", ""), "its policies within another boundary")
        elif isinstance(facet, Value) and facet.trusts:
            trust = self._impacts.get((address, "trust", ""))
            if trust is None or trust.relation != "EQUAL":
                yield "its trust would change"

    def _narrowed(self, key: tuple[Address, str, str], what: str) -> Iterator[str]:
        """Yield that something allows less, or may allow less, unless it is proved not to."""
        found = self._impacts.get(key)
        if found is None or found.narrows is None:
            yield f"{what} may allow less than now"
        elif found.narrows:
            yield f"{what} would allow less than now{_shown(found)}"


def _shown(found: Impact) -> str:
    lost = [one for one in found.evidence if not one.gained]
    return f", {lost[0].action} on {lost[0].resource} for one" if lost else ""
