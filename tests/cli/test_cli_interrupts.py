"""Ctrl-C during an apply, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.cli_support import ROOT, USERS, process, write

HANGING = """
import sys, time
from reconciler import live
from reconciler.cli import main
send, calls = live.Iam.send, []
def hanging(iam, call):
    calls.append(call)
    if len(calls) == 3:
        print("HANGING", file=sys.stderr, flush=True)
        time.sleep(SECONDS)
    return send(iam, call)
live.Iam.send = hanging
sys.argv = ["reconciler", "apply", "--yes", "--sandbox", "--parallel=1"]
main()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / "desired-state", users=USERS)
    return tmp_path


def hanging(home: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Begin an apply whose third call takes its time, and yield it once that call is in flight, and then its end."""
    child = subprocess.Popen(
        [sys.executable, "-c", HANGING.replace("SECONDS", str(seconds))],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line == "HANGING\n":
            break
    yield child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_one_interrupt_waits_for_the_call_in_flight(home: Path, number: signal.Signals) -> None:
    (child,) = hanging(home, 1.0)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert [line.split()[0] for line in out.splitlines()[-4:]] == ["done", "done", "done", "left"]
    assert "stopping: 1 call still in flight; interrupt again to end at once" in err
    assert "stopped: 3 done, 0 failed, 1 left; `reconciler apply --sandbox` continues from here" in err
    assert "Traceback" not in err
    assert process(home, "apply", "--yes", "--sandbox").returncode == 0
    assert process(home, "drift", "--sandbox").returncode == 0


def test_a_second_interrupt_ends_at_once_and_says_what_is_not_known(home: Path) -> None:
    (child,) = hanging(home, 600)
    assert child.stderr is not None
    child.send_signal(signal.SIGINT)
    assert child.stderr.readline().startswith("stopping: 1 call still in flight")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    doubted = "AttachUserPolicy user/alice PolicyArn=policy/team/readers"
    assert f"stopped: 2 of 4 writes done; whether {doubted} was made is not known; " in err
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
