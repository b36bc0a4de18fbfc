"""The command that looks up IAM's actions: offline, without documents and without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.screen import complain, unread
from reconciler.cli.target import FORMAT
from reconciler.errors import ReconcilerError
from reconciler.report.lines import counted, printable

if TYPE_CHECKING:
    from reconciler.catalogue.actions import ActionCatalogue

__all__ = ["actions"]

_FOUND = 0


@click.command()
@click.option(
    "--details", "detailed", is_flag=True, help="Show ARN formats and condition keys, as for a single action."
)
@FORMAT
@click.argument("glob", required=False)
def actions(glob: str | None, output: str, *, detailed: bool) -> int:
    """Search the actions that IAM knows, offline; without a GLOB, list the services.

    GLOB matches names as in a policy, ignoring case: 's3:Get*'. Without a colon it is a service (s3), or a part of a
    name (passrole); with * or ? it matches services and the names behind them ('Get*Policy'). Quote it, or the shell
    may take it for names of files.
    """
    from reconciler.catalogue.actions import action_catalogue  # noqa: PLC0415  other commands look no action up
    from reconciler.catalogue.search import find_actions, services  # noqa: PLC0415  the same
    from reconciler.report import actions as report  # noqa: PLC0415  the same

    catalogue = action_catalogue()
    if glob is None:
        known = services(catalogue)
        what = counted(len(known), "service")
        text = report.services_json(catalogue, known) if output == "json" else report.services_text(known)
    else:
        found = find_actions(catalogue, glob)
        if not found:
            raise ReconcilerError(_missed(catalogue, glob))
        what = counted(len(found), "action")
        if output == "json":
            text = report.actions_json(catalogue, found)
        else:
            text = (report.details if detailed or len(found) == 1 else report.listing)(catalogue, found)
    with unread():
        click.echo(text, nl=False)
    complain(what, f"as of {catalogue.date}, from {catalogue.source}")
    return _FOUND


def _missed(catalogue: ActionCatalogue, glob: str) -> str:
    from reconciler.catalogue.search import near_actions  # noqa: PLC0415  needed for a slip only

    near = near_actions(catalogue, glob)
    remedy = f"did you mean {' or '.join(near)}?" if near else "without a GLOB, the services are listed"
    return f'no action matches "{printable(glob)}"; {remedy}'
