"""The files of a desired state: which ones there are, what they are called, and their text."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

from reconciler.errors import Fault, InputError

__all__ = ["LARGEST", "LEADS_OUT", "SUFFIXES", "Disk", "Files", "check_size", "decoded", "shown", "unreadable"]

LARGEST: Final = 5_000_000
"""The size in bytes from which on a file is refused."""
SUFFIXES: Final = (".yaml", ".yml")
"""How the names of files with documents end, in any case."""
LEADS_OUT: Final = ("this link leads out of the directory of the documents", "put the file itself there")


class Files(Protocol):
    """A directory of documents, wherever it is kept; every path begins with ``directory``, whose name people gave."""

    @property
    def directory(self) -> Path:
        """Return the directory."""

    def find(self) -> tuple[list[Path], list[Fault]]:
        """Return every YAML file below the directory, sorted, and what is wrong with the tree.

        Hidden files and folders are skipped. Folders that are links are not entered: what they hold is read at its own
        place, or lies outside and is refused.
        """

    def fetch(self, paths: Iterable[Path]) -> None:
        """Have these files at hand, where many are read more quickly than one by one.

        Raises:
            InputError: they cannot be read at all.
        """

    def text(self, path: Path) -> str:
        """Return the file's text; a byte order mark at its beginning is dropped.

        Raises:
            InputError: The file cannot be read, is no regular file, is too large, or is not UTF-8.
        """

    def shown(self, path: Path) -> str:
        """Return the name of ``path`` as people would look it up."""

    def is_below(self, path: Path) -> bool:
        """Return whether ``path``, its links followed, lies below the directory."""

    def may_exist(self, path: Path) -> bool:
        """Return whether there is something at ``path``, or nobody can tell; then reading it says why."""

    def is_unchanged(self, path: Path) -> bool:
        """Return whether it is known that the files beside which these are read hold the same bytes at ``path``."""


def shown(path: Path) -> str:
    """Return the name of ``path`` as people would click it: relative to the current directory if it is below it."""
    absolute, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100  resolve() would follow links
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


class Disk:
    """A directory of documents on the disk; see ``Files``."""

    def __init__(self, directory: Path) -> None:
        """Take the directory."""
        self.directory: Final = directory
        self._contents: dict[Path, bytes] = {}

    def find(self) -> tuple[list[Path], list[Fault]]:
        """Return every YAML file, sorted, and what is wrong with the tree."""
        found: list[Path] = []
        faults: list[Fault] = []
        directory = self.directory
        if not directory.is_dir():
            what = "is not a directory" if directory.exists() else "does not exist"
            remedy = "name the directory that holds the documents"
            return [], [Fault(shown(directory), f"the directory of the documents {what}", remedy)]

        def note(error: OSError) -> None:
            path = Path(error.filename)
            faults.append(unreadable(shown(path), error.strerror, "folder"))

        for folder, folders, names in os.walk(directory, onerror=note):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in folders + [name for name in sorted(names) if name.lower().endswith(SUFFIXES)]:
                path = Path(folder, name)
                if name.startswith("."):
                    continue
                if path.is_symlink() and not (self.is_below(path) or _same(path, directory)):
                    faults.append(Fault(shown(path), *LEADS_OUT))
                elif name not in folders:
                    found.append(path)
        return sorted(found), faults

    def fetch(self, paths: Iterable[Path]) -> None:
        """Do nothing: files are read one by one."""

    def text(self, path: Path) -> str:
        """Return the file's text.

        Raises:
            InputError: The file cannot be read, is no regular file, is too large, or is not UTF-8.
        """
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise InputError([Fault(shown(path), "this is no regular file", "put a file there")])
            check_size(status.st_size, shown(path))
            content = path.read_bytes()
        except OSError as error:
            raise InputError([unreadable(shown(path), error.strerror)]) from error
        self._contents[path] = content
        return decoded(content, shown(path))

    def shown(self, path: Path) -> str:
        """Return the name of ``path`` as people would click it."""
        return shown(path)

    def is_below(self, path: Path) -> bool:
        """Return whether ``path``, its links followed, lies below the directory."""
        return os.path.realpath(path).startswith(os.path.join(os.path.realpath(self.directory), ""))  # noqa: PTH118  pathlib drops the last separator

    def may_exist(self, path: Path) -> bool:
        """Return whether there is something at ``path``, or nobody can tell."""
        try:
            return path.exists()
        except OSError:
            return True

    def is_unchanged(self, path: Path) -> bool:
        """Return that it is not: there is nothing beside the disk."""
        del path
        return False

    def is_blob(self, path: Path, name: str) -> bool:
        """Return whether the file was read, and git would give its bytes this name (SHA-1 or SHA-256, hexadecimal).

        Source: gitformat-pack and git-hash-object: the digest is of ``blob``, the length, a zero byte, and the bytes.
        """
        content = self._contents.get(path)
        if content is None:
            return False
        digest = hashlib.sha256 if len(name) == hashlib.sha256().digest_size * 2 else hashlib.sha1
        return digest(b"blob %d\0%s" % (len(content), content)).hexdigest() == name


def check_size(size: int, place: str) -> None:
    """Return if a file of that many bytes is read.

    Raises:
        InputError: It is too large.
    """
    if size > LARGEST:
        what = f"the file has {size:,} bytes; {LARGEST:,} is the most that is read"
        raise InputError([Fault(place, what, "split it into several files")])


def decoded(content: bytes, place: str) -> str:
    """Return the text of a file that is called ``place``; a byte order mark at its beginning is dropped.

    Raises:
        InputError: It is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        what = f"the byte 0x{content[error.start]:02X} is not UTF-8"
        raise InputError([Fault(f"{place}:{line}:{column}", what, "save the file as UTF-8")]) from error


def unreadable(place: str, reason: str | None, noun: str = "file") -> Fault:
    """Return the fault that something cannot be read, for the reason that the system gave."""
    why = (reason or "unknown reason").lower()
    return Fault(place, f"the {noun} cannot be read: {why}", "check that it exists and may be read")


def _same(path: Path, directory: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(directory)
