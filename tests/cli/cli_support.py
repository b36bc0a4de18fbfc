"""What the tests of the command line share: a folder of documents, a run in this process, a run in another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

import reconciler
from reconciler.cli import exit_code

__all__ = ["ACCOUNT", "COMMAND", "ROOT", "SETTINGS", "USERS", "Run", "Runner", "process", "runner", "write"]

ROOT = Path(reconciler.__file__).parents[1]
COMMAND = [sys.executable, "-m", "reconciler"]
ACCOUNT = "123456789012"
SETTINGS = f"""
version: 1
account: "{ACCOUNT}"
owner: tests
"""
USERS = """
kind: policy
name: readers
path: /team/
description: Read the bucket
document:
  Version: "2012-10-17"
  Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/*"}]
---
kind: user
name: alice
policies: [readers, ReadOnlyAccess]
"""


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str


Runner = Callable[..., Run]


def write(directory: Path, **files: str) -> Path:
    """Write YAML files by their stems into the directory, beside the settings, and return it."""
    directory.mkdir(exist_ok=True)
    for stem, text in {"reconciler": SETTINGS, **files}.items():
        (directory / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return directory


def runner(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Return what runs a command line in this process."""

    def run(*arguments: str) -> Run:
        capsys.readouterr()
        code = exit_code(arguments)
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


def process(
    cwd: Path, *arguments: str, code: str = "", stdout: IO[str] | int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command line, or the Python in ``code``, in a process of its own."""
    command = [sys.executable, "-c", code] if code else COMMAND
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
