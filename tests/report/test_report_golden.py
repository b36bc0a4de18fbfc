"""Every report of every plan made by hand is what its golden file shows."""

from __future__ import annotations

import io

import pytest
from report.report_plans import GOLDEN, PLANS, reports
from rich.console import Console

from reconciler.report import drift, text


@pytest.mark.parametrize("ending", ["plan.txt", "drift.txt", "json"])
@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_reads_as_its_golden_file_shows(name: str, ending: str) -> None:
    golden = (GOLDEN / f"{name}.{ending}").read_text(encoding="utf-8")
    assert reports(PLANS[name]())[ending] == golden


def test_no_golden_file_is_left_without_its_plan() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.iterdir()} == set(PLANS)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_pipe_gets_the_plain_lines_whatever_its_width(name: str) -> None:
    plan = PLANS[name]()
    pipe = io.StringIO()
    text.render(plan, console=Console(file=pipe, width=20), skips=bool(plan.skips))
    assert pipe.getvalue() == reports(plan)["plan.txt"]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_drift_reaches_a_pipe_as_plain_lines_too(name: str) -> None:
    plan = PLANS[name]()
    pipe = io.StringIO()
    drift.render(plan, console=Console(file=pipe, width=20), repair="reconciler apply --sandbox")
    assert pipe.getvalue() == reports(plan)["drift.txt"]


@pytest.mark.parametrize("name", sorted(PLANS))
@pytest.mark.parametrize("ending", ["plan.txt", "drift.txt"])
def test_the_last_line_tells_how_many_calls_were_made(name: str, ending: str) -> None:
    plan = PLANS[name]()
    count = plan.header["calls"]
    calls = "1 call was" if count == 1 else f"{count:,} calls were"
    assert reports(plan)[ending].splitlines()[-1] == f"{calls} made to read the account."
