"""What a plan is limited to: the objects that a change of the documents is about, and what they need."""

from __future__ import annotations

import dataclasses
from collections.abc import Set as AbstractSet
from typing import Literal, TypeAlias

from reconciler.diff import Diff, Draft
from reconciler.model import Address, Live
from reconciler.plan.beyond import worse
from reconciler.plan.order import merged, ordered, waits
from reconciler.plan.partly import partly_shown

__all__ = ["Scope", "scoped"]

Scope: TypeAlias = Literal["all", "change"]
"""Whether a plan closes every difference, or only those of what the documents say otherwise than at the base."""


def scoped(diff: Diff, about: AbstractSet[Address], live: Live) -> tuple[Diff, frozenset[Address]]:
    """Return what closes the differences of the objects alone, and the objects whose differences are left out.

    With a call goes what it waits for: an object that it names is created first, with all that is declared of it, and
    one that ends is first taken from its holders. Where somebody would get what neither the account nor the documents
    give, or miss what both do, because something of what they hold is left out, that is closed as well.
    """
    whole = [step.call for step in ordered(diff.drafts, diff.ties)]

    def harms(about: AbstractSet[Address]) -> set[Address]:
        part, _ = _limited(diff, about)
        calls = [step.call for step in ordered(part.drafts, diff.ties)]
        if not 0 < len(calls) < len(whole):
            return set()
        return {at for one in worse(live, calls, whole) for at in one.held}

    more: set[Address] = set()
    while added := (harms(about | more) & {draft.address for draft in diff.drafts}) - about - more:
        more |= added
    for one in sorted(more):
        if not harms(about | more - {one}):
            more.remove(one)
    return _limited(diff, about | more)


def _limited(diff: Diff, about: AbstractSet[Address]) -> tuple[Diff, frozenset[Address]]:
    kept = _needed(diff, about)
    drafts = [draft for draft in diff.drafts if draft.call.key in kept]
    left = {draft.address for draft in diff.drafts} - {draft.address for draft in drafts}
    partly = {draft.address for draft in diff.drafts if draft.call.key not in kept} - left
    changes = partly_shown((change for change in diff.changes if change.address not in left), partly, _PARTLY)
    conflicts = [conflict for conflict in diff.conflicts if conflict.address in about]
    return dataclasses.replace(diff, drafts=drafts, changes=changes, conflicts=conflicts), frozenset(left)


_PARTLY = "only what the change needs of it is written, as the writes below tell; the rest is standing drift"


def _needed(diff: Diff, about: AbstractSet[Address]) -> set[str]:
    """Return the keys of the calls that are made."""
    calls = merged(diff.drafts)
    earlier = waits(calls, diff.ties)
    owners: dict[Address, list[str]] = {}
    for draft in diff.drafts:
        owners.setdefault(draft.address, []).append(draft.call.key)
    births = {tie.born for tie in diff.ties if tie.born is not None and not tie.replaced}
    again = {tie.born for tie in diff.ties if tie.born is not None and tie.replaced}
    found: set[str] = set()
    todo = [key for address in about for key in owners.get(address, ())]
    while todo:
        key = todo.pop()
        if key in found:
            continue
        found.add(key)
        todo += earlier[key]
        if key in births:
            todo += owners[calls[key].address]
        if key in again:
            todo += [other for other, before in earlier.items() if key in before and _restores(calls[other])]
    return found


def _restores(draft: Draft) -> bool:
    """Return whether the call gives back what was taken for a replacement."""
    return draft.effect in {"add", "change"}
