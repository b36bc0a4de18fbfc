"""Questions about what somebody may do, put to the proofs: is any of it allowed, is all of it.

A question is a policy of its own, which allows what is asked about. Some of it is allowed if the principal can do
anything at all where this policy must allow too; all of it is allowed if whoever holds this policy alone can do nothing
that the principal cannot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reconciler.access import Decision, Label, Principal, Request, Verdict, compare, evaluate
from reconciler.access.proving import keys_that_count
from reconciler.catalogue import managed_policy
from reconciler.catalogue.actions import action_catalogue
from reconciler.catalogue.reach import acting_on
from reconciler.catalogue.search import find_actions
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.plan.picture import Held, Picture

__all__ = ["Asker", "Finding", "Question", "cannot_be", "may_deny", "question"]

_HOLE = re.compile(r"\$\{(\w+)\}")
_WILDCARD = re.compile(r"[*?]")
_EVERYTHING: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}


@dataclass(frozen=True)
class Question:
    """Requests that somebody may make, and whether all of them or any of them is asked about."""

    every: bool
    """Whether it is asked if all are allowed, each with just the context that is given; else if any is."""
    within: Mapping[str, Any]
    """A policy that allows these requests and nothing else."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        return frozenset(_prefix(action) for one in self.within["Statement"] for action in one["Action"])

    def concerns(self, statement: Any) -> bool:
        """Return whether a statement may have a say about the requests, as far as the actions tell."""
        actions = statement.get("Action") if isinstance(statement, Mapping) else None
        if actions is None:
            return True
        found = {_prefix(action) for action in ([actions] if isinstance(actions, str) else actions)}
        return any(one.startswith(other) or other.startswith(one) for one in found for other in self._prefixes)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to a question."""

    holds: bool | None
    """None: it could not be settled."""
    request: Request | None = None
    """One that shows it: an allowed one where some are, a refused one where not all are."""
    decision: Decision | None = None
    """What becomes of the request."""
    label: Label | None = None
    """What is peculiar to the request."""
    reasons: tuple[str, ...] = ()
    """Why it could not be settled."""
    unknown: tuple[str, ...] = ()
    """The ARNs of the policies whose documents would settle it."""


def question(
    actions: Iterable[str],
    resources: Iterable[str],
    context: Mapping[str, str | Sequence[str]],
    *,
    every: bool,
    partition: str = "aws",
) -> Question:
    """Return the question if every request, or any, is allowed that the globs cover.

    Where a resource is named, only those of the actions count that can act on such a resource. If every request is
    asked about, actions that AWS may add do not count, and where no resource is named, resources that no action has.
    """
    statements: dict[tuple[str, ...], dict[str, None]] = {}
    for resource in resources:
        for action in actions:
            for forms, names in _covered(action, resource, partition, every=every):
                statements.setdefault(forms, {}).update(dict.fromkeys(names))
    allowed = [
        {"Effect": "Allow", "Action": list(names), "Resource": list(forms)} for forms, names in statements.items()
    ]
    return Question(every, {"Version": "2012-10-17", "Statement": allowed}, dict(context))


def _covered(
    action: str, resource: str, partition: str, *, every: bool
) -> Iterator[tuple[tuple[str, ...], Iterable[str]]]:
    """Yield resources with the actions that are asked about on them."""
    catalogue = action_catalogue()
    found, acting = find_actions(catalogue, action), acting_on(catalogue, action, resource)
    if not acting or action == "*" == resource or (len(found) == len(acting) and not every):
        yield (resource,), [action]
    elif resource != "*":
        yield (resource,), [catalogue.names[at] for at in acting]
    else:
        for at in acting:
            forms = dict.fromkeys(_glob(form, partition) for form in catalogue.arn_formats(at))
            yield tuple(forms) or ("*",), [catalogue.names[at]]


def _glob(form: str, partition: str) -> str:
    """Return what matches every ARN of this form in the partition."""
    return _HOLE.sub(lambda hole: partition if hole[1] == "Partition" else "*", form)


def _prefix(glob: str) -> str:
    """Return what every action begins with, in small letters, that the glob matches."""
    return _WILDCARD.split(glob.lower(), maxsplit=1)[0]


def cannot_be(held: Held, context: Mapping[str, str | Sequence[str]]) -> str:
    """Return why no request of the principal has this context, or nothing: it may fix another value itself."""
    own = {key.lower(): (key, value) for key, value in held.bindings.items()}
    for key, value in context.items():
        fixed = own.get(key.lower())
        if fixed is not None and value != fixed[1] and list(value) != [fixed[1]]:
            return f"{fixed[0]} of {held.address} is {fixed[1]}"
    return ""


class Asker:
    """Puts questions about the principals of one picture; of principals whose policies say the same, one is asked."""

    def __init__(self, picture: Picture) -> None:
        """Take who holds what."""
        self._picture = picture
        self._texts: dict[int, tuple[Any, str]] = {}
        self._narrowed: dict[tuple[int, int], Mapping[str, Any]] = {}
        self._answers: dict[tuple[object, ...], Finding] = {}

    def ask(self, held: Held, asked: Question) -> Finding:
        """Return what is known of the question; a policy whose document is not known may allow or deny anything.

        Of a policy of AWS the catalogue tells whether it denies something.
        """
        known = self._plain(held, asked)
        if not held.unknown:
            return _decided(self._asked(known, asked), held.principal)
        most = replace(known, identity=[*known.identity, _EVERYTHING])
        finding = self._asked(most, asked)
        if finding.holds is False:
            return _decided(finding, replace(held.principal, identity=[*held.principal.identity, _EVERYTHING]))
        if not self._is_bounded_unknown(held) and not any(map(may_deny, held.unknown)):
            finding = self._asked(known, asked)
            if finding.holds is True:
                return _decided(finding, held.principal)
        return Finding(None, unknown=held.unknown)

    def _is_bounded_unknown(self, held: Held) -> bool:
        observed = self._picture.objects[held.address]
        facets = (facet for facet in KINDS[held.address.kind].facets if facet.grants == "boundary")
        return held.boundary is None and any(getattr(observed.resource, facet.field) for facet in facets)

    def _plain(self, held: Held, asked: Question) -> Principal:
        """Return the principal with the context that is asked about, and without whatever has no say in the answer.

        That is every statement about other actions, and every key that no other statement speaks of.
        """
        own = [self._narrow(paper.document, asked) for paper in held.identity]
        identity = [document for document in own if document["Statement"]]
        boundary = self._narrow(held.boundary.document, asked) if held.boundary is not None else None
        texts = [self._text(document).lower() for document in (*identity, boundary, asked.within)]
        fixed: dict[str, Any] = {key.lower(): value for key, value in asked.context.items()}
        fixed |= {key.lower(): value for key, value in held.bindings.items()}
        spoken = {key: value for key, value in fixed.items() if any(key in text for text in texts)}
        return Principal(sorted(identity, key=self._text), boundary, bindings=spoken)

    def _narrow(self, document: Mapping[str, Any], asked: Question) -> Mapping[str, Any]:
        key = (id(document), id(asked))
        if key not in self._narrowed:
            # Both are kept beside what is made of them, so that their ids stay their own.
            self._texts[id(asked)] = (asked, "")
            self._text(document)
            statements = document.get("Statement", ())
            every = statements if isinstance(statements, list | tuple) else [statements]
            self._narrowed[key] = {**document, "Statement": [one for one in every if asked.concerns(one)]}
        return self._narrowed[key]

    def _asked(self, principal: Principal, asked: Question) -> Finding:
        key = (
            tuple(self._text(document) for document in principal.identity),
            self._text(principal.boundary),
            tuple(sorted(principal.bindings.items())),
            id(asked),
        )
        if key not in self._answers:
            self._answers[key] = _every(principal, asked) if asked.every else _any(principal, asked)
        return self._answers[key]

    def _text(self, document: Any) -> str:
        if document is None:
            return ""
        known = self._texts.get(id(document))
        if known is None:
            # The document is kept beside its text, so that its id stays its own.
            known = self._texts[id(document)] = (document, json.dumps(document, sort_keys=True, ensure_ascii=False))
        return known[1]


def _any(principal: Principal, asked: Question) -> Finding:
    if not principal.identity:
        return Finding(holds=False)
    within = replace(principal, scps=[[asked.within]])
    found = compare(Principal([]), within, witnesses=1)
    return _found(found, asked, holds=found.widens)


def _every(principal: Principal, asked: Question) -> Finding:
    keys = (*keys_that_count(principal), *keys_that_count(Principal([asked.within])))
    bindings = {**dict.fromkeys(keys, ()), **principal.bindings}
    wanted = Principal([asked.within], bindings=bindings)
    found = compare(replace(principal, bindings=bindings), wanted, witnesses=1)
    return _found(found, asked, holds=None if found.widens is None else not found.widens)


def _found(verdict: Verdict, asked: Question, *, holds: bool | None) -> Finding:
    """Return the answer with a request that the new side only allows, its context as it was asked about."""
    if not verdict.gained:
        return Finding(holds, reasons=verdict.reasons if holds is None else ())
    witness = verdict.gained[0]
    given = {key.lower() for key in asked.context}
    own = {key: value for key, value in witness.request.context.items() if key.lower() not in given}
    return Finding(holds, replace(witness.request, context={**asked.context, **own}), label=witness.label)


def _decided(finding: Finding, principal: Principal) -> Finding:
    """Return the answer with what becomes of its request: decided by all that the principal holds."""
    if finding.request is None:
        return finding
    try:
        return replace(finding, decision=evaluate(principal, finding.request))
    except PolicyError:
        # A statement that cannot be read and has no say: the answer stands, and who decides cannot be told.
        return finding


def may_deny(arn: str) -> bool:
    """Return whether a policy whose document is not known may deny something."""
    policy = managed_policy(arn.rpartition("/")[2])
    return policy is None or policy.denies or policy.arn(arn.split(":")[1]) != arn
