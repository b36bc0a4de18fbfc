"""The command that lists who in an account gets at more than anybody gave it."""

from __future__ import annotations

import click

from reconciler.cli.picturing import State, about_a_state, pictured
from reconciler.cli.screen import console, status, unread
from reconciler.cli.target import FORMAT, Target

__all__ = ["escalations"]

_DONE = 0


@click.command()
@click.option(
    "--possible", "with_possible", is_flag=True, help="List also what takes something that runs with another's role."
)
@FORMAT
@about_a_state
def escalations(target: Target, state: State, output: str, *, with_possible: bool) -> int:
    """List who gets at more than anybody gave it, and how, each step with a request that is allowed.

    A principal that may change its own policies, log in as another, rewrite a role's trust or have a service work with
    a role is listed if it so comes to what neither it nor a role that it is let into by name may do.

    --possible adds ways that are there only if something, a function or an instance, runs with the role: IAM does not
    tell. Exits with 0 whether there are any or not; `plan --fail-on escalation` refuses new ones.
    """
    from reconciler.plan import escalating  # noqa: PLC0415  other commands look for no escalations
    from reconciler.report import escalating as report  # noqa: PLC0415  the same

    picture, told = pictured(target, state)
    with status("looking for ways to more access"):
        found = escalating.escalations(picture)
        more = escalating.possible_escalations(picture) if with_possible else None
    undecided = tuple(dict.fromkeys([*found.undecided, *(more.undecided if more else ())]))
    possible = more.escalations if more is not None else None
    with unread():
        if output == "json":
            click.echo(report.as_json(found.escalations, possible, undecided, told), nl=False)
        else:
            report.render(found.escalations, possible, undecided, told, console())
    return _DONE
