"""Which actions can act on a resource at all, by the forms of ARN that AWS publishes for each."""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.catalogue.actions import ActionCatalogue
from reconciler.catalogue.search import find_actions

__all__ = ["acting_on"]

_ANY, _ANY_WITHIN, _ONE = "*", "/*", "?"
"""Any text, any text without a slash, any one character."""
_PART = re.compile(r"\$\{(\w+)\}|(.)", re.DOTALL)
_NO_SLASH = frozenset({"BucketName", "Account", "Partition", "Region"})
"""What holds no slash, in every service. Source: Amazon S3 user guide, bucketnamingrules."""


def acting_on(catalogue: ActionCatalogue, action: str, resource: str) -> tuple[int, ...]:
    """Return the places of the actions that match the glob ``action`` and can act on what ``resource`` matches.

    A glob over ARNs leaves out actions that have no resources; ``*`` leaves out none.
    """
    found = find_actions(catalogue, action)
    if resource == "*":
        return found
    return tuple(at for at in found if any(_meet(form, resource) for form in catalogue.arn_formats(at)))


@lru_cache(maxsize=4096)
def _meet(form: str, resource: str) -> bool:
    """Return whether an ARN of this form may match the glob."""
    service, own = _service(form), _service(resource)
    if service != own and not any(mark in service + own for mark in "*?$"):
        return False
    one = [match[2] or (_ANY_WITHIN if match[1] in _NO_SLASH else _ANY) for match in _PART.finditer(form)]
    return _intersect(one, list(resource))


def _service(arn: str) -> str:
    parts = arn.split(":", 3)
    return parts[2] if len(parts) > 3 else "*"  # noqa: PLR2004  an ARN's parts up to the service, and the rest


def _intersect(one: list[str], other: list[str]) -> bool:
    """Return whether some text is matched by both; each is a list of characters and wildcards."""
    stars = (_ANY, _ANY_WITHIN)
    seen = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        steps = []
        if i < len(one) and one[i] in stars:
            steps.append((i + 1, j))
        if j < len(other) and other[j] in stars:
            steps.append((i, j + 1))
        if i < len(one) and j < len(other) and _share(one[i], other[j]):
            steps.append((i + (one[i] not in stars), j + (other[j] not in stars)))
        for step in steps:
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False


def _share(one: str, other: str) -> bool:
    """Return whether some character fits both."""
    if _ANY_WITHIN in (one, other):
        return "/" not in {one, other}
    return one == other or bool({one, other} & {_ANY, _ONE})
