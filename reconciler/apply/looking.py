"""Looking at the account again: one reading at a time, shared by all who wait for it."""

from __future__ import annotations

import threading

from reconciler.apply.outcome import Writer
from reconciler.model import Account
from reconciler.plan.foresee import Objects

__all__ = ["Looker"]


class Looker:
    """Reads the whole account, for what a single object costs is no less and grows with their number."""

    def __init__(self, iam: Writer, account: Account) -> None:
        """Take what reads; nothing is read yet."""
        self._iam = iam
        self._account = account
        self._turn = threading.Lock()
        self._begun = 0
        self._seen = 0
        self._objects: Objects = {}

    def look(self) -> Objects:
        """Return the account's objects as a reading shows them that began after this call.

        Raises:
            ReconcilerError: the account cannot be read.
        """
        wanted = self._begun + 1
        with self._turn:
            if self._seen < wanted:
                self._begun += 1
                self._objects = self._iam.snapshot(self._account).objects
                self._seen = self._begun
            return self._objects
