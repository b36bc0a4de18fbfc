"""What the targets of an undo mean for one another: nothing is put back that leads to an object which is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Conflict, Desired, Facet, Fixed, Items, Live, Note, Observed, Origin, Value
from reconciler.undo.ground import Ground, Use, ground_of
from reconciler.undo.targets import Target

__all__ = ["consistent"]


def consistent(found: Sequence[Target], live: Live, settings: Desired, origin: Origin) -> list[Target]:
    """Return the targets with everything left out that cannot be put back, each with its conflict or its note.

    What one target leaves out may keep another one from being put back, so all are looked at until nothing changes.
    """
    for target in found:
        _spare_settings(target, settings)
    ground = ground_of(found, live, origin)
    # All of them in each round, not only those before the first that changes.
    while sum(_leave_out(target, ground) for target in found):
        pass
    return list(found)


def _leave_out(target: Target, ground: Ground) -> bool:
    """Leave out what cannot be put back of one target as things stand, and return whether anything was."""
    if target.fate == "delete":
        return _keep_used(target, ground)
    if target.fate == "create":
        return _refuse_unsafe(target, ground)
    return target.fate == "mend" and _mend_less(target, ground)


def _spare_settings(target: Target, settings: Desired) -> None:
    """Leave out the items that the settings of today spare: ignored tags, kept attachments, ties to ignored objects."""
    if target.fate != "mend":
        return
    for facet in KINDS[target.address.kind].facets:
        if isinstance(facet, Items):
            for items in (target.merged.put.get(facet.field, {}), target.merged.drop.get(facet.field, set())):
                for key in [key for key in items if _is_spared(target.address, facet, key, settings)]:
                    items.pop(key) if isinstance(items, dict) else items.remove(key)
                    what = f"{facet.field}: {facet.label(key)} is spared by the settings: left as it is"
                    target.notes.append(Note(target.address, what))


def _is_spared(address: Address, facet: Items, key: str, settings: Desired) -> bool:
    own = settings.settings
    if facet.field == "tags":
        return any(fnmatchcase(key, pattern) for pattern in own.ignore_tags)
    if not facet.refers:
        return False
    name = key.rpartition("/")[2]
    path = f"{address.kind}/{address.folded}/{name.lower()}"
    if not facet.inverse and any(fnmatchcase(path, pattern.lower()) for pattern in own.keep):
        return True
    aws = key.startswith("arn:") and key.split(":")[4] != settings.account.id
    return not aws and own.ignoring(Address(facet.refers, name), settings.today) is not None


def _refuse_unsafe(target: Target, ground: Ground) -> bool:
    """Give up the creation of an object whose boundary or principals are gone; items that lead nowhere are left out."""
    resource, kind = target.resource, KINDS[target.address.kind]
    missing = ground.dead_principals(kind.name, resource)
    for facet in kind.facets:
        value = getattr(resource, facet.field)
        if isinstance(facet, Value) and facet.refers and value is not None and ground.leads_nowhere(facet, value):
            missing.append(value)
    if missing:
        target.fate = "leave"
        what = f"it cannot be created again: {', '.join(missing)} is not there any more"
        target.conflicts.append(Conflict(target.address, "state", what, "create it by hand", ground.origin))
        return True
    dead = [(facet, key) for facet, key in _references(resource, kind.facets) if ground.leads_nowhere(facet, key)]
    for facet, key in dead:
        items = {k: v for k, v in getattr(target.resource, facet.field).items() if k != key}
        target.resource = dataclasses.replace(target.resource, **{facet.field: items})
        _complain(target, facet, key, ground)
    return bool(dead)


def _references(resource: Any, facets: Sequence[Facet]) -> Iterator[tuple[Items, str]]:
    for facet in facets:
        if isinstance(facet, Items) and facet.refers:
            for key in getattr(resource, facet.field):
                yield facet, key


def _complain(target: Target, facet: Facet, key: str, ground: Ground) -> None:
    what = f"{key} cannot be put back: it is not there any more, or is another one of that name, or AWS has retired it"
    remedy = "decide by hand what it shall have"
    target.conflicts.append(Conflict(target.address, facet.field, what, remedy, ground.origin))


def _mend_less(target: Target, ground: Ground) -> bool:
    """Leave out what would lead nowhere from what is put back of an object that is there."""
    mend, kind = target.merged, KINDS[target.address.kind]
    changed = _stay_in_place(target, ground)
    for facet in kind.facets:
        if isinstance(facet, Items) and facet.refers:
            for key in [key for key in mend.put.get(facet.field, {}) if ground.leads_nowhere(facet, key)]:
                del mend.put[facet.field][key]
                _complain(target, facet, key, ground)
                changed = True
        elif isinstance(facet, Value) and facet.field in mend.values:
            value = mend.values[facet.field]
            dead = [value] if facet.refers and value is not None and ground.leads_nowhere(facet, value) else []
            back = dataclasses.replace(target.before.resource, **{facet.field: value})
            dead += ground.dead_principals(kind.name, back) if facet.trusts else []
            if dead:
                del mend.values[facet.field]
                _complain(target, facet, ", ".join(dead), ground)
                changed = True
    return changed


def _stay_in_place(target: Target, ground: Ground) -> bool:
    """Give up a replacement that would take the object from something which undo does not write."""
    made, mend = target.live, target.merged
    fixed = [f.field for f in KINDS[target.address.kind].facets if isinstance(f, Fixed) and f.field in mend.values]
    if made is None or not fixed:
        return False
    holders = [str(use) for use in ground.users(made) if use.facet.refers and not _lets_go(use, ground)]
    for field in fixed if holders else ():
        del mend.values[field]
        what = f"it cannot be replaced to put back its {field}: it is held by {', '.join(holders)}"
        remedy = "take it from those by hand and undo again"
        target.conflicts.append(Conflict(target.address, field, what, remedy, ground.origin))
    return bool(holders)


def _lets_go(use: Use, ground: Ground) -> bool:
    """Return whether undo writes the field, so that it can give the object back once it is replaced."""
    user, field = ground.here.get(use.user.address), use.facet.field
    if user is None or user.fate not in {"delete", "mend"}:
        return False
    return user.fate == "delete" or field in user.merged.values or field in user.merged.put


def _keep_used(target: Target, ground: Ground) -> bool:
    """Give up the deletion of an object that something else uses which undo does not take it from."""
    made = target.live
    users = [str(use) for use in ground.users(made) if not _gives_up(use, made, ground)] if made is not None else []
    if not users:
        return False
    target.fate = "leave"
    what = f"the run made it, and it is used by {', '.join(users)}: it is not deleted"
    remedy = "take it from those by hand and undo again, or write a tombstone for it"
    target.conflicts.append(Conflict(target.address, "state", what, remedy, ground.origin))
    return True


def _gives_up(use: Use, made: Observed[Any], ground: Ground) -> bool:
    """Return whether undo takes ``made`` from the object that uses it, or deletes that one too."""
    user, field = ground.here.get(use.user.address), use.facet.field
    if user is None or user.fate not in {"delete", "mend"}:
        return False
    if user.fate == "delete" or field in user.merged.values:
        return True
    return bool(user.merged.drop.get(field, set()) & {made.arn, made.address.name})
