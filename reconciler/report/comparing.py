"""How two policies relate, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.access import Relation, Verdict
from reconciler.model import Evidence
from reconciler.plan.comparing import Compared
from reconciler.report.expecting import evidence_data, requested
from reconciler.report.lines import Line, Role, Span, counted, printable
from reconciler.report.terminal import show

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["as_json", "objections", "render"]

_ROLES: dict[Relation, Role] = {
    Relation.EQUAL: "quiet",
    Relation.NARROWER: "remove",
    Relation.WIDER: "add",
    Relation.INCOMPARABLE: "change",
    Relation.UNDECIDED: "warn",
}
_LABELS = {
    "": "",
    "future-only": "only actions that AWS may add",
    "vacuous": "no resource of the actions' types",
}


def render(found: Compared, *, console: Console) -> None:
    """Print the verdict, the requests that show it, and what the proof speaks of."""
    show(_lines(found), console)


def objections(found: Compared, fail_on: Sequence[str]) -> list[str]:
    """Return why the comparison fails by what ``--fail-on`` names, for people; what is undecided counts as wider."""
    verdict = found.verdict
    labelled = bool(verdict.widens) and verdict.gained_label is not None
    wider = "wider-strict" in fail_on or ("wider" in fail_on and not labelled)
    if verdict.widens is not False and wider:
        may = "allows more" if verdict.widens else "may allow more: that is undecided"
        return [f"{printable(found.new)} {may} than {printable(found.old)}"]
    if verdict.relation is Relation.UNDECIDED and "undecided" in fail_on:
        return [f"how {printable(found.new)} relates to {printable(found.old)} is undecided"]
    return []


def as_json(found: Compared) -> str:
    """Return the same as JSON."""
    verdict = found.verdict
    labels = {"gained": verdict.gained_label, "lost": verdict.lost_label}
    data: dict[str, Any] = {
        "relation": verdict.relation.value,
        "widens": verdict.widens,
        "narrows": verdict.narrows,
        "old": {"name": found.old, "actions": verdict.old_actions},
        "new": {"name": found.new, "actions": verdict.new_actions},
        "gained": [evidence_data(evidence) for evidence in found.gained],
        "lost": [evidence_data(evidence) for evidence in found.lost],
        "labels": {side: label.value for side, label in labels.items() if label is not None},
        "reasons": list(verdict.reasons),
        "scope": str(verdict.scope),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _lines(found: Compared) -> Iterator[Line]:
    verdict = found.verdict
    role = _ROLES[verdict.relation]
    yield Line((Span(verdict.relation.value, role), Span(f" {printable(_proof(verdict))}", "quiet")), 4)
    yield from _evidence(found.gained, "  + can now   ", "add")
    yield from _evidence(found.lost, "  - no longer ", "remove")
    yield Line((Span(f"  {printable(found.old)} -> {printable(found.new)}; {verdict.scope}", "quiet"),), 4)


def _proof(verdict: Verdict) -> str:
    if verdict.relation is Relation.UNDECIDED:
        known = [word for word, is_so in (("wider", verdict.widens), ("narrower", verdict.narrows)) if is_so]
        return f"({'; '.join(verdict.reasons)}{f'; proved to be {known[0]}' if known else ''})"
    labels = [_LABELS[label.value] for label in (verdict.gained_label, verdict.lost_label) if label is not None]
    parts = ["proved", f"{verdict.old_actions:,} -> {counted(verdict.new_actions, 'action')}", *dict.fromkeys(labels)]
    return f"({'; '.join(parts)})"


def _evidence(found: Iterable[Evidence], lead: str, role: Role) -> Iterator[Line]:
    for evidence in found:
        who = f"{evidence.caller}: " if evidence.caller else ""
        yield Line((Span(lead, role), Span(printable(f"{who}{requested(evidence)}"))), len(lead))
        label = f" ({_LABELS[evidence.label]})" if evidence.label else ""
        yield Line((Span(f"{' ' * len(lead)}{printable(evidence.because)}{label}", "quiet"),), len(lead))
