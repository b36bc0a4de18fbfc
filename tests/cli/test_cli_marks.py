"""The marks of a plan's steps on the command line: what is shown, and what needs consent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.cli_support import ACCOUNT, runner, write

from reconciler import live, sandbox

BEFORE = "{kind: role, name: worker, service: [ec2, lambda]}\n"
AFTER = "{kind: role, name: worker, service: lambda, policies: [ReadOnlyAccess]}\n"


def test_a_role_whose_trust_and_permissions_both_change_is_marked_and_needs_no_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = sandbox.session(account=ACCOUNT, region="eu-west-1")
    monkeypatch.setattr(live, "session", lambda _profile, _region: session)
    monkeypatch.chdir(tmp_path)
    run = runner(capsys)
    write(tmp_path / "desired-state", roles=BEFORE)
    assert run("apply", "--yes").code == 0
    write(tmp_path / "desired-state", roles=AFTER)
    shown = run("plan", "--detailed-exitcode")
    assert shown.code == 2
    assert "! trust: role/worker: its permissions change too; its trust changes first" in shown.out
    marks = [mark for step in json.loads(run("plan", "--format=json").out)["steps"] for mark in step["marks"]]
    assert [(mark["kind"], mark["principal"]) for mark in marks] == [("trust", "role/worker")]
    assert run("plan", "--out=plan.json").code == 0
    assert run("apply", "plan.json", "--yes").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
