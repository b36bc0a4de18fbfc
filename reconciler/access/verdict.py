"""How one state of access relates to another, and the requests that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.access.deciding import Decision, Request
from reconciler.access.principals import Caller

__all__ = ["Answer", "Label", "Relation", "Scope", "Verdict", "Witness"]


class Relation(Enum):
    """How the new access relates to the old, over every request there is."""

    EQUAL = "EQUAL"
    NARROWER = "NARROWER"
    WIDER = "WIDER"
    INCOMPARABLE = "INCOMPARABLE"
    UNDECIDED = "UNDECIDED"


class Label(Enum):
    """What is peculiar to a request that was gained or lost; a label never changes the relation."""

    FUTURE_ONLY = "future-only"
    """No action that exists today: one that AWS may add."""
    VACUOUS = "vacuous"
    """No resource of a type that the action supports can match."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that is allowed on one side only; both decisions are the evaluator's."""

    request: Request
    old: Decision
    new: Decision
    label: Label | None = None
    caller: Caller | None = None
    """Who asks, where the comparison is one of trust policies."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a proof speaks of."""

    date: str
    """The day of the catalogue of actions, in ISO form."""
    actions: int
    """How many actions the catalogue has."""
    scps: bool
    """Whether either side has SCPs."""

    def __str__(self) -> str:
        """Return the scope for people."""
        given = "yes" if self.scps else "no"
        return f"catalogue {self.date}, {self.actions:,} actions; identity-based; SCPs given: {given}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How new access relates to old.

    ``UNDECIDED`` says that at least one direction could not be settled; what the other came to still stands in
    ``widens`` or ``narrows``, with its witnesses.
    """

    relation: Relation
    widens: bool | None
    """Whether a request is allowed by the new side only; None where that is not known."""
    narrows: bool | None
    """Whether a request is allowed by the old side only; None where that is not known."""
    gained: tuple[Witness, ...]
    """Requests that the new side only allows: one for each way of gaining that was found, the weightiest first."""
    lost: tuple[Witness, ...]
    """Requests that the old side only allows."""
    gained_actions: int
    """How many actions of the catalogue are known to have a request that was gained."""
    lost_actions: int
    """The same of requests that were lost."""
    old_actions: int
    """How many actions of the catalogue the old side allows by its action patterns alone: every layer has an Allow for
    the action, and no Deny takes it on all resources without a condition."""
    new_actions: int
    """The same of the new side."""
    gained_label: Label | None
    """The label that every witness of this direction has, if they have one in common."""
    lost_label: Label | None
    reasons: tuple[str, ...]
    """Why a direction is undecided: place and cause."""
    scope: Scope


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, with a request that shows it."""

    holds: bool | None
    """None where it could not be settled; ``reasons`` say why."""
    witness: Witness | None
    """The request; what was asked says which of the decisions matter."""
    reasons: tuple[str, ...]
