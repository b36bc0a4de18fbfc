"""What calls make of a resource: the effects that users, groups, roles and policies share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.kinds._holder import same_document
from reconciler.policydoc import decode

__all__ = ["Put", "boundary_effects", "created", "having", "holder_effects", "lacking", "tag_effects", "with_value"]

Put: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
"""From a resource and a call's parameters to the resource after the call."""


def holder_effects(noun: str) -> dict[str, Put]:
    """Return what the calls on the policies of a ``User``, ``Group`` or ``Role`` make of it."""

    def put(holder: Any, params: Mapping[str, Any]) -> Any:
        name, body = params["PolicyName"], decode(params["PolicyDocument"])
        spelled = next((key for key in holder.inline_policies if key.lower() == name.lower()), name)
        known = holder.inline_policies.get(spelled)
        return holder if known is not None and same_document(known, body) else added(holder, spelled, body)

    def added(holder: Any, name: str, body: Any) -> Any:
        return dataclasses.replace(holder, inline_policies={**holder.inline_policies, name: body})

    return {
        f"Attach{noun}Policy": lambda holder, params: having(holder, "policies", params["PolicyArn"], None),
        f"Detach{noun}Policy": lambda holder, params: lacking(holder, "policies", [params["PolicyArn"]]),
        f"Put{noun}Policy": put,
        f"Delete{noun}Policy": lambda holder, params: lacking(holder, "inline_policies", [params["PolicyName"]]),
    }


def boundary_effects(noun: str) -> dict[str, Put]:
    """Return what the calls on the permissions boundary of a ``User`` or ``Role`` make of it."""
    return {
        f"Put{noun}PermissionsBoundary": lambda holder, params: with_value(
            holder, "permissions_boundary", params["PermissionsBoundary"]
        ),
        f"Delete{noun}PermissionsBoundary": lambda holder, _: with_value(holder, "permissions_boundary", None),
    }


def tag_effects(noun: str) -> dict[str, Put]:
    """Return what the calls on the tags of a ``User``, ``Role`` or ``Policy`` make of it."""

    def tag(holder: Any, params: Mapping[str, Any]) -> Any:
        for item in params["Tags"]:
            holder = having(holder, "tags", item["Key"], item["Value"])
        return holder

    return {f"Tag{noun}": tag, f"Untag{noun}": lambda holder, params: lacking(holder, "tags", params["TagKeys"])}


def having(holder: Any, field: str, key: str, value: Any) -> Any:
    """Return the holder with the item, or the very same one if it has it already."""
    items = getattr(holder, field)
    return holder if key in items and items[key] == value else with_value(holder, field, {**items, key: value})


def lacking(holder: Any, field: str, keys: Sequence[str]) -> Any:
    """Return the holder without the items, or the very same one if it has none of them."""
    items = getattr(holder, field)
    gone = items.keys() & set(keys)
    return with_value(holder, field, {k: v for k, v in items.items() if k not in gone}) if gone else holder


def with_value(holder: Any, field: str, value: Any) -> Any:
    """Return the holder with the field's new value, or the very same one if that is its value already."""
    return holder if getattr(holder, field) == value else dataclasses.replace(holder, **{field: value})


def created(made: Any, live: Any, fields: Sequence[str]) -> Any:
    """Return what a creating call leaves: ``live`` itself, if it is there and as the call would make it in ``fields``.

    Items that the call sets must be there; others may be, for they may have come since.
    """
    if live is None or not all(_as_made(getattr(made, field), getattr(live, field)) for field in fields):
        return made
    return live


def _as_made(made: Any, live: Any) -> bool:
    if not isinstance(made, Mapping):
        return bool(made == live)
    if "Statement" in made:
        return same_document(made, live)
    return all(live.get(key) == value for key, value in made.items())
