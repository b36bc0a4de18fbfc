"""Finds actions by what somebody remembers of their names."""

from __future__ import annotations

import difflib
import re
from collections import Counter

from reconciler.catalogue.actions import ActionCatalogue

__all__ = ["find_actions", "near_actions", "services"]

_LIKENESS = 0.75
"""The share of letters in common from which one name passes for a slip of another."""


def services(catalogue: ActionCatalogue) -> dict[str, int]:
    """Return how many actions each service has, by the service's prefix, sorted by prefix."""
    counts = Counter(name.partition(":")[0] for name in catalogue.names)
    return dict(sorted(counts.items()))


def find_actions(catalogue: ActionCatalogue, glob: str) -> tuple[int, ...]:
    """Return the places of the actions that match, ignoring case; ``*`` stands for anything, ``?`` for one character.

    With a colon, the glob is one as in a policy: it matches names as a whole. Without, it matches services or the
    names behind them; a word without ``*`` and ``?`` is a service, or if there is none of this name a part of names.
    """
    wanted = glob.lower()
    word = not any(mark in wanted for mark in "*?")
    if ":" in wanted:
        matches = _matcher(wanted)
    elif word and any(name.startswith(f"{wanted}:") for name in catalogue.folded):
        matches = _matcher(f"{wanted}:*")
    elif word:
        matches = _matcher(f"*{wanted}*") if wanted else _matcher("")
    else:
        matches = _matcher(wanted, f"{wanted}:*", f"*:{wanted}")
    return tuple(index for index, name in enumerate(catalogue.folded) if matches.fullmatch(name))


def near_actions(catalogue: ActionCatalogue, glob: str, limit: int = 3) -> tuple[str, ...]:
    """Return globs that somebody may have meant who wrote one that finds nothing, the likeliest first."""
    if ":" in glob and find_actions(catalogue, f"{glob}*"):
        return (f"{glob}*",)
    first, colon, second = glob.lower().replace("*", "").replace("?", "").partition(":")
    service, action = (first, second) if colon else ("", first)
    known = services(catalogue)
    meant = [service] if service in known else difflib.get_close_matches(first, known, n=limit, cutoff=_LIKENESS)
    where: dict[str, list[int]] = {}
    for index, name in enumerate(catalogue.folded):
        owner, _, own = name.partition(":")
        if not colon or owner in meant:
            where.setdefault(own, []).append(index)
    likely = difflib.get_close_matches(action, where, n=limit, cutoff=_LIKENESS)
    names = [catalogue.names[index] for name in likely for index in where[name]]
    whole = [f"{name}:*" for name in meant if not (colon and action)]
    return tuple([*whole, *names][:limit])


def _matcher(*globs: str) -> re.Pattern[str]:
    expressions = (re.escape(re.sub(r"\*+", "*", glob)).replace(r"\*", ".*").replace(r"\?", ".") for glob in globs)
    return re.compile("|".join(expressions), re.DOTALL)
