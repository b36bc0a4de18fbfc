"""Whether two policies are the same policy."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from reconciler.policydoc.normal import normalise

__all__ = ["canonical", "equivalent"]


def canonical(doc: Mapping[str, Any] | str) -> Hashable:
    """Return a value that two policies share exactly when they are the same policy to IAM.

    Form: (version, id, the set of statements). One-item lists are scalars, and the order and the repetition of
    statements and values carry no meaning; an account's id is its root's ARN in any partition; ``*`` as principal is
    ``{AWS: *}``; numbers and booleans are their texts; the case of actions, of condition keys, and of ``true`` and
    ``false`` under ``Bool`` and ``Null`` is ignored; an empty Sid, Id, Condition or operator block is none; without
    Version it is 2008-10-17. Two condition keys of one block that differ in case only, which IAM refuses, stay two.

    Source: IAM user guide, troubleshoot_policies and reference_policies_elements.

    Raises:
        PolicyError: ``doc`` is no policy.
    """
    policy = normalise(doc)
    return (policy.version, policy.id, frozenset(statement.form for statement in policy.statements))


def equivalent(a: Mapping[str, Any] | str, b: Mapping[str, Any] | str) -> bool:
    """Return whether two policies, each a mapping or JSON text, are the same policy to IAM (see ``canonical``).

    Raises:
        PolicyError: One of them is no policy.
    """
    return canonical(a) == canonical(b)
