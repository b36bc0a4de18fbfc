"""What AWS refuses. Importing this registers every rule, in the order in which they are asked."""

from __future__ import annotations

from reconciler.sandbox.rules import callers, constraints, reserved, documents, names, tags, grants, deletion, resources  # isort: skip

__all__ = ["callers", "constraints", "deletion", "documents", "grants", "names", "reserved", "resources", "tags"]
