"""The objects that a plan touches, as digests: what each was, and what each step of the plan makes of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Address, Facet, Items, Observed, Plan, Value
from reconciler.plan.foresee import Objects, foreseen, with_delta
from reconciler.policydoc import canonical

__all__ = [
    "CREATED", "Lack", "Touched", "Trail", "as_named", "digest", "is_created", "lacks", "left_by", "moved",
    "touched_by",
]  # fmt: skip

Trail: TypeAlias = tuple[tuple[int, str | None], ...]
"""The states of one thing in their order: each with the step that leads to it, 0 for what was read; None: not there."""

CREATED = ""
"""The unique id of an object that the plan itself creates: IAM gives it one that nobody knows before."""


@dataclasses.dataclass(frozen=True, slots=True)
class Touched:
    """One object that a plan's steps change; last-used dates, counters and what was not read are left out."""

    address: Address
    arn: str
    """The object's ARN as it was read; empty if it was not there."""
    identity: Trail
    """The object's unique ids."""
    fields: Mapping[str, Mapping[str, Trail]]
    """Per field the digests of its items by their keys; a field that is replaced whole has one, with an empty key."""


def touched_by(plan: Plan) -> tuple[Touched, ...]:
    """Return every object that the plan's steps change, with each state that they lead it through."""
    now = {address: observed for address, observed in plan.before.items() if observed is not None}
    tracks = {address: _Track(address, observed) for address, observed in plan.before.items()}
    for step in plan.steps:
        delta = foreseen(now, step.call, plan.account)
        for address, observed in delta.items():
            tracks[address].reaches(step.id, observed)
        now = dict(with_delta(now, delta))
    return tuple(tracks[address].touched() for address in sorted(tracks))


def as_named(objects: Objects, touched: Sequence[Touched], *, at_first: bool = False) -> Objects:
    """Return the touched ones of the live objects; trusts name those by ARN that are gone and were known by it.

    ``at_first`` has trusts name those by their first ARNs too that the plan renames or moves: steps that are bound to
    no order lead a trust in several of them through more states than one order shows.

    Source: IAM user guide, reference_policies_elements_principal: a trust shows the unique id of a principal once it
    is deleted. The deletion may go before a step that changes the trust.
    """
    arns = {one.identity[0][1]: one.arn for one in touched if one.arn and one.identity[0][1]}
    if at_first:
        here = (objects[one.address] for one in touched if one.address in objects)
        arns |= {one.arn: arns[one.resource.unique_id] for one in here if one.resource.unique_id in arns}
    found = {}
    for one in touched:
        observed = objects.get(one.address)
        if observed is not None:
            resource = KINDS[one.address.kind].follow(observed.resource, {str(id_): arn for id_, arn in arns.items()})
            found[one.address] = dataclasses.replace(observed, resource=resource)
    return found


def moved(
    touched: Touched, observed: Observed[Any] | None, *, begun: bool, at_first: Observed[Any] | None = None
) -> Iterator[str]:
    """Yield in words where an object is in no state that the plan knows of it.

    ``begun`` says that the plan's own steps may have been made already; else only what was read counts. ``at_first`` is
    the object again with the names that others had at first: see ``as_named``.
    """
    identity = touched.identity if begun else touched.identity[:1]
    if observed is None:
        if not any(state is None for _, state in identity):
            yield f"{touched.address} is not there any more"
        return
    if not any(_is(state, observed.resource.unique_id, touched) for _, state in identity):
        was = "was deleted and made anew" if touched.identity[0][1] else "is there now"
        yield f"{touched.address} {was} since the plan was made"
        return
    facets = _facets(touched.address)
    for field, trails in touched.fields.items():
        facet = facets[field]
        live = dict(_items(facet, getattr(observed.resource, field)))
        first = dict(_items(facet, getattr((at_first or observed).resource, field)))
        for item in sorted(trails.keys() | live.keys()):
            trail = trails.get(item, ((0, None),))
            state = digest(live[item]) if item in live else None
            known = {one for _, one in (trail if begun else trail[:1])}
            if (
                state not in known
                and (item not in first or digest(first[item]) not in known)
                and not (begun and _is_bare(touched, observed, facet, state))
            ):
                yield f"{touched.address}: {_told(facet, item)} {_how(trail, state)} since the plan was made"


def left_by(touched: Touched, step: int) -> bool:
    """Return whether the step changes something of the object."""
    return any(number == step for trail in _trails(touched) for number, _ in trail)


def is_created(touched: Touched, observed: Observed[Any] | None) -> bool:
    """Return whether the object is there, and the plan's own steps have created it, be it anew."""
    creates = any(state == CREATED for _, state in touched.identity)
    return creates and observed is not None and _is(CREATED, observed.resource.unique_id, touched)


@dataclasses.dataclass(frozen=True, slots=True)
class Lack:
    """One thing of an object that is not as a step, or one after it, leaves it."""

    what: str
    was_taken: bool
    """Whether the plan takes it away before the step puts it back, and it is away."""


def lacks(
    touched: Touched, step: int, observed: Observed[Any] | None, replaced: AbstractSet[Address] = frozenset()
) -> Iterator[Lack]:
    """Yield all that the step changes of the object and that is not as the step, or one after it, leaves it.

    ``replaced`` are the objects that the plan replaces: an item that leads to one is the same under its new ARN.
    """
    identity = _from(touched.identity, step)
    if identity and not any(_is_or_gone(state, observed, touched) for _, state in identity):
        yield Lack("", was_taken=False)
    facets = _facets(touched.address)
    for field, trails in touched.fields.items():
        facet = facets[field]
        live = dict(_items(facet, getattr(observed.resource, field))) if observed is not None else {}
        for item, trail in trails.items():
            state = digest(live[item]) if item in live else None
            later = _from(trail, step)
            bare = _is_bare(touched, observed, facet, state)
            if later and not any(state == known or (known is None and bare) for _, known in later):
                again = later[0][1] == trail[0][1] and (state is None or bare)
                moves = state is None and _leads_to(facet, item) in replaced and _was_there(facet, item, trails, live)
                yield Lack(_told(facet, item), again or moves)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value, in hexadecimal digits.

    It depends neither on the order of a mapping nor, in a policy, on what IAM rewrites: see ``canonical``.
    """
    form = _form(value)
    return hashlib.sha256(json.dumps(form, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


class _Track:
    """What happens to one object."""

    def __init__(self, address: Address, observed: Observed[Any] | None) -> None:
        self._address = address
        self._fields = _facets(address)
        self._arn = observed.arn if observed is not None else ""
        self._identity: list[tuple[int, str | None]] = []
        self._items: dict[str, dict[str, list[tuple[int, str | None]]]] = {name: {} for name in self._fields}
        self._seen: dict[str, Any] = {}
        self.reaches(0, observed)

    def reaches(self, step: int, observed: Observed[Any] | None) -> None:
        """Take the state that the step leads to."""
        if observed is not None:
            self._fields = {name: facet for name, facet in self._fields.items() if name not in observed.unread}
        _extend(self._identity, step, observed.resource.unique_id if observed is not None else None)
        for name, facet in self._fields.items():
            live: dict[str, Any] = {}
            if observed is None:
                self._seen.pop(name, None)
            else:
                value = getattr(observed.resource, name)
                if name in self._seen and self._seen[name] is value:
                    continue
                self._seen[name] = value
                live = dict(_items(facet, value))
            trails = self._items[name]
            for item in trails.keys() | live.keys():
                trail = trails.setdefault(item, [] if step == 0 else [(0, None)])
                _extend(trail, step, digest(live[item]) if item in live else None)

    def touched(self) -> Touched:
        """Return the object with its states."""
        fields = {
            name: {item: tuple(trail) for item, trail in sorted(self._items[name].items())}
            for name in sorted(self._fields)
        }
        return Touched(self._address, self._arn, tuple(self._identity), fields)


def _facets(address: Address) -> dict[str, Facet]:
    return {facet.field: facet for facet in KINDS[address.kind].facets}


def _extend(trail: list[tuple[int, str | None]], step: int, state: str | None) -> None:
    if not trail or trail[-1][1] != state:
        trail.append((step, state))


def _items(facet: Facet, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(facet, Items):
        yield from (value or {}).items()
    else:
        yield "", value


def _from(trail: Trail, step: int) -> Trail:
    """Return what the step, if it is one of the trail's, and those after it lead to."""
    return tuple(state for state in trail if state[0] >= step) if any(number == step for number, _ in trail) else ()


def _trails(touched: Touched) -> Iterator[Trail]:
    yield touched.identity
    for trails in touched.fields.values():
        yield from trails.values()


def _is(state: str | None, unique_id: str, touched: Touched) -> bool:
    """Return whether a live object of that id is in the state; one that the plan creates is none that was before."""
    if state == CREATED:
        return unique_id not in {known for _, known in touched.identity if known}
    return state == unique_id


def _is_or_gone(state: str | None, observed: Observed[Any] | None, touched: Touched) -> bool:
    return state is None if observed is None else _is(state, observed.resource.unique_id, touched)


def _is_bare(touched: Touched, observed: Observed[Any] | None, facet: Facet, state: str | None) -> bool:
    """Return whether an object that the plan creates anew has of a field that grants nothing what a bare one has."""
    if observed is None or touched.identity[0][1] is None or not is_created(touched, observed):
        return False
    if isinstance(facet, Items) or facet.grants or (isinstance(facet, Value) and facet.trusts):
        return False
    bare = type(observed.resource)(name=observed.resource.name, path=observed.resource.path)
    return state == digest(getattr(bare, facet.field))


def _leads_to(facet: Facet, item: str) -> Address | None:
    return Address(facet.refers, item.rpartition("/")[2]) if facet.refers else None


def _was_there(facet: Facet, item: str, trails: Mapping[str, Trail], live: Mapping[str, Any]) -> bool:
    """Return whether the object held, and holds no more, what the item leads to under the ARN that it had."""
    target = _leads_to(facet, item)
    return any(
        trail[0][1] is not None and key not in live for key, trail in trails.items() if _leads_to(facet, key) == target
    )


def _told(facet: Facet, item: str) -> str:
    return f"{facet.field} {facet.label(item)}" if isinstance(facet, Items) else facet.field


def _how(trail: Trail, state: str | None) -> str:
    if state is None:
        return "was removed"
    return "was added" if trail[0][1] is None else "was changed"


def _form(value: Any) -> Any:
    """Return a value that is JSON and the same for everything that means the same."""
    if isinstance(value, Mapping):
        if "Statement" in value:
            try:
                return ["policy", _form(canonical(value))]
            except PolicyError:
                # It is beyond our grammar, so that only the very same text is the same.
                pass
        return {str(key): _form(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_form(item) for item in value]
    if isinstance(value, AbstractSet):
        forms = [_form(item) for item in value]
        return ["set", *sorted(forms, key=lambda form: json.dumps(form, sort_keys=True))]
    return value
