"""IAM's grammar of actions and resources."""

from __future__ import annotations

import re
from typing import Any

from reconciler.policydoc.findings import Findings, Path
from reconciler.policydoc.words import fold, near, quoted

__all__ = ["check_actions", "check_resources"]

_ACTION = re.compile(r"[A-Za-z0-9.*?-]+:[^\s:]+")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_PARTITION = re.compile(r"aws(?:-[a-z0-9-]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9-]*")
_ARN_COLONS = 5
_TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
)


def check_actions(path: Path, value: Any, findings: Findings) -> None:
    """Report what is wrong with an Action or NotAction. Source: IAM user guide, reference_policies_elements_action."""
    if isinstance(value, (list, tuple)) and not value:
        findings.add(path, "the list of actions is empty", "write at least one action")
    for where, text in findings.texts(path, value, "an action: service:Name"):
        if text != "*" and not _ACTION.fullmatch(text):
            findings.add(where, f"{quoted(text)} is no action", _action_remedy(text))
        elif findings.form == "trust":
            _check_trust_action(where, text, findings)


def _action_remedy(text: str) -> str:
    if _ACTION.fullmatch(text.strip()):
        return f"write {text.strip()}"
    if text.startswith("arn:"):
        return "write service:Name; an ARN belongs under Resource"
    if text.count(":") > 1:
        return "write service:Name, with one colon"
    return "write service:Name (as in s3:GetObject) or *"


def _check_trust_action(path: Path, text: str, findings: Findings) -> None:
    folded = fold(text)
    if folded in map(fold, _TRUST_ACTIONS) or "*" in text or "?" in text:
        return
    guess = near(text, _TRUST_ACTIONS)
    if guess is not None:
        findings.add(path, f"{quoted(text)} is no action of a trust", f"write {guess}")
    elif not folded.startswith("sts:"):
        what = f"{quoted(text)} is no action of a trust: it says only how the role is assumed"
        findings.add(path, what, "write sts:AssumeRole here; what the role may do belongs in its policies")


def check_resources(path: Path, value: Any, findings: Findings) -> None:
    """Report what is wrong with a Resource or NotResource.

    Source: IAM user guide, reference_policies_elements_resource.
    """
    if isinstance(value, (list, tuple)) and not value:
        findings.add(path, "the list of resources is empty", 'write at least one ARN, or "*"')
    for where, text in findings.texts(path, value, 'an ARN, or "*"'):
        fault = _resource_fault(text)
        if fault is not None:
            findings.add(where, *fault)


def _resource_fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a resource and what to do; variables and wildcards may stand for anything."""
    if text == "*" or text.startswith(("${", "*:")):
        return None
    if not text:
        return ("a resource is empty", 'write an ARN, or "*"')
    if not text.startswith("arn:"):
        meant = text.strip()
        remedy = f"write arn:{meant[4:]}" if fold(meant).startswith("arn:") else 'write arn:aws:s3:::bucket/*, or "*"'
        return (f"{quoted(text)} is no ARN", remedy)
    return _arn_fault(text)


def _arn_fault(text: str) -> tuple[str, str] | None:
    plain = _VARIABLE.sub("?", text)
    partition = plain.split(":")[1]
    if _PLAIN.fullmatch(partition) and not _PARTITION.fullmatch(partition):
        return (f"{quoted(text)} names the partition {quoted(partition)}", "write arn:aws:…, or another partition")
    if "::" in plain and plain.count(":") < _ARN_COLONS:
        what = f"{quoted(text)} has too few colons for an ARN"
        return (what, "write arn:partition:service:region:account:resource; a part may be empty")
    return None
