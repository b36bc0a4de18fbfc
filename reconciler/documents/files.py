"""The files of a desired state: which ones there are, what they are called, and their text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reconciler.errors import Fault, InputError

__all__ = ["LARGEST", "find_files", "read_text", "resolved_below", "shown"]

LARGEST = 5_000_000
"""The size in bytes from which on a file is refused."""
_SUFFIXES = (".yaml", ".yml")


def shown(path: Path) -> str:
    """Return the name of ``path`` as people would click it: relative to the current directory if it is below it."""
    absolute, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100  resolve() would follow links
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def find_files(directory: Path) -> tuple[list[Path], list[Fault]]:
    """Return every YAML file below ``directory``, sorted, and what is wrong with the tree.

    Hidden files and folders are skipped. Folders that are links are not entered: what they hold is read at its own
    place, or lies outside and is refused.
    """
    found: list[Path] = []
    faults: list[Fault] = []
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        remedy = "name the directory that holds the documents"
        return [], [Fault(shown(directory), f"the directory of the documents {what}", remedy)]

    def unreadable(error: OSError) -> None:
        faults.append(_unreadable(Path(error.filename), error, "folder"))

    for folder, folders, names in os.walk(directory, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders + [name for name in sorted(names) if name.lower().endswith(_SUFFIXES)]:
            path = Path(folder, name)
            if name.startswith("."):
                continue
            if path.is_symlink() and not (resolved_below(path, directory) or _same(path, directory)):
                what = "this link leads out of the directory of the documents"
                faults.append(Fault(shown(path), what, "put the file itself there"))
            elif name not in folders:
                found.append(path)
    return sorted(found), faults


def resolved_below(path: Path, directory: Path) -> bool:
    """Return whether ``path``, its links followed, lies below ``directory``."""
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(directory), ""))  # noqa: PTH118  pathlib drops the last separator


def _same(path: Path, directory: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(directory)


def read_text(path: Path) -> str:
    """Return the file's text; a byte order mark at its beginning is dropped.

    Raises:
        InputError: The file cannot be read, is no regular file, is too large, or is not UTF-8.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError([Fault(shown(path), "this is no regular file", "put a file there")])
        if status.st_size > LARGEST:
            what = f"the file has {status.st_size:,} bytes; {LARGEST:,} is the most that is read"
            raise InputError([Fault(shown(path), what, "split it into several files")])
        content = path.read_bytes()
    except OSError as error:
        raise InputError([_unreadable(path, error)]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        what = f"the byte 0x{content[error.start]:02X} is not UTF-8"
        raise InputError([Fault(f"{shown(path)}:{line}:{column}", what, "save the file as UTF-8")]) from error


def _unreadable(path: Path, error: OSError, noun: str = "file") -> Fault:
    reason = (error.strerror or "unknown reason").lower()
    return Fault(shown(path), f"the {noun} cannot be read: {reason}", "check that it exists and may be read")
