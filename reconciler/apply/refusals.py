"""What a refusal of IAM means for the call that met it: it is done already, it may pass later, or it is the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.apply.history import History, takes_away
from reconciler.errors import CallError
from reconciler.model import Call
from reconciler.plan.foresee import subjects

__all__ = ["THROTTLED", "USUAL", "Ruling", "rule"]

THROTTLED = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException"})

USUAL = 120.0
"""Seconds until a change is known everywhere; for principals, half a minute has been seen."""

_SHORT = 20.0
"""Seconds until what this run took away counts as gone."""

_LONG = 300.0
"""Seconds until a name may be used anew. Source: EntityTemporarilyUnmodifiable in IAM's service model: wait minutes."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to do about a refusal."""

    budget: float = 0.0
    """Seconds, from the step's beginning, for which the call may be made again; 0: it may not."""
    done: bool = False
    done_if_gone: bool = False
    """The call is done if the account shows nothing any more that it would change."""
    notice: str = ""
    """What it tells of somebody else's doing, at once."""
    last_word: str = ""
    """The same, to be told when the call is made no more."""


@dataclass(frozen=True, slots=True)
class _Case:
    history: History
    call: Call
    error: CallError
    doubt: bool


def rule(history: History, call: Call, error: CallError, *, doubt: bool) -> Ruling:
    """Return what to do; ``doubt``: an earlier attempt of the same call had no answer and may have been made.

    Source: IAM's service model (errors of each operation); IAM user guide, troubleshoot_general: changes take time
    until they are seen everywhere.
    """
    if error.code in THROTTLED:
        return Ruling(USUAL)
    if error.operation != call.operation or error.code not in _RULES:
        return Ruling()
    return _RULES[error.code](_Case(history, call, error, doubt))


def _busy(case: _Case) -> Ruling:
    # After a lost answer it may be our own first attempt that is still at work.
    return Ruling(USUAL, notice="" if case.doubt else _else(case.call, "another request is modifying it"))


def _missing(case: _Case) -> Ruling:
    if takes_away(case.call):
        gone = _else(case.call, "what was to be taken away had gone already")
        return Ruling(done=True) if case.doubt else Ruling(_SHORT, done_if_gone=True, last_word=gone)
    lost = _else(case.call, "something that was there is gone")
    if case.history.made_named(case.call):
        return Ruling(USUAL, last_word=lost)
    # A renaming that was made leaves nothing under the old name; the next look tells.
    return Ruling(_SHORT if case.doubt else 0, last_word=lost)


def _taken(case: _Case) -> Ruling:
    come = _else(case.call, "something of this name has come since the plan was made")
    return Ruling(USUAL if case.doubt or case.history.unmade(case.call) else 0, last_word=come)


def _in_use(case: _Case) -> Ruling:
    added = _else(case.call, "something has been added to it since the plan was made")
    return Ruling(_SHORT if case.history.took_from(case.call) else 0, last_word=added)


def _full(case: _Case) -> Ruling:
    return Ruling(_SHORT if case.doubt or case.history.took_from(case.call) else 0)


def _malformed(case: _Case) -> Ruling:
    unknown = case.error.message.startswith("Invalid principal in policy")
    return Ruling(USUAL if unknown and case.history.made_named(case.call) else 0)


_Rule: TypeAlias = Callable[[_Case], Ruling]

_RULES: Mapping[str, _Rule] = {
    "ConcurrentModification": _busy,
    "DeleteConflict": _in_use,
    "EntityAlreadyExists": _taken,
    "EntityTemporarilyUnmodifiable": lambda _case: Ruling(_LONG),
    "LimitExceeded": _full,
    "MalformedPolicyDocument": _malformed,
    "NoSuchEntity": _missing,
}


def _else(call: Call, what: str) -> str:
    names = ", ".join(str(address) for address in subjects(call)) or "the account"
    return f"somebody else seems to be changing {names}: {what} ({call.operation})"
