"""What two principals make of every request of a small universe, as bits.

The universe has, for each condition key, one value or set of values for each way in which the tests of both principals
can come out; so too for actions and resources. The parts of the evaluator do the work, statement by statement, and
whatever is found is asked of ``evaluate`` itself before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from random import Random
from typing import Any

from access.proofs.alphabet import ACTIONS
from access.proofs.candidates import holes, key_kinds, resources, statements, values
from access.proofs.pairs import Pair

from reconciler.access import Principal, Request
from reconciler.access.conditions import Test
from reconciler.access.patterns import Context, Variable, arn_matcher
from reconciler.access.statements import Statement

__all__ = ["Table"]

Values = tuple[str, ...]
_CONTEXTS = 4_096
_NAMED = 4
"""How many values are tried of a key that a policy variable names."""


@dataclass(frozen=True)
class _Test:
    """A test of one side, and the folded keys that its policy variables name."""

    test: Test
    names: tuple[str, ...]
    bindings: Context

    def holds(self, context: Context) -> bool:
        return self.test.holds({**context, **self.bindings})


@dataclass(frozen=True)
class _Asked:
    """A statement of one side."""

    statement: Statement
    tests: tuple[_Test, ...]
    bindings: Context


@dataclass
class Table:
    """The universe of a pair, and which of its requests each side allows."""

    pair: Pair
    exhaustive: bool = True
    """Whether all combinations of values are there, or a sample of them."""
    size: int = 0
    actions: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    contexts: list[dict[str, Values]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay the universe out."""
        self._chance = Random(self.pair.seed)  # noqa: S311  examples, no secret
        self._sides = [_groups(self.pair.old), _groups(self.pair.new)]
        self._all = [one for groups in self._sides for group in groups for one in (*group[0], *group[1])]
        self._lay_contexts()
        self._cover = [self._tested(one) for one in self._all]
        self._lay_resources()
        self._lay_actions()
        self.size = len(self.actions) * len(self.resources) * len(self.contexts)

    def allowed(self, side: int) -> Iterator[tuple[str, str, int]]:
        """Return for each action and resource the contexts in which a side allows it, as bits."""
        places = {id(one): place for place, one in enumerate(self._all)}
        groups = [[[places[id(one)] for one in half] for half in group] for group in self._sides[side]]
        every = (1 << len(self.contexts)) - 1
        for action in self.actions:
            acting = [one.statement.actions.cover(action.lower()) for one in self._all]
            for number, resource in enumerate(self.resources):
                allowed = every
                for denies, allows in groups:
                    allowed &= self._any(allows, acting, number) & ~self._any(denies, acting, number)
                yield action, resource, allowed

    def differences(self) -> tuple[list[Request], list[Request]]:
        """Return requests that are gained and that are lost: of each action and resource the first."""
        found: tuple[list[Request], list[Request]] = ([], [])
        for (action, resource, old), (_, _, new) in zip(self.allowed(0), self.allowed(1), strict=True):
            for side, bits in zip(found, (new & ~old, old & ~new), strict=True):
                if bits:
                    context = self.contexts[(bits & -bits).bit_length() - 1]
                    side.append(Request(action, resource, {key: list(some) for key, some in context.items() if some}))
        return found

    def _any(self, places: Sequence[int], acting: Sequence[bool], resource: int) -> int:
        bits = 0
        for place in places:
            if acting[place]:
                bits |= self._cover[place] & self._on[place][resource]
        return bits

    def _lay_contexts(self) -> None:
        tests = [test for one in self._all for test in one.tests]
        texts = _texts(self.pair)
        fixed = set(self._bound(0)) & set(self._bound(1))
        self._named = [key for key in _named(self.pair) if key not in fixed]
        self._values: dict[str, list[Values]] = {key: [()] for key in texts if key in fixed}
        kinds = key_kinds(texts)
        for key in [*self._named, *(key for key in texts if key not in self._named and key not in fixed)]:
            own = [test for test in tests if test.test.key == key]
            found = values(kinds[key], texts[key], self._chance)
            self._values[key] = self._told_apart(own, key, found)
            if key in self._named:
                some = self._chance.sample(found, min(len(found), _NAMED))
                self._values[key] = list(
                    dict.fromkeys([*self._values[key][:12], *((one,) for one in ("a", "bob", "", *some))])
                )
        keys = list(self._values)
        count = 1
        for options in self._values.values():
            count *= len(options)
        self.exhaustive = count <= _CONTEXTS
        rows: list[tuple[int, ...]]
        if self.exhaustive:
            rows = list(product(*(range(len(self._values[key])) for key in keys)))
        else:
            spans = [len(self._values[key]) for key in keys]
            rows = [tuple(int(self._chance.random() * span) for span in spans) for _ in range(_CONTEXTS)]
        self.contexts = [{key: self._values[key][at] for key, at in zip(keys, row, strict=True)} for row in rows]
        self._masks: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            text: list[bytearray] = [bytearray(b"0" * len(rows)) for _ in self._values[key]]
            for number, row in enumerate(reversed(rows)):
                text[row[place]][number] = 49
            self._masks[key] = [int(bits, 2) for bits in text]

    def _bound(self, side: int) -> Mapping[str, Values]:
        principal = (self.pair.old, self.pair.new)[side]
        return dict(principal.rules.bindings)

    def _told_apart(self, tests: Sequence[_Test], key: str, found: Sequence[str]) -> list[Values]:
        """Return one value, or set of two to four values, for each way in which the tests of a key come out."""
        named = [name for name in self._named if name in self._values]
        worlds = [dict(zip(named, chosen, strict=True)) for chosen in product(*(self._values[name] for name in named))]
        worlds = worlds if len(worlds) <= _NAMED else self._chance.sample(worlds, _NAMED)

        def ways(values: Values) -> tuple[bool, ...]:
            return tuple(
                test.holds({**world, key: values}) for test in tests for world in (worlds if test.names else worlds[:1])
            )

        apart: dict[tuple[bool, ...], Values] = {ways(()): ()}
        for value in found:
            apart.setdefault(ways((value,)), (value,))
        singles = [values[0] for values in apart.values() if values] or list(found[:1])
        for count in (2, 3, 4):
            for several in list(combinations(singles[:10], count))[:80]:
                apart.setdefault(ways(several), several)
        return list(apart.values())

    def _tested(self, one: _Asked) -> int:
        """Return the contexts in which all tests of a statement hold."""
        bits = (1 << len(self.contexts)) - 1
        for test in one.tests:
            bits &= self._where((test.test.key, *test.names), test.holds)
        return bits

    def _where(self, names: Sequence[str], holds: Callable[[Context], bool]) -> int:
        """Return the contexts in which something holds that hangs on the named keys only."""
        return sum(mask for context, mask in self._parts(names) if holds(context))

    def _parts(self, names: Sequence[str]) -> Iterator[tuple[Context, int]]:
        """Return each combination of values of the named keys, and the contexts that have it."""
        keys = [name for name in dict.fromkeys(names) if name in self._values]
        for chosen in product(*(range(len(self._values[key])) for key in keys)):
            mask = (1 << len(self.contexts)) - 1
            for key, at in zip(keys, chosen, strict=True):
                mask &= self._masks[key][at]
            yield {key: self._values[key][at] for key, at in zip(keys, chosen, strict=True)}, mask

    def _lay_resources(self) -> None:
        texts = [
            text
            for principal in (self.pair.old, self.pair.new)
            for _, statement in statements(principal)
            for text in _listed(statement.get("Resource", statement.get("NotResource")))
        ]
        fills = {key: [one[0] for one in self._values[key] if len(one) == 1] for key in self._named}
        for side in (0, 1):
            for key, value in self._bound(side).items():
                fills.setdefault(key, []).extend(value * 4)
        found = resources(texts, self._chance, fills)
        rows = [self._on_resources(one, found) for one in self._all]
        apart: dict[tuple[int, ...], str] = {}
        for resource, ways in zip(found, zip(*rows, strict=True), strict=False):
            apart.setdefault(ways, resource)
        self.resources = list(apart.values())
        self._on = list(zip(*apart, strict=True))

    def _on_resources(self, one: _Asked, found: Sequence[str]) -> list[int]:
        """Return for each resource the contexts in which a statement covers it."""
        part = one.statement.resources
        assert part is not None
        every = (1 << len(self.contexts)) - 1
        rows = [every if any(pattern.matches(resource) for pattern in part.fixed) else 0 for resource in found]
        for template in part.open:
            keys = [piece.key for piece in template.parts if isinstance(piece, Variable)]
            for context, mask in self._parts(keys):
                pieces = template.pieces({**context, **one.bindings})
                if pieces is not None:
                    covers = arn_matcher(pieces).fullmatch
                    rows = [
                        bits | mask if covers(resource) else bits for resource, bits in zip(found, rows, strict=True)
                    ]
        return [every & ~bits for bits in rows] if part.complement else rows

    def _lay_actions(self) -> None:
        apart: dict[tuple[bool, ...], str] = {}
        for action in ACTIONS:
            apart.setdefault(tuple(one.statement.actions.cover(action.lower()) for one in self._all), action)
        self.actions = list(apart.values())


def _groups(principal: Principal) -> list[tuple[list[_Asked], list[_Asked]]]:
    """Return the Denies and the Allows of each group of documents."""
    raw = dict(statements(principal))
    rules = principal.rules
    found = []
    for group in rules.groups:
        halves: list[list[_Asked]] = []
        for half in (group.denies, group.allows):
            halves.append([])
            for ref, statement in half:
                condition = raw[ref.layer.value, ref.level, ref.document, ref.statement].get("Condition", {})
                blocks = (texts for block in condition.values() for texts in block.values())
                tests = (
                    _Test(test, tuple(holes(texts)), rules.bindings)
                    for test, texts in zip(statement.tests, blocks, strict=True)
                )
                halves[-1].append(_Asked(statement, tuple(tests), rules.bindings))
        found.append((halves[0], halves[1]))
    return found


def _named(pair: Pair) -> list[str]:
    """Return the folded keys that policy variables name."""
    found = (holes(statement) for principal in (pair.old, pair.new) for _, statement in statements(principal))
    return list(dict.fromkeys(chain.from_iterable(found)))


def _texts(pair: Pair) -> dict[str, list[str]]:
    """Return what both principals say of each condition key, and the keys that their policy variables name."""
    found: dict[str, list[str]] = {key: [] for key in _named(pair)}
    for principal in (pair.old, pair.new):
        for _, statement in statements(principal):
            for operator, block in statement.get("Condition", {}).items():
                for key, texts in block.items():
                    found.setdefault(key.lower(), []).extend([] if operator == "Null" else _listed(texts))
    return found


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]
