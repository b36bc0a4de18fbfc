"""A directory of documents as a commit has it."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reconciler.documents.files import LEADS_OUT, SUFFIXES, Disk, check_size, decoded, unreadable
from reconciler.documents.git import Parts, Repository
from reconciler.errors import Fault, InputError

__all__ = ["Commit"]

_SHORT = 8
_MOST_LINKS = 40
"""On one way, as Linux has it. Source: path_resolution(7)."""


class Commit:
    """The files of a commit below the path of a directory of the working tree; see ``Files``."""

    def __init__(self, disk: Disk, revision: str) -> None:
        """Take the directory as it is on the disk, and a name of the commit.

        Raises:
            InputError: The directory lies in no repository that can be read, or that has no such commit.
        """
        self.directory: Final = disk.directory
        self._disk = disk
        self._repository = Repository.of(disk.directory)
        self.name: Final = self._repository.commit(revision)
        """The commit's full name."""
        self._entries = self._repository.entries(self.name)
        self._folders = {path[:length] for path in self._entries for length in range(len(path))}
        self._contents: dict[str, bytes | int] = {}
        links = {path: entry.blob for path, entry in self._entries.items() if entry.is_link}
        self._load(links.values())
        self._links = {path: self._target(blob) for path, blob in links.items()}

    @property
    def short(self) -> str:
        """Return the beginning of the commit's name, for people."""
        return self.name[:_SHORT]

    def find(self) -> tuple[list[Path], list[Fault]]:
        """Return every YAML file, sorted, and what is wrong with the tree."""
        prefix = self._repository.prefix
        blocking = [] if self._entries.keys() - {prefix} else sorted(self._repository.above(self.name))
        if blocking:
            what = "the directory of the documents is no folder there, nor are all folders above it"
            return [], [Fault(f"{self.short}:{'/'.join(blocking[0])}", what, "name a commit that has it as a folder")]
        found: list[Path] = []
        faults: list[Fault] = []
        for parts in self._entries:
            below = parts[len(prefix) :]
            if not below[-1].lower().endswith(SUFFIXES) or any(part.startswith(".") for part in below):
                continue
            path = self.directory.joinpath(*below)
            real = self._followed(parts)
            if real is None or real[: len(prefix)] != prefix:
                faults.append(Fault(self.shown(path), *LEADS_OUT))
            elif real not in self._folders:
                found.append(path)
        return sorted(found), faults

    def fetch(self, paths: Iterable[Path]) -> None:
        """Have these files at hand, unless the disk has the same.

        Raises:
            InputError: The clone lacks them.
        """
        blobs = {path: self._blob(path) for path in paths}
        self._load(blob for path, blob in blobs.items() if blob is not None and not self._disk.is_blob(path, blob))

    def text(self, path: Path) -> str:
        """Return the file's text.

        Raises:
            InputError: The file cannot be read, is no regular file, is too large, or is not UTF-8.
        """
        place, real = self.shown(path), self._real(path)
        if real in self._links:
            raise InputError([unreadable(place, os.strerror(errno.ELOOP))])
        entry = self._entries.get(real) if real is not None else None
        if entry is None:
            if real in self._folders:
                raise InputError([Fault(place, "this is no regular file", "put a file there")])
            raise InputError([unreadable(place, os.strerror(errno.ENOENT))])
        self._load([entry.blob])
        content = self._contents[entry.blob]
        if isinstance(content, int):
            check_size(content, place)
            raise InputError([unreadable(place, None)])
        return decoded(content, place)

    def shown(self, path: Path) -> str:
        """Return ``commit:path`` as git takes it, the path from the repository's root on."""
        parts = self._parts(path)
        return f"{self.short}:{posixpath.normpath('/'.join(parts)) if parts else ''}"

    def is_below(self, path: Path) -> bool:
        """Return whether ``path``, its links followed, lies below the directory."""
        real, prefix = self._real(path), self._repository.prefix
        return real is not None and len(real) > len(prefix) and real[: len(prefix)] == prefix

    def may_exist(self, path: Path) -> bool:
        """Return whether there is something at ``path``."""
        real = self._real(path)
        return real in self._entries or real in self._folders

    def is_unchanged(self, path: Path) -> bool:
        """Return whether the disk is known to hold the same bytes at ``path``."""
        blob = self._blob(path)
        return blob is not None and self._disk.is_blob(path, blob)

    def _blob(self, path: Path) -> str | None:
        real = self._real(path)
        entry = self._entries.get(real) if real is not None else None
        return entry.blob if entry is not None and not entry.is_link else None

    def _load(self, blobs: Iterable[str]) -> None:
        self._contents |= self._repository.contents(blob for blob in blobs if blob not in self._contents)

    def _target(self, blob: str) -> str:
        content = self._contents[blob]
        return os.fsdecode(content) if isinstance(content, bytes) else ""

    def _parts(self, path: Path) -> Parts | None:
        """Return the way from the repository's root to a path that people wrote, or None where it leads elsewhere."""
        own = self.directory.parts
        if path.parts[: len(own)] == own:
            return (*self._repository.prefix, *path.parts[len(own) :])
        return self._from_root(str(path)) if path.is_absolute() else None

    def _from_root(self, path: str) -> Parts | None:
        root = os.path.join(self._repository.root, "")  # noqa: PTH118  pathlib drops the last separator
        return tuple(path.removeprefix(root).split("/")) if path.startswith(root) else None

    def _real(self, path: Path) -> Parts | None:
        parts = self._parts(path)
        return self._followed(parts) if parts is not None else None

    def _followed(self, parts: Parts) -> Parts | None:
        """Return where a way leads once links are followed, or None: out of the repository.

        A way that goes round in circles ends at a link.
        """
        pending, found, links = list(reversed(parts)), list[str](), 0
        while pending:
            part = pending.pop()
            if part == ".." and not found:
                return None
            if part == "..":
                found.pop()
            elif part not in {"", "."}:
                found.append(part)
            target = self._links.get(tuple(found)) if part not in {"", ".", ".."} else None
            if target is None:
                continue
            links += 1
            if links > _MOST_LINKS:
                break
            way = self._from_root(target) if target.startswith("/") else tuple(target.split("/"))
            if way is None:
                return None
            found = [] if target.startswith("/") else found[:-1]
            pending += reversed(way)
        return tuple(found)
