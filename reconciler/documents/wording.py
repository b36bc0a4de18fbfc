"""What a JSON Schema says against a document, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.model import Path

__all__ = ["Objection", "objections"]

_TITLED = 5
"""How many choices a schema's title names at most."""


class Objection(NamedTuple):
    """One thing that a schema says against a node."""

    path: Path
    what: str
    remedy: str


class _Error(NamedTuple):
    """One of jsonschema's errors, without what its types leave open."""

    path: Path
    trail: tuple[str | int, ...]
    """The keywords that led to the one that failed."""
    keyword: str
    value: Any
    """The keyword's value."""
    instance: Any
    schema: Mapping[str, Any]
    message: str


def objections(schema: str, data: Any) -> list[Objection]:
    """Return everything that the schema in the file ``schema`` says against ``data``, each thing once."""
    from reconciler.documents.schemas import validator  # noqa: PLC0415  jsonschema's import takes 50 ms

    checker = validator(schema)
    root: Any = checker.schema
    found: dict[Objection, None] = {}
    for error in checker.iter_errors(data):
        plain = _Error(
            tuple(error.absolute_path),
            tuple(error.absolute_schema_path),
            str(error.validator),
            error.validator_value,
            error.instance,
            dict(error.schema) if isinstance(error.schema, Mapping) else {},
            error.message,
        )
        found.update(dict.fromkeys(_worded(plain, root)))
    return list(found)


def _worded(error: _Error, schema: Mapping[str, Any]) -> Iterator[Objection]:
    if error.keyword == "additionalProperties":
        yield from _unknown_keys(error, schema)
    elif error.keyword == "required":
        # jsonschema makes one error per missing key, and tells which only in its message.
        missing = next(key for key in error.value if f"'{key}'" in error.message)
        known = error.schema.get("properties") or schema["properties"]
        if missing not in _misspelt(error.instance, known):
            yield Objection(error.path, f"`{missing}` is missing", _hint(missing, known[missing], error))
    elif error.keyword == "oneOf":
        choices = [choice["required"][0] for choice in error.value]
        yield from _one_of(error.path, error.instance, choices, schema["properties"])
    elif "propertyNames" in error.trail:
        name = error.instance
        yield Objection((*error.path, name), f"the key {quoted(name)} must be {_wanted(error)}", "rename it")
    else:
        yield _value(error)


def _unknown_keys(error: _Error, schema: Mapping[str, Any]) -> Iterator[Objection]:
    properties: Mapping[str, Any] = error.schema["properties"]
    for key in error.instance:
        if key in properties:
            continue
        if "then" in error.trail:
            if key in schema["properties"]:
                what = f"`{key}` says nothing beside `state: {error.instance['state']}`"
                remedy = f"remove it: only {listed(list(properties))} may stand here"
                yield Objection((*error.path, key), what, remedy)
            continue
        meant = did_you_mean(key, properties)
        remedy = f"did you mean `{meant}`?" if meant else f"the keys here are {listed(list(properties))}"
        yield Objection((*error.path, key), f"unknown key {quoted(key)}", remedy)


def _misspelt(instance: Mapping[str, Any], properties: Mapping[str, Any]) -> set[str | None]:
    """Return the keys that the unknown keys of a mapping were probably meant to be."""
    return {did_you_mean(key, properties) for key in instance if key not in properties}


def _one_of(
    path: Path, instance: Mapping[str, Any], choices: Sequence[str], properties: Mapping[str, Any]
) -> Iterator[Objection]:
    given = [key for key in choices if key in instance]
    names = [f"`{key}`" for key in choices]
    if given:
        yield Objection((*path, given[1]), f"{listed(names)} both stand here", "keep one of them")
    elif instance.get("state", "present") == "present" and not _misspelt(instance, properties) & set(choices):
        yield Objection(path, f"{listed(names, 'or')} is missing", "add one of them")


def _hint(key: str, part: Mapping[str, Any], error: _Error) -> str:
    if "then" in error.trail:
        return f"`state: {error.instance.get('state')}` needs it: say why"
    return f"add `{key}:` with {part['title']}"


def _value(error: _Error) -> Objection:
    path = error.path
    key = next((part for part in reversed(path) if isinstance(part, str)), None)
    subject = "this document" if key is None else f"`{key}`"
    if path and isinstance(path[-1], int):
        subject = f"an item of {subject}"
    return Objection(path, f"{subject} must be {_wanted(error)}, not {_found(error)}", _way_out(error))


def _way_out(error: _Error) -> str:
    value, wanted = error.instance, error.value
    if error.keyword in ("enum", "const") and isinstance(value, str):
        choices = [str(item) for item in (wanted if error.keyword == "enum" else [wanted])]
        meant = did_you_mean(value, choices)
        # A short list stands in the title.
        rest = f"write {listed(choices, 'or')}" if len(choices) > _TITLED else ""
        return f"did you mean {meant}?" if meant else rest
    if value is None:
        return "write a value, or remove the key"
    if error.keyword == "type" and "array" in wanted and isinstance(value, str) and value:
        return f"write it as a list: [{quoted(value)[1:-1]}]"
    return ""


def _wanted(error: _Error) -> str:
    title: str = error.schema["title"]
    if error.keyword == "minItems":
        return f"{title} with at least one item"
    return title


def _found(error: _Error) -> str:
    value = error.instance
    if error.keyword == "maxLength":
        return f"one of {len(value):,} characters"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if value is None:
        return "null"
    return quoted(str(value)) if value != "" else "an empty text"
