"""Policies in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.policydoc.normal import Slot, Statement, normalise

__all__ = ["describe", "label", "sentence", "shown", "slot_name"]

_SHORT = 3
_FEW = 4


def describe(doc: Mapping[str, Any] | str) -> tuple[str, ...]:
    """Return one line per statement: ``Allow execute-api:Invoke on arn:… (Sid InvokeOrders)``.

    Lists of more than four are cut to three and the number of those left out.

    Raises:
        PolicyError: ``doc`` is no policy.
    """
    lines = []
    for statement in normalise(doc).statements:
        name = f" (Sid {shown(statement.sid)})" if statement.sid else ""
        lines.append(f"{sentence(statement, whole=False)}{name}")
    return tuple(lines)


def label(statement: Statement) -> str:
    """Return what people call a statement: its Sid, or else its number."""
    return f"statement {shown(statement.sid)}" if statement.sid else f"statement {statement.number} (no Sid)"


def sentence(statement: Statement, *, whole: bool) -> str:
    """Return what a statement says; ``whole`` lists everything."""

    def values(slot: Slot) -> str:
        return _join(statement.slots[slot].values(), whole=whole)

    parts = [statement.effect]
    for element, before in (
        ("Action", ""),
        ("NotAction", "all but "),
        ("Resource", "on "),
        ("NotResource", "on all but "),
    ):
        if (element,) in statement.slots:
            parts.append(f"{before}{values((element,))}")
    for element, before in (("Principal", "to"), ("NotPrincipal", "to all but")):
        named = [slot for slot in statement.slots if slot[0] == element]
        who = [" ".join(filter(None, (*slot[1:], values(slot)))) for slot in named]
        if who:
            parts.append(f"{before} {' and '.join(who)}")
    asked = [f"{slot_name(slot, statement)} = {values(slot)}" for slot in statement.slots if slot[0] == "Condition"]
    if asked:
        parts.append(f"when {' and '.join(asked)}")
    return " ".join(parts)


def slot_name(slot: Slot, statement: Statement) -> str:
    """Return what people call one of a statement's lists: ``Action``, ``Principal AWS``, ``StringEquals aws:x``."""
    if slot[0] == "Condition":
        return f"{shown(slot[1])} {shown(statement.key_names[slot])}"
    return " ".join(filter(None, slot))


def shown(text: str) -> str:
    """Return a text of a policy as it can stand within a line: quoted if it would break or blur the line."""
    if not text.isprintable():
        return json.dumps(text)
    return text if text and text == text.strip() and ", " not in text else f'"{text}"'


def _join(values: Iterable[str], *, whole: bool) -> str:
    texts = [shown(text) for text in values]
    if not texts:
        return "nothing"
    if whole or len(texts) <= _FEW:
        return ", ".join(texts)
    return f"{', '.join(texts[:_SHORT])} and {len(texts) - _SHORT} more"
