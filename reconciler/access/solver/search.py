"""Is there a request that statements of one list each allow and others do not forbid: a search with a witness.

A request is a point, a statement a box: one literal for each dimension it restricts. A question is boxes that must
hold, groups of which one box must hold, and boxes that must not hold. A value is kept for every dimension; the first
thing that the values do not meet is settled by splitting, where few ways lead on first. Where a variable is open the
values prove nothing, and everything is split.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from reconciler.access.solver.callers import CALLER, Callers, Named
from reconciler.access.solver.domains import Family
from reconciler.access.solver.machines import Unsettled
from reconciler.access.solver.predicates import ACTION, RESOURCE, Fixed, Literal
from reconciler.access.solver.theory import MANY, NONE, ONE, action, key_values, resource

__all__ = ["Box", "Budget", "Point", "Question", "World", "solve"]

Box: TypeAlias = tuple[Literal, ...]
"""All of these literals."""
Point: TypeAlias = Mapping[str, tuple[Any, ...]]
"""A value for every dimension that a question speaks of; for a condition key all its values."""

_T = TypeVar("_T")
_WORLDS = (NONE, ONE, MANY)
_KEY = ":"


@dataclass
class Budget:
    """How much may be tried yet, over all questions of a comparison."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Take steps.

        Raises:
            Unsettled: There are not as many left.
        """
        self.left -= steps
        if self.left < 0:
            raise Unsettled("the budget is spent")


@dataclass(frozen=True)
class World:
    """What values dimensions may have."""

    types: Mapping[str, Family] = field(default_factory=dict)
    callers: tuple[Named, ...] = ()
    many: frozenset[str] = frozenset()
    """Keys that have several values, whatever they are."""
    single: frozenset[str] = frozenset()
    """Keys that have one."""
    open: bool = False
    """Whether variables may be open, so that values prove nothing."""

    def values(self, dimension: str, literals: tuple[Literal, ...], budget: Budget) -> tuple[Any, ...] | None:
        """Return a value of the dimension that makes its literals hold, or None.

        Raises:
            Unsettled: The budget is spent, or there are too many ways.
        """
        if dimension in (RESOURCE, ACTION):
            found, cost = (resource if dimension == RESOURCE else action)(literals)
            return _paid(None if found is None else found if isinstance(found, Unsettled) else (found,), cost, budget)
        if dimension == CALLER:
            return self._caller(literals)
        if literals and isinstance(literals[0][1], Fixed):
            return None if any((one, two, not wanted) in literals for one, two, wanted in literals) else ("",)
        if _KEY not in dimension:
            return ("",)
        worlds = (MANY,) if dimension in self.many else (ONE,) if dimension in self.single else _WORLDS
        return _paid(*key_values(literals, worlds, self.types.get(dimension)), budget)

    def _caller(self, literals: tuple[Literal, ...]) -> tuple[Named, ...] | None:
        for caller in self.callers:
            if all(one.holds((caller,)) is wanted for _, one, wanted in literals if isinstance(one, Callers)):
                return (caller,)
        return None


def _paid(found: _T | Unsettled | None, cost: int, budget: Budget) -> _T | None:
    budget.spend(cost)
    if isinstance(found, Unsettled):
        raise Unsettled(*found.args)
    return found


@dataclass(frozen=True)
class Question:
    """What a request has to meet."""

    held: Box
    groups: tuple[tuple[Box, ...], ...]
    barred: tuple[Box, ...]

    def literals(self) -> Iterator[Literal]:
        """Return all literals, some more than once."""
        yield from self.held
        for box in (*(box for group in self.groups for box in group), *self.barred):
            yield from box


@dataclass(frozen=True, slots=True)
class _Node:
    literals: dict[str, tuple[Literal, ...]]
    values: dict[str, tuple[Any, ...]]
    groups: tuple[tuple[Box, ...], ...]
    barred: tuple[Box, ...]

    def holds(self, box: Box) -> bool:
        """Return whether the values are in the box."""
        return all(one.holds(self.values[dimension]) is wanted for dimension, one, wanted in box)


def solve(question: Question, world: World, budget: Budget) -> Point | None:
    """Return a request that meets the question, or None where there is none.

    Raises:
        Unsettled: The budget is spent, or a part cannot be settled.
    """
    unsettled: Unsettled | None = None
    root = _root(question, world, budget)
    stack = [root] if root is not None else []
    while stack:
        budget.spend()
        node = stack.pop()
        try:
            following = _expanded(node, world, budget)
        except Unsettled as error:
            if budget.left < 0:
                raise
            unsettled = unsettled or error
            continue
        if following is None:
            return node.values
        stack.extend(reversed(following))
    if unsettled is not None:
        raise unsettled
    return None


def _root(question: Question, world: World, budget: Budget) -> _Node | None:
    if any(not box for box in question.barred):
        return None
    groups = tuple(group for group in question.groups if not any(not box for box in group))
    boxes = [question.held, *(box for group in groups for box in group), *question.barred]
    dimensions = sorted({literal[0] for box in boxes for literal in box} | {RESOURCE})
    empty: dict[str, tuple[Any, ...]] = {}
    for dimension in dimensions:
        found = world.values(dimension, (), budget)
        if found is None:
            return None
        empty[dimension] = found
    node = _Node({}, empty, groups, tuple(dict.fromkeys(question.barred)))
    return _with(node, question.held, world, budget)


def _with(node: _Node, box: Iterable[Literal], world: World, budget: Budget) -> _Node | None:
    """Return the node with more literals, or None where they cannot hold."""
    literals, values = dict(node.literals), dict(node.values)
    touched: dict[str, None] = {}
    for literal in box:
        known = literals.get(literal[0], ())
        if literal not in known:
            literals[literal[0]] = (*known, literal)
            touched[literal[0]] = None
    for dimension in touched:
        if not world.open and all(one.holds(values[dimension]) is wanted for _, one, wanted in literals[dimension]):
            continue
        found = world.values(dimension, literals[dimension], budget)
        if found is None:
            return None
        values[dimension] = found
    return _Node(literals, values, node.groups, node.barred)


def _expanded(node: _Node, world: World, budget: Budget) -> list[_Node] | None:
    """Return the nodes that come of settling one open matter, or None where nothing is open."""
    plain = [box for box in node.barred if len(box) == 1]
    if any(world.open or node.holds(box) for box in plain):
        rest = tuple(box for box in node.barred if len(box) > 1)
        bars = [(dimension, one, not wanted) for ((dimension, one, wanted),) in plain]
        outside = _with(_Node(node.literals, node.values, node.groups, rest), bars, world, budget)
        return [] if outside is None else [outside]
    best: list[_Node] | None = None
    for ways in _open_matters(node, world, budget):
        if best is None or len(ways) < len(best):
            best = ways
        if not best:
            break
        if len(best) == 1:
            break
    return best


def _open_matters(node: _Node, world: World, budget: Budget) -> Iterator[list[_Node]]:
    for index, box in enumerate(node.barred):
        if world.open or node.holds(box):
            rest = (*node.barred[:index], *node.barred[index + 1 :])
            yield list(_outside(_Node(node.literals, node.values, node.groups, rest), box, world, budget))
    for index, group in enumerate(node.groups):
        if world.open or not any(node.holds(box) for box in group):
            rest_groups = (*node.groups[:index], *node.groups[index + 1 :])
            freed = _Node(node.literals, node.values, rest_groups, node.barred)
            found = (_with(freed, box, world, budget) for box in group)
            yield [one for one in found if one is not None]


def _outside(node: _Node, box: Box, world: World, budget: Budget) -> Iterator[_Node]:
    """Return the parts of the node that are not in the box; no two of them share a request."""
    inside: list[Literal] = []
    for dimension, one, wanted in _fixed_first(node, box):
        if (dimension, one, not wanted) in node.literals.get(dimension, ()):
            part = _with(node, inside, world, budget)
            if part is not None:
                yield part
            return
        if (dimension, one, wanted) in node.literals.get(dimension, ()):
            continue
        part = _with(node, [*inside, (dimension, one, not wanted)], world, budget)
        if part is not None:
            yield part
        inside.append((dimension, one, wanted))


def _fixed_first(node: _Node, box: Box) -> Sequence[Literal]:
    return sorted(box, key=lambda literal: literal[0] not in node.literals)
