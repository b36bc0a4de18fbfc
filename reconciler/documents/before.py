"""What a directory of documents declared at another commit, beside what it declares now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.documents.commits import Commit
from reconciler.documents.files import Disk
from reconciler.documents.loading import load_from
from reconciler.documents.source import Source
from reconciler.errors import Fault, InputError, WrongAccountError
from reconciler.model import Account, Base, Desired, Settings

__all__ = ["Before", "read_before"]


@dataclass(frozen=True, slots=True)
class Before:
    """The documents of a commit."""

    commit: Commit
    source: Source | None
    """None where the commit has no documents in the directory."""

    def base(self, account: Account, today: dt.date) -> tuple[Base | None, Sequence[Fault]]:
        """Return what the commit declares for the account, or None and why that cannot be told.

        It declares nothing for an account that its settings do not name.
        """
        try:
            if self.source is not None:
                return Base(self.commit.name, self.source.build(account, today)), ()
        except InputError as error:
            return None, error.faults
        except WrongAccountError:
            pass
        return Base(self.commit.name, Desired(account, Settings(), {}, today)), ()


def read_before(source: Source, revision: str) -> Before:
    """Return the documents of the commit that ``revision`` names, from the directory in which ``source`` was read.

    Files that are the same on the disk are not read again, and places in them are those of the disk.

    Raises:
        InputError: The directory lies in no git repository that can be read, or it has no such commit.
    """
    disk = source.parts.files
    commit = Commit(disk if isinstance(disk, Disk) else Disk(disk.directory), revision)
    found, faults = commit.find()
    return Before(commit, load_from(commit, source.parts.kinds, source) if found or faults else None)
