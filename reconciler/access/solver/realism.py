"""Resources that the actions of a class are for, so that a witness is a request that somebody may make."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reconciler.access.solver.actions import indexes
from reconciler.access.solver.predicates import Resources
from reconciler.access.solver.texts import Glob, Piece, Symbol, Wild, match_pieces
from reconciler.catalogue.actions import action_catalogue

__all__ = ["Shape", "level_of", "shapes", "weightiest"]

_MEMO = 4_096
_ASSUMING = "sts:assumerole"
_PERMISSIONS = "Permissions management"
_LEVELS = (_PERMISSIONS, "Write", "Tagging", "Read", "List")
_OWN, _OWN_END = "iam:", "iam;"
"""What IAM's own actions begin with, and what comes after them: whoever manages them may come to do anything."""
_ACTIONS = 32_768
_LARGE = 200
_HOLE = re.compile(r"(\$\{[^}]*\}|\*)")
_USUAL = {"Partition": "aws", "Region": "eu-west-1", "Account": "123456789012", "AccountId": "123456789012"}


@dataclass(frozen=True)
class Shape:
    """Resources of some actions."""

    resources: Resources
    actions: tuple[tuple[str, Resources], ...]
    """Names of actions, each with its own."""

    def action_for(self, resource: str) -> str:
        """Return an action that is for the resource."""
        return next((name for name, own in self.actions if not resource or own.holds((resource,))), self.actions[0][0])


def shapes(bits: int, wanted: Sequence[Resources], *, trust: bool) -> Iterator[Shape]:
    """Return the resources that some actions of the catalogue are for: the usual ones of the first, then all there are.

    Only such are returned as may be one of each of the wanted. In a trust policy these are roles.
    """
    places = indexes(bits)
    groups: dict[tuple[str, ...], int] = {}
    for index in places:
        formats = _formats(index)
        if not trust or any(":role/" in one for one in formats):
            groups.setdefault(formats, index)
            if len(groups) == 1 and index == (bits & -bits).bit_length() - 1:
                yield _shape(((formats, index),), usual=True)
    pairs = [(formats, index) for formats, index in groups.items() if _may_be(formats, wanted)]
    for usual in (True, False):
        for start in range(0, len(pairs), _LARGE):
            yield _shape(tuple(pairs[start : start + _LARGE]), usual=usual)


def weightiest(bits: int, *, trust: bool) -> int:
    """Return those of some actions of the catalogue that matter most to whoever reads of them."""
    if trust:
        assuming = bits & _bits_by_level()[0]
        if assuming:
            return assuming
    return next((bits & level for level in _bits_by_level()[1:] if bits & level), bits)


def level_of(bits: int) -> int:
    """Return how much the weightiest of some actions of the catalogue matters; the smaller, the more."""
    return next((place for place, level in enumerate(_bits_by_level()[1:]) if bits & level), len(_LEVELS) + 1)


@lru_cache(1)
def _bits_by_level() -> tuple[int, ...]:
    """Return the actions by which a role is assumed, then those of each level of access."""
    catalogue = action_catalogue()
    levels = {name: catalogue.at_level(name) for name in _LEVELS}
    first, last, assuming = (bisect_left(catalogue.folded, name) for name in (_OWN, _OWN_END, _ASSUMING))
    own = levels[_PERMISSIONS] & ((1 << last) - (1 << first))
    return 1 << assuming, own, *levels.values()


def _may_be(formats: tuple[str, ...], wanted: Sequence[Resources]) -> bool:
    """Return whether, by the parts before the last, one of the formats may be one of each of the wanted."""
    own = _resources(formats, usual=False).globs
    return any(all(any(_meet(glob, other) for other in one.globs) for one in wanted) for glob in own)


@lru_cache(_ACTIONS)
def _meet(glob: Glob, other: Glob) -> bool:
    if (
        glob.form != "arn"
        or other.everything
        or any(symbol in other.symbols for part in other.parts[:-1] for symbol in part)
    ):
        return True
    return all(_parts_meet(one, two) for one, two in zip(glob.parts, other.parts, strict=True))


def _parts_meet(one: tuple[Piece, ...], two: tuple[Piece, ...]) -> bool:
    """Return whether a text may be both, by what they begin with at least; a variable may be anything."""
    for part, pattern in ((one, two), (two, one)):
        if all(isinstance(piece, str) for piece in part) and not any(isinstance(piece, Symbol) for piece in pattern):
            return match_pieces(pattern, "".join(map(str, part)))
    head, other = (part[0] if part and isinstance(part[0], str) else "" for part in (one, two))
    return head.startswith(other) or other.startswith(head)


@lru_cache(_ACTIONS)
def _formats(index: int) -> tuple[str, ...]:
    return action_catalogue().arn_formats(index)


@lru_cache(_MEMO)
def _shape(pairs: tuple[tuple[tuple[str, ...], int], ...], *, usual: bool) -> Shape:
    names = action_catalogue().names
    actions = tuple((names[index], _resources(formats, usual=usual)) for formats, index in pairs)
    globs = dict.fromkeys(glob for _, resources in actions for glob in resources.globs)
    return Shape(Resources(tuple(globs)), actions)


@lru_cache(_MEMO)
def _resources(formats: tuple[str, ...], *, usual: bool) -> Resources:
    return Resources(tuple(_glob(one, usual=usual) for one in formats) or (Glob("equals", ("*",)),))


def _glob(arn_format: str, *, usual: bool) -> Glob:
    pieces: list[Piece] = []
    text = ""
    for part in _HOLE.split(arn_format):
        name = part[2:-1] if part.startswith("${") else ""
        if name in _USUAL and usual:
            text += _USUAL[name]
        elif name or part == "*":
            pieces += [text] if text else []
            text = ""
            pieces += [Wild.MARK, Wild.STAR] if name else [Wild.STAR]
        else:
            text += part
    return Glob("arn", (*pieces, text) if text else tuple(pieces))
