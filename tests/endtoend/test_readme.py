"""What the README shows is what happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli.cli_support import ROOT, process

from reconciler import sandbox

ADDED = """\
    - Sid: CancelOrders
      Effect: Allow
      Action: execute-api:Invoke
      Resource: arn:{{ partition }}:execute-api:{{ region }}:{{ account_id }}:{{ orders_api }}/prod/DELETE/orders/*
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "desired-state", tmp_path / "desired-state")
    return tmp_path


def shown(begins: str) -> str:
    """Return the block of the README that begins so."""
    before, mark, after = (ROOT / "README.md").read_text("utf-8").partition(f"```{begins}")
    assert before
    assert mark
    return begins.partition("\n")[2] + after.partition("```\n")[0]


def test_the_plan_that_the_readme_shows_is_the_plan_that_is_made(home: Path) -> None:
    assert process(home, "apply", "--sandbox", "--yes").returncode == 0
    iam = sandbox.session("default", repository=home / "desired-state").client("iam")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    policies = home / "desired-state/policies.yaml"
    first, separator, second = policies.read_text("utf-8").partition("---\n")
    policies.write_text(first + ADDED + separator + second, "utf-8")

    assert process(home, "plan", "--sandbox").stdout.strip() == shown("\nPlan for account ").strip()


def test_the_documents_that_the_readme_shows_are_sound(home: Path) -> None:
    (home / "desired-state/people.yaml").write_text(shown("yaml\nkind: user\n"), "utf-8")
    (home / "desired-state/roles.yaml").write_text("kind: group\nname: orders-api-callers\n", "utf-8")

    done = process(home, "validate")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_demo_tells_its_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    own = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "demo/demo.py"],
        cwd=ROOT,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "drift: user/alice  policies: AdministratorAccess is there" in done.stdout
    assert done.stdout.count("in sync: ") == 2
    assert not list(tmp_path.iterdir())
