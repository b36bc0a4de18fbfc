"""What a plan does to access, as people review it: verdicts, requests that show them, new ways to more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from reconciler.model import Access, Address, Escalation, Evidence, Impact
from reconciler.report.lines import Line, Role, Span, counted, printable

__all__ = ["access_lines"]

_MOST_NAMES = 3
_MOST_EVIDENCE = 3
"""Requests that are shown for one direction; JSON has all of them."""

_SIGNS: dict[str, tuple[str, Role]] = {
    "EQUAL": ("=", "quiet"),
    "NARROWER": ("-", "remove"),
    "WIDER": ("+", "add"),
    "INCOMPARABLE": ("~", "change"),
    "UNDECIDED": ("!", "warn"),
}
_SUBJECTS = {"policy": "policy", "identity": "access", "trust": "trust"}
_LABELS = {
    "": "",
    "future-only": "only actions that AWS may add",
    "vacuous": "no resource of the actions' types",
}


def access_lines(access: Access | None, title: str = "Access") -> Iterator[Line]:
    """Yield the lines of a plan's access, behind an empty one; nothing where no access changes."""
    if access is None or not (access.impacts or access.escalations or access.undecided):
        return
    yield Line()
    yield Line((Span(title, "title"), Span(f", as proved ({printable(access.scope)}):", "quiet")), 4)
    for _, group in groupby(sorted(access.impacts, key=_order), key=_alike):
        yield from _impact(list(group))
    for escalation in access.escalations:
        yield from _escalation(escalation)
    for text in access.undecided:
        yield Line((Span(f"! escalation not settled: {printable(text)}", "warn"),), 4)
    affected = access.affected
    verb = "has" if len(affected) == 1 else "have"
    text = f"{counted(len(affected), 'principal')} {verb} other access than before" if affected else "no access changes"
    yield Line((Span(f"  {text}", "quiet"),))


def _order(impact: Impact) -> tuple[int, str, Address]:
    return (("policy", "identity", "trust").index(impact.subject), repr(_alike(impact)), impact.address)


def _alike(impact: Impact) -> tuple[object, ...]:
    """Return what impacts share that can be told in one."""
    if impact.subject != "identity":
        return (impact.subject, impact.address, impact.item)
    counts = (impact.old_actions, impact.new_actions)
    return (impact.subject, impact.relation, counts, impact.reasons, impact.through, _evidence_key(impact.evidence))


def _evidence_key(evidence: Iterable[Evidence]) -> tuple[object, ...]:
    return tuple(
        (one.gained, one.action, one.resource, one.because, tuple(sorted(map(str, one.context.items()))), one.label)
        for one in evidence
    )


def _impact(group: Sequence[Impact]) -> Iterator[Line]:
    one = group[0]
    sign, role = _SIGNS[one.relation]
    name = f"{printable(one.item)} of {one.address}" if one.item else _names([impact.address for impact in group])
    head = f"{sign} {name}  {_SUBJECTS[one.subject]} "
    spans = [Span(head, role), Span(one.relation, role), Span(_proof(one), "quiet")]
    if one.subject == "policy":
        spans.append(Span(f"  {_holders(one)}", "quiet"))
    elif one.through:
        spans.append(Span(f"  by {printable(_some(one.through))}", "quiet"))
    yield Line(tuple(spans), 4)
    if one.subject == "policy" and one.principals:
        return
    # Of what is new or goes whole one request is enough: its policies stand in the change.
    most = _MOST_EVIDENCE if one.old_actions and one.new_actions else 1
    for gained in (True, False):
        found = [evidence for evidence in one.evidence if evidence.gained is gained]
        for evidence in found[:most]:
            yield from _evidence(evidence)


def _proof(impact: Impact) -> str:
    reasons = printable("; ".join(impact.reasons))
    if impact.relation == "UNDECIDED":
        known = [w for w, is_so in (("wider", impact.widens), ("narrower", impact.narrows)) if is_so]
        proved = f"; proved to be {' and '.join(known)}" if known else ""
        return f" ({reasons}{proved}); treated as WIDER"
    counts = f"; {impact.old_actions:,} -> {impact.new_actions:,} actions" if impact.subject == "identity" else ""
    labels = [_LABELS[label] for label in (impact.gained_label, impact.lost_label) if label]
    label = f"; {' and '.join(dict.fromkeys(labels))}" if labels else ""
    return f" (proved{counts}{label}){f': {reasons}' if reasons else ''}"


def _holders(impact: Impact) -> str:
    if not impact.principals:
        return "nobody holds it"
    return f"held by {counted(len(impact.principals), 'principal')}: {_names(impact.principals)}"


def _names(addresses: Sequence[Address]) -> str:
    return printable(_some([str(address) for address in addresses]))


def _some(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_MOST_NAMES])
    more = len(texts) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _evidence(evidence: Evidence) -> Iterator[Line]:
    lead = "+ can now   " if evidence.gained else "- no longer "
    who = f"{evidence.caller}: " if evidence.caller else ""
    resource = f" on {evidence.resource}" if not evidence.caller else ""
    request = f"{who}{evidence.action}{resource}{_when(evidence)}"
    yield Line((Span(f"      {lead}", "add" if evidence.gained else "remove"), Span(printable(request))), 18)
    label = f" ({_LABELS[evidence.label]})" if evidence.label else ""
    yield Line((Span(f"                  because {printable(evidence.because)}{label}", "quiet"),), 18)


def _when(evidence: Evidence) -> str:
    """Return the conditions under which the request is made, for people."""
    parts = [
        f"{key} = {value if isinstance(value, str) else ', '.join(value)}"
        for key, value in sorted(evidence.context.items())
    ]
    return f" when {' and '.join(parts)}" if parts else ""


def _escalation(escalation: Escalation) -> Iterator[Line]:
    path = " -> ".join([str(escalation.source), *(str(hop.target) for hop in escalation.hops)])
    by = ", then ".join(hop.method for hop in escalation.hops)
    yield Line((Span("! ESCALATION  NEW  ", "warn"), Span(f"{printable(path)}  via {printable(by)}", "warn")), 4)
    for hop in escalation.hops:
        for evidence in hop.evidence:
            yield from _evidence(evidence)
