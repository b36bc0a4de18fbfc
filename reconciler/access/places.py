"""Where in a document an error stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.errors import PolicyError

__all__ = ["at"]


@contextmanager
def at(place: str) -> Iterator[None]:
    """Put a place before the message of a PolicyError raised within: ``statement 2: Condition: …``."""
    try:
        yield
    except PolicyError as error:
        raise PolicyError(f"{place}: {error}") from None
