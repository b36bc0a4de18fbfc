"""How the access of two principals relates, proved by the solver and confirmed by the evaluator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

from reconciler.access.deciding import Decision, Principal, Request, evaluate, evaluate_trust
from reconciler.access.principals import Caller, Space
from reconciler.access.solver.comparing import Direction, Found, beyond, direction
from reconciler.access.solver.search import Budget
from reconciler.access.solver.sides import Layer, Side, bound, joined, keys_of
from reconciler.access.statements import Document
from reconciler.access.verdict import Answer, Label, Relation, Scope, Verdict, Witness
from reconciler.access.words import fold
from reconciler.catalogue.actions import action_catalogue
from reconciler.errors import PolicyError

__all__ = ["BUDGET", "compare", "compare_documents", "compare_trust", "exceeds", "keys_that_count"]

BUDGET = 8_000
"""How many steps a comparison may take in each direction; a step is from a tenth of a millisecond to one."""

_Decide: TypeAlias = Callable[[Found, Request], tuple[Decision, Decision]]
_Texts: TypeAlias = dict[int, tuple[Document, str]]
"""Documents, held so that no other takes their identity, and their texts."""
_EMPTY: Document = '{"Version": "2012-10-17", "Statement": []}'


def compare(old: Principal, new: Principal, *, budget: int = BUDGET, witnesses: int = 5) -> Verdict:
    """Return how the identity-based access of ``new`` relates to that of ``old``, over every request there is.

    What cannot be read or settled makes the verdict UNDECIDED, with place and cause in its reasons.
    """
    texts: _Texts = {}
    sides = [_side(name, principal, texts) for name, principal in (("old", old), ("new", new))]

    def decide(found: Found, request: Request) -> tuple[Decision, Decision]:
        del found
        return evaluate(old, request), evaluate(new, request)

    return _verdict(sides, decide, budget, witnesses, scps=bool(old.scps or new.scps))


def compare_documents(
    old: Document | None, new: Document | None, *, budget: int = BUDGET, witnesses: int = 5
) -> Verdict:
    """Return how what one policy allows relates to what another does; None is no policy."""
    before, after = (Principal([] if one is None else [one]) for one in (old, new))
    return compare(before, after, budget=budget, witnesses=witnesses)


def compare_trust(old: Document | None, new: Document | None, *, budget: int = BUDGET, witnesses: int = 5) -> Verdict:
    """Return how the callers and requests that one trust policy lets in relate to another's; None is no policy.

    Witnesses carry the caller.
    """
    documents = [_EMPTY if one is None else one for one in (old, new)]
    sides = [_trust(name, one) for name, one in zip(("old", "new"), documents, strict=True)]

    def decide(found: Found, request: Request) -> tuple[Decision, Decision]:
        caller = _caller(found)
        if caller is None:
            raise PolicyError("a trust policy's witness has no caller")
        before, after = (evaluate_trust(one, caller, request) for one in documents)
        return before, after

    return _verdict(sides, decide, budget, witnesses, scps=False)


def exceeds(allowed: Sequence[Principal], refused: Sequence[Principal], *, budget: int = BUDGET) -> Answer:
    """Return whether there is a request that all of the first principals are allowed and none of the others is.

    The witness is such a request, with what the first of either sort is told as its ``new`` and its ``old`` decision.
    """
    texts: _Texts = {}
    sides = [_side(f"principal {number}", one, texts) for number, one in enumerate([*allowed, *refused], 1)]
    known = [side for side in sides if not isinstance(side, str)]
    if len(known) < len(sides):
        return Answer(None, None, tuple(side for side in sides if isinstance(side, str)))
    having, without = joined(known[: len(allowed)]), known[len(allowed) :]

    def decide(found: Found, request: Request) -> tuple[Decision, Decision]:
        del found
        inside = [evaluate(one, request) for one in allowed]
        outside = [evaluate(one, request) for one in refused]
        # One that decides otherwise than the rest must is what the others are judged by.
        return (
            next((one for one in outside if one.allowed), outside[0]),
            next((one for one in inside if not one.allowed), inside[0]),
        )

    found = beyond(without, having, Budget(budget))
    spelled = {key: written for side in known for key, written in side.spelled().items()} if found.found else {}
    found, witnesses = _confirmed(found, decide, spelled, allowed=1)
    return Answer(found.exists, witnesses[0] if witnesses else None, found.reasons)


def keys_that_count(principal: Principal) -> tuple[str, ...]:
    """Return the folded names of the condition keys that the documents speak of, as far as they can be read."""
    levels = [principal.identity, [principal.boundary] if principal.boundary is not None else [], *principal.scps]
    found: dict[str, None] = {}
    for documents in levels:
        for document in documents:
            try:
                found.update(dict.fromkeys(keys_of(_text(document, ""))))
            except PolicyError:
                continue
    return tuple(found)


def _verdict(sides: Sequence[Side | str], decide: _Decide, budget: int, witnesses: int, *, scps: bool) -> Verdict:
    old, new = sides
    scope = Scope(action_catalogue().date, len(action_catalogue().names), scps)
    if isinstance(old, str) or isinstance(new, str):
        reasons = tuple(side for side in sides if isinstance(side, str))
        return Verdict(Relation.UNDECIDED, None, None, (), (), 0, 0, 0, 0, None, None, reasons, scope)
    gains, losses = (direction(*pair, Budget(budget), witnesses) for pair in ((old, new), (new, old)))
    spelled = _spelled(old, new) if gains.found or losses.found else {}
    gains, gained = _confirmed(gains, decide, spelled, allowed=1)
    losses, lost = _confirmed(losses, decide, spelled, allowed=0)
    return Verdict(
        relation=_relation(gains.exists, losses.exists),
        widens=gains.exists,
        narrows=losses.exists,
        gained=gained,
        lost=lost,
        gained_actions=gains.bits.bit_count(),
        lost_actions=losses.bits.bit_count(),
        old_actions=old.plain_bits().bit_count(),
        new_actions=new.plain_bits().bit_count(),
        gained_label=_label(gains.label),
        lost_label=_label(losses.label),
        reasons=tuple(dict.fromkeys([*gains.reasons, *losses.reasons])),
        scope=scope,
    )


def _spelled(old: Side, new: Side) -> Mapping[str, str]:
    """Return how condition keys are spelled, by their folded names; of two spellings always the same one."""
    found: dict[str, str] = {}
    for key, spelling in (*old.spelled().items(), *new.spelled().items()):
        found[key] = max(spelling, found.get(key, spelling))
    return found


def _relation(widens: bool | None, narrows: bool | None) -> Relation:  # noqa: FBT001  two answers
    if widens is None or narrows is None:
        return Relation.UNDECIDED
    if widens:
        return Relation.INCOMPARABLE if narrows else Relation.WIDER
    return Relation.NARROWER if narrows else Relation.EQUAL


def _confirmed(
    found: Direction, decide: _Decide, spelled: Mapping[str, str], *, allowed: int
) -> tuple[Direction, tuple[Witness, ...]]:
    """Return the direction and its witnesses; undecided where the evaluator says otherwise of one."""
    confirmed = []
    for one in found.found:
        request = Request(
            one.action, one.resource, {spelled.get(key, key): _spread(values) for key, values in one.context}
        )
        try:
            decisions = decide(one, request)
        except PolicyError as error:
            return _doubted(found, f"the witness cannot be checked: {error}"), ()
        if (decisions[0].allowed, decisions[1].allowed) != (allowed == 0, allowed == 1):
            return _doubted(
                found, f"the evaluator does not confirm {one.action} on {one.resource}: a fault of ours"
            ), ()
        confirmed.append(Witness(request, *decisions, _label(one.label), _caller(one)))
    return found, tuple(confirmed)


def _doubted(found: Direction, reason: str) -> Direction:
    return Direction(None, (), 0, None, (*found.reasons, reason))


def _spread(values: tuple[str, ...]) -> str | tuple[str, ...]:
    return values[0] if len(values) == 1 else values


def _label(name: str | None) -> Label | None:
    return None if name is None else Label(name)


def _caller(found: Found) -> Caller | None:
    if found.caller is None:
        return None
    space, name = found.caller
    known: Mapping[str, Space] = {one: one for one in get_args(Space)}
    return Caller(known[space], name)


def _side(name: str, principal: Principal, texts: _Texts) -> Side | str:
    """Return the solver's reading of a principal, or why it has none."""
    try:
        layers = [_layer("identity", "identity {}", principal.identity, texts)]
        if principal.boundary is not None:
            layers.append(_layer("boundary", "boundary", [principal.boundary], texts))
        for index, level in enumerate(principal.scps):
            layers.append(_layer(f"scp {index + 1}", f"scp level {index + 1}, document {{}}", level, texts))
        return bound(layers, _bindings(principal.bindings))
    except PolicyError as error:
        return f"{name}: {error}"


def _trust(name: str, document: Document) -> Side | str:
    try:
        return bound([_layer("trust", "trust", [document], {})], {}, trust=True)
    except PolicyError as error:
        return f"{name}: {error}"


def _layer(name: str, place: str, documents: Sequence[Document], known: _Texts) -> Layer:
    """Return a layer; ``known`` are texts by the identity of their documents, which both sides mostly share."""
    if isinstance(documents, (str, Mapping)):
        raise PolicyError(f"{name}: this is one document; a list of documents is needed")
    texts = []
    for number, document in enumerate(documents, 1):
        where = place.format(number)
        if id(document) not in known:
            known[id(document)] = document, _text(document, where)
        texts.append((where, known[id(document)][1]))
    return Layer(name, tuple(texts))


def _text(document: Document, place: str) -> str:
    """Return a document as JSON text."""
    if isinstance(document, str):
        return document
    try:
        return json.dumps(document, default=_plain)
    except (TypeError, ValueError, RecursionError):
        raise PolicyError(f"{place}: this is no mapping of JSON values") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _bindings(values: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in values.items():
        texts = (value,) if isinstance(value, str) else tuple(value)
        if fold(key) in found or not all(isinstance(text, str) for text in texts):
            raise PolicyError(f"bindings: the value of {key} is no text, or is there twice")
        found[fold(key)] = texts
    return found
