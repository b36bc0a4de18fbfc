"""The nouns of guards: what must not be done without consent, who consented, and what is frozen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from reconciler.model.address import Address, Origin

__all__ = ["ACCOUNT", "GUARDS", "Alarm", "Consent", "GuardId", "Hold", "LeftBehind", "Skip"]

GuardId: TypeAlias = Literal[
    "boundary-removed",
    "empty-source",
    "foreign-owner",
    "in-use",
    "incident-lock",
    "left-behind",
    "limit-delete",
    "limit-narrow",
    "limit-trust",
    "limit-widen",
    "lockout",
    "protected",
    "quota",
    "repair-widens",
    "settings-loosened",
    "takeover",
    "trust-widened",
]
"""What stands between a plan and its first write; each can be lifted for one subject, and no other."""

GUARDS: Final[tuple[GuardId, ...]] = get_args(GuardId)

ACCOUNT: Final = "account"
"""The subject of a guard that is about the account as a whole."""


@dataclass(frozen=True, slots=True, order=True)
class Consent:
    """Somebody's word that one guard may be lifted for one subject."""

    guard: GuardId
    subject: str
    """What the guard speaks of, spelled in any case: ``kind/name``, ``account``, or ``settings/KEY``."""
    reason: str = ""
    until: dt.date | None = None
    """The last day, UTC, on which it holds; None only for a flag of the command line."""
    origin: Origin | None = None
    """Where it stands; None: a flag of the command line."""

    def lifts(self, guard: str, subject: str, today: dt.date) -> bool:
        """Return whether it lifts this guard for this very subject on the day ``today`` (UTC)."""
        past = self.until is not None and today > self.until
        return not past and self.guard == guard and self.subject.lower() == subject.lower()


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a guard says against a plan: nothing of the plan is applied, unless somebody consents to it."""

    guard: GuardId
    subject: str
    """What a consent must name: ``kind/name``, ``account``, or ``settings/KEY``."""
    what: str
    remedy: str
    origin: Origin | None = None
    detail: tuple[str, ...] = ()
    """Lines that show it, such as what is lost or who is affected."""
    consent: Consent | None = None
    """Who consented; None: it stands."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An object that is frozen: it is not written until the hold ends, and still reported."""

    address: Address
    reason: str
    until: dt.date
    """The last day, UTC, on which it holds."""
    ticket: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """An object that nobody declares any more and that keeps what it has."""

    address: Address
    why: str
    """How it is known that it was ours, for people."""
    keeps: tuple[str, ...] = ()
    """What it keeps, for people: policies, groups, and how much they allow."""
    origin: Origin | None = None
    """Where it stood at the base."""


@dataclass(frozen=True, slots=True, order=True)
class Skip:
    """An object, or one item of it, that was spared, and by which rule."""

    address: Address
    rule: str
    """The rule as people would look for it: ``ignore role/vendor-*``, ``keep */x``, ``hold``, ``undeclared`` …"""
    why: str
    item: str = ""
    """The field or item that was spared; empty for the whole object."""
    origin: Origin | None = None
