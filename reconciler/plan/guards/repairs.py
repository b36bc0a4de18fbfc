"""The guard that what somebody took away by hand is not given back unnoticed, by a plan that only repairs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Alarm, Change, Evidence, Facet, Impact, Items, Observed, Step
from reconciler.plan.foresee import after_all, foreseen, take
from reconciler.plan.guards.origins import origin_of
from reconciler.plan.guards.scene import Scene
from reconciler.plan.picture import Picture, aws_policies
from reconciler.plan.standing import closure

__all__ = ["repair_widens"]

_REMEDY = (
    "if the account is right, write what it has into the documents (or freeze the object with a `kind: hold` document "
    "meanwhile); if the documents are, consent with a `kind: exception` document"
)
_SHOWN = 5
"""Requests, and steps, that are told of one principal."""


def repair_widens(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each principal that would get more by steps that only put back what the base has too.

    Without a base a repair cannot be told from a change, so nothing is said.

    Raises:
        AccountError: the account cannot be read.
    """
    if scene.base is None or scene.desired.verbatim:
        return
    wider = {impact.address for impact in _widening(scene.impacts)}
    repairs = _repairs(scene) if wider else {}
    if not repairs:
        return
    renamed = {life.there[0].address: life.address for life in scene.lives}
    told: set[Address] = set()
    for impact in _widening(_impacts_of(scene, repairs)):
        address = renamed.get(impact.address, impact.address)
        if address in wider and address not in told:
            told.add(address)
            held = closure((scene.live.objects, scene.end), impact.address, scene.account) | {address}
            steps = [step for step in scene.plan.steps if not held.isdisjoint(repairs.get(step.id, ()))]
            yield _alarm(scene, address, impact, steps)


def _widening(impacts: Iterable[Impact]) -> Iterator[Impact]:
    return (impact for impact in impacts if impact.subject != "policy" and impact.widens is not False)


def _impacts_of(scene: Scene, repairs: Container[int]) -> Sequence[Impact]:
    """Return what these steps, by their ids, do to access where no others are made."""
    calls = [step.call for step in scene.plan.steps if step.id in repairs]
    if len(calls) == len(scene.plan.steps):
        return scene.impacts
    from reconciler.plan.impact import impacts  # noqa: PLC0415  only repairs among changes cost proofs of their own

    end = after_all(scene.live.objects, calls, scene.account)
    known = scene.read(aws_policies((scene.live.objects, end), scene.account))
    return impacts(scene.pictures[0], Picture(end, scene.account, known))


def _repairs(scene: Scene) -> Mapping[int, AbstractSet[Address]]:
    """Return the steps that close only what the base's documents would close too: by their ids what each changes."""
    changes = {change.address: change for change in scene.plan.changes}
    objects = dict(scene.live.objects)
    found = {}
    for step in scene.plan.steps:
        delta = foreseen(objects, step.call, scene.account)
        verdicts = [
            _is_repaired(changes[address], objects.get(address), after)
            for address, after in delta.items()
            if address in changes
        ]
        known = [verdict for verdict in verdicts if verdict is not None]
        asked = changes.get(step.address)
        if all(known) if known else asked is not None and asked.cause == "drift":
            found[step.id] = frozenset(delta)
        take(objects, delta)
    return found


def _is_repaired(change: Change, before: Observed[Any] | None, after: Observed[Any] | None) -> bool | None:
    """Return whether what becomes of an object is drift that is put right; None: the change does not tell of it."""
    if change.cause == "drift":
        return True
    if before is None or after is None:
        return False
    named = {
        (facet.field, item.lower())
        for facet in KINDS[after.address.kind].facets
        for item in _items(facet, getattr(before.resource, facet.field), getattr(after.resource, facet.field))
    }
    found = [one.reverts for one in change.differences if (one.field, one.item.lower()) in named]
    return all(found) if found else None


def _items(facet: Facet, old: Any, new: Any) -> Iterator[str]:
    """Yield what differs in a field, as people know it: its items, or an empty text for a field that is one value."""
    if not isinstance(facet, Items):
        yield from [""] if old != new else []
        return
    keys = [key for key in {**old, **new} if key not in old or key not in new or old[key] != new[key]]
    yield from map(facet.label, keys)


def _alarm(scene: Scene, address: Address, impact: Impact, steps: Sequence[Step]) -> Alarm:
    more = "would get more access" if impact.subject == "identity" else "could be taken on by more"
    if impact.widens is None:
        more = f"{more.replace('would', 'may').replace('could', 'may')}, which is not decided,"
    what = f"it {more} by what only repairs: the documents say what they said at the base, and the account has moved"
    shown = [_told(evidence) for evidence in impact.evidence if evidence.gained][:_SHOWN]
    calls = [f"step {step.id}: {step.call.operation} for {step.address}" for step in steps][:_SHOWN]
    reasons = list(impact.reasons) if impact.widens is None else []
    return scene.alarm(
        "repair-widens", address, what, _REMEDY, origin_of(scene, address), [*shown, *reasons[:_SHOWN], *calls]
    )


def _told(evidence: Evidence) -> str:
    who = f"{evidence.caller}: " if evidence.caller else ""
    return f"{who}{evidence.action} on {evidence.resource}: {evidence.because}"
