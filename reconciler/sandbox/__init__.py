"""The embedded AWS: boto3 sessions whose IAM and STS live in this process, strict where AWS is strict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import SandboxError

if TYPE_CHECKING:
    import boto3

    from reconciler.sandbox.server import Serving

__all__ = ["reset", "serve", "session"]

_REMEDY = "pip install 'iam-reconciler[sandbox]'"


def session(  # noqa: PLR0913  all but one are given by name
    name: str | None = None,
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
    repository: Path | None = None,
    beside: boto3.Session | None = None,
    quotas: Mapping[str, int] | None = None,
    page_limit: int | None = None,
) -> boto3.Session:
    """Return a boto3 session whose every request is answered in this process; nothing ever reaches the network.

    Without a name it is a fresh account in memory, independent of every other session. With a name the account is
    saved between runs, in the user's own state directory, and shared by all sessions that name it. Credentials,
    configuration and endpoints of the environment are not read.

    Accounts know of each other when they are saved under one name in one repository, or made ``beside`` each other:
    AssumeRole in one of them then reaches the roles of the others.

    Args:
        name: what the saved account is called: letters, digits, ``.``, ``_`` and ``-``, at most 64.
        account: the account id, twelve digits.
        region: the session's region; its partition is the account's partition.
        repository: the repository that the saved account belongs to; the same name in two repositories is two accounts.
        beside: a session of the sandbox in memory, for another account in memory beside its own.
        quotas: quotas that differ from those of a new account, by their names in GetAccountSummary: ``RolesQuota``, …
        page_limit: the most items of a page, at least one, whatever MaxItems asks for; the first page is then empty.
            AWS may answer so at any time, and whoever lists has to go on while IsTruncated is true. A saved account
            keeps this and its quotas until a session gives others.

    Raises:
        SandboxError: the extra ``sandbox`` is not installed, an argument is malformed, or the saved account cannot be
            read.
    """
    _require("moto", "filelock", "platformdirs")
    from reconciler.sandbox.seam import open_sandbox  # noqa: PLC0415  moto and boto3 cost half a second to import
    from reconciler.sandbox.wiring import connect, neighbour  # noqa: PLC0415  the same

    if beside is not None:
        if name is not None:
            raise SandboxError("an account beside another one is in memory; give either a name or `beside`")
        return neighbour(beside, account, region, quotas=quotas, page_limit=page_limit)
    return connect(
        open_sandbox(name, account=account, region=region, repository=repository, quotas=quotas, page_limit=page_limit),
        region,
    )


def serve(
    name: str | None = None,
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
    repository: Path | None = None,
    port: int = 0,
) -> Serving:
    """Return the account that ``session`` would return, answering over HTTP on 127.0.0.1 until it is closed.

    ``with sandbox.serve() as serving:`` closes it at the end; ``serving.url`` goes into ``AWS_ENDPOINT_URL``. Requests
    must be signed, by whatever key.

    Args:
        name: as ``session`` takes it.
        account: as ``session`` takes it.
        region: as ``session`` takes it.
        repository: as ``session`` takes it.
        port: the port to listen on; 0 stands for one that is free.

    Raises:
        SandboxError: as ``session`` does, or the port cannot be had.
    """
    _require("moto", "filelock", "platformdirs")
    from reconciler.sandbox.seam import open_sandbox  # noqa: PLC0415  moto and boto3 cost half a second to import
    from reconciler.sandbox.server import Serving  # noqa: PLC0415  the same

    return Serving(open_sandbox(name, account=account, region=region, repository=repository), port)


def reset(name: str, *, account: str = "123456789012", repository: Path | None = None) -> bool:
    """Remove the saved account of that name and return whether there was one; running sessions start afresh.

    Raises:
        SandboxError: the extra ``sandbox`` is not installed, an argument is malformed, or the file cannot be removed.
    """
    _require("filelock", "platformdirs")
    from reconciler.sandbox.store import Saved  # noqa: PLC0415  needs the extra

    return Saved.named(name, account=account, repository=repository).remove()


def _require(*modules: str) -> None:
    from importlib.util import find_spec  # noqa: PLC0415  only needed here

    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise SandboxError(f"the sandbox needs {', '.join(missing)}, not installed here; {_REMEDY}")
