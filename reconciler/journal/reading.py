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
from reconciler.kinds import KINDS
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
        except ValueError as error:
            raise _damaged(path, number, str(error)) from error
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
        region = _held(record, "region", str | None)
        return Journal(
            version=_held(record, "version", str),
            account=Account(_held(record, "account", str), _held(record, "partition", str), region),
            caller=_held(record, "caller", str),
            started=_held(record, "started", str),
            plan=_held(record, "plan", str),
            before={_address(text): decode_observed(image) for text, image in _held(record, "before", dict).items()},
        )
    except ValueError as error:
        raise _damaged(path, 1, str(error)) from error


def _with(journal: Journal, writes: dict[int, Write], record: Mapping[str, Any]) -> Journal:
    """Take in one record after the first; what it says of a write goes to ``writes``."""
    what = _held(record, "record", str)
    if journal.ending is not None:
        raise ValueError("a record after the end")
    if what == "write":
        call = Call(_held(record, "operation", str), _held(record, "parameters", dict))
        step = _held(record, "step", int)
        writes[step] = Write(step, _address(_held(record, "address", str)), call, _held(record, "at", str))
    elif what in {"done", "failed", "unknown"}:
        step, error = _held(record, "step", int), _held(record, "error", str) if what != "done" else ""
        if step not in writes:
            raise ValueError(f"no write of a step {step} stands before it")
        writes[step] = replace(writes[step], outcome=what, finished=_held(record, "at", str), error=error)
    elif what == "end":
        done, failed, left = (tuple(_held(record, name, list)) for name in ("done", "failed", "left"))
        return replace(journal, ending=Ending(done, failed, left, _held(record, "at", str)))
    else:
        raise ValueError(f"{what!r} is no record")
    return journal


def _held(record: Mapping[str, Any], name: str, form: Any) -> Any:
    """Return what the record holds under the name.

    Raises:
        ValueError: it holds nothing there, or something of another form.
    """
    if name not in record:
        raise ValueError(f"it lacks {name!r}")
    if not isinstance(record[name], form):
        raise ValueError(f"{name!r} is of another form")  # noqa: TRY004  the file is damaged; nobody passed a wrong type
    return record[name]


def _address(text: str) -> Address:
    kind, slash, name = text.partition("/")
    if not slash or kind not in KINDS:
        raise ValueError(f"{text!r} is no address")
    return Address(kind, name)


def _damaged(path: Path, number: int, what: str) -> JournalError:
    return JournalError(f"{path}:{number}: the journal is damaged here ({what}); {_REMEDY}")
