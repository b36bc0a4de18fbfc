"""Law 7 between processes: the order in which Python's sets are walked, which differs from run to run, never shows."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

from support.grants import live_of, pair, planned_on
from support.worlds import folder

from reconciler.report import json as report_json

TESTS = Path(__file__).parents[1]
PAIRS = 40


def digest_of_plans() -> str:
    """Return a digest of the plans of some random accounts, marks and their reasons included."""
    chance = random.Random(7)  # noqa: S311  examples, no secret
    digest = hashlib.sha256()
    for _ in range(PAIRS):
        before, after = pair(chance)
        # Each process has a folder of its own for its documents.
        shown = report_json.render(planned_on(live_of(before), after)).replace(str(folder()), "")
        digest.update(shown.encode())
    return digest.hexdigest()


def test_plans_made_by_processes_with_other_hashes_are_the_same_to_the_byte() -> None:
    code = "from laws.test_law_7_processes import digest_of_plans as d; print(d())"
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    found = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
