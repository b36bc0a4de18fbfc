"""The IAM users and roles that a trust policy names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.errors import PolicyError
from reconciler.policydoc.text import type_name
from reconciler.policydoc.words import IAM_OBJECT_ARN

__all__ = ["principals", "rename_principals", "without_principals"]


def principals(doc: Mapping[str, Any]) -> frozenset[str]:
    """Return the ARNs of IAM users and roles that the statements of a trust name as principals, as written.

    Raises:
        PolicyError: ``doc`` is no mapping, or its statements are none.
    """
    found: set[str] = set()
    for statement in _statements(doc):
        principal = statement.get("Principal")
        if isinstance(principal, Mapping):
            found.update(_texts(principal.get("AWS", [])))
    return frozenset(name for name in found if IAM_OBJECT_ARN.fullmatch(name))


def without_principals(doc: Mapping[str, Any], arns: frozenset[str]) -> dict[str, Any]:
    """Return a trust without some of its AWS principals; a statement that loses its last principal goes too.

    A trust that loses its last statement denies sts:AssumeRole to everybody, so that nobody is let in meanwhile.

    Raises:
        PolicyError: ``doc`` is no mapping, or its statements are none.
    """
    kept = []
    for statement in _statements(doc):
        principal = statement.get("Principal")
        if isinstance(principal, Mapping) and arns.intersection(_texts(principal.get("AWS", []))):
            left = _left(principal, arns)
            if left:
                kept.append({**statement, "Principal": left})
        else:
            kept.append(dict(statement))
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    return {**doc, "Statement": kept or [nobody]}


def rename_principals(doc: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Return a trust whose AWS principals have the ARNs that ``mapping`` gives them; others stay.

    Raises:
        PolicyError: ``doc`` is no mapping, or its statements are none.
    """

    def renamed(name: Any) -> Any:
        return mapping.get(name, name) if isinstance(name, str) else name

    statements = [_renamed(statement, renamed) for statement in _statements(doc)]
    if "Statement" not in doc:
        return dict(doc)
    single = isinstance(doc["Statement"], Mapping)
    return {**doc, "Statement": statements[0] if single else statements}


def _renamed(statement: Mapping[str, Any], renamed: Callable[[Any], Any]) -> dict[str, Any]:
    result = dict(statement)
    for element in ("Principal", "NotPrincipal"):
        principal = statement.get(element)
        if isinstance(principal, Mapping) and "AWS" in principal:
            names = principal["AWS"]
            changed = [renamed(name) for name in names] if isinstance(names, (list, tuple)) else renamed(names)
            result[element] = {**principal, "AWS": changed}
    return result


def _left(principal: Mapping[str, Any], arns: frozenset[str]) -> dict[str, Any]:
    names = [name for name in _names(principal["AWS"]) if not (isinstance(name, str) and name in arns)]
    others = {kind: value for kind, value in principal.items() if kind != "AWS"}
    return {"AWS": names, **others} if names else others


def _statements(doc: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not isinstance(doc, Mapping):
        raise PolicyError(f"a trust is a mapping, and this is {type_name(doc)}")
    value = doc.get("Statement", [])
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if not isinstance(item, Mapping):
            raise PolicyError(f"Statement: a statement is a mapping, and this is {type_name(item)}")
        yield item


def _names(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _texts(value: Any) -> list[str]:
    return [name for name in _names(value) if isinstance(name, str)]
