"""From a target to a plan: documents first, then credentials, then the account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from reconciler.cli import basing
from reconciler.cli.consenting import accepted
from reconciler.cli.screen import complain, status
from reconciler.cli.target import DEFAULT_SANDBOX, Target
from reconciler.errors import ReconcilerError
from reconciler.model import Account, Base, Desired, Plan

if TYPE_CHECKING:
    from reconciler.documents import AccountEntry, Source
    from reconciler.live import Iam
    from reconciler.plan.make import Begun, Reader
    from reconciler.plan.scope import Scope

__all__ = [
    "Place",
    "based",
    "checked",
    "declared",
    "looked_at",
    "made",
    "planned",
    "reached",
    "reset",
    "sandbox_place",
]

_EXAMPLE_ACCOUNT = "123456789012"
"""The account of AWS's own examples; a sandbox takes it where the settings name several accounts."""

_REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_REGION = "us-east-1"


class Place(TypedDict):
    """Where a sandbox is, beside its name: see ``reconciler.sandbox.session``."""

    account: str
    region: str
    repository: Path


def checked(target: Target, *, offline: bool = False) -> Source:
    """Return the documents after every check that needs no account; warnings go to stderr.

    Only ``offline`` is it a fault that nobody says what the variable ``region`` is: a session may know more. References
    that only an account can settle are told where there is an account that nobody will ask.

    Raises:
        InputError: the documents are wrong; it carries every fault.
    """
    from reconciler.documents import load  # noqa: PLC0415  help and version must not pay for jsonschema

    source = load(target.directory)
    asked = target.sandbox is not None or target.profile is not None
    final = offline and not (asked and len(source.accounts) == 1)
    for fault in source.check(target.today, _region(target) or (None if offline else _REGION), final=final):
        complain("warning", str(fault))
    return source


def declared(target: Target, source: Source) -> list[Desired]:
    """Return what the documents declare for each of their accounts, without looking at any."""
    region = _region(target) or _REGION
    accounts = (Account(entry.id, entry.partition, region) for entry in source.accounts)
    return [source.build(account, target.today) for account in accounts]


def planned(target: Target, source: Source) -> tuple[Plan, Iam]:
    """Return the plan for the account that the target leads to, and the IAM to apply it with.

    Raises:
        InputError: the documents are wrong in a way that only the account tells, or there is no base as asked for.
        AccountError: there are no credentials, they belong to another account, or the account cannot be read.
        SandboxError: the sandbox cannot be opened.
    """
    iam, desired, base = based(target, source)
    return made(accepted(desired, target), iam, base=base, scope=target.scope), iam


def based(target: Target, source: Source) -> tuple[Iam, Desired, Base | None]:
    """Do as ``reached`` does, and return also what was declared for the account at the target's base, if it has one.

    Raises:
        InputError: the documents are wrong in a way that only the account tells, or there is no base as asked for.
        AccountError: there are no credentials, or they belong to another account.
        SandboxError: the sandbox cannot be opened.
        ReconcilerError: the plan is to be limited to a change from documents that are wrong.
    """
    before = basing.before(target, source)
    iam, desired = reached(target, source)
    base = basing.on_base(before, desired)
    if base is None and target.scope == "change":
        what = f"what the change is cannot be told, as the documents of {target.base} are wrong"
        raise ReconcilerError(f"{what}: name another commit, or plan with --scope all")
    return iam, desired, base


def reached(target: Target, source: Source) -> tuple[Iam, Desired]:
    """Return the IAM that the target leads to, and what the documents declare for its account.

    Raises:
        InputError: the documents are wrong in a way that only the account tells.
        AccountError: there are no credentials, or they belong to another account.
        SandboxError: the sandbox cannot be opened.
    """
    iam = _iam(target, source)
    with status("asking whose credentials these are"):
        account = iam.identify()
    source.entry(account.id)
    return iam, source.build(account, target.today)


def looked_at(target: Target) -> tuple[Iam, Account]:
    """Return the IAM that the target leads to, and its account, which the settings name; only these must be sound.

    Raises:
        InputError: the settings cannot be read.
        AccountError: there are no credentials, or they belong to another account.
        SandboxError: the sandbox cannot be opened.
    """
    from reconciler.documents import load  # noqa: PLC0415  help and version must not pay for jsonschema

    source = load(target.directory)
    iam = _iam(target, source)
    with status("asking whose credentials these are"):
        account = iam.identify()
    source.entry(account.id)
    return iam, account


def made(
    desired: Desired, iam: Reader, begun: Begun | None = None, base: Base | None = None, scope: Scope = "all"
) -> Plan:
    """Return the plan for what is declared; what ``begun`` names was created by a run of that plan which stopped.

    ``base`` is what was declared before the change that is planned, to which ``scope`` may limit the plan.

    Raises:
        InputError: the documents are wrong in a way that only the account tells.
        AccountError: the account cannot be read.
    """
    from reconciler.plan import make  # noqa: PLC0415  offline commands need no plan

    with status(f"reading account {desired.account.id}"):
        return make(desired, iam, begun=begun, base=base, scope=scope)


def reset(target: Target) -> bool:
    """Forget the target's sandbox and return whether there was one.

    Raises:
        InputError: the settings, which name the account, cannot be read.
        SandboxError: the saved account cannot be removed.
    """
    from reconciler import sandbox  # noqa: PLC0415  an extra that need not be installed
    from reconciler.documents import load  # noqa: PLC0415  help and version must not pay for jsonschema

    account = _sandbox_entry(load(target.directory)).id
    return sandbox.reset(target.sandbox or DEFAULT_SANDBOX, account=account, repository=target.directory.resolve())


def sandbox_place(target: Target) -> Place:
    """Return where the target's sandbox is, as its documents say.

    Raises:
        InputError: the settings, which name the account, cannot be read.
    """
    from reconciler.documents import load  # noqa: PLC0415  help and version must not pay for jsonschema

    return _place(target, load(target.directory))


def _iam(target: Target, source: Source) -> Iam:
    from reconciler import live  # noqa: PLC0415  offline commands must not pay for boto3

    if target.sandbox is None:
        return live.Iam(live.session(target.profile, target.region), keep=True)
    from reconciler import sandbox  # noqa: PLC0415  an extra that need not be installed

    place = _place(target, source)
    with status("opening the sandbox"):
        return live.Iam(sandbox.session(target.sandbox, **place))


def _place(target: Target, source: Source) -> Place:
    entry = _sandbox_entry(source)
    region = target.region or _REGIONS.get(entry.partition, _REGION)
    return {"account": entry.id, "region": region, "repository": target.directory.resolve()}


def _sandbox_entry(source: Source) -> AccountEntry:
    """Return the account that a sandbox plays: the only one, or else the examples' one, or else the first."""
    found = sorted(source.accounts, key=lambda entry: entry.id != _EXAMPLE_ACCOUNT)
    return found[0] if found else source.entry(_EXAMPLE_ACCOUNT)


def _region(target: Target) -> str | None:
    if target.region is None and target.sandbox is not None:
        return _REGION
    return target.region or os.environ.get("AWS_DEFAULT_REGION")
