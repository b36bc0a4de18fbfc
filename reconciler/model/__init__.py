"""The nouns that every room shares; nothing here reads, writes or decides."""

from __future__ import annotations

from reconciler.model.access import Access, Escalation, Evidence, Hop, Impact, Relation, Subject
from reconciler.model.address import Account, Address, Origin
from reconciler.model.document import (
    Base,
    Context,
    Declared,
    Desired,
    Document,
    Limit,
    LimitName,
    Path,
    Report,
    Requirement,
    Roles,
    Rule,
    Settings,
    State,
)
from reconciler.model.expectation import Expectation, Named, Unmet
from reconciler.model.guard import ACCOUNT, GUARDS, Alarm, Consent, GuardId, Hold, LeftBehind, Skip
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
from reconciler.model.plan import Action, Call, Cause, Change, Conflict, Difference, Mark, Note, Plan, Sign, Step

__all__ = [
    "ACCOUNT", "GUARDS", "Absent", "Access", "Account", "Action", "Address", "Alarm", "Base", "Call", "Cause",
    "Change", "Conflict", "Consent", "Context", "Declared", "Desired", "Difference", "Document", "Effect",
    "Escalation", "Evidence", "Expectation", "Facet", "Fixed", "Grants", "GuardId", "Hold", "Hop", "Impact", "Items",
    "Kind", "LeftBehind", "Limit", "LimitName", "Live", "Lookup", "Mark", "Named", "Note", "Observed", "Origin",
    "Parsed", "Path", "Plan", "Relation", "Report", "Requirement", "Resource", "Roles", "Rows", "Rule", "Settings",
    "Sign", "Skip", "State", "Step", "Subject", "Sweep", "Unmet", "Value",
]  # fmt: skip
