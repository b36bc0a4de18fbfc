"""What the policy simulator refuses."""

from __future__ import annotations

import re

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = ["resource_policies_are_not_simulated", "simulated_actions_are_actions", "simulated_boundary_is_one"]

_SIMULATE = ("SimulateCustomPolicy", "SimulatePrincipalPolicy")
_API = "IAM API reference, SimulateCustomPolicy"
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")


@rule("InvalidInput", *_SIMULATE, source=f"{_API}; the wording is assumed")
def simulated_actions_are_actions(_: Account, call: Call) -> str | None:
    """Refuse to simulate what is no action, or has wildcards."""
    wrong = next((name for name in call.params["ActionNames"] if not _ACTION.fullmatch(name)), None)
    return f"Invalid action name: {wrong}" if wrong is not None else None


@rule("InvalidInput", *_SIMULATE, source=f"{_API}: only one boundary can be used at a time; the wording is assumed")
def simulated_boundary_is_one(_: Account, call: Call) -> str | None:
    """Refuse to simulate more than one permissions boundary."""
    several = len(call.params.get("PermissionsBoundaryPolicyInputList", ())) > 1
    return "Only one permissions boundary policy can be simulated." if several else None


@rule("NotImplemented", *_SIMULATE, source="the sandbox's own limit: its evaluator reads identity-based policies only")
def resource_policies_are_not_simulated(_: Account, call: Call) -> str | None:
    """Refuse to simulate a policy of a resource."""
    return "The sandbox does not simulate policies of resources." if "ResourcePolicy" in call.params else None
