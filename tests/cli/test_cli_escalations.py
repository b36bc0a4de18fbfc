"""Listing who gets at more than is given, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.cli_support import Runner, runner, write

ACCOUNT = """
kind: policy
name: deploy
document:
  Version: "2012-10-17"
  Statement:
    - {Effect: Allow, Action: ["lambda:CreateFunction", "lambda:InvokeFunction"], Resource: "*"}
    - {Effect: Allow, Action: "iam:PassRole", Resource: "*"}
---
kind: policy
name: everything
document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
---
{kind: role, name: admin, service: lambda, policies: [everything]}
---
{kind: user, name: ann, policies: [deploy]}
---
{kind: user, name: bob, policies: [deploy]}
---
{kind: user, name: cat, policies: [edits]}
---
kind: policy
name: edits
document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "lambda:UpdateFunctionCode", Resource: "*"}]}
"""
WAY = "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    write(tmp_path / "desired-state", account=ACCOUNT)
    monkeypatch.chdir(tmp_path)
    return runner(capsys)


def test_those_who_can_take_the_same_way_are_listed_in_one_line(run: Runner) -> None:
    ended = run("access", "escalations", "--offline")
    assert ended.code == 0
    assert f"! ESCALATION  user/ann, user/bob -> role/admin  via {WAY}\n" in ended.out
    assert "when iam:PassedToService = lambda.amazonaws.com\n" in ended.out
    assert "because deploy#2 (Action iam:PassRole, Resource *)\n" in ended.out
    assert ended.out.endswith("  2 principals get at more than is given, by 2 paths\n")
    assert "user/cat" not in ended.out


def test_what_may_be_running_is_listed_on_request(run: Runner) -> None:
    ended = run("access", "escalations", "--offline", "--possible")
    assert ended.code == 0
    assert (
        "POSSIBLE, if something runs with that role:  user/cat -> role/admin  via lambda:UpdateFunctionCode"
        in ended.out
    )
    assert ended.out.endswith("by 2 paths; 1 more path possible\n")


def test_programs_read_every_path_with_its_requests(run: Runner) -> None:
    ended = run("access", "escalations", "--offline", "--format", "json")
    found = json.loads(ended.out)
    assert [(path["source"], path["target"]) for path in found["escalations"]] == [
        ("user/ann", "role/admin"),
        ("user/bob", "role/admin"),
    ]
    (hop,) = found["escalations"][0]["hops"]
    assert hop["method"] == WAY
    assert [one["action"] for one in hop["evidence"]] == [*WAY.split(" + "), "sts:AssumeRole"]
    assert found["possible"] is None
    assert found["undecided"] == []


@pytest.mark.slow
def test_an_account_is_asked_as_it_is_or_as_it_shall_be(run: Runner) -> None:
    live, desired = run("access", "escalations", "--sandbox"), run("access", "escalations", "--sandbox", "--desired")
    assert "nobody gets at more than is given" in live.out
    assert f"! ESCALATION  user/ann, user/bob -> role/admin  via {WAY}\n" in desired.out
    assert (live.code, desired.code) == (0, 0)
