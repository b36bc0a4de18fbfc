"""What one side allows and the other does not: for each class of actions that no rule tells apart, a question.

A request is gained at an action only where something that concerns the action is new: an Allow that only the new side
has, a Deny or a layer that only the old side has. So nearly equal sides have few questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from reconciler.access.solver.actions import Alphabet
from reconciler.access.solver.callers import CALLER, Callers, Named, callers_told_apart
from reconciler.access.solver.domains import FAMILIES, Family
from reconciler.access.solver.machines import Unsettled
from reconciler.access.solver.predicates import RESOURCE, Literal
from reconciler.access.solver.realism import Shape, shapes
from reconciler.access.solver.search import Box, Budget, Point, Question, World
from reconciler.access.solver.sides import Rule, Side
from reconciler.access.solver.variables import answer
from reconciler.catalogue.actions import action_catalogue

__all__ = ["Direction", "Found", "Label", "direction"]

Label = str
FUTURE, VACUOUS = "future-only", "vacuous"

_CAP = 4_000
_MEMO = 8_192
_COST_OF_A_CLASS = 1


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
    try:
        return _Comparison(without, having, budget, wanted).run()
    except Unsettled as error:
        return Direction(None, (), 0, None, (str(error),))


class _Comparison:
    """The search in one direction."""

    def __init__(self, without: Side, having: Side, budget: Budget, wanted: int) -> None:
        self._without, self._having = without, having
        self._budget, self._wanted = budget, wanted
        self._size = len(action_catalogue().folded)
        self._modes = tuple(_modes(without, having))
        self._callers: tuple[Named, ...] = ()

    def run(self) -> Direction:
        """Return the result."""
        if not self._modes:
            return Direction(exists=False, found=(), bits=0, label=None, reasons=())
        rules = list(dict.fromkeys([*self._without.rules(), *self._having.rules()]))
        alphabet = Alphabet.of(rule.actions for rule in rules)
        bits = {rule: rule.bits | alphabet.covered(rule.actions) << self._size for rule in rules}
        every = (1 << (self._size + len(alphabet.names))) - 1
        self._callers = callers_told_apart(
            one for rule in rules for dimension, one, _ in rule.box if dimension == CALLER and isinstance(one, Callers)
        )
        affected = 0
        for mode in self._modes:
            affected |= mode.bits(bits, every)
        for _, allows in self._having.layers:
            allowed = 0
            for rule in allows:
                allowed |= bits[rule]
            affected &= allowed
        for rule in self._having.denies:
            if not rule.box:
                affected &= ~bits[rule]
        return self._settle(_classes(affected, rules, bits), bits, alphabet)

    def _settle(self, classes: Sequence[int], bits: dict[Rule, int], alphabet: Alphabet) -> Direction:
        """Return the result over classes of actions."""
        gained = 0
        reasons: dict[str, None] = {}
        by_question: dict[tuple[Question, ...], list[int]] = {}
        for members in classes:
            questions = tuple(self._questions(members & -members, bits))
            if questions:
                by_question.setdefault(questions, []).append(members)
        ways: list[tuple[Question, int]] = []
        for questions, found in by_question.items():
            met = self._met(questions, reasons)
            if met is not None:
                members = 0
                for one in found:
                    members |= one
                gained |= members
                ways.append((met, members))
        catalogue = gained & ((1 << self._size) - 1)
        if not ways:
            return Direction(None if reasons else False, (), 0, None, tuple(reasons))
        found_requests, label = self._shown(ways, alphabet)
        return Direction(exists=True, found=found_requests, bits=catalogue, label=label, reasons=tuple(reasons))

    def _met(self, questions: Iterable[Question], reasons: dict[str, None]) -> Question | None:
        """Return the first question that has an answer."""
        for question in questions:
            try:
                if self._ask(question) is not None:
                    return question
            except Unsettled as error:
                reasons[str(error)] = None
        return None

    def _ask(self, question: Question) -> Point | None:
        callers = self._callers if any(one[0] == CALLER for one in _literals(question)) else ()
        point, cost, reason = _answered(question, callers)
        for _ in range(cost):
            self._budget.spend()
        if reason is not None:
            raise Unsettled(reason)
        return point

    def _questions(self, action: int, bits: dict[Rule, int]) -> Iterator[Question]:
        """Return the ways in which a request for an action may be allowed here and not there."""
        groups = [(name, tuple(rule for rule in allows if bits[rule] & action)) for name, allows in self._having.layers]
        barred = tuple(dict.fromkeys(rule.box for rule in self._having.denies if bits[rule] & action))
        for mode in self._modes:
            question = mode.question(groups, barred, lambda rule: bool(bits[rule] & action))
            if question is not None:
                yield question

    def _shown(
        self, ways: Sequence[tuple[Question, int]], alphabet: Alphabet
    ) -> tuple[tuple[Found, ...], Label | None]:
        """Return requests for the ways that were found, and the label that all of them have."""
        shown: list[Found] = []
        labels: dict[Label | None, None] = {}
        for question, members in ways:
            if len(shown) >= self._wanted and (None in labels or len(labels) > 1):
                break
            one = self._request(question, members, alphabet)
            shown.append(one)
            labels[one.label] = None
        shown.sort(key=lambda one: (one.label is not None, len(one.context)))
        return tuple(shown[: self._wanted]), next(iter(labels)) if len(labels) == 1 else None

    def _request(self, question: Question, members: int, alphabet: Alphabet) -> Found:
        """Return a request that people recognise: on a resource of a type that the action is for."""
        trust = any(one[0] == CALLER for one in _literals(question))
        known = members & ((1 << self._size) - 1)
        if not known:
            name = alphabet.names[(members >> self._size & -(members >> self._size)).bit_length() - 1]
            return self._made(name, self._point(question), FUTURE, trust=trust)
        first = action_catalogue().names[(known & -known).bit_length() - 1]
        for shape in shapes(known, trust=trust):
            point = self._point_in(question, shape, trust=trust)
            if point is not None:
                name = shape.action_for("" if trust else str(point[RESOURCE][0]))
                return self._made(name, point, None, trust=trust)
        return self._made(first, self._point(question), VACUOUS, trust=trust)

    def _point(self, question: Question) -> Point:
        point = self._ask(question)
        if point is None:
            raise AssertionError("the question was answered before")
        return point

    def _point_in(self, question: Question, shape: Shape, *, trust: bool) -> Point | None:
        if trust:
            return self._point(question)
        literal: Literal = (RESOURCE, shape.resources, True)
        try:
            return self._ask(replace(question, held=(*question.held, literal)))
        except Unsettled:
            return None

    def _made(self, action: str, point: Point, label: Label | None, *, trust: bool) -> Found:
        context = tuple((key, tuple(values)) for key, values in sorted(point.items()) if _is_key(key) and values)
        caller = point[CALLER][0] if trust else None
        return Found(action, "*" if trust else str(point[RESOURCE][0]), context, caller, label)


def _is_key(dimension: str) -> bool:
    return ":" in dimension and not dimension.startswith("(")


@dataclass(frozen=True)
class _Mode:
    """One reason for which ``without`` may not allow: a Deny of its own, or a layer in which no Allow applies."""

    deny: Rule | None = None
    allows: tuple[Rule, ...] = ()
    partner: str | None = None
    """The layer of the other side that goes with the layer."""
    news: frozenset[Rule] = frozenset()
    """The Allows that only the partner has."""

    def bits(self, bits: dict[Rule, int], every: int) -> int:
        """Return the actions that are concerned."""
        if self.deny is not None:
            return bits[self.deny]
        if self.partner is None:
            return every
        found = 0
        for rule in self.news:
            found |= bits[rule]
        return found

    def question(
        self, groups: Sequence[tuple[str, tuple[Rule, ...]]], barred: tuple[Box, ...], concerned: Callable[[Rule], bool]
    ) -> Question | None:
        """Return the question for the actions that ``concerned`` tells."""
        if self.deny is not None:
            if not concerned(self.deny):
                return None
            return _question(self.deny.box, (tuple(rule.box for rule in rules) for _, rules in groups), barred)
        options = []
        for name, rules in groups:
            fitting = [rule.box for rule in rules if name != self.partner or rule in self.news]
            if not fitting:
                return None
            options.append(tuple(fitting))
        return _question((), options, (*barred, *(rule.box for rule in self.allows if concerned(rule))))


def _question(held: Box, groups: Iterable[tuple[Box, ...]], barred: Sequence[Box]) -> Question | None:
    """Return the question in fewer words, or None where the answer is no at a glance."""
    left = []
    for group in groups:
        options = tuple(dict.fromkeys(group))
        if not options:
            return None
        if not any(not box for box in options):
            left.append(options)
    barred = tuple(dict.fromkeys(barred))
    if () in barred:
        return None
    if len(left) == 1 or (left and all(len(group) == 1 for group in left)):
        single = [group[0] for group in left if len(group) == 1]
        if len(single) == len(left):
            whole = {*held, *(literal for box in single for literal in box)}
            if any(whole.issuperset(box) for box in barred):
                return None
    left = [tuple(box for box in group if not any(set(box).issuperset(bar) for bar in barred)) for group in left]
    if not all(left):
        return None
    return Question(held, tuple(dict.fromkeys(left)), barred)


def _modes(without: Side, having: Side) -> Iterator[_Mode]:
    denies = set(having.denies)
    for deny in without.denies:
        if deny not in denies:
            yield _Mode(deny=deny)
    partners = _partners(without, having)
    for (_, allows), partner in zip(without.layers, partners, strict=True):
        if partner is None:
            yield _Mode(allows=allows)
            continue
        others = dict(having.layers)[partner]
        news = frozenset(others) - frozenset(allows)
        if news:
            yield _Mode(allows=allows, partner=partner, news=news)


def _partners(without: Side, having: Side) -> list[str | None]:
    """Return for each layer the other side's that goes with it: one of the same name and content, or the same name."""
    free = dict(having.layers)
    found: dict[int, str] = {}
    for same in (True, False):
        for index, (name, allows) in enumerate(without.layers):
            if index in found:
                continue
            kind = name.partition(" ")[0]
            for other, others in free.items():
                if other.partition(" ")[0] == kind and (not same or frozenset(others) == frozenset(allows)):
                    found[index] = other
                    del free[other]
                    break
    return [found.get(index) for index in range(len(without.layers))]


def _classes(affected: int, rules: Iterable[Rule], bits: dict[Rule, int]) -> list[int]:
    """Return the affected actions in classes: within one, every rule covers all actions or none."""
    classes = [affected] if affected else []
    for rule in rules:
        covered = bits[rule]
        if not covered & affected or covered & affected == affected:
            continue
        split: list[int] = []
        for members in classes:
            inside = members & covered
            if inside and inside != members:
                split += [inside, members ^ inside]
            else:
                split.append(members)
        classes = split
    return classes


def _literals(question: Question) -> Iterator[Literal]:
    yield from question.held
    for box in (*(box for group in question.groups for box in group), *question.barred):
        yield from box


@lru_cache(_MEMO)
def _answered(question: Question, callers: tuple[Named, ...]) -> tuple[Point | None, int, str | None]:
    """Return the answer, the steps it took, and why there is none; what was asked before makes no difference."""
    keys = dict.fromkeys(dimension for dimension, _, _ in _literals(question) if _is_key(dimension))
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
