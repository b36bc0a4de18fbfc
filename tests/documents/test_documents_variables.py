from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.tree import Positions, Spot, Tree
from reconciler.documents.variables import Definition, Filled, Scope, fill, resolve
from reconciler.documents.yamltext import read_yaml
from reconciler.errors import Fault

HERE = Spot("settings.yaml", 1, 1)


def scope(**definitions: Any) -> Scope:
    found, faults = resolved(**definitions)
    assert faults == ()
    return found


def resolved(*, region: str | None = "eu-west-1", **definitions: Any) -> tuple[Scope, tuple[Fault, ...]]:
    built_in = {"account_id": "012345670123", "partition": "aws", "region": region}
    bare = Scope(elsewhere=frozenset(definitions))
    return resolve({name: Definition(value, HERE) for name, value in definitions.items()}, built_in, bare)


def filled(text: str, **definitions: Any) -> Filled:
    return fill(read_yaml(text, "f.yaml").trees[0], scope(**definitions))


def test_a_variable_stands_for_its_text_anywhere_in_a_text() -> None:
    found = filled('a: "arn:{{partition}}:iam::{{ account_id }}:{{  x}}/{{ x  }}"', x="y")

    assert found.tree.data == {"a": "arn:aws:iam::012345670123:y/y"}


def test_a_text_that_is_nothing_else_takes_the_variables_own_value() -> None:
    found = filled('{a: "{{ l }}", b: "{{ m }}", c: "{{ n }}", d: ["{{ m }}"]}', l=["x"], m={"y": "z"}, n=None)

    assert found.tree.data == {"a": ["x"], "b": {"y": "z"}, "c": None, "d": [{"y": "z"}]}


def test_a_list_splices_into_the_list_it_stands_in() -> None:
    found = filled('a: [x, "{{ l }}", y, "{{ e }}", [p, "{{ l }}"]]\nb: z', l=["1", "2"], e=[])

    assert found.tree.data["a"] == ["x", "1", "2", "y", ["p", "1", "2"]]


def test_spliced_items_stand_where_their_variable_stands_and_the_others_where_they_stood() -> None:
    positions = Positions(filled('a: [x, "{{ l }}", y]\n', l=["1", "2"]).tree.spot)

    assert [positions["a", index].column for index in range(4)] == [5, 8, 8, 19]


def test_four_braces_are_two() -> None:
    assert filled('a: "{{{{ x }} {{ x }} }}{"', x="y").tree.data == {"a": "{{ x }} y }}{"}


def test_iams_own_variables_pass() -> None:
    assert filled("a: ${aws:username}-{{ x }}-${x}", x="y").tree.data == {"a": "${aws:username}-y-${x}"}


def test_keys_take_variables_below_the_first_level() -> None:
    assert filled('"{{ x }}": {"a-{{ x }}": b}', x="y").tree.data == {"{{ x }}": {"a-y": "b"}}


def test_variables_use_each_other_in_any_order() -> None:
    assert scope(a="{{ b }}!", b="{{ c }}?", c="x", d=["{{ a }}", "{{ e }}"], e=["{{ b }}"]).values["d"] == [
        "x?!",
        "x?",
    ]


def test_a_region_of_the_settings_wins_over_the_callers() -> None:
    assert scope(region="eu-north-1").values["region"] == "eu-north-1"
    assert scope().values["region"] == "eu-west-1"


def test_a_missing_region_matters_only_where_it_is_used() -> None:
    found, faults = resolved(region=None, x="{{ partition }}")

    assert faults == ()
    assert found.values["x"] == "aws"


def test_a_cycle_is_named_from_its_first_name_on_and_what_uses_it_is_spared() -> None:
    found, faults = resolved(c="{{ a }}", b="{{ c }}", a="x{{ b }}", z="{{ b }}", y="{{ y }}")

    assert [fault.what for fault in faults] == [
        "reference cycle: the variable a uses b uses c uses a",
        "reference cycle: the variable y uses y",
    ]
    assert found.spoiled == {"a", "b", "c", "y", "z"}


@pytest.mark.parametrize(
    "definitions",
    [
        {"v0": "x" * 10} | {f"v{n}": f"{{{{ v{n - 1} }}}}" * 2 for n in range(1, 60)},
        {"v0": ["x", "x"]} | {f"v{n}": [f"{{{{ v{n - 1} }}}}"] * 2 for n in range(1, 60)},
        {"v0": ["x"]} | {f"v{n}": [[f"{{{{ v{n - 1} }}}}"]] for n in range(1, 2000)},
    ],
    ids=["texts", "lists", "depth"],
)
def test_variables_that_grow_without_measure_are_refused_once(definitions: dict[str, Any]) -> None:
    _, faults = resolved(**definitions)

    assert len(faults) == 1


def test_a_document_that_grows_without_measure_is_refused_once() -> None:
    found = filled("a: [" + ", ".join(['"{{ x }}{{ x }}"'] * 1000) + "]", x="y" * 90_000)

    assert len(found.faults) == 1
    assert "1,000,000 characters" in found.faults[0].what


@given(st.text())
def test_a_text_with_its_braces_doubled_comes_out_as_it_was(text: str) -> None:
    escaped = text.replace("{{", "{{{{")

    found = fill(Tree({"a": [escaped]}, HERE, templated=True), scope())

    assert found.tree.data == {"a": [text]}
    assert found.faults == ()


@given(st.text("{} xy_1") | st.text())
def test_no_text_breaks_the_filling(text: str) -> None:
    found = fill(Tree({"a": {text: [text]}}, HERE, templated=True), scope(x="1", y=["2"]))

    assert bool(found.faults) == bool(found.spoiled)
