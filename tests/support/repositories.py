"""Real git repositories, of their own: whatever git's user has configured has no say in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["commit", "git", "repository"]

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-06-01T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-06-01T12:00:00Z",
}
WHO = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str, check: bool = True) -> str:
    """Return what git says on stdout, without the line's end."""
    done = subprocess.run(
        ["git", *WHO, *words],  # noqa: S607  whichever git there is
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=check,
    )
    return os.fsdecode(done.stdout).removesuffix("\n")


def repository(folder: Path, *options: str) -> Path:
    """Return the folder, made a repository without a commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    return folder


def commit(folder: Path, message: str = "a change") -> str:
    """Commit everything below the folder's repository and return the commit's full name."""
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")
