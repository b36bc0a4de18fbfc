"""Which calls have nothing to do with one another, as far as one principal is concerned.

A call reaches the requests that it can make a difference to, whatever else is done: those that match what one version
of a document has and the other has not, or anything behind what is attached, joined, or left. Parts of which no two
reach one request are independent: whether a request is allowed depends on the calls of one part only, and a moment is
lawful if it is so part by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from reconciler.plan.standing import Part, Reader
from reconciler.plan.story import Edit, Story
from reconciler.policydoc import Atom

__all__ = ["Reaches", "Shape", "may_share", "shape"]

Said: TypeAlias = tuple[str, Part]
"""An effect, and what has it."""
Shape: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""The actions and the resources of an atom; nothing where it names those that it does not mean."""
Reach: TypeAlias = frozenset[Shape] | None
"""The shapes of all requests that a call can make a difference to; None: any request."""

_MOST_PAIRS = 20_000
_COLONS = 5
_WILD = re.compile(r"[*?]")
_VARIABLE = re.compile(r"\$\{[^}]*\}")


@dataclass(slots=True)
class Reaches:
    """What the calls of a story reach."""

    story: Story
    reader: Reader
    _known: dict[str, Reach] = field(default_factory=dict)
    _behind: dict[tuple[str | None, str], frozenset[Said]] = field(default_factory=dict)

    def apart(self, steps: Iterable[str]) -> list[frozenset[str]]:
        """Return the calls of one principal in parts that are independent of one another."""
        found: list[tuple[set[str], list[Reach]]] = []
        for key in sorted(steps, key=self.story.places.__getitem__):
            reach = self._reach(key)
            joined = [part for part in found if self._meets(key, reach, *part)]
            found = [part for part in found if not any(part is other for other in joined)]
            found.append(
                (
                    {key}.union(*(keys for keys, _ in joined)),
                    [reach, *(other for _, reaches in joined for other in reaches)],
                )
            )
        return [frozenset(keys) for keys, _ in found]

    def _meets(self, key: str, reach: Reach, keys: set[str], reaches: Iterable[Reach]) -> bool:
        # What must come before a call may be told together with it, so that the two are judged together as well.
        related = not self.story.ancestors[key].isdisjoint(keys) or any(key in self.story.ancestors[k] for k in keys)
        return related or any(may_share(reach, other) for other in reaches)

    def _reach(self, key: str) -> Reach:
        if key not in self._known:
            parts: set[Said] = set()
            unbounded = key in self.story.fixes
            for edit in self.story.edits.get(key, ()):
                unbounded |= edit.facet.grants == "boundary" and None in {edit.before, edit.after}
                parts |= self._changed(edit)
            # A policy whose document is not known may match whatever another matches.
            known = [part for _, part in parts if isinstance(part, Atom)]
            unbounded |= len(known) < len(parts)
            self._known[key] = None if unbounded else frozenset(shape(part) for part in known)
        return self._known[key]

    def _changed(self, edit: Edit) -> frozenset[Said]:
        """Return the parts that an edit can bring or take away, whatever else of the plan is done."""
        if edit.facet.grants == "document":
            return self.reader.said([edit.before]) ^ self.reader.said([edit.after])
        if edit.facet.grants == "inline":
            return frozenset().union(*self._inline(edit))
        keys: Iterable[str] = ()
        if edit.facet.grants == "held":
            keys = edit.before.keys() ^ edit.after.keys()
        elif edit.facet.grants == "boundary":
            keys = (key for key in (edit.before, edit.after) if key is not None)
        return frozenset().union(*(self._reached(edit, key) for key in keys))

    def _inline(self, edit: Edit) -> Iterator[frozenset[Said]]:
        for name in edit.before.keys() | edit.after.keys():
            one, other = ([side[name]] if name in side else [] for side in (edit.before, edit.after))
            if one != other:
                yield self.reader.said(one) ^ self.reader.said(other)

    def _reached(self, edit: Edit, key: str) -> frozenset[Said]:
        place = (edit.facet.refers, key)
        if place not in self._behind:
            self._behind[place] = self.reader.reached((self.story.start, self.story.end), edit.facet, key)
        return self._behind[place]


def shape(atom: Atom) -> Shape:
    """Return the patterns that the requests fit which the atom matches, and others may fit as well."""
    return (atom.values("Action"), tuple(map(_arn, atom.values("Resource"))))


def _arn(pattern: str) -> str:
    """Return a pattern of ``*`` and ``?`` for all that a pattern of ARNs matches, whatever its variables stand for."""
    text = _VARIABLE.sub("*", pattern)
    # Parts that are missing match anything. Source: IAM user guide, reference_policies_elements_resource.
    return text if text.count(":") >= _COLONS else f"{text}*"


@lru_cache(maxsize=16_384)
def may_share(one: Reach, other: Reach) -> bool:
    """Return whether a request may fit both; True also where that is not known."""
    if one is None or other is None:
        return one != frozenset() != other
    if len(one) * len(other) > _MOST_PAIRS:
        return True
    return any(not (_disjoint(a[0], b[0]) or _disjoint(a[1], b[1])) for a in one for b in other)


def _disjoint(ones: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Return whether no text matches a pattern of each side; nothing is known of a side without patterns."""
    return bool(ones and others) and all(_never_meet(one, other) for one in ones for other in others)


@lru_cache(maxsize=65_536)
def _never_meet(one: str, other: str) -> bool:
    """Return whether no text matches both patterns: they differ before their first wildcard, or behind their last."""
    one, other = one.lower(), other.lower()
    heads, tails = ([split[place] for split in map(_WILD.split, (one, other))] for place in (0, -1))
    if heads[0] == one and heads[1] == other:
        return one != other
    for pattern, text in ((one, other), (other, one)):
        if not _WILD.search(text):
            return re.fullmatch("".join(_loose(c) for c in pattern), text, re.DOTALL) is None
    head, tail = min(map(len, heads)), min(map(len, tails))
    return heads[0][:head] != heads[1][:head] or tails[0][len(tails[0]) - tail :] != tails[1][len(tails[1]) - tail :]


def _loose(letter: str) -> str:
    return {"*": ".*", "?": "."}.get(letter) or re.escape(letter)
