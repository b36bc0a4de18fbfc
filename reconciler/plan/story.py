"""A plan's calls as a story: the account before, what each call changes in the grants of objects, the account after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.diff import Draft
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Facet, Items, Live, Observed, Value
from reconciler.plan.foresee import Delta, Objects, foreseen, with_delta
from reconciler.plan.standing import bound_by
from reconciler.policydoc import atoms

__all__ = ["Edit", "Story", "Trust", "told"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What a call makes of one field that grants something, or whose items are limited in number or size."""

    address: Address
    facet: Facet
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Trust:
    """A change of whom an object trusts."""

    address: Address
    narrows: bool
    """Whether it only takes away."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of condition keys that a principal fixes: of its name, its path, or its tags."""

    address: Address
    before: Mapping[str, str | None]
    """The values that change, as they were; None for a key that is new."""
    moves: bool
    """Whether the principal is renamed or moved by it, which the story tells before everything else."""


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
    fixes: dict[str, Fix] = field(default_factory=dict)
    """By call: what it changes in the condition keys that a principal fixes."""
    trusts: dict[str, Trust] = field(default_factory=dict)
    """By call: what it does to the trust of an object that is there before and after it."""
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    """By call: what it changes in the fields of objects that are there before and after it."""
    frame: frozenset[str] = frozenset()
    """The calls by which objects come to be or cease to be."""
    framed: frozenset[Address] = frozenset()
    """The objects that come to be or cease to be."""


def told(
    live: Live, order: Sequence[str], drafts: Mapping[str, Draft], ancestors: Mapping[str, frozenset[str]]
) -> Story:
    """Return the story of the calls whose keys are ``order``; renames are told first."""
    account = live.account
    story = Story(account, live.objects, drafts, ancestors, {key: place for place, key in enumerate(order)})
    for key in order:
        if _is_move(drafts[key]):
            _move(story, key)
    objects = story.start
    frame, framed = set(), set()
    for key in order:
        if _is_move(drafts[key]):
            continue
        delta = foreseen(objects, drafts[key].call, account)
        ends = {address for address, observed in delta.items() if observed is None or address not in objects}
        if ends:
            frame.add(key)
            framed |= ends
        else:
            _tell(story, key, objects, delta)
        objects = with_delta(objects, delta)
    story.end, story.frame, story.framed = objects, frozenset(frame), frozenset(framed)
    return story


def _is_move(draft: Draft) -> bool:
    return draft.effect == "rename" or "NewPath" in draft.call.params


def _move(story: Story, key: str) -> None:
    """Add to the story what a call renames or moves."""
    delta = foreseen(story.start, story.drafts[key].call, story.account)
    gone = [story.start[address] for address, observed in delta.items() if observed is None]
    for address, observed in delta.items():
        before = story.start.get(address) or next(iter(gone), None)
        if observed is not None and before is not None:
            _fix(story, key, before, observed, moves=True)
    story.start = with_delta(story.start, delta)


def _fix(story: Story, key: str, before: Observed[Any], after: Observed[Any], *, moves: bool) -> None:
    one, other = bound_by(before, story.account), bound_by(after, story.account)
    changed = {name: one.get(name) for name in {**one, **other} if one.get(name) != other.get(name)}
    if changed:
        story.fixes[key] = Fix(after.address, changed, moves)


def _tell(story: Story, key: str, objects: Objects, delta: Delta) -> None:
    """Add to the story what a call changes in the grants of objects."""
    changed, grows = set(), set()
    for address, observed in delta.items():
        if observed is not None:
            _fix(story, key, objects[address], observed, moves=False)
        for facet in KINDS[address.kind].facets if observed is not None else ():
            before = getattr(objects[address].resource, facet.field)
            after = getattr(observed.resource, facet.field) if observed is not None else None
            if before == after:
                continue
            if facet.grants:
                changed.add(address)
                grows |= _directions(facet, before, after)
            elif isinstance(facet, Value) and facet.trusts:
                story.trusts[key] = Trust(address, _only_narrows(before, after))
            if facet.grants or (isinstance(facet, Items) and facet.quota is not None):
                story.edits.setdefault(key, []).append(Edit(address, facet, before, after))
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
