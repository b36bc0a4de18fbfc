"""Actions of IAM as people and programs look them up: in a line each, in detail, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.catalogue.actions import ActionCatalogue
from reconciler.report.lines import counted

__all__ = ["actions_json", "details", "listing", "services_json", "services_text"]

_NAMED = 3
"""How many resource types a line names."""


def services_text(services: Mapping[str, int]) -> str:
    """Return a line for each service: its prefix, and how many actions it has."""
    return _text(_columns([(service, counted(count, "action")) for service, count in services.items()]))


def listing(catalogue: ActionCatalogue, indexes: Sequence[int]) -> str:
    """Return a line for each action: name, access level, resource types (``*``: no resource in particular)."""
    rows = [(catalogue.names[index], catalogue.access_level(index), _types(catalogue, index)) for index in indexes]
    return _text(_columns(rows))


def details(catalogue: ActionCatalogue, indexes: Sequence[int]) -> str:
    """Return all that is known of each action: level, resource types with ARN formats, condition keys with types."""
    return _text("\n".join(_detail(catalogue, index)) + "\n" for index in indexes).removesuffix("\n")


def services_json(catalogue: ActionCatalogue, services: Mapping[str, int]) -> str:
    """Return the services as JSON in ASCII, ended by a newline."""
    rows = [{"service": service, "actions": count} for service, count in services.items()]
    return _json({"catalogue": _header(catalogue), "services": rows})


def actions_json(catalogue: ActionCatalogue, indexes: Sequence[int]) -> str:
    """Return all that is known of the actions as JSON in ASCII, ended by a newline."""
    return _json({"catalogue": _header(catalogue), "actions": [_action(catalogue, index) for index in indexes]})


def _action(catalogue: ActionCatalogue, index: int) -> dict[str, object]:
    return {
        "name": catalogue.names[index],
        "access_level": catalogue.access_level(index),
        "resource_types": [
            {"name": one.name, "arn_formats": list(one.arn_formats)} for one in catalogue.resource_types(index)
        ],
        "condition_keys": [{"key": key, "type": catalogue.key_type(key)} for key in catalogue.condition_keys(index)],
    }


def _header(catalogue: ActionCatalogue) -> dict[str, object]:
    return {"date": catalogue.date, "source": catalogue.source, "actions": len(catalogue.names)}


def _json(body: Mapping[str, object]) -> str:
    return json.dumps({"format_version": 1, **body}, indent=2) + "\n"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _columns(rows: Sequence[Sequence[str]], indent: str = "") -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield (indent + "  ".join(padded)).rstrip()


def _types(catalogue: ActionCatalogue, index: int) -> str:
    names = [one.name for one in catalogue.resource_types(index)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (", ".join(names[:_NAMED]) or "*") + more


def _detail(catalogue: ActionCatalogue, index: int) -> Iterator[str]:
    yield f"{catalogue.names[index]}  {catalogue.access_level(index)}"
    arns = [(one.name, arn) for one in catalogue.resource_types(index) for arn in one.arn_formats]
    if arns:
        yield "  Resource, or *:"
        yield from _columns(arns, "    ")
    else:
        yield "  Resource: only *"
    keys = catalogue.condition_keys(index)
    if keys:
        yield "  Condition keys, beside the global ones:"
        yield from _columns([(key, catalogue.key_type(key) or "") for key in keys], "    ")
