"""Sentences about access that do not hold, as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.model import Address, Evidence, Unmet
from reconciler.report.lines import Line, Span, counted, place, printable

__all__ = ["evidence_data", "requested", "told", "unmet_data", "unmet_lines"]

_MOST_NAMES = 5


def told(unmet: Unmet) -> str:
    """Return what is wrong with a sentence, in one line."""
    head = f"`{printable(unmet.expectation.text)}`"
    if not unmet.principals:
        return printable(f"{head}: {'; '.join(unmet.reasons)}")
    if unmet.undecided:
        return printable(f"{head} is not settled for {_names(unmet.principals)}: {_why(unmet)}")
    return printable(f"{head} does not hold for {_names(unmet.principals)}: {_shown(unmet.evidence)}")


def requested(evidence: Evidence) -> str:
    """Return a request for people: the action, the resource, and under which conditions it is made."""
    parts = [
        f"{key} = {value if isinstance(value, str) else ', '.join(value)}"
        for key, value in sorted(evidence.context.items())
    ]
    when = f" when {' and '.join(parts)}" if parts else ""
    return f"{evidence.action} on {evidence.resource}{when}"


def unmet_lines(found: Sequence[Unmet]) -> Iterator[Line]:
    """Yield the lines of a report on what is expected and not so, behind an empty one; nothing where all is well."""
    if not found:
        return
    yield Line()
    yield Line((Span("Expectations", "title"), Span(" that fail or are open (identity-based access):", "quiet")), 4)
    for unmet in found:
        at = place(unmet.expectation.origin)
        yield Line((Span(f"! {told(unmet)}", "warn"), Span(f"  {at}" if at else "", "quiet")), 4)
    sentences = len({(unmet.expectation.origin, unmet.expectation.text) for unmet in found if unmet.fails})
    if sentences:
        verb = "fails" if sentences == 1 else "fail"
        yield Line((Span(f"  {counted(sentences, 'sentence')} {verb}: nothing is written", "quiet"),))


def unmet_data(found: Iterable[Unmet]) -> list[Mapping[str, Any]]:
    """Return the same for programs, as JSON has it."""
    return [
        {
            "sentence": unmet.expectation.text,
            "document": unmet.expectation.document,
            "origin": str(unmet.expectation.origin),
            "principals": [str(address) for address in unmet.principals],
            "undecided": unmet.undecided,
            "fails": unmet.fails,
            "evidence": evidence_data(unmet.evidence),
            "reasons": list(unmet.reasons),
            "unknown": list(unmet.unknown),
        }
        for unmet in found
    ]


def evidence_data(evidence: Evidence | None) -> Mapping[str, Any] | None:
    """Return a request for programs, with what becomes of it afterwards; None where there is none."""
    if evidence is None:
        return None
    caller = {"caller": evidence.caller} if evidence.caller else {}
    return {
        **caller,
        "allowed": evidence.gained,
        "action": evidence.action,
        "resource": evidence.resource,
        "context": {key: value if isinstance(value, str) else list(value) for key, value in evidence.context.items()},
        "because": evidence.because,
        "label": evidence.label,
    }


def _names(addresses: Sequence[Address]) -> str:
    more = len(addresses) - _MOST_NAMES
    shown = ", ".join(map(str, addresses[:_MOST_NAMES]))
    return f"{shown} and {more} more" if more > 0 else shown


def _why(unmet: Unmet) -> str:
    unknown = [f"the document of {arn} is not known" for arn in unmet.unknown]
    return "; ".join([*unknown, *unmet.reasons]) or "no proof was found"


def _shown(evidence: Evidence | None) -> str:
    if evidence is None:
        return "no request shows it"
    label = {"future-only": ", an action that AWS may add", "vacuous": ", which no such resource has"}
    verb = "is allowed" if evidence.gained else "is refused"
    return f"{requested(evidence)} {verb} ({evidence.because}{label.get(evidence.label, '')})"
