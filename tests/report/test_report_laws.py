"""What holds for the reports of any plan."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json as stdlib_json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from report.report_plans import reports
from rich.cells import cell_len
from rich.console import Console

from reconciler.model import (
    Account,
    Address,
    Alarm,
    Call,
    Change,
    Conflict,
    Consent,
    Difference,
    LeftBehind,
    Note,
    Origin,
    Plan,
    Skip,
    Step,
)
from reconciler.report import json, terminal, text
from reconciler.report.lines import Line, Span, counted, plain, printable

ANSI = re.compile(r"\x1b\[[0-9;]*m")
texts = st.text(max_size=12) | st.sampled_from(
    ["a\nb", "\x1b[2J", "\u202e", "[bold]", "arn:aws:iam::123456789012:policy/x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
addresses = st.builds(Address, st.sampled_from(["user", "role", "anything-else"]), texts.filter(bool))
origins = st.builds(Origin, st.just("desired-state/a.yaml"), st.integers(1, 99), st.integers(1, 9))
details = st.lists(texts, max_size=3).map(tuple)
differences = st.builds(
    Difference, st.sampled_from(["policies", "trust"]), st.sampled_from("+~-"), texts, values, values, details,
    st.none() | origins, st.booleans(),
)  # fmt: skip
actions = st.sampled_from(["create", "update", "delete", "replace", "rename"])
changes = st.builds(
    Change, addresses, actions, texts, st.lists(differences, max_size=3).map(tuple), st.none() | origins, details,
    cause=st.sampled_from(["", "change", "drift"]),
)  # fmt: skip
operations = st.sampled_from(["CreateUser", "AttachUserPolicy", "UntagUser"])
calls = st.builds(Call, operations, st.dictionaries(st.sampled_from(["UserName", "PolicyArn", "Tags"]), values))
guards = st.sampled_from(["lockout", "protected", "takeover"])
conflicts = st.builds(Conflict, addresses, texts, texts, texts, st.none() | origins, st.none() | guards)
notes = st.builds(Note, addresses, texts)
days = st.none() | st.dates(dt.date(2026, 11, 1), dt.date(2026, 11, 3))
consents = st.builds(Consent, guards, texts, texts, days, st.none() | origins)
alarms = st.builds(Alarm, guards, texts, texts, texts, st.none() | origins, details, st.none() | consents)
left_behind = st.builds(LeftBehind, addresses, texts, details, st.none() | origins)
skips = st.builds(Skip, addresses, texts, texts, texts, st.none() | origins)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    drawn = draw(st.lists(st.tuples(addresses, calls, texts), max_size=4))
    steps = [Step(n, address, call, (), note) for n, (address, call, note) in enumerate(drawn, start=1)]
    return Plan(
        Account("123456789012"),
        steps,
        draw(st.lists(changes, max_size=3)),
        draw(st.lists(conflicts, max_size=3)),
        draw(st.lists(notes, max_size=3)),
        draw(st.integers(0, 3)),
        {"calls": draw(st.integers(0, 2000)), "undeclared": draw(st.integers(0, 2)), "caller": draw(texts)},
        alarms=(said := draw(st.lists(alarms, max_size=2))),
        left_behind=draw(st.lists(left_behind, max_size=2)),
        skips=draw(st.lists(skips, max_size=2)),
        used=frozenset(alarm.consent for alarm in said if alarm.consent is not None),
        consents=draw(st.lists(consents, max_size=2)),
        base=draw(st.none() | texts),
        today=dt.date(2026, 11, 2),
    )


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(lines: list[Line], width: int) -> str:
    tty = Tty()
    terminal.show(lines, Console(file=tty, force_terminal=True, width=width, color_system="standard", highlight=False))
    return tty.getvalue()


@given(plans())
def test_nothing_that_a_terminal_would_obey_leaves_the_text_reports(plan: Plan) -> None:
    for ending, content in reports(plan).items():
        assert ending == "json" or all(line.isprintable() for line in content.split("\n"))


@given(plans())
def test_json_is_ascii_and_holds_every_step_as_planned(plan: Plan) -> None:
    content = json.render(plan)
    assert content.isascii()
    read = stdlib_json.loads(content)
    assert [(s["id"], s["address"], s["operation"], s["parameters"]) for s in read["steps"]] == [
        (step.id, str(step.address), step.call.operation, dict(step.call.params)) for step in plan.steps
    ]
    assert read["in_sync"] is (not plan.steps and not plan.conflicts)


@given(plans())
def test_what_tells_of_the_run_stays_out_of_the_body(plan: Plan) -> None:
    other = dataclasses.replace(plan, header={"calls": 4711, "read": "at another time"})
    bodies = [stdlib_json.loads(json.render(each)) for each in (plan, other)]
    headers = [body.pop("header") for body in bodies]
    assert bodies[0] == bodies[1]
    assert headers == [dict(plan.header), dict(other.header)]


@given(st.data())
def test_the_order_in_which_changes_conflicts_and_notes_come_never_shows(data: st.DataObject) -> None:
    plan = data.draw(plans())
    unique = {str(change.address).lower(): change for change in plan.changes}
    said = {(alarm.guard, alarm.subject.lower()): alarm for alarm in plan.alarms}
    plan = dataclasses.replace(
        plan,
        changes=list(unique.values()),
        conflicts=(),
        notes=list(set(plan.notes)),
        alarms=list(said.values()),
    )
    shuffled = dataclasses.replace(
        plan,
        steps=data.draw(st.permutations(plan.steps)),
        changes=data.draw(st.permutations(plan.changes)),
        notes=data.draw(st.permutations(plan.notes)),
        alarms=data.draw(st.permutations(plan.alarms)),
        consents=data.draw(st.permutations(plan.consents)),
    )
    folded = {note.address: note.address.name for note in plan.notes}
    if all(folded[note.address] == note.address.name for note in plan.notes):
        assert reports(shuffled) == reports(plan)


def mirrored(value: Any) -> Any:
    """Return the value with the keys of every mapping the other way round."""
    if isinstance(value, dict):
        return {key: mirrored(value[key]) for key in reversed(value)}
    return [mirrored(item) for item in value] if isinstance(value, list) else value


@given(differences)
def test_the_order_of_keys_never_shows(difference: Difference) -> None:
    def told(each: Difference) -> Mapping[str, str]:
        change = Change(Address("user", "x"), "update", "", (each,))
        step = Step(1, change.address, Call("TagUser", {"Tags": each.after}))
        return reports(Plan(Account("123456789012"), (step,), (change,)))

    other = dataclasses.replace(difference, before=mirrored(difference.before), after=mirrored(difference.after))
    assert told(other) == told(difference)


@given(plans(), st.integers(20, 200))
def test_a_terminal_shows_every_character_and_no_row_is_wider_than_it(plan: Plan, width: int) -> None:
    lines = list(text.lines(plan))
    shown = ANSI.sub("", on_terminal(lines, width))
    assert "".join(shown.split()) == "".join(plain(lines).split())
    assert all(cell_len(row) <= width for row in shown.splitlines())


@given(st.text())
def test_a_printable_text_is_printable_and_keeps_what_already_was(given_text: str) -> None:
    shown = printable(given_text)
    assert shown.isprintable()
    assert shown == given_text or not given_text.isprintable()


def test_a_wrapped_line_continues_under_its_own_text() -> None:
    line = Line((Span("! role/x  ", "warn"), Span("word " * 12)), 4)
    rows = on_terminal([line], 40).splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("    word")


def test_signs_have_their_colours_on_a_terminal_and_none_when_no_color_is_set() -> None:
    lines = [Line((Span("+ a", "add"),)), Line((Span("- b", "remove"),)), Line((Span("~ c", "change"),))]
    assert on_terminal(lines, 80) == "\x1b[32m+ a\x1b[0m\n\x1b[31m- b\x1b[0m\n\x1b[33m~ c\x1b[0m\n"
    tty = Tty()
    terminal.show(lines, Console(file=tty, force_terminal=True, no_color=True, width=80))
    assert tty.getvalue() == "+ a\n- b\n~ c\n"


def test_a_forced_colour_in_a_pipe_wraps_nothing() -> None:
    pipe = io.StringIO()
    line = Line((Span("+ ", "add"), Span("word " * 40, "add")))
    terminal.show([line], Console(file=pipe, force_terminal=True, width=40))
    assert ANSI.sub("", pipe.getvalue()) == f"{line}\n"


def test_things_are_counted_as_people_count_them() -> None:
    assert [counted(n, "policy") for n in (0, 1, 2)] == ["0 policies", "1 policy", "2 policies"]
    assert counted(1234, "write") == "1,234 writes"
