"""Two documents compared, with what makes the difference told for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.access import Verdict, Witness, compare_documents, compare_trust
from reconciler.model import Address, Evidence
from reconciler.plan.because import because
from reconciler.plan.picture import Held, Paper

__all__ = ["Compared", "compared"]


@dataclass(frozen=True, slots=True)
class Compared:
    """How one document relates to another."""

    old: str
    new: str
    """The names of the documents, for people."""
    verdict: Verdict
    gained: tuple[Evidence, ...]
    lost: tuple[Evidence, ...]


def compared(old: tuple[str, Mapping[str, Any]], new: tuple[str, Mapping[str, Any]], *, trust: bool) -> Compared:
    """Return how ``new`` relates to ``old``, each given by its name and content; as policies, or as trust policies."""
    verdict = compare_trust(old[1], new[1]) if trust else compare_documents(old[1], new[1])
    sides = [_held(*side) for side in (old, new)]
    gained = tuple(_evidence(witness, sides, (old[0], new[0]), gained=True) for witness in verdict.gained)
    lost = tuple(_evidence(witness, sides, (old[0], new[0]), gained=False) for witness in verdict.lost)
    return Compared(old[0], new[0], verdict, gained, lost)


def _held(name: str, document: Mapping[str, Any]) -> Held:
    """Return who would hold nothing but the document."""
    return Held(Address("policy", name), "", (Paper(document, Address("policy", name)),), None)


def _evidence(witness: Witness, sides: Sequence[Held], names: tuple[str, str], *, gained: bool) -> Evidence:
    decisions = (witness.old, witness.new)
    told = [
        because(decision, held) if decision.by is not None else f"nothing in {name} allows it"
        for decision, held, name in zip(decisions, sides, names, strict=True)
    ]
    return Evidence(
        gained,
        witness.request.action,
        witness.request.resource,
        "; ".join(reversed(told) if gained else told),
        dict(witness.request.context),
        f"{witness.caller.space} {witness.caller.name}" if witness.caller is not None else "",
        witness.label.value if witness.label is not None else "",
    )
