"""Answers to who can do what: yes with a request and the statement that allows it, no with what stands in the way."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.access import evaluate
from reconciler.errors import ReconcilerError
from reconciler.kinds import KINDS
from reconciler.model import Address, Evidence, Named
from reconciler.plan.expecting import Crowd, shown
from reconciler.plan.picture import Held, Picture
from reconciler.plan.questions import Asker, Finding, Question, cannot_be, question

__all__ = ["Answer", "Asked", "can", "who_can"]

_SESSION = re.compile(r"arn:[^:]*:sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)(/.*)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about; action and resource may be globs, and condition keys that are not given are free."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a principal can do what is asked about."""

    address: Address
    holds: bool | None
    """None: that is not settled."""
    evidence: Evidence | None = None
    """For yes a request that is allowed, for no one that comes near and is refused, if there is one."""
    exception: Evidence | None = None
    """For yes, a request that is asked about too and refused, if not all are allowed in just the given context."""
    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """The ARNs of policies whose documents would settle it."""


def can(picture: Picture, principal: str, asked: Asked) -> Answer:
    """Return whether the principal can do what is asked about.

    Raises:
        ReconcilerError: nobody is called so, or several are.
    """
    crowd = Crowd(picture)
    held = crowd.held(_called(crowd, principal))
    asker = Asker(picture)
    answer = _answer(held, asked, asker, _question(picture, asked, every=False))
    if answer.holds is False and answer.evidence is None and not answer.reasons:
        return replace(answer, evidence=_nearest(held, asked, asker, picture))
    if answer.holds:
        every = asker.ask(held, _question(picture, asked, every=True))
        return replace(answer, exception=shown(every, held) if every.holds is False else None)
    return answer


def who_can(picture: Picture, asked: Asked) -> tuple[Answer, ...]:
    """Return the answer for every principal, sorted by address."""
    crowd, asker = Crowd(picture), Asker(picture)
    any_ = _question(picture, asked, every=False)
    return tuple(_answer(crowd.held(address), asked, asker, any_) for address in crowd.principals)


def _question(picture: Picture, asked: Asked, *, every: bool) -> Question:
    partition = picture.account.partition
    return question([asked.action], [asked.resource], asked.context, every=every, partition=partition)


def _answer(held: Held, asked: Asked, asker: Asker, any_: Question) -> Answer:
    never = cannot_be(held, asked.context)
    if never:
        return Answer(held.address, holds=False, reasons=(never,))
    finding = asker.ask(held, any_)
    return Answer(held.address, finding.holds, shown(finding, held), None, finding.reasons, finding.unknown)


def _nearest(held: Held, asked: Asked, asker: Asker, picture: Picture) -> Evidence | None:
    """Return a refused request that would be allowed without a boundary, or without a Deny: what stands in the way."""
    any_ = _question(picture, asked, every=False)
    allows = [replace(paper, document=_without_denies(paper.document)) for paper in held.identity]
    bare = replace(held, identity=tuple(allows), boundary=None, unknown=())
    boundary = held.boundary and replace(held.boundary, document=_without_denies(held.boundary.document))
    for nearer in (replace(bare, boundary=boundary), bare):
        finding = asker.ask(nearer, any_)
        if finding.request is not None:
            request = finding.request
            decision = evaluate(held.principal, request)
            return shown(Finding(holds=False, request=request, decision=decision, label=finding.label), held)
    return None


def _without_denies(document: Mapping[str, Any]) -> Mapping[str, Any]:
    statements = document.get("Statement", ())
    found = statements if isinstance(statements, list | tuple) else [statements]
    return {**document, "Statement": [one for one in found if one.get("Effect") != "Deny"]}


def _called(crowd: Crowd, text: str) -> Address:
    """Return the principal that somebody means by an address, a name or an ARN.

    Raises:
        ReconcilerError: nobody is called so, or several are.
    """
    objects = crowd.picture.objects
    if text.startswith("arn:"):
        session = _SESSION.fullmatch(text)
        found = [address for address in crowd.principals if objects[address].arn == text]
        if session is not None and session["account"] == crowd.picture.account.id:
            found = [address for address in crowd.principals if _is_of(session["name"], objects[address].arn)]
    else:
        kind, _, name = text.rpartition("/")
        found = [address for address in crowd.principals if Named(kind.lower(), name).covers(address)]
        found = [address for address in found if address.folded == name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        raise ReconcilerError(f"{text!r} is the name of {' and '.join(map(str, found))}; write the one that you mean")
    known = {str(address): str(address) for address in crowd.principals} | {a.name: str(a) for a in crowd.principals}
    near = list(dict.fromkeys(known[name] for name in difflib.get_close_matches(text, known, n=3, cutoff=0.7)))
    kinds = [kind.name for kind in KINDS.values() if kind.bindings is not None]
    remedy = f"did you mean {' or '.join(near)}?" if near else f"write {' or '.join(f'{kind}/NAME' for kind in kinds)}"
    raise ReconcilerError(f"there is no {' or '.join(kinds)} {text!r}; {remedy}")


def _is_of(name: str, arn: str) -> bool:
    """Return whether sessions of this name are those of the principal with the ARN."""
    kind, _, path = arn.rpartition(":")[2].partition("/")
    return kind == "role" and path.rpartition("/")[2] == name
