"""What comparing does with documents that it cannot read, with large ones, and what its witnesses look like."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.access import (
    Label,
    Layer,
    Outcome,
    Principal,
    Relation,
    Verdict,
    certain,
    compare,
    compare_documents,
    compare_trust,
    possible,
)

REFUSALS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "refusals.yaml").read_text("utf-8"))


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def refused(case: Mapping[str, Any]) -> Verdict:
    if "trust" in case or case.get("form") == "trust":
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", **case.get("trust", {})}
        wrong = case.get("document", document(statement))
        return compare_trust(wrong, wrong)
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **case.get("statement", {})}
    wrong = case.get("text", case.get("document", document(statement)))
    return compare_documents(wrong, wrong)


@pytest.mark.parametrize("case", REFUSALS, ids=[case["refused"] for case in REFUSALS])
def test_what_the_evaluator_refuses_is_undecided_even_against_itself(case: dict[str, Any]) -> None:
    verdict = refused(case)
    assert verdict.relation is Relation.UNDECIDED
    assert verdict.reasons
    assert all(reason.startswith(("old: ", "new: ")) and "\n" not in reason for reason in verdict.reasons)


def test_the_reason_names_side_layer_document_and_statement() -> None:
    wrong = document(allow("s3:*"), allow("s3:*", StringSounds={"aws:x": "a"}))
    old = Principal([document(allow("*"))], scps=[[document()], [document(), wrong]])
    (reason,) = compare(old, Principal([])).reasons
    assert reason == "old: scp level 2, document 2: statement 2: StringSounds aws:x: unknown operator"


def test_a_witness_is_a_request_that_somebody_may_make() -> None:
    (one,) = compare_documents(None, document(allow("iam:PassRole", "arn:aws:iam::*:role/a*"))).gained
    assert (one.request.action, one.request.resource) == ("iam:PassRole", "arn:aws:iam::123456789012:role/a")
    (one,) = compare_documents(None, document(allow("sqs:SendMessage"))).gained
    assert one.request.resource.startswith("arn:aws:sqs:eu-west-1:123456789012:")
    (one,) = compare_documents(None, document(allow("s3:ListAllMyBuckets"))).gained
    assert one.request.resource == "*"


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "found"),
    [
        ("NumericLessThan", "s3:max-keys", "10", "9"),
        ("NumericGreaterThan", "s3:max-keys", "10", "11"),
        ("DateGreaterThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", "2030-01-01T00:00:01Z"),
        ("Bool", "aws:SecureTransport", "true", "true"),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "10.0.0.1"),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", "2001:db8::7"),
        ("StringLike", "aws:PrincipalTag/Team", "red-*", "red-"),
        ("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", "lambda.amazonaws.com"),
        ("BinaryEquals", "app:blob", "QmluYXJ5", "QmluYXJ5"),
    ],
)
def test_a_witness_has_values_of_the_key_s_type_and_the_document_s_spelling(
    operator: str, key: str, wanted: str, found: str
) -> None:
    (one,) = compare_documents(None, document(allow("s3:GetObject", **{operator: {key: wanted}}))).gained
    assert one.request.context == {key: found}


def test_a_witness_carries_both_decisions_and_the_statement_that_decides() -> None:
    old = document(allow("s3:*"))
    guarded = {**deny("s3:DeleteObject"), "Sid": "Keep"}
    (one,) = compare_documents(old, document(allow("s3:*"), guarded)).lost
    assert one.old.allowed
    assert one.old.by is not None
    assert (one.new.outcome, str(one.new.by)) == (
        Outcome.EXPLICITLY_DENIED,
        "identity document 1, statement 2 (Keep)",
    )
    bounded = Principal([old], boundary=document(allow("sqs:*")))
    assert {one.new.lacking for one in compare(Principal([old]), bounded).lost} == {Layer.BOUNDARY}


def test_actions_are_counted() -> None:
    verdict = compare_documents(document(allow(["s3:GetObject"])), document(allow(["s3:GetObject", "s3:PutObject"])))
    assert (verdict.old_actions, verdict.new_actions) == (1, 2)
    assert (verdict.gained_actions, verdict.lost_actions) == (1, 0)
    future = compare_documents(document(allow("iam:PassRole")), document(allow("iam:PassRole*")))
    assert (future.gained_actions, future.gained_label) == (0, Label.FUTURE_ONLY)


def test_a_label_is_given_where_all_ways_are_of_that_sort_only() -> None:
    queue = allow("s3:GetObject", "arn:aws:sqs:*:*:*")
    vacuous = compare_documents(None, document(queue))
    assert (vacuous.gained_label, {one.label for one in vacuous.gained}) == (Label.VACUOUS, {Label.VACUOUS})
    mixed = compare_documents(None, document(queue, allow("s3:PutObject")))
    assert (mixed.gained_label, [one.label for one in mixed.gained]) == (None, [None, Label.VACUOUS])
    one_way_is_real = compare_documents(document(allow("*"), deny("s3:GetObject")), document(allow("*")))
    assert one_way_is_real.gained_label is None
    old = document(
        allow("s3:GetObject"), deny("s3:GetObject", "arn:aws:sqs:*"), deny("s3:GetObject", "arn:aws:s3:::b/*")
    )
    assert compare_documents(old, document(allow("s3:GetObject"))).gained_label is None
    assert compare_documents(old, document(*old["Statement"][:1], *old["Statement"][2:])).gained_label is Label.VACUOUS


def test_an_edit_that_another_policy_covers_changes_nothing_for_the_principal() -> None:
    reading, own = document(allow(["s3:Get*", "s3:List*"])), document(allow(["s3:GetObject", "sqs:*"]))
    less = document(allow(["sqs:*"]))
    assert compare_documents(own, less).relation is Relation.NARROWER
    assert compare(Principal([reading, own]), Principal([reading, less])).relation is Relation.EQUAL


def test_the_witnesses_are_as_many_as_were_asked_for_one_for_each_way() -> None:
    buckets = [allow("s3:GetObject", f"arn:aws:s3:::b{number}/*") for number in range(9)]
    conditions = [{**one, "Condition": {"StringEquals": {"aws:x": str(number)}}} for number, one in enumerate(buckets)]
    actions = [
        {**one, "Action": action}
        for one, action in zip(conditions, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] * 3, strict=True)
    ]
    verdict = compare_documents(None, document(*actions), witnesses=2)
    assert len(verdict.gained) == 2
    assert len({one.request.action for one in verdict.gained}) == 2


def test_a_budget_that_is_spent_is_undecided() -> None:
    keys = [f"app:k{number}" for number in range(6)]
    corners = [
        allow("s3:GetObject", StringEquals=dict(zip(keys, values, strict=True)))
        for values in itertools.product(("a", "b"), repeat=6)
    ]
    either = allow("s3:GetObject", StringEquals={key: ["a", "b"] for key in keys})
    assert compare_documents(document(either), document(*corners)).relation is not Relation.WIDER
    poor = compare_documents(document(*corners), document(*corners[1:], either), budget=3)
    assert poor.relation is Relation.UNDECIDED
    assert poor.reasons == ("the budget is spent, as for s3:GetObject",)


def test_large_policies_are_settled() -> None:
    single = [deny("s3:*", f"arn:aws:s3:::b{number}/*") for number in range(150)]
    joined = deny("s3:*", [f"arn:aws:s3:::b{number}/*" for number in reversed(range(150))])
    verdict = compare_documents(document(allow("s3:*"), *single), document(allow("s3:*"), joined))
    assert verdict.relation is Relation.EQUAL
    stars = [f"ec2:*{number:03}*" for number in range(200)]
    assert compare_documents(document(allow(stars)), document(*map(allow, stars[::-1]))).relation is Relation.EQUAL


def test_patterns_with_hundreds_of_wildcards_end() -> None:
    first, second = (document(allow("s3:*", f"arn:aws:s3:::{part * 300}")) for part in ("*a", "*b"))
    assert compare_documents(first, second).relation in (Relation.INCOMPARABLE, Relation.UNDECIDED)


def test_what_is_possible_has_a_request_and_what_is_not_certain_too() -> None:
    secure = document(allow("s3:Get*", "arn:aws:s3:::b/*", Bool={"aws:SecureTransport": "true"}))
    principal = Principal([secure])
    found = possible(principal, "s3:*")
    assert found.holds
    assert found.witness is not None
    assert found.witness.new.allowed
    assert not possible(principal, "s3:Put*").holds
    assert not possible(principal, "s3:*", context={"AWS:securetransport": "false"}).holds
    assert not possible(principal, "s3:*", "arn:aws:s3:::a/*").holds
    known = {"aws:SecureTransport": "true"}
    assert certain(principal, "s3:GetObject", "arn:aws:s3:::b/*", known).holds
    refusal = certain(principal, "s3:GetObject", "arn:aws:s3:::b/*")
    assert refusal.holds is False
    assert refusal.witness is not None
    assert not refusal.witness.new.allowed
    assert refusal.witness.request.context == {}
    assert not certain(principal, "s3:GetObject", "*", known).holds


def test_what_cannot_be_read_is_neither_possible_nor_certain() -> None:
    broken = Principal(["{"])
    for found in (possible(broken, "s3:*"), certain(broken, "s3:*"), possible(Principal([]), "GetObject")):
        assert found.holds is None
        assert found.reasons


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    for number in ("10.0", "10", "10.00"):
        more = document(allow("s3:GetObject", NumericGreaterThan={"s3:max-keys": number}))
        assert compare_documents(None, more).gained[0].request.context == {"s3:max-keys": "11"}


SCRIPT = """
import json, sys
from reconciler.access import compare_documents, compare_trust
for old, new in json.load(sys.stdin):
    print(compare_documents(old, new), compare_trust(old, new))
"""


def test_every_process_finds_the_same() -> None:
    pairs = [
        [
            document(allow(["s3:Get*", "s3:*Acl*", "sqs:*"], ["arn:aws:s3:::a*", "arn:aws:s3:::${aws:username}/*"])),
            document(allow("s3:*", StringLike={"aws:x": ["a*", "b?"], "aws:y": "${aws:username}"}), deny("s3:Get*b*")),
        ],
        [
            document({"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": ["123456789012", "210987654321"]}}),
            document({"Effect": "Allow", "Action": "sts:*", "NotPrincipal": {"Service": ["a.b", "c.d"]}}),
        ],
    ]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=json.dumps(pairs),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
    assert "INCOMPARABLE" in outputs.pop()
