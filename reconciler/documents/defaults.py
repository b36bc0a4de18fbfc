"""Values that the settings give to keys which documents leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from reconciler.documents.tree import Spot, Tree
from reconciler.model import Address, Kind

__all__ = ["ADOPT", "Default", "Defaults"]

ADOPT: Final = "adopt"
"""The key that every kind's documents have and that is no field of their objects."""


@dataclass(frozen=True, slots=True)
class Default:
    """Values for the objects of one pattern."""

    match: str
    """A pattern over ``kind/name``, in lower case."""
    values: Mapping[str, tuple[Any, Spot]]
    """By key: the value, and where it stands in the settings."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of one account, in the settings' order."""

    rules: Sequence[Default] = ()
    spoiled: frozenset[str] = frozenset()
    """Places in the settings of which anything that is said is a consequence."""

    def may_fill(self, tree: Tree, kind: Kind[Any]) -> bool:
        """Return whether a document, its variables not filled in yet, may get anything from here."""
        return bool(self.rules) and (tree.templated or self.fill_in(tree, kind) is not tree)

    def fill_in(self, tree: Tree, kind: Kind[Any]) -> Tree:
        """Return a document with the defaults for keys that it does not give; their places are those in the settings.

        For each key the first rule wins that matches and has it. A null counts as given. Nothing is added to a
        document that only says that its object is gone or given up, or whose name cannot be read.
        """
        name = tree.data.get("name")
        if not self.rules or not isinstance(name, str) or tree.data.get("state", "present") != "present":
            return tree
        address = Address(kind.name, name)
        folded = f"{address.kind}/{address.folded}"
        added: dict[str, tuple[Any, Spot]] = {}
        for rule in self.rules:
            if fnmatchcase(folded, rule.match):
                added = {**rule.values, **added}
        known = {ADOPT, *(facet.field for facet in kind.facets)}
        new = {key: value for key, value in added.items() if key in known and key not in tree.data}
        if not new:
            return tree
        below = {key: tree.spot.child(key) or tree.spot for key in tree.data}
        spots = {key: spot for key, (_, spot) in new.items()}
        data = {**tree.data, **{key: value for key, (value, _) in new.items()}}
        return replace(tree, data=data, spot=tree.spot._replace(below={**below, **spots}))
