"""What a principal may do, decided from its policies alone.

``evaluate`` answers one request. It shares no code with the other rooms, so that it can bear witness on their work.
"""

from __future__ import annotations

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
from reconciler.access.verdict import Label, Relation, Scope, Verdict, Witness

__all__ = [
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
    "evaluate",
    "evaluate_trust",
]
