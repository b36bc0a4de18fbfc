"""The stage of every story: one account, and repositories that say what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli.cli_support import runner
from support.stories import ACCOUNT, Account, Checkout

from reconciler import live, sandbox


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Let the credentials of the environment lead to an account in memory."""
    session = sandbox.session(account=ACCOUNT)
    monkeypatch.setattr(live, "session", lambda _profile, _region: session)
    return Account(session)


@pytest.fixture
def checkouts(tmp_path: Path, account: Account, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Checkout]:
    """Return what makes a repository by its name."""
    return lambda name: Checkout(tmp_path / name, runner(capsys), account)


@pytest.fixture
def team(checkouts: Callable[[str], Checkout]) -> Checkout:
    """Return the repository of the one team."""
    return checkouts("team")
