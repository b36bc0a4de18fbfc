from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.documents import load
from reconciler.documents.schemas import validator
from reconciler.documents.wording import objections
from reconciler.documents.yamltext import read_yaml
from reconciler.kinds import KINDS

FOLDER = Path(__file__).parents[2] / "schemas"
FILES = sorted(path.name for path in FOLDER.glob("*.schema.json"))
DOCUMENTS = [name for name in FILES if name not in {"common.schema.json", "plan.schema.json"}]
ENVELOPE = {"kind", "name", "accounts", "state", "reason", "replace", "renamed_from", "adopt", "manage"}


def raw(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def properties(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every property of a schema that people may write, with its schema."""
    if isinstance(node, list):
        for item in node:
            yield from properties(item, path)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "properties":
            for name, part in value.items():
                if part is not True:
                    yield f"{path}.{name}", part
                yield from properties(part, f"{path}.{name}")
        elif key not in {"if", "examples"}:
            yield from properties(value, path)


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(raw(name))


@pytest.mark.parametrize("name", FILES)
def test_every_property_says_what_it_is_for(name: str) -> None:
    found = dict(properties(raw(name)))

    silent = [path for path, part in found.items() if "const" not in part and "description" not in part]
    assert [path for path in silent if path != ".state"] == []


@pytest.mark.parametrize("name", [*DOCUMENTS, "plan.schema.json"])
def test_every_mapping_of_fixed_keys_is_closed(name: str) -> None:
    def closed(node: Any) -> bool:
        if isinstance(node, list):
            return all(closed(item) for item in node)
        if not isinstance(node, dict):
            return True
        fixed = "properties" in node and "type" in node
        return (not fixed or node.get("additionalProperties") is False) and all(closed(part) for part in node.values())

    schema = {key: value for key, value in raw(name).items() if key not in {"if", "then", "else", "examples"}}
    assert closed(schema)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_examples_of_a_schema_fit_it(name: str) -> None:
    schema = raw(name)

    assert schema["examples"]
    for example in schema["examples"]:
        tree = read_yaml(json.dumps(example), name).trees[0]
        assert objections(name, tree.data) == []
        assert objections(name, example) == [], "an editor sees numbers and truth values"


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.removesuffix(".schema.json") in KINDS])
def test_the_examples_of_a_kind_parse(name: str, tmp_path: Path) -> None:
    settings = raw("reconciler.schema.json")["examples"][0]
    others = [{"kind": "user", "name": "alice"}, {"kind": "group", "name": "api-callers"}]
    for number, example in enumerate(raw(name)["examples"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        rest = [other for other in others if other["name"] != example["name"]]
        for index, document in enumerate([settings, example, *rest]):
            (folder / f"{index}.yaml").write_text(json.dumps(document), "utf-8")
        load(folder).check(dt.date(2026, 6, 1))


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kinds_schema_knows_its_fields_and_no_others(kind: Any) -> None:
    known = set(raw(kind.schema)["properties"])
    fields = {facet.field for facet in kind.facets} | {facet.key for facet in kind.facets if facet.key}

    assert fields <= known
    assert known - fields - ENVELOPE <= {"document_file", "service"}
    assert ("renamed_from" in known) == (kind.rename is not None)
    assert set(raw(kind.schema)["properties"]["manage"]["properties"]) <= fields


@pytest.mark.parametrize(
    ("kind", "field", "good", "bad"),
    [
        ("role", "max_session_duration", ["3600", "43200", 3600], ["3599", "43201", "3600.0", "1h", "", True, 60]),
        ("role", "replace", ["true", "False", "TRUE", True], ["yes", "on", "1", "", None]),
        ("user", "path", ["/", "/a/", "/a//b/", "/~!/"], ["", "a", "/a", "a/", "/a b/", "/é/", "/a/\n"]),
        ("policy", "path", ["/", "/a/", "/a/b_c/"], ["", "a", "/a", "//", "/a//b/", "/~/"]),
        (
            "user",
            "name",
            ["a", "123", "a+b=c,d.e@f_g-h", "a" * 64],
            ["", "a b", "é", "a\n", "a/b", "a" * 65, None, ["a"]],
        ),
        ("group", "name", ["a" * 128], ["a" * 129]),
        ("user", "tags", [{}, None, {"a": "b", "c": None}, {"a": 1, "b": True}], [[], "a", {"a": []}, {"a": {}}]),
        ("user", "permissions_boundary", [None, "x", "arn:aws:iam::aws:policy/x"], ["", [], {}]),
        ("user", "policies", [None, [], ["a", {"policy": "a"}]], ["a", {}, [None], [{}], [{"policy": None}]]),
        ("role", "description", [None, "", "tabs\tand\nlines é", "x" * 1000], ["“", "x" * 1001, "\x7f", "\x07", []]),
    ],
)
def test_a_field_takes_what_iam_takes(kind: str, field: str, good: list[Any], bad: list[Any]) -> None:
    rest: dict[str, Any] = {"role": {"service": "lambda"}, "policy": {"document": {}}}
    base = {"kind": kind, "name": "x", **rest.get(kind, {})}

    for value in good:
        assert objections(f"{kind}.schema.json", {**base, field: value}) == [], value
    for value in bad:
        assert objections(f"{kind}.schema.json", {**base, field: value}), value


@pytest.mark.parametrize("name", DOCUMENTS)
def test_checking_follows_no_references(name: str) -> None:
    assert "$ref" not in json.dumps(validator(name).schema)


def test_the_schemas_are_found_beside_the_package_in_a_source_tree() -> None:
    inside = resources.files("reconciler").joinpath("schemas")

    assert inside.is_dir() or FOLDER.joinpath("user.schema.json").is_file()
    assert validator("user.schema.json") is validator("user.schema.json")
