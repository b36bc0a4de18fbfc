from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policydoc.policy_strategies import changed, policies, rewritten

from reconciler.errors import PolicyError
from reconciler.policydoc import describe, equivalent, explain

READ = {"Sid": "ReadOrders", "Effect": "Allow", "Action": ["s3:ListBucket", "s3:Put*"], "Resource": "*"}


def _policy(*statements: dict[str, Any], **top: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", **top, "Statement": list(statements)}


def _one(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return explain(_policy({**READ, **before}), _policy({**READ, **after}))


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"Action": ["s3:put*", "s3:GetObject"]}, "Action + s3:GetObject, - s3:ListBucket"),
        ({}, {"Effect": "Deny"}, "Effect Allow -> Deny"),
        ({"Resource": []}, {}, "Resource + *"),
        ({"Principal": {"AWS": "*"}}, {"Principal": {"AWS": "123456789012"}}, "Principal AWS + 123456789012, - *"),
        ({}, {"Principal": {}}, "Principal + nothing"),
        ({}, {"Condition": {"Bool": {"aws:X": [True, "a"]}}}, "Condition + Bool aws:X = true, a"),
        ({"Condition": {"Bool": {"aws:X": []}}}, {}, "Condition - Bool aws:X = nothing"),
        (
            {"Condition": {"StringLike": {"s3:prefix": ["a", "b"]}}},
            {"Condition": {"StringLike": {"S3:Prefix": ["b", "c"]}}},
            "Condition StringLike S3:Prefix + c, - a",
        ),
        ({}, {"Resource": ["*", "x, y", "", "\x1b[31m"]}, 'Resource + "x, y", + "", + "\\u001b[31m"'),
    ],
)
def test_a_changed_statement_says_which_values_came_and_went(
    before: dict[str, Any], after: dict[str, Any], line: str
) -> None:
    assert _one(before, after) == (f"~ statement ReadOrders: {line}",)


def test_an_action_that_becomes_its_opposite_is_told_in_two_lines() -> None:
    opposite = {"Sid": "ReadOrders", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert explain(_policy(READ), _policy(opposite)) == (
        "~ statement ReadOrders: Action - s3:ListBucket, - s3:Put*",
        "~ statement ReadOrders: NotAction + iam:*",
    )


def test_a_statement_that_changes_in_every_element_is_told_element_by_element() -> None:
    flags = {f"aws:{letter}": "true" for letter in "abc"}
    after = {
        "Sid": "ReadOrders",
        "Effect": "Allow",
        "NotAction": "a:B",
        "NotResource": "r",
        "Condition": {"Bool": flags},
    }
    assert explain(_policy(READ), _policy(after)) == (
        "~ statement ReadOrders: Action - s3:ListBucket, - s3:Put*",
        "~ statement ReadOrders: Resource - *",
        "~ statement ReadOrders: NotAction + a:B",
        "~ statement ReadOrders: NotResource + r",
        "~ statement ReadOrders: Condition + Bool aws:a = true",
        "~ statement ReadOrders: Condition + Bool aws:b = true",
        "~ statement ReadOrders: Condition + Bool aws:c = true",
    )


def test_statements_that_came_and_went_are_told_whole() -> None:
    came = {
        "Sid": "AllowX",
        "Effect": "Allow",
        "Action": [f"s3:Get{letter}" for letter in "abcde"],
        "Resource": "arn:b",
        "Condition": {"StringEquals": {"aws:x": "y"}},
    }
    went = {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:iam::123456789012:user/${aws:username}"}
    assert explain(_policy(READ, went), _policy(came, READ)) == (
        "+ statement AllowX: Allow s3:Geta, s3:Getb, s3:Getc, s3:Getd, s3:Gete on arn:b when StringEquals aws:x = y",
        "- statement 2 (no Sid): Deny all but iam:* on all but arn:aws:iam::123456789012:user/${aws:username}",
    )


def test_version_and_id_are_told() -> None:
    assert explain({"Statement": []}, _policy(Id="a")) == ("~ Version 2008-10-17 -> 2012-10-17", "+ Id a")
    assert explain(_policy(Id="a"), _policy(Id="b")) == ("~ Id a -> b",)
    assert explain(_policy(Id="a"), _policy()) == ("- Id a",)


def test_statements_are_matched_by_sid_before_anything_else() -> None:
    one = {"Sid": "One", "Effect": "Allow", "Action": "a:A", "Resource": "arn:aws:s3:::x"}
    two = {"Sid": "Two", "Effect": "Deny", "Action": "b:B", "Resource": "arn:aws:s3:::y"}
    lines = explain(_policy(one, two), _policy({**two, "Sid": "One"}, {**one, "Sid": "Two"}))
    assert lines == (
        "~ statement One: Effect Allow -> Deny",
        "~ statement One: Action + b:B, - a:A",
        "~ statement One: Resource + arn:aws:s3:::y, - arn:aws:s3:::x",
        "~ statement Two: Effect Deny -> Allow",
        "~ statement Two: Action + a:A, - b:B",
        "~ statement Two: Resource + arn:aws:s3:::x, - arn:aws:s3:::y",
    )


def test_statements_without_a_sid_are_matched_by_what_they_share() -> None:
    one = {"Effect": "Allow", "Action": ["a:A", "a:B"], "Resource": "*"}
    two = {"Effect": "Allow", "Action": ["b:A", "b:B"], "Resource": "*"}
    after = _policy({**two, "Action": ["b:A", "b:C"]}, {**one, "Action": ["a:A", "a:B", "a:C"]})
    assert explain(_policy(one, two), after) == (
        "~ statement 1 (no Sid): Action + b:C, - b:B",
        "~ statement 2 (no Sid): Action + a:C",
    )


def test_a_renamed_statement_is_told_by_its_old_name() -> None:
    assert _one({}, {"Sid": "ReadAll"}) == ("~ statement ReadOrders: Sid ReadOrders -> ReadAll",)
    assert _one({}, {"Sid": ""}) == ("~ statement ReadOrders: Sid ReadOrders -> (none)",)
    assert _one({"Sid": ""}, {}) == ("~ statement 1 (no Sid): Sid (none) -> ReadOrders",)


def test_statements_that_share_only_what_most_do_are_not_matched() -> None:
    one = {"Effect": "Allow", "Action": "a:A", "Resource": "*"}
    two = {"Effect": "Allow", "Action": "b:B", "Resource": "*"}
    assert explain(_policy(one), _policy(two)) == (
        "+ statement 1 (no Sid): Allow b:B on *",
        "- statement 1 (no Sid): Allow a:A on *",
    )


def test_very_many_statements_are_told_one_by_one() -> None:
    before = _policy(*({"Effect": "Allow", "Action": [f"a:A{n}", "a:B"], "Resource": "*"} for n in range(300)))
    after = _policy(*({"Effect": "Allow", "Action": [f"a:C{n}", "a:B"], "Resource": "*"} for n in range(300)))
    assert [line[0] for line in explain(before, after)] == ["+"] * 300 + ["-"] * 300


@given(st.data(), policies())
def test_equivalent_policies_need_no_words(data: st.DataObject, policy: dict[str, Any]) -> None:
    assert explain(policy, rewritten(data.draw, policy)) == ()


@given(st.data(), policies(), policies())
def test_a_difference_always_has_words_and_each_line_its_sign(
    data: st.DataObject, one: dict[str, Any], other: dict[str, Any]
) -> None:
    if one["Statement"] and data.draw(st.booleans()):
        other = changed(data.draw, one)
    lines = explain(one, other)
    assert bool(lines) is not equivalent(one, other)
    for line in lines:
        assert line[:2] in ("+ ", "- ", "~ ")
        assert "{" not in line.replace("${aws:username}", "")
        assert "\n" not in line
    assert bool(explain(other, one)) is bool(lines)
    assert explain(rewritten(data.draw, one), other) != () or equivalent(one, other)


def test_a_new_document_is_described_one_line_a_statement() -> None:
    many = {"Effect": "Deny", "Action": [f"a:{letter}" for letter in "ABCDEFGH"], "NotResource": ["r", "s", "t", "u"]}
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012", "Service": ["a.b", "c.d"]},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:x": True}, "Null": {"aws:y": ["1", "2"]}},
    }
    invoke = {"Sid": "InvokeOrders", "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:x"}
    assert describe(_policy(invoke, many, trust, {"Effect": "Deny", "NotPrincipal": "*", "Action": []})) == (
        "Allow execute-api:Invoke on arn:aws:x (Sid InvokeOrders)",
        "Deny a:A, a:B, a:C and 5 more on all but r, s, t, u",
        "Allow sts:AssumeRole to AWS 123456789012 and Service a.b, c.d when Bool aws:x = true and Null aws:y = 1, 2",
        "Deny nothing to all but AWS *",
    )


@given(policies())
def test_every_statement_has_its_line(policy: dict[str, Any]) -> None:
    lines = describe(policy)
    assert len(lines) == len(policy["Statement"])
    assert all(line.startswith(("Allow ", "Deny ")) for line in lines)


def test_what_is_no_policy_cannot_be_explained() -> None:
    for before, after in (({}, _policy()), (_policy(), {}), ("{", _policy())):
        with pytest.raises(PolicyError):
            explain(before, after)
    with pytest.raises(PolicyError):
        describe({})


def test_deepdiff_is_not_imported_before_something_is_explained() -> None:
    script = "import sys, reconciler.policydoc; sys.exit('deepdiff' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
