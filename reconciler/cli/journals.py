"""The journals that applies leave: where they are kept, which is the newest, and the plan that undoes one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.screen import status
from reconciler.errors import JournalError, MisshapenCallError, RefusedError
from reconciler.model import Account, Desired, Live, Plan
from reconciler.report.lines import counted

if TYPE_CHECKING:
    from reconciler.journal import Journal
    from reconciler.plan import Begun, Reader
    from reconciler.plan.make import Library

__all__ = ["Opened", "folder", "judged", "kept", "newest", "opened", "told", "undo_plan"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal and its file."""

    path: Path
    journal: Journal
    sha256: str
    """The digest of the file's bytes."""


def opened(path: Path, account: Account) -> Opened:
    """Return the journal in the file, which must be of a run on the account.

    Raises:
        JournalError: the file cannot be read or is no journal.
        RefusedError: the run was on another account.
    """
    from reconciler.journal import read  # noqa: PLC0415  most commands read no journal

    journal = read(path)
    own, found = (f"{one.id} ({one.partition})" for one in (journal.account, account))
    if own != found:
        raise RefusedError([f"{path} is of a run on account {own}, and the credentials belong to {found}"])
    return Opened(path, journal, _digest(path))


def undo_plan(found: Opened, desired: Desired, iam: Reader, begun: Begun | None = None) -> Plan:
    """Return the plan that undoes the journal's run on the account as it is now.

    Raises:
        JournalError: a write in the journal is none that a run can have made.
        AccountError: the account cannot be read.
    """
    from reconciler.undo import undone  # noqa: PLC0415  most commands undo nothing

    with status(f"reading account {desired.account.id}"), _damage_told(found.path):
        return undone(found.journal, found.path.name, desired, iam, begun)


def judged(found: Opened, desired: Desired, plan: Plan, live: Live, iam: Library) -> Plan:
    """Return a part of the plan that undoes the journal's run with what the guards say against that part.

    Raises:
        AccountError: the account cannot be read.
    """
    from reconciler.undo import judged as judged_undo  # noqa: PLC0415  most commands undo nothing

    with _damage_told(found.path):
        return judged_undo(found.journal, found.path.name, desired, plan, live, iam)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except MisshapenCallError as error:
        what = "restore the file as it was written, or compare the account with the documents by `reconciler plan`"
        raise JournalError(f"the journal {path} is damaged: {error}; {what}") from error


def told(journal: Journal) -> str:
    """Return in one line what run a journal is of."""
    outcomes = [write.outcome for write in journal.writes]
    parts = [f"{outcomes.count('done')} of {counted(len(outcomes), 'write')} done"]
    # A call that the end of its run prevented did not fail, and is recorded as one that was not made all the same.
    parts += [f"{outcomes.count('failed')} not made"] if "failed" in outcomes else []
    parts += [f"{outcomes.count('unknown')} in doubt"] if "unknown" in outcomes else []
    parts += [] if journal.ending is not None else ["it never ended"]
    by = f" by {journal.caller}" if journal.caller else ""
    return f"{journal.started[:19]}Z{by}: {', '.join(parts)}"


def folder(account: Account) -> Path:
    """Return the folder that keeps the journals of runs on the account."""
    from reconciler.journal import default_path  # noqa: PLC0415  most commands read no journal

    return default_path(account).parent


def newest(account: Account, most: int) -> Iterator[tuple[Path, str]]:
    """Yield the newest journals of the account, the newest first, each with what run it is of."""
    from reconciler.journal import read  # noqa: PLC0415  most commands read no journal

    for path in _files(account)[:most]:
        try:
            yield path, told(read(path))
        except JournalError as error:
            yield path, str(error)


def kept(account: Account, sha256: str) -> Path | None:
    """Return the kept journal of that digest, or None if there is none."""
    return next((path for path in _files(account) if _digest(path) == sha256), None)


def _files(account: Account) -> list[Path]:
    # Their names begin with the time at which the run began.
    return sorted(folder(account).glob("*.jsonl"), reverse=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
