"""Who may write what: reserved and foreign before ignored before declared before pruned."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from reconciler.diff import Ruling
from reconciler.errors import Fault, InputError
from reconciler.kinds import KINDS
from reconciler.model import Address, Desired, Live, Note, Observed
from reconciler.model.mark import marked_by, owner_named

__all__ = ["left_alone", "left_behind", "rulings"]

_MADE_BY_OTHERS = (
    ("role/organizationaccountaccessrole", "AWS Organizations"),
    ("role/awscontroltower*", "AWS Control Tower"),
    ("role/awsreservedsso_*", "IAM Identity Center"),
    ("role/cdk-*-role-*", "the AWS CDK bootstrap stack"),
    ("role/stacksets-exec-*", "CloudFormation StackSets"),
)
"""Objects that other tools make and keep, by their folded addresses; as known in October 2026."""


def rulings(desired: Desired, live: Live) -> Mapping[Address, Ruling]:
    """Return for every object, declared or live, what may be done to it and why.

    Raises:
        InputError: nothing is declared, and pruning would delete all that ever was.
    """
    sources = _sources(desired)
    ruled = {address: _ruling(desired, live, address, sources) for address in {*live.objects, *desired.declared}}
    pruned = [address for address, ruling in ruled.items() if ruling.fate == "delete" and _is_pruned(desired, address)]
    if pruned and not any(declared.state == "present" for declared in desired.declared.values()):
        count = f"{len(pruned)} object{'s' if len(pruned) > 1 else ''}"
        what = f"nothing is declared for account {desired.account.id}, and prune would delete {count}"
        raise InputError(
            [Fault("the setting prune", what, "declare what shall stay, or write tombstones for what shall go")]
        )
    return ruled


def _sources(desired: Desired) -> set[Address]:
    """Return the names that declared objects are renamed from."""
    return {Address(a.kind, d.renamed_from) for a, d in desired.declared.items() if d.renamed_from}


def _is_pruned(desired: Desired, address: Address) -> bool:
    return address not in desired.declared


def _ruling(desired: Desired, live: Live, address: Address, sources: set[Address]) -> Ruling:
    settings, observed = desired.settings, live.objects.get(address)
    rule = settings.ignoring(address, desired.today)
    if (why := _others(desired, address, observed)) is not None:
        return Ruling("spare", why, ties=rule is None)
    if rule is not None:
        return Ruling("spare", f"it is ignored ({rule.reason or rule.match})", ties=False)
    declared = desired.declared.get(address)
    if declared is None:
        prunes = settings.prune and address not in sources and marked_by(_tags(observed), settings.owner, address)
        return Ruling("delete", "marked as ours and no longer declared (prune)") if prunes else Ruling("leave")
    if declared.state == "absent":
        return Ruling("delete" if observed is not None else "leave", "declared absent")
    if declared.state == "unmanaged":
        return Ruling("leave", f"given up ({declared.reason})")
    return Ruling("declare")


def _others(desired: Desired, address: Address, observed: Observed[Any] | None) -> str | None:
    """Return why an object belongs to somebody else, or None."""
    folded = f"{address.kind}/{address.folded}"
    for pattern, maker in _MADE_BY_OTHERS:
        if fnmatchcase(folded, pattern):
            return f"objects of that name belong to {maker}"
    if observed is None:
        return None
    reserved = KINDS[address.kind].reserved(observed.resource)
    if reserved is not None:
        return f"it is {reserved}"
    tags = _tags(observed)
    owner = owner_named(tags, address)
    if owner is not None and not marked_by(tags, desired.settings.owner, address):
        return f"it carries the mark of another owner, {owner}"
    stack = next((tags[key] for key in sorted(tags) if key.startswith("aws:cloudformation:")), None)
    return f"it belongs to CloudFormation ({stack})" if stack is not None else None


def _tags(observed: Observed[Any] | None) -> Mapping[str, str]:
    tags: Mapping[str, str] = getattr(observed.resource, "tags", {}) if observed is not None else {}
    return tags


def left_alone(desired: Desired, live: Live, ruled: Mapping[Address, Ruling]) -> set[Address]:
    """Return the live objects that no document speaks of, under their names or by a rename, and that stay."""
    undeclared = live.objects.keys() - desired.declared.keys() - _sources(desired)
    return {address for address in undeclared if ruled[address].fate != "delete"}


def left_behind(desired: Desired, live: Live) -> set[Note]:
    """Return a note for each object that carries our mark, is declared no more and keeps its access."""
    if desired.settings.prune:
        return set()
    sources = _sources(desired)
    what = "marked as ours and no longer declared: it keeps its access (write a tombstone, or set prune)"
    return {
        Note(address, what)
        for address, observed in live.objects.items()
        if address not in desired.declared
        and address not in sources
        and marked_by(_tags(observed), desired.settings.owner, address)
    }
