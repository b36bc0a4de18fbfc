"""The commands: each calls the rooms in turn, prints, and returns its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

import reconciler
from reconciler.cli import access_commands, basing, expectations, gate, run, saved, undoing
from reconciler.cli.actions import actions
from reconciler.cli.adopting import adopt
from reconciler.cli.applying import Manner, carry_out, in_a_manner
from reconciler.cli.consenting import accepted, accepting
from reconciler.cli.screen import complain, console, heard, unread
from reconciler.cli.serving import serve
from reconciler.cli.target import (
    DEFAULT_SANDBOX,
    FORMAT,
    SANDBOX_OPTION,
    Target,
    targeted,
    targeted_or_saved,
    with_sandbox_named,
)
from reconciler.model import Desired, Plan
from reconciler.report.lines import counted

__all__ = ["cli"]

_IN_SYNC, _ERROR, _DIFFERENCES, _CONFLICTS = 0, 1, 2, 3


class _Root(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_sandbox_named(args))

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)


@click.group(
    cls=_Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done or in sync; 1 error; 2 differences (drift, plan --detailed-exitcode); "
    "3 the plan is refused, or has conflicts that it cannot close; 130 interrupted.",
)
@SANDBOX_OPTION
@click.version_option(reconciler.__version__, prog_name="reconciler", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, sandbox: str | None) -> int:
    """Make AWS IAM what YAML documents say, by the smallest set of calls.

    Every command takes the directory of the documents as its DIR, by default `desired-state`.

    Credentials are taken as any boto3 program takes them. `--sandbox` needs none: it works on an embedded account.
    """
    del sandbox
    return _help(ctx)


@cli.command()
@targeted
@basing.with_base
def validate(target: Target) -> int:
    """Check the documents, offline.

    What they expect of access is proved over the principals that they declare; what only the account can tell is left
    to plan. With --sandbox or --profile the documents are also held against that account. With --base it is told what
    the documents have stopped to declare since that commit.
    """
    source = run.checked(target, offline=True)
    before = basing.before(target, source)
    asked = target.sandbox is not None or target.profile is not None
    reached = [run.reached(target, source)] if asked else []
    found = run.declared(target, source)
    bases = basing.on_bases(before, [*(desired for _, desired in reached), *found])
    for iam, desired in reached:
        made = run.made(desired, iam, base=bases.pop(0))
        expectations.refuse(made.unmet)
        for alarm in gate.alarms(made):
            complain("warning", f"a guard refuses the plan for account {made.account.id}: {alarm}")
    known = {desired.account.id for _, desired in reached}
    unknown = [pair for pair in zip(found, bases, strict=True) if pair[0].account.id not in known]
    for what in dict.fromkeys(what for desired, base in unknown if base for what in basing.told(desired, base)):
        complain("warning", what)
    expected = expectations.judged(found)
    with unread():
        click.echo(f"valid: {_inventory(found)}")
        if expected:
            click.echo(expected)
    return _IN_SYNC


@cli.command()
@FORMAT
@click.option("--explain-skips", "skips", is_flag=True, help="Show also what is spared, and by which rule.")
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if there is something to write.")
@gate.FAIL_ON
@saved.saving
@targeted
@accepting
@basing.with_scope
@basing.with_base
def plan(
    target: Target, saving: saved.Saving, output: str, fail_on: Sequence[str], *, skips: bool, detailed: bool
) -> int:
    """Show what `apply` would do, and write nothing to the account.

    A plan that is saved with --out can be reviewed and then applied with `apply FILE`, just as it was shown.
    """
    saving.check()
    iam, desired, base = run.based(target, run.checked(target))
    made = run.made(accepted(desired, target), iam, base=base, scope=target.scope)
    if saving.out is not None:
        from reconciler.plan.basis import basis_of  # noqa: PLC0415  most plans are not saved

        saved.save(made, basis_of(desired), target, saving.out, saving.expires)
    with unread():
        _show(made, output, "plan", target, skips=skips)
    gate.refuse(made, fail_on)
    return _code(made, differences=_DIFFERENCES if detailed else _IN_SYNC)


@cli.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@gate.ALLOW_SPIKE
@gate.FAIL_ON
@in_a_manner
@saved.narrowing
@targeted_or_saved
@accepting
@basing.with_scope
@basing.with_base
def apply(
    target: Target,
    manner: Manner,
    narrow: saved.Narrowing,
    fail_on: Sequence[str],
    *,
    yes: bool,
    allow_spike: bool,
) -> int:
    """Show the plan, ask, and carry it out.

    With the FILE of a saved plan, the plan is made again, and what the file does not hold is left out of it: nothing
    is done that was not reviewed, and nothing that the documents do not ask for.
    """
    target = saved.aimed(target, narrow)
    read = gate.clock()
    if target.plan is not None:
        made, iam = saved.planned(target, target.plan, exact=narrow.exact)
    else:
        made, iam = run.planned(target, run.checked(target))
    with heard():
        if target.plan is None or made.steps or made.conflicts or made.standing:
            _show(made, "text", "plan", target)
        else:
            click.echo(f"nothing to write: everything in {target.plan} is true already")
    gate.refuse(made, fail_on, allow_spike=allow_spike)
    if made.steps:
        again = gate.last_look(made, iam, read, always=target.plan is not None and not yes)
        code = carry_out(made, iam, target, manner, asked=not yes, ready=again)
        if code:
            return code
    return _code(made, differences=_IN_SYNC)


@cli.command()
@FORMAT
@targeted
@accepting
@basing.with_scope
@basing.with_base
def drift(target: Target, output: str) -> int:
    """Show what in the account is not as declared.

    Exits with 2 if there is anything.
    """
    made, _ = run.planned(target, run.checked(target))
    with unread():
        _show(made, output, "drift", target)
    gate.refuse(made)
    return _code(made, differences=_DIFFERENCES)


cli.add_command(undoing.undo)
cli.add_command(access_commands.access)
cli.add_command(adopt)


@cli.group(invoke_without_command=True)
@click.pass_context
def sandbox(ctx: click.Context) -> int:
    """Manage the embedded account."""
    return _help(ctx)


@sandbox.command()
@targeted
def reset(target: Target) -> int:
    """Forget everything in a sandbox of DIR.

    It is the sandbox called `default`, or that of --sandbox=NAME.
    """
    if target.profile is not None:
        raise click.UsageError("a sandbox is reset, and --profile names a real account")
    name = target.sandbox or DEFAULT_SANDBOX
    click.echo(f"sandbox {name}: {'removed' if run.reset(target) else 'there was none'}")
    return _IN_SYNC


sandbox.add_command(serve)

cli.add_command(actions)


def _help(ctx: click.Context) -> int:
    """Show a group's help where a command of it should have been named."""
    if ctx.invoked_subcommand is not None:
        return _IN_SYNC
    click.echo(ctx.get_help(), err=True)
    return _ERROR


def _inventory(found: Sequence[Desired]) -> str:
    every = [one for desired in found for one in desired.declared.values()]
    kinds = Counter(one.address.kind for one in every if one.state == "present")
    others = Counter(one.state for one in every if one.state != "present")
    told = [counted(kinds[kind], kind) for kind in sorted(kinds)]
    told += [f"{others[state]} declared {state}" for state in sorted(others)]
    text = f"{counted(kinds.total(), 'object')} in {counted(len(found), 'account')}"
    return f"{text} ({', '.join(told)})" if told else text


def _show(made: Plan, output: str, view: str, target: Target, *, skips: bool = False) -> None:
    from reconciler.report import drift as drift_report  # noqa: PLC0415  validate shows no report
    from reconciler.report import json as json_report  # noqa: PLC0415
    from reconciler.report import text as text_report  # noqa: PLC0415

    if output == "json":
        click.echo(json_report.render(made, skips=skips), nl=False)
    elif view == "drift":
        drift_report.render(made, console=console(), repair=target.command("apply"))
    else:
        text_report.render(made, console=console(), skips=skips)


def _code(made: Plan, *, differences: int) -> int:
    if made.conflicts:
        return _CONFLICTS
    return differences if made.steps else _IN_SYNC
