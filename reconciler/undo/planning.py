"""The making of an undo plan: desired is what the run found, live decides what is left of it to put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from reconciler.journal import Journal
from reconciler.kinds import KINDS
from reconciler.model import Address, Change, Declared, Desired, Items, Live, Note, Origin, Plan
from reconciler.plan import Reader, make
from reconciler.plan.lives import Life, lives, losses
from reconciler.undo.consistency import consistent
from reconciler.undo.targets import Target, targets

__all__ = ["undone"]


def undone(journal: Journal, source: str, settings: Desired, iam: Reader) -> Plan:
    """Return the plan that puts back what the journal's run wrote, as far as it can be and others left it.

    Args:
        journal: The journal of a run on the account of ``settings``.
        source: What people call the journal; it is the origin of every change.
        settings: The documents of the account; only their account, settings and day count.
        iam: The account.

    Raises:
        InputError: what is to be put back leads nowhere.
        AccountError: the account cannot be read.
    """
    origin = Origin(source)
    run = lives(journal.before, [write.call for write in journal.writes], journal.account)
    live = iam.snapshot(settings.account)
    live = iam.look_up(live, _wanted(run, live))
    found = consistent(targets(journal, live, origin), live, settings, origin)
    names = {(t.before.address.kind, t.before.address.name): t.address.name for t in found}
    desired = Desired(
        settings.account,
        dataclasses.replace(settings.settings, prune=False),
        {target.address: _declared(target, names, origin) for target in found if target.fate != "leave"},
        settings.today,
        verbatim=True,
    )
    plan = make(desired, iam, live)
    conflicts = {*plan.conflicts, *(conflict for target in found for conflict in target.conflicts)}
    notes = {*plan.notes, *(note for target in found for note in target.notes), *_lost(journal)}
    return dataclasses.replace(
        plan,
        changes=[_explained(change) for change in plan.changes],
        conflicts=sorted(conflicts, key=lambda conflict: (conflict.address, conflict.field, conflict.what)),
        notes=sorted(notes, key=lambda note: (note.address, note.what)),
    )


def _wanted(run: Iterable[Life], live: Live) -> set[tuple[Address, str]]:
    """Return what must be looked up to tell what is left of the run: fields that it wrote, and what was added since."""
    wanted = set()
    for life in run:
        observed = live.objects.get(life.address) or live.objects.get(life.there[0].address)
        if observed is not None:
            kind = KINDS[observed.address.kind]
            fields = {facet.field for facet in kind.facets} | (kind.deletion_reads if life.before is None else set())
            wanted |= {(observed.address, field) for field in observed.unread & fields}
    return wanted


def _declared(target: Target, names: Mapping[tuple[str, str], str], origin: Origin) -> Declared:
    """Return the target as a document would declare it, had it a word for each single item that goes back."""
    if target.fate == "delete":
        return Declared(target.address, origin, None, "absent")
    facets = KINDS[target.address.kind].facets
    if target.fate == "create":
        ties = {facet.field: facet.refers for facet in facets if isinstance(facet, Items) and facet.refers}
        named = {
            field: {names.get((kind, key), key): value for key, value in getattr(target.resource, field).items()}
            for field, kind in ties.items()
        }
        fields = frozenset(facet.field for facet in facets)
        return Declared(target.address, origin, dataclasses.replace(target.resource, **named), given=fields)
    mend = target.merged
    refers = {facet.field: facet.refers or "" for facet in facets}
    items = {
        field: {names.get((refers[field], key), key): value for key, value in mend.put.get(field, {}).items()}
        for field in {*mend.put, *mend.drop}
    }
    dropped = {
        field: frozenset(names.get((refers[field], key), key) for key in keys) for field, keys in mend.drop.items()
    }
    resource = dataclasses.replace(target.before.resource, name=target.address.name, **mend.values, **items)
    renamed_from = target.live.address.name if target.renames and target.live is not None else None
    return Declared(
        target.address,
        origin,
        resource,
        given=frozenset({*mend.values, *items}),
        manage={f.field: "additive" if f.field in items else "ignore" for f in facets if f.field not in mend.values},
        dropped=dropped,
        renamed_from=renamed_from,
        replace=True,
    )


def _explained(change: Change) -> Change:
    reasons = {"create": "the run deleted it", "delete": "the run made it", "update": "the run changed it"}
    return dataclasses.replace(change, reason=reasons.get(change.action, change.reason))


def _lost(journal: Journal) -> set[Note]:
    """Return a note for each object of which the run lost something that nothing brings back."""
    made = [write for write in journal.writes if write.outcome != "failed"]
    found: Mapping[Address, tuple[str, ...]] = losses(journal.before, [write.call for write in made], journal.account)
    notes = {Note(address, f"cannot be put back: {', '.join(lost)}") for address, lost in found.items()}
    for write in made:
        if write.address not in found and not any(write.call.operation in kind.effects for kind in KINDS.values()):
            notes.add(Note(write.address, f"cannot be put back: what {write.call.operation} took away"))
    return notes
