"""When AWS lends a role, and for how long."""

from __future__ import annotations

from reconciler.sandbox import callers
from reconciler.sandbox.account import Account
from reconciler.sandbox.authority import may_assume, readable
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "assumed_role_exists",
    "chained_session_length",
    "role_may_be_assumed",
    "session_length",
    "session_policies_are_policies",
]

_API = "STS API reference, AssumeRole"
_ASSUME = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_HOUR = 3600


@rule("AccessDenied", "AssumeRole", source=f"{_API}; that AWS does not tell it from a refusal is seen in the wild")
def assumed_role_exists(account: Account, call: Call) -> str | None:
    """Refuse a session of a role that is in no account within reach."""
    return None if callers.lender(call) is not None else _denied(account, call)


@rule("MalformedPolicyDocument", *_ASSUME, source=f"{_API}; the wording for managed policies is assumed")
def session_policies_are_policies(account: Account, call: Call) -> str | None:
    """Refuse a session policy that is none, and one that is to be a managed policy and is not there."""
    if "Policy" in call.params and not readable(call.params["Policy"]):
        return "This policy contains invalid Json"
    found = callers.lender(call)
    for each in call.params.get("PolicyArns", ()):
        try:
            (found[0] if found is not None else account).policy(each.get("arn", ""))
        except RefusedError:
            return f"Policy {each.get('arn', '')} does not exist or is not attachable."
    return None


@rule("AccessDenied", "AssumeRole", source=f"{_API}; IAM user guide, reference_policies_evaluation-logic")
def role_may_be_assumed(account: Account, call: Call) -> str | None:
    """Refuse a session that the role's trust or the caller's own policies do not allow."""
    owner, role = callers.lender(call) or (account, None)
    context = {"sts:RoleSessionName": call.params["RoleSessionName"]}
    if "ExternalId" in call.params:
        context["sts:ExternalId"] = call.params["ExternalId"]
    caller = callers.caller(account, call.access_key)
    return None if may_assume(owner, caller, account, role, context) else _denied(account, call)


@rule("ValidationError", *_ASSUME, source=_API)
def session_length(_: Account, call: Call) -> str | None:
    """Refuse a session that is longer than the role's MaxSessionDuration."""
    found = callers.lender(call)
    most = int(found[1].max_session_duration or _HOUR) if found else _HOUR
    if call.params.get("DurationSeconds", _HOUR) > most:
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return None


@rule("ValidationError", "AssumeRole", source=f"{_API}; IAM user guide, id_roles_terms-and-concepts (role chaining)")
def chained_session_length(account: Account, call: Call) -> str | None:
    """Refuse a session that is begun by a session of another role and longer than an hour."""
    chained = callers.session_of(account, call.access_key) is not None
    if chained and call.params.get("DurationSeconds", _HOUR) > _HOUR:
        return "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    return None


def _denied(account: Account, call: Call) -> str:
    caller = callers.caller(account, call.access_key)
    return f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {call.params['RoleArn']}"
