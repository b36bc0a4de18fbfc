"""``adopt: true`` put into the text of a document, and nothing else of it changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

import yaml

from reconciler.documents.defaults import ADOPT
from reconciler.documents.yamltext import read_yaml
from reconciler.model import Origin

__all__ = ["adopt_key", "with_adopt"]

_LINE: Final = f"{ADOPT}: true"
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


def adopt_key(text: str, name: Origin) -> Origin | None:
    """Return where ``adopt`` stands in the document of ``text`` whose ``name`` stands at that place, or None."""
    for tree in read_yaml(text, name.file).trees:
        if isinstance(tree.data, dict) and "name" in tree.data and tree.at(("name",)) == name and ADOPT in tree.data:
            return tree.at((ADOPT,))
    return None


def with_adopt(text: str, names: Collection[Origin]) -> str:
    """Return the text with ``adopt: true`` in each document whose ``name`` stands at one of these places.

    It follows the name: on a line of its own, or within the braces of a document that has some. Everything else stays
    as it is, comments and ends of lines included.
    """
    places = {(name.line, name.column) for name in names}
    added: list[tuple[int, str]] = []
    flows: list[bool] = []
    key: Any = None
    events: Iterable[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for event in events:
        if key is not None:
            added.append(_addition(text, key, event, flow=flows[-1]))
            key = None
        elif isinstance(event, yaml.MappingStartEvent):
            flows.append(bool(event.flow_style))
        elif isinstance(event, yaml.MappingEndEvent):
            flows.pop()
        elif isinstance(event, yaml.ScalarEvent) and _place(event) in places:
            key = event
    for at, more in reversed(added):
        text = text[:at] + more + text[at:]
    return text


def _place(event: Any) -> tuple[int, int]:
    """Return the line and the column, from 1, at which an event begins."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _addition(text: str, key: Any, value: Any, *, flow: bool) -> tuple[int, str]:
    """Return what to add behind a value, and at which offset."""
    end = len(text[: value.end_mark.index].rstrip())
    if flow:
        return end, f", {_LINE}"
    line_end = _BREAK.search(text, end)
    usual = line_end or _BREAK.search(text)
    newline = usual.group() if usual is not None else "\n"
    indent = " " * key.start_mark.column
    return line_end.start() if line_end is not None else len(text), f"{newline}{indent}{_LINE}"
