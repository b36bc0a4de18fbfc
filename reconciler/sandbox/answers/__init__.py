"""What the sandbox answers itself. Importing this registers every answer; all other operations are moto's."""

from __future__ import annotations

from reconciler.sandbox.answers import (
    credentials,
    details,
    devices,
    grants,
    groups,
    identity,
    keys,
    passwords,
    policies,
    profiles,
    roles,
    servercertificates,
    summary,
    tags,
    users,
)

__all__ = [
    "credentials",
    "details",
    "devices",
    "grants",
    "groups",
    "identity",
    "keys",
    "passwords",
    "policies",
    "profiles",
    "roles",
    "servercertificates",
    "summary",
    "tags",
    "users",
]
