"""Documents that lift a guard for one subject, or freeze one object."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast, get_args

from reconciler.documents.crosscheck import Findings, Whole
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.rules import day
from reconciler.documents.stated import Heard
from reconciler.errors import Fault
from reconciler.model import ACCOUNT, Address, Consent, GuardId, Hold, Kind, LimitName

__all__ = ["EXCEPTION", "HOLD", "check_consents", "check_holds", "tell_exception", "tell_hold"]

EXCEPTION: Final = "exception"
"""What ``kind`` says in a document that lifts a guard."""

HOLD: Final = "hold"
"""What ``kind`` says in a document that freezes an object."""

_SETTINGS = "settings"
_OF_THE_ACCOUNT = ("limit-", "empty-source")
_WILDCARDS = frozenset("*?[")
_LIMITS = tuple(f"limits.{name}" for name in get_args(LimitName))
_KEYS = tuple(sorted(("ignore", "keep", "owner", "protect", "prune", "require", "roles", *_LIMITS)))
"""The keys of the settings that can be loosened."""


def tell_exception(heard: Heard, kinds: Mapping[str, Kind[Any]]) -> None:
    """Put the consent that the document gives into what it tells."""
    data = heard.data
    until = _until(heard)
    guard = data.get("guard") if heard.sound("guard") else None
    text = data.get("address") if heard.sound("address") else None
    if not isinstance(text, str) or not _subject(heard, text, guard, kinds):
        return
    if not isinstance(guard, str) or until is None or heard.blamed:
        return
    origin = heard.filled.tree.at(())
    heard.told.consents.append(Consent(cast("GuardId", guard), text, data["reason"], until, origin))


def tell_hold(heard: Heard, kinds: Mapping[str, Kind[Any]]) -> None:
    """Put the hold that the document says into what it tells."""
    data = heard.data
    until = _until(heard)
    text = data.get("address") if heard.sound("address") else None
    address = _object(heard, text, kinds) if isinstance(text, str) else None
    if address is None or until is None or heard.blamed:
        return
    heard.told.holds.append(Hold(address, data["reason"], until, data.get("ticket"), heard.filled.tree.at(())))


def check_consents(consents: Iterable[Consent], today: dt.date, found: Findings) -> None:
    """Report exceptions that say the same, and those that have run out."""
    seen: dict[tuple[str, str], Consent] = {}
    for consent in consents:
        first = seen.setdefault((consent.guard, consent.subject.lower()), consent)
        if first is not consent:
            what = f"a second exception of {consent.guard} for {consent.subject}: the first stands at {first.origin}"
            found.faults.append(Fault(str(consent.origin), what, "keep one of the two"))
        elif consent.until is not None and today > consent.until:
            what = f"the exception of {consent.guard} for {consent.subject} ended on {consent.until}"
            found.warnings.append(Fault(str(consent.origin), what, "remove it, or move its day"))


def check_holds(whole: Whole, holds: Iterable[Hold], found: Findings) -> None:
    """Report holds of one object, those that have run out, and those of objects that are ignored anyway."""
    seen: dict[Address, Hold] = {}
    for hold in holds:
        place = str(hold.origin)
        first = seen.setdefault(hold.address, hold)
        rule = whole.settings.ignoring(hold.address, whole.today)
        if first is not hold:
            what = f"a second hold of {hold.address}: the first stands at {first.origin}"
            found.faults.append(Fault(place, what, "keep one of the two"))
        elif whole.today > hold.until:
            what = f"the hold of {hold.address} ended on {hold.until}"
            found.warnings.append(Fault(place, what, "remove it, or move its day"))
        elif rule is not None:
            what = f"{hold.address} is held here, and ignored by the rule {rule.match} at {rule.origin}"
            found.warnings.append(Fault(place, what, "remove the hold, or narrow the rule"))


def _until(heard: Heard) -> dt.date | None:
    text = heard.data.get("until")
    if not isinstance(text, str) or not heard.sound("until"):
        return None
    found = day(text)
    if isinstance(found, Fault):
        heard.fault(("until",), found.what, found.remedy)
        return None
    return found


def _subject(heard: Heard, text: str, guard: str | None, kinds: Mapping[str, Kind[Any]]) -> bool:
    """Return whether a text is a subject that the guard may speak of, after reporting why it is none."""
    if not _is_exact(heard, text):
        return False
    if text.lower() == ACCOUNT:
        form = ACCOUNT
    elif text.lower().startswith(f"{_SETTINGS}/"):
        form = _SETTINGS
        if not _is_setting(heard, text):
            return False
    elif _object(heard, text, kinds) is None:
        return False
    else:
        form = "kind/name"
    allowed = _forms(guard) if guard is not None else (form,)
    if form not in allowed:
        choice = listed([f"{_SETTINGS}/KEY" if one == _SETTINGS else one for one in allowed], "or")
        heard.fault(("address",), f"the guard {guard} never speaks of {quoted(text)}", f"write {choice}")
    return form in allowed


def _forms(guard: str) -> tuple[str, ...]:
    """Return the forms of the subjects that a guard speaks of."""
    if guard.startswith(_OF_THE_ACCOUNT):
        return (ACCOUNT,)
    if guard == "settings-loosened":
        return (_SETTINGS,)
    return (ACCOUNT, "kind/name") if guard == "quota" else ("kind/name",)


def _is_exact(heard: Heard, text: str) -> bool:
    if not _WILDCARDS & set(text):
        return True
    heard.fault(("address",), f"{quoted(text)} has wildcards", "write a document for each address")
    return False


def _is_setting(heard: Heard, text: str) -> bool:
    key = text.partition("/")[2]
    if key.lower() in _KEYS:
        return True
    meant = did_you_mean(key, _KEYS)
    remedy = f"did you mean {_SETTINGS}/{meant}?" if meant else f"the keys are {listed(_KEYS)}"
    heard.fault(("address",), f"no key of the settings that can be loosened is called {quoted(key)}", remedy)
    return False


def _object(heard: Heard, text: str, kinds: Mapping[str, Kind[Any]]) -> Address | None:
    """Return the address of an object that a text is, or None after reporting why it is none."""
    if not _is_exact(heard, text):
        return None
    kind, slash, name = text.partition("/")
    if slash and name and kind.lower() in kinds and "/" not in name:
        return Address(kind.lower(), name)
    meant = did_you_mean(kind, kinds) if slash and name else None
    remedy = (
        f"did you mean {meant}/{name}?" if meant else f"write kind/name, the kind being {listed(sorted(kinds), 'or')}"
    )
    heard.fault(("address",), f"{quoted(text)} is the address of no object", remedy)
    return None
