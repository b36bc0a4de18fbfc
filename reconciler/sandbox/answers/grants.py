"""Attached and inline policies; the same for users, groups and roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import views
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.wire import Call

__all__ = ["attach", "delete_inline", "detach", "get_inline", "list_attached", "list_inline", "put_inline"]

_NOUNS = ("User", "Group", "Role")


@answer(*(f"Attach{noun}Policy" for noun in _NOUNS))
def attach(account: Account, call: Call) -> Mapping[str, Any]:
    """Attach a managed policy; what is attached already stays so."""
    _, holder = account.holder(call.params)
    policy = account.policy(call.params["PolicyArn"])
    holder.managed_policies[policy.arn] = policy
    return {}


@answer(*(f"Detach{noun}Policy" for noun in _NOUNS))
def detach(account: Account, call: Call) -> Mapping[str, Any]:
    """Detach a managed policy."""
    _, holder = account.holder(call.params)
    del holder.managed_policies[call.params["PolicyArn"]]
    return {}


@answer(*(f"Put{noun}Policy" for noun in _NOUNS))
def put_inline(account: Account, call: Call) -> Mapping[str, Any]:
    """Create or replace an inline policy; its text is kept byte for byte."""
    _, holder = account.holder(call.params)
    holder.policies[call.params["PolicyName"]] = call.params["PolicyDocument"]
    return {}


@answer(*(f"Get{noun}Policy" for noun in _NOUNS))
def get_inline(account: Account, call: Call) -> Mapping[str, Any]:
    """Return an inline policy."""
    noun, holder = account.holder(call.params)
    name = call.params["PolicyName"]
    document = views.encoded(holder.policies[name])
    return {f"{noun}Name": holder.name, "PolicyName": name, "PolicyDocument": document}


@answer(*(f"Delete{noun}Policy" for noun in _NOUNS))
def delete_inline(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete an inline policy."""
    _, holder = account.holder(call.params)
    del holder.policies[call.params["PolicyName"]]
    return {}


def list_attached(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the managed policies attached under a path."""
    _, holder = account.holder(call.params)
    prefix = call.params.get("PathPrefix", "/")
    found = (each for each in holder.managed_policies.values() if each.path.startswith(prefix))
    return (((each.name.lower(), each.arn), each) for each in found)


def list_inline(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the names of the inline policies."""
    _, holder = account.holder(call.params)
    return (((name,), name) for name in holder.policies)


def _attached(_: Account, policy: Any) -> Mapping[str, str]:
    return {"PolicyName": policy.name, "PolicyArn": policy.arn}


for _noun in _NOUNS:
    listing(f"ListAttached{_noun}Policies", "AttachedPolicies", _attached)(list_attached)
    listing(f"List{_noun}Policies", "PolicyNames")(list_inline)
