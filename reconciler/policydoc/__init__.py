"""The IAM policy language as data: grammar, canonical form, equivalence, and differences in words."""

from __future__ import annotations

from reconciler.policydoc.atoms import Atom, Atoms, atoms
from reconciler.policydoc.canonical import canonical, equivalent
from reconciler.policydoc.check import check
from reconciler.policydoc.describe import describe
from reconciler.policydoc.explain import explain
from reconciler.policydoc.findings import Finding, Form
from reconciler.policydoc.text import decode, parse
from reconciler.policydoc.trust import principals, rename_principals, without_principals
from reconciler.policydoc.writing import compact, size

__all__ = [
    "Atom",
    "Atoms",
    "Finding",
    "Form",
    "atoms",
    "canonical",
    "check",
    "compact",
    "decode",
    "describe",
    "equivalent",
    "explain",
    "parse",
    "principals",
    "rename_principals",
    "size",
    "without_principals",
]
