"""What the loaders hand on: plain values, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from reconciler.model import Origin, Path

__all__ = ["Positions", "Spot", "Tree", "without"]


class Spot(NamedTuple):
    """Where a node stands (line and column from 1), and its children's spots by key or index."""

    file: str
    line: int
    column: int
    below: Below = None

    @property
    def origin(self) -> Origin:
        """Return the place in the form that the other rooms know."""
        return Origin(self.file, self.line, self.column)

    def child(self, key: str | int) -> Spot | None:
        """Return the spot of the node below ``key``, or None where there is none of its own."""
        if isinstance(self.below, Mapping):
            return self.below.get(key) if isinstance(key, str) else None
        if self.below is not None and isinstance(key, int) and 0 <= key < len(self.below):
            return self.below[key]
        return None


Below: TypeAlias = Mapping[str, Spot] | Sequence[Spot] | None


@dataclass(frozen=True, slots=True)
class Tree:
    """One document: mappings, lists, texts and None, with the spot of its root.

    ``templated`` says that some text holds ``{{``. At the places in ``spoiled`` something stands in for what was
    refused there: whatever else is said of them is a consequence. Values may be shared between places (aliases), so
    nobody changes them.
    """

    data: Any
    spot: Spot
    templated: bool = False
    spoiled: frozenset[str] = frozenset()

    def at(self, path: Path) -> Origin:
        """Return the place of the node at ``path``, or of the nearest node above it that has one."""
        return self.spot_at(path).origin

    def spot_at(self, path: Path) -> Spot:
        """Return the spot of the node at ``path``, or of the nearest node above it that has one."""
        spot = self.spot
        for key in path:
            child = spot.child(key)
            if child is None:
                break
            spot = child
        return spot


class Positions(Mapping[Path, Origin]):
    """The places of a document's nodes by path, made when they are asked for: few of them ever are."""

    __slots__ = ("_root",)

    def __init__(self, root: Spot) -> None:
        """Take the spot of the document's root."""
        self._root = root

    def __getitem__(self, path: Path) -> Origin:
        """Return the place of the node at ``path``: of its key in a mapping, of the item in a list."""
        spot: Spot | None = self._root
        for key in path:
            spot = spot.child(key) if spot is not None else None
        if spot is None:
            raise KeyError(path)
        return spot.origin

    def __iter__(self) -> Iterator[Path]:
        """Yield every path, parents first."""
        pending: list[tuple[Path, Spot]] = [((), self._root)]
        while pending:
            path, spot = pending.pop()
            yield path
            below = spot.below
            if isinstance(below, Mapping):
                pending += [((*path, key), child) for key, child in below.items()]
            elif below is not None:
                pending += [((*path, index), child) for index, child in enumerate(below)]

    def __len__(self) -> int:
        """Return the number of nodes."""
        return sum(1 for _ in self)


def without(tree: Tree, paths: Iterable[Path]) -> Tree:
    """Return the tree without the nodes at ``paths``; its root stays. The others keep their places."""
    data, spot = _without(tree.data, tree.spot, {path for path in paths if path})
    return replace(tree, data=data, spot=spot)


def _without(data: Any, spot: Spot, paths: Iterable[Path]) -> tuple[Any, Spot]:
    below: dict[str | int, set[Path]] = {}
    for key, *rest in paths:
        below.setdefault(key, set()).add(tuple(rest))
    if not below or not isinstance(data, (dict, list)):
        return data, spot
    kept: dict[str | int, tuple[Any, Spot]] = {}
    for key, child in data.items() if isinstance(data, dict) else enumerate(data):
        gone = below.get(key, set())
        if () not in gone:
            kept[key] = _without(child, spot.child(key) or spot, gone)
    values = {key: value for key, (value, _) in kept.items()}
    spots = {key: place for key, (_, place) in kept.items()}
    if isinstance(data, dict):
        return values, spot._replace(below={str(key): place for key, place in spots.items()})
    return list(values.values()), spot._replace(below=list(spots.values()))
