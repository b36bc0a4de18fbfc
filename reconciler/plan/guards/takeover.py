"""Objects that somebody else made: what they would lose once they are declared here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kinds import KINDS
from reconciler.model import Address, Alarm, Declared, Facet, Impact, Items, Observed, Value
from reconciler.model.mark import marked_by
from reconciler.plan.guards.scene import Scene

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
    if scene.desired.verbatim:
        return
    for address, declared in scene.desired.declared.items():
        observed = _found(scene, declared) if declared.state == "present" and not declared.adopt else None
        if observed is None or observed.address not in scene.plan.before or _is_ours(scene, declared, observed):
            continue
        lost = tuple(_losses(scene, declared, observed))
        if lost:
            what = f"it would be taken over from whoever made it: {lost[0]}"
            yield scene.alarm("takeover", address, what, _REMEDY, declared.origin, lost)


def _found(scene: Scene, declared: Declared) -> Observed[object] | None:
    """Return the live object that shall be as declared."""
    found = scene.live.objects.get(declared.address)
    if found is None and declared.renamed_from:
        found = scene.live.objects.get(Address(declared.address.kind, declared.renamed_from))
    return found


def _is_ours(scene: Scene, declared: Declared, observed: Observed[object]) -> bool:
    tags: Mapping[str, str] = getattr(observed.resource, "tags", {})
    if marked_by(tags, scene.settings.owner, observed.address):
        return True
    return scene.base is not None and _declares(scene.base.desired.declared, {declared.address, observed.address})


def _declares(at_base: Mapping[Address, Declared], names: set[Address]) -> bool:
    """Return whether one of the names was that of an object which was declared at the base, or was renamed there."""
    present = [one for one in at_base.values() if one.state == "present"]
    known = {one.address for one in present}
    known |= {Address(one.address.kind, one.renamed_from) for one in present if one.renamed_from}
    return bool(known & names)


def _losses(scene: Scene, declared: Declared, observed: Observed[object]) -> Iterator[str]:
    """Yield what the object would lose, for people."""
    address = declared.address
    after = scene.end.get(address)
    if after is None:
        return
    changed = {change.address: change.action for change in scene.plan.changes}
    if changed.get(address) == "replace":
        yield "it would be deleted and created anew"
    if after.address != observed.address:
        yield f"it would be called {after.address.name} instead of {observed.address.name}"
    for facet in KINDS[address.kind].facets:
        old, new = (getattr(one.resource, facet.field) for one in (observed, after))
        if old is not new and old != new:
            yield from _lost_of(scene, declared, facet, old, new)


def _lost_of(scene: Scene, declared: Declared, facet: Facet, old: object, new: object) -> Iterator[str]:
    address = declared.address
    if isinstance(facet, Items) and isinstance(old, Mapping) and isinstance(new, Mapping):
        # Who belongs to both ends is taken from this one only where its own document says who they are.
        if facet.grants or (facet.inverse and facet.field in declared.given):
            gone = sorted(key for key in old if key not in new)
            yield from (f"it would lose {facet.label(key)} of its {_told(facet)}" for key in gone)
        for key in sorted(old.keys() & new.keys()) if facet.grants == "inline" else ():
            if old[key] != new[key]:
                yield from _narrowed(scene, address, "policy", f"its inline policy {key}", key)
    elif facet.grants == "document":
        yield from _narrowed(scene, address, "policy", "its document")
    elif facet.grants == "boundary" and new is not None:
        yield from _narrowed(scene, address, "identity", "its access, by another permissions boundary,")
    elif isinstance(facet, Value) and facet.trusts:
        trust = next((one for one in scene.impacts if one.address == address and one.subject == "trust"), None)
        if trust is None or trust.relation != "EQUAL":
            yield "others could become it than now: its trust would change"


def _told(facet: Facet) -> str:
    return facet.field.replace("_", " ")


def _narrowed(scene: Scene, address: Address, subject: str, what: str, item: str = "") -> Iterator[str]:
    """Yield that something allows less, or may allow less, unless it is proved not to."""
    found = next(
        (one for one in scene.impacts if (one.address, one.subject, one.item) == (address, subject, item)), None
    )
    if found is None or found.narrows is not False:
        undecided = found is None or found.narrows is None
        yield f"{what} {'may allow' if undecided else 'would allow'} less than now{_shown(found)}"


def _shown(found: Impact | None) -> str:
    lost = [one for one in found.evidence if not one.gained] if found is not None else []
    return f", {lost[0].action} on {lost[0].resource} for one" if lost else ""
