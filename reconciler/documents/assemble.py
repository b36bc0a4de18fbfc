"""All documents of one account, put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.documents.consenting import check_consents, check_holds
from reconciler.documents.crosscheck import (
    Findings,
    Whole,
    check_ignored,
    check_marks,
    check_references,
    check_renames,
    check_required,
)
from reconciler.documents.declare import Prepared, Written, declare
from reconciler.documents.expecting import check_subjects, with_gone
from reconciler.documents.memberships import complete
from reconciler.documents.settings import AccountSettings, SettingsFile
from reconciler.documents.stated import Stated, Told
from reconciler.errors import Fault
from reconciler.model import Account, Address, Declared, Desired, Kind, Origin

__all__ = ["Parts", "assemble"]


@dataclass(slots=True)
class Parts:
    """What a directory holds."""

    directory: Path
    kinds: Mapping[str, Kind[Any]]
    written: list[Written] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    """The documents that declare no object."""
    settings: SettingsFile | None = None
    faults: list[Fault] = field(default_factory=list)
    lost_names: set[str] = field(default_factory=set)
    """Lower-case names that documents which cannot be read seem to declare."""
    lost_file: bool = False
    """Whether a whole file could not be read."""


def assemble(
    documents: Iterable[tuple[Written, Prepared]],
    told: Sequence[Told],
    account: Account,
    today: dt.date,
    own: AccountSettings,
    parts: Parts,
) -> tuple[Desired, Findings]:
    """Return what the documents declare and expect together, and everything that can be said against them."""
    found = Findings(warnings=list(own.warnings))
    for one_told in told:
        found.faults.extend(one_told.faults)
        found.warnings.extend(one_told.warnings)
    expectations = sorted((e for one_told in told for e in one_told.expectations), key=lambda e: e.origin)
    consents = sorted((c for one_told in told for c in one_told.consents), key=lambda c: c.origin or Origin(""))
    holds = sorted((h for one_told in told for h in one_told.holds), key=lambda h: h.origin or Origin(""))
    lost = set(parts.lost_names)
    nameless = False
    spoiled: set[str] = set()
    blamed: dict[Address, frozenset[str]] = {}
    declared: dict[Address, Declared] = {}
    for written, prepared in documents:
        one, faults = declare(prepared, account, today)
        found.faults.extend((*prepared.faults, *faults))
        spoiled |= prepared.spoiled
        if one is not None:
            _add(one, declared, found)
            blamed[one.address] = blamed.get(one.address, frozenset()) | prepared.blamed
        elif "{{" in written.name:
            nameless = True
        else:
            lost.add(written.name.lower())
    unclear = parts.lost_file or nameless
    whole = Whole(account, own.settings, declared, parts.kinds, today, lambda name: unclear or name.lower() in lost)
    seen = Findings(likely=found.likely, warnings=found.warnings, open=found.open)
    for check in (check_ignored, check_marks, check_references, check_renames):
        check(whole, seen)
    check_subjects(whole, expectations, seen)
    check_consents(consents, today, seen)
    check_holds(whole, holds, seen)
    completed, contradictions = complete(declared, parts.kinds)
    check_required(replace(whole, declared=completed), blamed, seen)
    consequences = (*seen.faults, *contradictions)
    found.faults.extend(fault for fault in consequences if fault.place not in spoiled)
    found.likely[:] = [fault for fault in found.likely if fault.place not in spoiled]
    desired = Desired(
        account=account,
        settings=own.settings,
        declared={address: completed[address] for address in sorted(completed)},
        today=today,
        warnings=tuple(sorted({*found.warnings, *found.open})),
        expectations=tuple(with_gone(expectations, declared)),
        consents=tuple(consents),
        holds=tuple(holds),
    )
    return desired, found


def _add(one: Declared, declared: dict[Address, Declared], found: Findings) -> None:
    """Take an object in, or report that it is declared already."""
    first = declared.setdefault(one.address, one)
    if first is one:
        return
    same = first.address.name == one.address.name
    reason = "" if same else f" ({one.address.name} and {first.address.name} are one name to IAM, which ignores case)"
    what = f"{one.address} is declared twice{reason}: first at {first.at('name')}"
    found.faults.append(Fault(str(one.at("name")), what, "keep one of the documents, or rename one object"))
