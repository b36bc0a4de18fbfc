"""What the sandbox answers itself. Importing this registers every answer; all other operations are moto's."""

from __future__ import annotations

from reconciler.sandbox.answers import (
    credentials,
    details,
    grants,
    groups,
    identity,
    passwords,
    policies,
    profiles,
    providers,
    report,
    resources,
    roles,
    servicelinked,
    sessions,
    simulation,
    summary,
    tags,
    users,
)

__all__ = [
    "credentials",
    "details",
    "grants",
    "groups",
    "identity",
    "passwords",
    "policies",
    "profiles",
    "providers",
    "report",
    "resources",
    "roles",
    "servicelinked",
    "sessions",
    "simulation",
    "summary",
    "tags",
    "users",
]
