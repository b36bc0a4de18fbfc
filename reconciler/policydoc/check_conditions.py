"""IAM's grammar of conditions."""

from __future__ import annotations

import re
from typing import Any

from reconciler.policydoc.findings import Findings, Path
from reconciler.policydoc.text import scalar
from reconciler.policydoc.words import OPERATORS, QUALIFIERS, fold, near, quoted

__all__ = ["check_condition"]

_SUFFIX = "IfExists"
_DATE = re.compile(r"[0-9]+|-?[0-9]{1,9}(?:-[0-9]{1,2}(?:-[0-9]{1,2})?)?(?:[Tt].*)?", re.DOTALL)


def check_condition(path: Path, value: Any, findings: Findings) -> None:
    """Report what is wrong with a Condition.

    Source: IAM user guide, reference_policies_elements_condition_operators.
    """
    for operator, block in findings.entries(path, value, "a mapping from operators to keys and values"):
        where = (*path, operator)
        parts = _split(operator)
        _check_operator(where, parts, findings)
        seen: dict[str, str] = {}
        for key, values in findings.entries(where, block, "a mapping from condition keys to values"):
            twin = seen.setdefault(fold(key), key)
            if twin != key:
                what = f"the condition keys {quoted(twin)} and {quoted(key)} differ in case only"
                findings.add((*where, key), what, "keep one of them")
            if ":" not in key:
                what = f"{quoted(key)} is no condition key"
                findings.add((*where, key), what, "write service:name, as in aws:SourceIp")
            _check_values((*where, key), parts[1], values, findings)


def _split(operator: str) -> tuple[str, str, str]:
    qualifier = next((text for text in QUALIFIERS if operator.startswith(text)), "")
    base = operator.removeprefix(qualifier)
    suffix = _SUFFIX if base.endswith(_SUFFIX) else ""
    return qualifier, base.removesuffix(suffix), suffix


def _check_operator(path: Path, parts: tuple[str, str, str], findings: Findings) -> None:
    _, base, suffix = parts
    operator = "".join(parts)
    if base in OPERATORS:
        if base == "Null" and suffix:
            findings.add(path, f"{operator} is no condition operator: Null tests existence itself", "write Null")
        return
    guess = _guess(operator)
    remedy = f"write {guess}" if guess else "see the IAM user guide, condition operators"
    findings.add(path, f"{quoted(operator)} is no condition operator", remedy)


def _guess(operator: str) -> str | None:
    """Return the whole operator that was probably meant: qualifier and suffix may be misspelt too."""
    head, colon, tail = operator.rpartition(":")
    qualifier = near(f"{head}:", QUALIFIERS) if colon else ""
    if qualifier is None:
        return None
    stem = re.fullmatch(r"(.+?)(if[ _-]?exists?)?", tail, re.IGNORECASE | re.DOTALL)
    if stem is None:
        return None
    base = near(stem.group(1), OPERATORS)
    return f"{qualifier}{base}{_SUFFIX if stem.group(2) and base != 'Null' else ''}" if base else None


def _check_values(path: Path, base: str, value: Any, findings: Findings) -> None:
    for where, item in findings.items(path, value):
        text = scalar(item)
        if text is None:
            findings.wrong_type(where, item, "a text, a number or a boolean")
        elif findings.characters(where, text):
            if base == "Null" and fold(text) not in ("true", "false"):
                findings.add(where, f"{quoted(text)} is no value for Null", "write true (no such key) or false")
            elif base.startswith("Date") and base in OPERATORS and not ("${" in text or _DATE.fullmatch(text)):
                what = f"{quoted(text)} is no date"
                findings.add(where, what, "write it as 2030-01-31T23:59:59Z, or as seconds since 1970")
