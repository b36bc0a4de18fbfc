"""IAM's grammar: everything that IAM would refuse in a document, before it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.errors import PolicyError
from reconciler.policydoc.check_conditions import check_condition
from reconciler.policydoc.check_principals import check_principal
from reconciler.policydoc.check_values import check_actions, check_resources
from reconciler.policydoc.findings import Element, Finding, Findings, Form, Path
from reconciler.policydoc.words import (
    EFFECTS,
    STATEMENT_ELEMENTS,
    TOP_ELEMENTS,
    VERSION_NEW,
    VERSION_OLD,
    listed,
    near,
    quoted,
)
from reconciler.policydoc.writing import compact, size

__all__ = ["check"]

_SID = re.compile(r"[A-Za-z0-9]*")
_LIMITS: dict[Form, int] = {"managed": 6_144, "trust": 2_048}
"""Characters outside white space; inline policies are counted per holder.

Source: IAM user guide, reference_iam-quotas.
"""

_ATTACHED = "an identity policy has no {}: it holds for whoever it is attached to"
_IDENTITY = {element: (_ATTACHED.format(element), "remove it") for element in ("Principal", "NotPrincipal")}
_OWN_ROLE = "a trust has no {}: it is about its own role"
_TRUST = {
    "NotPrincipal": ("a trust has no NotPrincipal", "name those who may assume the role under Principal"),
    **{element: (_OWN_ROLE.format(element), "remove it") for element in ("Resource", "NotResource")},
}
_FOREIGN: dict[Form, dict[str, tuple[str, str]]] = {"managed": _IDENTITY, "inline": _IDENTITY, "trust": _TRUST}
"""The elements of a statement that a form cannot have: why, and what to do.

Source: IAM user guide, reference_policies_elements_principal, _notprincipal, _resource.
"""


def check(doc: Any, form: Form) -> list[Finding]:
    """Return everything that IAM would refuse in a document, in the document's order; what is in doubt is let through.

    ``doc`` may be any value; ``form`` says what the document is for.
    Source: IAM user guide, reference_policies_grammar, reference_policies_elements, reference_iam-quotas.
    """
    findings = Findings(form)
    if not isinstance(doc, Mapping):
        findings.wrong_type((), doc, "a mapping with Version and Statement")
        return findings.found
    guesses = TOP_ELEMENTS if form == "trust" else ("Version", "Statement")
    top = findings.known((), findings.entries((), doc, "a mapping"), TOP_ELEMENTS, guesses)
    _check_version(top, findings)
    _check_id(top, findings)
    _check_statements(top, findings)
    _check_size(doc, findings)
    return findings.found


def _check_version(top: dict[str, Element], findings: Findings) -> None:
    """Check Version; identity policies need the newer one, trusts of old roles have either or none.

    Source: IAM user guide, reference_policies_elements_version; CreatePolicy answers "must be version 2012-10-17 or
    greater".
    """
    identity = findings.form != "trust"
    remedy = f'write Version: "{VERSION_NEW}"'
    if "Version" not in top:
        if identity:
            findings.add((), "there is no Version", remedy)
        return
    path, value = top["Version"]
    if not isinstance(value, str):
        findings.wrong_type(path, value, f'the text "{VERSION_NEW}", in quotes')
    elif value == VERSION_OLD:
        if identity:
            findings.add(path, f"Version {VERSION_OLD} is too old for an identity policy", remedy)
    elif value != VERSION_NEW:
        other = "" if identity else f' (or "{VERSION_OLD}")'
        findings.add(path, f"{quoted(value)} is no version of the policy language", f"{remedy}{other}")


def _check_id(top: dict[str, Element], findings: Findings) -> None:
    if "Id" not in top:
        return
    path, value = top["Id"]
    if findings.form != "trust":
        findings.add(path, "an identity policy has no Id", "remove it")
    elif not isinstance(value, str):
        findings.wrong_type(path, value, "text")
    else:
        findings.characters(path, value)


def _check_statements(top: dict[str, Element], findings: Findings) -> None:
    if "Statement" not in top:
        findings.add((), "there is no Statement", "write Statement: and at least one statement below it")
        return
    path, value = top["Statement"]
    if isinstance(value, (list, tuple)) and not value:
        findings.add(path, "there is no statement", "write at least one")
    sids: set[str] = set()
    for where, item in findings.items(path, value):
        _check_statement(where, item, sids, findings)


def _check_statement(path: Path, value: Any, sids: set[str], findings: Findings) -> None:
    if not isinstance(value, Mapping):
        findings.wrong_type(path, value, "a statement: a mapping with Effect, Action and what else it needs")
        return
    entries = findings.entries(path, value, "a statement")
    guesses = tuple(name for name in STATEMENT_ELEMENTS if name not in _FOREIGN[findings.form])
    data = findings.known(path, entries, STATEMENT_ELEMENTS, guesses)
    if "Sid" in data:
        _check_sid(*data["Sid"], sids, findings)
    if "Effect" in data:
        _check_effect(*data["Effect"], findings)
    else:
        findings.add(path, "the statement has no Effect", "write Effect: Allow or Effect: Deny")
    _check_foreign(data, findings)
    _check_pair(path, data, "Action", findings)
    for element in ("Action", "NotAction"):
        if element in data:
            check_actions(*data[element], findings)
    if findings.form == "trust":
        _check_trustees(path, data, findings)
    else:
        _check_pair(path, data, "Resource", findings)
        for element in ("Resource", "NotResource"):
            if element in data:
                check_resources(*data[element], findings)
    if "Condition" in data:
        check_condition(*data["Condition"], findings)


def _check_sid(path: Path, value: Any, sids: set[str], findings: Findings) -> None:
    if not isinstance(value, str):
        findings.wrong_type(path, value, "text of letters and digits")
        return
    if not _SID.fullmatch(value):
        plain = re.sub(r"[^A-Za-z0-9]", "", value)
        remedy = f"write {plain}" if plain else "write letters and digits"
        findings.add(path, f"the Sid {quoted(value)} holds more than letters and digits", remedy)
    if value and value in sids:
        findings.add(path, f"the Sid {quoted(value)} stands in two statements", "rename one of them")
    sids.add(value)


def _check_effect(path: Path, value: Any, findings: Findings) -> None:
    if not isinstance(value, str):
        findings.wrong_type(path, value, "Allow or Deny")
    elif value not in EFFECTS:
        findings.add(path, f"{quoted(value)} is no effect", f"write {near(value, EFFECTS) or listed(EFFECTS)}")


def _check_foreign(data: dict[str, Element], findings: Findings) -> None:
    for element, (why, remedy) in _FOREIGN[findings.form].items():
        if element in data:
            findings.add(data[element][0], why, remedy)


def _check_trustees(path: Path, data: dict[str, Element], findings: Findings) -> None:
    if "Principal" in data:
        check_principal(*data["Principal"], findings)
    elif "NotPrincipal" not in data:
        findings.add(path, "the statement has no Principal", "write who may assume the role, under Principal")


def _check_pair(path: Path, data: dict[str, Element], element: str, findings: Findings) -> None:
    both = [name for name in (element, f"Not{element}") if name in data]
    if not both:
        findings.add(path, f"the statement has neither {element} nor Not{element}", f"write {element}")
    elif len(both) > 1:
        what = f"the statement has both {element} and Not{element}"
        findings.add(data[f"Not{element}"][0], what, "keep one of them, or write two statements")


def _check_size(doc: Mapping[str, Any], findings: Findings) -> None:
    limit = _LIMITS.get(findings.form)
    try:
        count = size(compact(doc))
    except PolicyError as error:
        if not findings.found:
            findings.add((), str(error), "shorten it")
        return
    if limit is not None and count > limit:
        noun = "managed policy" if findings.form == "managed" else "trust"
        what = f"the {noun} has {count:,} characters without white space, and IAM takes {limit:,}"
        findings.add((), what, "shorten it, or split it" if findings.form == "managed" else "shorten it")
