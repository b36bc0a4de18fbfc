"""A directory of documents: what it declares for each account, and everything that is wrong with it."""

from __future__ import annotations

import datetime as dt

from reconciler.documents.assemble import Parts, assemble
from reconciler.documents.declare import JsonFiles, Prepared, Written, declare, prepare
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.settings import AccountEntry
from reconciler.documents.variables import Scope
from reconciler.errors import Fault, InputError, WrongAccountError
from reconciler.model import Account, Desired, Settings

__all__ = ["Source"]

_NOWHERE = Account("000000000000")


class Source:
    """The documents below one directory, read once; made by ``load``."""

    def __init__(self, parts: Parts) -> None:
        """Take what the directory holds."""
        self._parts = parts
        self._files = JsonFiles(parts.directory)
        self._prepared: dict[int, Prepared] = {}
        self._faults = (*parts.faults, *self._wrong_accounts())

    @property
    def accounts(self) -> tuple[AccountEntry, ...]:
        """Return the accounts that the settings name, in their order there."""
        return self._parts.settings.entries if self._parts.settings is not None else ()

    def entry(self, account_id: str) -> AccountEntry:
        """Return the settings' entry for the account with the twelve digits ``account_id``.

        Raises:
            WrongAccountError: The settings name other accounts.
            InputError: The settings cannot be read.
        """
        for entry in self.accounts:
            if entry.id == account_id:
                return entry
        if self._parts.settings is None or not self.accounts:
            raise InputError(self._faults)
        names = listed([f"{entry.name} ({entry.id})" if entry.name else entry.id for entry in self.accounts])
        message = f"the credentials belong to account {account_id}, but {self._parts.settings.place} names {names}"
        raise WrongAccountError(f"{message}; use other credentials or add the account")

    def check(self, today: dt.date, region: str | None = None) -> tuple[Fault, ...]:
        """Return the warnings of all accounts; ``region`` is for accounts whose settings set none.

        Raises:
            InputError: Something is wrong for some account; everything that is, each fault once.
        """
        faults = list(self._faults)
        warnings: list[Fault] = []
        for entry in self.accounts:
            desired, more = self._for_account(entry, Account(entry.id, entry.partition, region), today)
            faults += more
            warnings += desired.warnings
        if not self.accounts:
            faults += self._without_settings(today)
        if faults:
            raise InputError(faults)
        return tuple(sorted(set(warnings)))

    def build(self, account: Account, today: dt.date) -> Desired:
        """Return what the documents declare for ``account`` on the day ``today`` (UTC).

        Raises:
            InputError: Something is wrong; everything that is for this account.
            WrongAccountError: The settings do not name the account.
        """
        if not self.accounts:
            raise InputError([*self._faults, *self._without_settings(today)])
        entry = self.entry(account.id)
        desired, faults = self._for_account(entry, account, today)
        if account.partition != entry.partition and self._parts.settings is not None:
            what = f"account {account.id} is in partition {account.partition}, and the settings say {entry.partition}"
            faults.append(Fault(self._parts.settings.place, what, f"set `partition: {account.partition}` there"))
        if self._faults or faults:
            raise InputError([*self._faults, *faults])
        return desired

    def _wrong_accounts(self) -> list[Fault]:
        """Return a fault for every account that a document names and the settings do not."""
        if not self.accounts:
            return []
        names = [entry.name for entry in self.accounts if entry.name is not None]
        faults = []
        for written in self._parts.written:
            for index, name in enumerate(written.accounts or ()):
                if name in names:
                    continue
                place = str(written.tree.at(("accounts", index)))
                if not names:
                    what = "the settings give their one account no name"
                    faults.append(Fault(place, what, "remove `accounts` here, or name accounts in the settings"))
                    continue
                meant = did_you_mean(name, names)
                remedy = f"did you mean {meant}?" if meant else f"the settings name {listed(names)}"
                faults.append(Fault(place, f"unknown account {quoted(name)}", remedy))
        return faults

    def _without_settings(self, today: dt.date) -> list[Fault]:
        """Return what can be said against the documents while nobody knows for which accounts they are."""
        faults: list[Fault] = []
        for written in self._parts.written:
            if not written.tree.templated:
                prepared = self._prepare(written, Scope())
                faults += [*prepared.faults, *declare(prepared, _NOWHERE, today)[1]]
        return faults

    def _prepare(self, written: Written, scope: Scope) -> Prepared:
        """Return the prepared document; one that holds no variables is the same for every account."""
        key = id(written)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = prepare(written, scope, self._files)
            if not prepared.varies:
                self._prepared[key] = prepared
        return prepared

    def _for_account(self, entry: AccountEntry, account: Account, today: dt.date) -> tuple[Desired, list[Fault]]:
        parts = self._parts
        if parts.settings is None:
            return Desired(account, Settings(), {}, today), []
        own = parts.settings.for_account(entry, account.region, today, parts.kinds.keys())
        written = [
            (one, self._prepare(one, own.scope))
            for one in parts.written
            if one.accounts is None or entry.name is None or entry.name in one.accounts
        ]
        desired, faults = assemble(written, account, today, own, parts)
        return desired, [*own.faults, *faults]
