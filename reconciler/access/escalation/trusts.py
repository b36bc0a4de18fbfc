"""Who is let into a role: its trust as one caller sees it, and what the caller needs beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.access.deciding import Request, evaluate_trust
from reconciler.access.escalation.asking import Asker
from reconciler.access.escalation.nouns import Actor, Policy, Proof
from reconciler.access.principals import Caller
from reconciler.access.statements import Statement, compile_document
from reconciler.access.words import fold, items
from reconciler.errors import PolicyError

__all__ = ["Doors", "Entry", "is_service_linked"]

_ASSUME = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody is let in."""

    proofs: tuple[Proof, ...]
    is_given: bool
    """Whether the trust names the one who comes, or a policy of the one who comes names the role."""


class Doors:
    """The trusts of roles."""

    def __init__(self, asker: Asker, roles: list[Actor]) -> None:
        """Take the roles that somebody may come to be."""
        self._asker = asker
        self._read: dict[str, tuple[Statement, ...]] = {}
        self._served: dict[tuple[str, str], Proof | None] = {}
        self._policies: dict[tuple[object, ...], tuple[Policy, str]] = {}
        self._seen: dict[tuple[object, ...], Actor] = {}
        self.named: dict[str, list[Actor]] = {}
        """The roles whose trusts name a user or role, by its ARN."""
        self.open: dict[str, Actor] = {}
        """The roles whose trusts let in whoever a policy of its own allows to come, by their ARNs."""
        for role in roles:
            self._enter(role)

    def _enter(self, role: Actor) -> None:
        try:
            self._read[role.arn] = compile_document(role.trust or {"Statement": []}, "trust")
        except PolicyError as error:
            self._asker.doubt(role.arn, "who may assume it", (f"its trust cannot be read: {error}",))
            self._read[role.arn] = ()
            return
        wide = False
        for one in self._read[role.arn]:
            if one.allows and one.trusted is not None:
                wide = wide or one.trusted.everybody or bool(one.trusted.accounts) or one.trusted.complement
                if not one.trusted.complement:
                    for name in {name for space, name in one.trusted.names if space == "AWS"}:
                        self.named.setdefault(name, []).append(role)
        if wide:
            self.open[role.arn] = role

    def serves(self, role: Actor, service: str) -> Proof | None:
        """Return the proof that the role trusts the service, or None if it does not."""
        key = (role.arn, service)
        if key not in self._served:
            named = any(one.allows and _names(one, "Service", service) for one in self._read.get(role.arn, ()))
            self._served[key] = self._let_in(role, Caller("Service", service), {}, named=None) if named else None
        return self._served[key]

    def entry(self, role: Actor, actor: Actor) -> Entry | None:
        """Return how the actor assumes the role, or None if it cannot.

        Where the trust names the actor itself nothing more is needed; where it lets the whole account in, the actor's
        own policies must allow it as well.
        Source: IAM user guide, reference_policies_evaluation-logic, id_roles_terms-and-concepts.
        """
        if any(_names(one, "AWS", actor.arn) for one in self._read.get(role.arn, ())):
            proof = self._let_in(role, actor.caller, actor.bindings, named=actor.arn)
            if proof is not None and self.may_come(role, actor):
                return Entry((proof,), is_given=True)
        if role.arn not in self.open and role not in self.named.get(actor.arn, ()):
            return None
        own = self._asker.allowed(actor, _ASSUME, role.arn, {})
        proof = own and self._let_in(role, actor.caller, actor.bindings, named=None)
        if own is None or proof is None:
            return None
        return Entry((own, proof), is_given=role.arn in self._asker.powers(actor, _ASSUME).granted)

    def may_come(self, role: Actor, actor: Actor) -> bool:
        """Return whether the actor can assume the role once the role's trust names it: whether nothing forbids it."""
        return self._asker.allowed(actor, _ASSUME, role.arn, {}, is_named=True) is not None

    def _let_in(self, role: Actor, caller: Caller, bindings: Mapping[str, str], named: str | None) -> Proof | None:
        seen = self._as_seen(role, caller, bindings, named)
        if seen is None or role.trust is None:
            return None
        found = self._asker.allowed(seen, _ASSUME, role.arn, {})
        if found is None:
            return None
        request = Request(_ASSUME, role.arn, {**found.request.context, **seen.bindings})
        return Proof(request, role.arn, caller) if evaluate_trust(role.trust, caller, request).allowed else None

    def _as_seen(self, role: Actor, caller: Caller, bindings: Mapping[str, str], named: str | None) -> Actor | None:
        """Return the trust as a policy that the caller holds, or None where it says nothing of it.

        With ``named``, only those statements allow that name it.
        """
        spoken = []
        for one in self._read.get(role.arn, ()):
            of_it = one.trusted is not None and one.trusted.covers(caller)
            if of_it and not (named and one.allows and not _names(one, "AWS", named)):
                spoken.append(one.index)
        if not spoken or role.trust is None:
            return None
        place = (role.arn, tuple(spoken))
        if place not in self._policies:
            self._policies[place] = _policy(role.trust, spoken)
        policy, text = self._policies[place]
        fixed = {key: value for key, value in bindings.items() if fold(key) in text}
        key = (place, tuple(sorted(fixed.items())))
        if key not in self._seen:
            self._seen[key] = Actor(role.arn, is_role=False, policies=(policy,), bindings=fixed)
        return self._seen[key]


def _policy(trust: Mapping[str, Any], spoken: list[int]) -> tuple[Policy, str]:
    """Return some statements of a trust as a policy, and its text in small letters."""
    statements = items(trust["Statement"])
    kept = [
        {key: value for key, value in statements[index].items() if key not in {"Principal", "NotPrincipal"}}
        for index in spoken
    ]
    document = {**trust, "Statement": [{**one, "Resource": "*"} for one in kept]}
    return Policy(document), fold(json.dumps(document))


def is_service_linked(actor: Actor) -> bool:
    """Return whether the actor is AWS's own role for a service, which nobody but the service acts as."""
    found = (one.get("Principal") for one in items((actor.trust or {}).get("Statement", [])))
    return actor.reserved and all(isinstance(one, Mapping) and set(one) == {"Service"} for one in found)


def _names(statement: Statement, space: str, name: str) -> bool:
    trusted = statement.trusted
    return trusted is not None and not trusted.complement and (space, name) in trusted.names
