"""The table of ``semantics.yaml``: what the evaluator must get right, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.access import Caller, Decision, Principal, Request, evaluate, evaluate_trust

RULES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "semantics.yaml").read_text("utf-8"))
NAMED = [(f"{rule['rule']}: {case['case']}", case) for rule in RULES for case in rule["cases"]]
ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def cases_with(element: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in NAMED if element in case]


def written_out(value: Any, missing: dict[str, Any]) -> dict[str, Any]:
    """Return the document that a list of short statements is."""
    if isinstance(value, dict):
        return value
    statements = []
    for short in value:
        statement = {**missing, **short}
        for effect in ("Allow", "Deny"):
            if effect in statement:
                statement |= {"Effect": effect, "Action": statement.pop(effect)}
        if "NotResource" in statement:
            del statement["Resource"]
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def identity_document(value: Any) -> dict[str, Any]:
    return written_out(value, {"Resource": "*"})


def says(case: dict[str, Any], decision: Decision) -> bool:
    """Return whether the decision is the case's; what the case does not say does not count."""
    found = {
        "says": decision.outcome.value,
        "by": str(decision.by),
        "lacking": decision.lacking.value if decision.lacking else None,
    }
    return all(case.get(name, value) == value for name, value in found.items())


def allowing(**elements: Any) -> Principal:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    if "NotResource" in elements:
        del statement["Resource"]
    return Principal([{"Version": "2012-10-17", "Statement": statement}])


def denying(**elements: Any) -> Principal:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", **elements}
    return Principal([ALLOW_ALL, {"Version": "2012-10-17", "Statement": statement}])


def test_every_rule_has_three_cases_and_a_name_of_its_own() -> None:
    assert all(len(rule["cases"]) >= 3 for rule in RULES)
    assert len({name for name, _ in NAMED}) == len(NAMED)
    forms = ("request", "condition", "pattern", "trust")
    assert all(sum(form in case for form in forms) == 1 for _, case in NAMED)


@pytest.mark.parametrize("case", cases_with("request"))
def test_a_request_is_decided_as_the_rule_says(case: dict[str, Any]) -> None:
    principal = Principal(
        [identity_document(document) for document in case["identity"]],
        identity_document(case["boundary"]) if "boundary" in case else None,
        [[identity_document(document) for document in level] for level in case.get("scps", [])],
        case.get("bindings", {}),
    )
    assert says(case, evaluate(principal, Request(*case["request"])))


@pytest.mark.parametrize("case", cases_with("condition"))
def test_a_condition_holds_as_the_rule_says(case: dict[str, Any]) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/k", case["context"])
    allowed = evaluate(allowing(Condition=case["condition"]), request).allowed
    denied = not evaluate(denying(Condition=case["condition"]), request).allowed
    assert (allowed, denied) == (case["holds"], case["holds"])


@pytest.mark.parametrize("case", cases_with("pattern"))
def test_a_pattern_covers_resources_as_the_rule_says(case: dict[str, Any]) -> None:
    request = Request("s3:GetObject", case["resource"])
    assert evaluate(allowing(Resource=case["pattern"]), request).allowed is case["covers"]
    assert evaluate(allowing(NotResource=case["pattern"]), request).allowed is not case["covers"]
    assert evaluate(denying(Resource=case["pattern"]), request).allowed is not case["covers"]


@pytest.mark.parametrize("case", cases_with("trust"))
def test_a_trust_decides_as_the_rule_says(case: dict[str, Any]) -> None:
    space, name = case["caller"]
    request = Request(case.get("action", "sts:AssumeRole"), context=case.get("context", {}))
    assert says(case, evaluate_trust(written_out(case["trust"], {}), Caller(space, name), request))
