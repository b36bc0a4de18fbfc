"""The tables of ``comparisons.yaml`` and ``trusts.yaml``: what comparing must get right, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from access.test_access_semantics import RULES as EVALUATED
from access.test_access_semantics import identity_document, written_out

from reconciler.access import Label, Principal, Relation, Verdict, certain, compare, compare_trust

HERE = Path(__file__).parent
SWAPPED = {Relation.WIDER: Relation.NARROWER, Relation.NARROWER: Relation.WIDER}


def rules(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text("utf-8"))
    return found


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=f"{rule['rule']}: {case['case']}") for rule in rules(name) for case in rule["cases"]]


def principal(side: Any) -> Principal:
    if isinstance(side, list):
        return Principal([identity_document(side)])
    return Principal(
        [identity_document(document) for document in side["identity"]],
        identity_document(side["boundary"]) if "boundary" in side else None,
        [[identity_document(document) for document in level] for level in side.get("scps", [])],
        side.get("bindings", {}),
    )


def hold(case: dict[str, Any], there: Verdict, back: Verdict) -> None:
    says = Relation[case["says"]]
    assert (there.relation, there.reasons == ()) == (says, says is not Relation.UNDECIDED), there
    assert back.relation is SWAPPED.get(says, says)
    label = Label(case["label"]) if "label" in case else None
    if there.widens:
        assert there.gained_label is label
    if there.narrows:
        assert there.lost_label is label


def test_every_rule_has_three_cases() -> None:
    for rule in rules("comparisons.yaml") + rules("trusts.yaml"):
        assert len(rule["cases"]) >= 3, rule["rule"]


@pytest.mark.parametrize("case", cases("comparisons.yaml"))
def test_principals_relate_as_the_rule_says(case: dict[str, Any]) -> None:
    old, new = principal(case["old"]), principal(case["new"])
    hold(case, compare(old, new), compare(new, old))


@pytest.mark.parametrize("case", cases("trusts.yaml"))
def test_trusts_relate_as_the_rule_says(case: dict[str, Any]) -> None:
    old, new = (written_out(case[side], {}) for side in ("old", "new"))
    hold(case, compare_trust(old, new), compare_trust(new, old))


def single_requests() -> list[Any]:
    """Return the evaluator's cases whose resource is no pattern."""
    return [
        pytest.param(case, id=f"{rule['rule']}: {case['case']}")
        for rule in EVALUATED
        for case in rule["cases"]
        if "request" in case and "*" not in case["request"][1]
    ]


@pytest.mark.parametrize("case", single_requests())
def test_what_the_evaluator_says_of_one_request_is_certain(case: dict[str, Any]) -> None:
    one = principal({name: case[name] for name in ("identity", "boundary", "scps", "bindings") if name in case})
    found = certain(one, *case["request"])
    assert (found.holds, found.reasons) == (case["says"] == "Allowed", ())
    assert (found.witness is None) is found.holds
