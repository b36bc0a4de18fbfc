"""Which step is made when: after those that it waits for, beside others, never two on one object at a time."""

from __future__ import annotations

import heapq
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any

from reconciler.apply.outcome import Outcome, Progress, Verdict, Writer
from reconciler.apply.pace import Pace
from reconciler.apply.sending import Sender, Timing
from reconciler.errors import DeniedError, JournalError
from reconciler.journal import JournalFile
from reconciler.model import Address, Live, Observed, Plan, Step
from reconciler.plan.foresee import foreseen, subjects, with_delta

__all__ = ["run"]


def run(  # noqa: PLR0913  each is for the caller to choose
    plan: Plan,
    iam: Writer,
    on_step: Progress = lambda _step, _event: None,
    *,
    journal: JournalFile | None = None,
    parallel: int = 8,
    sleep: Callable[[float], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
    on_interrupt: Callable[[int], None] = lambda _flying: None,
) -> Outcome:
    """Make the plan's calls, each after those that it waits for, and return what became of every step.

    A step that fails holds up those that wait for it and no others. An interrupt lets the calls in flight end and
    begins no more; a second one ends at once.

    Args:
        plan: what to do; its steps may wait for one another in any order without circles.
        iam: what makes the calls.
        on_step: told of each step.
        journal: where every write is put on record before it is made; without one nothing is.
        parallel: how many calls may be in flight; with 1 the calls go in the order of the steps' ids.
        sleep: waits that many seconds, or less once the run stops.
        clock: seconds that only grow.
        on_interrupt: told, at the first interrupt, how many calls are still in flight.

    Raises:
        JournalError: no journal can be begun, so nothing was written.
        KeyboardInterrupt: the second interrupt.
    """
    if journal is not None:
        caller, digest = (str(plan.header.get(name, "")) for name in ("caller", "digest"))
        journal.begin(plan.account, _complete(plan, iam), caller=caller, plan=digest)
    halt, pace = threading.Event(), Pace(parallel)
    sender = Sender(iam, plan, pace, Timing(sleep or halt.wait, clock, halt), journal=journal)
    flight = _Flight(plan, sender, pace, halt, on_step, on_interrupt)
    with _interrupts(flight.interrupt):
        flight.go()
    outcome = flight.outcome()
    if journal is None:
        return outcome
    try:
        journal.end(*([step.id for step in steps] for steps in (outcome.done, flight.failures, outcome.left)))
    except JournalError as error:
        flight.stopped = flight.stopped or str(error)
    return flight.outcome()


class _Flight:
    """The steps of one run: waiting, in flight, ended. Only the thread that runs the plan changes it."""

    def __init__(
        self,
        plan: Plan,
        sender: Sender,
        pace: Pace,
        halt: threading.Event,
        on_step: Progress,
        on_interrupt: Callable[[int], None],
    ) -> None:
        ids = {step.id for step in plan.steps}
        self._steps: Mapping[int, Step] = {step.id: step for step in plan.steps}
        # A saved plan that is taken up again no longer has the steps that were made.
        self._after = {step.id: [other for other in step.after if other in ids] for step in plan.steps}
        self._sorter = TopologicalSorter(self._after)
        self._sender = sender
        self._pace = pace
        self._on_step = on_step
        self._on_interrupt = on_interrupt
        self._halt = halt
        self._ready: list[int] = []
        self._flying: dict[int, Step] = {}
        self._busy: set[Address] = set()
        self._ended: queue.SimpleQueue[tuple[Step, Verdict | BaseException] | None] = queue.SimpleQueue()
        self._verdicts: list[Verdict] = []
        self._interrupted = False
        self.stopped = ""

    @property
    def failures(self) -> list[Step]:
        """Return the steps that failed."""
        return [verdict.step for verdict in self._verdicts if verdict.state == "failed"]

    def go(self) -> None:
        """Make the steps; what no step expects is raised once no call is in flight any more."""
        self._sorter.prepare()
        try:
            while self._sorter.is_active():
                for number in self._sorter.get_ready():
                    heapq.heappush(self._ready, number)
                self._launch()
                if not self._flying:
                    break
                self._take(self._ended.get())
        except Exception:
            self._halt.set()
            while self._flying:
                ended = self._ended.get()
                if ended is not None:
                    self._flying.pop(ended[0].id)
            raise

    def interrupt(self) -> None:
        """Begin nothing more; called from a signal's handler, where nothing may be waited for."""
        self._interrupted = True
        self._ended.put(None)

    def outcome(self) -> Outcome:
        """Return how the run ended, as far as it has."""
        done = [verdict.step for verdict in self._verdicts if verdict.state == "done"]
        failed = [(verdict.step, verdict.why) for verdict in self._verdicts if verdict.state == "failed"]
        settled = {step.id for step in done} | {step.id for step, _ in failed}
        left = [step for step in self._steps.values() if step.id not in settled]
        return Outcome(
            done=done,
            failed=failed,
            left=left,
            waiting=self._waiting({step.id for step, _ in failed}, left),
            stopped=self.stopped,
            interrupted=self._interrupted,
            notices=self._sender.notices,
        )

    def _waiting(self, failed: set[int], left: list[Step]) -> Mapping[int, tuple[int, ...]]:
        """Return for each step that is left the failed steps that it waits for, directly or through others."""
        causes: dict[int, set[int]] = {}
        for number in TopologicalSorter({step.id: self._after[step.id] for step in left}).static_order():
            if number in failed:
                causes[number] = {number}
            else:
                causes[number] = {cause for other in self._after[number] for cause in causes.get(other, ())}
        return {step.id: tuple(sorted(causes[step.id])) for step in left if causes[step.id]}

    def _launch(self) -> None:
        """Begin every step that is ready and whose objects nobody writes to, in the order of the plan."""
        passed_over = []
        while self._ready and len(self._flying) < self._pace.limit and not self._is_ending():
            step = self._steps[heapq.heappop(self._ready)]
            touched = set(subjects(step.call))
            if touched & self._busy:
                passed_over.append(step.id)
                continue
            self._on_step(step, "begun")
            self._busy |= touched
            self._flying[step.id] = step
            threading.Thread(target=self._make, args=(step,), daemon=True).start()
        for number in passed_over:
            heapq.heappush(self._ready, number)

    def _is_ending(self) -> bool:
        return self._interrupted or self._halt.is_set()

    def _make(self, step: Step) -> None:
        try:
            self._ended.put((step, self._sender.make(step)))
        except BaseException as error:  # noqa: BLE001  it is raised again in the thread that runs the plan
            self._ended.put((step, error))

    def _take(self, ended: tuple[Step, Verdict | BaseException] | None) -> None:
        """Take in what became of a step; None: there was an interrupt."""
        if ended is None:
            self._halt.set()
            self._on_interrupt(len(self._flying))
        elif isinstance(ended[1], Verdict):
            self._land(ended[1])
        else:
            del self._flying[ended[0].id]
            raise ended[1]

    def _land(self, verdict: Verdict) -> None:
        step = self._flying.pop(verdict.step.id)
        self._busy -= set(subjects(step.call))
        self._verdicts.append(verdict)
        if verdict.stop:
            self.stopped = self.stopped or verdict.stop
            self._halt.set()
        if verdict.state == "done":
            self._sorter.done(step.id)
        if verdict.state != "left":
            self._on_step(step, verdict.state)


def _complete(plan: Plan, iam: Writer) -> Mapping[Address, Observed[Any] | None]:
    """Return everything that the plan touches as it was, with all that there is to read of what will be gone."""
    objects = {address: seen for address, seen in plan.before.items() if seen is not None}
    after: Mapping[Address, Observed[Any]] = objects
    for step in plan.steps:
        after = with_delta(after, foreseen(after, step.call, plan.account))
    ids = {seen.resource.unique_id for seen in after.values()}
    gone = [seen for seen in objects.values() if seen.resource.unique_id not in ids]
    wanted = [(seen.address, field) for seen in gone for field in seen.unread]
    if not wanted:
        return plan.before
    try:
        read = iam.look_up(Live(plan.account, objects), wanted)
    except DeniedError:
        # The image says itself which of its fields nobody has read.
        return plan.before
    return {**plan.before, **read.objects}


@contextmanager
def _interrupts(first: Callable[[], None]) -> Iterator[None]:
    """Call ``first`` at the first interrupt or SIGTERM in place of ending; later ones do what they did before.

    Only the main thread may say what a signal does, and only if nobody else has.
    """
    own = threading.current_thread() is threading.main_thread()
    usual: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = [number for number, does in usual.items() if own and signal.getsignal(number) is does]
    if not ours:
        yield
        return

    def as_usual() -> None:
        for number in ours:
            signal.signal(number, usual[number])

    def handle(_number: int, _frame: object) -> None:
        as_usual()
        first()

    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        as_usual()
