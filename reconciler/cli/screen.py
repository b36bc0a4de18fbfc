"""The two streams: results on stdout, everything about the run on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from reconciler.errors import ReconcilerError
from reconciler.report.lines import printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ask", "complain", "console", "discard_output", "heard", "status", "unread", "watched"]

_COLOURS = {"error": "31", "refused": "31", "warning": "33"}


def watched(stream: TextIO) -> bool:
    """Return whether a person is at the other end of the stream."""
    return stream.isatty()


def console() -> Console:
    """Return the console over stdout; colours as the terminal and NO_COLOR say."""
    from rich.console import Console  # noqa: PLC0415  rich costs more than a whole validate

    class Piped(Console):
        def on_broken_pipe(self) -> None:
            # rich would exit here; what a broken pipe means is the command's business.
            raise BrokenPipeError

    return Piped(highlight=False, markup=False, emoji=False)


def discard_output() -> None:
    """Send what is still to be written to stdout nowhere, so that it cannot fail again, not even at exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def unread() -> Iterator[None]:
    """Go on where whoever read stdout has gone, as ``head`` does: the exit code, and a write begun, still count."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


@contextmanager
def heard() -> Iterator[None]:
    """Let nothing be written to the account that nobody could read.

    Raises:
        ReconcilerError: whoever read stdout has gone, or it goes where nothing can be written.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        discard_output()
        raise ReconcilerError("nothing was written: nobody reads the output, which shows the plan") from error
    except OSError as error:
        if error.filename is not None:
            raise
        discard_output()
        what = "nothing was written: the output, which shows the plan, goes nowhere"
        raise ReconcilerError(f"{what}: {(error.strerror or str(error)).lower()}") from error


def complain(label: str, text: str = "") -> None:
    """Write one line to stderr, ``label: text``, whole however long it is, so that grep and editors can read it."""
    line = printable(" ".join(text.splitlines()))
    head = f"{label}: " if line else label
    coloured = watched(sys.stderr) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if coloured and label in _COLOURS:
        head = f"\x1b[1;{_COLOURS[label]}m{head}\x1b[0m"
    # What was printed stays before what is complained of where both streams end in one place.
    with suppress(OSError):
        sys.stdout.flush()
    sys.stderr.write(f"{head}{line}\n")
    sys.stderr.flush()


@contextmanager
def status(text: str) -> Iterator[None]:
    """Show on stderr that something goes on, as long as it does and if a person watches."""
    if not watched(sys.stderr):
        yield
        return
    from rich.console import Console  # noqa: PLC0415  rich costs more than a whole validate

    with Console(stderr=True).status(text):
        yield


def ask(question: str) -> bool:
    """Ask on stderr and return whether the answer on stdin is yes; no answer is no.

    A person is asked only on a terminal: see ``watched``.
    """
    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in {"y", "yes"}
