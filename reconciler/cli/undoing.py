"""The command `undo`: a plan like any other, made from the journal of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from reconciler.cli import gate, journals, run, saved
from reconciler.cli.applying import Manner, carry_out, in_a_manner
from reconciler.cli.consenting import accepted, accepting
from reconciler.cli.screen import console, heard, unread
from reconciler.cli.target import Target, targeted_by_option
from reconciler.model import Account, Plan
from reconciler.report.lines import printable

__all__ = ["undo"]

_DONE, _CONFLICTS = 0, 3
_LISTED = 10


@click.command()
@click.argument("journal", metavar="[JOURNAL]", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@gate.ALLOW_SPIKE
@gate.FAIL_ON
@in_a_manner
@saved.saving
@targeted_by_option
@accepting
def undo(  # noqa: PLR0913  a parameter an option
    target: Target,
    manner: Manner,
    saving: saved.Saving,
    journal: Path | None,
    fail_on: Sequence[str],
    *,
    yes: bool,
    allow_spike: bool,
) -> int:
    """Put back what an apply wrote, from its JOURNAL; for emergencies.

    Where the documents can be mended, `git revert` and `apply` is the better way: the next apply makes the account
    what the documents say, undone or not. Undo shows a plan, asks, and carries it out; with --out it saves the plan
    for `apply FILE` and writes nothing. What others changed since stays as they left it.

    Without a JOURNAL the newest ones are listed.
    """
    if journal is None:
        _list(target)
    saving.check()
    target = dataclasses.replace(target, journal=journal)
    read = gate.clock()
    iam, desired = run.reached(target, run.checked(target))
    found = journals.opened(journal, desired.account)
    made = journals.undo_plan(found, accepted(desired, target), iam)
    if saving.out is not None:
        from reconciler.plan.basis import Basis  # noqa: PLC0415  most plans are not saved

        saved.save(made, Basis("journal", found.sha256), target, saving.out, saving.expires)
    applies = bool(made.steps) and saving.out is None
    with heard() if applies else unread():
        _show(made, journals.told(found.journal))
    gate.refuse(made, fail_on, allow_spike=allow_spike or not applies)
    if applies:
        code = carry_out(made, iam, target, manner, asked=not yes, ready=gate.last_look(made, iam, read, always=False))
        if code:
            return code
    return _CONFLICTS if made.conflicts else _DONE


def _show(made: Plan, run_told: str) -> None:
    from reconciler.report import text  # noqa: PLC0415  a list of journals shows no report
    from reconciler.report.guards import guard_lines  # noqa: PLC0415  the same
    from reconciler.report.terminal import show  # noqa: PLC0415  the same

    click.echo(f"Undo of the run of {printable(run_told)}")
    if made.in_sync:
        click.echo("nothing to put back: nothing that the run wrote is left as the run left it")
        show([*text.open_lines(made), *guard_lines(made)], console())
    else:
        text.render(made, console=console())


def _list(target: Target) -> NoReturn:
    """List the newest journals of the accounts that the settings name, from which one is to be chosen.

    Raises:
        UsageError: always, for none was chosen.
    """
    source = run.checked(target, offline=True)
    accounts = [Account(entry.id, entry.partition) for entry in source.accounts]
    for account in accounts:
        click.echo(f"journals of account {account.id} are kept in {journals.folder(account)}")
        listed = list(journals.newest(account, _LISTED))
        for path, what in listed:
            click.echo(f"  {path}\n    {printable(what)}")
        if not listed:
            click.echo("  there is none")
    if not accounts:
        click.echo(f"the settings name no account; journals are kept in {journals.folder(Account('ACCOUNT'))}")
    raise click.UsageError("no JOURNAL is named, so nothing is undone: name the file of one")
