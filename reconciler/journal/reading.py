"""The reading of a journal, whole or as far as a run that was killed came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from reconciler.errors import JournalError
from reconciler.journal.codec import decode_observed
from reconciler.journal.writing import FORMAT
from reconciler.model import Account, Address, Call, Observed

__all__ = ["Ending", "Journal", "Write", "read"]

_REMEDY = "restore the file as it was written, or compare the account with the documents by `reconciler plan`"


@dataclass(frozen=True, slots=True)
class Write:
    """One call that a run was about to make, and what became of it."""

    step: int
    """The step's id in the plan."""
    address: Address
    call: Call
    at: str
    """When, ISO 8601, UTC."""
    outcome: Literal["done", "failed", "unknown"] = "unknown"
    """``unknown``: the journal ends before, or no answer came; the call may have been made."""
    finished: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run said that it ended, by the ids of its steps."""

    done: tuple[int, ...]
    failed: tuple[int, ...]
    left: tuple[int, ...]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """One run, as its journal tells it."""

    version: str
    """The version of the reconciler that made the run."""
    account: Account
    caller: str
    started: str
    """ISO 8601, UTC."""
    plan: str
    """The digest of the saved plan that was applied; empty where there was none."""
    before: Mapping[Address, Observed[Any] | None]
    """Every object that the run was to touch, as it was before; None: it was not there."""
    writes: Sequence[Write] = field(default_factory=tuple)
    """In the order in which they were begun."""
    ending: Ending | None = None
    """None: the run was killed."""


def read(path: Path) -> Journal:
    """Return the journal in the file; a last line that was cut off, as by a kill or a full disk, is left out.

    Raises:
        JournalError: the file cannot be read, is no journal, is of a newer format, or has a damaged line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    # What follows the last line's end is nothing, or a record that was never finished.
    numbered = list(enumerate(lines[:-1], start=1))
    if not numbered:
        what = "holds no finished record, so nothing was written under it" if lines[0] else "is empty"
        raise JournalError(f"the journal {path} {what}; name another file")
    journal = _begun(path, numbered[0][1])
    writes: dict[int, Write] = {}
    for number, record in _records(path, numbered[1:]):
        try:
            journal = _with(journal, writes, record)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path, number, f"{type(error).__name__}: {error}") from error
    return replace(journal, writes=tuple(writes.values()))


def _records(path: Path, numbered: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in numbered:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise _damaged(path, number, "no JSON") from error
        if not isinstance(record, dict):
            raise _damaged(path, number, "no record")
        yield number, record


def _begun(path: Path, line: bytes) -> Journal:
    ((_, record),) = _records(path, [(1, line)])
    if record.get("record") != "begin" or not isinstance(record.get("format"), int):
        raise _damaged(path, 1, "it does not begin a journal")
    if record["format"] > FORMAT:
        what = f"is of format {record['format']}, written by version {record.get('version')}, and this one reads"
        raise JournalError(f"the journal {path} {what} up to {FORMAT}; use that version or a newer one")
    try:
        return Journal(
            version=record["version"],
            account=Account(record["account"], record["partition"], record["region"]),
            caller=record["caller"],
            started=record["started"],
            plan=record["plan"],
            before={_address(text): decode_observed(image) for text, image in record["before"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, 1, f"{type(error).__name__}: {error}") from error


def _with(journal: Journal, writes: dict[int, Write], record: Mapping[str, Any]) -> Journal:
    """Take in one record after the first; what it says of a write goes to ``writes``."""
    what = record["record"]
    if journal.ending is not None:
        raise ValueError("a record after the end")
    if what == "write":
        for name, form in (("step", int), ("operation", str), ("parameters", dict)):
            if not isinstance(record[name], form):
                raise TypeError(f"{name} has another form")
        call = Call(record["operation"], record["parameters"])
        writes[record["step"]] = Write(record["step"], _address(record["address"]), call, record["at"])
    elif what in {"done", "failed", "unknown"}:
        known, error = writes[record["step"]], record["error"] if what != "done" else ""
        writes[record["step"]] = replace(known, outcome=what, finished=record["at"], error=error)
    elif what == "end":
        done, failed, left = (tuple(record[name]) for name in ("done", "failed", "left"))
        return replace(journal, ending=Ending(done, failed, left, record["at"]))
    else:
        raise ValueError(f"{what!r} is no record")
    return journal


def _address(text: str) -> Address:
    kind, slash, name = text.partition("/")
    if not slash:
        raise ValueError(f"{text!r} is no address")
    return Address(kind, name)


def _damaged(path: Path, number: int, what: str) -> JournalError:
    return JournalError(f"{path}:{number}: the journal is damaged here ({what}); {_REMEDY}")
