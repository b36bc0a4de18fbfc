"""One difference as lines: values as people read them, never a blob of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model import Difference
from reconciler.report.lines import SIGN_ROLES, Line, Span, printable

__all__ = ["difference_lines", "value_text"]

_INDENT = 4


def value_text(value: Any) -> str | None:
    """Return a value that fits into a line as text, or None where it has an inner structure."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return None if value else "(none)"
    if isinstance(value, list | tuple | set | frozenset):
        texts = [value_text(item) for item in (value if isinstance(value, list | tuple) else sorted(value, key=str))]
        return None if None in texts else ", ".join(text for text in texts if text is not None) or "(none)"
    text = str(value)
    return repr(text) if not text or any(char.isspace() for char in text) else printable(text)


def difference_lines(difference: Difference, indent: int, origin: str = "") -> Iterator[Line]:
    """Yield the difference's line and, below it, what explains it; ``origin`` is shown behind the first."""
    role = SIGN_ROLES[difference.sign]
    lead = f"{' ' * indent}{difference.sign} "
    spans = [Span(lead, role), Span(_told(difference), role)]
    if origin:
        spans.append(Span(f"  {origin}", "quiet"))
    yield Line(tuple(spans), len(lead) + 2)
    yield from explained(difference, indent + _INDENT)


def explained(difference: Difference, indent: int) -> Iterator[Line]:
    """Yield the lines that explain a difference: its own detail, or else its values, key by key."""
    detail = difference.detail
    if not detail and _short(difference) is None:
        detail = (*_flat("-", difference.before), *_flat("+", difference.after))
    for text in detail:
        body = text.lstrip(" ")
        hang = indent + len(text) - len(body) + 4
        yield Line((Span(f"{' ' * indent}{printable(text)}", SIGN_ROLES.get(body[:1], "")),), hang)


def _told(difference: Difference) -> str:
    """Return the field, the item and, where they fit into the line, the values."""
    words = [f"{difference.field}:" if difference.item else difference.field]
    if difference.item:
        words.append(printable(difference.item))
    values = None if difference.detail else _short(difference)
    if values:
        words.append(f"= {values}" if difference.item and difference.sign != "~" else values)
        if not difference.item:
            words[0] += ":"
    return " ".join(words)


def _short(difference: Difference) -> str | None:
    """Return the values of a difference in a few words; empty where the item says it all, None where they are long."""
    before, after = difference.before, difference.after
    if difference.item and before in (None, "") and after in (None, ""):
        return ""
    texts = value_text(before), value_text(after)
    if difference.sign == "+":
        return texts[1]
    if difference.sign == "-":
        return texts[0]
    return None if texts[0] is None or texts[1] is None else f"{texts[0]} -> {texts[1]}"


def _flat(sign: str, value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value, key=str):
            yield from _flat(sign, value[key], f"{path}.{key}" if path else str(key))
        return
    if value is None and not path:
        return
    text = value_text(value)
    if text is None:
        for index, item in enumerate(value):
            yield from _flat(sign, item, f"{path}[{index}]")
        return
    yield f"{sign} {path}: {text}" if path else f"{sign} {text}"
