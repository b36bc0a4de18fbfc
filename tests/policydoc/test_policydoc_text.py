from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policydoc.policy_strategies import policies, rewritten

from reconciler.errors import PolicyError
from reconciler.policydoc import compact, decode, equivalent, parse, size

DEEP = 200_000


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _backwards(value[key]) for key in reversed(list(value))}
    return [_backwards(item) for item in value] if isinstance(value, list) else value


def test_numbers_with_a_fraction_or_an_exponent_keep_their_text() -> None:
    assert parse('{"a": [1.0, 1.10, 1e3, -0, 15, true, null]}') == {"a": ["1.0", "1.10", "1e3", "-0", 15, True, None]}


def test_a_number_of_any_length_is_read() -> None:
    digits = "9" * 10_000
    assert parse(f'{{"a": {digits}}}') == {"a": digits}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1 "b"}', "1:9: this is no JSON: expecting ',' delimiter"),
        ('{\n  "a": x\n}', "2:8: this is no JSON: expecting value"),
        ("{} {}", "1:4: this is no JSON: extra data"),
        ("{'a': 1}", "1:2: this is no JSON"),
        ('{"a": 1, "a": 1}', 'the key "a" stands twice'),
        ('{"a": {"b": [{"c": 1, "c": 2}]}}', 'the key "c" stands twice'),
        ('{"a": NaN}', "NaN is no JSON"),
        ("[1]", "a policy is a JSON object, and this is a list"),
        ("true", "and this is a boolean"),
        ("[" * DEEP, "nests deeper"),
        ('{"a":' * DEEP, "nests deeper"),
    ],
)
def test_text_that_is_no_json_object_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse('\ufeff{"a": 1}') == {"a": 1}
    with pytest.raises(PolicyError, match=r"^1:1: "):
        parse("\ufeffx")


@given(policies())
def test_a_policy_is_read_from_each_form_that_it_comes_in(policy: dict[str, Any]) -> None:
    text = json.dumps(policy)
    assert decode(policy) == decode(text) == decode(quote(text, safe="")) == decode(quote(text)) == policy


def test_a_percent_sign_within_json_text_is_itself() -> None:
    assert decode('{"a": "%7B+%22"}') == {"a": "%7B+%22"}


def test_a_plus_sign_of_url_encoded_text_is_a_plus_sign() -> None:
    assert decode("%7B%22a%22:%22b+c%2Bd%20e%22%7D") == {"a": "b+c+d e"}


@pytest.mark.parametrize("junk", ["%FF%FE", "%", "%7B", "", None, 5, b"{}", ["{}"]], ids=repr)
def test_what_is_neither_mapping_nor_text_of_a_policy_is_refused(junk: Any) -> None:
    with pytest.raises(PolicyError):
        decode(junk)


def test_decoding_a_mapping_gives_a_mapping_of_its_own() -> None:
    policy: dict[str, Any] = {"Statement": []}
    decode(policy)["Version"] = "2012-10-17"
    assert policy == {"Statement": []}


def test_the_sent_text_has_its_elements_in_their_usual_order_and_every_scalar_as_text() -> None:
    policy = {
        "Statement": [
            {
                "Zulu": "z",
                "Condition": {"NumericEquals": {"b:b": [15, "1.0"], "a:a": 2.50}, "Bool": {"aws:x": True}},
                "Resource": ["b", "a", "b"],
                "Action": "s3:*",
                "Principal": {"Service": "x", "AWS": 123456789012},
                "Effect": "Allow",
                "Sid": "é",
            }
        ],
        "Id": "i",
        "Version": "2012-10-17",
    }
    assert compact(policy) == (
        '{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"é","Effect":"Allow",'
        '"Principal":{"AWS":"123456789012","Service":"x"},"Action":"s3:*","Resource":["b","a","b"],'
        '"Condition":{"Bool":{"aws:x":"true"},"NumericEquals":{"a:a":"2.5","b:b":["15","1.0"]}},"Zulu":"z"}]}'
    )


def test_one_statement_stays_one_statement_in_the_sent_text() -> None:
    assert compact({"Statement": {"Action": "*", "Effect": "Deny"}}) == '{"Statement":{"Effect":"Deny","Action":"*"}}'


@given(st.data(), policies())
def test_the_sent_text_says_the_same_and_is_stable(data: st.DataObject, policy: dict[str, Any]) -> None:
    written = rewritten(data.draw, policy)
    text = compact(written)
    assert equivalent(text, policy)
    assert compact(text) == text
    assert compact(_backwards(written)) == text
    assert size(text) == len(text)


@given(policies(), st.sampled_from([None, 1, "\t"]))
def test_white_space_between_tokens_is_not_counted(policy: dict[str, Any], indent: int | str | None) -> None:
    plain = json.dumps(policy, ensure_ascii=False, separators=(",", ":"))
    assert size(json.dumps(policy, ensure_ascii=False, indent=indent)) == len(plain)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (' \r\n\t{ "a" : [ 1 , 2 ] } ', 11),
        ('{"a b": "c\td"}', 13),
        (r'{"a": "\" \\ "}', 14),
        (r'{ "a": "\\" , "b": " " }', 18),
        ('{ "é": "\xa0" }', 9),
        ('{ "open ended ', 13),
    ],
)
def test_white_space_within_strings_is_counted(text: str, count: int) -> None:
    assert size(text) == count


def test_what_json_cannot_hold_is_refused_in_the_sent_text() -> None:
    endless: dict[str, Any] = {"Statement": []}
    endless["Statement"].append(endless)
    deep: Any = []
    for _ in range(DEEP):
        deep = [deep]
    wide: Any = "x"
    for _ in range(6):
        wide = [wide] * 20
    policies_of_nobody: list[Any] = [
        endless,
        {"Statement": deep},
        {"Statement": wide},
        {"Statement": None},
        {"Statement": b"x"},
        {"Statement": float("nan")},
        {"Statement": 10**5000},
        {5: "x"},
        {"Statement": {None: "x"}},
        {"Statement": {1, 2}},
    ]
    for policy in policies_of_nobody:
        with pytest.raises(PolicyError):
            compact(policy)
