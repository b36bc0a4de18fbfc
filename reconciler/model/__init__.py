"""The nouns that every room shares; nothing here reads, writes or decides."""

from __future__ import annotations

from reconciler.model.access import Access, Escalation, Evidence, Hop, Impact, Relation, Subject
from reconciler.model.address import Account, Address, Origin
from reconciler.model.document import Context, Declared, Desired, Document, IgnoreRule, Path, Report, Settings, State
from reconciler.model.expectation import Expectation, Named, Unmet
from reconciler.model.kind import (
    Absent,
    Effect,
    Facet,
    Fixed,
    Grants,
    Items,
    Kind,
    Live,
    Lookup,
    Observed,
    Parsed,
    Resource,
    Rows,
    Sweep,
    Value,
)
from reconciler.model.plan import Action, Call, Change, Conflict, Difference, Mark, Note, Plan, Sign, Step

__all__ = [
    "Absent", "Access", "Account", "Action", "Address", "Call", "Change", "Conflict", "Context", "Declared",
    "Desired", "Difference", "Document", "Effect", "Escalation", "Evidence", "Expectation", "Facet", "Fixed",
    "Grants", "Hop", "IgnoreRule", "Impact", "Items", "Kind", "Live", "Lookup", "Mark", "Named", "Note", "Observed",
    "Origin", "Parsed", "Path", "Plan", "Relation", "Report", "Resource", "Rows", "Settings", "Sign", "State", "Step",
    "Subject", "Sweep", "Unmet", "Value",
]  # fmt: skip
