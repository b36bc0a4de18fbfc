"""The strict layer as two tables: what AWS refuses (rules), and what the sandbox answers itself (answers).

To teach the sandbox something is to add a function with one of the decorators here. What neither table knows, moto
answers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeAlias, TypeVar

from reconciler.sandbox.account import Account
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["ANSWERS", "RULES", "Answer", "Key", "Rule", "answer", "enforce", "listing", "page", "rule"]

Check: TypeAlias = Callable[[Account, Call], str | None]
Answer: TypeAlias = Callable[[Account, Call], Mapping[str, Any]]
Key: TypeAlias = Sequence[str | int]
"""What a listing is sorted by; a marker holds the last key of a page."""

T = TypeVar("T")

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that AWS refuses: the code it refuses with, the operations concerned, and who says so.

    ``check`` returns the message to refuse with, or None. ``standing`` tells whether the rule is documented or seen in
    the wild (``known``), or likely only (``assumed``).
    """

    name: str
    code: str
    operations: frozenset[str]
    check: Check
    source: str
    standing: Literal["known", "assumed"]


RULES: list[Rule] = []
ANSWERS: dict[str, Answer] = {}


def rule(
    code: str, *operations: str, source: str, standing: Literal["known", "assumed"] = "known"
) -> Callable[[Check], Check]:
    """Add the function to the rules; without operations it is asked before every one."""

    def add(check: Check) -> Check:
        RULES.append(Rule(check.__name__, code, frozenset(operations), check, source, standing))
        return check

    return add


def enforce(account: Account, call: Call) -> None:
    """Ask every rule of the operation, in the order of their registration.

    Raises:
        RefusedError: the first rule's that refuses.
    """
    for each in RULES:
        if not each.operations or call.operation in each.operations:
            message = each.check(account, call)
            if message is not None:
                raise RefusedError(each.code, message, each.name)


def answer(*operations: str) -> Callable[[Answer], Answer]:
    """Let the function answer these operations; it returns the result by the names of the service model."""

    def add(function: Answer) -> Answer:
        ANSWERS.update(dict.fromkeys(operations, function))
        return function

    return add


def listing(
    operation: str, member: str, view: Callable[[Account, Any], Any] = lambda _, item: item
) -> Callable[[Callable[[Account, Call], Iterable[tuple[Key, Any]]]], Answer]:
    """Let the function answer a listing: it returns all items after their keys, and pages are cut from them here."""

    def add(function: Callable[[Account, Call], Iterable[tuple[Key, Any]]]) -> Answer:
        @wraps(function)
        def answered(account: Account, call: Call) -> Mapping[str, Any]:
            items, paging = page(account, function(account, call), call.params)
            return {member: [view(account, item) for item in items], **paging}

        ANSWERS[operation] = answered
        return answered

    return add


def page(
    account: Account, items: Iterable[tuple[Key, T]], params: Mapping[str, Any]
) -> tuple[list[T], Mapping[str, Any]]:
    """Return the page that Marker and MaxItems ask for, with IsTruncated and the next Marker.

    A marker is the last key seen, not an offset: what is deleted between two pages hides nothing. Where the account
    limits pages, the first is empty and the others are short: only IsTruncated tells which page is the last.

    Raises:
        RefusedError: ValidationError, the marker is none of ours.

    Source: IAM API reference: IAM might return fewer results than MaxItems even when there are more.
    """
    marker, size = params.get("Marker"), params.get("MaxItems", _PAGE)
    if account.page_limit is not None:
        size = min(size, account.page_limit) if marker is not None else 0
    after = _unmark(marker)
    try:
        rest = sorted(((list(key), item) for key, item in items if list(key) > after), key=lambda pair: pair[0])
    except TypeError:
        raise _bad_marker() from None
    if len(rest) <= size:
        return [item for _, item in rest], {"IsTruncated": False}
    found = rest[:size]
    return [item for _, item in found], {"IsTruncated": True, "Marker": _mark(found[-1][0] if found else after)}


def _mark(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode("ascii")


def _unmark(marker: str | None) -> list[Any]:
    if marker is None:
        return []
    try:
        key = json.loads(base64.urlsafe_b64decode(marker))
    except ValueError:
        raise _bad_marker() from None
    if not isinstance(key, list):
        raise _bad_marker()
    return key


def _bad_marker() -> RefusedError:
    return RefusedError("ValidationError", "Invalid Marker.")
