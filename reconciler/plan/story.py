"""A plan's calls as a story: the account before, what each call changes in the grants of objects, the account after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.diff import Draft
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Facet, Live, Value
from reconciler.plan.foresee import Delta, Objects, foreseen, with_delta
from reconciler.policydoc import atoms

__all__ = ["Story", "Trust", "told"]


@dataclass(frozen=True, slots=True)
class Trust:
    """A change of whom an object trusts."""

    address: Address
    narrows: bool
    """Whether it only takes away."""


@dataclass(slots=True)
class Story:
    """The account call by call, in the order in which the calls would be made if access were no concern."""

    account: Account
    start: Objects
    """The account under its new names: IAM's own ties follow renames, and so do the other calls."""
    drafts: Mapping[str, Draft]
    ancestors: Mapping[str, frozenset[str]]
    """By call: all calls that must be made before it."""
    places: Mapping[str, int]
    """The place of each call in the story."""
    end: Objects = field(default_factory=dict)
    touched: dict[str, frozenset[Address]] = field(default_factory=dict)
    """By call: the objects whose grants it changes and that are there before and after it."""
    grows: dict[str, frozenset[bool]] = field(default_factory=dict)
    """By call: whether it adds to what is granted (True), takes from it (False), or may do both."""
    trusts: dict[str, Trust] = field(default_factory=dict)
    """By call: what it does to the trust of an object that is there before and after it."""
    frame: frozenset[str] = frozenset()
    """The calls by which objects come to be or cease to be."""


def told(
    live: Live, order: Sequence[str], drafts: Mapping[str, Draft], ancestors: Mapping[str, frozenset[str]]
) -> Story:
    """Return the story of the calls whose keys are ``order``; renames are told first."""
    account = live.account
    objects: Objects = live.objects
    for key in order:
        if _is_move(drafts[key]):
            objects = with_delta(objects, foreseen(objects, drafts[key].call, account))
    story = Story(account, objects, drafts, ancestors, {key: place for place, key in enumerate(order)})
    frame = set()
    for key in order:
        if _is_move(drafts[key]):
            continue
        delta = foreseen(objects, drafts[key].call, account)
        if any(observed is None or address not in objects for address, observed in delta.items()):
            frame.add(key)
        else:
            _tell(story, key, objects, delta)
        objects = with_delta(objects, delta)
    story.end, story.frame = objects, frozenset(frame)
    return story


def _is_move(draft: Draft) -> bool:
    return draft.effect == "rename" or "NewPath" in draft.call.params


def _tell(story: Story, key: str, objects: Objects, delta: Delta) -> None:
    """Add to the story what a call changes in the grants of objects."""
    changed, grows = set(), set()
    for address, observed in delta.items():
        for facet in KINDS[address.kind].facets if observed is not None else ():
            before = getattr(objects[address].resource, facet.field)
            after = getattr(observed.resource, facet.field) if observed is not None else None
            if facet.grants and before != after:
                changed.add(address)
                grows |= _directions(facet, before, after)
            elif isinstance(facet, Value) and facet.trusts and before != after:
                story.trusts[key] = Trust(address, _only_narrows(before, after))
    if changed:
        story.touched[key] = frozenset(changed)
        story.grows[key] = frozenset(grows)


def _only_narrows(before: Any, after: Any) -> bool:
    try:
        old, new = atoms(before), atoms(after)
    except PolicyError:
        return False
    return new.allow <= old.allow and old.deny <= new.deny


def _directions(facet: Facet, before: Any, after: Any) -> set[bool]:
    """Return whether a field's change adds (True), takes away (False), or may do both."""
    if facet.grants in {"document", "boundary"}:
        return {True, False}
    if any(before[key] != after[key] for key in before.keys() & after.keys()):
        return {True, False}
    return {True for _ in after.keys() - before.keys()} | {False for _ in before.keys() - after.keys()}
