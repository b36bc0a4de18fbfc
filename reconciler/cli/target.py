"""What every command is told about where it works: directory, account, region, day."""

from __future__ import annotations

import datetime as dt
import functools
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

__all__ = ["DEFAULT_SANDBOX", "SANDBOX_OPTION", "Target", "dated", "targeted", "with_sandbox_named"]

DEFAULT_DIRECTORY: Final = "desired-state"
DEFAULT_SANDBOX: Final = "default"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command works."""

    directory: Path
    sandbox: str | None = None
    """The name of the embedded account, or None for a real one."""
    profile: str | None = None
    region: str | None = None
    today: dt.date = dt.date.min
    """The day, UTC, that the run takes for today."""

    def command(self, *words_before: str) -> str:
        """Return the command line that runs a command, given by its name and own options, on the same target."""
        words = ["reconciler", *words_before]
        if self.sandbox is not None:
            words.append("--sandbox" if self.sandbox == DEFAULT_SANDBOX else f"--sandbox={self.sandbox}")
        words += [f"--profile={self.profile}"] if self.profile else []
        words += [f"--region={self.region}"] if self.region else []
        words += [str(self.directory)] if str(self.directory) != DEFAULT_DIRECTORY else []
        return shlex.join(words)


def dated(text: str) -> dt.date:
    """Return the day, UTC, of an ISO day or time; a time without an offset is UTC.

    Raises:
        ValueError: the text is neither.
    """
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo is None else moment.astimezone(dt.UTC)).date()


def _today(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.date:
    try:
        return dated(value) if value is not None else dt.datetime.now(dt.UTC).date()
    except ValueError as error:
        what = f"{value!r} is neither a day (2026-12-31) nor a time (2026-12-31T18:00:00Z)"
        raise click.BadParameter(what, ctx, param) from error


class SandboxOption(click.Option):
    """``--sandbox[=NAME]``; see ``with_sandbox_named`` for how it does without a value."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the help with the brackets where they belong."""
        record = super().get_help_record(ctx)
        return (f"--sandbox[={self.metavar}]", record[1]) if record is not None else None


def with_sandbox_named(args: Sequence[str]) -> list[str]:
    """Return the arguments with every bare ``--sandbox`` given its name.

    click's own optional values take the next argument, so ``plan --sandbox desired-state`` would name a sandbox
    ``desired-state``; here only ``--sandbox=NAME`` gives a name.
    """
    end = list(args).index("--") if "--" in args else len(args)
    bare = "--sandbox"
    return [f"{bare}={DEFAULT_SANDBOX}" if arg == bare and at < end else arg for at, arg in enumerate(args)]


SANDBOX_OPTION = click.option(
    "--sandbox",
    cls=SandboxOption,
    metavar="NAME",
    help="Work on an embedded account instead of a real one; NAME tells several apart.",
)


class _Directory(click.Path):
    """A directory; whether it is there and may be read is told with all other faults, and not by click."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; nothing, as an unset variable of a script leaves it, is not the current directory."""
        if value == "":
            self.fail("it is empty; name the directory that holds the documents", param, ctx)
        return super().convert(value, param, ctx)


_OPTIONS = (
    click.argument("directory", metavar="[DIR]", default=DEFAULT_DIRECTORY, type=_Directory()),
    SANDBOX_OPTION,
    click.option("--profile", metavar="NAME", help="Profile of your AWS configuration that gives the credentials."),
    click.option("--region", metavar="REGION", help="What the variable `region` is where the settings set none."),
    click.option("--now", "today", metavar="DATE", callback=_today, help="Day or time, UTC, to take for now."),
)


def targeted(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command the options that select where it works, as its keyword ``target``."""

    @functools.wraps(command)
    def wrapped(
        *,
        directory: Path,
        sandbox: str | None,
        profile: str | None,
        region: str | None,
        today: dt.date,
        **rest: Any,
    ) -> int:
        outer = click.get_current_context().find_root().params.get("sandbox")
        if sandbox is not None and outer is not None and sandbox != outer:
            raise click.UsageError(f"--sandbox is given twice, as {outer!r} and as {sandbox!r}")
        sandbox = sandbox if sandbox is not None else outer
        if sandbox == "":
            raise click.UsageError("--sandbox= lacks its name; write --sandbox or --sandbox=NAME")
        if sandbox is not None and profile is not None:
            raise click.UsageError("--sandbox and --profile exclude one another: the sandbox takes no credentials")
        target = Target(directory, sandbox, profile, region, today)
        return command(target=target, **rest)

    return functools.reduce(lambda function, option: option(function), reversed(_OPTIONS), wrapped)
