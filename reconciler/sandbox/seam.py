"""The one seam: every request of every sandbox is answered by ``Sandbox.dispatch``, one at a time.

moto's models are neither thread-safe nor free of globals, so one lock holds for the whole process.

Accounts that know of each other (saved ones of one name and repository, or those in memory that were made beside each
other) are reached through any of them: a request is answered by the account whose access key signed it, and AssumeRole
reaches the account of its role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any

from moto.utilities.utils import get_partition

from reconciler.errors import SandboxError
from reconciler.sandbox import answers, rpc, rules, wire
from reconciler.sandbox.account import Account, create
from reconciler.sandbox.callers import owner
from reconciler.sandbox.motobridge import delegate, refusals, untracked
from reconciler.sandbox.quotas import checked
from reconciler.sandbox.registry import ANSWERS, enforce
from reconciler.sandbox.store import Saved
from reconciler.sandbox.wire import Call, RefusedError, Request, Response

__all__ = ["LOCK", "Sandbox", "open_sandbox", "partition_of"]

# Imported for what they register.
_TABLES = (rules, answers)
_OK = 200
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ROLE = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):role/.+", re.ASCII)

LOCK = RLock()
"""Held while a request is answered, by whichever sandbox."""


@dataclass(slots=True, eq=False)
class Sandbox:
    """One account that answers requests; with ``saved``, every granted write is on disk before it is answered."""

    account: Account
    saved: Saved | None = None
    others: dict[str, Sandbox] = field(default_factory=dict)
    """The accounts within reach by their ids, as far as they are open; one mapping for all of them."""

    def dispatch(self, request: Request) -> Response:
        """Return the response to one request: an answer, or AWS's refusal.

        Raises:
            SandboxError: the request is for another service, or the saved account cannot be read or written.
        """
        protocol = rpc if rpc.speaks(request) else wire
        with LOCK, untracked():
            try:
                call = protocol.parse(request)
            except RefusedError as error:
                return _failure(request, None, error)
            home = self._home(call.access_key)
            written = home._written(call)  # noqa: SLF001  its own class
            with ExitStack() as stack:
                # In one order everywhere, so that no two processes wait for each other.
                for each in sorted({home, written}, key=lambda sandbox: sandbox.account.id):
                    stack.enter_context(each._opened())  # noqa: SLF001  its own class
                reached = {each.account.id: each.account for each in (home, written)}
                response = _answered(home.account, replace(call, accounts=reached))
                if call.writes and response.status == _OK and written.saved is not None:
                    written.saved.write(written.account)
                return response

    def beside(
        self, account: str, partition: str, quotas: Mapping[str, int] | None = None, page_limit: int | None = None
    ) -> Sandbox:
        """Return a new sandbox in memory within reach of this one, and this one within its reach.

        Raises:
            SandboxError: this one is saved, of another partition, or knows an account of that id already; or an
                argument is malformed.
        """
        if self.saved is not None:
            raise SandboxError("accounts beside a saved one are those of its name and repository; give these instead")
        if account in self.others or account == self.account.id:
            raise SandboxError(f"there is an account {account} beside that session already")
        if partition != self.account.partition:
            message = f"the session's account is of the partition {self.account.partition}, not {partition}"
            raise SandboxError(f"{message}; roles are not assumed across partitions")
        made = Sandbox(_changed(create(account, partition), _options(quotas, page_limit)), None, self.others)
        self.others |= {self.account.id: self, account: made}
        return made

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """Keep others out of the account, and have it as it was last saved."""
        if self.saved is None:
            yield
            return
        with self.saved.locked():
            if self.saved.changed():
                self.account = self.saved.read() or create(self.account.id, self.account.partition)
            try:
                yield
            except BaseException:
                # What is in memory may be half changed, or changed and not saved.
                self.saved.forget()
                raise

    def _home(self, access_key: str) -> Sandbox:
        """Return the account that the access key belongs to; keys that nobody made stand for this one."""
        other = self._reached(owner(access_key))
        if other is None or other is self:
            return self
        with other._opened():  # noqa: SLF001  its own class
            return other if access_key in other.account.iam.access_keys else self

    def _written(self, call: Call) -> Sandbox:
        """Return the account that the call may change: that of the role when a role is to be assumed."""
        assumes = call.operation.startswith("AssumeRole")
        found = _ROLE.fullmatch(str(call.params.get("RoleArn"))) if assumes else None
        return (self._reached(found["account"]) if found else None) or self

    def _reached(self, account: str | None) -> Sandbox | None:
        """Return the account of that id, if there is one within reach."""
        if account is None or account == self.account.id:
            return self
        if account not in self.others and self.saved is not None:
            saved = self.saved.of(account)
            if saved.path.exists():
                self.others[account] = Sandbox(create(account, self.account.partition), saved, self.others)
                self.others.setdefault(self.account.id, self)
        return self.others.get(account)


def _answered(account: Account, call: Call) -> Response:
    try:
        with refusals():
            enforce(account, call)
            known = ANSWERS.get(call.operation)
            if known is None:
                return delegate(account, call)
            result = known(account, call)
    except RefusedError as error:
        return _failure(call.request, call, error)
    return rpc.success(call, result) if call.service == rpc.SERVICE else wire.success(call, result)


def _failure(request: Request, call: Call | None, error: RefusedError) -> Response:
    if rpc.speaks(request):
        return rpc.failure(request, error)
    return wire.failure(call.service if call is not None else "iam", error)


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
    partition, changes = partition_of(account, region), _options(quotas, page_limit)
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


def partition_of(account: str, region: str) -> str:
    """Return the partition of a region.

    Raises:
        SandboxError: the account id is malformed.
    """
    if not _ACCOUNT.fullmatch(account):
        raise SandboxError(f"{account!r} is no account id; write twelve digits")
    return str(get_partition(region))


def _options(quotas: Mapping[str, int] | None, page_limit: int | None) -> Mapping[str, Any]:
    """Return the attributes of an account that the arguments set."""
    changes: dict[str, Any] = {} if quotas is None else {"quotas": checked(quotas)}
    if page_limit is not None:
        if page_limit < 1:
            raise SandboxError(f"a page cannot hold {page_limit} items; page_limit is one or more")
        changes["page_limit"] = page_limit
    return changes


def _changed(account: Account, changes: Mapping[str, Any]) -> Account:
    for attribute, value in changes.items():
        setattr(account, attribute, value)
    return account
