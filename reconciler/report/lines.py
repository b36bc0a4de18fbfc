"""Lines of output as data: spans of text, each with a role, free of colours and widths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from reconciler.model import Origin

__all__ = ["SIGN_ROLES", "Line", "Role", "Span", "column", "counted", "origin_data", "place", "plain", "printable"]

Role: TypeAlias = Literal["", "title", "add", "change", "remove", "warn", "quiet"]
"""What a span is for; the terminal gives each role its colour."""

SIGN_ROLES: dict[str, Role] = {"+": "add", "~": "change", "-": "remove", "!": "warn", ".": "quiet"}
"""The role of a text that begins with a sign."""

_WIDEST = 44


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: Role = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report; ``hang`` is the column in which its continuation begins where it must be wrapped."""

    spans: tuple[Span, ...] = ()
    hang: int = 0

    def __str__(self) -> str:
        """Return the line as plain text."""
        return "".join(span.text for span in self.spans).rstrip()


def plain(lines: Iterable[Line]) -> str:
    """Return the lines as one text, each ended by a newline."""
    return "".join(f"{line}\n" for line in lines)


def printable(text: str) -> str:
    r"""Return ``text`` with everything that a terminal would obey rather than show written as an escape.

    Names and descriptions come from the account: a newline among them must not pass for a line of the report, nor
    an escape sequence or a change of writing direction hide one.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def place(origin: Origin | None) -> str:
    """Return ``file:line``, or nothing where there is no origin."""
    return f"{printable(origin.file)}:{origin.line}" if origin is not None else ""


def origin_data(origin: Origin | None) -> dict[str, Any] | None:
    """Return the place for programs, as JSON has it."""
    return asdict(origin) if origin is not None else None


def counted(count: int, noun: str) -> str:
    """Return ``1 write``, ``2 writes``, ``3 policies``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def column(texts: Iterable[str]) -> int:
    """Return the width of a column that holds the texts; a text of unusual length may stick out."""
    return min(max((len(text) for text in texts), default=0), _WIDEST)
