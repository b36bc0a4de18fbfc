"""What only shows when all documents of an account are seen together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from reconciler.documents.places import item_place
from reconciler.errors import Fault
from reconciler.kinds.references import Dangling, References
from reconciler.model import Account, Address, Declared, Facet, Items, Kind, Requirement, Settings
from reconciler.model.mark import mark_value

__all__ = ["Findings", "Whole", "check_ignored", "check_marks", "check_references", "check_renames", "check_required"]

_MARK_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that is declared for one account."""

    account: Account
    settings: Settings
    declared: Mapping[Address, Declared]
    kinds: Mapping[str, Kind[Any]]
    today: dt.date
    lost: Callable[[str], bool] = lambda _: False
    """Whether an object of that name may be declared by a document that is at fault itself."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks found."""

    faults: list[Fault] = field(default_factory=list)
    likely: list[Fault] = field(default_factory=list)
    """References that are slips, unless the account has what they name."""
    warnings: list[Fault] = field(default_factory=list)
    open: list[Fault] = field(default_factory=list)
    """References of which only the account can tell whether they lead anywhere."""


def check_references(whole: Whole, found: Findings) -> None:
    """Report every reference that leads nowhere, or of which only the account can tell."""
    references = References(whole.account, whole.declared)
    for declared in whole.declared.values():
        for name, kind, text, wanted in _references(declared, whole.kinds[declared.address.kind]):
            last = text.rpartition("/")[2]
            if whole.lost(last) or _is_elsewhere(whole, Address(kind, last)):
                continue
            try:
                references.resolve(kind, text)
            except Dangling as dangling:
                fault = Fault(str(item_place(declared, name, text)), dangling.what, dangling.remedy)
                sort = found.faults if dangling.certain else found.likely if dangling.likely else found.open
                (sort if wanted else found.open).append(fault)


def _is_elsewhere(whole: Whole, address: Address) -> bool:
    """Return whether the documents leave the object to somebody else, and so need not declare it."""
    declared = whole.declared.get(address)
    given_up = declared is not None and declared.state == "unmanaged"
    return given_up or whole.settings.ignoring(address, whole.today) is not None


def _references(declared: Declared, kind: Kind[Any]) -> Iterator[tuple[str, str, str, bool]]:
    """Yield field, kind and text of each reference, and whether it is wanted: others shall just not be there."""
    if declared.state != "present":
        return
    for facet in kind.facets:
        if facet.refers is None:
            continue
        value = getattr(declared.resource, facet.field)
        texts = list(value) if isinstance(facet, Items) else [value]
        for text in texts:
            if text:
                yield facet.field, facet.refers, text, True
        for text in sorted(declared.dropped.get(facet.field, ())):
            yield facet.field, facet.refers, text, False


def check_ignored(whole: Whole, found: Findings) -> None:
    """Report every object that is declared and ignored at once; a tombstone of an ignored object only has no effect."""
    for address, declared in whole.declared.items():
        rule = whole.settings.ignoring(address, whole.today)
        if rule is None or declared.state == "unmanaged":
            continue
        place = str(declared.at("name"))
        if declared.state == "absent":
            what = f"{address} is not deleted: the rule {rule.match} at {rule.origin} ignores it"
            found.warnings.append(Fault(place, what, "remove the tombstone, or narrow the rule"))
        else:
            what = f"{address} is declared here, and ignored by the rule {rule.match} at {rule.origin}"
            found.faults.append(Fault(place, what, "remove the document, or narrow the rule"))


def check_renames(whole: Whole, found: Findings) -> None:
    """Report renames from a name that is still taken, or that two objects want."""
    seen: dict[Address, Declared] = {}
    for address, declared in whole.declared.items():
        if declared.renamed_from is None:
            continue
        place = str(declared.at("renamed_from"))
        old = Address(address.kind, declared.renamed_from)
        other, twin = whole.declared.get(old), seen.setdefault(old, declared)
        if old == address:
            if old.name == address.name:
                found.faults.append(Fault(place, f"`renamed_from` is the name of {address} itself", "remove the key"))
        elif other is not None and _leads_back(old, address, whole.declared):
            what = f"reference cycle: {address} is renamed from {old}, which in the end is renamed from {address}"
            found.faults.append(Fault(place, what, "rename in two steps, through a third name"))
        elif other is not None:
            what = f"{address} is renamed from {old}, which is declared at {other.origin}"
            found.faults.append(Fault(place, what, "remove that document, or this key"))
        elif twin is not declared:
            what = f"{address} is renamed from {old}, and so is {twin.address} at {twin.at('renamed_from')}"
            found.faults.append(Fault(place, what, "keep one of the two"))


def check_required(whole: Whole, blamed: Mapping[Address, AbstractSet[str]], found: Findings) -> None:
    """Report every object that gives a key no value which the settings require of it.

    ``blamed`` are the keys of each object that something was said against already.
    """
    for address, declared in whole.declared.items():
        if declared.state != "present":
            continue
        for rule in whole.settings.require:
            for name in dict.fromkeys(rule.fields) if rule.covers(address) else ():
                facet = whole.kinds[address.kind].facet(name)
                if facet is not None and name not in blamed.get(address, ()):
                    _check_required(declared, facet, rule, found)


def _check_required(declared: Declared, facet: Facet, rule: Requirement, found: Findings) -> None:
    name = facet.field
    says = f"which the rule {rule.match} at {rule.origin} requires"
    if declared.manage.get(name) == "ignore":
        what = f"{declared.address} ignores `{name}`, {says}"
        found.faults.append(Fault(str(declared.at("manage", name)), what, "remove it from `manage`"))
    elif not getattr(declared.resource, name) or not (facet.absent == "none" or name in declared.given):
        given = name in (declared.document.data if declared.document is not None else ())
        place = declared.at(name) if given else declared.at("name")
        what = f"{declared.address} has no value for `{name}`, {says}"
        found.faults.append(Fault(str(place), what, "give it one here, or under `defaults` in the settings"))


def _leads_back(start: Address, goal: Address, declared: Mapping[Address, Declared]) -> bool:
    """Return whether renames lead from ``start`` to ``goal``."""
    passed: set[Address] = set()
    address = start
    while address != goal and address not in passed:
        passed.add(address)
        step = declared.get(address)
        if step is None or step.renamed_from is None:
            return False
        address = Address(address.kind, step.renamed_from)
    return address == goal


def check_marks(whole: Whole, found: Findings) -> None:
    """Report objects whose ownership mark would not fit into a tag.

    Source: IAM user guide, id_tags: a value has up to 256 characters.
    """
    owner = whole.settings.owner
    for address, declared in whole.declared.items():
        if owner is None or declared.state != "present" or whole.kinds[address.kind].facet("tags") is None:
            continue
        length = len(mark_value(owner, address))
        if length > _MARK_LIMIT:
            what = f"the ownership mark of {address} has {length} characters; a tag takes {_MARK_LIMIT}"
            found.faults.append(Fault(str(declared.at("name")), what, "shorten the name or the settings' owner"))
