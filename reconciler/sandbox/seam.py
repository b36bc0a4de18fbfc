"""The one seam: every request of every sandbox is answered by ``Sandbox.dispatch``, one at a time.

moto's models are neither thread-safe nor free of globals, so one lock holds for the whole process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from moto.utilities.utils import get_partition

from reconciler.errors import SandboxError
from reconciler.sandbox import answers, rules
from reconciler.sandbox.account import Account, create
from reconciler.sandbox.motobridge import delegate, refusals, untracked
from reconciler.sandbox.quotas import checked
from reconciler.sandbox.registry import ANSWERS, enforce
from reconciler.sandbox.store import Saved
from reconciler.sandbox.wire import Call, RefusedError, Request, Response, failure, parse, success

__all__ = ["LOCK", "Sandbox", "open_sandbox"]

# Imported for what they register.
_TABLES = (rules, answers)
_OK = 200
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)

LOCK = RLock()
"""Held while a request is answered, by whichever sandbox."""


@dataclass(slots=True, eq=False)
class Sandbox:
    """One account that answers requests; with ``saved``, every granted write is on disk before it is answered."""

    account: Account
    saved: Saved | None = None

    def dispatch(self, request: Request) -> Response:
        """Return the response to one request: an answer, or AWS's refusal.

        Raises:
            SandboxError: the request is for another service, or the saved account cannot be read or written.
        """
        with LOCK, untracked():
            if self.saved is None:
                return self._answer(request)[0]
            with self.saved.locked():
                self._refresh(self.saved)
                try:
                    response, call = self._answer(request)
                    if call is not None and call.writes and response.status == _OK:
                        self.saved.write(self.account)
                except BaseException:
                    # What is in memory may be half changed, or changed and not saved.
                    self.saved.forget()
                    raise
                return response

    def _refresh(self, saved: Saved) -> None:
        if saved.changed():
            self.account = saved.read() or create(self.account.id, self.account.partition)

    def _answer(self, request: Request) -> tuple[Response, Call | None]:
        call: Call | None = None
        try:
            call = parse(request)
            with refusals():
                enforce(self.account, call)
                known = ANSWERS.get(call.operation)
                if known is None:
                    return delegate(self.account, call), call
                return success(call, known(self.account, call)), call
        except RefusedError as error:
            return failure(call.service if call is not None else "iam", error), call


def open_sandbox(
    name: str | None,
    *,
    account: str,
    region: str,
    repository: Path | None,
    quotas: Mapping[str, int] | None = None,
    page_limit: int | None = None,
) -> Sandbox:
    """Return a sandbox in memory, or the saved one of that name.

    Raises:
        SandboxError: an argument is malformed, or the saved account cannot be read or written.
    """
    if not _ACCOUNT.fullmatch(account):
        raise SandboxError(f"{account!r} is no account id; write twelve digits")
    changes: dict[str, Any] = {} if quotas is None else {"quotas": checked(quotas)}
    if page_limit is not None:
        if page_limit < 1:
            raise SandboxError(f"a page cannot hold {page_limit} items; page_limit is one or more")
        changes["page_limit"] = page_limit
    partition = get_partition(region)
    with LOCK, untracked():
        if name is None:
            return Sandbox(_changed(create(account, partition), changes))
        saved = Saved.named(name, account=account, repository=repository)
        with saved.locked():
            found = saved.read()
            if found is not None and found.partition != partition:
                message = f"the sandbox {name!r} is of the partition {found.partition}, {region} is of {partition}"
                raise SandboxError(f"{message}; choose another region or name")
            opened = _changed(found or create(account, partition), changes)
            if changes:
                saved.write(opened)
        return Sandbox(opened, saved)


def _changed(account: Account, changes: Mapping[str, Any]) -> Account:
    for attribute, value in changes.items():
        setattr(account, attribute, value)
    return account
