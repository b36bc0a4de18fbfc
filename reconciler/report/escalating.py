"""Paths to access that nobody gave, as people and programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
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
_MOST_SOURCES = 3
"""Sources of one and the same path whose names are shown."""


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


def escalation_lines(found: Iterable[Escalation], mark: str, *, is_new: bool = False) -> Iterator[Line]:
    """Yield the lines of the paths; ``mark`` stands before each.

    Sources that take the very same path are told in one; of the targets that they reach by the same way, a few are.
    """
    alike: dict[object, list[Escalation]] = {}
    for path in found:
        alike.setdefault(_as_taken(path), []).append(path)
    ways: dict[object, list[list[Escalation]]] = {}
    for group in alike.values():
        methods = tuple(hop.method for hop in group[0].hops)
        sources = tuple(path.source for path in group)
        ways.setdefault((sources, methods, group[0].source == group[0].target), []).append(group)
    for groups in ways.values():
        for group in groups[:_MOST_TARGETS]:
            yield from _path(group, mark, "+ can now" if is_new else "+ can")
        more = len(groups) - _MOST_TARGETS
        if more > 0:
            text = f"! {mark}  {_sources(groups[0])}: {counted(more, 'more principal')} in the same way"
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


def _as_taken(path: Escalation) -> tuple[object, ...]:
    """Return what paths share that differ in their sources only."""
    hops = [(hop.target if hop.source != hop.target else None, hop.method) for hop in path.hops]
    shown = [(one.action, one.resource, one.because, str(one.context)) for hop in path.hops for one in hop.evidence]
    return (*hops, *shown)


def _path(group: Sequence[Escalation], mark: str, lead: str) -> Iterator[Line]:
    path = group[0]
    names = " -> ".join([_sources(group), *(printable(_target(path, at)) for at in range(len(path.hops)))])
    by = printable(", then ".join(hop.method for hop in path.hops))
    yield Line((Span(f"! {mark}  ", "warn"), Span(f"{names}  via {by}", "warn")), 4)
    for hop in path.hops:
        for evidence in hop.evidence:
            yield from _evidence(evidence, lead)


def _sources(group: Sequence[Escalation]) -> str:
    names = [printable(str(path.source)) for path in group]
    more = len(names) - _MOST_SOURCES
    return f"{', '.join(names[:_MOST_SOURCES])} and {more} more" if more > 0 else ", ".join(names)


def _target(path: Escalation, at: int) -> str:
    hop = path.hops[at]
    return str(hop.target) if hop.source != hop.target else "more for itself"


def _evidence(evidence: Evidence, lead: str) -> Iterator[Line]:
    who = f"{evidence.caller}: " if evidence.caller else ""
    yield Line((Span(f"      {lead:12}", "add"), Span(printable(f"{who}{requested(evidence)}"))), 18)
    yield Line((Span(f"                  because {printable(evidence.because)}", "quiet"),), 18)
