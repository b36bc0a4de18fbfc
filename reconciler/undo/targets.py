"""Which live object each object of the run is by now, and what is to become of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.journal import Journal
from reconciler.kinds import KINDS
from reconciler.model import Address, Conflict, Live, Note, Observed, Origin
from reconciler.plan.lives import Life, lives
from reconciler.undo.merging import Merged, added_since, merged
from reconciler.undo.naming import Names, names_of

__all__ = ["Fate", "Target", "lost_principals", "targets"]

Fate: TypeAlias = Literal["create", "mend", "delete", "leave"]


@dataclass(slots=True)
class Target:
    """One object of the run: what it was, what is live of it, and what undo makes of it."""

    life: Life
    live: Observed[Any] | None
    fate: Fate
    merged: Merged = field(default_factory=Merged)
    resource: Any = None
    """What is to be created."""
    renames: bool = False
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def before(self) -> Observed[Any]:
        """Return the object as it shall be: as the run found it, or for one that it made, as it left it."""
        return self.life.before or self.life.there[-1]

    @property
    def address(self) -> Address:
        """Return the address that the object shall have, or has where it keeps its name."""
        if self.fate == "create" or self.renames or self.live is None:
            return self.before.address
        return self.live.address


def targets(journal: Journal, live: Live, origin: Origin) -> list[Target]:
    """Return what undo makes of each object that the journal's writes changed or may have changed."""
    calls = [write.call for write in journal.writes]
    # A write that failed may have landed all the same, but an object that it should have made may be another's.
    certain = {write.call.key for write in journal.writes if write.outcome != "failed"}
    run = lives(journal.before, calls, journal.account)
    live = _followed(live, lost_principals(run, live))
    by_id = {o.resource.unique_id: o for o in live.objects.values() if o.resource.unique_id}
    names = names_of(run, live, by_id)
    found = []
    for life in run:
        target = _target(life, live, by_id, names, origin)
        made = life.creator is None or life.creator.key in certain
        if target.fate == "delete" and not made:
            target.fate = "leave"
            what = "the run failed to create it, so it may be somebody else's: left alone"
            remedy = "delete it by hand if nobody needs it"
            target.conflicts.append(Conflict(target.address, "state", what, remedy, origin))
        found.append(target)
    return _without_clashes(found, live, origin)


def lost_principals(run: Sequence[Life], live: Live) -> dict[str, str]:
    """Return the ARNs, by their unique ids, of the objects that the run deleted.

    Source: IAM user guide, reference_policies_elements_principal: a trust shows a deleted principal as its unique id.
    """
    there = {observed.resource.unique_id for observed in live.objects.values()}
    ended = (life.before for life in run if life.before is not None and life.ends)
    return {o.resource.unique_id: o.arn for o in ended if o.resource.unique_id and o.resource.unique_id not in there}


def _followed(live: Live, lost: Mapping[str, str]) -> Live:
    """Return the snapshot with every trust as it was written, before what it trusts was deleted."""
    objects = {
        address: dataclasses.replace(o, resource=KINDS[address.kind].follow(o.resource, lost))
        for address, o in live.objects.items()
    }
    return dataclasses.replace(live, objects=objects) if lost else live


def _target(life: Life, live: Live, by_id: Mapping[str, Observed[Any]], names: Names, origin: Origin) -> Target:
    if life.before is None:
        return _made(life, live, names, origin)
    address, own_id = life.before.address, life.before.resource.unique_id
    there = by_id.get(own_id) if own_id else live.objects.get(life.address)
    if there is not None:
        return _mended(life, there, names)
    there = live.objects.get(address)
    if there is None and life.ends:
        return Target(life, None, "create", resource=life.before.resource)
    if there is not None and life.ends and not added_since(life.there, there, names):
        # The run itself may have made it, or an undo that came half way; names are what documents and people go by.
        target = _mended(life, there, names)
        if target.merged and life.states[-1] is None:
            what = "it was created anew since the run deleted it, and is taken for the same"
            target.notes.append(Note(there.address, what))
        return target
    if there is None:
        gone = Note(address, "changed by the run and gone since: left alone")
        return Target(life, None, "leave", notes=[gone])
    what = "it is another object of that name by now, made since the run: left alone"
    remedy = "rename or delete it by hand, then undo again"
    return Target(life, there, "leave", conflicts=[Conflict(there.address, "name", what, remedy, origin)])


def _made(life: Life, live: Live, names: Names, origin: Origin) -> Target:
    """Return the target of an object that was not there before the run."""
    there = live.objects.get(life.address)
    if there is None or life.states[-1] is None:
        return Target(life, None, "leave")
    target = Target(life, there, "delete")
    if more := added_since(life.there, there, names):
        target.fate = "leave"
        what = f"the run made it, but it was changed since ({', '.join(more)}): it is not deleted"
        remedy = "see who needs it; take that away by hand and undo again, or write a tombstone for it"
        target.conflicts.append(Conflict(there.address, "state", what, remedy, origin))
    return target


def _mended(life: Life, there: Observed[Any], names: Names) -> Target:
    before, named = life.there[0], {state.address.name for state in life.there}
    target = Target(life, there, "mend", merged(before, life.there, there, names))
    kind = KINDS[before.address.kind]
    if there.address.name != before.address.name:
        target.renames = kind.rename is not None and there.address.name in named
        if not target.renames:
            target.merged.foreign.append("name")
    if target.merged.foreign:
        what = f"changed since the run, left alone: {', '.join(target.merged.foreign)}"
        target.notes.append(Note(there.address, what))
    return target


def _without_clashes(found: Sequence[Target], live: Live, origin: Origin) -> list[Target]:
    """Return the targets; an object that should get back a name which another one has by now keeps its own."""
    for target in found:
        taken = live.objects.get(target.before.address)
        if target.renames and taken is not None and taken is not target.live:
            target.renames = False
            what = f"it was {target.before.address} before the run, and another object has that name by now"
            remedy = "rename or delete the other by hand, then undo again"
            target.conflicts.append(Conflict(target.address, "name", what, remedy, origin))
    return list(found)
