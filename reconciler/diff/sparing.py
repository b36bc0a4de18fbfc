"""What is told of objects that are spared although something would be done to them, and of what cannot do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from reconciler.diff.nouns import Findings, Pair, Ruling, Scene
from reconciler.kinds import KINDS
from reconciler.kinds.references import Dangling
from reconciler.model import (
    Address,
    Conflict,
    Consent,
    Declared,
    Difference,
    GuardId,
    Items,
    Note,
    Observed,
    Origin,
    Value,
)

__all__ = ["not_created", "not_deleted", "not_renamed", "not_updated", "stranded", "tie_untouched", "used", "way_out"]

_SHOWN = 8
"""How many differences are told of an object that is not written."""

_NEEDS = "needs"

_Act: TypeAlias = Literal["create", "update", "delete"]

_TOLD: Mapping[_Act, tuple[str, str]] = {
    "create": ("it shall be created", "name"),
    "update": ("it differs from what is declared", "owner"),
    "delete": ("it shall be absent", "state"),
}
"""By what is not done: what would be done in words, and the field that the conflict is about."""


def way_out(guard: GuardId, subject: Address, *, verbatim: bool = False) -> str:
    """Return how somebody consents to what the guard leaves out; no document has a say in a ``verbatim`` plan."""
    if verbatim:
        return f"consent with --accept {guard}={subject}"
    return f"consent with a document {{kind: exception, guard: {guard}, address: {subject}, reason: …, until: …}}"


def not_created(scene: Scene, declared: Declared) -> None:
    """Tell that a declared object is spared and therefore not created."""
    _told(scene, declared.address, "create", "not created", declared.origin)


def not_updated(scene: Scene, declared: Declared, differences: Iterable[Difference]) -> None:
    """Tell that a live object is spared and therefore keeps its differences."""
    texts = [f"{difference.field} {difference.sign}{difference.item}" for difference in differences]
    more = f", and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    _told(scene, declared.address, "update", f"not written: {', '.join(texts[:_SHOWN])}{more}", declared.origin)


def not_deleted(scene: Scene, observed: Observed[Any]) -> None:
    """Tell that a live object is spared and therefore stays, where a tombstone stands for it or a hold stops prune."""
    ruling, declared = scene.rulings[observed.address], scene.desired.declared.get(observed.address)
    if ruling.otherwise == "delete" and (declared is not None or ruling.hold is not None):
        _told(scene, observed.address, "delete", "not deleted", declared.origin if declared is not None else None)


def not_renamed(findings: Findings, declared: Declared, old: Address, spared: Address, ruling: Ruling) -> None:
    """Tell that a declared object keeps its ``old`` name, because that one or its new one is ``spared``."""
    if ruling.hold is not None:
        findings.notes.add(Note(declared.address, f"{_held(ruling)}: not renamed from {old.name}"))
        return
    what = f"{spared} is not to be touched: {ruling.reason}"
    remedy = "take `renamed_from` away, or lift what spares it"
    if ruling.guard is not None:
        remedy += f": {way_out(ruling.guard, spared)}"
    where = declared.at("renamed_from")
    findings.conflicts.append(Conflict(declared.address, "renamed_from", what, remedy, where, ruling.guard))


def tie_untouched(scene: Scene, declared: Declared, facet: Items, key: str, ruling: Ruling, *, is_there: bool) -> None:
    """Tell that a tie to an object that is spared is neither cut nor made: a conflict, if that is a guard's doing.

    What the document of the other end says of its ties is told there.
    """
    target = scene.target(facet.refers or "", key)
    other = scene.desired.declared.get(target) if target is not None else None
    told = other is not None and facet.inverse in other.given
    if target is None or target not in scene.live.objects or ruling.guard is None or told:
        why = ruling.reason.removeprefix("it ")
        what = f"{target} {why}: its tie is not removed" if is_there else f"{facet.label(key)} {why}: not added"
        scene.findings.notes.add(Note(declared.address, what))
        return
    shall = "shall not be" if is_there else "shall be"
    what = f"{declared.address} {shall} among its {facet.inverse or facet.field}, but {ruling.reason}"
    consent = way_out(ruling.guard, target, verbatim=scene.desired.verbatim)
    remedy = f"write into {declared.address} what is live, or {consent}"
    origin = declared.at(facet.field)
    scene.findings.conflicts.append(Conflict(target, facet.inverse or facet.field, what, remedy, origin, ruling.guard))


def _held(ruling: Ruling) -> str:
    return ruling.reason.removeprefix("it is ")


def _told(scene: Scene, address: Address, act: _Act, undone: str, origin: Origin | None) -> None:
    """Note a conflict of what would be done and is not, or only a note where a hold is what spares the object."""
    ruling = scene.rulings[address]
    if ruling.hold is not None:
        scene.findings.notes.add(Note(address, f"{_held(ruling)}: {undone}"))
        return
    would, field = _TOLD[act]
    if act == "update" and scene.desired.verbatim:
        would = "the run changed it"
    more = f"; {undone}" if act == "update" else ""
    ways = _remedy(scene, ruling, act)
    if ruling.guard is not None:
        ways += f", or {way_out(ruling.guard, address, verbatim=scene.desired.verbatim)}"
    conflict = Conflict(address, field, f"{would}, but {ruling.reason}{more}", ways, origin, ruling.guard)
    scene.findings.conflicts.append(conflict)


def _remedy(scene: Scene, ruling: Ruling, act: _Act) -> str:
    if scene.desired.verbatim:
        return "undo with the settings that the run had"
    if ruling.rule == _NEEDS:
        return "have that created first, or take it out of this one"
    if act == "create" and ruling.rule == "foreign-owner":
        return "choose another name"
    documents = {"create": "take it", "update": "take it", "delete": "take the tombstone"}[
        act
    ] + " out of the documents"
    return f"leave it to its owner and {documents}" if ruling.rule in {"foreign-owner", "reserved"} else documents


def stranded(scene: Scene, pairs: Mapping[Address, Pair]) -> dict[Address, Ruling]:
    """Return the rulings over what cannot be as declared, because it needs what is spared and not there.

    An object without its boundary, or a role without a principal that it trusts, would be another than was reviewed.
    """
    away = {a for a in scene.desired.declared if a not in scene.live.objects and scene.fate(a) == "spare"}
    found: dict[Address, Ruling] = {}
    todo = {a for a in pairs if scene.fate(a) == "declare"} if away else set()
    while True:
        stuck = {address: lacks for address in todo if (lacks := _needs(scene, pairs[address]) & away)}
        if not stuck:
            return found
        for address, lacks in stuck.items():
            there = pairs[address].observed is not None
            missing = min(lacks)
            reason = f"it needs {missing}, which is not there: {_reason(scene, found, missing)}"
            found[address] = Ruling("spare", reason, ties=there, rule=_NEEDS)
            todo.discard(address)
            if not there:
                away.add(address)


def _reason(scene: Scene, found: Mapping[Address, Ruling], address: Address) -> str:
    return (found.get(address) or scene.rulings[address]).reason


def _needs(scene: Scene, pair: Pair) -> set[Address]:
    """Return the objects without which a declared object cannot be written whole."""
    declared, kind = scene.desired.declared[pair.address], KINDS[pair.address.kind]
    keys = [(facet.refers or "", text) for facet, text in _single(scene, declared)]
    trusts = any(isinstance(f, Value) and f.trusts and declared.manage.get(f.field) != "ignore" for f in kind.facets)
    keys += [("", arn) for arn in kind.principals(declared.resource)] if trusts else []
    targets = (scene.target(refers, key) for refers, key in keys)
    return {target for target in targets if target is not None}


def _single(scene: Scene, declared: Declared) -> Iterator[tuple[Value, str]]:
    """Yield the fields of a declared object that are one reference each, resolved where that is possible."""
    for facet in KINDS[declared.address.kind].facets:
        text = getattr(declared.resource, facet.field) if isinstance(facet, Value) and facet.refers else None
        if not isinstance(facet, Value) or text is None or declared.manage.get(facet.field) == "ignore":
            continue
        try:
            yield facet, text if scene.desired.verbatim else scene.references.resolve(facet.refers or "", text)
        except Dangling:
            continue


def used(scene: Scene, pairs: Mapping[Address, Pair]) -> frozenset[Consent]:
    """Return the consents without which the plan would write less: those over objects that it writes."""
    lifted = {address: ruling.consents for address, ruling in scene.rulings.items() if ruling.consents}
    if not lifted:
        return frozenset(scene.findings.used)
    written = {draft.address for draft in scene.findings.drafts}
    for change in scene.findings.changes:
        pair = pairs.get(change.address)
        if pair is not None and pair.rename is not None:
            written.add(Address(change.address.kind, scene.desired.declared[change.address].renamed_from or ""))
        written.update(_other_ends(change.address, change.differences))
    return frozenset(scene.findings.used).union(*(consents for a, consents in lifted.items() if a in written))


def _other_ends(address: Address, differences: Iterable[Difference]) -> Iterator[Address]:
    for difference in differences:
        facet = KINDS[address.kind].facet(difference.field)
        if isinstance(facet, Items) and facet.inverse:
            yield Address(facet.refers or "", difference.item)
