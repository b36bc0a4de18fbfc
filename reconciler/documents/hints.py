"""Words for faults: what was probably meant, and lists as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = ["did_you_mean", "listed", "quoted"]

_CUTOFF = 0.7
_SHOWN = 60


def did_you_mean(word: str, options: Iterable[str]) -> str | None:
    """Return the option that somebody who wrote ``word`` probably meant, or None."""
    by_folded = {option.lower(): option for option in options}
    found = get_close_matches(word.lower(), list(by_folded), n=1, cutoff=_CUTOFF)
    return by_folded[found[0]] if found else None


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def quoted(text: str) -> str:
    """Return a text from a document in backquotes, on one line and not longer than a line bears."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return f"`{plain if len(plain) <= _SHOWN else plain[:_SHOWN] + '…'}`"
