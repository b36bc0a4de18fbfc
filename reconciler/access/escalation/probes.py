"""Requests that a principal's own policies suggest: whoever has more than another mostly shows it by one of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from reconciler.access.deciding import Principal, Request, evaluate
from reconciler.access.words import fold, items
from reconciler.catalogue.actions import action_catalogue
from reconciler.errors import PolicyError

__all__ = ["Probes"]

_MOST = 24
"""Requests for one principal, the first that its policies suggest."""
_MEMO = 4_096
_WELL_KNOWN = ("iam:CreateUser", "s3:GetObject", "kms:Decrypt", "ec2:TerminateInstances", "lambda:InvokeFunction")
_COMMON = {"${Partition}": "aws", "${Region}": "us-east-1", "${Account}": "123456789012"}
_HOLE = re.compile(r"\$\{[^}]*\}")


class Probes:
    """Requests that a principal is allowed, each of an action that exists on a resource that the action is for."""

    def __init__(self, principal: Principal) -> None:
        """Take the principal; its policies are not read before somebody asks."""
        self._principal = principal
        self._found: tuple[tuple[str, str], ...] | None = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Return an iterator over actions and resources."""
        if self._found is None:
            suggested = (pair for document in self._principal.identity for pair in _suggested(document))
            wanted = [pair for pair, _ in zip(dict.fromkeys(suggested), range(_MOST), strict=False)]
            self._found = tuple(pair for pair in wanted if self._is_allowed(*pair))
        return iter(self._found)

    def _is_allowed(self, action: str, resource: str) -> bool:
        try:
            return evaluate(self._principal, Request(action, resource)).allowed
        except PolicyError:
            return False


def _suggested(document: Any) -> Iterator[tuple[str, str]]:
    for statement in items(document.get("Statement", [])):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow" and "Action" in statement:
            resources = [str(one) for one in items(statement.get("Resource", []))]
            for glob in items(statement["Action"]):
                for name in _actions(fold(str(glob))):
                    for pattern in resources:
                        yield from _requests(name, pattern)


@lru_cache(_MEMO)
def _actions(glob: str) -> tuple[str, ...]:
    """Return actions that exist and that the glob covers: itself, or one for a prefix, or the well-known ones."""
    if glob == "*":
        return _WELL_KNOWN
    names = action_catalogue()
    prefix = glob.removesuffix("*")
    at = bisect_left(names.folded, prefix)
    found = names.folded[at] if at < len(names.folded) else ""
    is_one = found.startswith(prefix) if glob != prefix else found == glob
    return (names.names[at],) if is_one and not set("*?") & set(prefix) else ()


def _requests(action: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Yield the action on a resource that the pattern covers, if there can be one that the action is for."""
    resource = pattern.replace("*", "x").replace("?", "x")
    if pattern == "*":
        yield action, _example(action)
    elif "$" not in pattern and any(_of_format(text).fullmatch(resource) for text in _formats(action)):
        yield action, resource


def _formats(action: str) -> tuple[str, ...]:
    names = action_catalogue()
    return names.arn_formats(bisect_left(names.folded, fold(action)))


def _example(action: str) -> str:
    """Return a resource that the action is for; ``*`` where it is for none."""
    formats = _formats(action)
    return _HOLE.sub(_filled, formats[0]).replace("*", "x") if formats else "*"


def _filled(hole: re.Match[str]) -> str:
    return _COMMON.get(hole[0], "x")


@lru_cache(_MEMO)
def _of_format(text: str) -> re.Pattern[str]:
    parts = [re.escape(part).replace(r"\*", ".*") for part in _HOLE.split(text)]
    return re.compile(".+".join(parts).replace(":.+:", ":.*:"), re.DOTALL)
