"""The carrying out of a plan before a person's eyes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from reconciler.apply import Outcome, Writer
from reconciler.apply import run as apply_plan
from reconciler.cli.screen import ask, complain, discard_output, heard, unread, watched
from reconciler.cli.target import Target
from reconciler.journal import JournalFile, default_path
from reconciler.model import Plan, Step
from reconciler.report.lines import counted, printable
from reconciler.report.text import subject

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Manner", "carry_out", "in_a_manner"]

_DONE, _ERROR = 0, 1


@dataclass(frozen=True, slots=True)
class Manner:
    """How a plan is carried out."""

    parallel: int = 8
    """How many calls may be in flight at once."""
    journal: Path | None = None
    """Where the journal goes; None: to the user's own state directory."""


_OPTIONS = (
    click.option(
        "--parallel",
        metavar="N",
        type=click.IntRange(1, 64),
        default=Manner().parallel,
        show_default=True,
        help="Calls in flight at once; fewer while IAM asks to slow down. With 1 they go in the plan's order.",
    ),
    click.option(
        "--journal",
        "kept",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write the journal of the apply there, not to your state directory.",
    ),
)


def in_a_manner(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command the options that say how a plan is carried out, as its keyword ``manner``."""

    @functools.wraps(command)
    def wrapped(*, parallel: int, kept: Path | None, **rest: Any) -> int:
        return command(manner=Manner(parallel, kept), **rest)

    return functools.reduce(lambda function, option: option(function), reversed(_OPTIONS), wrapped)


def carry_out(
    plan: Plan,
    iam: Writer,
    target: Target,
    manner: Manner,
    *,
    asked: bool,
    ready: Callable[[], None] = lambda: None,
) -> int:
    """Apply the plan, after asking if ``asked``, and return the exit code; ``ready`` is called before the first write.

    Raises:
        JournalError: no journal can be kept; nothing was written.
        RefusedError: ``ready`` raised it; nothing was written.
        KeyboardInterrupt: somebody interrupted the apply, and what was done has been told.
    """
    if asked and not (watched(sys.stdin) and watched(sys.stderr)):
        again = target.command("apply", "--yes")
        complain("error", f"nothing was written: there is no terminal to ask on; `{again}` applies without asking")
        return _ERROR
    if asked:
        click.echo()
        if not ask(f"Apply {'this write' if len(plan.steps) == 1 else f'these {len(plan.steps)} writes'}?"):
            click.echo("nothing was written")
            return _ERROR
    ready()
    with heard():
        click.echo()
    journal = JournalFile(manner.journal or default_path(plan.account))
    with _ticking(plan) as ticker:
        try:
            outcome = apply_plan(
                plan, iam, ticker.tick, journal=journal, parallel=manner.parallel, on_interrupt=_stopping
            )
        except KeyboardInterrupt:
            ticker.broken_off(target)
            complain("journal", str(journal.path))
            raise
    code = _ended(outcome, plan, target)
    complain("journal", str(journal.path))
    if outcome.interrupted:
        raise KeyboardInterrupt
    return code


def _stopping(flying: int) -> None:
    if watched(sys.stderr):
        # The terminal has written ^C where the line ended.
        click.echo(err=True)
    complain("stopping", f"{counted(flying, 'call')} still in flight; interrupt again to end at once")


class _Ticker:
    """Prints one line per step as it is done."""

    def __init__(self, plan: Plan, bar: Progress | None) -> None:
        self._plan = plan
        self._total = len(plan.steps)
        self._operations = max((len(step.call.operation) for step in plan.steps), default=0)
        self._done = 0
        self._ended = 0
        self._begun: dict[int, Step] = {}
        self._bar = bar
        self._task = bar.add_task("applying", total=self._total) if bar is not None else None

    def tick(self, step: Step, event: Literal["begun", "done", "failed"]) -> None:
        """Take notice of a step's event."""
        if event == "begun":
            self._begun[step.id] = step
            return
        self._begun.pop(step.id, None)
        self._ended += 1
        self._done += event == "done"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=f"applying {printable(str(step.address))}")
        width = len(str(self._total))
        count = f"{self._ended:>{width}}/{self._total}"
        words = f"{printable(str(step.address))}  {subject(step, self._plan)}".rstrip()
        _say(f"{event:<6} {count}  {step.call.operation:<{self._operations}}  {words}")

    def broken_off(self, target: Target) -> None:
        """Tell what a run has done that did not wait for its calls in flight."""
        begun = ", ".join(_named(step, self._plan) for step in self._begun.values())
        doubt = f"; whether {begun} was made is not known" if begun else ""
        what = f"{self._done} of {counted(self._total, 'write')} done{doubt}; `{target.command('apply')}` continues"
        complain("stopped", what)


def _say(line: str) -> None:
    """Print a line; that nobody can read it any more must not stop an apply half way."""
    try:
        with unread():
            click.echo(line)
    except OSError as error:
        discard_output()
        complain("warning", f"the output ends here: {(error.strerror or str(error)).lower()}")


@contextmanager
def _ticking(plan: Plan) -> Iterator[_Ticker]:
    """Show a progress bar too where the lines go to a file or a pipe and a person watches stderr."""
    if not watched(sys.stderr) or watched(sys.stdout):
        yield _Ticker(plan, None)
        return
    from rich.console import Console  # noqa: PLC0415  rich is loaded for those who see it
    from rich.progress import Progress  # noqa: PLC0415  the same

    console = Console(stderr=True)
    with Progress(console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        yield _Ticker(plan, bar)


def _named(step: Step, plan: Plan) -> str:
    """Return the call, its object and what it names beside: two attachments to one user are told apart."""
    return f"{step.call.operation} {step.address} {subject(step, plan)}".rstrip()


def _ended(outcome: Outcome, plan: Plan, target: Target) -> int:
    """Tell how the run ended: what looked strange, what failed and why, what is left, and how to go on."""
    for notice in outcome.notices:
        complain("warning", notice)
    if outcome.ok:
        _say(f"done: {counted(len(outcome.done), 'write')}")
        if outcome.stopped:
            complain("warning", outcome.stopped)
        return _DONE
    for step, why in outcome.failed:
        reason = why.removeprefix(f"{step.call.operation}: ")
        complain("error", f"{_named(step, plan)} failed: {reason}")
    if outcome.stopped:
        complain("error", f"nothing more was begun: {outcome.stopped}")
    names = {step.id: _named(step, plan) for step, _ in outcome.failed}
    for step in outcome.left:
        waits = " and ".join(names[cause] for cause in outcome.waiting.get(step.id, ()))
        reason = f"  (waits for {waits})" if waits else ""
        _say(f"left    {printable(f'{_named(step, plan)}{reason}')}")
    parts = [f"{len(outcome.done)} done", f"{len(outcome.failed)} failed", f"{len(outcome.left)} left"]
    if outcome.interrupted:
        complain("stopped", f"{', '.join(parts)}; `{target.command('apply')}` continues from here")
    else:
        hint = f"once the cause is mended, `{target.command('apply')}` continues from here"
        complain("error", f"the plan is applied in part: {', '.join(parts)}; {hint}")
    return _ERROR
