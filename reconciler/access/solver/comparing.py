"""What one side allows and the other does not: for each class of actions that no rule tells apart, a question.

A request is gained at an action only where something that concerns the action is new: an Allow that only the new side
has, a Deny or a layer that only the old side has. So nearly equal sides have few questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import TypeAlias

from reconciler.access.solver.actions import Alphabet, Service, catalogue_bits, indexes
from reconciler.access.solver.callers import CALLER, Callers, Named, callers_told_apart
from reconciler.access.solver.domains import FAMILIES, Family
from reconciler.access.solver.machines import Unsettled
from reconciler.access.solver.predicates import ACTION, RESOURCE, Literal, Resources
from reconciler.access.solver.questions import modes, questions
from reconciler.access.solver.reading import Actions
from reconciler.access.solver.realism import Shape, level_of, shapes, weightiest
from reconciler.access.solver.search import Box, Budget, Point, Question, World
from reconciler.access.solver.sides import Rule, Side
from reconciler.access.solver.texts import lowered
from reconciler.access.solver.variables import answer
from reconciler.catalogue.actions import action_catalogue

__all__ = ["Direction", "Found", "Label", "beyond", "direction"]

Label = str
FUTURE, VACUOUS = "future-only", "vacuous"

_CAP = 4_000
_MEMO = 8_192


@dataclass(frozen=True)
class Found:
    """A request that one side only allows."""

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...]
    caller: Named | None
    label: Label | None


@dataclass(frozen=True)
class Direction:
    """What is known of the requests that one side only allows."""

    exists: bool | None
    found: tuple[Found, ...]
    bits: int
    """The actions of the catalogue that have one."""
    label: Label | None
    reasons: tuple[str, ...]


def direction(without: Side, having: Side, budget: Budget, wanted: int) -> Direction:
    """Return what ``having`` allows and ``without`` does not."""
    return _Comparison([without], having, budget, wanted).run()


def beyond(without: Sequence[Side], having: Side, budget: Budget) -> Direction:
    """Return whether ``having`` allows what no side of ``without`` does, with one request if so."""
    return _Comparison(without, having, budget, 1, first=True).run()


_Options: TypeAlias = tuple[Question, ...]
"""The ways in which a request for an action may be allowed here and not there."""
_Way: TypeAlias = tuple[_Options, int]
"""Questions of which the first has an answer, and the actions that they are about."""


class _Comparison:
    """The search in one direction."""

    def __init__(
        self, without: Sequence[Side], having: Side, budget: Budget, wanted: int, *, first: bool = False
    ) -> None:
        self._without, self._having = without, having
        self._budget, self._wanted, self._first = budget, wanted, first
        self._size = len(action_catalogue().folded)
        self._modes = tuple(product(*(tuple(modes(one, having)) for one in without)))
        self._callers: tuple[Named, ...] = ()

    def run(self) -> Direction:
        """Return the result."""
        if not self._modes:
            return Direction(exists=False, found=(), bits=0, label=None, reasons=())
        rules = list(dict.fromkeys(rule for side in (*self._without, self._having) for rule in side.rules()))
        alphabet = Alphabet.of(rule.loose for rule in rules)
        self._callers = callers_told_apart(
            one for rule in rules for dimension, one, _ in rule.box if dimension == CALLER and isinstance(one, Callers)
        )
        reasons: dict[str, str] = {}
        ways: list[_Way] = []
        for options, members, name in [*self._listed(rules, alphabet), *self._searched(rules, alphabet)]:
            met = self._met(options, name, reasons)
            if met:
                ways.append((met, members))
                if self._first:
                    break
        told = tuple(f"{reason}, as for {name}" for reason, name in reasons.items())
        if not ways:
            return Direction(None if told else False, (), 0, None, told)
        gained = 0
        for options, members in ways:
            gained |= members or self._today(options)
        found, label = self._shown(ways, alphabet)
        bits = gained & ((1 << self._size) - 1)
        return Direction(exists=True, found=found, bits=bits, label=None if reasons else label, reasons=())

    def _listed(self, rules: Sequence[Rule], alphabet: Alphabet) -> list[tuple[_Options, int, str]]:
        """Return questions about actions that have a bit, the bits they are about, and one of the names."""
        bits = {
            rule: rule.bits | alphabet.covered(rule.loose, others=rule.actions.others) << self._size for rule in rules
        }
        every = (1 << (self._size + len(alphabet.names))) - 1
        affected = 0
        for together in self._modes:
            concerned = every
            for mode in together:
                concerned &= mode.bits(bits, every)
            affected |= concerned
        for _, allows in self._having.layers:
            allowed = 0
            for rule in allows:
                allowed |= bits[rule]
            affected &= allowed
        found: dict[_Options, int] = {}
        order = [*dict.fromkeys((*self._having.rules(), *rules))]
        for members, covering in _classes(affected, order, bits):
            concern = {order[place]: order[place].box for place in indexes(covering)}
            options = tuple(questions(self._having, self._modes, concern))
            if options:
                found[options] = found.get(options, 0) | members
        return [(options, members, self._name(members, alphabet)) for options, members in found.items()]

    def _name(self, members: int, alphabet: Alphabet) -> str:
        """Return the first of some actions."""
        place = next(indexes(members))
        return action_catalogue().names[place] if place < self._size else alphabet.names[place - self._size]

    def _searched(self, rules: Sequence[Rule], alphabet: Alphabet) -> Iterator[tuple[_Options, int, str]]:
        """Return questions about actions that no bit stands for, none of the bits, and what people call them."""
        for service in alphabet.services:
            boxes = ((rule, _searched_box(rule, service)) for rule in rules)
            concern = {rule: box for rule, box in boxes if box is not None}
            yield tuple(questions(self._having, self._modes, concern, service.world)), 0, f"{service.name or '*'}:*"

    def _met(self, options: _Options, name: str, reasons: dict[str, str]) -> _Options:
        """Return the questions from the first on that has an answer; none if none has."""
        for index, question in enumerate(options):
            try:
                if self._ask(question) is not None:
                    return options[index:]
            except Unsettled as error:
                reasons.setdefault(str(error), name)
        return ()

    def _ask(self, question: Question) -> Point | None:
        point, cost, reason = _answered(question, self._callers_for(question))
        self._budget.spend(cost)
        if reason is not None:
            raise Unsettled(reason)
        return point

    def _callers_for(self, question: Question) -> tuple[Named, ...]:
        return self._callers if any(one[0] == CALLER for one in question.literals()) else ()

    def _shown(self, ways: Sequence[_Way], alphabet: Alphabet) -> tuple[tuple[Found, ...], Label | None]:
        """Return requests for the ways that were found, and the label that all of them have."""
        shown: list[Found] = []
        labels: dict[Label | None, None] = {}
        for options, members in sorted(ways, key=_weight):
            if len(shown) >= self._wanted and (None in labels or len(labels) > 1):
                break
            one = self._request(options, members, alphabet)
            shown.append(one)
            labels[one.label] = None
        shown.sort(key=lambda one: one.label is not None)
        return tuple(shown[: self._wanted]), next(iter(labels)) if len(labels) == 1 else None

    def _request(self, options: _Options, members: int, alphabet: Alphabet) -> Found:
        """Return a request that people recognise: on a resource of a type that the action is for."""
        trust = any(one[0] == CALLER for one in options[0].literals())
        known = members & ((1 << self._size) - 1)
        if not known:
            point = self._point(options[0])
            others = members >> self._size
            name = alphabet.names[next(indexes(others))] if others else point[ACTION][0]
            today = catalogue_bits(Actions((lowered(name),), others=False, written=(name,)))
            spelled = action_catalogue().names[next(indexes(today))] if today else name
            return self._made(spelled, point, None if today else FUTURE, trust=trust)
        label: Label | None = VACUOUS
        for question, sought in product(options, dict.fromkeys((weightiest(known, trust=trust), known))):
            try:
                found = self._real(question, sought, trust=trust)
            except Unsettled:
                label = None
                continue
            if found is not None:
                return found
        name = action_catalogue().names[next(indexes(known))]
        return self._made(name, self._point(options[0]), label, trust=trust)

    def _today(self, options: _Options) -> int:
        """Return the action of the catalogue that was found where no bit was asked about; none if it has none."""
        name = self._point(options[0])[ACTION][0]
        return catalogue_bits(Actions((lowered(name),), others=False, written=(name,)))

    def _real(self, question: Question, known: int, *, trust: bool) -> Found | None:
        """Return a request for one of the known actions on a resource that it is for, or None where there is none."""
        for shape in shapes(known, _needed(question), trust=trust):
            point = self._point_in(question, shape, trust=trust)
            if point is not None:
                return self._made(shape.action_for("" if trust else str(point[RESOURCE][0])), point, None, trust=trust)
        return None

    def _point(self, question: Question) -> Point:
        found, _, _ = _answered(question, self._callers_for(question))
        if found is None:
            raise AssertionError("the question was answered before")
        return found

    def _point_in(self, question: Question, shape: Shape, *, trust: bool) -> Point | None:
        if trust:
            return self._ask(question)
        literal: Literal = (RESOURCE, shape.resources, True)
        return self._ask(replace(question, held=(*question.held, literal)))

    def _made(self, action: str, point: Point, label: Label | None, *, trust: bool) -> Found:
        context = tuple((key, tuple(values)) for key, values in sorted(point.items()) if _is_key(key) and values)
        caller = point[CALLER][0] if trust else None
        return Found(action, "*" if trust else str(point[RESOURCE][0]), context, caller, label)


def _weight(way: _Way) -> tuple[int, int]:
    """Return a way's place among those that are shown: what matters most comes first, then what is about most."""
    return level_of(way[1]), -way[1].bit_count()


def _needed(question: Question) -> list[Resources]:
    """Return what the resource has to be one of, whichever way the question is answered."""
    single = (literal for group in question.groups if len(group) == 1 for literal in group[0])
    found = (one for place, one, wanted in (*question.held, *single) if place == RESOURCE and wanted)
    return [one for one in found if isinstance(one, Resources)]


def _is_key(dimension: str) -> bool:
    return ":" in dimension and not dimension.startswith("(")


def _searched_box(rule: Rule, service: Service) -> Box | None:
    literals = service.literals(rule.actions)
    return None if literals is None else (*literals, *rule.box)


def _classes(affected: int, rules: Iterable[Rule], bits: Mapping[Rule, int]) -> list[tuple[int, int]]:
    """Return the affected actions in classes, each with the places of the rules that cover it: all of it or nothing."""
    classes = [(affected, 0)] if affected else []
    for place, rule in enumerate(rules):
        covered = bits[rule] & affected
        if not covered:
            continue
        split: list[tuple[int, int]] = []
        for members, covering in classes:
            inside = members & covered
            if inside:
                split.append((inside, covering | 1 << place))
            if inside != members:
                split.append((members ^ inside, covering))
        classes = split
    return classes


@lru_cache(_MEMO)
def _answered(question: Question, callers: tuple[Named, ...]) -> tuple[Point | None, int, str | None]:
    """Return the answer, the steps it took, and why there is none; what was asked before makes no difference."""
    keys = dict.fromkeys(dimension for dimension, _, _ in question.literals() if _is_key(dimension))
    types = {key: family for key in keys if (family := _type(key)) is not None}
    budget = Budget(_CAP)
    try:
        point = answer(question, World(types, callers), budget)
    except Unsettled as error:
        return None, _CAP - budget.left, str(error)
    return point, _CAP - budget.left, None


@lru_cache(_MEMO)
def _type(key: str) -> Family | None:
    """Return the type of a condition key's values, where it is none of texts."""
    name = (action_catalogue().key_type(key) or "").removeprefix("ArrayOf")
    return next((family for family in FAMILIES if family == name), None)
