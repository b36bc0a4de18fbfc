"""Who holds what, in the state of an account that a question is about."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from reconciler.cli import run
from reconciler.cli.screen import status
from reconciler.cli.target import Target, targeted_by_option
from reconciler.errors import ReconcilerError
from reconciler.model import Desired
from reconciler.report.lines import counted

if TYPE_CHECKING:
    from reconciler.plan.picture import Picture

__all__ = ["State", "Which", "about_a_state", "pictured"]

Which: TypeAlias = Literal["live", "desired", "declared"]


@dataclass(frozen=True, slots=True)
class State:
    """The state that a question is about."""

    which: Which = "live"
    """``live``: the account as it is; ``desired``: as `apply` would leave it; ``declared``: the documents alone."""
    account: str | None = None
    """The name or id of the account whose documents are meant, where no account is looked at."""


_OPTIONS = (
    click.option("--desired", is_flag=True, help="The account as `apply` would leave it, not as it is."),
    click.option("--offline", is_flag=True, help="Only what the documents declare; no account is looked at."),
    click.option("--account", metavar="NAME", help="With --offline: the account of the settings, by name or id."),
)


def about_a_state(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command the options that say where it works and which state it is about, as ``target`` and ``state``."""

    @functools.wraps(command)
    def wrapped(*, desired: bool, offline: bool, account: str | None, target: Target, **rest: Any) -> int:
        if offline and (target.sandbox is not None or target.profile is not None):
            raise click.UsageError("--offline looks at no account, and --sandbox and --profile name one")
        if account is not None and not offline:
            raise click.UsageError("--account goes with --offline: otherwise the credentials tell the account")
        which: Which = "declared" if offline else "desired" if desired else "live"
        return command(target=target, state=State(which, account), **rest)

    return targeted_by_option(functools.reduce(lambda function, option: option(function), reversed(_OPTIONS), wrapped))


def pictured(target: Target, state: State) -> tuple[Picture, str]:
    """Return who holds what in that state, and which state it is, for people.

    Raises:
        InputError: the documents are wrong; for the account as it is only the settings must be right.
        AccountError: there are no credentials, they belong to another account, or the account cannot be read.
        SandboxError: the sandbox cannot be opened.
    """
    if state.which == "declared":
        return _declared(target, state.account)
    return _live(target) if state.which == "live" else _desired(target)


def _live(target: Target) -> tuple[Picture, str]:
    from reconciler.plan.picture import Picture, aws_policies  # noqa: PLC0415  other commands ask nothing

    iam, account = run.looked_at(target)
    with status(f"reading account {account.id}"):
        objects = iam.snapshot(account).objects
        known = iam.documents(aws_policies((objects,), account))
    return Picture(objects, account, known), f"account {account.id} as it is"


def _desired(target: Target) -> tuple[Picture, str]:
    from reconciler.plan import make  # noqa: PLC0415  the account as it is needs no plan
    from reconciler.plan.foresee import after_all  # noqa: PLC0415  the same
    from reconciler.plan.picture import Picture, aws_policies  # noqa: PLC0415  the same

    iam, desired = run.reached(target, run.checked(target))
    account = desired.account
    with status(f"reading account {account.id}"):
        live = iam.snapshot(account)
        made = make(desired, iam, live)
        objects = after_all(live.objects, [step.call for step in made.steps], account)
        known = iam.documents(aws_policies((objects,), account))
    open_ = f", with {counted(len(made.conflicts), 'conflict')} left open" if made.conflicts else ""
    return Picture(objects, account, known), f"account {account.id} as `apply` would leave it{open_}"


def _declared(target: Target, account: str | None) -> tuple[Picture, str]:
    from reconciler.live import kept_documents  # noqa: PLC0415  live state keeps nothing apart
    from reconciler.plan.offline import declared_picture  # noqa: PLC0415  the same

    source = run.checked(target, offline=True)
    names = {entry.id: entry.name or entry.id for entry in source.accounts}
    found = [one for one in run.declared(target, source) if account in {None, one.account.id, names[one.account.id]}]
    desired = _only(found, list(names.values()), account)
    picture = declared_picture(desired, kept_documents)
    over = f"{counted(len(picture.principals()), 'principal')} that the documents declare"
    return picture, f"{over} for account {desired.account.id}; no account was looked at"


def _only(found: list[Desired], names: list[str], account: str | None) -> Desired:
    if len(found) == 1:
        return found[0]
    what = f"the settings name no account {account!r}" if account is not None else "the settings name several accounts"
    raise ReconcilerError(f"{what}; choose one with --account: {', '.join(names)}")
