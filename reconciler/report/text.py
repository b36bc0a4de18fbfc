"""A plan as people review it: what changes and why, what stays open, and the writes in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model import Action, Change, Difference, Plan, Step
from reconciler.report.access import access_lines
from reconciler.report.expecting import unmet_lines
from reconciler.report.guards import (
    guard_lines,
    is_quiet,
    left_behind_lines,
    left_out_lines,
    refusal,
    skip_lines,
    untouched,
)
from reconciler.report.lines import SIGN_ROLES, Line, Role, Span, column, counted, place, printable
from reconciler.report.values import difference_lines

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["closing_lines", "lines", "open_lines", "render", "sections", "subject", "title_line"]

_SIGNS: dict[Action, str] = {"create": "+", "update": "~", "rename": "~", "replace": "-", "delete": "-"}
_ACTIONS: tuple[Action, ...] = ("create", "update", "rename", "replace", "delete")
_PLAIN: frozenset[Action] = frozenset({"create", "update"})
"""The actions whose reason is the action itself."""
_NAMES_OBJECT = re.compile(r"(Name|Arn|Id|SerialNumber|PermissionsBoundary|TagKeys)$")
_LONGEST = 120
_SHORT = 12
"""How many characters of a commit tell it."""
_REVERTED = "also reverts what moved in the account:"


def render(plan: Plan, *, console: Console, skips: bool = False) -> None:
    """Print the plan on the console, and what was spared where ``skips`` are asked for."""
    from reconciler.report.terminal import show  # noqa: PLC0415  rich costs more than the rest of the report

    show(lines(plan, skips=skips), console)


def lines(plan: Plan, *, skips: bool = False) -> Iterator[Line]:
    """Yield the plan line by line: the same plan gives the same lines; the last tells how many calls were made."""
    if is_quiet(plan):
        yield Line((Span("in sync", "add"), Span(f": {counted(plan.declared, 'object')} declared, nothing to do")))
    else:
        yield title_line(f"Plan for account {plan.account.id} ({plan.account.partition})", plan)
        yield from left_behind_lines(plan)
        for title, changes in sections(plan):
            if title:
                yield Line()
                yield Line((Span(title, "title"),))
            yield from _changes(changes)
    yield from left_out_lines(plan)
    yield from open_lines(plan)
    yield from access_lines(plan.access)
    yield from unmet_lines(plan.unmet)
    yield from guard_lines(plan)
    if plan.steps:
        yield Line()
        yield Line((Span("Writes, in this order:", "title"),))
        yield from _steps(plan)
    if skips:
        yield from skip_lines(plan)
    yield Line()
    if not is_quiet(plan):
        yield Line((Span(_summary(plan), "title"),))
    yield from closing_lines(plan)


def title_line(title: str, plan: Plan) -> Line:
    """Return a report's first line, which also tells by whose eyes the account was seen, and what the base is."""
    caller = plan.header.get("caller")
    seen = f", as seen by {printable(str(caller))}" if caller else ""
    since = f", since {printable(plan.base[:_SHORT])}" if plan.base is not None else ""
    return Line((Span(title, "title"), Span(f"{seen}{since}", "quiet")), 4)


def sections(plan: Plan) -> Iterator[tuple[str, Sequence[Change]]]:
    """Yield the plan's changes in their order, each group with its title; without a base there is one, without a title.

    With a base, what its change causes is told apart from how the account moved.
    """
    changes = sorted(plan.changes, key=lambda change: (change.address, change.action))
    if plan.base is None:
        yield "", changes
        return
    drift = [change for change in changes if change.cause == "drift"]
    caused = [change for change in changes if change.cause != "drift"]
    for title, group in (("Caused by this change:", caused), ("Standing drift:", drift)):
        if group:
            yield title, group


def open_lines(plan: Plan) -> Iterator[Line]:
    """Yield the plan's conflicts and notes, each group behind an empty line."""
    for group in (_conflicts(plan), _notes(plan)):
        found = list(group)
        if found:
            yield Line()
            yield from found


def closing_lines(plan: Plan) -> Iterator[Line]:
    """Yield what a report ends with: what nobody declares, and last how many calls it took to read the account."""
    undeclared = int(plan.header.get("undeclared", 0))
    if undeclared:
        verb = "is" if undeclared == 1 else "are"
        text = f"{counted(undeclared, 'more object')} of the account {verb} not declared and left alone."
        yield Line((Span(text, "quiet"),))
    calls = int(plan.header.get("calls", 0))
    verb = "was" if calls == 1 else "were"
    yield Line((Span(f"{counted(calls, 'call')} {verb} made to read the account.", "quiet"),))


def _changes(changes: Sequence[Change]) -> Iterator[Line]:
    width = column(printable(str(change.address)) for change in changes)
    for change in changes:
        yield Line()
        sign = _SIGNS[change.action]
        role = SIGN_ROLES[sign]
        head = f"{sign} {printable(str(change.address)):<{width}}  {change.action:<7}  "
        yield Line((Span(head, role), Span(_why(change), "quiet")), 4)
        # Of an object that only drifted everything reverts, and its section says so.
        reverts = [one for one in change.differences if one.reverts and change.cause == "change"]
        own = [one for one in change.differences if not (one.reverts and change.cause == "change")]
        for difference in own:
            yield from difference_lines(difference, 4, _where(difference, change))
        if reverts:
            yield Line((Span(f"    {_REVERTED}", "quiet"),), 6)
        for difference in reverts:
            yield from difference_lines(difference, 6, _where(difference, change))
        for warning in (*change.warnings, *(f"lost for good: {item}" for item in change.irreversible)):
            yield Line((Span(f"    ! {printable(warning)}", "warn"),), 6)


def _where(difference: Difference, change: Change) -> str:
    """Return where a difference stands, as far as the place of its change does not tell."""
    here, there = difference.origin, change.origin
    if here is None or change.action == "create":
        return ""
    if there is None or here.file != there.file:
        return f"({place(here)})"
    return f"(line {here.line})" if here.line != there.line else ""


def _why(change: Change) -> str:
    reason = "" if change.action in _PLAIN else printable(change.reason)
    return "  ".join(text for text in (place(change.origin), reason) if text)


def _conflicts(plan: Plan) -> Iterator[Line]:
    conflicts = sorted(plan.conflicts, key=lambda item: (item.address, item.field, item.what))
    if conflicts:
        yield Line((Span("Conflicts, which no write of this plan closes:", "title"),))
    for conflict in conflicts:
        head = f"! {f'{conflict.guard} ' if conflict.guard else ''}{printable(str(conflict.address))}  "
        yield Line((Span(head, "warn"), Span(place(conflict.origin), "quiet")), 4)
        yield Line((Span(f"    {printable(conflict.what)}"),), 4)
        yield Line((Span(f"    way out: {printable(conflict.remedy)}"),), 13)


def _notes(plan: Plan) -> Iterator[Line]:
    notes = sorted(plan.notes, key=lambda note: (note.address, note.what))
    if notes:
        yield Line((Span("Seen and left alone:", "title"),))
    width = column(printable(str(note.address)) for note in notes)
    for note in notes:
        head = f". {printable(str(note.address)):<{width}}  "
        yield Line((Span(head), Span(printable(note.what))), len(head))


def _steps(plan: Plan) -> Iterator[Line]:
    number = len(str(len(plan.steps))) + 2
    operations = column(step.call.operation for step in plan.steps)
    addresses = column(printable(str(step.address)) for step in plan.steps)
    for step in sorted(plan.steps, key=lambda step: step.id):
        head = f"{step.id:>{number}}  {step.call.operation:<{operations}}  "
        target = f"{printable(str(step.address)):<{addresses}}"
        yield Line((Span(head), Span(target), Span(f"  {subject(step, plan)}", "quiet")), len(head))
        for text, role in _remarks(step):
            yield Line((Span(f"{' ' * (number + 2)}! {printable(text)}", role),), number + 4)


def _remarks(step: Step) -> Iterator[tuple[str, Role]]:
    if step.note:
        yield step.note, "warn" if step.note.startswith("gap:") else "quiet"
    for mark in step.marks:
        yield f"{mark.kind}: {mark.principal}: {mark.reason}", "warn"


def subject(step: Step, plan: Plan) -> str:
    """Return what a call names beside its object, in IAM's own terms; ARNs without what all of them share."""
    params: Mapping[str, Any] = step.call.params
    if step.call.operation.startswith("Create"):
        return ""
    prefix = f"arn:{plan.account.partition}:iam::"
    own = f"{prefix}{plan.account.id}:"
    found = []
    for key in sorted(params):
        value = params[key]
        texts = value if isinstance(value, list | tuple) else [value]
        if not _NAMES_OBJECT.search(key) or not all(isinstance(text, str) for text in texts):
            continue
        texts = [text.removeprefix(own).removeprefix(prefix) for text in texts]
        if [text.rpartition("/")[2].lower() for text in texts] != [step.address.folded]:
            found.append(f"{key}={','.join(texts)}")
    subject = printable(" ".join(found))
    return subject if len(subject) <= _LONGEST else f"{subject[:_LONGEST]}..."


def _summary(plan: Plan) -> str:
    actions = [change.action for change in plan.changes]
    counts = ", ".join(f"{actions.count(action)} to {action}" for action in _ACTIONS if action in actions)
    parts = [part for part in (counts, counted(len(plan.steps), "write") if plan.steps else "nothing to write") if part]
    if plan.conflicts:
        verb = "stays" if len(plan.conflicts) == 1 else "stay"
        parts.append(f"{counted(len(plan.conflicts), 'conflict')} {verb} open")
    parts += untouched(plan)
    parts += [refusal(plan)] if plan.standing else []
    return "; ".join(parts)
