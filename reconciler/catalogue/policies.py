"""AWS managed policies: from a name to its ARN, without asking AWS."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.catalogue.shipped import read

__all__ = ["ManagedPolicy", "managed_policy", "managed_policy_paths", "near_managed_policies"]

_LIKENESS = 0.8
"""The share of letters in common from which one name passes for a slip of another."""


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A policy that AWS publishes and keeps; its name is unique across all paths."""

    name: str
    path: str
    """Begins and ends with a slash."""
    deprecated: bool = False
    """AWS lists it no longer: it stays attached where it is and cannot be attached anew.

    Source: IAM user guide, access_policies_managed-deprecated.
    """
    denies: bool = False
    """Whether a statement of its document is a Deny, as of the catalogue's day."""

    @property
    def reference(self) -> str:
        """Return path and name as documents write them: ``service-role/Name``, or ``Name`` at the root."""
        return f"{self.path}{self.name}".removeprefix("/")

    @property
    def attachable(self) -> bool:
        """Return whether somebody other than AWS may attach the policy today.

        Source: AttachRolePolicy in IAM's service model (PolicyNotAttachable): the policies of service-linked roles
        attach to those only.
        """
        return not self.deprecated and self.path != "/aws-service-role/"

    def arn(self, partition: str) -> str:
        """Return the ARN in a partition (``aws``, ``aws-cn``, …); only AWS knows whether it offers the policy there."""
        return f"arn:{partition}:iam::aws:policy{self.path}{self.name}"


def managed_policy(name: str) -> ManagedPolicy | None:
    """Return the AWS managed policy of exactly this name, without its path, or None."""
    return _policies().get(name)


def near_managed_policies(name: str, limit: int = 3) -> tuple[ManagedPolicy, ...]:
    """Return the policies that somebody who wrote ``name`` may have meant, the likeliest first.

    Case does not count. Only policies that can be attached are offered, and none where no name comes near.
    """
    policies = _attachable()
    near = difflib.get_close_matches(name.lower(), policies, n=limit, cutoff=_LIKENESS)
    return tuple(policies[folded] for folded in near)


@cache
def managed_policy_paths() -> tuple[str, ...]:
    """Return the paths at which an attachable policy of unknown path may be, the most frequent first."""
    counts = Counter(policy.path for policy in _attachable().values())
    return tuple(sorted(counts, key=lambda path: (-counts[path], path)))


@cache
def _policies() -> Mapping[str, ManagedPolicy]:
    rows = (line.split("\t") for line in read("managed_policies.tsv").splitlines())
    return {name: ManagedPolicy(name, path, "retired" in flags, "denies" in flags) for name, path, *flags in rows}


@cache
def _attachable() -> Mapping[str, ManagedPolicy]:
    return {name.lower(): policy for name, policy in _policies().items() if policy.attachable}
