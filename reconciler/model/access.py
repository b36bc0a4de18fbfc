"""The nouns of what a plan does to access: who may do more or less, requests that show it, new ways to more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.model.address import Address

__all__ = ["Access", "Escalation", "Evidence", "Hop", "Impact", "Relation", "Subject"]

Relation: TypeAlias = Literal["EQUAL", "NARROWER", "WIDER", "INCOMPARABLE", "UNDECIDED"]
"""How access afterwards relates to access before."""

Subject: TypeAlias = Literal["policy", "identity", "trust"]
"""What was compared: a policy alone, all that a principal holds, or who may become it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A request that shows a difference, confirmed by the evaluator."""

    gained: bool
    """Whether it is allowed afterwards only; else it was allowed before only."""
    action: str
    resource: str
    because: str
    """The statement that is responsible, or what is lacking, for people."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    caller: str = ""
    """Who asks, where it is about trust."""
    label: str = ""
    """``future-only``: an action that AWS may add; ``vacuous``: no resource of the action's types matches."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What a plan does to the access of one principal, or of whoever holds one policy."""

    address: Address
    """The principal; the policy, or the holder of the inline policy ``item``."""
    subject: Subject
    relation: Relation
    widens: bool | None
    """Whether something is allowed that was not; None where that could not be settled."""
    narrows: bool | None
    evidence: tuple[Evidence, ...] = ()
    old_actions: int = 0
    """How many actions of the catalogue are allowed on some resource in some context before."""
    new_actions: int = 0
    gained_label: str = ""
    """The label that everything gained has, if there is one."""
    lost_label: str = ""
    reasons: tuple[str, ...] = ()
    """Why something is undecided; for what is equal, what makes it so."""
    item: str = ""
    """The name of the inline policy that is meant."""
    through: tuple[str, ...] = ()
    """Of a principal: the policies, groups and boundary by which the change reaches it."""
    principals: tuple[Address, ...] = ()
    """Of a policy: who holds it, before or after."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One way by which whoever is ``source`` can come to act as ``target``, or to give itself more."""

    source: Address
    target: Address
    """The principal that it comes to be; ``source`` itself where it can give itself anything."""
    method: str
    """The way's name, as in ``iam:PassRole + lambda:CreateFunction``."""
    evidence: tuple[Evidence, ...] = ()
    """One allowed request for each thing that the way takes."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A path by which a principal can get at access that it is not given."""

    hops: tuple[Hop, ...]

    @property
    def source(self) -> Address:
        """Return who can take the path."""
        return self.hops[0].source

    @property
    def target(self) -> Address:
        """Return where it ends."""
        return self.hops[-1].target


@dataclass(frozen=True, slots=True)
class Access:
    """What a plan does to access, and what the proof covers."""

    scope: str
    """What the proofs speak of, for people."""
    impacts: tuple[Impact, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    """The paths that are there afterwards and were not before."""
    undecided: tuple[str, ...] = ()
    """What could not be settled about escalations, for people."""

    @property
    def affected(self) -> tuple[Address, ...]:
        """Return the principals whose access or trust is not the same, or may not be."""
        changed = {i.address for i in self.impacts if i.subject != "policy" and i.relation != "EQUAL"}
        return tuple(sorted(changed))
