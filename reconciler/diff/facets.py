"""One object's differences, facet by facet, and the calls that close them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from reconciler.diff.nouns import Draft, Scene
from reconciler.diff.settle import item_origin
from reconciler.kinds import KINDS
from reconciler.model import Conflict, Declared, Difference, Facet, Fixed, Items, Value

__all__ = ["Closing", "blank", "chained", "close_facet", "first_differences"]


@dataclasses.dataclass(slots=True)
class Closing:
    """What closing the differences of one object takes."""

    drafts: list[Draft] = dataclasses.field(default_factory=list)
    differences: list[Difference] = dataclasses.field(default_factory=list)
    conflicts: list[Conflict] = dataclasses.field(default_factory=list)


def chained(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts, each waiting for the one before it."""
    linked = list(drafts[:1])
    for before, draft in pairwise(drafts):
        linked.append(dataclasses.replace(draft, after=draft.after | {before.call.key}))
    return linked


def close_facet(scene: Scene, declared: Declared, facet: Facet, desired: Any, live: Any, closing: Closing) -> None:
    """Add to ``closing`` what the facet's difference between two whole resources of one kind takes."""
    if isinstance(facet, Fixed):
        _close_fixed(declared, facet, desired, live, closing)
    elif isinstance(facet, Value):
        _close_value(declared, facet, desired, live, closing)
    elif isinstance(facet, Items):
        _close_items(scene, declared, facet, desired, live, closing)


def _close_fixed(declared: Declared, facet: Fixed, desired: Any, live: Any, closing: Closing) -> None:
    before, after = getattr(live, facet.field), getattr(desired, facet.field)
    if before == after:
        return
    what = f"{facet.field} is {_quoted(before)} and shall be {_quoted(after)}, which IAM cannot change in place"
    remedy = f"set it back, or write `replace: true` to delete {declared.address} and create it anew"
    conflict = Conflict(declared.address, facet.field, what, remedy, declared.at(facet.field))
    closing.conflicts.append(conflict)


def _quoted(value: Any) -> str:
    return "empty" if value in (None, "") else repr(value)


def _close_value(declared: Declared, facet: Value, desired: Any, live: Any, closing: Closing) -> None:
    before, after = getattr(live, facet.field), getattr(desired, facet.field)
    if before == after or (before is not None and after is not None and facet.same(before, after)):
        return
    needs = KINDS[declared.address.kind].principals(desired) if facet.trusts else frozenset()
    releases = frozenset({before}) if facet.refers and before is not None else frozenset()
    closing.drafts += chained(
        [Draft(declared.address, call, "change", needs=needs, releases=releases) for call in facet.write(desired, live)]
    )
    closing.differences.append(_difference(declared, facet, before, after))


def _difference(declared: Declared, facet: Value, before: Any, after: Any) -> Difference:
    sign: Any = "+" if before is None else "-" if after is None else "~"
    detail = facet.explain(before, after) if facet.explain else ()
    return Difference(facet.field, sign, "", before, after, tuple(detail), declared.at(facet.field))


def _close_items(scene: Scene, declared: Declared, facet: Items, desired: Any, live: Any, closing: Closing) -> None:
    before, after = getattr(live, facet.field), getattr(desired, facet.field)
    renewed = {key for key in before if key in after and facet.refers and _is_replaced(scene, facet.refers, key)}
    put = {k: v for k, v in after.items() if k not in before or k in renewed or not facet.same(before[k], v)}
    drop = sorted(key for key in before if key not in after or key in renewed)
    if not put and not drop:
        return
    closing.drafts += [Draft(declared.address, call, "remove") for call in (facet.drop(live, drop) if drop else ())]
    closing.drafts += [Draft(declared.address, call, "add") for call in (facet.put(live, put) if put else ())]
    for key in sorted(put.keys() - renewed):
        detail = facet.explain(before.get(key), after[key]) if facet.explain else ()
        origin = item_origin(declared, facet, key)
        sign: Any = "~" if key in before else "+"
        closing.differences.append(
            Difference(facet.field, sign, facet.label(key), before.get(key), after[key], tuple(detail), origin)
        )
    for key in sorted(set(drop) - renewed):
        detail = facet.explain(before[key], None) if facet.explain else ()
        closing.differences.append(
            Difference(facet.field, "-", facet.label(key), before[key], None, tuple(detail), declared.origin)
        )


def _is_replaced(scene: Scene, kind: str, key: str) -> bool:
    return scene.target(kind, key) in scene.replaced


def blank(resource: Any) -> Any:
    """Return a resource of the same kind, name and path that has nothing else."""
    return type(resource)(name=resource.name, path=resource.path)


def first_differences(declared: Declared, resource: Any) -> tuple[Difference, ...]:
    """Return what a new object has beyond the defaults of its kind."""
    empty = blank(resource)
    found = []
    for facet in KINDS[declared.address.kind].facets:
        before, after = getattr(empty, facet.field), getattr(resource, facet.field)
        if facet.field == "path":
            if after != "/":
                found.append(Difference("path", "+", "", None, after, (), declared.at("path")))
        elif isinstance(facet, Items):
            for key in sorted(after):
                detail = facet.explain(None, after[key]) if facet.explain else ()
                origin = item_origin(declared, facet, key)
                found.append(Difference(facet.field, "+", facet.label(key), None, after[key], tuple(detail), origin))
        elif after != before:
            explain = facet.explain if isinstance(facet, Value) else None
            detail = explain(None, after) if explain else ()
            found.append(Difference(facet.field, "+", "", None, after, tuple(detail), declared.at(facet.field)))
    return tuple(found)
