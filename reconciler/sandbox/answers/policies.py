"""Managed policies, their versions, and who uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.iam.models import ManagedPolicy, PolicyVersion

from reconciler.sandbox import awsmanaged, views
from reconciler.sandbox.account import Account, boundary, new_id
from reconciler.sandbox.awsmanaged import AwsPolicy
from reconciler.sandbox.registry import Key, answer, listing, page
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "create_policy",
    "create_policy_version",
    "delete_policy",
    "delete_policy_version",
    "get_policy",
    "get_policy_version",
    "list_entities_for_policy",
    "list_policies",
    "list_policy_versions",
    "set_default_policy_version",
]


@answer("CreatePolicy")
def create_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """Create a customer managed policy; its document is version v1."""
    name, text = call.params["PolicyName"], call.params["PolicyDocument"]
    description, path = call.params.get("Description", ""), call.params.get("Path", "/")
    policy = ManagedPolicy(name, account.id, account.iam.region_name, None, description, text, path)
    account.iam.managed_policies[policy.arn] = policy
    policy.id = new_id("ANPA")
    put_tags(account, "Policy", policy, merged("Policy", {}, call.params.get("Tags", ())))
    return {"Policy": {**views.policy_in_list(account, policy), **views.tags(account, "Policy", policy)}}


@answer("GetPolicy")
def get_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a customer or AWS managed policy."""
    return {"Policy": views.policy(account, account.policy(call.params["PolicyArn"]))}


@answer("ListPolicies")
def list_policies(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of the managed policies of a scope, a path and a use."""
    attached, bounding = account.attached(), account.bounding()
    usage = call.params.get("PolicyUsageFilter")
    used = (set(bounding) if usage != "PermissionsPolicy" else set()) | (
        set(attached) if usage != "PermissionsBoundary" else set()
    )
    if usage is None and call.params.get("OnlyAttached"):
        used = set(attached)
    narrowed = usage is not None or bool(call.params.get("OnlyAttached"))
    prefix = call.params.get("PathPrefix", "/")
    found = _scoped(account, call.params.get("Scope", "All"), used if narrowed else None)
    items, paging = page(account, (pair for pair in found if pair[1].path.startswith(prefix)), call.params)
    shown = [views.policy_in_list(account, each, lambda arn: (attached[arn], bounding[arn])) for each in items]
    return {"Policies": shown, **paging}


def _scoped(account: Account, scope: str, used: set[str] | None) -> Iterator[tuple[Key, Any]]:
    if scope in {"All", "Local"}:
        for policy in account.iam.managed_policies.values():
            if used is None or policy.arn in used:
                yield (0, policy.name.lower()), policy
    if scope in {"All", "AWS"}:
        ours = (AwsPolicy(arn) for arn in used or () if awsmanaged.owns(arn, account.partition))
        for each in awsmanaged.every(account.partition) if used is None else ours:
            yield (1, each.name.lower()), each


@answer("CreatePolicyVersion")
def create_policy_version(account: Account, call: Call) -> Mapping[str, Any]:
    """Add a version; ids are never reused."""
    policy = account.policy(call.params["PolicyArn"])
    # Not through moto's backend: its validator is stricter than AWS, and it knows one quota only.
    default = call.params.get("SetAsDefault", False)
    version = PolicyVersion(policy.arn, call.params["PolicyDocument"], default, f"v{policy.next_version_num}")
    policy.versions.append(version)
    policy.next_version_num += 1
    if default:
        policy.update_default_version(version.version_id)
    policy.update_date = version.create_date
    return {"PolicyVersion": views.version(version, document=False)}


@answer("GetPolicyVersion")
def get_policy_version(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a version with its document."""
    return {"PolicyVersion": views.version(_version(account, call))}


@listing("ListPolicyVersions", "Versions", lambda _, each: views.version(each, document=False))
def list_policy_versions(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the versions of a policy, newest first."""
    policy = account.policy(call.params["PolicyArn"])
    if isinstance(policy, AwsPolicy):
        return [((0,), policy)]
    return [((-int(each.version_id[1:]),), each) for each in policy.versions]


@answer("SetDefaultPolicyVersion")
def set_default_policy_version(account: Account, call: Call) -> Mapping[str, Any]:
    """Make a stored version the default."""
    policy, chosen = account.policy(call.params["PolicyArn"]), _version(account, call)
    for each in policy.versions:
        each.is_default = each is chosen
    policy.default_version_id = chosen.version_id
    return {}


@answer("DeletePolicyVersion")
def delete_policy_version(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a version that is not the default."""
    account.policy(call.params["PolicyArn"]).versions.remove(_version(account, call))
    return {}


@answer("DeletePolicy")
def delete_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a customer managed policy."""
    del account.iam.managed_policies[account.policy(call.params["PolicyArn"]).arn]
    return {}


@answer("ListEntitiesForPolicy")
def list_entities_for_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of the users, groups and roles that have the policy attached, or as their boundary."""
    arn = account.policy(call.params["PolicyArn"]).arn
    wanted, usage = call.params.get("EntityFilter"), call.params.get("PolicyUsageFilter")
    prefix = call.params.get("PathPrefix", "/")

    def using() -> Iterator[tuple[Key, tuple[str, Any]]]:
        for noun, holder in account.holders():
            if wanted not in {None, noun} or not holder.path.startswith(prefix):
                continue
            attached = arn in holder.managed_policies and usage != "PermissionsBoundary"
            if attached or (boundary(holder) == arn and usage != "PermissionsPolicy"):
                yield (noun, holder.name.lower()), (noun, holder)

    items, paging = page(account, using(), call.params)
    rows: dict[str, list[Mapping[str, str]]] = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}
    for noun, holder in items:
        rows[f"Policy{noun}s"].append({f"{noun}Name": holder.name, f"{noun}Id": holder.id})
    return {**rows, **paging}


def _version(account: Account, call: Call) -> Any:
    policy, wanted = account.policy(call.params["PolicyArn"]), call.params["VersionId"]
    if isinstance(policy, AwsPolicy) and policy.default_version_id == wanted:
        return policy
    for each in getattr(policy, "versions", ()):
        if each.version_id == wanted:
            return each
    message = f"Policy {policy.arn} version {wanted} does not exist or is not attachable."
    raise RefusedError("NoSuchEntity", message)
