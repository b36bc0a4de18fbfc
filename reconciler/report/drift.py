"""Drift: the same comparison told from the account's side, one line for each thing that is not as declared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.model import Change, Difference, Plan
from reconciler.model.mark import MARK_KEY
from reconciler.report.access import access_lines
from reconciler.report.expecting import unmet_lines
from reconciler.report.guards import guard_lines, is_quiet, left_behind_lines, left_out_lines, refusal, untouched
from reconciler.report.lines import SIGN_ROLES, Line, Span, counted, place, printable
from reconciler.report.text import closing_lines, open_lines, sections, title_line
from reconciler.report.values import explained, value_text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["lines", "render"]


def render(plan: Plan, *, console: Console, repair: str = "reconciler apply") -> None:
    """Print the drift on the console; ``repair`` is the command that puts the account back."""
    from reconciler.report.terminal import show  # noqa: PLC0415  rich costs more than the rest of the report

    show(lines(plan, repair=repair), console)


def lines(plan: Plan, *, repair: str = "reconciler apply") -> Iterator[Line]:
    """Yield the drift line by line: the same plan gives the same lines; ``repair`` is named as the way back."""
    if is_quiet(plan):
        yield Line((Span("in sync", "add"), Span(f": {counted(plan.declared, 'object')} declared, all as declared")))
    else:
        yield title_line(f"Drift in account {plan.account.id} ({plan.account.partition})", plan)
    yield from left_behind_lines(plan)
    for title, changes in sections(dataclasses.replace(plan, changes=list(_told_apart(plan.changes)))):
        found = [line for change in changes for line in _change(change)]
        if found:
            yield Line()
            yield from [Line((Span(title, "title"),)), *found] if title else found
    yield from left_out_lines(plan)
    yield from open_lines(plan)
    yield from access_lines(plan.access, "Access that the repair changes")
    yield from unmet_lines(plan.unmet)
    yield from guard_lines(plan)
    yield Line()
    if not is_quiet(plan):
        yield from _summary(plan, repair)
    yield from closing_lines(plan)


def _told_apart(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes, those that a change of the documents causes without what only moved in the account."""
    for change in changes:
        moved = tuple(one for one in change.differences if one.reverts)
        if change.cause != "change" or change.action != "update" or not moved:
            yield change
            continue
        yield dataclasses.replace(change, differences=moved, cause="drift")
        if len(moved) < len(change.differences):
            yield dataclasses.replace(change, differences=tuple(one for one in change.differences if not one.reverts))


def _change(change: Change) -> Iterator[Line]:
    where = place(change.origin) or "the desired state"
    if change.action == "create":
        yield _line(change, "+", f"is not there, but {where} declares it")
    elif change.action == "delete":
        yield _line(change, "-", f"is there, but {where} does not want it: {printable(change.reason)}")
    else:
        if change.action == "rename":
            reason = printable(change.reason)
            yield _line(change, "~", f"is not there under this name, but {where} declares it: {reason}")
        elif not change.differences:
            yield _line(change, "~", f"is not as {where} declares it: {printable(change.reason)}")
        for difference in change.differences:
            yield _line(change, difference.sign, _told(difference, where))
            if difference.detail or _structured(difference):
                yield from explained(difference, 8)


def _line(change: Change, sign: str, text: str) -> Line:
    head = f"drift: {printable(str(change.address))}  "
    return Line((Span(head, SIGN_ROLES[sign]), Span(text)), 4)


def _told(difference: Difference, where: str) -> str:
    here = place(difference.origin) or where
    if difference.item == MARK_KEY:
        return f"{difference.field}: {MARK_KEY}, the ownership mark, is not as this repository writes it"
    if difference.item:
        name = f"{difference.field}: {printable(difference.item)}"
        if difference.sign == "+":
            return f"{name} is missing, but {here} lists it"
        if difference.sign == "-":
            return f"{name} is there, though {here} does not ask for it"
    else:
        name = difference.field
    if difference.detail or _structured(difference):
        return f"{name} is not as {here} says (- only live, + only declared)"
    return f"{name} is {value_text(difference.before)}, but {here} says {value_text(difference.after)}"


def _structured(difference: Difference) -> bool:
    return value_text(difference.before) is None or value_text(difference.after) is None


def _summary(plan: Plan, repair: str) -> Iterator[Line]:
    count = sum(1 for change in plan.changes for line in _change(change) if str(line).startswith("drift:"))
    parts = [f"{counted(count, 'difference')} in {counted(len(plan.changes), 'object')}"] if plan.changes else []
    if plan.conflicts:
        parts.append(f"{counted(len(plan.conflicts), 'conflict')} for a person to settle")
    parts += untouched(plan)
    parts += [f"an apply is {refusal(plan)}"] if plan.standing else []
    yield Line((Span("; ".join(parts), "title"),))
    if plan.steps and not plan.standing:
        words = (
            Span("next: ", "quiet"),
            Span(repair),
            Span(" puts the account back; or declare what is right", "quiet"),
        )
        yield Line(words, 6)
