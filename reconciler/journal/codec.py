"""Resources as JSON and back, exactly: blind to kinds, through the fields of their dataclasses.

JSON's own values stand for themselves. Everything else is an object with one key that begins with ``$`` and names what
it is; a mapping that has such keys of its own is written as a list of pairs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Observed

__all__ = ["decode", "decode_observed", "encode", "encode_observed"]


def encode(value: Any) -> Any:
    """Return the value as JSON values from which ``decode`` makes an equal one.

    Raises:
        TypeError: the value, or a part of it, is of a type that no resource holds.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {"$map": [[encode(key), encode(item)] for key, item in value.items()]}
    return _tagged(value)


def _tagged(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, frozenset):
        return {"$set": [encode(item) for item in sorted(value)]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {f"${type(value).__name__}": fields}
    raise TypeError(f"{type(value).__name__} is no part of a resource")


_TAGS: Mapping[str, Callable[[str, Any], Any]] = {
    "$datetime": lambda _kind, text: _time(dt.datetime, text),
    "$date": lambda _kind, text: _time(dt.date, text),
    "$tuple": lambda kind, items: tuple(decode(kind, item) for item in items),
    "$set": lambda kind, items: frozenset(decode(kind, item) for item in items),
    "$map": lambda kind, pairs: {decode(kind, key): decode(kind, item) for key, item in pairs},
}


def _time(form: type[dt.date], text: str) -> dt.date:
    try:
        return form.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time") from error


def decode(kind: str, data: Any) -> Any:
    """Return what ``encode`` was given, a resource of the kind of that name or a part of one.

    A field that the text lacks, as one written by an older version may, has its default.

    Raises:
        ValueError: the text names a kind, a class or a field that there is none of.
    """
    if isinstance(data, list):
        return [decode(kind, item) for item in data]
    if not isinstance(data, Mapping):
        return data
    tag = next(iter(data), "")
    if not tag.startswith("$"):
        return {key: decode(kind, item) for key, item in data.items()}
    if tag in _TAGS:
        return _TAGS[tag](kind, data[tag])
    made = _classes(kind).get(tag[1:])
    if made is None:
        raise ValueError(f"{tag[1:]!r} is no part of a {kind}")
    known = {field.name for field in dataclasses.fields(made)}
    if not data[tag].keys() <= known:
        raise ValueError(f"a {kind} has no field {min(data[tag].keys() - known)!r}")
    return made(**{name: decode(kind, item) for name, item in data[tag].items()})


@cache
def _classes(kind: str) -> Mapping[str, Any]:
    """Return the dataclasses of a kind's file by their names."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of resource")
    module = sys.modules[KINDS[kind].read.__module__]
    found = (value for value in vars(module).values() if isinstance(value, type) and dataclasses.is_dataclass(value))
    return {value.__name__: value for value in found if value.__module__ == module.__name__}


def encode_observed(observed: Observed[Any] | None) -> Any:
    """Return a live object as JSON values; None, an object that is not there, is null."""
    if observed is None:
        return None
    return {
        "address": str(observed.address),
        "arn": observed.arn,
        "unread": sorted(observed.unread),
        "resource": encode(observed.resource),
    }


def decode_observed(data: Any) -> Observed[Any] | None:
    """Return the live object that ``encode_observed`` was given.

    Raises:
        ValueError: the text is not of its making.
    """
    if data is None:
        return None
    try:
        kind, _, name = data["address"].partition("/")
        resource = decode(kind, data["resource"])
        return Observed(Address(kind, name), resource, data["arn"], frozenset(data["unread"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it holds what is no image of an object") from error
