"""The questions that tell whether one side allows what the other does not.

``without`` does not allow where one of its Denies applies, or where no Allow of one of its layers does. What both sides
have in common cannot be the reason, so that only what is new asks: a Deny that only ``without`` has, an Allow that only
``having`` has, a layer that only ``without`` has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.access.solver.predicates import ACTION, RESOURCE, Literal, Resources
from reconciler.access.solver.search import Box, Question
from reconciler.access.solver.sides import Rule, Side

__all__ = ["Concern", "Mode", "modes", "questions"]

Concern: TypeAlias = Mapping[Rule, Box]
"""The rules that cover the actions that are asked about, and what each asks for beside them."""


@dataclass(frozen=True)
class Mode:
    """One reason for which ``without`` may not allow: a Deny of its own, or a layer in which no Allow applies."""

    deny: Rule | None = None
    allows: frozenset[Rule] = frozenset()
    partner: str | None = None
    """The layer of the other side that goes with the layer."""
    news: frozenset[Rule] = frozenset()
    """The Allows that only the partner has."""

    def bits(self, bits: Mapping[Rule, int], every: int) -> int:
        """Return the actions that are concerned."""
        if self.deny is not None:
            return bits[self.deny]
        if self.partner is None:
            return every
        found = 0
        for rule in self.news:
            found |= bits[rule]
        return found


def modes(without: Side, having: Side) -> Iterator[Mode]:
    """Return the reasons that are no reason for ``having`` too."""
    denies = set(having.denies)
    for deny in without.denies:
        if deny not in denies:
            yield Mode(deny=deny)
    for (_, allows), partner in zip(without.layers, _partners(without, having), strict=True):
        if partner is None:
            yield Mode(allows=frozenset(allows))
            continue
        known = frozenset(allows)
        news = frozenset(dict(having.layers)[partner]) - known
        if news:
            yield Mode(allows=known, partner=partner, news=news)


def _partners(without: Side, having: Side) -> list[str | None]:
    """Return for each layer the other side's that goes with it: of its kind, and if possible of the same content."""
    free = dict(having.layers)
    found: dict[int, str] = {}
    for same in (True, False):
        for index, (name, allows) in enumerate(without.layers):
            kind = name.partition(" ")[0]
            for other, others in free.items():
                if index in found or other.partition(" ")[0] != kind:
                    continue
                if not same or set(others) == set(allows):
                    found[index] = other
            if index in found:
                free.pop(found[index], None)
    return [found.get(index) for index in range(len(without.layers))]


def questions(
    having: Side, reasons: Iterable[tuple[Mode, ...]], concern: Concern, held: Box = ()
) -> Iterator[Question]:
    """Return a question for each set of reasons, one a side; none where the answer is no at a glance."""
    groups = [(name, _boxes(allows, concern)) for name, allows in having.sets]
    barred = [concern[rule] for rule in having.denies if rule in concern]
    if () in barred or not all(boxes for _, boxes in groups):
        return
    for together in reasons:
        found = _question(together, groups, barred, concern, held)
        if found is not None:
            yield found


def _boxes(rules: AbstractSet[Rule], concern: Concern) -> list[tuple[Rule, Box]]:
    return [(rule, box) for rule, box in concern.items() if rule in rules]


def _question(
    reasons: Iterable[Mode],
    groups: Sequence[tuple[str, list[tuple[Rule, Box]]]],
    barred: Sequence[Box],
    concern: Concern,
    held: Box,
) -> Question | None:
    bars = list(barred)
    for reason in reasons:
        if reason.deny is None:
            groups = [
                (name, [one for one in boxes if name != reason.partner or one[0] in reason.news])
                for name, boxes in groups
            ]
            bars += [box for _, box in _boxes(reason.allows, concern)]
            continue
        box = concern.get(reason.deny)
        if box is None:
            return None
        held = (*held, *box)
    return _plainer(held, [[box for _, box in boxes] for _, boxes in groups], bars)


def _plainer(held: Box, options: Iterable[Sequence[Box]], barred: Iterable[Box]) -> Question | None:
    """Return the question in fewer words, or None where the answer is no at a glance."""
    bars = tuple(dict.fromkeys(barred))
    if () in bars:
        return None
    whole = [frozenset(bar) for bar in bars]
    groups: dict[tuple[Box, ...], None] = {}
    for group in options:
        if () in group:
            continue
        fitting = tuple(dict.fromkeys(box for box in group if not _within(frozenset(box), whole)))
        if not fitting:
            return None
        groups[fitting] = None
    single = {literal for group in groups if len(group) == 1 for literal in group[0]}
    if _within(single.union(held), whole):
        return None
    return Question(held, tuple(dict.fromkeys(_merged(group) for group in groups)), _merged(bars))


def _within(literals: AbstractSet[Literal], bars: Sequence[frozenset[Literal]]) -> bool:
    """Return whether all that the literals hold of is in one of the bars."""
    return any(len(bar) <= len(literals) and bar <= literals for bar in bars)


def _merged(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    """Return fewer boxes that hold the same: those that differ in their actions or resources only become one."""
    for dimension in (RESOURCE, ACTION):
        if len(boxes) == 1:
            break
        alike: dict[frozenset[Literal] | Box, list[Box]] = {}
        for box in boxes:
            rest = frozenset(literal for literal in box if literal[0] != dimension)
            own = [literal for literal in box if literal[0] == dimension]
            alike.setdefault(rest if len(own) == 1 and own[0][2] else box, []).append(box)
        boxes = tuple(_joined(found, dimension) for found in alike.values())
    return boxes


def _joined(boxes: Sequence[Box], dimension: str) -> Box:
    if len(boxes) == 1:
        return boxes[0]
    globs = dict.fromkeys(
        glob
        for box in boxes
        for place, one, _ in box
        if place == dimension and isinstance(one, Resources)
        for glob in one.globs
    )
    rest = tuple(literal for literal in boxes[0] if literal[0] != dimension)
    return ((dimension, Resources(tuple(globs)), True), *rest)
