"""The nouns of a plan: calls, steps, what they change, and what stays open."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.model.access import Access
from reconciler.model.address import Account, Address, Origin
from reconciler.model.expectation import Expectation, Unmet
from reconciler.model.guard import Alarm, Consent, GuardId, LeftBehind, Skip

__all__ = ["Action", "Call", "Cause", "Change", "Conflict", "Difference", "Mark", "Note", "Plan", "Sign", "Step"]

Action: TypeAlias = Literal["create", "update", "delete", "replace", "rename"]
Sign: TypeAlias = Literal["+", "~", "-"]

Cause: TypeAlias = Literal["", "change", "drift"]
"""``change``: the documents say something else than at the base; ``drift``: the account moved; empty: no base."""


@dataclass(frozen=True, slots=True)
class Call:
    """One IAM operation in IAM's own spelling, with its parameters as JSON values."""

    operation: str
    params: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Return a text that two calls share only when they are the same call."""
        return json.dumps([self.operation, self.params], sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What a step does to a principal's access until later steps mend it, where no order of the steps avoids it.

    ``gap``: something is refused that is allowed both before and after the plan. ``spike``: something is allowed that
    is refused both before and after. ``trust``: no harm, but a state to know of: who may be the principal changes
    with this step, and what the principal may do with others.
    """

    kind: Literal["gap", "spike", "trust"]
    principal: Address
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a plan, complete before the first write, with the steps that must have been made before it."""

    id: int
    """The step's place in the plan, from 1."""
    address: Address
    """The object whose change asks for the call."""
    call: Call
    after: tuple[int, ...] = ()
    """The ids of the steps that this one waits for; always smaller than ``id``."""
    note: str = ""
    """For people: why the step stands where it does, or what it interrupts."""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an object, or one item of it, that is not as desired."""

    field: str
    sign: Sign
    item: str = ""
    """The item's key as people know it (a policy's name, a tag's key), empty for a whole field."""
    before: Any = None
    after: Any = None
    detail: tuple[str, ...] = ()
    """Lines that explain the difference, each beginning with its own sign."""
    origin: Origin | None = None
    reverts: bool = False
    """Whether the documents say of it what they said at the base, so that the account is what moved."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan does to one object, and why."""

    address: Address
    action: Action
    reason: str
    differences: tuple[Difference, ...] = ()
    origin: Origin | None = None
    warnings: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()
    """What is lost for good: no later plan, an undo neither, brings it back."""
    cause: Cause = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A difference that no step of this plan closes: what stays open, and the way out."""

    address: Address
    field: str
    what: str
    remedy: str
    origin: Origin | None = None
    guard: GuardId | None = None
    """The guard that leaves it open; None: IAM does."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something seen and left alone."""

    address: Address
    what: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole contract between what was reviewed and what is applied."""

    account: Account
    steps: Sequence[Step] = ()
    changes: Sequence[Change] = ()
    conflicts: Sequence[Conflict] = ()
    notes: Sequence[Note] = ()
    declared: int = 0
    """How many objects the documents declare for the account."""
    header: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[Address, Any] = field(default_factory=dict)
    """Every object that the steps change, as it was read (an ``Observed``); None: it was not there."""
    access: Access | None = None
    """What the steps do to access; None where there are none."""
    expectations: Sequence[Expectation] = ()
    """What the documents expect of access once the steps are made."""
    unmet: Sequence[Unmet] = ()
    """What of that is not so, or not known."""
    alarms: Sequence[Alarm] = ()
    """What the guards say against it, those with consent among them."""
    left_behind: Sequence[LeftBehind] = ()
    skips: Sequence[Skip] = ()
    """What was spared, and by which rule."""
    used: frozenset[Consent] = frozenset()
    """The consents without which the plan would be another, or would be refused."""
    consents: Sequence[Consent] = ()
    """All consents that the documents and the command line give, past ones among them."""
    base: str | None = None
    """The commit that the documents were held against."""
    left_out: Sequence[Address] = ()
    """Objects that are not as declared, which a plan limited to the change leaves as they are."""
    today: dt.date | None = None
    """The day, UTC, on which it was made: consents whose day is before it are past. None: it has none of those."""

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """Return the alarms that nobody consented to: because of them nothing must be applied."""
        return tuple(alarm for alarm in self.alarms if alarm.consent is None)

    @property
    def as_expected(self) -> bool:
        """Return whether nothing that is expected fails."""
        return not any(one.fails for one in self.unmet)

    @property
    def in_sync(self) -> bool:
        """Return whether the plan has nothing to write and leaves nothing open."""
        return not self.steps and not self.conflicts
