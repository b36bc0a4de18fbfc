"""The writing of a journal: every record is on disk before the run goes on."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import reconciler
from reconciler.errors import JournalError
from reconciler.journal.codec import encode_observed
from reconciler.model import Account, Address, Observed, Step

__all__ = ["FORMAT", "JournalFile", "default_path"]

FORMAT = 1
"""The version of the format; a reader refuses a greater one."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def default_path(account: Account, now: Callable[[], dt.datetime] = _now) -> Path:
    """Return where the journal of a run that begins now goes: in the user's own state directory, never a repository."""
    import platformdirs  # noqa: PLC0415  only an apply needs it

    stamp = now().strftime("%Y%m%dT%H%M%SZ")
    directory = platformdirs.user_state_path("iam-reconciler") / "journals" / account.id
    return directory / f"{stamp}-{secrets.token_hex(4)}.jsonl"


class JournalFile:
    """One journal being written; its methods may be called from several threads.

    After the first record that could not be written every further one is refused too, so that nobody goes on without.
    """

    def __init__(self, path: Path, *, now: Callable[[], dt.datetime] = _now) -> None:
        """Create the file, readable by its owner only.

        Raises:
            JournalError: the file is there already, or cannot be made.
        """
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._broken = ""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            _keep_name(path.parent)
        except FileExistsError as error:
            if not path.parent.is_dir():
                raise JournalError(f"no journal can be kept at {path}: {path.parent} is no directory") from error
            raise JournalError(f"the journal {path} is there already; name another with --journal") from error
        except OSError as error:
            raise JournalError(f"no journal can be kept at {path}: {_reason(error)}; {_REMEDY}") from error

    def begin(
        self, account: Account, before: Mapping[Address, Observed[Any] | None], *, caller: str = "", plan: str = ""
    ) -> None:
        """Write down what the run is about, and every object that it touches as it was read.

        Raises:
            JournalError: it cannot be written.
        """
        self._record(
            "begin",
            "started",
            format=FORMAT,
            version=reconciler.__version__,
            account=account.id,
            partition=account.partition,
            region=account.region,
            caller=caller,
            plan=plan,
            before={str(address): encode_observed(observed) for address, observed in sorted(before.items())},
        )

    def write(self, step: Step) -> None:
        """Write down a call that is about to be made.

        Raises:
            JournalError: it cannot be written, so the call must not be made.
        """
        call = {"operation": step.call.operation, "parameters": step.call.params}
        self._record("write", "at", step=step.id, address=str(step.address), **call)

    def done(self, step: Step) -> None:
        """Write down that a call was made.

        Raises:
            JournalError: it cannot be written.
        """
        self._record("done", "at", step=step.id)

    def failed(self, step: Step, error: str, *, certain: bool = True) -> None:
        """Write down why a call was not made; not ``certain``: why it is not known whether it was.

        Raises:
            JournalError: it cannot be written.
        """
        self._record("failed" if certain else "unknown", "at", step=step.id, error=error)

    def end(self, done: Sequence[int], failed: Sequence[int], left: Sequence[int]) -> None:
        """Write down how the run ended, by the ids of its steps, and close the file.

        Raises:
            JournalError: it cannot be written.
        """
        try:
            self._record("end", "at", done=list(done), failed=list(failed), left=list(left))
        finally:
            os.close(self._file)

    def _record(self, record: str, stamp: str, **fields: Any) -> None:
        line = json.dumps({"record": record, stamp: self._now().isoformat(), **fields}, separators=(",", ":"))
        with self._lock:
            if self._broken:
                raise JournalError(self._broken)
            try:
                self._append(line.encode() + b"\n")
            except OSError as error:
                self._broken = f"the journal {self.path} cannot be written: {_reason(error)}; {_REMEDY}"
                raise JournalError(self._broken) from error

    def _append(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fsync(self._file)


_REMEDY = "make room or mend its permissions, or name another place with --journal"


def _keep_name(directory: Path) -> None:
    """Have the new file's name on disk too. Source: fsync(2): a file's own fsync does not see to its directory."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
