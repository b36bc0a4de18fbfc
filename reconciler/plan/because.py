"""Why a request is allowed or refused, by the statements of the policies that a principal holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.access import Decision, Layer, Outcome, StatementRef
from reconciler.plan.picture import Held, Paper

__all__ = ["because", "statement"]

_LONGEST = 60
"""Letters of a statement's actions or resources that people are shown."""

_ELEMENTS = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")


def because(decision: Decision, held: Held) -> str:
    """Return why a request of whoever holds this is decided so, for people."""
    papers = held.identity if held.boundary is None else (*held.identity, held.boundary)
    told = statement(decision.by, papers)
    if decision.outcome is Outcome.EXPLICITLY_DENIED:
        return f"{told} denies it"
    if decision.allowed:
        return f"{told} allows it"
    if decision.lacking is Layer.BOUNDARY and held.boundary is not None:
        return f"the boundary {held.boundary.name} does not allow it"
    return "no policy allows it"


def statement(ref: StatementRef | None, papers: Sequence[Paper]) -> str:
    """Return a statement by its policy's name and its number, with what it is about; a boundary is the last paper."""
    if ref is None:
        return "nothing"
    paper = papers[-1] if ref.layer is Layer.BOUNDARY else papers[ref.document]
    statements = paper.document["Statement"]
    found = statements[ref.statement] if isinstance(statements, list | tuple) else statements
    parts = [f"{element} {_listed(found[element])}" for element in _ELEMENTS if element in found]
    by = f" through {paper.through}" if paper.through is not None else ""
    return f"{paper.name}#{ref.sid or ref.statement + 1}{by} ({', '.join(parts)})"


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        text = ", ".join(f"{kind} {_listed(named)}" for kind, named in value.items())
    else:
        text = value if isinstance(value, str) else " ".join(str(item) for item in _flat(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _flat(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]
