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

__all__ = ["Context", "Declared", "Desired", "Document", "IgnoreRule", "Path", "Report", "Settings", "State"]

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from a document's root to one of its nodes."""

Report: TypeAlias = Callable[[Path, str, str], None]
"""How a parser reports a fault: path within the document, what is wrong, what to do."""

State: TypeAlias = Literal["present", "absent", "unmanaged"]


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
    reason: str | None = None
    document: Document | None = None

    def at(self, *path: str | int) -> Origin:
        """Return the place of a node of the object's document."""
        return self.document.at(path) if self.document is not None else self.origin


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Objects that are never written though always read: a pattern over addresses, valid through ``until``."""

    match: str
    reason: str | None = None
    until: dt.date | None = None
    origin: Origin | None = None

    def covers(self, address: Address, today: dt.date) -> bool:
        """Return whether the rule spares ``address`` on the day ``today`` (UTC); names match ignoring case."""
        if self.until is not None and today > self.until:
            return False
        return fnmatchcase(f"{address.kind}/{address.folded}", self.match.lower())


@dataclass(frozen=True, slots=True)
class Settings:
    """What the document without ``kind`` says, for the account that was selected."""

    owner: str | None = None
    prune: bool = False
    ignore: Sequence[IgnoreRule] = ()
    keep: Sequence[str] = ()
    """Patterns over ``kind/name/policy-name``: attachments that are never drift."""
    ignore_tags: Sequence[str] = ()
    """Patterns over tag keys that are never written."""

    def ignoring(self, address: Address, today: dt.date) -> IgnoreRule | None:
        """Return the first rule that spares ``address`` on the day ``today``, or None."""
        return next((rule for rule in self.ignore if rule.covers(address, today)), None)


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
    """What is to be true of access once the account is as desired."""
    verbatim: bool = False
    """Whether the resources hold what IAM's calls take: references are resolved, the ownership mark is among the tags
    where it belongs, and of what is not declared nothing is to be said."""
