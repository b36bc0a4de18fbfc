"""The grammar of managed and inline policies, and what trust policies share with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from moto.core.exceptions import ServiceException
from moto.iam.policy_validation import VALID_CONDITIONS, IAMPolicyDocumentValidator

__all__ = ["SYNTAX", "MalformedError", "check_identity", "check_sids", "check_syntax", "parsed", "statements_of"]

SYNTAX = "Syntax errors in policy."
_SID = re.compile(r"[0-9A-Za-z]*")
_SID_FORM = "Check that your input satisfies the regular expression [0-9A-Za-z]*"
_OPERATOR = re.compile(rf"(?:ForAllValues:|ForAnyValue:)?(?:{'|'.join(VALID_CONDITIONS)})(?:IfExists)?")


class MalformedError(Exception):
    """The text is no policy; the message says why as AWS does."""


def check_identity(text: str) -> None:
    """Check a managed or inline policy.

    moto reproduces what AWS answered to a hundred policies; what it does not look at is looked at here.

    Raises:
        MalformedError: the text breaks the grammar.

    Source: IAM user guide, reference_policies_grammar, reference_policies_elements_sid and _condition.
    """
    policy = parsed(text, SYNTAX)
    statements = statements_of(policy)
    check_syntax(statements)
    # moto lets nothing pass for an action, and falls over it.
    actions = [statement.get(element) for statement in statements for element in ("Action", "NotAction")]
    if any(None in each for each in actions if isinstance(each, list)):
        raise MalformedError(SYNTAX)
    try:
        # moto wants quotes around every number of a condition, AWS does not.
        IAMPolicyDocumentValidator(json.dumps({**policy, "Statement": list(map(_quoted, statements))})).validate()
    except ServiceException as error:
        raise MalformedError(str(error.message)) from None
    if any("Principal" in statement or "NotPrincipal" in statement for statement in statements):
        raise MalformedError("Policy document should not specify a principal.")
    check_sids(statements)


def parsed(text: str, message: str) -> Mapping[str, Any]:
    """Return the one JSON object that the text is.

    Raises:
        MalformedError: with the message, the text is no JSON; or it is no object, or a key stands in it twice.
    """
    try:
        policy = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MalformedError(message) from None
    if not isinstance(policy, dict):
        raise MalformedError(SYNTAX)
    return policy


def statements_of(policy: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the statements, one at least.

    Raises:
        MalformedError: there is none, or something else stands in its place.
    """
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise MalformedError(SYNTAX)
    if not all(isinstance(statement, dict) for statement in statements):
        raise MalformedError(SYNTAX)
    return statements


def check_syntax(statements: Sequence[Mapping[str, Any]]) -> None:
    """Check the shape of every Condition, and its operators.

    Raises:
        MalformedError: a Condition breaks the grammar.
    """
    for statement in statements:
        condition = statement.get("Condition", {})
        if not isinstance(condition, dict) or not all(isinstance(test, dict) for test in condition.values()):
            raise MalformedError(SYNTAX)
        for operator, test in condition.items():
            values = [each for value in test.values() for each in (value if isinstance(value, list) else [value])]
            if not all(isinstance(value, str | bool | int | float) for value in values):
                raise MalformedError(SYNTAX)
            # An unknown operator that tests nothing is let pass, as AWS does according to moto.
            if test and not _OPERATOR.fullmatch(operator):
                raise MalformedError(SYNTAX)


def check_sids(statements: Sequence[Mapping[str, Any]]) -> None:
    """Check that statement ids are letters and digits, and that none but the empty one stands twice.

    Raises:
        MalformedError: an id is malformed or not unique.
    """
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    if not all(isinstance(sid, str) for sid in sids):
        raise MalformedError(SYNTAX)
    if not all(_SID.fullmatch(sid) for sid in sids):
        raise MalformedError(f"Statement IDs (SID) must be alpha-numeric. {_SID_FORM}")
    given = [sid for sid in sids if sid]
    if len(given) != len(set(given)):
        raise MalformedError("Statement IDs (SID) in a single policy must be unique.")


def _quoted(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    if "Condition" not in statement:
        return statement
    tests = {
        operator: {
            key: [_text(each) for each in (value if isinstance(value, list) else [value])]
            for key, value in test.items()
        }
        for operator, test in statement["Condition"].items()
    }
    return {**statement, "Condition": tests}


def _text(value: Any) -> Any:
    return value if isinstance(value, str | bool) else str(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError(SYNTAX)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
