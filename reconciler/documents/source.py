"""A directory of documents: what it declares for each account, and everything that is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from reconciler.documents.assemble import Parts, assemble
from reconciler.documents.crosscheck import Findings
from reconciler.documents.declare import Prepared, Written, declare
from reconciler.documents.defaults import Defaults
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.settings import NOWHERE, AccountEntry
from reconciler.documents.stated import Stated, Told
from reconciler.documents.telling import tell
from reconciler.documents.variables import Scope
from reconciler.errors import Fault, InputError, WrongAccountError
from reconciler.model import Account, Desired, Settings

__all__ = ["Source"]


class Source:
    """The documents below one directory, read once; made by ``load``."""

    def __init__(self, parts: Parts) -> None:
        """Take what the directory holds."""
        self._parts = parts
        self._faults = (*parts.faults, *self._wrong_accounts())

    @property
    def parts(self) -> Parts:
        """Return what the directory holds."""
        return self._parts

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

    def check(self, today: dt.date, region: str | None = None, *, final: bool = True) -> tuple[Fault, ...]:
        """Return the warnings of all accounts; ``region`` is for accounts whose settings set none.

        A reference that only the account can settle is a fault where a similar name exists, else a warning. With
        ``final`` off the account is asked next, so such a reference is no warning, and a fault only beside others.

        Raises:
            InputError: Something is wrong for some account; everything that is, each fault once.
        """
        faults = list(self._faults)
        likely: list[Fault] = []
        warnings: list[Fault] = []
        for entry in self.accounts:
            _, found = self._for_account(entry, Account(entry.id, entry.partition, region), today)
            faults += found.faults
            likely += found.likely
            warnings += [*found.warnings, *found.open] if final else found.warnings
        faults += self._without_account(today, region)
        if faults or (likely and final):
            raise InputError([*faults, *likely])
        return tuple(sorted(set(warnings)))

    def build(self, account: Account, today: dt.date) -> Desired:
        """Return what the documents declare for ``account`` on the day ``today`` (UTC).

        References that only the account can settle are left to whoever reads it.

        Raises:
            InputError: Something is wrong; everything that is for this account.
            WrongAccountError: The settings do not name the account.
        """
        if not self.accounts:
            raise InputError([*self._faults, *self._without_account(today, account.region)])
        entry = self.entry(account.id)
        desired, found = self._for_account(entry, account, today)
        faults = list(found.faults)
        if account.partition != entry.partition and self._parts.settings is not None:
            what = f"account {account.id} is in partition {account.partition}, and the settings say {entry.partition}"
            faults.append(Fault(self._parts.settings.place, what, f"set `partition: {account.partition}` there"))
        if self._faults or faults:
            raise InputError([*self._faults, *faults])
        return desired

    def _wrong_accounts(self) -> list[Fault]:
        """Return a fault for every account that a document names and the settings do not."""
        if self._parts.settings is None or self._parts.settings.names is None:
            return []
        names = self._parts.settings.names
        faults = []
        documents: list[Written | Stated] = [*self._parts.written, *self._parts.stated]
        for written in documents:
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

    def _without_account(self, today: dt.date, region: str | None) -> list[Fault]:
        """Return what can be said against documents of no account, or of one whose id cannot be read."""
        settings = self._parts.settings
        if settings is None:
            told = self._told((one for one in self._parts.stated if not one.tree.templated), Scope())
            written = [one for one in self._parts.written if not one.tree.templated]
            return [*self._each(written, Scope(), Defaults(), today), *_faults(told)]
        faults: list[Fault] = []
        for entry in settings.unclear:
            own = settings.for_account(entry, region, today, self._parts.kinds)
            faults += [*own.faults, *self._each(self._meant_for(entry), own.scope, own.defaults, today)]
            faults += _faults(self._told(self._parts.stated, own.scope))
        entries = (*settings.entries, *settings.unclear)
        used = {id(one) for entry in entries for one in self._meant_for(entry)}
        unused = [one for one in self._parts.written if id(one) not in used]
        if unused:
            first = settings.for_account(entries[0], region, today, self._parts.kinds)
            # Which values the variables have nobody knows, only which variables there are.
            quiet = replace(first.scope, spoiled=first.scope.elsewhere | first.scope.values.keys())
            faults += self._each(unused, quiet, first.defaults, today)
        return faults

    def _each(self, written: Iterable[Written], scope: Scope, defaults: Defaults, today: dt.date) -> list[Fault]:
        """Return what can be said against documents one by one."""
        faults: list[Fault] = []
        for one in written:
            prepared = self._prepare(one, scope, defaults)
            faults += [*prepared.faults, *declare(prepared, Account(NOWHERE), today)[1]]
        return faults

    def _prepare(self, written: Written, scope: Scope, defaults: Defaults) -> Prepared:
        return self._parts.preparer.prepare(written, scope, defaults, self._parts.json)

    def _meant_for(self, entry: AccountEntry) -> list[Written]:
        return [one for one in self._parts.written if _is_for(one.accounts, entry)]

    def _told(self, stated: Iterable[Stated], scope: Scope) -> list[Told]:
        return [tell(one, scope, self._parts.kinds) for one in stated]

    def _for_account(self, entry: AccountEntry, account: Account, today: dt.date) -> tuple[Desired, Findings]:
        parts = self._parts
        if parts.settings is None:
            return Desired(account, Settings(), {}, today), Findings()
        own = parts.settings.for_account(entry, account.region, today, parts.kinds)
        scope, defaults = parts.preparer.known(own.scope), parts.preparer.known(own.defaults)
        written = [(one, self._prepare(one, scope, defaults)) for one in self._meant_for(entry)]
        told = self._told((one for one in parts.stated if _is_for(one.accounts, entry)), own.scope)
        desired, found = assemble(written, told, account, today, own, parts)
        found.faults.extend(own.faults)
        return desired, found


def _is_for(accounts: list[str] | None, entry: AccountEntry) -> bool:
    """Return whether a document that names these accounts is about the account of the entry."""
    return accounts is None or entry.name is None or entry.name in accounts


def _faults(told: Iterable[Told]) -> list[Fault]:
    return [fault for one in told for fault in one.faults]
