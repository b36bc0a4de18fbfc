"""What a principal may do: one request, held against every policy that has a say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from reconciler.access.patterns import Context
from reconciler.access.places import at
from reconciler.access.principals import Caller
from reconciler.access.statements import Document, Statement, compile_document
from reconciler.access.words import fold, quoted
from reconciler.errors import PolicyError

__all__ = ["Decision", "Layer", "Outcome", "Principal", "Request", "StatementRef", "evaluate", "evaluate_trust"]

_ACTION = re.compile(r"[^\s:*?]+:[^\s:*?]+")


class Outcome(Enum):
    """What becomes of a request."""

    ALLOWED = "Allowed"
    IMPLICITLY_DENIED = "ImplicitlyDenied"
    EXPLICITLY_DENIED = "ExplicitlyDenied"


class Layer(Enum):
    """Why a document has a say."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SCP = "scp"
    TRUST = "trust"


@dataclass(frozen=True, slots=True)
class StatementRef:
    """Which statement decided; indexes begin at 0."""

    layer: Layer
    document: int
    """The document's index in its layer, or in its level of SCPs."""
    statement: int
    sid: str = ""
    level: int = 0
    """The index of the level of SCPs; 0 in other layers."""

    def __str__(self) -> str:
        """Return the reference for people, who count from 1: ``scp level 1, document 2, statement 1 (NoRoot)``."""
        level = f" level {self.level + 1}," if self.layer is Layer.SCP else ""
        sid = f" ({self.sid})" if self.sid else ""
        return f"{self.layer.value}{level} document {self.document + 1}, statement {self.statement + 1}{sid}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request, and why."""

    outcome: Outcome
    by: StatementRef | None
    """The Deny, or the Allow of the identity layer (of the trust); None for what is denied implicitly."""
    lacking: Layer | None = None
    """For what is denied implicitly: the first layer that allows it not."""

    @property
    def allowed(self) -> bool:
        """Return whether the request is allowed."""
        return self.outcome is Outcome.ALLOWED


@dataclass(frozen=True)
class Request:
    """What is asked for. ``resource`` is one whole ARN, or ``*`` for an action that has none.

    ``context`` gives condition keys their value, or a sequence of values; an empty sequence is no value. The names of
    keys ignore case.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @cached_property
    def folded(self) -> str:
        """Return the action in small letters.

        Raises:
            PolicyError: It is no single action.
        """
        if not _ACTION.fullmatch(self.action):
            raise PolicyError(f"request: {quoted(self.action)} is no single action, as in s3:GetObject")
        return fold(self.action)

    @cached_property
    def values(self) -> Context:
        """Return the context by the folded names of its keys.

        Raises:
            PolicyError: Two keys differ in case only, or a value is no text.
        """
        with at("request"):
            return _context(self.context)


@dataclass(frozen=True)
class Principal:
    """The policies that say what a principal may do; documents are mappings or JSON text.

    ``identity`` are its own policies, and for a user those of its groups. Of ``scps`` every level must allow, and
    within a level one document is enough. ``bindings`` are the condition keys that the principal itself fixes
    (``aws:username``, ``aws:PrincipalTag/team``; an empty sequence says that the key is absent): they come before a
    request's own. Documents are read once, when the
    first request is decided, and must not be changed after that.
    """

    identity: Sequence[Document]
    boundary: Document | None = None
    scps: Sequence[Sequence[Document]] = ()
    bindings: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> Rules:
        """Return what the documents come to.

        Raises:
            PolicyError: A document cannot be read, or holds what is not supported.
        """
        groups = [_group(Layer.IDENTITY, self.identity)]
        if self.boundary is not None:
            groups.append(_group(Layer.BOUNDARY, [self.boundary]))
        groups += [_group(Layer.SCP, documents, level) for level, documents in enumerate(self.scps)]
        with at("bindings"):
            bindings = _context(self.bindings)
        return Rules(tuple(groups), bindings)


@dataclass(frozen=True, slots=True)
class Group:
    """Documents of which one must allow: a layer, or a level of SCPs."""

    layer: Layer
    denies: tuple[tuple[StatementRef, Statement], ...]
    allows: tuple[tuple[StatementRef, Statement], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """Groups of documents, each of which must allow and any of which may deny."""

    groups: tuple[Group, ...]
    bindings: Context

    def decide(self, request: Request, caller: Caller | None = None) -> Decision:
        """Return what becomes of a request."""
        context = {**request.values, **self.bindings} if self.bindings else request.values
        action = request.folded

        def first(statements: Iterable[tuple[StatementRef, Statement]]) -> StatementRef | None:
            found = (ref for ref, one in statements if one.applies(action, request.resource, context, caller))
            return next(found, None)

        for group in self.groups:
            deny = first(group.denies)
            if deny is not None:
                return Decision(Outcome.EXPLICITLY_DENIED, deny)
        by = None
        for group in self.groups:
            allow = first(group.allows)
            if allow is None:
                return Decision(Outcome.IMPLICITLY_DENIED, None, group.layer)
            by = by or allow
        return Decision(Outcome.ALLOWED, by)


def evaluate(principal: Principal, request: Request) -> Decision:
    """Return what the principal's identity-based access makes of a request.

    A Deny in any layer beats every Allow; without one, the identity policies, the boundary (if there is one) and every
    level of SCPs (if there are any) must each allow. Policies of resources and of sessions are not read.
    Source: IAM user guide, reference_policies_evaluation-logic.

    Raises:
        PolicyError: A document cannot be read, or holds what is not supported; the message says where.
    """
    return principal.rules.decide(request)


def evaluate_trust(document: Document, caller: Caller, request: Request) -> Decision:
    """Return what a role's trust policy makes of a caller's request to assume it; the request's resource is not read.

    Source: IAM user guide, reference_policies_elements_principal, reference_policies_evaluation-logic.

    Raises:
        PolicyError: The document cannot be read, or holds what is not supported; the message says where.
    """
    return Rules((_group(Layer.TRUST, [document]),), {}).decide(request, caller)


def _group(layer: Layer, documents: Sequence[Document], level: int = 0) -> Group:
    pairs = list(_statements(layer, documents, level))
    return Group(
        layer,
        denies=tuple(pair for pair in pairs if not pair[1].allows),
        allows=tuple(pair for pair in pairs if pair[1].allows),
    )


def _statements(layer: Layer, documents: Sequence[Document], level: int) -> Iterator[tuple[StatementRef, Statement]]:
    if isinstance(documents, (str, Mapping)):
        raise PolicyError(f"{layer.value}: this is one document; write a list of documents")
    for index, document in enumerate(documents):
        place = f"scp level {level + 1}, document {index + 1}" if layer is Layer.SCP else f"{layer.value} {index + 1}"
        with at(place):
            statements = compile_document(document, "trust" if layer is Layer.TRUST else "identity")
        for statement in statements:
            yield StatementRef(layer, index, statement.index, statement.sid, level), statement


def _context(values: Mapping[str, Any]) -> Context:
    folded: dict[str, tuple[str, ...]] = {}
    for key, value in values.items():
        name = fold(key)
        if name in folded:
            raise PolicyError(f"the condition key {quoted(key)} has a value twice, in two spellings")
        found = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        if not all(isinstance(item, str) for item in found):
            raise PolicyError(f"the value of the condition key {quoted(key)} is no text")
        folded[name] = found
    return folded
