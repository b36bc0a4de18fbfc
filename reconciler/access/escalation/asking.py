"""Whether somebody may do something: the evaluator is asked first, and the prover only where conditions are open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from reconciler.access.deciding import Principal, Request, evaluate
from reconciler.access.escalation.nouns import Actor, Doubt, Proof, Provers
from reconciler.access.escalation.reading import ALLOW_ALL, Powers, Texts, is_everything
from reconciler.access.words import fold
from reconciler.errors import PolicyError

__all__ = ["Asker", "covers"]

_TAGS = ("aws:resourcetag/", "iam:resourcetag/")
_TAG = re.compile(r"(?:aws|iam):resourcetag/[^\"',}]+")
_COLONS = 5
_OWN_TAG = "aws:principaltag/"


class Asker:
    """Asks, each question once, and keeps what could not be settled."""

    def __init__(self, provers: Provers) -> None:
        """Take what answers where the evaluator alone cannot."""
        self.doubts: dict[Doubt, None] = {}
        self._provers = provers
        self._texts = Texts()
        self._powers: dict[object, Powers] = {}
        self._by_actor: dict[tuple[int, bool], tuple[Actor, Powers]] = {}
        self._asked: dict[object, Proof | None] = {}
        self._exceeds: dict[tuple[object, object], bool] = {}

    def powers(self, actor: Actor, *, is_named: bool = False) -> Powers:
        """Return what the actor may do.

        With ``is_named`` a policy of the resource names the actor, so that no Allow of its own is needed, and for a
        user none of its boundary.

        Source: IAM user guide, access_policies_boundaries, reference_policies_evaluation-logic.
        """
        known = self._by_actor.get((id(actor), is_named))
        if known is None:
            principal = actor.principal
            if is_named:
                bound = [principal.boundary] if principal.boundary is not None and not actor.is_role else []
                left = principal.boundary if actor.is_role else None
                principal = Principal([*principal.identity, *bound, ALLOW_ALL], left, (), principal.bindings)
            known = (actor, self.powers_of(principal))
            self._by_actor[(id(actor), is_named)] = known
        return known[1]

    def powers_of(self, principal: Principal) -> Powers:
        """Return the powers of a principal; bindings that no document speaks of tell nobody apart."""
        identity: Sequence[Any] = principal.identity
        boundary: Any = principal.boundary
        texts = [self._texts.of(document) for document in identity]
        bound = self._texts.of(boundary) if boundary is not None else ""
        text = fold("\n".join([*texts, bound]))
        bindings = {key: value for key, value in principal.bindings.items() if fold(key) in text}
        key = (tuple(texts), bound, tuple(sorted(bindings.items())))
        if key not in self._powers:
            self._powers[key] = Powers(Principal(identity, boundary, (), bindings), len(self._powers), text)
        return self._powers[key]

    def about(self, asker: Actor, target: Actor) -> dict[str, Any]:
        """Return the condition keys that the target fixes in requests about it and that the asker's policies speak of.

        A key that the target lacks has no value.
        Source: service authorization reference, list_identityandaccessmanagement.
        """
        text = self.powers(asker).text
        found: dict[str, Any] = {}
        if "iam:permissionsboundary" in text:
            found["iam:PermissionsBoundary"] = target.boundary.arn if target.boundary is not None else ()
        tags = {fold(k).removeprefix(_OWN_TAG): v for k, v in target.bindings.items() if fold(k).startswith(_OWN_TAG)}
        if _TAGS[0] in text or _TAGS[1] in text:
            for key in sorted(set(_TAG.findall(text))):
                found[key] = tags.get(key.partition("/")[2], ())
        return found

    def allowed(
        self, asker: Actor, action: str, resource: str, context: Mapping[str, Any], *, is_named: bool = False
    ) -> Proof | None:
        """Return the proof that the actor may do it on just that resource, or None where it may not."""
        powers = self.powers(asker, is_named=is_named)
        if not any(covers(pattern, resource) for pattern in powers.granted(action)):
            return None
        return self._ask(powers, action, resource, context, asker.arn)

    def allowed_somewhere(self, asker: Actor, action: str) -> Proof | None:
        """Return the proof that the actor may do it on some resource, in some context; None where it may not."""
        powers = self.powers(asker)
        return self._prove(powers, action, asker.arn) if powers.granted(action) else None

    def _ask(self, powers: Powers, action: str, resource: str, context: Mapping[str, Any], asker: str) -> Proof | None:
        key = _key(powers, action, resource, context)
        if key not in self._asked:
            self._asked[key] = self._answered(powers, action, resource, context, asker)
        return _asked_by(asker, self._asked[key])

    def _answered(
        self, powers: Powers, action: str, resource: str, context: Mapping[str, Any], asker: str
    ) -> Proof | None:
        request = Request(action, resource, context)
        try:
            decision = evaluate(powers.principal, request)
            if decision.allowed:
                return Proof(request, decision, asker)
            if not evaluate(powers.relaxed(context), request).allowed:
                return None
        except PolicyError as error:
            self.doubt(asker, f"{action} on {resource}", (str(error),))
            return None
        return self._proved(powers, action, resource, context, asker)

    def _prove(self, powers: Powers, action: str, asker: str) -> Proof | None:
        key = _key(powers, action, "", {})
        if key not in self._asked:
            self._asked[key] = self._proved(powers, action, "*", {}, asker)
        return _asked_by(asker, self._asked[key])

    def _proved(
        self, powers: Powers, action: str, resource: str, context: Mapping[str, Any], asker: str
    ) -> Proof | None:
        answer = self._provers.possible(powers.principal, action, resource, context)
        if answer.holds is None:
            self.doubt(asker, f"{action} on {resource}", tuple(answer.reasons))
        if not answer.holds:
            return None
        request: Request = answer.witness.request
        # What the resource lacks nobody can bring, whatever the prover takes for open.
        lacking = {fold(key) for key, value in context.items() if not value}
        if lacking & {fold(key) for key, value in request.context.items() if value}:
            request = Request(request.action, request.resource, {**request.context, **context})
        decision = evaluate(powers.principal, request)
        return Proof(request, decision, asker) if decision.allowed else None

    def exceeds(self, old: Actor, new: Actor) -> bool:
        """Return whether ``new`` may do something that exists today and that ``old`` may not; in doubt it does not."""
        one, other = self.powers(old), self.powers(new)
        key = (one.key, other.key)
        if key not in self._exceeds:
            self._exceeds[key] = one is not other and self._compared(old, one, other, new.arn)
        return self._exceeds[key]

    def _compared(self, old: Actor, one: Powers, other: Powers, what: str) -> bool:
        if is_everything(one.principal):
            return False
        if self._is_plainly_more(one, other):
            return True
        verdict = self._provers.compare(one.principal, other.principal)
        if verdict.widens is None:
            self.doubt(old.arn, f"whether {what} is more than it has", tuple(verdict.reasons))
        return bool(verdict.widens) and verdict.gained_label is None

    def _is_plainly_more(self, one: Powers, other: Powers) -> bool:
        """Return whether ``other`` may do something well known of which ``one`` is not granted anything."""
        try:
            return any(
                not one.granted(action) and evaluate(other.principal, Request(action, resource)).allowed
                for action, resource in _WELL_KNOWN
            )
        except PolicyError:
            return False

    def doubt(self, source: str, what: str, reasons: tuple[str, ...]) -> None:
        """Keep something that could not be settled."""
        self.doubts[Doubt(source, what, reasons)] = None


_WELL_KNOWN = (
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/x"),
    ("s3:GetObject", "arn:aws:s3:::x/x"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/x"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"),
    ("ec2:TerminateInstances", "arn:aws:ec2:us-east-1:123456789012:instance/i-x"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/x"),
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:x"),
)
"""Requests that are asked first: most comparisons with an administrator end there."""


def _key(powers: Powers, action: str, resource: str, context: Mapping[str, Any]) -> tuple[object, ...]:
    return (powers.key, action, resource, tuple(sorted(context.items())) if context else ())


def _asked_by(asker: str, proof: Proof | None) -> Proof | None:
    return proof if proof is None or proof.asker == asker else replace(proof, asker=asker)


@lru_cache(8_192)
def _glob(pattern: str) -> re.Pattern[str]:
    # Parts of an ARN that are missing are anything.
    pattern += ":*" * (_COLONS - pattern.count(":")) if pattern.strip("*") else ""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def covers(pattern: str, resource: str) -> bool:
    """Return whether a pattern of resources may match an ARN; it says yes a little too often, never no wrongly."""
    return pattern == resource or _glob(pattern).fullmatch(resource) is not None
