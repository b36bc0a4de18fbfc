"""Trust policies as text: their grammar, the principals they name, and how one is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["MalformedError", "checked", "principals", "replaced"]

_TOP = {"Version", "Id", "Statement"}
_FORBIDDEN = ("Resource", "NotResource", "NotPrincipal")
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition", *_FORBIDDEN}
_VERSIONS = (None, "2012-10-17", "2008-10-17")
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_SYNTAX = "Syntax errors in policy."
_SID = re.compile(r"[0-9A-Za-z]*")
_TOKENS = re.compile(r'[{}]|(?P<string>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?')
_PLACE = ["Statement", "Principal", "AWS"]


class MalformedError(Exception):
    """The text is no trust policy; the message says why as AWS does."""


def checked(text: str) -> list[Mapping[str, Any]]:
    """Return the statements of a trust policy.

    Version 2008-10-17 and no version at all are accepted: old roles have them.

    Raises:
        MalformedError: the text breaks the grammar.

    Source: IAM user guide, reference_policies_grammar, reference_policies_elements_principal and _notprincipal.
    """
    try:
        policy = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MalformedError("This policy contains invalid Json") from None
    if not isinstance(policy, dict) or set(policy) - _TOP or policy.get("Version") not in _VERSIONS:
        raise MalformedError(_SYNTAX)
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise MalformedError(_SYNTAX)
    for statement in statements:
        _check_statement(statement)
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(sids) != len(set(sids)):
        raise MalformedError("Statement IDs (SID) in a single policy must be unique.")
    return statements


def principals(statements: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Return every principal that the statements name, after its type (``AWS``, ``Service``, …)."""
    for statement in statements:
        principal = statement["Principal"]
        if isinstance(principal, str):
            yield "AWS", principal
            continue
        for kind, names in principal.items():
            yield from ((kind, name) for name in ([names] if isinstance(names, str) else names))


def replaced(text: str, names: Mapping[str, str]) -> str:
    """Return the trust policy with AWS principals replaced; every other byte stays, conditions too."""
    out, done = list[str](), 0
    for start, end, name in _aws_principals(text):
        if name in names:
            out += [text[done:start], json.dumps(names[name], ensure_ascii=False)]
            done = end
    return "".join([*out, text[done:]])


def _aws_principals(text: str) -> Iterator[tuple[int, int, str]]:
    """Return where in a checked policy the strings stand that are AWS principals, with what they say."""
    keys: list[str] = []
    for token in _TOKENS.finditer(text):
        if token[0] == "{":
            keys.append("")
        elif token[0] == "}":
            keys.pop()
        elif token["key"]:
            keys[-1] = json.loads(token["string"])
        elif keys == _PLACE:
            yield token.start(), token.end(), json.loads(token["string"])


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict) or set(statement) - _ELEMENTS:
        raise MalformedError(_SYNTAX)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedError(_SYNTAX)
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise MalformedError("Statement IDs (SID) must be alpha-numeric.")
    for field in _FORBIDDEN:
        if field in statement:
            raise MalformedError(f"Has prohibited field {field}")
    if "Principal" not in statement:
        raise MalformedError("Missing required field Principal")
    _check_principal(statement["Principal"])
    actions = statement.get("Action")
    actions = [actions] if isinstance(actions, str) else actions
    if not isinstance(actions, list) or not actions:
        raise MalformedError("Policy statement must contain actions.")
    if not all(isinstance(action, str) and action.lower().startswith("sts:") for action in actions):
        raise MalformedError("AssumeRole policy may only specify STS AssumeRole actions.")
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict) or not all(isinstance(test, dict) for test in condition.values()):
        raise MalformedError(_SYNTAX)


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - _PRINCIPALS:
        raise MalformedError(_SYNTAX)
    for names in principal.values():
        rows = names if isinstance(names, list) else [names]
        if not rows or not all(isinstance(name, str) and name for name in rows):
            raise MalformedError(_SYNTAX)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError(_SYNTAX)
    return found
