"""AWS services that assume roles: their principals, and the role types that AWS documents."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.catalogue.shipped import read

__all__ = ["ServiceRole", "near_services", "service_actions", "service_principals", "service_role"]

_DOMAIN = ".amazonaws.com"


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """A type of role that AWS documents for a service: who assumes it, and what AWS suggests to attach."""

    id: str
    label: str
    principals: tuple[str, ...]
    """Service principals in full, the same in every partition."""
    policies: tuple[str, ...]
    """References to AWS managed policies (``service-role/Name``); none where the role needs a policy of its own."""


def service_role(role_id: str) -> ServiceRole | None:
    """Return the role type of this id (``lambda-vpc``), or None."""
    return _roles().get(role_id)


def service_principals(text: str) -> tuple[str, ...] | None:
    """Return the principals of a service, or None if it is unknown: a principal is looked up, never made up.

    Takes a principal's short name (``ecs-tasks``), the principal in full (``ecs-tasks.amazonaws.com``), or the id of
    a role type (``lambda-vpc``). Case counts.

    Source: IAM user guide, id_roles_create_for-service: the names follow no rule and are case-sensitive.
    """
    if (role := service_role(text)) is not None:
        return role.principals
    principal = _principals().get(text.removesuffix(_DOMAIN))
    return (principal,) if principal is not None else None


def near_services(text: str, limit: int = 3) -> tuple[str, ...]:
    """Return the short names and role types that somebody who wrote ``text`` may have meant, the likeliest first."""
    words = sorted(_roles().keys() | _principals().keys())
    short = text.lower().partition(".amazon")[0]
    return tuple(difflib.get_close_matches(short, words, n=limit))


def service_actions(principal: str) -> tuple[str, ...]:
    """Return the actions that a trust must allow the service principal (in full) for its roles to work.

    Source: Amazon EKS user guide, Pod Identity: ``pods.eks.amazonaws.com`` tags the sessions that it opens.
    """
    if principal == "pods.eks.amazonaws.com":
        return ("sts:AssumeRole", "sts:TagSession")
    return ("sts:AssumeRole",)


@cache
def _roles() -> Mapping[str, ServiceRole]:
    rows = json.loads(read("service_roles.json"))
    return {
        row["id"]: ServiceRole(row["id"], row["label"], tuple(row["principals"]), tuple(row["policies"]))
        for row in rows
    }


@cache
def _principals() -> Mapping[str, str]:
    """Return every known principal by its short name; a principal of another domain has no shorter one."""
    known = {principal for role in _roles().values() for principal in role.principals}
    known.update(read("more_principals.txt").splitlines())
    return {principal.removesuffix(_DOMAIN): principal for principal in known}
