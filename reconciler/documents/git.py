"""What git knows of a repository, asked by plumbing only, so that nothing that the repository says is run.

No hook, no file system monitor, no filter and no textconv has a part in these commands; nothing is fetched, nothing is
asked of anybody, no lock is taken, and objects that the repository would put in other objects' place count for nothing.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from reconciler.documents.files import LARGEST
from reconciler.documents.hints import quoted
from reconciler.errors import Fault, InputError

__all__ = ["Entry", "Parts", "Repository"]

Parts = tuple[str, ...]
"""The names on the way from a repository's root to one of its files."""

_PLACE: Final = "--base"
_TIMEOUT = 60.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OPTIONS: Final = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.warnAmbiguousRefs=true")
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
"""Older versions of git know nothing of GIT_NO_LAZY_FETCH, but no protocol is left to them to fetch by."""
_OTHER_REPOSITORY: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""What a hook inherits from the git that runs it, and what would lead to another repository than the directory's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path of a commit: the name of a blob."""

    blob: str
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that holds a directory."""

    directory: Path
    """The directory as people named it."""
    root: str
    """The root of the working tree, its links followed."""
    prefix: Parts
    """The way from the root to the directory."""

    @classmethod
    def of(cls, directory: Path) -> Repository:
        """Return the repository whose working tree holds the directory.

        Raises:
            InputError: There is none that may be read, or git is not there.
        """
        _refuse_links(directory)
        done = _git(directory, "rev-parse", "--is-inside-work-tree", "--show-prefix")
        if done.returncode:
            _refuse(directory, _said(done))
        inside, _, rest = done.stdout.partition(b"\n")
        if inside != b"true":
            raise _fault(f"{directory} lies in a repository without a working tree", "clone it, and work there")
        # A name may end with a line's end of its own.
        prefix = tuple(part for part in os.fsdecode(rest.removesuffix(b"\n")).split("/") if part)
        root = Path(os.path.realpath(directory))
        for _ in prefix:
            root = root.parent
        return cls(directory, str(root), prefix)

    def commit(self, name: str) -> str:
        """Return the full name of the commit that a revision names.

        Raises:
            InputError: There is no such commit here, or more than one.
        """
        if not name:
            raise _fault("it names no commit", "is a variable unset?")
        done = _git(self.directory, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
        found = done.stdout.decode("ascii", "replace").strip()
        if done.returncode or not _COMMIT.fullmatch(found):
            raise _fault(f"this clone has no commit {quoted(name)}", self._way_to(name))
        if b"is ambiguous" in done.stderr and not _COMMIT.fullmatch(name):
            what = f"{quoted(name)} names more than one commit"
            raise _fault(what, "write refs/heads/… or refs/tags/…, or the commit itself")
        return found

    def entries(self, commit: str) -> dict[Parts, Entry]:
        """Return what the commit has below the directory's path, or at it; submodules are left out.

        Raises:
            InputError: The clone lacks a part of the commit.
        """
        below = ("--", "/".join(self.prefix)) if self.prefix else ()
        return dict(self._listed(commit, "-r", *below))

    def above(self, commit: str) -> dict[Parts, Entry]:
        """Return what the commit has at the directory's path, or above it, that is no folder.

        Raises:
            InputError: The clone lacks a part of the commit.
        """
        found: dict[Parts, Entry] = {}
        for length in range(1, len(self.prefix) + 1):
            found |= dict(self._listed(commit, "--", "/".join(self.prefix[:length])))
        return found

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes | int]:
        """Return the bytes of each blob, or only its size where that is beyond ``LARGEST``.

        Raises:
            InputError: The clone lacks a blob.
        """
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        sizes: dict[str, int] = {}
        for line in self._answered(wanted, "--batch-check").splitlines():
            name, sort, *size = line.decode("ascii", "replace").split(" ")
            if sort != "blob":
                self._refuse_partial()
            sizes[name] = int(size[0])
        found: dict[str, bytes | int] = {name: size for name, size in sizes.items() if size > LARGEST}
        small = [name for name in wanted if name not in found]
        answer, start = self._answered(small, "--batch") if small else b"", 0
        for name in small:
            start = answer.index(b"\n", start) + 1
            found[name] = answer[start : start + sizes[name]]
            start += sizes[name] + 1
        return found

    def _listed(self, commit: str, *words: str) -> Iterator[tuple[Parts, Entry]]:
        done = _git(self.directory, "ls-tree", "-z", "--full-tree", *words[:-2], commit, *words[-2:])
        if done.returncode:
            self._refuse_partial()
        for line in done.stdout.split(b"\0"):
            head, _, path = line.partition(b"\t")
            mode, sort, name = head.decode("ascii", "replace").split(" ") if head else ("", "", "")
            if sort == "blob":
                yield tuple(os.fsdecode(path).split("/")), Entry(name, mode == "120000")

    def _answered(self, blobs: Sequence[str], how: str) -> bytes:
        done = _git(self.directory, "cat-file", how, stdin="".join(f"{name}\n" for name in blobs).encode())
        if done.returncode:
            self._refuse_partial()
        return done.stdout

    def _way_to(self, name: str) -> str:
        """Return what to do where the commit is not there."""
        done = _git(self.directory, "rev-parse", "--is-shallow-repository")
        if done.stdout.strip() == b"true":
            return "the clone is shallow: fetch more of it, in CI with `fetch-depth: 0`, or by `git fetch --unshallow`"
        return f"fetch it, or look for it by `{shlex.join(['git', 'log', '-1', '--end-of-options', name])}`"

    def _refuse_partial(self) -> NoReturn:
        what = "this clone lacks a part of that commit, and nothing is fetched here"
        raise _fault(what, "clone without --filter, or have git fetch the part first")


def _git(directory: Path, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Return how a command of git's ended.

    Raises:
        InputError: git is not there, or it does not end.
    """
    options = [word for option in _OPTIONS for word in ("-c", option)]
    kept = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    try:
        return subprocess.run(  # noqa: S603  the words are ours, and what people named is none of git's options
            ["git", *options, "-C", str(directory), *words],  # noqa: S607  whichever git people have
            input=stdin,
            capture_output=True,
            env={**kept, **_ENVIRONMENT},
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _fault(f"git does not answer within {_TIMEOUT:.0f} seconds", "look for what holds it up") from error
    except (OSError, ValueError) as error:
        why = "there is none" if isinstance(error, FileNotFoundError) else str(error).lower()
        raise _fault(f"it needs git, which cannot be run: {why}", "install git, or leave --base away") from error


def _refuse(directory: Path, said: str) -> NoReturn:
    """Raise what it means that git finds no repository.

    Raises:
        InputError: Always.
    """
    if "dubious ownership" in said or "unsafe repository" in said:
        what = f"git does not read the repository of {directory}, which belongs to somebody else"
        remedy = "if you trust it, allow it by `git config --global --add safe.directory PATH`"
        raise _fault(what, f"{remedy}, with the path of its root")
    if "not a git repository" in said:
        raise _fault(f"it needs git, and {directory} lies in no repository", "clone it with git, or leave --base away")
    raise _fault(f"git cannot read the repository of {directory}: {said}", "mend that, or leave --base away")


def _refuse_links(directory: Path) -> None:
    """Return if no link within a repository leads to the directory: a change could let it lead to documents of its own.

    Raises:
        InputError: One does.
    """
    path = Path.cwd() / directory
    for link in reversed([path, *path.parents]):
        if link.is_symlink():
            real = Path(os.path.realpath(link.parent))
            if any((above / ".git").exists() for above in (real, *real.parents)):
                raise _fault(f"{link} is a link within a repository", "name the folder that it leads to")


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"it ended with {done.returncode}"


def _fault(what: str, remedy: str) -> InputError:
    return InputError([Fault(_PLACE, what, remedy)])
