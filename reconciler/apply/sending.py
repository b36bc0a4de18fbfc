"""The making of one step: sent, and sent again where that can do no harm, until it is known what became of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.apply.history import History, takes_away
from reconciler.apply.looking import Looker
from reconciler.apply.outcome import Verdict, Writer
from reconciler.apply.pace import Pace
from reconciler.apply.refusals import THROTTLED, USUAL, rule
from reconciler.errors import (
    CallError,
    CredentialsError,
    JournalError,
    ReconcilerError,
    UnansweredError,
)
from reconciler.journal import JournalFile
from reconciler.kinds import KINDS
from reconciler.model import Call, Plan, Step

__all__ = ["Sender", "Timing"]

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_LAG = 5.0
"""Seconds to wait before a second look: what IAM has stored may be some seconds from being shown."""


def _doubles(call: Call) -> bool:
    """Return whether the call made twice leaves two of what it makes: it creates something that has no name."""
    named = {kind.creates for kind in KINDS.values()}
    return call.operation.startswith("Create") and call.operation not in named


@dataclass(frozen=True, slots=True)
class Timing:
    """How time passes for a run, and how it ends before its time."""

    sleep: Callable[[float], object]
    """Waits that many seconds, or less once ``halt`` is set."""
    clock: Callable[[], float]
    """Seconds that only grow."""
    halt: threading.Event
    """Set: nothing more is sent."""


@dataclass(slots=True)
class _Trial:
    """One step while it is tried."""

    step: Step
    begun: float
    pause: float = _FIRST_PAUSE
    doubt: str = ""
    """Why it is not known whether the call was made; empty while it is known that it was not."""

    @property
    def call(self) -> Call:
        return self.step.call

    def ended(self, why: str, *, stop: str = "") -> Verdict:
        """Return that the step failed; where it may have been made nevertheless, the reason says so."""
        if self.doubt and why != self.doubt:
            why = f"{why}; an earlier attempt had no answer ({self.doubt})"
        told = f"it is not known whether it was made: {why}" if self.doubt else why
        return Verdict(self.step, "failed", told, certain=not self.doubt, stop=stop)

    def halted(self, stop: str = "") -> Verdict:
        """Return what a step is that the end of the run leaves."""
        return self.ended(self.doubt, stop=stop) if self.doubt else Verdict(self.step, "left", stop=stop)


class Sender:
    """Makes steps, several at a time from several threads."""

    def __init__(self, iam: Writer, plan: Plan, pace: Pace, timing: Timing, *, journal: JournalFile | None) -> None:
        """Take live IAM, the plan whose steps will come, and what paces, times and records them."""
        self._iam = iam
        self._history = History(plan)
        self._looker = Looker(iam, plan.account)
        self._pace = pace
        self._timing = timing
        self._journal = journal
        self._notices: dict[str, None] = {}

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what looked like somebody else's doing, each once."""
        return tuple(self._notices)

    def make(self, step: Step) -> Verdict:
        """Return what became of the step; it is on record before its call is made, and afterwards.

        A call that cannot be put on record is not made.
        """
        if self._journal is None:
            return self._tried(step)
        try:
            self._journal.write(step)
        except JournalError as error:
            return Verdict(step, "left", stop=str(error))
        verdict = self._tried(step)
        try:
            if verdict.state == "done":
                self._journal.done(step)
            else:
                self._journal.failed(step, verdict.why or "the run ended first", certain=verdict.certain)
        except JournalError as error:
            return replace(verdict, stop=verdict.stop or str(error))
        return verdict

    def _tried(self, step: Step) -> Verdict:
        trial = _Trial(step, self._timing.clock())
        while not self._timing.halt.is_set():
            try:
                if self._attempt(trial):
                    return self._done(step)
            except CredentialsError as error:
                # Nothing that is still to be sent can pass either.
                return trial.halted(str(error))
            except UnansweredError as error:
                trial.doubt = str(error)
                if self._is_over(trial, USUAL):
                    return self._given_up(trial)
            except CallError as error:
                verdict = self._ruled(trial, error)
                if verdict is not None:
                    return verdict
            except ReconcilerError as error:
                return trial.ended(str(error))
            self._timing.sleep(trial.pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter, no secret
            trial.pause = min(trial.pause * 2, _LONGEST_PAUSE)
        return trial.halted()

    def _ruled(self, trial: _Trial, error: CallError) -> Verdict | None:
        """Return what a refusal makes of the step; None: it is to be tried again."""
        ruling = rule(self._history, trial.call, error, doubt=bool(trial.doubt))
        self._notice(ruling.notice)
        done = ruling.done or (ruling.done_if_gone and not self._is_left(trial.call))
        if not done and not self._is_over(trial, ruling.budget):
            return None
        self._notice(ruling.last_word)
        return self._done(trial.step) if done else trial.ended(str(error))

    def _is_left(self, call: Call) -> bool:
        """Return whether the account still shows what the call takes away, as it may where IAM lags behind itself."""
        try:
            return self._history.is_left_to_do(self._looker.look(), call)
        except ReconcilerError:
            return True

    def _is_over(self, trial: _Trial, budget: float) -> bool:
        return self._timing.clock() - trial.begun + trial.pause > budget

    def _done(self, step: Step) -> Verdict:
        self._history.done(step)
        return Verdict(step, "done")

    def _attempt(self, trial: _Trial) -> bool:
        """Send the call, unless it shows that an earlier attempt was made; return whether it is done."""
        if trial.doubt and not takes_away(trial.call) and self._shown(trial.call):
            return True
        if self._timing.halt.is_set():
            # The wait for a second look may have been cut short.
            return False
        begun = self._pace.begun()
        try:
            self._iam.send(trial.call)
        except CallError as error:
            if error.code in THROTTLED:
                self._pace.throttled(begun)
            raise
        self._pace.passed()
        return True

    def _shown(self, call: Call) -> bool:
        """Return whether the account shows that the call was made, looking twice before anything could be doubled."""
        objects = self._looker.look()
        if self._history.landed(objects, call):
            return True
        if _doubles(call):
            self._timing.sleep(_LAG)
            objects = self._looker.look()
            if self._history.landed(objects, call):
                return True
        for address in self._history.strangers(objects, call):
            self._notice(f"somebody else seems to be changing {address}: it is not as this run found or left it")
        if self._history.is_foreign(objects, call):
            raise ReconcilerError("an object of this name is there, and not as the call makes it; run again")
        return False

    def _given_up(self, trial: _Trial) -> Verdict:
        """Return the end of a step that never had an answer; where AWS cannot even be read, no other will have one."""
        try:
            objects = self._looker.look()
        except UnansweredError as error:
            return trial.ended(trial.doubt, stop=str(error))
        except ReconcilerError as error:
            return trial.ended(str(error))
        if not takes_away(trial.call) and self._history.landed(objects, trial.call):
            return self._done(trial.step)
        return trial.ended(trial.doubt)

    def _notice(self, text: str) -> None:
        if text:
            self._notices[text] = None
