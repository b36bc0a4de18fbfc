"""What AWS refuses. Importing this registers every rule, in the order in which they are asked."""

from __future__ import annotations

from reconciler.sandbox.rules import (  # isort: skip
    callers,
    constraints,
    reserved,
    servicelinked,
    documents,
    names,
    tags,
    grants,
    credentials,
    counts,
    deletion,
    providers,
    passwords,
    resources,
    federation,
    sessions,
    simulation,
)

__all__ = [
    "callers",
    "constraints",
    "counts",
    "credentials",
    "deletion",
    "documents",
    "federation",
    "grants",
    "names",
    "passwords",
    "providers",
    "reserved",
    "resources",
    "servicelinked",
    "sessions",
    "simulation",
    "tags",
]
