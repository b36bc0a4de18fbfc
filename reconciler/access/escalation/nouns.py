"""The nouns of privilege escalation: who there is, and the ways from one to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from reconciler.access.deciding import Principal, Request
from reconciler.access.principals import Caller
from reconciler.access.verdict import Label, Witness

__all__ = [
    "Actor",
    "Answers",
    "Doubt",
    "Estate",
    "Gain",
    "Path",
    "Policy",
    "Proof",
    "Provers",
    "Rank",
    "Verdicts",
    "Way",
]

Rank: TypeAlias = int
"""What a way is worth: 0, the target lets the source in; 1, the source gets in, or gives itself something; 2, it makes
itself, or the target that it gets into, hold anything."""


@dataclass(frozen=True)
class Policy:
    """A policy that a principal or a group holds."""

    document: Mapping[str, Any]
    arn: str = ""
    """Of a managed policy; an inline policy has none."""
    group: str = ""
    """The ARN of the group that holds it; empty: the principal itself does."""
    versions: tuple[Mapping[str, Any], ...] = ()
    """The documents of its other stored versions."""


@dataclass(frozen=True)
class Actor:
    """A user or a role, and what it holds."""

    arn: str
    is_role: bool
    policies: tuple[Policy, ...] = ()
    """Its own, and for a user those of its groups."""
    boundary: Policy | None = None
    bindings: Mapping[str, str] = field(default_factory=dict)
    trust: Mapping[str, Any] | None = None
    groups: tuple[str, ...] = ()
    """The ARNs of a user's groups."""
    unknown: tuple[str, ...] = ()
    """Why not all that it holds is known, for people."""
    reserved: bool = False
    """Whether it is AWS's own: nobody else changes it, passes it or becomes it."""

    @cached_property
    def principal(self) -> Principal:
        """Return what the evaluator takes; the policies stand in it in their order."""
        boundary = self.boundary.document if self.boundary is not None else None
        return Principal([policy.document for policy in self.policies], boundary, (), self.bindings)

    @property
    def caller(self) -> Caller:
        """Return who calls where the actor makes a request: a role does by its sessions."""
        if not self.is_role:
            return Caller("AWS", self.arn)
        head, _, name = self.arn.partition(":role/")
        return Caller("AWS", f"{head.replace(':iam:', ':sts:')}:assumed-role/{name.rpartition('/')[2]}/session")


@dataclass(frozen=True)
class Estate:
    """All users and roles of an account, and its groups with what they hold, by ARN."""

    actors: Sequence[Actor]
    groups: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """A request that is allowed, as the evaluator says."""

    request: Request
    asker: str
    """The ARN of whose policies allow it; of the role, where it is the role's trust that does."""
    caller: Caller | None = None
    """Who asks, where a trust allows it."""


@dataclass(frozen=True)
class Way:
    """How a source comes to be a target, or to give itself more where the target is itself."""

    source: str
    target: str
    actions: tuple[str, ...]
    proofs: tuple[Proof, ...]
    rank: Rank
    result: Actor = field(compare=False)
    """The target as it is once the way is taken."""
    is_given: bool = False
    """Whether somebody meant it so: the target's trust names the source, or a policy of the source names the target."""


@dataclass(frozen=True)
class Path:
    """Ways, one after the other, from a source to what it was not given."""

    ways: tuple[Way, ...]
    is_possible: bool = False
    """Whether it is there only if something runs with the target's role, which the account's IAM does not tell."""

    @property
    def source(self) -> str:
        """Return the ARN of who can take it."""
        return self.ways[0].source

    @property
    def target(self) -> str:
        """Return the ARN of where it ends."""
        return self.ways[-1].target


@dataclass(frozen=True, order=True)
class Doubt:
    """Something that could not be settled: no way is claimed for it."""

    source: str
    what: str
    """What it is, for people: ``iam:PassRole on arn:…``."""
    reasons: tuple[str, ...]


class Gain(Protocol):
    """What is asked of a comparison."""

    @property
    def widens(self) -> bool | None:
        """Return whether the new side allows something that the old one does not; None: not known."""

    @property
    def gained(self) -> tuple[Witness, ...]:
        """Return requests that the new side only allows."""

    @property
    def gained_label(self) -> Label | None:
        """Return what all of them are, if they are alike."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why it is not known."""


class Answers(Protocol):
    """What is asked of a question whether anything of a sort is allowed."""

    @property
    def holds(self) -> bool | None:
        """Return whether something is; None: not known."""

    @property
    def witness(self) -> Any:
        """Return a witness whose ``request`` is allowed."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why it is not known."""


Possible: TypeAlias = Callable[[Principal, str, str, Mapping[str, Any]], Answers]
Verdicts: TypeAlias = Callable[[Principal, Principal], Gain]


@dataclass(frozen=True)
class Provers:
    """What answers the questions that the evaluator alone cannot."""

    possible: Possible
    """From a principal, an action, a resource (a pattern) and what is fixed of the context."""
    compare: Verdicts
    """From an old principal and a new one."""
