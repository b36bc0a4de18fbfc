"""Trust policies as text: their grammar, the principals they name, and how one is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from reconciler.sandbox.grammar import SYNTAX, MalformedError, check_sids, check_syntax, parsed, statements_of

__all__ = ["checked", "principals", "replaced"]

_TOP = {"Version", "Id", "Statement"}
_FORBIDDEN = ("Resource", "NotResource", "NotPrincipal")
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition", *_FORBIDDEN}
_VERSIONS = (None, "2012-10-17", "2008-10-17")
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_NOBODY = (
    "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: "
    "The passed in policy has a statement with no principals!"
)
_TOKENS = re.compile(r'[{}]|(?P<string>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?')
_PLACE = ["Statement", "Principal", "AWS"]


@lru_cache(maxsize=8)
def checked(text: str) -> Sequence[Mapping[str, Any]]:
    """Return the statements of a trust policy; every rule about one asks, so the last answers are kept.

    Version 2008-10-17 and no version at all are accepted: old roles have them.

    Raises:
        MalformedError: the text breaks the grammar.

    Source: IAM user guide, reference_policies_grammar, reference_policies_elements_principal and _notprincipal;
    terraform-aws-modules/terraform-aws-iam issue 47 (nobody is named).
    """
    policy = parsed(text, "This policy contains invalid Json")
    if set(policy) - _TOP or policy.get("Version") not in _VERSIONS or not isinstance(policy.get("Id", ""), str):
        raise MalformedError(SYNTAX)
    statements = statements_of(policy)
    check_syntax(statements)
    for statement in statements:
        _check_statement(statement)
    check_sids(statements)
    return statements


def principals(statements: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
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


def _check_statement(statement: Mapping[str, Any]) -> None:
    if set(statement) - _ELEMENTS or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedError(SYNTAX)
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


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - _PRINCIPALS:
        raise MalformedError(SYNTAX)
    for names in principal.values():
        rows = names if isinstance(names, list) else [names]
        if not rows:
            raise MalformedError(_NOBODY)
        if not all(isinstance(name, str) and name for name in rows):
            raise MalformedError(SYNTAX)
