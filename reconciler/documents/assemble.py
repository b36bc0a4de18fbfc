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
from reconciler.documents.declare import JsonFiles, Prepared, Written, declare
from reconciler.documents.expecting import check_subjects, with_gone
from reconciler.documents.files import Files
from reconciler.documents.memberships import complete
from reconciler.documents.preparing import Preparer
from reconciler.documents.settings import AccountSettings, SettingsFile
from reconciler.documents.stated import Stated, Told
from reconciler.documents.yamltext import Reading
from reconciler.errors import Fault
from reconciler.model import Account, Address, Declared, Desired, Kind, Origin

__all__ = ["Parts", "assemble"]


@dataclass(slots=True)
class Parts:
    """What a directory holds."""

    files: Files
    kinds: Mapping[str, Kind[Any]]
    json: JsonFiles
    preparer: Preparer
    readings: dict[Path, Reading] = field(default_factory=dict)
    """What came of each file that could be read."""
    written: list[Written] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    """The documents that declare no object."""
    settings: SettingsFile | None = None
    faults: list[Fault] = field(default_factory=list)
    lost_names: set[str] = field(default_factory=set)
    """Lower-case names that documents which cannot be read seem to declare."""
    lost_file: bool = False
    """Whether a whole file could not be read."""


@dataclass(slots=True)
class _Gathered:
    """What single documents declare, and what may be missing from it."""

    declared: dict[Address, Declared] = field(default_factory=dict)
    blamed: dict[Address, frozenset[str]] = field(default_factory=dict)
    """The keys of each object that something was said against."""
    spoiled: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    nameless: bool = False
    """Whether the name of some object cannot be told."""


def assemble(
    documents: Iterable[tuple[Written, Prepared]],
    told: Sequence[Told],
    account: Account,
    today: dt.date,
    own: AccountSettings,
    parts: Parts,
) -> tuple[Desired, Findings]:
    """Return what the documents declare and state together, and everything that can be said against them."""
    found = Findings(warnings=list(own.warnings))
    stated = _merged(told)
    found.faults.extend(stated.faults)
    found.warnings.extend(stated.warnings)
    gathered = _gather(documents, account, today, found)
    unclear, lost = parts.lost_file or gathered.nameless, parts.lost_names | gathered.lost
    declared = gathered.declared
    whole = Whole(account, own.settings, declared, parts.kinds, today, lambda name: unclear or name.lower() in lost)
    seen = Findings(likely=found.likely, warnings=found.warnings, open=found.open)
    for check in (check_ignored, check_marks, check_references, check_renames):
        check(whole, seen)
    check_subjects(whole, stated.expectations, seen)
    check_consents(stated.consents, today, seen)
    check_holds(whole, stated.holds, seen)
    completed, contradictions = complete(declared, parts.kinds)
    check_required(replace(whole, declared=completed), gathered.blamed, seen)
    consequences = (*seen.faults, *contradictions)
    found.faults.extend(fault for fault in consequences if fault.place not in gathered.spoiled)
    found.likely[:] = [fault for fault in found.likely if fault.place not in gathered.spoiled]
    desired = Desired(
        account=account,
        settings=own.settings,
        declared={address: completed[address] for address in sorted(completed)},
        today=today,
        warnings=tuple(sorted({*found.warnings, *found.open})),
        expectations=tuple(with_gone(stated.expectations, declared)),
        consents=tuple(stated.consents),
        holds=tuple(stated.holds),
    )
    return desired, found


def _merged(told: Iterable[Told]) -> Told:
    """Return what all documents state that declare no object, in the order of their places."""
    whole = Told()
    for one in told:
        whole.expectations += one.expectations
        whole.consents += one.consents
        whole.holds += one.holds
        whole.faults += one.faults
        whole.warnings += one.warnings
    whole.expectations.sort(key=lambda expectation: expectation.origin)
    whole.consents.sort(key=lambda consent: consent.origin or Origin(""))
    whole.holds.sort(key=lambda hold: hold.origin or Origin(""))
    return whole


def _gather(
    documents: Iterable[tuple[Written, Prepared]], account: Account, today: dt.date, found: Findings
) -> _Gathered:
    gathered = _Gathered()
    for written, prepared in documents:
        one, faults = declare(prepared, account, today)
        found.faults.extend((*prepared.faults, *faults))
        gathered.spoiled |= prepared.spoiled
        if one is not None:
            _add(one, gathered.declared, found)
            gathered.blamed[one.address] = gathered.blamed.get(one.address, frozenset()) | prepared.blamed
        elif "{{" in written.name:
            gathered.nameless = True
        else:
            gathered.lost.add(written.name.lower())
    return gathered


def _add(one: Declared, declared: dict[Address, Declared], found: Findings) -> None:
    """Take an object in, or report that it is declared already."""
    first = declared.setdefault(one.address, one)
    if first is one:
        return
    same = first.address.name == one.address.name
    reason = "" if same else f" ({one.address.name} and {first.address.name} are one name to IAM, which ignores case)"
    what = f"{one.address} is declared twice{reason}: first at {first.at('name')}"
    found.faults.append(Fault(str(one.at("name")), what, "keep one of the documents, or rename one object"))
