"""Documents that declare no object: as they stand in their files, and what they say for one account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from reconciler.documents.tree import Tree
from reconciler.documents.variables import Filled, Scope, fill
from reconciler.documents.wording import objections
from reconciler.errors import Fault
from reconciler.model import Consent, Expectation, Hold, Kind
from reconciler.model import Path as NodePath

__all__ = ["Heard", "Hearing", "Stated", "Told", "heard"]

_UNTOUCHED = frozenset({"kind", "accounts"})


@dataclass(frozen=True, slots=True)
class Stated:
    """A document that declares no object, as it stands in its file."""

    tree: Tree
    path: Path

    @property
    def kind(self) -> str:
        """Return what ``kind`` says."""
        return str(self.tree.data["kind"])

    @property
    def accounts(self) -> list[str] | None:
        """Return the accounts that the document is about, or None for all."""
        names = self.tree.data.get("accounts")
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else None


@dataclass(slots=True)
class Told:
    """What a document says for one account."""

    expectations: list[Expectation] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heard:
    """A document with its variables filled in, held against its schema; what is wrong goes into ``told``."""

    filled: Filled
    blamed: frozenset[NodePath]
    """The nodes that its schema says something against; the root among them, where a key is missing."""
    told: Told

    @property
    def data(self) -> Mapping[str, Any]:
        """Return what the document holds."""
        data: Mapping[str, Any] = self.filled.tree.data
        return data

    def sound(self, *path: str | int) -> bool:
        """Return whether nothing is said against the node at ``path``, nor against its variables."""
        above = {path[:length] for length in range(1, len(path) + 1)}
        return not above & self.blamed and str(self.filled.tree.at(path)) not in self.filled.spoiled

    def fault(self, path: NodePath, what: str, remedy: str) -> None:
        """Report what is wrong with the node at ``path``."""
        self.told.faults.append(Fault(str(self.filled.tree.at(path)), what, remedy))


Hearing: TypeAlias = Callable[[Heard, Mapping[str, Kind[Any]]], None]
"""Puts what a document says into its ``told``, and what is wrong with it beyond its schema."""


def heard(stated: Stated, scope: Scope) -> Heard:
    """Return the document with its variables filled in by ``scope``, and what is wrong with its form."""
    filled = fill(stated.tree, scope, untouched=_UNTOUCHED)
    found = objections(f"{stated.kind}.schema.json", filled.tree.data)
    said = [Fault(str(filled.tree.at(path)), what, remedy) for path, what, remedy in found]
    faults = [*filled.faults, *(fault for fault in said if fault.place not in filled.spoiled)]
    return Heard(filled, frozenset(path for path, _, _ in found), Told(faults=faults))
