"""The policy simulator, on the project's own evaluator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler import access
from reconciler.errors import PolicyError
from reconciler.sandbox.account import Account, boundary
from reconciler.sandbox.authority import Held, bindings, named_policies, policy_text
from reconciler.sandbox.registry import answer, page
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["context_keys_for_custom_policy", "context_keys_for_principal", "simulate_custom", "simulate_principal"]

_WORDS = {
    access.Outcome.ALLOWED: "allowed",
    access.Outcome.EXPLICITLY_DENIED: "explicitDeny",
    access.Outcome.IMPLICITLY_DENIED: "implicitDeny",
}
_STRICTEST = (access.Outcome.EXPLICITLY_DENIED, access.Outcome.IMPLICITLY_DENIED, access.Outcome.ALLOWED)
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)[^}]*\}")


@dataclass(frozen=True, slots=True)
class _Named:
    """A policy that is simulated: its id and its type in the answer, and its text."""

    id: str
    kind: str
    text: str


@answer("SimulateCustomPolicy")
def simulate_custom(account: Account, call: Call) -> Mapping[str, Any]:
    """Return what the given policies make of every action on every resource."""
    scps = call.params.get("OrderedOrganizationPolicyInputList", ())
    levels = [each["ServiceControlPolicyInputList"] for each in scps]
    return _simulated(account, call, list(_given(call)), _bounding(call), levels, {})


@answer("SimulatePrincipalPolicy")
def simulate_principal(account: Account, call: Call) -> Mapping[str, Any]:
    """Return what the policies of a user, group or role, and those given, make of every action on every resource."""
    noun, entity = _source(account, call.params["PolicySourceArn"])
    left_out = call.params.get("PolicyExclusionList", ())
    kept = (each for each in named_policies(account, entity) if not any(_is_meant(each, one) for one in left_out))
    policies = [_named(each) for each in kept]
    bounding, arn = _bounding(call), boundary(entity)
    if bounding is None and arn is not None and {"PolicyType": "permission-boundary"} not in left_out:
        bounding = policy_text(account.policy(arn))
    keys = bindings(account, noun, entity) if noun != "Group" else {}
    return _simulated(account, call, [*policies, *_given(call)], bounding, [], keys)


@answer("GetContextKeysForCustomPolicy")
def context_keys_for_custom_policy(_: Account, call: Call) -> Mapping[str, Any]:
    """Return the condition keys that the given policies name."""
    return {"ContextKeyNames": _keys(call.params["PolicyInputList"])}


@answer("GetContextKeysForPrincipalPolicy")
def context_keys_for_principal(account: Account, call: Call) -> Mapping[str, Any]:
    """Return the condition keys that the policies of a user, group or role, and those given, name."""
    _, entity = _source(account, call.params["PolicySourceArn"])
    texts = [each.text for each in named_policies(account, entity)]
    return {"ContextKeyNames": _keys([*texts, *call.params.get("PolicyInputList", ())])}


def _simulated(
    account: Account,
    call: Call,
    policies: Sequence[_Named],
    bounding: str | None,
    scps: Sequence[Any],
    keys: Mapping[str, str],
) -> Mapping[str, Any]:
    given = {each["ContextKeyName"]: each.get("ContextKeyValues", []) for each in call.params.get("ContextEntries", ())}
    folded = {name.lower() for name in given}
    # What the caller gives stands for what the principal has.
    context = {**{key: value for key, value in keys.items() if key.lower() not in folded}, **given}
    who = access.Principal([each.text for each in policies], bounding, scps)
    texts = [*(each.text for each in policies), *([bounding] if bounding else ())]
    missing = [key for key in _keys(texts) if key.lower() not in {name.lower() for name in context}]
    numbered = (((number,), action) for number, action in enumerate(call.params["ActionNames"]))
    actions, paging = page(account, numbered, call.params)
    try:
        simulation = _Simulation(who, policies, context, missing)
        results = [simulation.of(action, call.params.get("ResourceArns", ())) for action in actions]
    except PolicyError as error:
        raise RefusedError("InvalidInput", f"The policies cannot be simulated: {error}") from None
    return {"EvaluationResults": results, **paging}


@dataclass(frozen=True, slots=True)
class _Simulation:
    who: access.Principal
    policies: Sequence[_Named]
    context: Mapping[str, Any]
    missing: Sequence[str]

    def of(self, action: str, resources: Sequence[str]) -> Mapping[str, Any]:
        """Return the result of an action: on everything, or the strictest of those on the resources, and each."""
        requests = [access.Request(action, resource, self.context) for resource in resources or ["*"]]
        decisions = [access.evaluate(self.who, request) for request in requests]
        strictest = min(decisions, key=lambda each: _STRICTEST.index(each.outcome))
        matched = [row for each in decisions if each.outcome is strictest.outcome for row in self._matched(each)]
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": "*",
            "EvalDecision": _WORDS[strictest.outcome],
            "MatchedStatements": [row for at, row in enumerate(matched) if row not in matched[:at]],
            "MissingContextValues": [] if resources else self.missing,
            **self._details(requests),
        }
        if resources:
            result["ResourceSpecificResults"] = [
                {
                    "EvalResourceName": request.resource,
                    "EvalResourceDecision": _WORDS[decision.outcome],
                    "MatchedStatements": self._matched(decision),
                    "MissingContextValues": self.missing,
                    **self._details([request], organizations=False),
                }
                for request, decision in zip(requests, decisions, strict=True)
            ]
        return result

    def _details(self, requests: Sequence[access.Request], *, organizations: bool = True) -> Mapping[str, Any]:
        """Return what boundary and SCPs, as far as there are any, say by themselves."""
        found: dict[str, Any] = {}
        if self.who.boundary is not None:
            allowed = _allow([[self.who.boundary]], requests)
            found["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
        if self.who.scps and organizations:
            found["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": _allow(self.who.scps, requests)}
        return found

    def _matched(self, decision: access.Decision) -> list[Mapping[str, str]]:
        """Return the policy whose statement decided, as far as it is one of the identity's."""
        by = decision.by
        if by is None or by.layer is not access.Layer.IDENTITY:
            return []
        policy = self.policies[by.document]
        return [{"SourcePolicyId": policy.id, "SourcePolicyType": policy.kind}]


def _allow(levels: Sequence[Sequence[access.Document]], requests: Sequence[access.Request]) -> bool:
    principals = [access.Principal(level) for level in levels]
    return all(access.evaluate(each, request).allowed for each in principals for request in requests)


def _given(call: Call) -> Iterator[_Named]:
    for number, text in enumerate(call.params.get("PolicyInputList", ()), 1):
        yield _Named(f"PolicyInputList.{number}", "none", text)


def _bounding(call: Call) -> str | None:
    found = call.params.get("PermissionsBoundaryPolicyInputList")
    return str(found[0]) if found else None


def _source(account: Account, arn: str) -> tuple[str, Any]:
    for noun, entity in account.holders():
        if entity.arn == arn:
            return noun, entity
    raise RefusedError("NoSuchEntity", f"The entity {arn} cannot be found.")


def _named(held: Held) -> _Named:
    """Return a policy as the simulator names it: an inline one after its holder, a managed one by its name."""
    noun, holder = held.holder
    if held.kind == "inline":
        return _Named(f"{noun}_{holder}_{held.name}", noun, held.text)
    return _Named(held.name.rpartition("/")[2], held.kind, held.text)


def _is_meant(held: Held, identifier: Mapping[str, Any]) -> bool:
    """Return whether an identifier of policies, of which it is one of three kinds, means this one."""
    if "PolicyType" in identifier:
        return bool(identifier["PolicyType"] == held.kind)
    if "PolicyArn" in identifier:
        return held.kind != "inline" and _like(held.name, identifier["PolicyArn"])
    noun, holder = held.holder
    wanted = {"PolicyName": held.name, "AttachmentType": noun, "AttachmentName": holder}
    return held.kind == "inline" and identifier.get("InlinePolicyIdentifier") == wanted


def _like(text: str, pattern: str) -> bool:
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _keys(texts: Iterable[str]) -> list[str]:
    """Return the condition keys that policies name, in conditions and as variables, each once.

    Raises:
        RefusedError: InvalidInput, a text is no JSON.
    """
    found: dict[str, str] = {}
    for text in texts:
        try:
            named = [*_VARIABLE.findall(text), *_conditions(json.loads(text))]
        except (ValueError, RecursionError):
            raise RefusedError("InvalidInput", "This policy contains invalid Json") from None
        found |= {key.strip().lower(): key.strip() for key in named}
    return sorted(found.values())


def _conditions(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _conditions(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "Condition" and isinstance(value, dict):
                yield from (key for test in value.values() if isinstance(test, dict) for key in test)
            else:
                yield from _conditions(value)
