"""What is refused, and how the message says it; and what the public names take."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from reconciler import access
from reconciler.access import Caller, Layer, Principal, Request, StatementRef, evaluate, evaluate_trust
from reconciler.errors import PolicyError

REFUSALS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "refusals.yaml").read_text("utf-8"))
ROLE = Caller("AWS", "arn:aws:iam::123456789012:role/r")
GET = Request("s3:GetObject", "arn:aws:s3:::b/k")
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def decide(case: dict[str, Any]) -> None:
    if "trust" in case or case.get("form") == "trust":
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", **case.get("trust", {})}
        document = case.get("document", {"Version": "2012-10-17", "Statement": [statement]})
        evaluate_trust(document, ROLE, Request("sts:AssumeRole"))
        return
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **case.get("statement", {})}
    document = case.get("document", {"Version": "2012-10-17", "Statement": [statement]})
    evaluate(Principal([case.get("text", document)]), GET)


@pytest.mark.parametrize("case", REFUSALS, ids=[case["refused"] for case in REFUSALS])
def test_what_is_not_supported_is_refused_with_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as caught:
        decide(case)
    message = str(caught.value)
    assert [part for part in case["says"] if part not in message] == []
    assert "\n" not in message


def test_the_place_of_an_error_names_layer_document_statement_and_element() -> None:
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "x"}]}
    with pytest.raises(PolicyError, match=r"^scp level 2, document 1: statement 1: Resource: "):
        evaluate(Principal([ALLOW_ALL], scps=[[ALLOW_ALL], [wrong]]), GET)
    with pytest.raises(PolicyError, match=r"^boundary 1: statement 1: Resource: "):
        evaluate(Principal([ALLOW_ALL], wrong), GET)


def test_a_wrong_document_is_refused_every_time() -> None:
    principal = Principal(["{}"])
    for _ in range(2):
        with pytest.raises(PolicyError):
            evaluate(principal, GET)


def test_one_document_in_the_place_of_a_list_is_refused() -> None:
    with pytest.raises(PolicyError, match="write a list of documents"):
        evaluate(Principal(ALLOW_ALL), GET)  # type: ignore[arg-type]  # the mistake that is told
    with pytest.raises(PolicyError, match="write a list of documents"):
        evaluate(Principal(json.dumps(ALLOW_ALL)), GET)


@pytest.mark.parametrize("action", ["GetObject", "s3:*", "s3:Get?bject", "", "*", "s3:Get:Object"])
def test_a_request_asks_for_one_action(action: str) -> None:
    with pytest.raises(PolicyError, match="no single action"):
        evaluate(Principal([ALLOW_ALL]), Request(action))


def test_a_condition_key_has_its_value_once() -> None:
    with pytest.raises(PolicyError, match=r"request: .*two spellings"):
        evaluate(Principal([ALLOW_ALL]), Request("s3:GetObject", "*", {"aws:x": "a", "AWS:X": "a"}))
    with pytest.raises(PolicyError, match=r"bindings: .*two spellings"):
        evaluate(Principal([ALLOW_ALL], bindings={"aws:x": "a", "AWS:X": "a"}), GET)


@pytest.mark.parametrize("value", [1, [1], ["a", None], None, {"a": "b"}], ids=str)
def test_values_of_a_request_are_text(value: Any) -> None:
    with pytest.raises(PolicyError, match=r'request: .*"aws:x" is no text'):
        evaluate(Principal([ALLOW_ALL]), Request("s3:GetObject", "*", {"aws:x": value}))


@pytest.mark.parametrize("name", ["", "bob", "123456789012", "arn:aws:iam::123456789012:role/*", "arn:aws:s3:::b"])
def test_an_aws_caller_has_an_arn(name: str) -> None:
    with pytest.raises(PolicyError, match="caller"):
        Caller("AWS", name)


def test_a_caller_is_of_a_known_space() -> None:
    with pytest.raises(PolicyError, match="no type of principal"):
        Caller("Aws", "arn:aws:iam::123456789012:role/r")  # type: ignore[arg-type]  # the mistake that is told


def test_documents_are_mappings_of_any_type_or_json_text() -> None:
    text = json.dumps(ALLOW_ALL)
    proxy = MappingProxyType({**ALLOW_ALL, "Statement": tuple(map(MappingProxyType, ALLOW_ALL["Statement"]))})  # type: ignore[arg-type]
    assert {evaluate(Principal([document]), GET) for document in (ALLOW_ALL, text, proxy)} == {
        evaluate(Principal((ALLOW_ALL,)), GET)
    }


def test_a_reference_reads_as_people_count() -> None:
    assert str(StatementRef(Layer.SCP, 1, 0, "NoRoot", 2)) == "scp level 3, document 2, statement 1 (NoRoot)"
    assert str(StatementRef(Layer.IDENTITY, 0, 1)) == "identity document 1, statement 2"


def test_a_session_of_a_role_is_not_another_role_whose_name_begins_alike() -> None:
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": ROLE.name}}}
    ask = Request("sts:AssumeRole")
    assert not evaluate_trust(trust, Caller("AWS", "arn:aws:sts::123456789012:assumed-role/r2/s"), ask).allowed
    assert not evaluate_trust(trust, Caller("AWS", "AROAEXAMPLEEXAMPLE123"), ask).allowed


def test_a_document_that_nests_too_deep_is_refused_as_text_and_as_a_mapping() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    text = f'{{"Statement": {"[" * 100_000}{"]" * 100_000}}}'
    for document in (text, {"Statement": deep}, {"Statement": {"Effect": deep}}):
        with pytest.raises(PolicyError):
            evaluate(Principal([document]), GET)


def test_every_memo_table_has_a_bound() -> None:
    memos = [
        memo
        for _, name, _ in pkgutil.walk_packages(access.__path__, "reconciler.access.")
        for memo in vars(importlib.import_module(name)).values()
        if hasattr(memo, "cache_parameters") and memo.__module__.startswith("reconciler.access.")
    ]
    assert memos
    assert all(memo.cache_parameters()["maxsize"] for memo in memos)


def test_many_stars_take_no_more_than_the_product_of_pattern_and_text() -> None:
    pattern = f"arn:aws:s3:::{'*a' * 500}b"
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": pattern}}
    assert not evaluate(Principal([document]), Request("s3:GetObject", f"arn:aws:s3:::{'a' * 2000}")).allowed
