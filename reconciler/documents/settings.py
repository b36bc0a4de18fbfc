"""The settings: the one document without ``kind``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.documents.defaults import Defaults
from reconciler.documents.rules import DYNAMIC, RuleReader
from reconciler.documents.tree import Tree
from reconciler.documents.variables import NAME, Definition, Scope, fill, resolve
from reconciler.documents.wording import objections
from reconciler.errors import Fault
from reconciler.model import Kind, Path, Settings

__all__ = ["NOWHERE", "AccountEntry", "AccountSettings", "SettingsFile", "read_settings"]

_SCHEMA = "reconciler.schema.json"
NOWHERE = "000000000000"
"""Stands in for the id of an account that cannot be read."""
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_STATIC = frozenset({"version", "accounts", "account", "variables"})


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account that the settings name; ``name`` is None for the shorthand ``account:``."""

    name: str | None
    id: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The settings as they are for one account."""

    settings: Settings
    scope: Scope
    defaults: Defaults
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The settings document: its accounts, and what is wrong with it whatever the account."""

    tree: Tree
    entries: tuple[AccountEntry, ...] = ()
    unclear: tuple[AccountEntry, ...] = ()
    """Accounts whose ids cannot be read; they have a stand-in."""
    names: tuple[str, ...] | None = ()
    """The names of all accounts; None where they cannot be read."""
    faults: tuple[Fault, ...] = ()

    @property
    def place(self) -> str:
        """Return where the accounts stand, as ``file:line``."""
        data = self.tree.data
        key = next((key for key in ("accounts", "account") if isinstance(data, dict) and key in data), "version")
        origin = self.tree.at((key,))
        return f"{origin.file}:{origin.line}"

    def for_account(
        self, entry: AccountEntry, region: str | None, today: dt.date, kinds: Mapping[str, Kind[Any]]
    ) -> AccountSettings:
        """Return the settings with the account's own variables filled in, and everything that is wrong with them."""
        every = (*self.entries, *self.unclear)
        elsewhere = frozenset(name for other in every for name in self._definitions(other) if NAME.fullmatch(name))
        bare = Scope(account=entry.name or "" if len(every) > 1 else "", elsewhere=elsewhere)
        built_in = {"account_id": entry.id, "partition": entry.partition, "region": region}
        scope, faults = resolve(self._definitions(entry), built_in, bare)
        filled = fill(self.tree, scope, untouched=_STATIC)
        found = objections(_SCHEMA, filled.tree.data)
        said = [Fault(str(filled.tree.at(path)), what, remedy) for path, what, remedy in found]
        reader = RuleReader(filled.tree, kinds, frozenset(path for path, _, _ in found))
        settings = reader.settings(frozenset(other.id for other in self.entries))
        defaults = Defaults(reader.defaults(), filled.spoiled)
        own = [fault for fault in (*said, *reader.faults) if fault.place not in filled.spoiled]
        told = (*faults, *filled.faults, *own)
        return AccountSettings(settings, scope, defaults, told, reader.warnings(settings, today))

    def _definitions(self, entry: AccountEntry) -> dict[str, Definition]:
        paths: list[Path] = [("variables",)]
        if entry.name is not None:
            paths.append(("accounts", entry.name, "variables"))
        found: dict[str, Definition] = {}
        for path in paths:
            node: Any = self.tree.data
            spot = self.tree.spot
            for key in path:
                node = node.get(key) if isinstance(node, dict) else None
                spot = spot.child(key) or spot
            if isinstance(node, dict):
                found |= {name: Definition(value, spot.child(name) or spot) for name, value in node.items()}
        return found


def read_settings(tree: Tree) -> SettingsFile:
    """Return the settings document with the accounts that it names; the rest is read for each account."""
    faults = [
        Fault(str(tree.at(path)), what, remedy)
        for path, what, remedy in objections(_SCHEMA, tree.data)
        if not (tree.templated and path and path[0] in DYNAMIC)
    ]
    entries: dict[str, AccountEntry] = {}
    unclear: list[AccountEntry] = []
    listed_accounts = _listed_accounts(tree.data)
    for name, value, path in listed_accounts:
        number = value.get("id") if isinstance(value, dict) else None
        if not isinstance(number, str) or not _ACCOUNT_ID.fullmatch(number):
            unclear.append(AccountEntry(name, NOWHERE))
            continue
        entry = AccountEntry(name, number, str(value.get("partition") or "aws"))
        twin = entries.setdefault(entry.id, entry)
        if twin is not entry:
            what = f"the accounts {twin.name} and {name} have the same id"
            faults.append(Fault(str(tree.at((*path, "id"))), what, "give each account its own"))
    if not listed_accounts:
        unclear.append(AccountEntry(None, NOWHERE))
    shorthand = "account" in tree.data and "accounts" not in tree.data
    names = tuple(name for name, _, _ in listed_accounts if name is not None)
    return SettingsFile(
        tree, tuple(entries.values()), tuple(unclear), names if names or shorthand else None, tuple(faults)
    )


def _listed_accounts(data: Mapping[str, Any]) -> list[tuple[str | None, Any, Path]]:
    if isinstance(data.get("accounts"), dict):
        return [(name, value, ("accounts", name)) for name, value in data["accounts"].items()]
    return [(None, {"id": data["account"]}, ("account",))] if "account" in data else []
