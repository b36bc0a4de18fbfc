"""The making of an undo plan: desired is what the run found, live decides what is left of it to put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from reconciler.journal import Journal
from reconciler.kinds import KINDS
from reconciler.model import Address, Change, Declared, Desired, Items, Live, Note, Origin, Plan, Value
from reconciler.plan import Begun, Reader, make
from reconciler.plan.lives import Life, lives, losses
from reconciler.undo.consistency import consistent
from reconciler.undo.ground import final_arn
from reconciler.undo.targets import Target, lost_principals, targets

__all__ = ["undone"]

_Names: TypeAlias = Mapping[tuple[str, str], str]
"""By kind and by the name or ARN that the run found."""


def undone(journal: Journal, source: str, settings: Desired, iam: Reader, begun: Begun | None = None) -> Plan:
    """Return the plan that puts back what the journal's run wrote, as far as it can be and others left it.

    Args:
        journal: The journal of a run on the account of ``settings``.
        source: What people call the journal; it is the origin of every change.
        settings: The documents of the account; only their account, settings, consents, holds and day count.
        iam: The account.
        begun: What a run of this very plan, which stopped, has created: see ``make``.

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
    names |= {(t.before.address.kind, t.before.arn): final_arn(t, live.account) for t in found}
    now = names | {(t.before.address.kind, t.before.arn): t.live.arn for t in found if t.live is not None}
    desired = Desired(
        settings.account,
        dataclasses.replace(settings.settings, prune=False),
        {target.address: _declared(target, names, now, origin) for target in found if target.fate != "leave"},
        settings.today,
        consents=settings.consents,
        holds=settings.holds,
        verbatim=True,
    )
    plan = make(desired, iam, live, begun)
    conflicts = {*plan.conflicts, *(conflict for target in found for conflict in target.conflicts)}
    notes = {
        *plan.notes,
        *(note for target in found for note in target.notes),
        *_lost(journal),
        *_distrusted(run, live, found),
    }
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


def _declared(target: Target, names: _Names, now: _Names, origin: Origin) -> Declared:
    """Return the target as a document would declare it, had it a word for each single item that goes back.

    ``names`` are the names and ARNs that objects will have, ``now`` those by which the comparison finds them.
    """
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
        field: frozenset(now.get((refers[field], key), key) for key in keys) for field, keys in mend.drop.items()
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


def _distrusted(run: Sequence[Life], live: Live, found: Sequence[Target]) -> set[Note]:
    """Return a note for each object that knows an object which the run deleted by its unique id, and is not written."""
    lost = lost_principals(run, live)
    written = {t.address for t in found if t.fate == "mend" and any(f.trusts for f in _values(t))}
    what = "trusts what the run deleted by a unique id that is lost: write its trust again to let it in"
    return {
        Note(address, what)
        for address, observed in live.objects.items()
        if address not in written and KINDS[address.kind].follow(observed.resource, lost) != observed.resource
    }


def _values(target: Target) -> list[Value]:
    """Return the facets over single values that go back."""
    facets = KINDS[target.address.kind].facets
    return [facet for facet in facets if isinstance(facet, Value) and facet.field in target.merged.values]


def _lost(journal: Journal) -> set[Note]:
    """Return a note for each object of which the run lost something that nothing brings back."""
    made = [write for write in journal.writes if write.outcome != "failed"]
    found: Mapping[Address, tuple[str, ...]] = losses(journal.before, [write.call for write in made], journal.account)
    notes = {Note(address, f"cannot be put back: {', '.join(lost)}") for address, lost in found.items()}
    for write in made:
        if write.address not in found and not any(write.call.operation in kind.effects for kind in KINDS.values()):
            notes.add(Note(write.address, f"cannot be put back: what {write.call.operation} took away"))
    return notes
