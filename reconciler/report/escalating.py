"""Paths to access that nobody gave, as people and programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model import Escalation, Evidence
from reconciler.report.expecting import requested
from reconciler.report.json import escalation_data
from reconciler.report.lines import Line, Span, counted, printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["as_json", "escalation_lines", "render", "undecided_lines"]

_FORMAT_VERSION = 1
_MOST_TARGETS = 3
"""Targets of one source by one way that are shown; JSON has all of them."""


def render(
    found: Sequence[Escalation],
    possible: Sequence[Escalation] | None,
    undecided: Sequence[str],
    state: str,
    console: Console,
) -> None:
    """Print the escalations of an account; ``possible`` is None where nobody asked for such ones."""
    from reconciler.report.terminal import show  # noqa: PLC0415  rich costs more than the rest of the report

    show(_lines(found, possible, undecided, state), console)


def as_json(
    found: Sequence[Escalation], possible: Sequence[Escalation] | None, undecided: Sequence[str], state: str
) -> str:
    """Return the same as JSON in ASCII, ended by a newline."""
    body = {
        "format_version": _FORMAT_VERSION,
        "state": state,
        "escalations": [escalation_data(path) for path in found],
        "possible": None if possible is None else [escalation_data(path) for path in possible],
        "undecided": list(undecided),
    }
    return json.dumps(body, indent=2) + "\n"


def escalation_lines(found: Iterable[Escalation], mark: str) -> Iterator[Line]:
    """Yield the lines of the paths, those of one source by one way together; ``mark`` stands before each."""
    for _, alike in groupby(found, key=_way):
        group = list(alike)
        for path in group[:_MOST_TARGETS]:
            names = " -> ".join([str(path.source), *(_target(path, at) for at in range(len(path.hops)))])
            by = ", then ".join(hop.method for hop in path.hops)
            yield Line((Span(f"! {mark}  ", "warn"), Span(f"{printable(names)}  via {printable(by)}", "warn")), 4)
            for hop in path.hops:
                for evidence in hop.evidence:
                    yield from _evidence(evidence)
        more = len(group) - _MOST_TARGETS
        if more > 0:
            source = printable(str(group[0].source))
            text = f"! {mark}  {source} gets at {counted(more, 'more principal')} in the same way"
            yield Line((Span(text, "warn"),), 4)


def undecided_lines(undecided: Iterable[str]) -> Iterator[Line]:
    """Yield what could not be settled about escalations."""
    for text in undecided:
        yield Line((Span(f"! escalation not settled: {printable(text)}", "warn"),), 4)


def _lines(
    found: Sequence[Escalation], possible: Sequence[Escalation] | None, undecided: Sequence[str], state: str
) -> Iterator[Line]:
    yield Line((Span("Escalations", "title"), Span(f" ({printable(state)}; identity-based access):", "quiet")), 4)
    yield from escalation_lines(found, "ESCALATION")
    if possible:
        yield from escalation_lines(possible, "POSSIBLE, if something runs with that role:")
    yield from undecided_lines(undecided)
    sources = len({path.source for path in found})
    text = "nobody gets at more than is given"
    if found:
        verb = "gets" if sources == 1 else "get"
        text = f"{counted(sources, 'principal')} {verb} at more than is given, by {counted(len(found), 'path')}"
    tail = "" if possible is None else f"; {counted(len(possible), 'more path')} possible"
    yield Line((Span(f"  {text}{tail}", "quiet"),))


def _way(path: Escalation) -> tuple[object, ...]:
    return (path.source, len(path.hops), path.hops[0].method, path.source == path.target)


def _target(path: Escalation, at: int) -> str:
    hop = path.hops[at]
    return str(hop.target) if hop.source != hop.target else "more for itself"


def _evidence(evidence: Evidence) -> Iterator[Line]:
    who = f"{evidence.caller}: " if evidence.caller else ""
    yield Line((Span("      can "), Span(printable(f"{who}{requested(evidence)}"))), 10)
    yield Line((Span(f"          {printable(evidence.because)}", "quiet"),), 10)
