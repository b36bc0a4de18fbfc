"""What loading the room costs: the solver and its catalogue only for those who prove something."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler import access

LOADED = (
    "import sys; print([name for name in sys.modules if 'access.solver' in name or name.endswith('catalogue.actions')])"
)


def loaded_by(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"{code}; {LOADED}"], capture_output=True, text=True, check=True
    ).stdout


def test_neither_the_evaluator_nor_the_making_of_plans_loads_the_solver() -> None:
    assert loaded_by("import reconciler.access, reconciler.plan, reconciler.cli").strip() == "[]"
    assert "access.solver" in loaded_by("from reconciler.access import compare")


def test_what_the_room_offers_is_there_and_nothing_else() -> None:
    assert all(callable(getattr(access, name)) for name in access.__all__ if name != "Document")
    with pytest.raises(AttributeError, match="no attribute 'prove'"):
        access.prove  # noqa: B018
