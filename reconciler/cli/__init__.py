"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

__all__ = ["exit_code", "main"]

_ERROR, _INTERRUPTED = 1, 130


def main() -> NoReturn:
    """Run the process's command line and exit; see ``exit_code`` for the codes."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing but a request for one ever shows a traceback.

    0: done or in sync; 1: an error, or an apply that stopped half way; 2: differences, where the command was asked to
    tell them so; 3: the plan is refused or has conflicts; 130: interrupted.

    Args:
        argv: The arguments after the program's name.
    """
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:
            # It was closed before we began: nobody wants what would go there.
            setattr(sys, stream, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  open until we end
    try:
        from reconciler.cli.guard import guarded  # noqa: PLC0415  an interrupt while modules load must end as cleanly

        return guarded(argv)
    except KeyboardInterrupt:
        # The terminal has written ^C where the line ended.
        sys.stderr.write("\ninterrupted\n" if sys.stderr.isatty() else "interrupted\n")
        return _INTERRUPTED
