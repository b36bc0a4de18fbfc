from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policydoc.policy_strategies import policies, rewritten

from reconciler.errors import PolicyError
from reconciler.policydoc import Finding, Form, check, compact, describe, equivalent, explain, size

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("grammar_cases.json").read_text(encoding="utf-8")
)
FORMS: tuple[Form, ...] = ("managed", "inline", "trust")

IDENTITY: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def _document(case: dict[str, Any]) -> Any:
    """Return the case's document: whole, or a sound statement with elements put in or, by "(none)", taken out."""
    if "document" in case:
        return case["document"]
    base = TRUST if case["form"] == "trust" else IDENTITY
    statement = {key: value for key, value in {**base, **case["statement"]}.items() if value != "(none)"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _path(case: dict[str, Any], finding: list[Any]) -> tuple[str | int, ...]:
    return (*(() if "document" in case else ("Statement", 0)), *finding[0])


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: f"{case['form']}: {case['name']}")
def test_what_iam_refuses_is_found_at_its_place_with_a_way_out(case: dict[str, Any]) -> None:
    found = check(_document(case), case["form"])
    assert [finding.path for finding in found] == [_path(case, finding) for finding in case["findings"]]
    for finding, (_, what, remedy) in zip(found, case["findings"], strict=True):
        assert what in finding.what
        assert remedy in finding.remedy


@pytest.mark.parametrize("case", CASES["taken"], ids=lambda case: f"{case['form']}: {case['name']}")
def test_what_iam_takes_is_let_through(case: dict[str, Any]) -> None:
    assert check(_document(case), case["form"]) == []


def test_the_cases_have_names_of_their_own() -> None:
    for cases in CASES.values():
        names = [(case["form"], case["name"]) for case in cases]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(("form", "limit"), [("managed", 6_144), ("trust", 2_048)])
def test_a_document_may_have_exactly_as_many_characters_as_iam_takes(form: Form, limit: int) -> None:
    statement = dict(TRUST if form == "trust" else IDENTITY)
    document = {"Version": "2012-10-17", "Statement": [statement], **({"Id": "x"} if form == "trust" else {})}
    statement["Condition"] = {"StringEquals": {"aws:x": ""}}
    statement["Condition"]["StringEquals"]["aws:x"] = "é" * (limit - size(compact(document)))
    assert check(document, form) == []
    statement["Condition"]["StringEquals"]["aws:x"] += "."
    (finding,) = check(document, form)
    assert finding.path == ()
    assert f"{limit + 1:,}" in finding.what
    assert f"{limit:,}" in finding.what


def test_inline_policies_have_no_limit_of_their_own() -> None:
    statement = {**IDENTITY, "Resource": [f"arn:aws:s3:::bucket-{number}" for number in range(2_000)]}
    assert check({"Version": "2012-10-17", "Statement": statement}, "inline") == []


def test_every_finding_of_a_document_is_reported_at_once() -> None:
    document = {
        "version": "2012-10-18",
        "Id": "x",
        "Statement": [
            {"Sid": "a-b", "effect": "allow", "Actions": 5, "Resource": ["", "x"], "Principal": "*"},
            "x",
            {"Sid": "a-b", "Effect": "Deny", "Resource": None, "Condition": {"StringEqual": {"x": None}}},
        ],
    }
    assert [finding.path for finding in check(document, "managed")] == [
        ("version",),
        ("version",),
        ("Id",),
        ("Statement", 0, "effect"),
        ("Statement", 0, "Actions"),
        ("Statement", 0, "Sid"),
        ("Statement", 0, "effect"),
        ("Statement", 0, "Principal"),
        ("Statement", 0, "Actions"),
        ("Statement", 0, "Resource", 0),
        ("Statement", 0, "Resource", 1),
        ("Statement", 1),
        ("Statement", 2, "Sid"),
        ("Statement", 2, "Sid"),
        ("Statement", 2),
        ("Statement", 2, "Resource"),
        ("Statement", 2, "Condition", "StringEqual"),
        ("Statement", 2, "Condition", "StringEqual", "x"),
        ("Statement", 2, "Condition", "StringEqual", "x"),
    ]


@given(st.data(), st.sampled_from(FORMS))
def test_a_sound_policy_is_let_through_however_it_is_written(data: st.DataObject, form: Form) -> None:
    policy = data.draw(policies(trust=form == "trust").filter(lambda policy: policy["Statement"]))
    for number, statement in enumerate(policy["Statement"]):
        statement["Sid"] = f"{statement.get('Sid', '')}{number}"
        if form == "trust":
            statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}
            for element in ("Action", "NotAction"):
                if element in statement:
                    statement[element] = ["sts:AssumeRole", "sts:TagSession"]
    if form == "trust":
        assert check(policy, form) == []
    else:
        written = rewritten(data.draw, policy)
        written["Version"] = "2012-10-17"
        sids = [finding for finding in check(written, form) if "two statements" not in finding.what]
        assert sids == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Statement",
                    "Sid",
                    "Effect",
                    "Principal",
                    "Action",
                    "Resource",
                    "Condition",
                    "Bool",
                    "AWS",
                    "x",
                ]
            )
            | st.integers(0, 3)
            | st.none(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(FORMS))
def test_no_value_whatever_makes_anything_but_findings_and_policy_errors(value: Any, form: Form) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": value, "Principal": value, "Condition": value}
    for document in (value, {"Statement": value}, {"Version": value, "Statement": [statement]}):
        findings = check(document, form)
        assert all(finding.what and finding.remedy and isinstance(finding, Finding) for finding in findings)
        for ask in (compact, describe, lambda doc: equivalent(doc, doc), lambda doc: explain(doc, doc)):
            if not findings:
                ask(document)
                continue
            with suppress(PolicyError):
                ask(document)


def test_endless_and_huge_documents_give_findings_and_no_other_error() -> None:
    endless: dict[str, Any] = {"Version": "2012-10-17"}
    endless["Statement"] = [endless]
    assert check(endless, "managed")
    looped: list[Any] = []
    looped.append(looped)
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for value in (looped, deep, {"a": deep}):
        for element in ("Action", "Resource", "Condition", "Sid", "Effect", "Principal"):
            assert check({"Version": "2012-10-17", "Statement": {**IDENTITY, element: value}}, "inline")
    huge: dict[str, Any] = {"Version": "2012-10-17", "Statement": {**IDENTITY, "Action": ["s3:GetObject"] * 250_000}}
    (finding,) = check(huge, "inline")
    assert "larger" in finding.what
    assert len(check({"Version": "2012-10-17", "Stat" * 10_000: 1}, "inline")) == 2


def test_keys_that_are_no_text_are_findings() -> None:
    statement: dict[Any, Any] = {**IDENTITY, 5: "x", "Condition": {"Bool": {True: "x"}}}
    document = {"Version": "2012-10-17", "Statement": statement}
    assert [(finding.path, finding.remedy) for finding in check(document, "inline")] == [
        (("Statement", "5"), "put it in quotes"),
        (("Statement", "Condition", "Bool", "True"), "put it in quotes"),
    ]


def test_messages_stay_on_one_short_line() -> None:
    for text in ("\n" * 50, "\x1b[2J", "x" * 5_000, "\ud800", "\u202e"):
        for element in ("Sid", "Effect", "Action", "Resource", text):
            for finding in check({"Version": text, "Statement": {**IDENTITY, element: text}}, "managed"):
                line = f"{finding.what}{finding.remedy}"
                assert line.isprintable()
                assert len(finding.what) < 400
