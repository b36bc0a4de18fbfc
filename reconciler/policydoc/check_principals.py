"""IAM's grammar of the principals of a trust."""

from __future__ import annotations

import re
from typing import Any

from reconciler.policydoc.findings import Findings, Path
from reconciler.policydoc.text import scalar
from reconciler.policydoc.words import ACCOUNT, PRINCIPAL_TYPES, listed, near, quoted

__all__ = ["check_principal"]

_UNIQUE_ID = re.compile(r"[A-Z0-9]{16,128}")
_SERVICE = re.compile(r"[^\s:/*]+\.[^\s:/*]+")
_ARN_PARTS = 6
_WRITE_ARN = "write the ARN of a user, a role or an account"
_NEVER: dict[str, tuple[str, str]] = {
    "group": ("is a group, which is never a principal", "name its users, or a role"),
    "policy": ("is a policy, which is never a principal", _WRITE_ARN),
    "instance-profile": ("is an instance profile, which is never a principal", "write the ARN of its role"),
    "saml-provider": ("is an identity provider", "write it under Federated"),
    "oidc-provider": ("is an identity provider", "write it under Federated"),
}
"""What IAM keeps that is no AWS principal, by the ARN's word for it."""
_DIGITS = re.compile(r"[0-9-]+")


def check_principal(path: Path, value: Any, findings: Findings) -> None:
    """Report what is wrong with a Principal. Source: IAM user guide, reference_policies_elements_principal."""
    if isinstance(value, str):
        if value != "*":
            kind = "Service" if ".amazonaws." in value else "AWS"
            findings.add(path, f"the principal {quoted(value)} has no type", f"write Principal: {{{kind}: {value}}}")
        return
    for kind, items in findings.entries(path, value, f"a mapping with {listed(PRINCIPAL_TYPES)}"):
        where = (*path, kind)
        if kind not in PRINCIPAL_TYPES:
            guess = near(kind, PRINCIPAL_TYPES)
            what = f"{quoted(kind)} is no type of principal"
            findings.add(where, what, f"write {guess or listed(PRINCIPAL_TYPES)}")
        elif kind == "AWS":
            _check_accounts(where, items, findings)
        else:
            _check_names(where, kind, items, findings)


def _check_accounts(path: Path, value: Any, findings: Findings) -> None:
    for where, item in findings.items(path, value):
        number = isinstance(item, int) and not isinstance(item, bool)
        text = scalar(item) if number else item
        if not isinstance(text, str):
            findings.wrong_type(where, item, "an ARN or an account's id")
        elif findings.characters(where, text):
            fault = _account_fault(text, number=number)
            if fault is not None:
                findings.add(where, *fault)


def _account_fault(text: str, *, number: bool) -> tuple[str, str] | None:
    if text == "*" or ACCOUNT.fullmatch(text):
        return None
    if _DIGITS.fullmatch(text):
        remedy = "put it in quotes, with its leading zeros" if number else "write its 12 digits, leading zeros included"
        return (f"{quoted(text)} is no account's id", remedy)
    if text.startswith("arn:"):
        return _arn_fault(text)
    if ".amazonaws." in text:
        return (f"{quoted(text)} is a service", "write it under Service")
    if _UNIQUE_ID.fullmatch(text):
        return None
    return (f"{quoted(text)} is no AWS principal", f"{_WRITE_ARN}, or 12 digits")


def _arn_fault(text: str) -> tuple[str, str] | None:
    parts = text.split(":", _ARN_PARTS - 1)
    if "*" in text or "?" in text:
        remedy = "name each principal, or write the account and a Condition on aws:PrincipalArn"
        return (f"{quoted(text)} holds a wildcard, which no ARN of a principal may", remedy)
    if len(parts) < _ARN_PARTS:
        return (f"{quoted(text)} is no whole ARN", "write arn:partition:iam::account:role/name")
    _, _, service, _, account, name = parts
    if service not in ("iam", "sts"):
        return (f"{quoted(text)} is no principal", _WRITE_ARN)
    if not ACCOUNT.fullmatch(account):
        return (f"{quoted(text)} names no account", "write the account's 12 digits after iam::")
    what, remedy = _NEVER.get(name.partition("/")[0], ("", ""))
    return (f"{quoted(text)} {what}", remedy) if what and service == "iam" else None


def _check_names(path: Path, kind: str, value: Any, findings: Findings) -> None:
    for where, text in findings.texts(path, value, "text"):
        if not text:
            findings.add(where, f"a principal under {kind} is empty", "name it")
        elif kind == "Service" and not _SERVICE.fullmatch(text):
            findings.add(where, f"{quoted(text)} is no service principal", _service_remedy(text))


def _service_remedy(text: str) -> str:
    if text.startswith("arn:") or _DIGITS.fullmatch(text):
        return "write it under AWS"
    if re.fullmatch(r"[a-z0-9-]+", text):
        return f"write {text}.amazonaws.com"
    return "write its name, as in lambda.amazonaws.com, without wildcards"
