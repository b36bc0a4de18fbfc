"""One side of a comparison: its documents as rules in layers, with what the principal fixes filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from reconciler.access.solver.actions import Loose, catalogue_bits, loose
from reconciler.access.solver.callers import CALLER
from reconciler.access.solver.predicates import RESOURCE, Fixed, Literal, Resources, Test
from reconciler.access.solver.reading import Actions, Statement, read_document, spellings
from reconciler.access.solver.search import Box
from reconciler.errors import PolicyError

__all__ = ["Layer", "Rule", "Side", "bound", "joined", "keys_of"]

_MEMO = 4_096


@dataclass(frozen=True)
class Layer:
    """Documents of which one must allow, as JSON texts, each with its place in messages."""

    name: str
    documents: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    """A statement with what is known filled in; rules of one content are equal, wherever they stand."""

    allows: bool
    actions: Actions
    box: Box
    bits: int = field(compare=False, repr=False)
    """The actions of the catalogue."""
    loose: Loose = field(compare=False, repr=False)
    """The patterns that may cover others."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once."""
        object.__setattr__(self, "_hash", hash((self.allows, self.actions, self.box)))

    def __hash__(self) -> int:
        """Return the hash that was taken once."""
        return self._hash


@dataclass(frozen=True)
class Side:
    """Layers that must all allow, and the Denies of all of them."""

    layers: tuple[tuple[str, tuple[Rule, ...]], ...]
    """The Allows of each layer, each once."""
    denies: tuple[Rule, ...]
    texts: tuple[str, ...] = ()
    """The documents."""

    @cached_property
    def sets(self) -> tuple[tuple[str, frozenset[Rule]], ...]:
        """Return the layers with their Allows as sets."""
        return tuple((name, frozenset(allows)) for name, allows in self.layers)

    def spelled(self) -> Mapping[str, str]:
        """Return how the documents spell condition keys, by their folded names."""
        return {key: written for text in self.texts for key, written in spellings(text).items()}

    def rules(self) -> Iterator[Rule]:
        """Return all rules."""
        for _, allows in self.layers:
            yield from allows
        yield from self.denies

    def plain_bits(self) -> int:
        """Return the actions that every layer has an Allow for and that no Deny takes whole."""
        found = -1
        for _, allows in self.layers:
            bits = 0
            for rule in allows:
                bits |= rule.bits
            found &= bits
        for rule in self.denies:
            if not rule.box:
                found &= ~rule.bits
        return found


def joined(sides: Sequence[Side]) -> Side:
    """Return the side that allows just what all of the sides allow."""
    layers = tuple((f"{name} of {number}", allows) for number, side in enumerate(sides) for name, allows in side.layers)
    denies = tuple(dict.fromkeys(rule for side in sides for rule in side.denies))
    return Side(layers, denies, tuple(text for side in sides for text in side.texts))


def bound(layers: Sequence[Layer], bindings: Mapping[str, tuple[str, ...]], *, trust: bool = False) -> Side:
    """Return a side; ``bindings`` are values of condition keys in small letters.

    Raises:
        PolicyError: A document is not understood; the message says which.
    """
    found: list[tuple[str, tuple[Rule, ...]]] = []
    denies: dict[Rule, None] = {}
    fixed = tuple(sorted(bindings.items()))
    for layer in layers:
        allows: dict[Rule, None] = {}
        for place, text in layer.documents:
            try:
                rules = _rules(text, fixed, trust=trust)
            except PolicyError as error:
                raise PolicyError(f"{place}: {error}") from None
            for rule in rules:
                (allows if rule.allows else denies)[rule] = None
        found.append((layer.name, tuple(allows)))
    texts = tuple(text for layer in layers for _, text in layer.documents)
    return Side(tuple(found), tuple(denies), texts)


@lru_cache(_MEMO)
def _rules(text: str, fixed: tuple[tuple[str, tuple[str, ...]], ...], *, trust: bool) -> tuple[Rule, ...]:
    keys = _keys(text, trust=trust)
    needed = tuple(item for item in fixed if item[0] in keys)
    return _rules_of(text, needed, trust=trust)


@lru_cache(_MEMO)
def _rules_of(text: str, fixed: tuple[tuple[str, tuple[str, ...]], ...], *, trust: bool) -> tuple[Rule, ...]:
    values = dict(fixed)
    found: dict[Rule, None] = {}
    for statement in read_document(text, trust=trust):
        bits = catalogue_bits(statement.actions)
        box = _box(statement, values)
        if box is not None:
            found[Rule(statement.allows, statement.actions, box, bits, loose(statement.actions))] = None
    return tuple(found)


@lru_cache(_MEMO)
def _keys(text: str, *, trust: bool) -> frozenset[str]:
    return frozenset(keys_of(text, trust=trust))


def keys_of(text: str, *, trust: bool = False) -> Iterator[str]:
    """Return the condition keys that a document tests or whose values it uses, some more than once.

    Raises:
        PolicyError: The document is not understood.
    """
    for statement in read_document(text, trust=trust):
        parts: list[Test | Resources] = [*statement.tests, *([statement.resources] if statement.resources else [])]
        for part in parts:
            yield from sorted(symbol.key for symbol in part.symbols)
            if isinstance(part, Test):
                yield part.key


def _box(statement: Statement, values: Mapping[str, tuple[str, ...]]) -> Box | None:
    """Return what a statement asks for, or None where that is never met."""
    literals: dict[Literal, None] = {}
    if statement.callers is not None:
        literals[CALLER, statement.callers, True] = None
    if statement.resources is not None:
        resources = statement.resources.filled(values)
        everything = any(glob.everything for glob in resources.globs)
        if (everything or not resources.globs) and everything is statement.other_resources:
            return None
        if not everything and resources.globs:
            literals[RESOURCE, resources, not statement.other_resources] = None
    for test in statement.tests:
        literal = _bound_test(test, values)
        if literal is False:
            return None
        if literal is not True:
            literals[literal] = None
    return tuple(literals)


def _bound_test(test: Test, values: Mapping[str, tuple[str, ...]]) -> Literal | bool:
    filled = test.filled(values)
    if test.key in values:
        fixed = Fixed(filled, values[test.key])
        return (fixed.dimension, fixed, True) if filled.symbols else fixed.holds(())
    if filled.present is not None and filled.present is filled.absent:
        return filled.absent
    return filled.key, filled, True
