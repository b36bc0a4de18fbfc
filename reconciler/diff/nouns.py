"""The nouns of a comparison: rulings in, drafts and ties out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.errors import Fault
from reconciler.kinds.references import Dangling, References
from reconciler.model import (
    Address,
    Call,
    Change,
    Conflict,
    Consent,
    Declared,
    Desired,
    Effect,
    Facet,
    GuardId,
    Hold,
    Items,
    Live,
    Note,
    Observed,
    Origin,
    Skip,
)

__all__ = ["Diff", "Draft", "Fate", "Findings", "Pair", "Ruling", "Scene", "Tie"]

Fate: TypeAlias = Literal["declare", "delete", "spare", "leave"]
"""``declare``: make it as declared; ``delete``; ``spare``: never written; ``leave``: not ours."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What may be done to one object, and by which rule."""

    fate: Fate
    reason: str = ""
    ties: bool = True
    """Whether ties that only the object's other end holds (a policy attached to a user) may be made and cut."""
    rule: str = ""
    """The rule as people would look for it: see ``Skip.rule``."""
    guard: GuardId | None = None
    """The guard that spares the object, where a consent lifts it."""
    hold: Hold | None = None
    """The hold that spares the object: what is not written then is told, and no conflict."""
    consents: frozenset[Consent] = frozenset()
    """The consents without which the object would be spared."""
    otherwise: Fate = "leave"
    """The fate that a spared object would have if nothing spared it."""
    origin: Origin | None = None
    """Where the rule stands."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A call that a plan needs, not yet ordered; two drafts of the same call are one."""

    address: Address
    call: Call
    effect: Effect
    after: frozenset[str] = frozenset()
    """The keys of the calls that must come first."""
    needs: frozenset[str] = frozenset()
    """The ARNs that must exist when the call is made."""
    releases: frozenset[str] = frozenset()
    """The ARNs whose objects can only end after the call."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tie:
    """An object's names that begin to be valid with one call of the plan, or cease to be with one."""

    names: frozenset[tuple[str, str]]
    """Pairs of parameter and value by which calls name the object; the parameter ``*`` stands for any."""
    born: str | None = None
    dies: str | None = None
    replaced: bool = False
    """Whether an object of the same names ends and another begins in one plan."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A declared object beside the live one (None: there is none)."""

    address: Address
    observed: Observed[Any] | None
    rename: Call | None = None


@dataclass(slots=True)
class Findings:
    """What a comparison collects on its way."""

    drafts: list[Draft] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: set[Note] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    wanted: set[tuple[Address, str]] = field(default_factory=set)
    probe: set[str] = field(default_factory=set)
    skips: set[Skip] = field(default_factory=set)
    locks: dict[tuple[str, ...], Conflict] = field(default_factory=dict)
    """By what is locked: the conflict of an item that stays because it carries a Deny."""
    used: set[Consent] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the comparison of one object may look at."""

    desired: Desired
    live: Live
    rulings: Mapping[Address, Ruling]
    references: References
    by_arn: Mapping[str, Address]
    moved: Mapping[str, str]
    """From old to new: ARNs that a rename or a new path changes, and those of replaced objects."""
    replaced: frozenset[Address]
    findings: Findings
    held: Mapping[tuple[str, str], Sequence[tuple[Observed[Any], Facet]]]
    """By kind and key of what is referred to: the live objects that refer to it, each with the facet."""
    ending: frozenset[Address] = frozenset()
    """The live objects that this plan deletes."""
    before: Mapping[Address, Declared] = field(default_factory=dict)
    """What the base declares, where there is one."""

    def fate(self, address: Address | None) -> Fate:
        """Return the fate of an object; what nobody speaks of is left."""
        ruling = self.rulings.get(address) if address is not None else None
        return ruling.fate if ruling is not None else "leave"

    def spares(self, facet: Items, target: Address | None) -> str | None:
        """Return why a tie of the facet to ``target`` is neither made nor cut, or None.

        What is ignored keeps every tie. What is somebody else's keeps those that belong to both ends, such as a
        membership; an attachment is the holder's alone, and no grant may hide behind a mark.
        """
        ruling = self.sparing(facet, target)
        return ruling.reason.removeprefix("it ") if ruling is not None else None

    def sparing(self, facet: Items, target: Address | None) -> Ruling | None:
        """Return the ruling over ``target`` by which a tie of the facet to it is neither made nor cut, or None."""
        ruling = self.rulings.get(target) if target is not None else None
        if ruling is None or ruling.fate != "spare" or (ruling.ties and not facet.inverse):
            return None
        return ruling

    def target(self, kind: str, key: str) -> Address | None:
        """Return the address that a key of a facet over ``kind`` leads to: an ARN's where it is one, else a name's."""
        return self.by_arn.get(key) if key.startswith("arn:") else Address(kind, key)

    def resolve(self, kind: str, text: str, origin: Origin) -> str | None:
        """Return what IAM calls the object that ``text`` names, or None after noting the fault or the open question."""
        if self.desired.verbatim:
            return text
        try:
            return self.references.resolve(kind, text)
        except Dangling as error:
            if error.probe:
                self.findings.probe.update(error.probe)
            else:
                self.findings.faults.append(Fault(str(origin), error.what, error.remedy))
            return None


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences of an account; with ``wanted`` or ``probe`` left, a reading is needed and a second comparison."""

    drafts: Sequence[Draft]
    ties: Sequence[Tie]
    changes: Sequence[Change]
    conflicts: Sequence[Conflict]
    notes: Sequence[Note]
    skips: AbstractSet[Skip]
    """What was spared of objects that are declared."""
    used: frozenset[Consent]
    """The consents without which the differences would be others."""
    wanted: frozenset[tuple[Address, str]]
    probe: frozenset[str]
