"""The nouns of what a repository expects of access: sentences, whom they are about, and where they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reconciler.model.access import Evidence
from reconciler.model.address import Address, Origin

__all__ = ["Expectation", "Named", "Unmet"]


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a sentence names: principals, or whoever belongs to a group; ``*`` and ``?`` are wildcards."""

    kind: str
    """Empty where only a name is written: then it is a principal of any kind."""
    name: str

    def __str__(self) -> str:
        """Return it as sentences have it."""
        return f"{self.kind}/{self.name}" if self.kind else self.name

    @property
    def is_pattern(self) -> bool:
        """Return whether it may mean several."""
        return "*" in self.name or "?" in self.name

    def covers(self, address: Address) -> bool:
        """Return whether it means the object at the address; names match ignoring case."""
        return self.kind in {"", address.kind} and fnmatchcase(address.folded, self.name.lower())


@dataclass(frozen=True, slots=True)
class Expectation:
    """One sentence about who can, or cannot, do what."""

    text: str
    origin: Origin
    document: str
    """The name of the document that holds it."""
    allowed: bool
    """Whether every request that it covers must be allowed; else none may be."""
    subjects: tuple[Named, ...] = ()
    """None: it is about everybody."""
    outside: tuple[Named, ...] = ()
    """Who is left out of everybody."""
    actions: tuple[str, ...] = ("*",)
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """The values of condition keys that every request has."""
    allow_undecided: bool = False
    """Whether it may stay open whether it holds."""
    gone: frozenset[Named] = frozenset()
    """Those it names that are declared absent: nobody of the name need be there."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A sentence that does not hold, or of which it is not known, and for whom."""

    expectation: Expectation
    principals: tuple[Address, ...] = ()
    """Whom it fails for, all in the same way; none where it speaks of nobody."""
    evidence: Evidence | None = None
    """A request that shows it, made by the first of them; None where nothing is proved."""
    reasons: tuple[str, ...] = ()
    """Why it is not known, or what else is wrong."""
    unknown: tuple[str, ...] = ()
    """The ARNs of policies whose documents would settle it."""
    undecided: bool = False
    """Whether it is open if the sentence holds."""

    @property
    def fails(self) -> bool:
        """Return whether a plan must not be applied because of it."""
        return not (self.undecided and self.expectation.allow_undecided)
