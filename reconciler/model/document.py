"""The nouns of the desired side: a YAML document, what it declares, and the settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from reconciler.errors import Fault
from reconciler.model.address import Account, Address, Origin
from reconciler.model.expectation import Expectation
from reconciler.model.guard import Consent, GuardId, Hold

__all__ = [
    "Base",
    "Context",
    "Declared",
    "Desired",
    "Document",
    "Limit",
    "LimitName",
    "Path",
    "Report",
    "Requirement",
    "Roles",
    "Rule",
    "Settings",
    "State",
]

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from a document's root to one of its nodes."""

Report: TypeAlias = Callable[[Path, str, str], None]
"""How a parser reports a fault: path within the document, what is wrong, what to do."""

State: TypeAlias = Literal["present", "absent", "unmanaged"]

LimitName: TypeAlias = Literal["delete", "narrow", "widen", "trust"]
"""What a limit counts: objects that are deleted; principals whose access shrinks, or grows, or whose trust changes."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a kind, its variables filled in, that has passed its schema.

    Scalars are ``str`` or ``None``: numbers and booleans keep the text that stands in the file (a document
    read from a JSON file keeps JSON's own types).
    """

    kind: str
    data: Mapping[str, Any]
    origin: Origin
    positions: Mapping[Path, Origin] = field(default_factory=dict)

    def at(self, path: Path = ()) -> Origin:
        """Return the place of the node at ``path``, or of the nearest node above it."""
        while path:
            if path in self.positions:
                return self.positions[path]
            path = path[:-1]
        return self.origin


@dataclass(frozen=True, slots=True)
class Context:
    """What a kind's parser may know beside the document."""

    account: Account
    today: dt.date
    """The day, UTC, that every ``until`` is held against; an item holds through its day."""
    report: Report


@dataclass(frozen=True, slots=True)
class Declared:
    """What the documents say about one object.

    ``resource`` is the kind's own dataclass (None unless ``state`` is present). Its references to other objects are
    still the text that people wrote; fields that are not in ``given`` hold the kind's defaults.
    """

    address: Address
    origin: Origin
    resource: Any
    state: State = "present"
    given: frozenset[str] = frozenset()
    """The fields that stand in the document, null included."""
    manage: Mapping[str, Literal["exclusive", "additive", "ignore"]] = field(default_factory=dict)
    dropped: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Per field the items that shall not be there: ``state: absent``, or ``until`` is past."""
    renamed_from: str | None = None
    replace: bool = False
    adopt: bool = False
    """Whether an object that somebody else made may be taken over."""
    reason: str | None = None
    document: Document | None = None

    def at(self, *path: str | int) -> Origin:
        """Return the place of a node of the object's document."""
        return self.document.at(path) if self.document is not None else self.origin


@dataclass(frozen=True, slots=True)
class Rule:
    """Objects by a pattern over their addresses, and why the rule is there; it is valid through ``until``."""

    match: str
    reason: str | None = None
    until: dt.date | None = None
    origin: Origin | None = None

    def covers(self, address: Address, today: dt.date) -> bool:
        """Return whether the rule covers ``address`` on the day ``today`` (UTC); names match ignoring case."""
        if self.until is not None and today > self.until:
            return False
        return fnmatchcase(f"{address.kind}/{address.folded}", self.match.lower())


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a plan may do of one thing; None: as much as it likes."""

    count: int | None = None
    percent: int | None = None
    """Of the objects, or of the principals, that there are before the plan."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """Who plans, who applies, and who can still get in when all else fails; all of them are protected."""

    plan: Address | None = None
    apply: Address | None = None
    recover: tuple[Address, ...] = ()
    origin: Origin | None = None

    @property
    def every(self) -> tuple[Address, ...]:
        """Return all that are named."""
        return tuple(one for one in (self.plan, self.apply, *self.recover) if one is not None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """Fields that every declared object of a pattern must give a value."""

    match: str
    fields: tuple[str, ...]
    origin: Origin | None = None

    def covers(self, address: Address) -> bool:
        """Return whether it is about the object at ``address``; names match ignoring case."""
        return fnmatchcase(f"{address.kind}/{address.folded}", self.match.lower())


@dataclass(frozen=True, slots=True)
class Settings:
    """What the document without ``kind`` says, for the account that was selected."""

    owner: str | None = None
    prune: bool = False
    roles: Roles = Roles()
    protect: Sequence[Rule] = ()
    """Objects that are not written at all, nor what they depend on."""
    limits: Mapping[LimitName, Limit] = field(default_factory=dict)
    require: Sequence[Requirement] = ()
    accounts: frozenset[str] = frozenset()
    """The ids of all accounts that the settings name."""
    places: Mapping[str, Origin] = field(default_factory=dict)
    """Where each key stands."""
    ignore: Sequence[Rule] = ()
    keep: Sequence[str] = ()
    """Patterns over ``kind/name/policy-name``: attachments that are never drift."""
    ignore_tags: Sequence[str] = ()
    """Patterns over tag keys that are never written."""

    def ignoring(self, address: Address, today: dt.date) -> Rule | None:
        """Return the first rule that spares ``address`` on the day ``today``, or None."""
        return next((rule for rule in self.ignore if rule.covers(address, today)), None)

    def protecting(self, address: Address, today: dt.date) -> Rule | None:
        """Return the first rule that protects ``address`` on the day ``today``, be it as one of the roles, or None."""
        own = next((rule for rule in self.protect if rule.covers(address, today)), None)
        if own is None and address in self.roles.every:
            return Rule(str(address), "it is among the settings' roles", None, self.roles.origin)
        return own


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that the documents say about one account."""

    account: Account
    settings: Settings
    declared: Mapping[Address, Declared]
    today: dt.date
    """The day, UTC, that every ``until`` is held against."""
    warnings: tuple[Fault, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    consents: tuple[Consent, ...] = ()
    """What may be done although a guard speaks against it; past ones among them."""
    holds: tuple[Hold, ...] = ()
    """What is frozen; past ones among them."""
    """What is to be true of access once the account is as desired."""
    verbatim: bool = False
    """Whether the resources hold what IAM's calls take: references are resolved, the ownership mark is among the tags
    where it belongs, and of what is not declared nothing is to be said."""

    def consented(self, guard: GuardId, subject: str) -> Consent | None:
        """Return the consent that lifts this guard for this very subject today, or None."""
        return next((one for one in self.consents if one.lifts(guard, subject, self.today)), None)

    def held(self, address: Address) -> Hold | None:
        """Return the hold that freezes the object at ``address`` today, or None."""
        return next((one for one in self.holds if one.address == address and self.today <= one.until), None)


@dataclass(frozen=True, slots=True)
class Base:
    """What the documents said at another commit, of the same account and on the same day."""

    commit: str
    """The commit's full name."""
    desired: Desired
