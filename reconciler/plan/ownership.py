"""Who may write what: reserved and foreign before protected, held, ignored, declared absent, declared, and pruned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from reconciler.diff import Ruling
from reconciler.kinds import KINDS
from reconciler.model import (
    Address,
    Base,
    Declared,
    Desired,
    GuardId,
    Items,
    LeftBehind,
    Live,
    Observed,
    Rule,
    Settings,
    Skip,
)
from reconciler.model.mark import marked_by, owner_named
from reconciler.plan.standing import closure

__all__ = ["declared_at", "left_alone", "left_behind", "rulings", "skips"]

_MADE_BY_OTHERS = (
    ("role/organizationaccountaccessrole", "AWS Organizations"),
    ("role/awscontroltower*", "AWS Control Tower"),
    ("role/awsreservedsso_*", "IAM Identity Center"),
    ("role/cdk-*-role-*", "the AWS CDK bootstrap stack"),
    ("role/stacksets-exec-*", "CloudFormation StackSets"),
)
"""Objects that other tools make and keep, by their folded addresses; as known in October 2026."""

_OTHERS = frozenset({"foreign-owner", "reserved"})
"""The rules by which an object belongs to somebody else."""


def rulings(desired: Desired, live: Live, base: Base | None = None) -> Mapping[Address, Ruling]:
    """Return for every object, declared or live, what may be done to it and why.

    Args:
        desired: What the documents say, under the settings that guards hold to.
        live: The account.
        base: What they said before; what they declared then may be pruned.
    """
    court = _Court(desired, live, base)
    return {address: court.ruling(address) for address in {*live.objects, *desired.declared}}


class _Court:
    """Rules over one account."""

    def __init__(self, desired: Desired, live: Live, base: Base | None) -> None:
        self._desired = desired
        self._live = live
        self._settings = desired.settings
        self._sources = _sources(desired)
        self._base = base
        self._before = _present(base)
        self._guarded = self._protected()

    def ruling(self, address: Address) -> Ruling:
        """Return what may be done to one object: the first rule that nobody's consent lifts."""
        plain = self._plain(address)
        given = plain.consents
        ignored = self._settings.ignoring(address, self._desired.today)
        for spared in self._spared(address, ignored):
            if spared.guard is not None and (consent := self._desired.consented(spared.guard, str(address))):
                given |= {consent}
                continue
            # What is not there yet will not be, so nothing may be tied to it; what is ignored keeps its ties.
            ties = ignored is None and address in self._live.objects
            return dataclasses.replace(spared, ties=ties, otherwise=plain.fate)
        return dataclasses.replace(plain, consents=given) if given else plain

    def _spared(self, address: Address, ignored: Rule | None) -> Iterator[Ruling]:
        """Yield the rulings by which the object is not to be written, the most binding first."""
        found = _others(self._settings, address, self._live.objects.get(address))
        if found is not None:
            why, guard = found
            yield Ruling("spare", why, rule=guard or "reserved", guard=guard)
        if (protected := self._guarded.get(address) or self._protecting(address)) is not None:
            yield protected
        if (hold := self._desired.held(address)) is not None:
            ticket = f"{hold.ticket}: " if hold.ticket else ""
            why = f"it is held until {hold.until.isoformat()} ({ticket}{hold.reason})"
            yield Ruling("spare", why, rule="hold", hold=hold, origin=hold.origin)
        if ignored is not None:
            why = f"it is ignored ({ignored.reason or ignored.match})"
            yield Ruling("spare", why, rule=f"ignore {ignored.match}", origin=ignored.origin)

    def _plain(self, address: Address) -> Ruling:
        """Return what would be done to the object if nothing spared it."""
        observed, declared = self._live.objects.get(address), self._desired.declared.get(address)
        if declared is None:
            if (why := self._prunes(address, observed)) is not None:
                return Ruling("delete", f"{why} and no longer declared (prune)", rule="prune")
            return Ruling("leave", "no document declares it", rule="undeclared")
        if declared.state == "absent":
            return Ruling("delete" if observed is not None else "leave", "declared absent", origin=declared.origin)
        if declared.state == "unmanaged":
            return Ruling("leave", f"given up ({declared.reason})", rule="unmanaged", origin=declared.origin)
        return _DECLARE

    def _prunes(self, address: Address, observed: Observed[Any] | None) -> str | None:
        """Return how it is known that an undeclared object that shall be pruned was ours, or None.

        Where a base tells what was declared, a mark alone is no proof: whoever may tag an object can set it, and so can
        another repository that was copied with its owner.
        """
        if not self._settings.prune or address in self._sources:
            return None
        if self._base is not None:
            return "declared at the base" if address in self._before else None
        return "marked as ours" if marked_by(_tags(observed), self._settings.owner, address) else None

    def _protecting(self, address: Address) -> Ruling | None:
        rule = self._settings.protecting(address, self._desired.today)
        if rule is None:
            return None
        why = f"it is protected ({rule.reason or rule.match})"
        return Ruling("spare", why, rule=f"protect {rule.match}", guard="protected", origin=rule.origin)

    def _protected(self) -> dict[Address, Ruling]:
        """Return the rulings over the live objects that are protected, and over what gives these their access."""
        found: dict[Address, Ruling] = {}
        if not self._settings.protect and not self._settings.roles.every:
            return found
        for address in self._live.objects:
            if (own := self._protecting(address)) is not None:
                found[address] = own
        for address, own in sorted(found.items()):
            for other in sorted(closure([self._live.objects], address, self._live.account)):
                if other in self._live.objects:
                    why = f"it is needed by {address}, which is protected"
                    found.setdefault(other, dataclasses.replace(own, reason=why))
        return found


_DECLARE = Ruling("declare")


def _sources(desired: Desired) -> set[Address]:
    """Return the names that declared objects are renamed from."""
    return {Address(a.kind, d.renamed_from) for a, d in desired.declared.items() if d.renamed_from}


def _present(base: Base | None) -> set[Address]:
    """Return what was to be there at the base."""
    return {a for a, d in base.desired.declared.items() if d.state == "present"} if base is not None else set()


def declared_at(base: Base, live: Live) -> dict[Address, Declared]:
    """Return what the base wanted to be there, by the names that it has in the account.

    What a base renames and the account has not renamed yet stands under both names; once it is, an object of the old
    name is somebody else's.
    """
    found = {a: one for a, one in base.desired.declared.items() if one.state == "present"}
    old = {Address(a.kind, one.renamed_from): one for a, one in found.items() if one.renamed_from}
    waiting = {a: one for a, one in old.items() if a in live.objects and one.address not in live.objects}
    return {**waiting, **found}


def _others(settings: Settings, address: Address, observed: Observed[Any] | None) -> tuple[str, GuardId | None] | None:
    """Return why an object belongs to somebody else and the guard of it, if consent lifts that; None: it does not."""
    if observed is not None and (reserved := KINDS[address.kind].reserved(observed.resource)) is not None:
        return f"it is {reserved}", None
    folded = f"{address.kind}/{address.folded}"
    for pattern, maker in _MADE_BY_OTHERS:
        if fnmatchcase(folded, pattern):
            return f"it has a name of those that belong to {maker}", "foreign-owner"
    tags = _tags(observed)
    owner = owner_named(tags, address) if tags else None
    if owner is not None and not marked_by(tags, settings.owner, address):
        return f"it carries the mark of another owner, {owner}", "foreign-owner"
    stack = next((tags[key] for key in sorted(tags) if key.startswith("aws:cloudformation:")), None)
    return (f"it belongs to CloudFormation ({stack})", "foreign-owner") if stack is not None else None


def _tags(observed: Observed[Any] | None) -> Mapping[str, str]:
    tags: Mapping[str, str] = getattr(observed.resource, "tags", {}) if observed is not None else {}
    return tags


def left_alone(desired: Desired, live: Live, ruled: Mapping[Address, Ruling]) -> set[Address]:
    """Return the live objects that no document speaks of, under their names or by a rename, and that stay."""
    undeclared = live.objects.keys() - desired.declared.keys() - _sources(desired)
    return {address for address in undeclared if ruled[address].fate != "delete"}


def left_behind(
    desired: Desired, live: Live, ruled: Mapping[Address, Ruling], base: Base | None = None
) -> list[LeftBehind]:
    """Return what is ours, is declared no more and keeps what it has: what the base declared first, then by address.

    Without a base, and where prune is asked for, nothing is: what is ours goes.
    """
    settings = desired.settings
    if base is None and settings.prune:
        return []
    before = declared_at(base, live) if base is not None else {}
    found = []
    for address in sorted(left_alone(desired, live, ruled)):
        observed = live.objects[address]
        mark = marked_by(_tags(observed), settings.owner, address)
        if ruled[address].rule in _OTHERS or not (mark or address in before):
            continue
        then = before.get(address)
        why = "it was declared at the base, and is no more" if then else "it is marked as ours and not declared"
        found.append(LeftBehind(address, why, _keeps(observed), then.origin if then else None))
    return sorted(found, key=lambda one: one.origin is None)


def _keeps(observed: Observed[Any]) -> tuple[str, ...]:
    """Return what an object gives those who have it, field by field."""
    found = []
    for facet in KINDS[observed.address.kind].facets:
        value = getattr(observed.resource, facet.field) if facet.grants in {"held", "inline", "boundary"} else None
        if not value:
            continue
        keys = sorted(value) if isinstance(facet, Items) else [value.rpartition("/")[2]]
        labels = [facet.label(key) if isinstance(facet, Items) else key for key in keys]
        found.append(f"{facet.field.replace('_', ' ')}: {', '.join(labels)}")
    return tuple(found)


def skips(desired: Desired, live: Live, ruled: Mapping[Address, Ruling]) -> list[Skip]:
    """Return the live objects that are not written whatever they look like, each with its rule."""
    sources = _sources(desired)
    return [
        Skip(address, ruling.rule, ruling.reason, "", ruling.origin)
        for address in live.objects
        if (ruling := ruled[address]).fate == "spare" or (ruling.fate == "leave" and address not in sources)
    ]
