"""Patterns over addresses: whether one covers all that another does."""

from __future__ import annotations

from fnmatch import fnmatchcase

__all__ = ["covers"]


def covers(wide: str, narrow: str) -> bool:
    """Return whether every text that ``narrow`` matches is matched by ``wide``; False where that is not plain to see.

    Both are shell patterns that ignore case. What stands for itself in a pattern matches itself only, so a ``*`` of
    ``narrow`` can be matched by nothing but a ``*`` of ``wide``, which takes as well whatever the former stands for.
    """
    one, other = wide.lower(), narrow.lower()
    if one == other:
        return True
    return not set("?[") & set(one) and "[" not in other and fnmatchcase(other, one)
