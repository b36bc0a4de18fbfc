"""What guards say against a plan, who consented, what is left behind and what was spared; for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

from reconciler.model import Alarm, Consent, LeftBehind, Origin, Plan, Skip
from reconciler.report.lines import Line, Span, column, counted, origin_data, place, printable

__all__ = [
    "alarms_data",
    "consents_data",
    "guard_lines",
    "is_quiet",
    "left_behind_data",
    "left_behind_lines",
    "left_out_lines",
    "refusal",
    "skip_lines",
    "skips_data",
    "untouched",
]

_State: TypeAlias = Literal["used", "unused", "past"]
_MOST_NAMES = 10
_WAYS = "`state: absent` deletes it, `state: unmanaged` gives it up with a reason, or declare it again"


def is_quiet(plan: Plan) -> bool:
    """Return whether the plan writes nothing, leaves nothing open, and has nothing to say of guards either."""
    return plan.in_sync and not plan.standing and not plan.left_behind and not plan.left_out


def left_behind_lines(plan: Plan) -> Iterator[Line]:
    """Yield what nobody declares any more and what it keeps, behind an empty line; nothing where there is nothing."""
    if not plan.left_behind:
        return
    yield Line()
    yield Line((Span("Left behind, for nobody declares it any more:", "title"),))
    for one in _left_behind(plan):
        head = f"! {printable(str(one.address))}  "
        spans = (Span(head, "warn"), Span(printable(one.why), ""), Span(_at(one.origin), "quiet"))
        yield Line(spans, 4)
        for kept in one.keeps:
            yield Line((Span(f"    keeps {printable(kept)}"),), 10)
        yield Line((Span(f"    way out: {_WAYS}"),), 13)


def guard_lines(plan: Plan) -> Iterator[Line]:
    """Yield what the guards say: what refuses the plan, what was lifted and by whom, and consents without effect."""
    for group in (_standing(plan), _lifted(plan), _idle(plan)):
        found = list(group)
        if found:
            yield Line()
            yield from found


def left_out_lines(plan: Plan) -> Iterator[Line]:
    """Yield which objects a plan that is limited to a change leaves as they are, behind an empty line."""
    if plan.left_out:
        names = [printable(str(address)) for address in sorted(plan.left_out)]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield Line()
        title = Span("Not as declared either, and outside this plan: ", "title")
        yield Line((title, Span(f"{', '.join(names[:_MOST_NAMES])}{more}")), 4)


def untouched(plan: Plan) -> list[str]:
    """Return how many objects are left as they are though something ought to be done, for a report's last lines."""
    counts = ((plan.left_behind, "left behind"), (plan.left_out, "outside this plan"))
    return [f"{counted(len(found), 'object')} {what}" for found, what in counts if found]


def refusal(plan: Plan) -> str:
    """Return which guards refuse the plan, for the last lines of a report; empty where none does."""
    times = Counter(alarm.guard for alarm in plan.standing)
    if not times:
        return ""
    names = [guard if times[guard] == 1 else f"{guard} {times[guard]} times" for guard in sorted(times)]
    return f"refused by {counted(len(times), 'guard')} ({', '.join(names)})"


def skip_lines(plan: Plan) -> Iterator[Line]:
    """Yield what was spared and why, rule by rule, behind an empty line."""
    yield Line()
    skips = _skips(plan)
    yield Line((Span("Spared, and by which rule:" if skips else "Nothing was spared.", "title"),))
    width, rules = column(_spared(one) for one in skips), column(printable(one.rule) for one in skips)
    for one in skips:
        head = f". {_spared(one):<{width}}  {printable(one.rule):<{rules}}  "
        where = f"  ({place(one.origin)})" if one.origin is not None else ""
        yield Line((Span(head), Span(f"{printable(one.why)}{where}", "quiet")), len(head))


def alarms_data(plan: Plan) -> list[dict[str, Any]]:
    """Return what the guards say, for programs; an alarm without a consent refuses the plan."""
    return [
        {
            "guard": alarm.guard,
            "subject": alarm.subject,
            "what": alarm.what,
            "remedy": alarm.remedy,
            "detail": list(alarm.detail),
            "origin": origin_data(alarm.origin),
            "consent": _consent(alarm.consent) if alarm.consent is not None else None,
        }
        for alarm in _alarms(plan.alarms)
    ]


def left_behind_data(plan: Plan) -> list[dict[str, Any]]:
    """Return what is left behind, for programs."""
    return [
        {
            "address": str(one.address),
            "why": one.why,
            "keeps": list(one.keeps),
            "origin": origin_data(one.origin),
        }
        for one in _left_behind(plan)
    ]


def consents_data(plan: Plan) -> list[dict[str, Any]]:
    """Return every consent, for programs, with whether it made a difference."""
    return [{**_consent(one), "state": _state(one, plan)} for one in _consents(plan)]


def skips_data(plan: Plan) -> list[dict[str, Any]]:
    """Return what was spared, for programs, in the order of the rules."""
    return [
        {
            "address": str(one.address),
            "item": one.item or None,
            "rule": one.rule,
            "why": one.why,
            "origin": origin_data(one.origin),
        }
        for one in _skips(plan)
    ]


def _standing(plan: Plan) -> Iterator[Line]:
    if plan.standing:
        yield Line((Span("Guards that refuse this plan:", "title"),))
    for alarm in _alarms(plan.standing):
        head = f"! {alarm.guard} {printable(alarm.subject)}  "
        yield Line((Span(head, "warn"), Span(printable(alarm.what)), Span(_at(alarm.origin), "quiet")), 4)
        for text in alarm.detail:
            yield Line((Span(f"    {printable(text)}"),), 6)
        yield Line((Span(f"    way out: {printable(alarm.remedy)}"),), 13)


def _lifted(plan: Plan) -> Iterator[Line]:
    """Yield every consent that made a difference: with what the guard says, or, without an alarm, with what it let."""
    alarms = [alarm for alarm in _alarms(plan.alarms) if alarm.consent is not None]
    others = plan.used - {alarm.consent for alarm in alarms}
    if not alarms and not others:
        return
    yield Line((Span("Guards that are lifted:", "title"),))
    for alarm in alarms:
        if alarm.consent is not None:
            yield _lifting(alarm.subject, alarm.consent)
            yield Line((Span(f"    {printable(alarm.what)}", "quiet"),), 4)
    for one in sorted(others, key=_by_subject):
        yield _lifting(one.subject, one)


def _lifting(subject: str, consent: Consent) -> Line:
    head = f". {consent.guard} {printable(subject)}  "
    return Line((Span(head), Span(f"lifted by {_by(consent)}")), 4)


def _idle(plan: Plan) -> Iterator[Line]:
    found = [(one, _state(one, plan)) for one in _consents(plan)]
    idle = [(one, state) for one, state in found if state != "used"]
    if idle:
        yield Line((Span("Consents that lift nothing here:", "title"),))
    for one, state in idle:
        what = f"past since {one.until}" if state == "past" else "no guard speaks of it"
        head = f". {one.guard} {printable(one.subject)}  "
        yield Line((Span(head, "quiet"), Span(f"{what}  {place(one.origin) or '--accept'}", "quiet")), 4)


def _by(consent: Consent) -> str:
    """Return whose word a consent is, how long it holds, and why it was given."""
    until = f" until {consent.until}" if consent.until is not None else ""
    reason = f" ({printable(consent.reason)})" if consent.reason else ""
    return f"{place(consent.origin) or '--accept'}{until}{reason}"


def _at(origin: Origin | None) -> str:
    where = place(origin)
    return f"  {where}" if where else ""


def _state(consent: Consent, plan: Plan) -> _State:
    if consent in plan.used:
        return "used"
    is_past = plan.today is not None and consent.until is not None and consent.until < plan.today
    return "past" if is_past else "unused"


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "guard": consent.guard,
        "subject": consent.subject,
        "reason": consent.reason or None,
        "until": str(consent.until) if consent.until is not None else None,
        "origin": origin_data(consent.origin),
    }


def _spared(skip: Skip) -> str:
    return printable(f"{skip.address} [{skip.item}]" if skip.item else str(skip.address))


def _alarms(alarms: Sequence[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda one: (one.guard, one.subject.lower(), one.what, one.remedy, one.detail))


def _left_behind(plan: Plan) -> list[LeftBehind]:
    return sorted(plan.left_behind, key=lambda one: (one.address, one.why, one.keeps))


def _consents(plan: Plan) -> list[Consent]:
    return sorted({*plan.consents, *plan.used}, key=_by_subject)


def _by_subject(consent: Consent) -> tuple[str, ...]:
    texts = (consent.guard, consent.subject.lower(), consent.subject, consent.reason)
    return (*texts, str(consent.until or ""), str(consent.origin or ""))


def _skips(plan: Plan) -> list[Skip]:
    return sorted(plan.skips, key=lambda one: (one.rule, one.address, one.item, one.why, str(one.origin or "")))
