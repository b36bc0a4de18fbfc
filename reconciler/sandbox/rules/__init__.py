"""What AWS refuses. Importing this registers every rule, in the order in which they are asked."""

from __future__ import annotations

from reconciler.sandbox.rules import constraints, reserved, documents, names, tags  # isort: skip
from reconciler.sandbox.rules import grants, credentials, counts, deletion  # isort: skip

__all__ = ["constraints", "counts", "credentials", "deletion", "documents", "grants", "names", "reserved", "tags"]
