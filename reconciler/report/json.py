"""A plan for programs: JSON whose bytes depend on the plan alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.model import (
    Access,
    Change,
    Conflict,
    Difference,
    Escalation,
    Evidence,
    Hop,
    Impact,
    Note,
    Plan,
    Step,
)
from reconciler.report.expecting import unmet_data
from reconciler.report.guards import alarms_data, consents_data, left_behind_data, skips_data
from reconciler.report.lines import origin_data

__all__ = ["FORMAT_VERSION", "escalation_data", "render"]

FORMAT_VERSION = 1
"""Grows when a reader of the old format would misread the new one; new keys do not make it grow."""


def render(plan: Plan, *, skips: bool = False) -> str:
    """Return the plan as JSON in ASCII, ended by a newline: the same plan gives the same bytes.

    What tells of the run rather than of the plan (how many calls were made) is below ``header``; everything else
    is the plan's body. What was spared is in it only where ``skips`` are asked for.
    """
    body = {
        "format_version": FORMAT_VERSION,
        "header": _plain(plan.header),
        "account": plan.account.id,
        "partition": plan.account.partition,
        "base": plan.base,
        "declared": plan.declared,
        "in_sync": plan.in_sync,
        "summary": _summary(plan),
        "changes": [_change(change) for change in sorted(plan.changes, key=lambda c: (c.address, c.action))],
        "steps": [_step(step) for step in sorted(plan.steps, key=lambda s: s.id)],
        "conflicts": [_conflict(item) for item in sorted(plan.conflicts, key=lambda c: (c.address, c.field, c.what))],
        "access": _access(plan.access) if plan.access is not None else None,
        "unmet": unmet_data(plan.unmet),
        "notes": [_note(note) for note in sorted(plan.notes, key=lambda n: (n.address, n.what))],
        "left_behind": left_behind_data(plan),
        "left_out": [str(address) for address in sorted(plan.left_out)],
        "alarms": alarms_data(plan),
        "consents": consents_data(plan),
        **({"skips": skips_data(plan)} if skips else {}),
    }
    return json.dumps(body, indent=2) + "\n"


def _summary(plan: Plan) -> dict[str, int]:
    actions = [change.action for change in plan.changes]
    return {
        **{action: actions.count(action) for action in ("create", "update", "replace", "rename", "delete")},
        "writes": len(plan.steps),
        "conflicts": len(plan.conflicts),
        "notes": len(plan.notes),
        "left_behind": len(plan.left_behind),
        "refusing": len(plan.standing),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action,
        "cause": change.cause or None,
        "reason": change.reason,
        "origin": origin_data(change.origin),
        "differences": [_difference(difference) for difference in change.differences],
        "warnings": list(change.warnings),
        "irreversible": list(change.irreversible),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "field": difference.field,
        "item": difference.item or None,
        "sign": difference.sign,
        "before": _plain(difference.before),
        "after": _plain(difference.after),
        "detail": list(difference.detail),
        "reverts": difference.reverts,
        "origin": origin_data(difference.origin),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "address": str(step.address),
        "operation": step.call.operation,
        "parameters": _plain(step.call.params),
        "after": sorted(step.after),
        "note": step.note,
        "marks": [{"kind": mark.kind, "principal": str(mark.principal), "reason": mark.reason} for mark in step.marks],
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "scope": access.scope,
        "affected": [str(address) for address in access.affected],
        "impacts": [_impact(impact) for impact in access.impacts],
        "escalations": [escalation_data(path) for path in access.escalations],
        "undecided": list(access.undecided),
    }


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "address": str(impact.address),
        "subject": impact.subject,
        "item": impact.item or None,
        "relation": impact.relation,
        "widens": impact.widens,
        "narrows": impact.narrows,
        "old_actions": impact.old_actions,
        "new_actions": impact.new_actions,
        "gained_label": impact.gained_label or None,
        "lost_label": impact.lost_label or None,
        "reasons": list(impact.reasons),
        "through": list(impact.through),
        "principals": [str(address) for address in impact.principals],
        "evidence": [_evidence(evidence) for evidence in impact.evidence],
    }


def escalation_data(path: Escalation) -> dict[str, Any]:
    """Return a path by which somebody gets at more than is given, as JSON has it."""
    return {"source": str(path.source), "target": str(path.target), "hops": [_hop(hop) for hop in path.hops]}


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "source": str(hop.source),
        "target": str(hop.target),
        "method": hop.method,
        "evidence": [_evidence(evidence) for evidence in hop.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "gained": evidence.gained,
        "action": evidence.action,
        "resource": evidence.resource,
        "context": _plain(evidence.context),
        "caller": evidence.caller or None,
        "because": evidence.because,
        "label": evidence.label or None,
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "address": str(conflict.address),
        "field": conflict.field,
        "what": conflict.what,
        "remedy": conflict.remedy,
        "guard": conflict.guard,
        "origin": origin_data(conflict.origin),
    }


def _note(note: Note) -> dict[str, Any]:
    return {"address": str(note.address), "what": note.what}


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON knows it, mappings and sets in the order of their keys."""
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, AbstractSet):
        return [_plain(item) for item in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
