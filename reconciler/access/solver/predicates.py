"""What a statement asks of one dimension of a request: of its resource, or of one condition key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from reconciler.access.solver.callers import Callers
from reconciler.access.solver.domains import Point
from reconciler.access.solver.texts import Glob, Symbol, Values

__all__ = ["ACTION", "RESOURCE", "Atom", "Fixed", "Literal", "Predicate", "Resources", "Test"]

Atom: TypeAlias = Glob | Point

ACTION = "action"
"""The dimension of actions, where they are not settled beforehand."""

RESOURCE = ""
"""The dimension of resources; the others are condition keys in small letters, and no key is empty."""


@dataclass(frozen=True)
class Resources:
    """The resource is one of these; for the dimension of actions: the action is."""

    globs: tuple[Glob, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once."""
        object.__setattr__(self, "_hash", hash(self.globs))

    def __hash__(self) -> int:
        """Return the hash that was taken once."""
        return self._hash

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Return the open variables."""
        return frozenset().union(*(glob.symbols for glob in self.globs))

    def holds(self, values: Sequence[str]) -> bool:
        """Return whether the resource, the one item of ``values``, is one of these."""
        return any(glob.matches(values[0]) for glob in self.globs)

    def filled(self, values: Values) -> Resources:
        """Return this with what is known filled in; what has no single value matches nothing."""
        if not any(symbol.key in values for symbol in self.symbols):
            return self
        found = (glob.filled(values) for glob in self.globs)
        return Resources(tuple(glob for glob in found if glob is not None))


@dataclass(frozen=True)
class Test:
    """One operator on one condition key.

    Of a value: one atom matches, or none does (``negated``). Of several values: that holds for one of them (``some``)
    or for all. ``absent`` is what holds without a value; ``present`` settles what holds with values, where it is no
    matter which.
    """

    key: str
    atoms: tuple[Atom, ...]
    negated: bool
    some: bool
    absent: bool
    present: bool | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once."""
        parts = (self.key, self.atoms, self.negated, self.some, self.absent, self.present)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        """Return the hash that was taken once."""
        return self._hash

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Return the open variables."""
        return frozenset().union(*(atom.symbols for atom in self.atoms if isinstance(atom, Glob)))

    def holds(self, values: Sequence[str]) -> bool:
        """Return whether the test holds of all the values of the key."""
        if not values:
            return self.absent
        if self.present is not None:
            return self.present
        each = (any(atom.matches(value) for atom in self.atoms) is not self.negated for value in values)
        return any(each) if self.some else all(each)

    def filled(self, values: Values) -> Test:
        """Return this with what is known filled in; what has no single value matches nothing."""
        if not any(symbol.key in values for symbol in self.symbols):
            return self
        found = (atom.filled(values) if isinstance(atom, Glob) else atom for atom in self.atoms)
        return replace(self, atoms=tuple(atom for atom in found if atom is not None))


@dataclass(frozen=True)
class Fixed:
    """A test of a key whose values are known, and that a variable leaves open."""

    test: Test
    known: tuple[str, ...]

    @property
    def dimension(self) -> str:
        """Return a name that no key has: two principals may fix the same key differently."""
        return repr((self.test.key, self.known))

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the open variables."""
        return self.test.symbols

    def holds(self, _: Sequence[object]) -> bool:
        """Return whether the test holds; no variable may be open."""
        return self.test.holds(self.known)

    def filled(self, values: Values) -> Fixed:
        """Return this with what is known filled in."""
        return replace(self, test=self.test.filled(values))


Predicate: TypeAlias = Resources | Test | Fixed | Callers
Literal: TypeAlias = tuple[str, Predicate, bool]
"""A dimension, what is asked of it, and whether that shall hold or not."""
