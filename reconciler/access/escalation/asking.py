"""Whether somebody may do something: the evaluator is asked first, and the prover only where conditions are open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.access.deciding import Principal, Request, evaluate
from reconciler.access.escalation.nouns import Actor, Doubt, Proof, Provers
from reconciler.access.escalation.probes import Probes
from reconciler.access.escalation.reading import ALLOW_ALL, Powers, Texts, is_everything
from reconciler.access.words import fold
from reconciler.catalogue.escalation import escalation_methods
from reconciler.errors import PolicyError

__all__ = ["Asker", "Memory"]

_TAG = re.compile(r"(?:aws|iam):resourcetag/[^\"',}]+")
_PRINCIPAL_TAG = re.compile(r"aws:principaltag/[^\"',}]+")
_OWN_TAG = "aws:principaltag/"


class Memory:
    """What was found out about policies: it holds for whoever has them, in any account."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.texts = Texts()
        self.powers: dict[object, Powers] = {}
        self.wholes: dict[object, Whole] = {}
        self.asked: dict[object, tuple[Request | None, tuple[str, ...]]] = {}
        """By question: the request that is allowed, or why that is not settled."""
        self.exceeds: dict[tuple[int, int], tuple[bool, tuple[str, ...]]] = {}
        """By old and new: whether the new is more, or why that is not settled."""


class Asker:
    """Asks, each question once, and keeps what could not be settled."""

    def __init__(self, provers: Provers, memory: Memory | None = None) -> None:
        """Take what answers where the evaluator alone cannot, and what is known already."""
        self.doubts: dict[Doubt, None] = {}
        self.memory = memory or Memory()
        self._provers = provers
        self._texts = self.memory.texts
        self._by_actor: dict[tuple[int, str, bool], tuple[Actor, Powers]] = {}
        self._actions: dict[int, tuple[Actor, frozenset[str]]] = {}
        self._folded = {name: fold(name) for name in escalation_methods().names}
        self._whole: dict[int, tuple[Actor, Whole]] = {}

    def check(self, actor: Actor) -> None:
        """Return if the actor's policies can be read.

        Raises:
            PolicyError: one cannot; the message says where.
        """
        for policy in (*actor.policies, *([actor.boundary] if actor.boundary is not None else [])):
            self._texts.check(policy.document)

    def powers(self, actor: Actor, action: str, *, is_named: bool = False) -> Powers:
        """Return what the actor's policies say of an action.

        With ``is_named`` a policy of the resource names the actor, so that no Allow of its own is needed, and for a
        user none of its boundary.
        Source: IAM user guide, access_policies_boundaries, reference_policies_evaluation-logic.
        """
        key = (id(actor), action, is_named)
        known = self._by_actor.get(key)
        if known is None:
            folded = self._folded.get(action)
            if not is_named and folded is not None and folded not in self._allowed_to(actor):
                return _NOTHING
            principal = named(actor) if is_named else actor.principal
            known = (actor, self._excerpt(principal, action, has_all_tags=not actor.is_role))
            self._by_actor[key] = known
        return known[1]

    def _allowed_to(self, actor: Actor) -> frozenset[str]:
        known = self._actions.get(id(actor))
        if known is None:
            documents = [_mapping(one) for one in actor.principal.identity]
            known = (actor, frozenset().union(*map(self._texts.allowed, documents)))
            self._actions[id(actor)] = known
        return known[1]

    def _excerpt(self, principal: Principal, action: str, *, has_all_tags: bool) -> Powers:
        """Return what is said of the action; ``has_all_tags``: the bindings have every tag that the principal has.

        A role's session may bring tags of its own. Source: IAM user guide, id_session-tags.
        """
        parts: list[Any] = [self._texts.excerpt(_mapping(one), action) for one in principal.identity]
        parts = [part for part in parts if not part.is_empty]
        boundary = principal.boundary
        bound = self._texts.excerpt(_mapping(boundary), action) if boundary is not None else None
        spoken = [*parts, *([bound] if bound is not None else [])]
        bindings: dict[str, str | Sequence[str]] = {
            k: v for k, v in principal.bindings.items() if any(fold(k) in part.folded for part in spoken)
        }
        if has_all_tags:
            own = {fold(key) for key in bindings}
            tags = {tag for part in spoken for tag in _PRINCIPAL_TAG.findall(part.folded)}
            bindings |= dict.fromkeys(sorted(tags - own), ())
        key = (action, tuple(part.text for part in parts), bound and bound.text, tuple(sorted(bindings.items())))
        if key not in self.memory.powers:
            granted = tuple(dict.fromkeys(pattern for part in parts for pattern in part.granted))
            held = Principal(
                [part.document for part in parts], bound.document if bound is not None else None, (), bindings
            )
            self.memory.powers[key] = Powers(held, granted, len(self.memory.powers))
        return self.memory.powers[key]

    def whole(self, actor: Actor) -> Whole:
        """Return all that the actor's policies say; bindings that none of them speaks of tell nobody apart."""
        known = self._whole.get(id(actor))
        if known is None:
            principal = actor.principal
            texts = [self._texts.of(_mapping(one)) for one in principal.identity]
            bound = self._texts.of(_mapping(principal.boundary)) if principal.boundary is not None else None
            folded = fold("\n".join([*texts, bound or ""]))
            bindings = {k: v for k, v in principal.bindings.items() if fold(k) in folded}
            key = (tuple(texts), bound, tuple(sorted(bindings.items())))
            if key not in self.memory.wholes:
                held = Principal(principal.identity, principal.boundary, (), bindings)
                self.memory.wholes[key] = Whole(held, folded, len(self.memory.wholes))
            known = (actor, self.memory.wholes[key])
            self._whole[id(actor)] = known
        return known[1]

    def about(self, asker: Actor, target: Actor) -> dict[str, Any]:
        """Return the condition keys that the target fixes in requests about it and that the asker's policies speak of.

        A key that the target lacks has no value.
        Source: service authorization reference, list_identityandaccessmanagement.
        """
        whole = self.whole(asker)
        found: dict[str, Any] = {}
        if whole.speaks_of_boundaries:
            found["iam:PermissionsBoundary"] = target.boundary.arn if target.boundary is not None else ()
        if whole.tags:
            own = {fold(k): value for k, value in target.bindings.items()}
            for key in whole.tags:
                found[key] = own.get(f"{_OWN_TAG}{key.partition('/')[2]}", ())
        return found

    def may_on(self, asker: Actor, action: str, resource: str) -> bool:
        """Return whether the asker may be allowed something; wrong only where it is yes."""
        return self.powers(asker, action).may_on(resource)

    def allowed(
        self, asker: Actor, action: str, resource: str, context: Mapping[str, Any], *, is_named: bool = False
    ) -> Proof | None:
        """Return the proof that the actor may do it on just that resource, or None where it may not."""
        powers = self.powers(asker, action, is_named=is_named)
        if not powers.may_on(resource):
            return None
        key = (powers.number, resource, tuple(sorted(context.items())) if context else ())
        if key not in self.memory.asked:
            self.memory.asked[key] = self._answered(powers, Request(action, resource, context))
        return self._told(key, asker, f"{action} on {resource}")

    def allowed_somewhere(self, asker: Actor, action: str) -> Proof | None:
        """Return the proof that the actor may do it on some resource, in some context; None where it may not."""
        powers = self.powers(asker, action)
        if not powers.granted:
            return None
        if powers.number not in self.memory.asked:
            self.memory.asked[powers.number] = self._proved(powers, Request(action))
        return self._told(powers.number, asker, f"{action} on any resource")

    def _told(self, key: object, asker: Actor, what: str) -> Proof | None:
        request, reasons = self.memory.asked[key]
        if reasons:
            self.doubt(asker.arn, what, reasons)
        return Proof(request, asker.arn) if request is not None else None

    def _answered(self, powers: Powers, request: Request) -> tuple[Request | None, tuple[str, ...]]:
        try:
            if evaluate(powers.principal, request).allowed:
                return request, ()
            if not evaluate(powers.relaxed(request.context), request).allowed:
                return None, ()
        except PolicyError as error:
            return None, (str(error),)
        return self._proved(powers, request)

    def _proved(self, powers: Powers, wanted: Request) -> tuple[Request | None, tuple[str, ...]]:
        answer = self._provers.possible(powers.principal, wanted.action, wanted.resource, wanted.context)
        if answer.holds is None:
            return None, tuple(answer.reasons)
        if not answer.holds:
            return None, ()
        request: Request = answer.witness.request
        # What the resource fixes, or lacks, nobody can bring, whatever the prover takes for open.
        fixed = {fold(key) for key in wanted.context}
        free = {key: value for key, value in request.context.items() if fold(key) not in fixed}
        request = Request(request.action, request.resource, {**free, **wanted.context})
        return (request if evaluate(powers.principal, request).allowed else None), ()

    def exceeds(self, old: Actor, new: Actor) -> bool:
        """Return whether ``new`` may do something that exists today and that ``old`` may not; in doubt it does not."""
        one, other = self.whole(old), self.whole(new)
        key = (one.number, other.number)
        if key not in self.memory.exceeds:
            self.memory.exceeds[key] = (False, ()) if one is other else self._compared(old, new)
        is_more, reasons = self.memory.exceeds[key]
        if reasons:
            self.doubt(old.arn, f"whether {new.arn} has more than it has", reasons)
        return is_more

    def _compared(self, old: Actor, new: Actor) -> tuple[bool, tuple[str, ...]]:
        one, other = self.whole(old), self.whole(new)
        if one.is_everything:
            return False, ()
        if any(not self.may_on(old, action, resource) for action, resource in other.probes):
            return True, ()
        verdict = self._provers.compare(one.principal, other.principal)
        if verdict.widens is None:
            return False, tuple(verdict.reasons)
        return verdict.widens and verdict.gained_label is None, ()

    def doubt(self, source: str, what: str, reasons: tuple[str, ...]) -> None:
        """Keep something that could not be settled."""
        self.doubts[Doubt(source, what, reasons)] = None


_NOTHING = Powers(Principal([]), (), -1)
"""What policies say of an action that none of them may allow."""


class Whole:
    """All that some policies say, shared by all who hold policies that say the same."""

    def __init__(self, principal: Principal, folded: str, number: int) -> None:
        self.principal = principal
        self.number = number
        self.is_everything = is_everything(principal)
        self.speaks_of_boundaries = "iam:permissionsboundary" in folded
        self.tags = sorted(set(_TAG.findall(folded)))
        self.probes = Probes(principal)


def named(actor: Actor) -> Principal:
    """Return the actor as it is to a resource whose policy names it."""
    principal = actor.principal
    if actor.is_role or principal.boundary is None:
        return Principal([*principal.identity, ALLOW_ALL], principal.boundary, (), principal.bindings)
    return Principal([*principal.identity, principal.boundary, ALLOW_ALL], None, (), principal.bindings)


def _mapping(document: Any) -> Mapping[str, Any]:
    """Return a document as it is: all documents of this room are mappings."""
    found: Mapping[str, Any] = document
    return found
