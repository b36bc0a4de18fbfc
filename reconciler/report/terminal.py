"""Lines on a rich console: coloured and wrapped on a terminal, whole and plain anywhere else."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from reconciler.report.lines import Line, Role, plain

__all__ = ["show"]

_STYLES: dict[Role, str] = {
    "": "",
    "title": "bold",
    "add": "green",
    "change": "yellow",
    "remove": "red",
    "warn": "bold magenta",
    "quiet": "dim",
}
_NARROWEST = 24


def show(lines: Iterable[Line], console: Console) -> None:
    """Print the lines; only a terminal gets colours, and only on a terminal are lines wrapped."""
    if not console.is_terminal:
        # rich takes a tenth of a millisecond a line, to no effect here.
        console.file.write(plain(lines))
        return
    wraps = console.file.isatty()
    for line in lines:
        text = Text.assemble(*((span.text, _STYLES[span.role]) for span in line.spans))
        text.rstrip()
        if wraps and text.cell_len > console.width:
            text = _wrapped(text, line.hang, console)
        console.print(text, soft_wrap=True, highlight=False)


def _wrapped(text: Text, hang: int, console: Console) -> Text:
    """Return the text broken into rows, the second and later ones beginning under its character ``hang``."""
    head, body = text.divide([hang])
    # A character may be two cells wide.
    indent = head.cell_len
    if console.width - indent < _NARROWEST:
        head, body, indent = Text(), text, 0
    rows = body.wrap(console, console.width - indent)
    for row in rows:
        row.rstrip()
    return Text.assemble(head, Text(f"\n{' ' * indent}").join(rows))
