"""What a plan does to access: verdicts for changed policies and affected principals, with requests that show them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.access import (
    Layer,
    Outcome,
    Principal,
    Scope,
    StatementRef,
    Verdict,
    Witness,
    compare,
    compare_documents,
    compare_trust,
    evaluate,
)
from reconciler.catalogue.actions import action_catalogue
from reconciler.model import Access, Address, Call, Evidence, Impact, Live
from reconciler.plan.foresee import after_all
from reconciler.plan.picture import Held, Paper, Picture, aws_policies

__all__ = ["impacts", "measured", "pairs"]

_LONGEST = 60
"""Letters of a statement's actions or resources that people are shown."""


def measured(
    live: Live, calls: Sequence[Call], read: Callable[[Iterable[str]], Mapping[str, Mapping[str, Any]]]
) -> Access:
    """Return what the calls, made in their order, do to access; ``read`` gives the documents of policies by ARN."""
    end = after_all(live.objects, calls, live.account)
    known = read(aws_policies((live.objects, end), live.account))
    before, after = (Picture(objects, live.account, known) for objects in (live.objects, end))
    found = action_catalogue()
    return Access(str(Scope(found.date, len(found.names), scps=False)), impacts(before, after))


def impacts(before: Picture, after: Picture) -> tuple[Impact, ...]:
    """Return what the way from one picture to the other does: policies first, then principals, sorted by address."""
    measure = _Measure()
    people = [(old, new) for old, new in pairs(before, after) if _differ(old, new)]
    found = [*_of_policies(before, after, measure)]
    for old, new in people:
        found += measure.of_principal(old, new)
    return tuple(found)


def pairs(before: Picture, after: Picture) -> list[tuple[Held, Held]]:
    """Return every principal as it is before and after, by its new address; one that is not there holds nothing.

    A principal that is renamed is the same one, as its unique id tells.
    """
    start = {address: before.held(address) for address in before.principals()}
    ids = {_unique_id(before, address): address for address in start}
    found, left = [], dict(start)
    for address in after.principals():
        new = after.held(address)
        was = ids.get(_unique_id(after, address), address)
        old = left.pop(was, None)
        found.append((old or Held(address, new.arn, (), None), new))
    found += [(old, Held(address, old.arn, (), None)) for address, old in left.items()]
    return sorted(found, key=lambda pair: pair[1].address)


def _unique_id(picture: Picture, address: Address) -> str:
    return picture.objects[address].resource.unique_id or str(address)


def _differ(old: Held, new: Held) -> bool:
    return (
        [p.document for p in old.identity] != [p.document for p in new.identity]
        or (old.boundary and old.boundary.document) != (new.boundary and new.boundary.document)
        or old.unknown != new.unknown
        or old.trust != new.trust
        or old.bindings != new.bindings
    )


def _of_policies(before: Picture, after: Picture, measure: _Measure) -> Iterator[Impact]:
    """Yield the verdicts of the policies that are there before and after, and not the same."""
    old, new = before.policies(), after.policies()
    changed = [key for key in old.keys() & new.keys() if old[key] != new[key]]
    if not changed:
        return
    holders = _holders(before) | _holders(after)
    for address, item in sorted(changed):
        verdict = measure.documents(old[(address, item)], new[(address, item)])
        papers = [(Paper(side[(address, item)], address, item),) for side in (old, new)]
        evidence = _evidence(verdict, *papers)
        held = tuple(sorted(holder for key, holder in holders if key == (address, item)))
        yield replace(_impact(address, "policy", verdict, evidence), item=item, principals=held)


def _holders(picture: Picture) -> set[tuple[tuple[Address, str], Address]]:
    return {
        ((paper.holder, paper.item), address)
        for address in picture.principals()
        for paper in _papers(picture.held(address))
        if paper.holder is not None
    }


def _papers(held: Held) -> tuple[Paper, ...]:
    return held.identity if held.boundary is None else (*held.identity, held.boundary)


class _Measure:
    """Compares, each pair of contents once."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Any, str]] = {}
        self._verdicts: dict[object, Verdict] = {}

    def documents(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Verdict:
        """Return how two policies relate."""
        key = ("documents", self._text(old), self._text(new))
        if key not in self._verdicts:
            self._verdicts[key] = compare_documents(old, new)
        return self._verdicts[key]

    def of_principal(self, old: Held, new: Held) -> Iterator[Impact]:
        """Yield what becomes of what a principal holds, and of who may become it."""
        through = tuple(dict.fromkeys(_through(old, new)))
        unknown = sorted({*old.unknown, *new.unknown})
        if unknown:
            reasons = tuple(f"the document of {arn} is not known" for arn in unknown)
            yield Impact(new.address, "identity", "UNDECIDED", None, None, reasons=reasons, through=through)
        elif through or self._plain(old).bindings != self._plain(new).bindings:
            verdict = self._principals(old, new)
            evidence = _evidence(verdict, _papers(old), _papers(new))
            impact = replace(_impact(new.address, "identity", verdict, evidence), through=through)
            if impact.relation == "EQUAL":
                impact = replace(impact, reasons=self._why_equal(old, new))
            yield impact
        if old.trust != new.trust:
            verdict = compare_trust(old.trust, new.trust)
            papers = [() if held.trust is None else (Paper(held.trust, None, "trust"),) for held in (old, new)]
            yield _impact(new.address, "trust", verdict, _evidence(verdict, *papers))

    def _principals(self, old: Held, new: Held) -> Verdict:
        sides = [self._plain(held) for held in (old, new)]
        key = tuple(
            (
                tuple(self._text(document) for document in side.identity),
                self._text(side.boundary),
                tuple(sorted(side.bindings.items())),
            )
            for side in sides
        )
        if key not in self._verdicts:
            self._verdicts[key] = compare(*sides)
        return self._verdicts[key]

    def _plain(self, held: Held) -> Principal:
        """Return the principal without the bindings that none of its documents speak of, so that many are alike."""
        principal = held.principal
        texts = [self._text(paper.document).lower() for paper in _papers(held)]
        bindings = {k: v for k, v in held.bindings.items() if any(k.lower() in text for text in texts)}
        return Principal(principal.identity, principal.boundary, (), bindings)

    def _why_equal(self, old: Held, new: Held) -> tuple[str, ...]:
        """Return what grants, or takes, all the same what changed policies no longer grant, or now grant."""
        found: dict[str, None] = {}
        for one, other in _changed(old, new):
            verdict = self.documents(_document(one), _document(other))
            for witness in (*verdict.lost[:1], *verdict.gained[:1]):
                decision = evaluate(new.principal, witness.request)
                named = _statement(decision.by, _papers(new)) if decision.by is not None else "nothing"
                verb = "still grants" if witness in verdict.lost else "granted already"
                if not decision.allowed:
                    verb = "denies" if decision.outcome is Outcome.EXPLICITLY_DENIED else "grants"
                found[f"{named} {verb} {witness.request.action} on {witness.request.resource}"] = None
        return tuple(found)

    def _text(self, document: Any) -> str:
        if document is None:
            return ""
        known = self._texts.get(id(document))
        if known is None:
            # The document is kept beside its text, so that its id stays its own.
            known = self._texts[id(document)] = (document, json.dumps(document, sort_keys=True, ensure_ascii=False))
        return known[1]


def _document(paper: Paper | None) -> Mapping[str, Any] | None:
    return paper.document if paper is not None else None


def _changed(old: Held, new: Held) -> Iterator[tuple[Paper | None, Paper | None]]:
    """Yield the papers that are not the same before and after; None where one is missing."""
    one, other = ({_key(held, paper): paper for paper in _papers(held)} for held in (old, new))
    for key in sorted({**one, **other}):
        before, after = one.get(key), other.get(key)
        if before is None or after is None or before.document != after.document:
            yield before, after


def _key(held: Held, paper: Paper) -> tuple[str, str, str]:
    holder = "" if paper.holder in (None, held.address) else str(paper.holder)
    return (holder, paper.item, str(paper.through or ""))


def _through(old: Held, new: Held) -> Iterator[str]:
    for before, after in _changed(old, new):
        paper = after or before
        if paper is not None:
            by = f" through {paper.through}" if paper.through is not None else ""
            yield f"{_called(paper)}{by}"


def _called(paper: Paper) -> str:
    if paper.item and paper.holder is not None:
        return f"inline policy {paper.name}"
    return f"policy {paper.name}"


def _impact(address: Address, subject: Any, verdict: Verdict, evidence: tuple[Evidence, ...]) -> Impact:
    return Impact(
        address,
        subject,
        verdict.relation.value,
        verdict.widens,
        verdict.narrows,
        evidence,
        verdict.old_actions,
        verdict.new_actions,
        verdict.gained_label.value if verdict.gained_label else "",
        verdict.lost_label.value if verdict.lost_label else "",
        verdict.reasons,
    )


def _evidence(verdict: Verdict, old: Sequence[Paper], new: Sequence[Paper]) -> tuple[Evidence, ...]:
    gained = (_shown(witness, _gained_by(witness, old, new), gained=True) for witness in verdict.gained)
    lost = (_shown(witness, _lost_by(witness, old, new), gained=False) for witness in verdict.lost)
    return (*gained, *lost)


def _shown(witness: Witness, because: str, *, gained: bool) -> Evidence:
    return Evidence(
        gained,
        witness.request.action,
        witness.request.resource,
        because,
        dict(witness.request.context),
        f"{witness.caller.space} {witness.caller.name}" if witness.caller is not None else "",
        witness.label.value if witness.label is not None else "",
    )


def _gained_by(witness: Witness, old: Sequence[Paper], new: Sequence[Paper]) -> str:
    allowed = _statement(witness.new.by, new)
    if witness.old.outcome is Outcome.EXPLICITLY_DENIED:
        return f"{allowed} allows it; {_statement(witness.old.by, old)} denied it"
    if witness.old.lacking is Layer.BOUNDARY:
        return f"{allowed} allows it; the boundary did not"
    return allowed


def _lost_by(witness: Witness, old: Sequence[Paper], new: Sequence[Paper]) -> str:
    if witness.new.outcome is Outcome.EXPLICITLY_DENIED:
        return f"denied by {_statement(witness.new.by, new)}"
    if witness.new.lacking is Layer.BOUNDARY:
        return f"the boundary does not allow it; {_statement(witness.old.by, old)} allowed it before"
    return f"nothing allows it any more; {_statement(witness.old.by, old)} did"


def _statement(ref: StatementRef | None, papers: Sequence[Paper]) -> str:
    """Return a statement by its policy's name and its number, with what it is about."""
    if ref is None:
        return "nothing"
    paper = papers[-1] if ref.layer is Layer.BOUNDARY else papers[ref.document]
    statements = paper.document["Statement"]
    statement = statements[ref.statement] if isinstance(statements, list | tuple) else statements
    parts = [f"{element} {_listed(statement[element])}" for element in _ELEMENTS if element in statement]
    by = f" through {paper.through}" if paper.through is not None else ""
    return f"{paper.name}#{ref.sid or ref.statement + 1}{by} ({', '.join(parts)})"


_ELEMENTS = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        text = ", ".join(f"{kind} {_listed(named)}" for kind, named in value.items())
    else:
        text = value if isinstance(value, str) else " ".join(str(item) for item in _flat(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _flat(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]
