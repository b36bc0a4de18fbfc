from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.jsontext import read_json
from reconciler.documents.tree import Positions
from reconciler.documents.yamltext import read_yaml
from reconciler.errors import InputError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.printable + "é€😀", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab:{}[]\\"é ', max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_a_value_comes_back_with_its_own_types(value: Any, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001  drawn
    assert read_json(json.dumps(value, indent=indent, ensure_ascii=ascii_only), "f.json").data == value


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_nodes_stand_where_a_yaml_reader_sees_them(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)

    found = Positions(read_json(text, "f").spot)

    assert dict(found) == dict(Positions(read_yaml(text, "f").trees[0].spot))


def test_tabs_and_windows_line_ends_count_as_an_editor_counts_them() -> None:
    positions = Positions(read_json('{\r\n\t"a" : [1,\r\n\t\t{"b":null}]}', "f").spot)

    assert [str(positions[path]) for path in [("a",), ("a", 1), ("a", 1, "b")]] == ["f:2:2", "f:3:3", "f:3:4"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "1:1"),
        ("{", "1:2"),
        ("[" * 100_000, "1:101"),
        ('{"a": 1} x', "1:10"),
        ('{"a": [1,\n -Infinity]}', "2:2"),
        ('{"a": ' + "1" * 5000 + "}", "1:7"),
        ('{"\\udc00": 1}', "1:2"),
        ('{"a": {"b": 1,\n"b": 2}}', "2:1"),
        ("{'a': 1}", "1:2"),
    ],
)
def test_what_is_no_json_is_refused_where_it_goes_wrong(text: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        read_json(text, "f")

    assert [fault.place for fault in caught.value.faults] == [f"f:{place}"]


def test_no_fault_quotes_the_content() -> None:
    with pytest.raises(InputError) as caught:
        read_json('{"a": hunter2}', "f")

    assert "hunter2" not in str(caught.value)


@given(st.text('{}[]",:\\ \n1ae') | st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    told = ""
    try:
        read_json(text, "f")
    except InputError as error:
        told = str(error)
    assert "\n" not in told
