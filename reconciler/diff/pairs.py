"""Which live object each declared one is: by name ignoring case, or by the name it had."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.diff.nouns import Findings, Pair, Ruling
from reconciler.diff.sparing import not_renamed
from reconciler.kinds import KINDS
from reconciler.model import Address, Conflict, Declared, Desired, Live

__all__ = ["paired", "unpaired"]


def paired(desired: Desired, live: Live, rulings: Mapping[Address, Ruling], findings: Findings) -> dict[Address, Pair]:
    """Return a pair for every object that shall be as declared; names in doubt become conflicts."""
    pairs = {}
    for address, declared in sorted(desired.declared.items()):
        if declared.state == "present":
            pair = _pair(declared, live, rulings, findings)
            if pair is not None:
                pairs[address] = pair
    return pairs


def unpaired(desired: Desired, pairs: Mapping[Address, Pair]) -> dict[Address, Ruling]:
    """Return the rulings over declared objects that will not be there, so that no tie leads to them."""
    present = (address for address, declared in desired.declared.items() if declared.state == "present")
    return {address: Ruling("spare", "it is not there", ties=False) for address in present if address not in pairs}


def _pair(declared: Declared, live: Live, rulings: Mapping[Address, Ruling], findings: Findings) -> Pair | None:
    address = declared.address
    observed = live.objects.get(address)
    old = live.objects.get(Address(address.kind, declared.renamed_from)) if declared.renamed_from else None
    rename = KINDS[address.kind].rename
    if old is None or rename is None or (observed is old and observed.address.name == address.name):
        ruling = rulings.get(address)
        held = ruling is not None and ruling.hold is not None
        if observed is not None and observed.address.name != address.name and not held:
            findings.conflicts.append(_case_conflict(declared, observed.address.name))
        return Pair(address, observed)
    if observed is not None and observed is not old:
        what = f"both {old.address} and {observed.address} are live, so neither can be renamed to the other"
        remedy = "delete one of them, or take `renamed_from` away"
        findings.conflicts.append(Conflict(address, "renamed_from", what, remedy, declared.at("renamed_from")))
        return Pair(address, observed)
    for end in (old.address, address):
        ruling = rulings.get(end)
        if ruling is not None and ruling.fate == "spare":
            not_renamed(findings, declared, old.address, end, ruling)
            return Pair(address, observed) if observed is old else None
    return Pair(address, old, rename(old.address.name, address.name))


def _case_conflict(declared: Declared, spelled: str) -> Conflict:
    what = f"the name is spelled {spelled!r} in the account and {declared.address.name!r} here"
    renames = KINDS[declared.address.kind].rename is not None
    remedy = f"spell it as live{f', or write `renamed_from: {spelled}`' if renames else ''}"
    return Conflict(declared.address, "name", what, remedy, declared.at("name"))
