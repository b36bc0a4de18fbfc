"""The nouns of an apply: what it needs, what it tells on its way, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from reconciler.model import Account, Address, Call, Live, Step

__all__ = ["Outcome", "Progress", "Verdict", "Writer"]

Progress: TypeAlias = Callable[[Step, Literal["begun", "done", "failed"]], None]
"""Told of a step's events; always from the thread that runs the plan, so in one order."""


class Writer(Protocol):
    """What an apply needs of live IAM; its methods are called from several threads."""

    def send(self, call: Call) -> Mapping[str, Any]:
        """Make one call, once."""

    def snapshot(self, account: Account) -> Live:
        """Return every object of the account."""

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        """Return the snapshot with the wanted fields read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one step that was begun."""

    step: Step
    state: Literal["done", "failed", "left"]
    """``left``: the call was certainly not made, for a reason that is not the step's own."""
    why: str = ""
    certain: bool = True
    """False: the call may have been made all the same."""
    stop: str = ""
    """Why nothing more can be begun; empty where the run goes on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what was done, what failed and why, what was not begun."""

    done: Sequence[Step]
    """In the order in which the calls were answered."""
    failed: Sequence[tuple[Step, str]]
    left: Sequence[Step]
    waiting: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """By the id of a step that is left, the ids of the failed steps that it waits for."""
    stopped: str = ""
    """Why the run ended before its time; empty where it did not."""
    interrupted: bool = False
    notices: Sequence[str] = ()
    """What makes it look as if somebody else changes the account at the same time."""

    @property
    def ok(self) -> bool:
        """Return whether every step was done."""
        return not self.failed and not self.left
