"""The deletion of objects, and who still holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from reconciler.diff.births import names_of
from reconciler.diff.nouns import Draft, Scene, Tie
from reconciler.kinds import KINDS
from reconciler.model import Address, Difference, Facet, Items, Live, Observed, Value
from reconciler.model.mark import marked_by

__all__ = [
    "dying",
    "ending",
    "held",
    "holders",
    "last_differences",
    "lets_go",
    "released",
    "unreleased",
    "without_the_dying",
]


def holders(scene: Scene, observed: Observed[Any]) -> Iterator[tuple[Observed[Any], Facet, str]]:
    """Yield every live object that refers to ``observed``, by which facet and under which key."""
    for key in sorted({observed.arn, observed.address.name}):
        for other, facet in scene.held.get((observed.address.kind, key), ()):
            yield other, facet, key


def held(live: Live) -> Mapping[tuple[str, str], Sequence[tuple[Observed[Any], Facet]]]:
    """Return by kind and key of what is referred to every live object that refers to it, and by which facet."""
    found: dict[tuple[str, str], list[tuple[Observed[Any], Facet]]] = {}
    for other in live.objects.values():
        for facet in KINDS[other.address.kind].facets:
            if facet.refers:
                value = getattr(other.resource, facet.field)
                for key in value if isinstance(facet, Items) else [value] if value else ():
                    found.setdefault((facet.refers, key), []).append((other, facet))
    return found


def unreleased(scene: Scene, observed: Observed[Any]) -> list[str]:
    """Return the holders that this plan may not take the object from, each with how it holds it."""
    return [
        f"{other.address} ({facet.field})"
        for other, facet, key in holders(scene, observed)
        if not _may_release(scene, other, facet, key)
    ]


def _may_release(scene: Scene, other: Observed[Any], facet: Facet, key: str) -> bool:
    fate = scene.fate(other.address)
    if fate in {"delete", "spare"}:
        return fate == "delete"
    if isinstance(facet, Value):
        return lets_go(scene, other, facet, key)
    if isinstance(facet, Items) and facet.inverse:
        return True
    declared = scene.desired.declared.get(other.address)
    if declared is not None:
        return fate == "declare" and declared.manage.get(facet.field) != "ignore"
    tags = getattr(other.resource, "tags", {})
    return marked_by(tags, scene.desired.settings.owner, other.address)


def lets_go(scene: Scene, other: Observed[Any], facet: Value, key: str) -> bool:
    """Return whether a holder goes itself, or takes another object or none for a field that is a single reference."""
    if scene.fate(other.address) != "declare":
        return scene.fate(other.address) == "delete"
    declared = scene.desired.declared.get(other.address)
    if declared is None or declared.state != "present" or facet.field not in declared.given:
        return False
    if declared.manage.get(facet.field) == "ignore":
        return False
    text = getattr(declared.resource, facet.field)
    return text is None or scene.resolve(facet.refers or "", text, declared.at(facet.field)) != key


def released(scene: Scene, observed: Observed[Any]) -> list[Draft]:
    """Return the drafts that take the object from those of its holders that hold it as an item."""
    drafts = []
    for other, facet, key in holders(scene, observed):
        if isinstance(facet, Items) and scene.fate(other.address) != "delete":
            drafts += [Draft(other.address, call, "remove") for call in facet.drop(other.resource, [key])]
    return drafts


def ending(scene: Scene) -> frozenset[Address]:
    """Return the live objects that the plan deletes: those that shall go and that nobody holds on to."""
    going = (o for a, o in scene.live.objects.items() if scene.fate(a) == "delete")
    return frozenset(observed.address for observed in going if not unreleased(scene, observed))


def without_the_dying(scene: Scene, whole: Mapping[Address, Any]) -> dict[Address, Any]:
    """Return the whole resources without the items that lead to objects which this plan deletes.

    What somebody else added to an object may be left to it (``additive``, ``keep``), but not beyond its own end. Items
    that belong to both ends are the dying end's to take away.
    """
    found = dict(whole)
    for address, resource in whole.items() if scene.ending else ():
        for facet in KINDS[address.kind].facets:
            if not isinstance(facet, Items) or not facet.refers or facet.inverse:
                continue
            items = getattr(resource, facet.field)
            left = {key: value for key, value in items.items() if scene.target(facet.refers, key) not in scene.ending}
            if len(left) < len(items):
                found[address] = dataclasses.replace(found[address], **{facet.field: left})
    return found


def dying(observed: Observed[Any]) -> tuple[list[Draft], Tie]:
    """Return the drafts that delete an object, every way in closed before anything else, and the tie that ends."""
    kind = KINDS[observed.address.kind]
    drafts = [Draft(observed.address, call, effect) for effect, call in kind.delete(observed.resource)]
    locks = [draft for draft in drafts if draft.effect == "lock"]
    links = {later.call.key: {earlier.call.key} for earlier, later in pairwise(locks)}
    rest, last = [draft for draft in drafts if draft.effect != "lock"][:-1], drafts[-1]
    for draft in rest:
        links[draft.call.key] = {lock.call.key for lock in locks}
    links[last.call.key] = {draft.call.key for draft in drafts[:-1]}
    drafts[-1] = dataclasses.replace(last, releases=_single_references(observed))
    linked = [
        dataclasses.replace(draft, after=draft.after | frozenset(links.get(draft.call.key, ()))) for draft in drafts
    ]
    names = names_of(observed.address, observed.resource, observed.arn)
    return linked, Tie(names, dies=last.call.key)


def _single_references(observed: Observed[Any]) -> frozenset[str]:
    """Return the ARNs that the object holds until it is gone itself (a boundary)."""
    facets = (f for f in KINDS[observed.address.kind].facets if isinstance(f, Value) and f.refers)
    values = (getattr(observed.resource, facet.field) for facet in facets)
    return frozenset(value for value in values if value is not None)


def last_differences(observed: Observed[Any]) -> tuple[Difference, ...]:
    """Return what an object that is deleted holds."""
    found = []
    for facet in KINDS[observed.address.kind].facets:
        if isinstance(facet, Items) and not facet.at_creation:
            items = getattr(observed.resource, facet.field)
            found += [Difference(facet.field, "-", facet.label(key), items[key]) for key in sorted(items)]
    return tuple(found)
