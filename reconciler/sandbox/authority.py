"""What the account's own documents say about a caller: its policies, and the trust of a role."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from reconciler import access
from reconciler.errors import PolicyError
from reconciler.sandbox.account import Account, boundary, now
from reconciler.sandbox.awsmanaged import AwsPolicy
from reconciler.sandbox.callers import Caller
from reconciler.sandbox.tagging import get_tags

__all__ = [
    "Held",
    "bindings",
    "may_assume",
    "named_policies",
    "policy_text",
    "principal",
    "readable",
    "trusts_provider",
]

_EVERYTHING: Mapping[str, Any] = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
_ASSUME = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Held:
    """A policy that a user, group or role has, or a user by one of its groups."""

    holder: tuple[str, str]
    """The noun (``user``, ``group``, ``role``) and the name of whose it is."""
    name: str
    """The name of an inline policy, the ARN of a managed one."""
    kind: Literal["inline", "aws-managed", "user-managed"]
    text: str


def may_assume(account: Account, caller: Caller, home: Account, role: Any, context: Mapping[str, str]) -> bool:
    """Return whether a caller of ``home`` may assume a role of ``account``; true too where that cannot be decided.

    The role's trust must allow it. Unless that names a caller of the same account itself, the caller's own policies
    must allow it too; these may deny it in any case.

    Source: IAM user guide, reference_policies_evaluation-logic and access_policies_boundaries.
    """
    request = access.Request(_ASSUME, role.arn, {**_circumstances(), **_principal_keys(home, caller), **context})
    try:
        if not _trusted(role.assume_role_policy_document, caller, request):
            return False
        return caller.everything or _permitted(account, caller, home, role, request)
    except PolicyError:
        # The evaluator does not know something that AWS knows: nothing is refused on a guess.
        return True


def trusts_provider(role: Any, provider: str, action: str, context: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a role's trust allows what an identity provider vouches for; true where it cannot be decided."""
    request = access.Request(action, role.arn, {**_circumstances(), **context})
    try:
        return access.evaluate_trust(
            role.assume_role_policy_document, access.Caller("Federated", provider), request
        ).allowed
    except PolicyError:
        return True


def readable(text: str) -> bool:
    """Return whether a text is an identity policy that the evaluator can read."""
    try:
        access.evaluate(access.Principal([text]), access.Request(_ASSUME))
    except PolicyError:
        return False
    return True


def _trusted(trust: access.Document, caller: Caller, request: access.Request) -> bool:
    """Return whether a trust allows the caller, by its ARN or by the unique id that the account keeps for it."""
    names = (access.Caller("AWS", name) for name in (caller.arn, caller.id.partition(":")[0]))
    decided = [access.evaluate_trust(trust, name, request) for name in names]
    denied = any(each.outcome is access.Outcome.EXPLICITLY_DENIED for each in decided)
    return not denied and any(each.allowed for each in decided)


def _permitted(account: Account, caller: Caller, home: Account, role: Any, request: access.Request) -> bool:
    who = principal(home, caller.entity, caller.session)
    own = access.evaluate(who, request)
    if own.allowed or own.outcome is access.Outcome.EXPLICITLY_DENIED:
        return own.allowed
    if home is not account or not _trusted(_naming(role.assume_role_policy_document), caller, request):
        return False
    # A user that is named needs no more; a role stays within its boundary and the session's own policies.
    return caller.session is None or access.evaluate(replace(who, identity=[_EVERYTHING]), request).allowed


def principal(account: Account, entity: Any, session: Any = None) -> access.Principal:
    """Return the policies of a user, group or role, with its groups', its boundary, and those of a session of it."""
    arn = boundary(entity)
    limits = [text for text in (getattr(session, "policy", None),) if text]
    limits += [policy_text(account.policy(each)) for each in getattr(session, "policy_arns", ())]
    return access.Principal(
        [held.text for held in named_policies(account, entity)],
        policy_text(account.policy(arn)) if arn else None,
        [limits] if limits else (),
    )


def named_policies(account: Account, entity: Any) -> Iterator[Held]:
    """Return every policy of a user, group or role, those of a user's groups included."""
    for holder in (entity, *account.groups_of(entity)):
        whose = next((noun.lower(), each.name) for noun, each in account.holders() if each is holder)
        yield from (Held(whose, name, "inline", text) for name, text in holder.policies.items())
        for arn, policy in holder.managed_policies.items():
            yield Held(
                whose, arn, "aws-managed" if isinstance(policy, AwsPolicy) else "user-managed", policy_text(policy)
            )


def policy_text(policy: Any) -> str:
    """Return the document of a managed policy's default version."""
    if isinstance(policy, AwsPolicy):
        return policy.document
    return str(next(version.document for version in policy.versions if version.is_default))


def bindings(account: Account, noun: str, entity: Any) -> dict[str, str]:
    """Return the condition keys that a user or role fixes.

    Source: IAM user guide, reference_policies_variables and reference_policies_condition-keys.
    """
    found = {
        "aws:PrincipalAccount": account.id,
        "aws:PrincipalArn": entity.arn,
        **{f"aws:PrincipalTag/{key}": value for key, value in get_tags(account, noun, entity).items()},
    }
    if noun == "User":
        return {**found, "aws:PrincipalType": "User", "aws:userid": entity.id, "aws:username": entity.name}
    return {**found, "aws:PrincipalType": "AssumedRole"}


def _principal_keys(home: Account, caller: Caller) -> dict[str, str]:
    if caller.everything:
        shown = {"aws:PrincipalAccount": home.id, "aws:PrincipalArn": caller.arn, "aws:PrincipalType": "User"}
        return {**shown, "aws:username": caller.arn.rpartition("/")[2], "aws:userid": caller.id}
    noun = "User" if caller.session is None else "Role"
    return {**bindings(home, noun, caller.entity), "aws:userid": caller.id}


def _circumstances() -> dict[str, str]:
    moment = now()
    return {
        "aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
    }


def _naming(text: str) -> Mapping[str, Any]:
    """Return the trust without those Allows that leave the decision to an account."""
    policy = json.loads(text)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    kept = []
    for statement in statements:
        who = statement.get("Principal")
        if statement["Effect"] == "Allow" and isinstance(who, dict):
            names = who.get("AWS", ())
            names = [name for name in ([names] if isinstance(names, str) else names) if not _is_account(name)]
            if not names:
                continue
            statement = {**statement, "Principal": {"AWS": names}}  # noqa: PLW2901  the same statement, narrowed
        kept.append(statement)
    return {**policy, "Statement": kept}


def _is_account(name: str) -> bool:
    return name.isdecimal() or name.endswith(":root")
