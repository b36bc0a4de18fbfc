"""What goes to people: questions, complaints."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import screen


def asked(answer: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    return screen.ask("Apply this write?")


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", " YES \n"])
def test_yes_is_yes(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(answer, monkeypatch)


@pytest.mark.parametrize("answer", ["n\n", "\n", "yes please\n", "1\n", ""])
def test_everything_else_is_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asked(answer, monkeypatch)


def test_a_question_goes_to_stderr_and_its_line_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked("", monkeypatch)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Apply this write? [y/N] \n")


@given(st.text())
def test_a_complaint_is_one_printable_line_whatever_it_is_about(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stderr = io.StringIO()
        patch.setattr(sys, "stderr", stderr)
        screen.complain("error", text)
    line, end, rest = stderr.getvalue().partition("\n")
    assert line.startswith("error")
    assert line.isprintable()
    assert (end, rest) == ("\n", "")


def test_a_long_complaint_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    screen.complain("warning", f"{'far ' * 200}away")
    assert capsys.readouterr().err == f"warning: {'far ' * 200}away\n"
