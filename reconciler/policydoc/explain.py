"""How one policy becomes another, in words; the one module that knows DeepDiff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.policydoc.describe import label, sentence, shown, slot_name
from reconciler.policydoc.normal import Policy, Slot, Statement, Values, normalise

__all__ = ["explain"]

_LEAST_LIKENESS = 0.25
_MOST_PAIRS = 40_000
_ONE = {"Sid", "Effect"}
_EVERYTHING = (("Resource",), "*")


def explain(before: Mapping[str, Any] | str, after: Mapping[str, Any] | str) -> tuple[str, ...]:
    """Return lines that say how ``before`` becomes ``after``; none exactly when the two are equivalent.

    A line begins with ``+``, ``-`` or ``~`` and a space. Statements are held against each other by Sid, then by what
    they have in common; everything that is added or removed is listed whole.

    Raises:
        PolicyError: One of them is no policy.
    """
    old, new = normalise(before), normalise(after)
    lines = list(_header("Version", old.version, new.version))
    lines += _header("Id", old.id, new.id)
    gone, born = _missing(old, new), _missing(new, old)
    pairs = _pairs(gone, born)
    for left, right in sorted(pairs, key=lambda pair: pair[1].number):
        name = label(right) if right.sid == left.sid else label(left)
        lines += (f"~ {name}: {line}" for line in _changes(left, right))
    left_over = {id(statement) for pair in pairs for statement in pair}
    for sign, statements in (("+", born), ("-", gone)):
        lines += (
            f"{sign} {label(statement)}: {sentence(statement, whole=True)}"
            for statement in statements
            if id(statement) not in left_over
        )
    return tuple(lines)


def _header(name: str, old: str, new: str) -> Iterator[str]:
    if old == new:
        return
    if old and new:
        yield f"~ {name} {shown(old)} -> {shown(new)}"
    else:
        yield f"+ {name} {shown(new)}" if new else f"- {name} {shown(old)}"


def _missing(here: Policy, there: Policy) -> list[Statement]:
    """Return the statements of ``here`` that ``there`` does not have, each once."""
    known = {statement.form for statement in there.statements}
    found: dict[Any, Statement] = {}
    for statement in here.statements:
        if statement.form not in known:
            found.setdefault(statement.form, statement)
    return list(found.values())


def _pairs(gone: list[Statement], born: list[Statement]) -> list[tuple[Statement, Statement]]:
    pairs = []
    lefts, rights = list(gone), list(born)
    for left in gone:
        right = next((right for right in rights if left.sid and right.sid == left.sid), None)
        if right is not None:
            pairs.append((left, right))
            lefts.remove(left)
            rights.remove(right)
    return pairs + _alike(lefts, rights)


def _alike(lefts: list[Statement], rights: list[Statement]) -> list[tuple[Statement, Statement]]:
    """Return the pairs that have most in common, best first; statements that have little in common stay alone."""
    if len(lefts) * len(rights) > _MOST_PAIRS:
        return []
    left_marks, right_marks = [_marks(left) for left in lefts], [_marks(right) for right in rights]
    scored = []
    for i, left in enumerate(left_marks):
        for j, right in enumerate(right_marks):
            common = left & right
            likeness = len(common) / len(left | right)
            if likeness >= _LEAST_LIKENESS and any(_telling(mark) for mark in common):
                scored.append((-likeness, i, j))
    pairs, used = [], set[tuple[str, int]]()
    for _, i, j in sorted(scored):
        if not used & {("left", i), ("right", j)}:
            used |= {("left", i), ("right", j)}
            pairs.append((lefts[i], rights[j]))
    return pairs


def _marks(statement: Statement) -> set[tuple[Slot, str]]:
    marks = {(slot, value) for slot, values in statement.slots.items() for value in values}
    return marks | {(("Effect",), statement.effect)}


def _telling(mark: tuple[Slot, str]) -> bool:
    return mark[0] != ("Effect",) and mark != _EVERYTHING


def _plain(statement: Statement) -> dict[Slot, Any]:
    """Return a statement in the form that DeepDiff compares."""
    slots = {slot: frozenset(values) for slot, values in statement.slots.items()}
    return {("Sid",): statement.sid, ("Effect",): statement.effect, **slots}


def _changes(old: Statement, new: Statement) -> Iterator[str]:
    from deepdiff import DeepDiff  # noqa: PLC0415  its import costs 70 ms, and most runs explain nothing

    # By default DeepDiff reports mappings with few keys in common as one change of the whole.
    tree = DeepDiff(_plain(old), _plain(new), view="tree", threshold_to_diff_deeper=0)
    added: dict[Slot, set[str]] = {}
    removed: dict[Slot, set[str]] = {}
    touched: set[Slot] = set()
    for kind, levels in tree.items():
        for level in levels:
            slot = level.path(output_format="list")[0]
            touched.add(slot)
            if kind == "set_item_added":
                added.setdefault(slot, set()).add(level.t2)
            elif kind == "set_item_removed":
                removed.setdefault(slot, set()).add(level.t1)
    for slot in [*_order(old, new, touched)]:
        if slot[0] in _ONE:
            yield _scalar_change(slot[0], old, new)
        else:
            yield _slot_change(slot, (old, new), added.get(slot, set()), removed.get(slot, set()))


def _order(old: Statement, new: Statement, touched: set[Slot]) -> Iterable[Slot]:
    return (slot for slot in dict.fromkeys([*_plain(old), *_plain(new)]) if slot in touched)


def _scalar_change(name: str, old: Statement, new: Statement) -> str:
    before, after = (old.sid, new.sid) if name == "Sid" else (old.effect, new.effect)
    return f"{name} {shown(before) if before else '(none)'} -> {shown(after) if after else '(none)'}"


def _slot_change(slot: Slot, pair: tuple[Statement, Statement], added: set[str], removed: set[str]) -> str:
    old, new = pair
    sign, owner = ("-", old) if slot not in new.slots else ("+", new)
    name = slot_name(slot, owner)
    if slot in old.slots and slot in new.slots:
        items = [*_signed("+", new.slots[slot], added), *_signed("-", old.slots[slot], removed)]
        return f"{'Condition ' if slot[0] == 'Condition' else ''}{name} {', '.join(items)}"
    values = owner.slots[slot]
    if slot[0] == "Condition":
        return f"Condition {sign} {name} = {', '.join(shown(text) for text in values.values()) or 'nothing'}"
    return f"{name} {', '.join(_signed(sign, values, set(values))) or f'{sign} nothing'}"


def _signed(sign: str, values: Values, wanted: set[str]) -> list[str]:
    return [f"{sign} {shown(text)}" for form, text in values.items() if form in wanted]
