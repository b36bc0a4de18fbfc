"""The order of a plan's steps: what names an object waits for its birth, and its end waits for what names it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from reconciler.diff import Draft, Tie
from reconciler.errors import ReconcilerError
from reconciler.model import Effect, Live, Step
from reconciler.plan.access import DENIES, LIFTS, WIDENS, Bonds, bonds

__all__ = ["merged", "ordered", "waits"]

_RANKS: Mapping[Effect, int] = {"lock": 0, "rename": 1, "create": 2, "add": 4, "change": 5, "remove": 6, "delete": 8}
"""Where nothing else binds two calls: close doors, add, change, and only then take away."""
_WEIGHTY = {DENIES: 3, WIDENS: 7, LIFTS: 7}
"""The ranks of calls that deny something before anything is added, or allow it once everything else is taken away."""

_TAKING: frozenset[Effect] = frozenset({"lock", "remove", "delete"})


def ordered(drafts: Iterable[Draft], ties: Sequence[Tie], live: Live | None = None) -> tuple[Step, ...]:
    """Return the drafts as steps, each call once, in an order that depends on nothing but the drafts and ``live``.

    In every state that a run can reach by them, each principal of ``live`` may do what it may both before and after,
    and nothing that it may at neither end; a step after which that cannot be so is marked.
    """
    calls = merged(drafts)
    earlier = waits(calls, ties)
    order = _sorted(calls, earlier)
    found = bonds(live, order, calls, _ancestors(order, earlier)) if live is not None else Bonds()
    for key, more in found.waits.items():
        earlier[key] |= more
    ids = {key: number for number, key in enumerate(_sorted(calls, earlier, found.ranks), start=1)}
    return tuple(
        Step(
            number,
            calls[key].address,
            calls[key].call,
            tuple(sorted(ids[other] for other in earlier[key])),
            found.notes.get(key) or calls[key].note,
            tuple(sorted(found.marks.get(key, ()))),
        )
        for key, number in ids.items()
    )


def _sorted(
    merged: Mapping[str, Draft], waits: Mapping[str, set[str]], ranks: Mapping[str, int] | None = None
) -> list[str]:
    """Return the calls' keys, each after those that it waits for; ``ranks`` says what calls are to access."""
    best = {key: _priority(draft, (ranks or {}).get(key)) for key, draft in merged.items()}
    blocks: dict[str, list[str]] = {key: [] for key in merged}
    for key, earlier in waits.items():
        for other in earlier:
            blocks[other].append(key)
    open_ = {key: len(earlier) for key, earlier in waits.items()}
    ready = [best[key] for key, count in open_.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        key = heapq.heappop(ready)[-1]
        order.append(key)
        for other in blocks[key]:
            open_[other] -= 1
            if open_[other] == 0:
                heapq.heappush(ready, best[other])
    if len(order) < len(merged):
        stuck = sorted(f"{merged[key].call.operation} {merged[key].address}" for key in merged.keys() - set(order))
        raise ReconcilerError(f"these calls wait for one another: {', '.join(stuck)}; split the change in two")
    return order


def _ancestors(order: Iterable[str], waits: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Return for each call all calls that must be made before it; ``order`` has each after those."""
    found: dict[str, frozenset[str]] = {}
    for key in order:
        found[key] = frozenset(waits[key]).union(*(found[earlier] for earlier in waits[key]))
    return found


def _priority(draft: Draft, access: int | None = None) -> tuple[int, str, str, str]:
    rank = _RANKS[draft.effect]
    if access in _WEIGHTY and _RANKS["create"] < rank < _RANKS["delete"]:
        rank = _WEIGHTY[access]
    return (rank, draft.address.kind, draft.address.folded, draft.call.key)


def merged(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """Return the drafts by their calls' keys: the same call drafted for two objects is one, with the bonds of both."""
    found: dict[str, Draft] = {}
    for draft in sorted(drafts, key=_priority):
        known = found.get(draft.call.key)
        found[draft.call.key] = draft if known is None else _joined(known, draft)
    return found


def _joined(one: Draft, two: Draft) -> Draft:
    return Draft(
        one.address,
        one.call,
        one.effect,
        one.after | two.after,
        one.needs | two.needs,
        one.releases | two.releases,
        one.note or two.note,
    )


def waits(drafts: Mapping[str, Draft], ties: Sequence[Tie]) -> dict[str, set[str]]:
    """Return for each call the calls that it cannot do without: those that IAM demands before it."""
    found = {key: {earlier for earlier in draft.after if earlier in drafts} for key, draft in drafts.items()}
    by_name: dict[tuple[str, str], list[Tie]] = {}
    for tie in ties:
        for name in tie.names:
            by_name.setdefault(name, []).append(tie)
    for key, draft in drafts.items():
        for tie in _named(draft, by_name):
            taking = draft.effect in _TAKING
            if tie.born is not None and tie.born != key and not (tie.replaced and taking):
                found[key].add(tie.born)
            if tie.dies is not None and tie.dies != key and not (tie.replaced and not taking):
                found[tie.dies].add(key)
        for arn in draft.releases:
            for tie in by_name.get(("*", arn), ()):
                if tie.dies is not None and tie.dies != key:
                    found[tie.dies].add(key)
    return found


def _named(draft: Draft, by_name: Mapping[tuple[str, str], list[Tie]]) -> list[Tie]:
    """Return the ties of the objects that the call names, by their handles or by an ARN anywhere."""
    texts = [(param, value) for param, value in draft.call.params.items() if isinstance(value, str)]
    names = {*texts, *(("*", value) for _, value in texts), *(("*", arn) for arn in draft.needs)}
    return [tie for name in sorted(names) for tie in by_name.get(name, ())]
