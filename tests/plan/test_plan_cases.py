"""Cases as data: an account, what somebody did by hand, the documents, and the exact calls that a plan makes of them.

Each item of ``cases/*.yaml`` is a case. ``before`` is applied first, then the calls under ``hand`` are made, then
``after`` is planned with ``settings``. ``calls`` are the plan's calls in order, each ``Operation value value …``
(documents are left out); ``conflicts`` and ``notes`` are texts that must be found in what the
plan leaves open; afterwards the plan is applied and the next one must make no call.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from support.worlds import World

from reconciler.errors import InputError
from reconciler.model import Step

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['case']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text())
]


def told(step: Step) -> str:
    """Return a step as a case writes it."""
    values = [value for value in step.call.params.values() if not (isinstance(value, str) and value.startswith("{"))]
    return " ".join([step.call.operation, *(str(value) for value in values)])


def world_before(case: dict[str, Any]) -> World:
    world = World()
    if case.get("before"):
        world.apply(case["before"], **case.get("settings_before", case.get("settings", {})))
    for operation, params in case.get("hand", []):
        getattr(world.iam, xform_name(operation))(**params)
    return world


@pytest.mark.parametrize("case", CASES)
def test_a_plan_makes_exactly_the_calls_of_the_case(case: dict[str, Any]) -> None:
    world = world_before(case)
    settings = case.get("settings", {})
    if "fault" in case:
        with pytest.raises(InputError) as caught:
            world.plan(case["after"], **settings)
        assert case["fault"] in str(caught.value)
        return
    made = world.plan(case["after"], **settings)
    assert [told(step) for step in made.steps] == case.get("calls", [])
    conflicts = [f"{c.address}: {c.what}; {c.remedy}" for c in made.conflicts]
    expected = case.get("conflicts", [])
    assert all(any(text in conflict for text in expected) for conflict in conflicts), conflicts
    assert all(any(text in conflict for conflict in conflicts) for text in expected), conflicts
    notes = " ".join(f"{note.address}: {note.what}" for note in made.notes)
    assert all(text in notes for text in case.get("notes", [])), notes
    warnings = " ".join(text for change in made.changes for text in (*change.warnings, *change.irreversible))
    assert all(text in warnings for text in case.get("warnings", [])), warnings
    world.apply(case["after"], **settings)
    assert [told(step) for step in world.plan(case["after"], **settings).steps] == []
