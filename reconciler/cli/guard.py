"""What stands between the commands and the shell: every error becomes a line and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence

import click

from reconciler.cli.commands import cli
from reconciler.cli.screen import complain, discard_output
from reconciler.errors import InputError, ReconcilerError, RefusedError
from reconciler.report.lines import counted

__all__ = ["guarded"]

_ERROR, _REFUSED = 1, 3

_COMPLETION = "_RECONCILER_COMPLETE"
"""Set by the shell's completion script. Source: click's documentation, shell completion."""


def guarded(argv: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code.

    Raises:
        KeyboardInterrupt: somebody interrupted it.
    """
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show is no reason to stop half way.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = _told(argv)
    try:
        sys.stdout.flush()
    except OSError:
        # What could not be written has been told of; Python would try again at exit, and end with a code of its own.
        discard_output()
    return code


def _told(argv: Sequence[str]) -> int:
    """Run the command, and return its exit code once whatever went wrong has been told."""
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return _ERROR
    except RefusedError as error:
        for reason in error.reasons:
            complain("refused", reason)
        return _REFUSED
    except Exception as error:  # noqa: BLE001  the last stop before the shell
        _tell(error)
        if os.environ.get("RECONCILER_DEBUG", "") not in {"", "0"}:
            traceback.print_exc()
        return _ERROR
    return code


def _run(argv: Sequence[str]) -> int:
    """Run the command without click's own exit codes and its own ways with interrupts and pipes."""
    if _COMPLETION in os.environ:
        cli.main(args=list(argv), prog_name="reconciler")
    try:
        with cli.make_context("reconciler", list(argv)) as context:
            return int(cli.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code


def _tell(error: Exception) -> None:
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "reconciler"
        complain("error", f"{error.format_message().rstrip('.')}; see `{command} --help`")
    elif isinstance(error, InputError):
        for fault in error.faults:
            complain("error", str(fault))
        complain(counted(len(error.faults), "error"))
    elif isinstance(error, ReconcilerError):
        complain("error", str(error))
    elif isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        complain("error", f"{where}{error.strerror.lower()}")
    else:
        hint = "this is a bug in the reconciler: please report it with what RECONCILER_DEBUG=1 shows"
        complain("error", f"{type(error).__name__}: {error}; {hint}")
