"""What the targets of an undo mean for one another: nothing is put back that leads to an object which is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import (
    Account,
    Address,
    Conflict,
    Desired,
    Facet,
    Fixed,
    Items,
    Live,
    Note,
    Observed,
    Origin,
    Value,
)
from reconciler.undo.targets import Target

__all__ = ["consistent", "final_arn"]


def consistent(found: Sequence[Target], live: Live, settings: Desired, origin: Origin) -> list[Target]:
    """Return the targets with everything left out that cannot be put back, each with its conflict or its note.

    What one target leaves out may keep another one from being put back, so all are looked at until nothing changes.
    """
    for target in found:
        _spare_settings(target, settings)
    while any(_step(target, found, live, origin) for target in found):
        pass
    return list(found)


def _step(target: Target, found: Sequence[Target], live: Live, origin: Origin) -> bool:
    """Leave out what cannot be put back of one target as things stand, and return whether anything was."""
    if target.fate == "delete":
        return _keep_used(target, found, live, origin)
    account = live.account.id

    def leads_nowhere(facet: Facet, key: str) -> bool:
        return not _exists(facet.refers or "", key, account, found, live)

    if target.fate == "create":
        return _refuse_unsafe(target, leads_nowhere, found, live, origin)
    return target.fate == "mend" and _mend_less(target, leads_nowhere, found, live, origin)


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


def _exists(kind: str, key: str, account: str, found: Sequence[Target], live: Live) -> bool:
    """Return whether a key of a facet over ``kind`` will lead to the object that it led to before the run."""
    if not key.startswith("arn:"):
        address = Address(kind, key)
        target = _target_of(address, found)
        return address in live.objects if target is None else _will_be(target)
    if key.split(":")[4] != account:
        return True
    return _will_be_arn(key, kind, found, live)


def _target_of(address: Address, found: Sequence[Target]) -> Target | None:
    """Return the target of the object that the run found, or left, under the address."""
    return next((t for t in found if t.before.address == address), None)


def _target_at(address: Address, found: Sequence[Target]) -> Target | None:
    """Return the target whose object is live under the address."""
    return next((t for t in found if t.live is not None and t.live.address == address), None)


def _will_be(target: Target) -> bool:
    """Return whether the target's object will be there."""
    if target.fate in {"create", "mend"}:
        return True
    return target.fate == "leave" and target.life.before is None and target.live is not None


def _will_be_arn(arn: str, kind: str, found: Sequence[Target], live: Live) -> bool:
    target = _target_of(Address(kind, arn.rpartition("/")[2]), found)
    if target is None:
        return any(observed.arn == arn for observed in live.objects.values())
    return _will_be(target) and final_arn(target, live.account) == arn


def final_arn(target: Target, account: Account) -> str:
    """Return the ARN that the target's object will have."""
    if target.live is None:
        return target.before.arn
    kind, moved = KINDS[target.address.kind], "path" in target.merged.values
    path = (target.before if moved else target.live).resource.path
    return account.arn(kind.name, path, target.address.name)


def _dead_principals(resource: Any, kind: str, found: Sequence[Target], live: Live) -> list[str]:
    """Return the principals of this account that the resource trusts and that will not be there."""
    gone = []
    for arn in sorted(KINDS[kind].principals(resource)):
        parts = arn.split(":", 5)
        if parts[4] == live.account.id and not _will_be_arn(arn, parts[5].partition("/")[0], found, live):
            gone.append(arn)
    return gone


def _refuse_unsafe(
    target: Target,
    leads_nowhere: Callable[[Facet, str], bool],
    found: Sequence[Target],
    live: Live,
    origin: Origin,
) -> bool:
    """Give up the creation of an object whose boundary or principals are gone; items that lead nowhere are left out."""
    resource, kind = target.resource, KINDS[target.address.kind]
    missing = _dead_principals(resource, kind.name, found, live)
    for facet in kind.facets:
        value = getattr(resource, facet.field)
        if isinstance(facet, Value) and facet.refers and value is not None and leads_nowhere(facet, value):
            missing.append(value)
    if missing:
        target.fate = "leave"
        what = f"it cannot be created again: {', '.join(missing)} is not there any more"
        target.conflicts.append(Conflict(target.address, "state", what, "create it by hand", origin))
        return True
    dead = [(f, key) for f, key in _references(resource, kind.facets) if leads_nowhere(f, key)]
    for facet, key in dead:
        items = {k: v for k, v in getattr(target.resource, facet.field).items() if k != key}
        target.resource = dataclasses.replace(target.resource, **{facet.field: items})
        _complain(target, facet, key, origin)
    return bool(dead)


def _references(resource: Any, facets: Sequence[Facet]) -> Iterator[tuple[Items, str]]:
    for facet in facets:
        if isinstance(facet, Items) and facet.refers:
            for key in getattr(resource, facet.field):
                yield facet, key


def _complain(target: Target, facet: Facet, key: str, origin: Origin) -> None:
    what = f"{key} cannot be put back: the object that had this name before the run is not there any more"
    target.conflicts.append(Conflict(target.address, facet.field, what, "decide by hand what it shall have", origin))


def _mend_less(
    target: Target,
    leads_nowhere: Callable[[Facet, str], bool],
    found: Sequence[Target],
    live: Live,
    origin: Origin,
) -> bool:
    """Leave out what would lead nowhere from what is put back of an object that is there."""
    mend, kind = target.merged, KINDS[target.address.kind]
    changed = _stay_in_place(target, found, live, origin)
    for facet in kind.facets:
        if isinstance(facet, Items) and facet.refers:
            for key in [key for key in mend.put.get(facet.field, {}) if leads_nowhere(facet, key)]:
                del mend.put[facet.field][key]
                _complain(target, facet, key, origin)
                changed = True
        elif isinstance(facet, Value) and facet.field in mend.values:
            value = mend.values[facet.field]
            dead = [value] if facet.refers and value is not None and leads_nowhere(facet, value) else []
            back = dataclasses.replace(target.before.resource, **{facet.field: value})
            dead += _dead_principals(back, kind.name, found, live) if facet.trusts else []
            if dead:
                del mend.values[facet.field]
                _complain(target, facet, ", ".join(dead), origin)
                changed = True
    return changed


def _stay_in_place(target: Target, found: Sequence[Target], live: Live, origin: Origin) -> bool:
    """Give up a replacement that would take the object from something which undo does not write."""
    made, mend = target.live, target.merged
    fixed = [f.field for f in KINDS[target.address.kind].facets if isinstance(f, Fixed) and f.field in mend.values]
    if made is None or not fixed:
        return False
    holders = [
        f"{other.address} ({use})"
        for other in live.objects.values()
        for use in _uses(other, made)
        if not _is_trust(other, use) and not _lets_go(_target_at(other.address, found), use)
    ]
    for field in fixed if holders else ():
        del mend.values[field]
        what = f"it cannot be replaced to put back its {field}: it is held by {', '.join(holders)}"
        remedy = "take it from those by hand and undo again"
        target.conflicts.append(Conflict(target.address, field, what, remedy, origin))
    return bool(holders)


def _is_trust(other: Observed[Any], field: str) -> bool:
    facet = KINDS[other.address.kind].facet(field)
    return isinstance(facet, Value) and facet.trusts


def _lets_go(other: Target | None, field: str) -> bool:
    """Return whether undo writes the field, so that it can give the object back once it is replaced."""
    if other is None or other.fate not in {"delete", "mend"}:
        return False
    return other.fate == "delete" or field in other.merged.values or field in other.merged.put


def _keep_used(target: Target, found: Sequence[Target], live: Live, origin: Origin) -> bool:
    """Give up the deletion of an object that something else uses which undo does not take it from."""
    made = target.live
    if made is None:
        return False
    users = [
        f"{other.address} ({use})"
        for other in live.objects.values()
        for use in _uses(other, made)
        if not _gives_up(_target_at(other.address, found), use, made)
    ]
    if not users:
        return False
    target.fate = "leave"
    what = f"the run made it, and it is used by {', '.join(users)}: it is not deleted"
    remedy = "take it from those by hand and undo again, or write a tombstone for it"
    target.conflicts.append(Conflict(target.address, "state", what, remedy, origin))
    return True


def _uses(other: Observed[Any], made: Observed[Any]) -> Iterator[str]:
    """Yield each field by which a live object refers to another."""
    kind = KINDS[other.address.kind]
    for facet in kind.facets:
        value = getattr(other.resource, facet.field)
        if isinstance(facet, Value) and facet.trusts and made.arn in kind.principals(other.resource):
            yield facet.field
        elif facet.refers == made.address.kind:
            keys = {value} if isinstance(facet, Value) else set(value)
            if keys & {made.arn, made.address.name}:
                yield facet.field


def _gives_up(other: Target | None, field: str, made: Observed[Any]) -> bool:
    """Return whether undo takes ``made`` from the object that uses it, or deletes that one too."""
    if other is None or other.fate not in {"delete", "mend"}:
        return False
    facet = KINDS[other.address.kind].facet(field)
    if other.fate == "delete" or field in other.merged.values:
        return True
    return isinstance(facet, Items) and bool(other.merged.drop.get(field, set()) & {made.arn, made.address.name})
