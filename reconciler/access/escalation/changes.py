"""What an actor can make of a principal, itself or another, by changing the policies that speak for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.access.escalation.asking import Asker
from reconciler.access.escalation.nouns import Actor, Estate, Policy, Proof
from reconciler.access.escalation.reading import ALLOW_ALL, denies, is_everything
from reconciler.catalogue.escalation import Change, escalation_methods

__all__ = ["Made", "changes", "is_unbound", "joint"]

_POLICY_ARN = "iam:PolicyARN"
_BOUNDARY = "iam:PermissionsBoundary"
_ADMINISTRATOR = "policy/AdministratorAccess"


@dataclass(frozen=True, slots=True)
class Made:
    """What comes of one change."""

    action: str
    proof: Proof
    result: Actor
    apply: Callable[[Actor], Actor]
    """Makes the same change to the principal after other changes."""


def changes(asker: Asker, estate: Estate, actor: Actor, target: Actor) -> Iterator[Made]:
    """Yield the changes that the actor may make to the target, those that give anything first."""
    if target.reserved:
        return
    for change in escalation_methods().changes:
        if asker.powers(actor, change.action).granted:
            for resource, context, apply in _tries(change, estate, target):
                about = asker.about(actor, target) if change.on in {"user", "role"} else {}
                proof = asker.allowed(actor, change.action, resource, {**about, **context})
                if proof is not None:
                    yield Made(change.action, proof, apply(target), apply)


def joint(target: Actor, made: list[Made]) -> Actor:
    """Return what the target is once all the changes are made."""
    for one in made:
        target = one.apply(target)
    return target


def is_unbound(actor: Actor) -> bool:
    """Return whether the actor holds a policy that allows anything, and no boundary holds it back."""
    free = actor.boundary is None or is_everything(Actor("", is_role=True, policies=(actor.boundary,)).principal)
    return free and any(is_everything(Actor("", is_role=True, policies=(one,)).principal) for one in actor.policies)


_Try = tuple[str, Mapping[str, Any], Callable[[Actor], Actor]]


def _tries(change: Change, estate: Estate, target: Actor) -> Iterator[_Try]:
    """Yield what a request for the change would be about, what it says, and what it makes of the target."""
    if change.on in {"user", "role"}:
        if (change.on == "role") is target.is_role:
            yield from _on_itself(change, target)
    elif change.on == "policy":
        yield from _on_policies(change, target)
    elif not target.is_role:
        yield from _on_groups(change, estate, target)


def _on_itself(change: Change, target: Actor) -> Iterator[_Try]:
    aws = _administrator(target)
    if change.does == "attach":
        yield target.arn, {_POLICY_ARN: aws}, _given
    elif change.does == "put":
        yield target.arn, {}, partial(_given, over="")
    elif change.does == "unbind" and target.boundary is not None:
        yield target.arn, {_BOUNDARY: target.boundary.arn}, partial(_bound, by=None)
    elif change.does == "rebind" and target.boundary is not None:
        yield target.arn, {_BOUNDARY: aws}, partial(_bound, by=Policy(ALLOW_ALL, aws))
    elif change.does in {"detach", "erase"}:
        yield from _lifted(change, target, target.arn, "")


def _on_policies(change: Change, target: Actor) -> Iterator[_Try]:
    held = (*target.policies, *filter(None, [target.boundary]))
    for arn, policy in {one.arn: one for one in held if one.arn and ":iam::aws:" not in one.arn}.items():
        if change.does == "write":
            yield arn, {}, partial(_rewritten, arn=arn, document=ALLOW_ALL)
        for version in policy.versions if change.does == "switch" else ():
            yield arn, {}, partial(_rewritten, arn=arn, document=version)


def _on_groups(change: Change, estate: Estate, target: Actor) -> Iterator[_Try]:
    for group, policies in sorted(estate.groups.items()):
        if group not in target.groups:
            if change.does == "join":
                yield group, {}, partial(_joined, group=group, policies=policies)
        elif change.does == "attach":
            yield group, {_POLICY_ARN: _administrator(target)}, _given
        elif change.does == "put":
            yield group, {}, partial(_given, over=group)
        elif change.does in {"detach", "erase"}:
            yield from _lifted(change, target, group, group)
        elif change.does == "leave" and any(one.group == group and denies(one.document) for one in target.policies):
            yield group, {}, partial(_without, is_gone=partial(_is_of, group))


def _lifted(change: Change, target: Actor, resource: str, group: str) -> Iterator[_Try]:
    """Yield the removal of each policy that denies something."""
    for policy in target.policies:
        if policy.group == group and denies(policy.document) and bool(policy.arn) is (change.does == "detach"):
            context = {_POLICY_ARN: policy.arn} if policy.arn else {}
            yield resource, context, partial(_without, is_gone=partial(_is_same, policy))


def _given(actor: Actor, over: str | None = None) -> Actor:
    """Return the actor with a policy that allows anything; one of its inline policies is written over by such a one.

    ``over`` says whose inline policies that are: the group's, or with ``""`` the actor's own.
    """
    kept = [one for one in actor.policies if one.arn or one.group != over or not denies(one.document)]
    return replace(actor, policies=(*kept, Policy(ALLOW_ALL)))


def _bound(actor: Actor, by: Policy | None) -> Actor:
    return replace(actor, boundary=by)


def _without(actor: Actor, is_gone: Callable[[Policy], bool]) -> Actor:
    return replace(actor, policies=tuple(policy for policy in actor.policies if not is_gone(policy)))


def _is_same(one: Policy, other: Policy) -> bool:
    return one.document is other.document and one.group == other.group


def _is_of(group: str, policy: Policy) -> bool:
    return policy.group == group


def _rewritten(actor: Actor, arn: str, document: Mapping[str, Any]) -> Actor:
    policies = tuple(replace(one, document=document) if one.arn == arn else one for one in actor.policies)
    boundary = actor.boundary
    if boundary is not None and boundary.arn == arn:
        boundary = replace(boundary, document=document)
    return replace(actor, policies=policies, boundary=boundary)


def _joined(actor: Actor, group: str, policies: tuple[Policy, ...]) -> Actor:
    more = tuple(replace(policy, group=group) for policy in policies)
    return replace(actor, policies=(*actor.policies, *more), groups=(*actor.groups, group))


def _administrator(target: Actor) -> str:
    return f"{target.arn.partition(':iam:')[0]}:iam::aws:{_ADMINISTRATOR}"
