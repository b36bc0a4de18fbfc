"""The carrying out of a plan before a person's eyes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import click

from reconciler.apply import Outcome, Writer
from reconciler.apply import run as apply_plan
from reconciler.cli.screen import ask, complain, unread, watched
from reconciler.cli.target import Target
from reconciler.model import Plan, Step
from reconciler.report.lines import counted, printable
from reconciler.report.text import subject

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["carry_out"]

_DONE, _ERROR = 0, 1


def carry_out(plan: Plan, iam: Writer, target: Target, *, asked: bool, ready: Callable[[], None] = lambda: None) -> int:
    """Apply the plan, after asking if ``asked``, and return the exit code; ``ready`` is called before the first write.

    Raises:
        RefusedError: ``ready`` raised it; nothing was written.
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
    click.echo()
    with _ticking(plan) as ticker:
        try:
            outcome = apply_plan(plan, iam, ticker.tick)
        except KeyboardInterrupt:
            ticker.interrupted(target)
            raise
    return _ended(outcome, target)


class _Ticker:
    """Prints one line per step as it is done."""

    def __init__(self, plan: Plan, bar: Progress | None) -> None:
        self._plan = plan
        self._total = len(plan.steps)
        self._operations = max((len(step.call.operation) for step in plan.steps), default=0)
        self._done = 0
        self._begun: Step | None = None
        self._bar = bar
        self._task = bar.add_task("applying", total=self._total) if bar is not None else None

    def tick(self, step: Step, event: Literal["begun", "done", "failed"]) -> None:
        """Take notice of a step's event."""
        self._begun = step if event == "begun" else None
        if event == "begun":
            return
        self._done += event == "done"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=f"applying {printable(str(step.address))}")
        width = len(str(self._total))
        count = f"{self._done + (event == 'failed'):>{width}}/{self._total}"
        words = f"{printable(str(step.address))}  {subject(step, self._plan)}".rstrip()
        _say(f"{event:<6} {count}  {step.call.operation:<{self._operations}}  {words}")

    def interrupted(self, target: Target) -> None:
        """Tell what an interrupted run has done."""
        step = self._begun
        doubt = f"; whether {step.call.operation} {step.address} was is not known" if step is not None else ""
        what = f"{self._done} of {counted(self._total, 'write')} done{doubt}; `{target.command('apply')}` continues"
        if watched(sys.stderr):
            # The terminal has written ^C where the line ended.
            click.echo(err=True)
        complain("stopped", what)


def _say(line: str) -> None:
    """Print a line; that nobody reads it any more must not stop an apply half way."""
    with unread():
        click.echo(line)


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


def _ended(outcome: Outcome, target: Target) -> int:
    if outcome.ok:
        _say(f"done: {counted(len(outcome.done), 'write')}")
        return _DONE
    for step, why in outcome.failed:
        reason = why.removeprefix(f"{step.call.operation}: ")
        complain("error", f"{step.call.operation} {step.address} failed: {reason}")
    for step in outcome.left:
        _say(f"left    {step.call.operation}  {printable(str(step.address))}")
    parts = [f"{len(outcome.done)} done", f"{len(outcome.failed)} failed", f"{len(outcome.left)} left"]
    hint = f"once the cause is mended, `{target.command('apply')}` continues from here"
    complain("error", f"the plan is applied in part: {', '.join(parts)}; {hint}")
    return _ERROR
