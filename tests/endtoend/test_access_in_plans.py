"""The shipped example, changed: what plans say of access, and what `--fail-on` makes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.cli_support import ROOT, process

from reconciler import sandbox
from reconciler.access import Principal, Request, evaluate

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "desired-state", tmp_path / "desired-state")
    assert process(tmp_path, "apply", "--sandbox", "--yes").returncode == 0
    return tmp_path


def rewritten(home: Path, file: str, old: str, new: str) -> None:
    path = home / "desired-state" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def planned(home: Path, *options: str) -> dict[str, Any]:
    done = process(home, "plan", "--sandbox", "--format=json", *options)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def relations(plan: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(one["address"], one["subject"]): one["relation"] for one in plan["access"]["impacts"]}


def test_a_statement_that_is_widened_shows_verdict_true_witness_and_escalation(home: Path) -> None:
    rewritten(
        home,
        "policies.yaml",
        """      Action: apigateway:GET
      Resource:
        - arn:{{ partition }}:apigateway:{{ region }}::/restapis
        - arn:{{ partition }}:apigateway:{{ region }}::/restapis/*
""",
        """      Action: [apigateway:GET, iam:PutUserPolicy]
      Resource: "*"
""",
    )
    plan = planned(home)
    assert relations(plan) == {
        ("policy/orders-api-manage", "policy"): "WIDER",
        ("user/alice", "identity"): "WIDER",
    }
    alice = next(one for one in plan["access"]["impacts"] if one["subject"] == "identity")
    live = sandbox.session("default", repository=home / "desired-state").client("iam")
    document = live.get_policy_version(PolicyArn="arn:aws:iam::123456789012:policy/orders-api-manage", VersionId="v1")[
        "PolicyVersion"
    ]["Document"]
    desired = json.loads(plan["steps"][0]["parameters"]["PolicyDocument"])
    for shown in alice["evidence"]:
        request = Request(shown["action"], shown["resource"], shown["context"])
        assert shown["gained"]
        assert not evaluate(Principal([document], bindings={"aws:username": "alice"}), request).allowed
        assert evaluate(Principal([desired], bindings={"aws:username": "alice"}), request).allowed
    assert [(path["source"], path["target"]) for path in plan["access"]["escalations"]] == [
        ("user/alice", "user/alice")
    ]

    text = process(home, "plan", "--sandbox").stdout
    assert "+ user/alice  access WIDER (proved" in text
    assert "ESCALATION  NEW" in text
    for name in ("wider", "escalation"):
        refused = process(home, "plan", "--sandbox", "--fail-on", name)
        assert refused.returncode == 3
        assert "user/alice" in refused.stderr
        assert "Writes, in this order:" in refused.stdout
    assert process(home, "plan", "--sandbox", "--fail-on", "undecided").returncode == 0
    assert process(home, "apply", "--sandbox", "--yes", "--fail-on", "escalation").returncode == 3
    assert planned(home)["steps"] == plan["steps"]


def test_a_policy_that_is_narrowed_and_covered_by_another_leaves_its_holder_with_equal_access(home: Path) -> None:
    rewritten(
        home, "people.yaml", "policies: [orders-api-manage]", "policies: [orders-api-manage, AdministratorAccess]"
    )
    assert process(home, "apply", "--sandbox", "--yes").returncode == 0
    rewritten(home, "policies.yaml", "        - apigateway:PATCH\n", "")
    plan = planned(home, "--fail-on=wider-strict", "--fail-on=undecided")
    assert relations(plan) == {
        ("policy/orders-api-manage", "policy"): "NARROWER",
        ("user/alice", "identity"): "EQUAL",
    }
    (alice,) = [one for one in plan["access"]["impacts"] if one["subject"] == "identity"]
    assert alice["reasons"][0].startswith("AdministratorAccess#1")
    assert "still grants apigateway:PATCH" in alice["reasons"][0]
    assert plan["access"]["affected"] == []


def test_a_plan_without_changes_says_nothing_of_access(home: Path) -> None:
    plan = planned(home)
    assert (plan["access"], plan["steps"]) == (None, [])
