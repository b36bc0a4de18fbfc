"""What it takes to read an account, to finish a plan and to undo it: the requests that IAM must allow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from reconciler.catalogue.actions import action_catalogue
from reconciler.catalogue.search import find_actions
from reconciler.kinds import KINDS
from reconciler.model import Account, Call, Items, Observed, Step, Value
from reconciler.plan.foresee import Objects, foreseen, subjects, take
from reconciler.plan.lives import Life

__all__ = ["Need", "finishing", "reading", "undoing"]

_NOUN = re.compile(r":(?P<noun>[a-z-]+)/\$\{")
_HOLE = re.compile(r"\$\{(\w+)\}")

_PASSED = {"AddRoleToInstanceProfile": "RoleName"}
"""Calls that hand a role on, with the parameter that names it; always to instances of EC2.

Source: IAM's service model, AddRoleToInstanceProfile: it takes iam:PassRole.
"""


@dataclass(frozen=True, slots=True)
class Need:
    """Requests that must be allowed: an action on a resource, which may be a glob."""

    action: str
    resource: str
    purpose: str
    """What it is for, for people, as in ``to undo it``."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict, hash=False)
    step: int = 0
    """The id of the step that makes the request; 0: none does."""


def reading(account: Account, operations: Iterable[str]) -> tuple[Need, ...]:
    """Return what a plan reads: what the kinds list and look up, and the ``operations`` beside."""
    listed = {sweep.operation for kind in KINDS.values() for sweep in kind.sweeps}
    looked_up = {lookup.operation for kind in KINDS.values() for lookup in kind.lookups}
    found = sorted(listed | looked_up | set(operations))
    return tuple(Need(f"iam:{one}", glob, "to plan") for one in found for glob in _globs(one, account))


def finishing(steps: Sequence[Step], objects: Objects, account: Account) -> tuple[Need, ...]:
    """Return what each step takes, in the state in which it finds the account."""
    found: list[Need] = []
    now = dict(objects)
    for step in steps:
        delta = foreseen(now, step.call, account)
        made = {address: observed for address, observed in delta.items() if observed is not None}
        found += _needs(step.call, None, (now, made), account, ("to finish this plan", step.id))
        take(now, delta)
    return tuple(found)


def undoing(run: Iterable[Life], objects: Objects, end: Objects, account: Account) -> tuple[Need, ...]:
    """Return what it takes to put back what a run has changed; ``end`` is the account as the run leaves it."""
    found: list[Need] = []
    for life in run:
        for call, holder in _reverted(life):
            found += _needs(call, holder, (end, objects), account, ("to undo it", 0))
    return tuple(found)


def _reverted(life: Life) -> Iterator[tuple[Call, Observed[Any]]]:
    """Yield the calls that put an object back, each with the object as the call finds it or leaves it."""
    before, after, kind = life.before, life.states[-1], KINDS[life.address.kind]
    if after is not None and (before is None or life.ends):
        yield from ((call, after) for _, call in kind.delete(after.resource))
    if before is None:
        return
    was = before.resource
    if after is None or life.ends:
        items = [facet for facet in kind.facets if isinstance(facet, Items) and not facet.at_creation]
        puts = [call for facet in items for call in facet.put(was, getattr(was, facet.field))]
        yield from ((call, before) for call in (*kind.create(was, frozenset()), *puts, *kind.recreate(was, was)))
        return
    if kind.rename is not None and after.address != before.address:
        rename = kind.rename(after.address.name, before.address.name)
        yield from ((rename, one) for one in (after, before))
    for facet in kind.facets:
        old, new = (getattr(one.resource, facet.field) for one in (before, after))
        if isinstance(facet, Value) and not facet.same(old, new):
            yield from ((call, after) for call in facet.write(was, after.resource))
        elif isinstance(facet, Items):
            back = {key: old[key] for key in old if key not in new or not facet.same(old[key], new[key])}
            gone = [key for key in new if key not in old]
            calls = [*(facet.put(after.resource, back) if back else ()), *(facet.drop(was, gone) if gone else ())]
            yield from ((call, after) for call in calls)


def _needs(
    call: Call, holder: Observed[Any] | None, states: Sequence[Objects], account: Account, why: tuple[str, int]
) -> Iterator[Need]:
    """Yield what a call takes; ``holder`` is the object that it writes, else it is looked for in ``states``."""
    noun, keys = _known(call.operation)
    observed = holder if holder is not None and holder.address.kind == noun else _written(call, noun, states)
    resource = observed.arn if observed is not None else _named(call, noun, account)
    yield Need(f"iam:{call.operation}", resource, why[0], _context(call, observed, keys), why[1])
    passed = call.params.get(_PASSED.get(call.operation, ""))
    if isinstance(passed, str):
        role = next((one for one in _all(states) if one.address.name == passed and "RoleName" in _handles(one)), None)
        yield Need(
            "iam:PassRole",
            role.arn if role is not None else "*",
            why[0],
            {"iam:PassedToService": "ec2.amazonaws.com"},
            why[1],
        )


def _all(states: Sequence[Objects]) -> Iterator[Observed[Any]]:
    return (one for objects in states for one in objects.values())


def _handles(observed: Observed[Any]) -> tuple[str, ...]:
    return KINDS[observed.address.kind].handle


def _written(call: Call, noun: str, states: Sequence[Objects]) -> Observed[Any] | None:
    if noun not in KINDS:
        return None
    at = next((address for address in subjects(call) if address.kind == noun), None)
    return next((objects[at] for objects in states if at is not None and at in objects), None)


def _named(call: Call, noun: str, account: Account) -> str:
    """Return the ARN of what a call names and no state has: an object of no kind of ours, or one that is not there."""
    texts = [value for value in call.params.values() if isinstance(value, str)]
    found = next((text for text in texts if text.startswith("arn:") and f":{noun}/" in text), None)
    name = call.params.get("".join(word.title() for word in noun.split("-")) + "Name")
    return found or (account.arn(noun, "/", name) if noun and isinstance(name, str) else "*")


def _context(call: Call, observed: Observed[Any] | None, keys: frozenset[str]) -> dict[str, str | Sequence[str]]:
    """Return the condition keys that the request brings, of those that IAM gives for the action.

    Source: service authorization reference, AWS Identity and Access Management.
    """
    params = call.params
    boundary = params.get("PermissionsBoundary") or (_boundary(observed) if observed is not None else None)
    found: dict[str, str | Sequence[str]] = {}
    if "iam:PolicyARN" in keys and "PolicyArn" in params:
        found["iam:PolicyARN"] = str(params["PolicyArn"])
    if "iam:PermissionsBoundary" in keys and boundary:
        found["iam:PermissionsBoundary"] = str(boundary)
    there = observed is not None and KINDS[observed.address.kind].creates != call.operation
    tags: Mapping[str, str] = getattr(observed.resource, "tags", {}) if observed is not None and there else {}
    for prefix in ("aws:ResourceTag/", "iam:ResourceTag/"):
        if f"{prefix}${{TagKey}}" in keys:
            found |= {prefix + key: value for key, value in tags.items()}
    asked = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags", ())}
    if "aws:TagKeys" in keys and (names := [*asked, *params.get("TagKeys", ())]):
        found["aws:TagKeys"] = names
    return found | {f"aws:RequestTag/{key}": value for key, value in asked.items()}


def _boundary(observed: Observed[Any]) -> str | None:
    facets = (facet for facet in KINDS[observed.address.kind].facets if facet.grants == "boundary")
    return next((getattr(observed.resource, facet.field) for facet in facets), None)


@cache
def _known(operation: str) -> tuple[str, frozenset[str]]:
    """Return the noun in the ARNs of what an operation is for, and the condition keys that it takes."""
    forms, keys = _forms(operation)
    noun = _NOUN.search(forms[0]) if forms else None
    return (noun["noun"] if noun else "", keys)


def _forms(operation: str) -> tuple[tuple[str, ...], frozenset[str]]:
    catalogue = action_catalogue()
    at = next(iter(find_actions(catalogue, f"iam:{operation}")), None)
    if at is None:
        return (), frozenset()
    return catalogue.arn_formats(at), frozenset(catalogue.condition_keys(at))


def _globs(operation: str, account: Account) -> tuple[str, ...]:
    """Return globs over every resource in the account that an operation is for, AWS's own policies among them."""
    forms, _ = _forms(operation)
    found: list[str] = []
    for form in forms:
        noun = _NOUN.search(form)
        granting = noun is not None and noun["noun"] in KINDS and _is_policy(noun["noun"])
        for owner in (account.id, "aws") if granting else (account.id,):
            known = {"Partition": account.partition, "Account": owner}
            found.append(_HOLE.sub(lambda hole, known=known: known.get(hole[1], "*"), form))  # type: ignore[misc]
    return tuple(found) or ("*",)


def _is_policy(noun: str) -> bool:
    return any(facet.grants == "document" for facet in KINDS[noun].facets)
