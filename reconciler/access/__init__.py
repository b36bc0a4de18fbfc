"""What a principal may do, decided from its policies alone.

``evaluate`` answers one request. It shares no code with the other rooms, so that it can bear witness on their work.
``compare`` says how two states of access relate over all requests, ``possible`` and ``certain`` ask the same engine
about one principal; whatever they find is shown by a request that ``evaluate`` has confirmed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler.access.deciding import (
    Decision,
    Layer,
    Outcome,
    Principal,
    Request,
    StatementRef,
    evaluate,
    evaluate_trust,
)
from reconciler.access.principals import Caller
from reconciler.access.statements import Document
from reconciler.access.verdict import Answer, Label, Relation, Scope, Verdict, Witness

if TYPE_CHECKING:
    from reconciler.access.asking import certain, possible
    from reconciler.access.proving import compare, compare_documents, compare_trust, exceeds

__all__ = [
    "Answer",
    "Caller",
    "Decision",
    "Document",
    "Label",
    "Layer",
    "Outcome",
    "Principal",
    "Relation",
    "Request",
    "Scope",
    "StatementRef",
    "Verdict",
    "Witness",
    "certain",
    "compare",
    "compare_documents",
    "compare_trust",
    "evaluate",
    "evaluate_trust",
    "exceeds",
    "possible",
]

_LATE = {
    **dict.fromkeys(("certain", "possible"), "asking"),
    **dict.fromkeys(("compare", "compare_documents", "compare_trust", "exceeds"), "proving"),
}
"""What is loaded once it is asked for: the solver costs more than all the rest, and few commands prove anything."""


def __getattr__(name: str) -> Any:
    """Return a function of the solver."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"reconciler.access.{_LATE[name]}"), name)
