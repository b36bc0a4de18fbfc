"""Saved accounts: one file each, in the user's own state directory, read and written whole under a lock.

The file is one line of JSON (the header) and a pickle. A pickle can run code, so it is read only when nobody but the
user could have written it, and only the classes of an account are let in.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock, Timeout

from reconciler.errors import SandboxError

if TYPE_CHECKING:
    from reconciler.sandbox.account import Account

__all__ = ["Saved"]

_FORMAT = 2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PATIENCE = 60
"""Seconds to wait for another process that holds the lock; a request holds it for milliseconds."""
_RESET = "start it afresh with `reconciler sandbox reset`"
_MODULES = ("moto.iam.", "moto.sts.", "moto.utilities.", "reconciler.sandbox.")
_GLOBALS = {("collections", "OrderedDict"), ("datetime", "datetime"), ("datetime", "timezone"), ("re", "_compile")}


@dataclass(slots=True)
class Saved:
    """The saved account of one name, account id and repository."""

    name: str
    path: Path
    account: str
    repository: Path | None = None
    _generation: str | None = field(default=None, init=False)
    """The generation of the file that the account in memory came from or went to."""

    @classmethod
    def named(cls, name: str, *, account: str, repository: Path | None) -> Saved:
        """Return the place of a saved account; nothing is read or created yet.

        Raises:
            SandboxError: the name or the account id is malformed.
        """
        if not _NAME.fullmatch(name):
            raise SandboxError(f"{name!r} is no name for a sandbox; use letters, digits, '.', '_' and '-', at most 64")
        if not _ACCOUNT.fullmatch(account):
            raise SandboxError(f"{account!r} is no account id; write twelve digits")
        place = os.path.realpath(repository) if repository is not None else ""
        digest = hashlib.sha256(f"{account}\0{place}\0{name}".encode()).hexdigest()[:16]
        directory = platformdirs.user_state_path("iam-reconciler") / "sandboxes"
        return cls(name, directory / f"{name}-{digest}.sandbox", account, repository)

    def of(self, account: str) -> Saved:
        """Return the place of another account of the same name and repository."""
        return Saved.named(self.name, account=account, repository=self.repository)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out of the saved account.

        Raises:
            SandboxError: the directory cannot be used, or another process keeps the lock.
        """
        directory = self.path.parent
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
            lock = FileLock(self.path.with_suffix(".lock"), timeout=_PATIENCE, mode=0o600)
            lock.acquire()
        except Timeout:
            message = f"another process keeps the sandbox {self.name!r} locked; end it, or use another name"
            raise SandboxError(message) from None
        except OSError as error:
            raise SandboxError(f"the sandbox directory {directory} cannot be used: {_reason(error)}") from error
        try:
            yield
        finally:
            lock.release()

    def changed(self) -> bool:
        """Return whether the file is another than the one last read or written; only its first line is read."""
        header = self._header()
        return (header or {}).get("generation") != self._generation

    def read(self) -> Account | None:
        """Return the saved account, or None when there is none.

        Raises:
            SandboxError: the file belongs to another user, was written by other versions, or is damaged.
        """
        self._generation = None
        header = self._header()
        if header is None:
            return None
        self._check(header)
        account = self._unpickled(header)
        self._generation = header.get("generation")
        return account

    def write(self, account: Account) -> None:
        """Replace the saved account, at once and whole.

        Raises:
            SandboxError: the file cannot be written.
        """
        payload = pickle.dumps(account, protocol=5)
        generation = uuid.uuid4().hex
        header = {
            "format": _FORMAT,
            "moto": _moto(),
            "account": self.account,
            "generation": generation,
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        self._generation = None
        try:
            _replace(self.path, json.dumps(header).encode() + b"\n" + payload)
        except OSError as error:
            raise SandboxError(f"the sandbox {self.name!r} cannot be saved: {_reason(error)}") from error
        self._generation = generation

    def forget(self) -> None:
        """Hold what is in memory for outdated, whatever the file says."""
        self._generation = uuid.uuid4().hex

    def remove(self) -> bool:
        """Remove the saved account and return whether there was one; the lock's empty file stays.

        Raises:
            SandboxError: the file cannot be removed.
        """
        if not self.path.parent.is_dir():
            return False
        with self.locked():
            try:
                self.path.unlink()
            except FileNotFoundError:
                return False
            except OSError as error:
                raise SandboxError(f"the sandbox {self.name!r} cannot be removed: {_reason(error)}") from error
        return True

    def _header(self) -> dict[str, Any] | None:
        try:
            with self.path.open("rb") as file:
                self._check_owner(os.fstat(file.fileno()))
                line = file.readline(1024)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SandboxError(f"the sandbox file {self.path} cannot be read: {_reason(error)}") from error
        try:
            header = json.loads(line)
        except ValueError:
            raise self._damaged() from None
        if not isinstance(header, dict) or "format" not in header:
            raise self._damaged()
        return header

    def _check_owner(self, status: os.stat_result) -> None:
        owner = getattr(os, "geteuid", lambda: status.st_uid)()
        if status.st_uid != owner or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            message = f"the sandbox file {self.path} could have been written by another user and is not read"
            raise SandboxError(f"{message}; {_RESET}")

    def _check(self, header: dict[str, Any]) -> None:
        if header.get("format") != _FORMAT or header.get("moto") != _moto():
            written = f"format {header.get('format')} and moto {header.get('moto')}"
            ours = f"format {_FORMAT} and moto {_moto()}"
            raise SandboxError(f"the sandbox {self.name!r} was saved with {written}, this is {ours}; {_RESET}")

    def _unpickled(self, header: dict[str, Any]) -> Account:
        payload = self.path.read_bytes().partition(b"\n")[2]
        if hashlib.sha256(payload).hexdigest() != header.get("sha256"):
            raise self._damaged()
        try:
            account: Account = _Unpickler(io.BytesIO(payload)).load()
        except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError):
            raise self._damaged() from None
        return account

    def _damaged(self) -> SandboxError:
        return SandboxError(f"the sandbox {self.name!r} is damaged ({self.path}); {_RESET}")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _GLOBALS:
            return super().find_class(module, name)
        if f"{module}.".startswith(_MODULES):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an account")


@cache
def _moto() -> str:
    return metadata.version("moto")


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
