from __future__ import annotations

import json
import string
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.syntax import DEEPEST
from reconciler.documents.tree import Positions
from reconciler.documents.yamltext import read_yaml
from reconciler.model import Origin, Path

LOADERS = [pytest.param(getattr(yaml, "CSafeLoader", yaml.SafeLoader), id="libyaml"), yaml.SafeLoader]

SAMPLE = """\
kind: role
name: app
policies:
  - first
  - {policy: second, until: 2027-03-31}
trust: &trust
  Version: 2012-10-17
  Statement:
    - Effect: Allow
      Action: [sts:AssumeRole, "sts:TagSession"]
copy: *trust
---
kind: user
"""


def data_of(text: str) -> Any:
    reading = read_yaml(text, "f.yaml")
    assert reading.faults == ()
    return reading.trees[0].data


@pytest.mark.parametrize(
    "text",
    [
        "2012-10-17", "2012-10-17T00:00:00Z", "123456789012", "012345670123", "012345678901", "001234567890", "1:20",
        "12:30:45", "190:20:30", "3_600", "0x1F", "0777", "+1", "1.10", "1e3", "1.0e+3", "on", "yes", "NO", "TRUE",
        "True", "off", "y", "s3:*", "s3:Get*", "${aws:username}", "arn:aws:s3:::b/${aws:username}/*", ".inf", ".NaN",
        "a#b", "nullable", "=", "arn:{{ partition }}:iam::{{ account_id }}:role/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("loader", LOADERS)
def test_a_plain_text_stays_what_it_is(text: str, loader: Any) -> None:
    reading = read_yaml(f"key: {text}\n{text if ':' not in text else 'other'}: x\n", "f.yaml", loader)

    assert reading.faults == ()
    assert list(reading.trees[0].data.items()) == [("key", text), (text if ":" not in text else "other", "x")]


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_a_plain_null_is_none_and_a_quoted_one_is_text(text: str) -> None:
    assert data_of(f"a: {text}\nb: '{text}'\nc: !!str {text}\n") == {"a": None, "b": text, "c": text}


def test_a_key_is_always_text() -> None:
    assert list(data_of("null: a\n012: b\nyes: c\n~: d\n'': e\n")) == ["null", "012", "yes", "~", ""]


def test_a_comment_ends_a_value_only_after_a_space() -> None:
    assert data_of("a: b #c\nd: e#f\n") == {"a": "b", "d": "e#f"}


def test_aliases_share_a_value_at_every_place() -> None:
    assert data_of("a: &x [1, {b: c}]\nd: *x\ne: [*x, *x]\n")["e"] == [["1", {"b": "c"}]] * 2


@pytest.mark.parametrize("loader", LOADERS)
def test_every_node_knows_its_place(loader: Any) -> None:
    first, second = read_yaml(SAMPLE, "f.yaml", loader).trees
    places: dict[Path, tuple[int, int]] = {
        (): (1, 1),
        ("kind",): (1, 1),
        ("policies",): (3, 1),
        ("policies", 0): (4, 5),
        ("policies", 1): (5, 5),
        ("policies", 1, "policy"): (5, 6),
        ("policies", 1, "until"): (5, 22),
        ("trust", "Statement", 0): (9, 7),
        ("trust", "Statement", 0, "Action"): (10, 7),
        ("trust", "Statement", 0, "Action", 1): (10, 32),
        ("copy",): (11, 1),
        ("copy", "Version"): (7, 3),
    }

    positions = Positions(first.spot)

    assert {path: positions[path] for path in places} == {path: Origin("f.yaml", *at) for path, at in places.items()}
    assert Positions(second.spot)[()] == Origin("f.yaml", 13, 1)
    assert len(positions) == len(set(positions)) > len(places)
    assert ("policies", 2) not in positions
    assert ("policies", "0") not in positions
    assert ("kind", 0) not in positions
    assert first.at(("trust", "Statement", 0, "Nothing", 3)) == Origin("f.yaml", 9, 7)


def test_lines_are_counted_through_broken_documents() -> None:
    reading = read_yaml("a: [\n---\nb: c\n---\nd: @\n---\n\n\ne: f\ne: g\n", "f.yaml")

    assert [tree.data for tree in reading.trees] == [{"b": "c"}, {"e": "f"}]
    assert [tree.at(("e",)).line for tree in reading.trees[1:]] == [9]
    assert [fault.place for fault in reading.faults] == ["f.yaml:2:1", "f.yaml:5:4", "f.yaml:10:1"]


def test_what_a_broken_document_may_declare_is_remembered() -> None:
    reading = read_yaml(
        'kind: user\nname: Alice\npath: *\n---\naccounts: [\n---\n{"kind": "group", "name": "g", @', "f"
    )

    assert reading.lost_names == {"alice", "g"}
    assert reading.lost_settings


def test_a_file_full_of_broken_documents_is_given_up() -> None:
    reading = read_yaml("---\n@\n" * 50, "f.yaml")

    assert len(reading.faults) == 21
    assert "20 documents of this file cannot be parsed" in str(reading.faults[-1])


def bomb(levels: int) -> str:
    lines = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(["l0: &l0 [x, x, x, x, x, x, x, x, x]", *lines])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (bomb(9), "alias bomb"),
        (bomb(2000), "alias bomb"),
        ("a: &a " + "x" * 200_000 + "\nb: [" + "*a, " * 20_000 + "x]", "alias bomb"),
        ("[" * 1_000_000, "nests deeper"),
        ("- " * 200_000, "nests deeper"),
        ("{a: " * 200_000, "nests deeper"),
        ("".join(f"&a{n} [" for n in range(100_000)), "nests deeper"),
    ],
    ids=["small bomb", "large bomb", "text bomb", "lists", "items", "mappings", "anchors"],
)
def test_a_bomb_is_refused_at_once(text: str, says: str) -> None:
    begun = time.process_time()

    reading = read_yaml(text, "f.yaml")

    assert time.process_time() - begun < 1
    assert [says in fault.what for fault in reading.faults] == [True]
    assert reading.trees == ()


def test_honest_aliases_and_depth_are_no_bomb() -> None:
    many = "a: &a {b: [c, d]}\ne:\n" + "  - *a\n" * 2000
    deep = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)

    assert len(data_of(many)["e"]) == 2000
    assert read_yaml(deep, "f.yaml").faults == ()


def test_the_fallback_without_libyaml_reads_the_same() -> None:
    fast, slow = read_yaml(SAMPLE, "f.yaml"), read_yaml(SAMPLE, "f.yaml", yaml.SafeLoader)

    assert fast == slow


VALUES = st.recursive(
    st.none() | st.text(string.printable + "éß€😀", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab:{}é ", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_read_as_it_is_meant(value: Any) -> None:
    reading = read_yaml(json.dumps(value, ensure_ascii=False), "f.yaml")

    assert reading.faults == ()
    assert [tree.data for tree in reading.trees] == [value]


@given(st.text() | st.text("ab:-?[]{},#&*!|>'\"%@` \n\t~<0"))
def test_no_text_breaks_the_loader(text: str) -> None:
    for loader in (None, yaml.SafeLoader):
        reading = read_yaml(text, "f.yaml", loader)
        assert all("\n" not in str(fault) for fault in reading.faults)


@given(st.data())
def test_no_mutation_of_a_document_breaks_the_loader(data: st.DataObject) -> None:
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 5))):
        begin = data.draw(st.integers(0, len(text)))
        end = min(len(text), begin + data.draw(st.integers(0, 6)))
        odd = st.sampled_from(
            ["*", "&a ", "!x ", "{{", "{", "}", "[", "]", '"', "'", "\t", "\n---\n", ": ", "- ", "<<: "]
        )
        text = text[:begin] + data.draw(odd) + text[end:]

    reading = read_yaml(text, "f.yaml")

    assert reading.trees or reading.faults
    for fault in reading.faults:
        line = int(fault.place.split(":")[1])
        assert 1 <= line <= text.count("\n") + 1
