"""The JSON Schemas of the documents, made fit for values that are texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

__all__ = ["objection", "schema", "validator"]

_COMMON = "common.schema.json"
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
_NOTES = frozenset({"$ref", "$schema", "$defs", "description", "examples"})
_PARTS = frozenset({"items", "additionalProperties", "propertyNames", "if", "then", "else"})
_LISTS = frozenset({"oneOf"})


@cache
def schema(name: str) -> Mapping[str, Any]:
    """Return the schema in the file ``name`` with every ``$ref`` replaced by what it refers to.

    Checking follows no references then: that is three quarters of its time.
    """
    folder = _folder()
    texts = {file: json.loads(folder.joinpath(file).read_text("utf-8")) for file in {name, _COMMON}}
    known = [(file, DRAFT202012.create_resource(text)) for file, text in texts.items()]
    registry: Registry[Any] = Registry().with_resources(known)
    resolved: Mapping[str, Any] = _inline(texts[name], registry.resolver(base_uri=name))
    return resolved


@cache
def validator(name: str) -> Validator:
    """Return the validator for the schema in the file ``name``."""
    made: Validator = _validator_class()(schema(name))
    return made


def objection(name: str, value: Any) -> str | None:
    """Return what the schema in the file ``name`` holds against a JSON value, types taken as JSON has them, or None.

    The first of all objections by their places; the value itself, which may be long, is not shown.
    """
    found = sorted(_plain_validator(name).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    if not found:
        return None
    place = "/".join(map(str, found[0].absolute_path))
    return f"{place or 'the whole'} does not fit {name} ({found[0].validator})"


@cache
def _plain_validator(name: str) -> Validator:
    return Draft202012Validator(json.loads(_folder().joinpath(name).read_text("utf-8")))


def _folder() -> Traversable:
    """Return the folder of the schemas: a wheel has it inside the package, a source tree beside it."""
    inside = resources.files("reconciler").joinpath("schemas")
    return inside if inside.is_dir() else Path(__file__).parents[2] / "schemas"


def _inline(node: Any, resolver: Any) -> Any:
    """Return the schema ``node`` without references, notes for people, and parts that hold nothing against a value."""
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    if "$ref" in node:
        target = resolver.lookup(node["$ref"])
        found.update(_inline(target.contents, target.resolver))
    for key, value in node.items():
        if key == "properties":
            found[key] = {name: _part(part, resolver) for name, part in value.items()}
        elif key in _PARTS:
            found[key] = _part(value, resolver)
        elif key in _LISTS:
            found[key] = [_inline(part, resolver) for part in value]
        elif key not in _NOTES:
            found[key] = value
    if "additionalProperties" not in found and all(part is True for part in found.get("properties", {}).values()):
        found.pop("properties", None)
    if found.get("items") is True:
        del found["items"]
    return found


def _part(node: Any, resolver: Any) -> Any:
    found = _inline(node, resolver)
    return True if found == {} else found


@cache
def _validator_class() -> Any:
    """Return Draft 2020-12 over texts: a text that reads as a number or a truth value is one as well."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: _is_number(value, _INTEGER, int),
            "number": lambda _, value: _is_number(value, _NUMBER, (int, float)),
            "boolean": lambda _, value: isinstance(value, bool) or (isinstance(value, str) and value in _BOOLEANS),
        }
    )
    keywords = {"pattern": _pattern, "const": _const, "enum": _enum, "minimum": _minimum, "maximum": _maximum}
    make: Callable[..., Any] = extend
    return make(Draft202012Validator, keywords, type_checker=checker)


def _is_number(value: Any, text: re.Pattern[str], types: type | tuple[type, ...]) -> bool:
    if isinstance(value, str):
        return text.fullmatch(value) is not None
    return isinstance(value, types) and not isinstance(value, bool)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # In Python `$` also matches before a line feed at the end.
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern, re.ASCII)


def _pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compiled(wanted).search(value):
        yield ValidationError("pattern")


def _const(_: Any, wanted: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if not _equal(wanted, value):
        yield ValidationError("const")


def _enum(_: Any, wanted: list[Any], value: Any, __: Any) -> Iterator[ValidationError]:
    if not any(_equal(item, value) for item in wanted):
        yield ValidationError("enum")


def _equal(wanted: Any, value: Any) -> bool:
    return bool(
        wanted == value or (not isinstance(wanted, str) and isinstance(value, str) and json.dumps(wanted) == value)
    )


def _minimum(_: Any, wanted: float, value: Any, __: Any) -> Iterator[ValidationError]:
    if (number := _number(value)) is not None and number < wanted:
        yield ValidationError("minimum")


def _maximum(_: Any, wanted: float, value: Any, __: Any) -> Iterator[ValidationError]:
    if (number := _number(value)) is not None and number > wanted:
        yield ValidationError("maximum")


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
