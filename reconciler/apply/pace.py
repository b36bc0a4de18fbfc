"""How many calls may be in flight: fewer at once when IAM asks to slow down, more again by and by."""

from __future__ import annotations

import threading

__all__ = ["Pace"]

_PATIENCE = 4
"""Calls that must pass for each one in flight before one more is let in."""


class Pace:
    """A limit that halves when a call is throttled and grows by one after a while without."""

    def __init__(self, most: int) -> None:
        """Take the most calls that may ever be in flight."""
        self._most = most
        self._lock = threading.Lock()
        self._passed = 0
        self._round = 0
        self.limit = most

    def begun(self) -> int:
        """Return the round that a call belongs to which is made now."""
        return self._round

    def throttled(self, begun: int) -> None:
        """Halve the limit, unless it was halved after the throttled call had begun: that call knew nothing of it."""
        with self._lock:
            self._passed = 0
            if begun == self._round:
                self._round += 1
                self.limit = max(1, self.limit // 2)

    def passed(self) -> None:
        """Count a call that was let through."""
        with self._lock:
            self._passed += 1
            if self.limit < self._most and self._passed >= _PATIENCE * self.limit:
                self._passed = 0
                self.limit += 1
