"""What the tests of the command line begin with: a run in this process, a folder of documents, an account."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from cli.cli_support import ACCOUNT, USERS, Runner, runner, write

from reconciler import live, sandbox


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    return runner(capsys)


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "desired-state", users=USERS)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Let the credentials of the environment lead to an account in memory."""
    session = sandbox.session(account=ACCOUNT, region="eu-west-1")
    monkeypatch.setattr(live, "session", lambda _profile, _region: session)
    return session
