"""What every command is told about where it works: directory, account, region, day."""

from __future__ import annotations

import datetime as dt
import functools
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

__all__ = [
    "DEFAULT_DIRECTORY",
    "DEFAULT_SANDBOX",
    "DIRECTORY",
    "FORMAT",
    "SANDBOX_OPTION",
    "Target",
    "dated",
    "targeted",
    "targeted_by_option",
    "targeted_or_saved",
    "with_sandbox_named",
]

DEFAULT_DIRECTORY: Final = "desired-state"
DEFAULT_SANDBOX: Final = "default"

_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


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
    now: dt.datetime = _NEVER
    """The time that the run takes for now: the first moment of ``today`` where somebody named a day."""
    base: str | None = None
    """A name of the commit against whose documents those of the directory are held."""
    plan: Path | None = None
    """The file of the saved plan that is applied."""
    journal: Path | None = None
    """The journal of the run that is undone."""

    def command(self, *words_before: str) -> str:
        """Return the command line that runs a command, given by its name and own options, on the same target."""
        undoes = self.journal is not None and self.plan is None
        words = ["reconciler", *(("undo", *words_before[1:]) if undoes else words_before)]
        if self.sandbox is not None:
            words.append("--sandbox" if self.sandbox == DEFAULT_SANDBOX else f"--sandbox={self.sandbox}")
        words += [f"--profile={self.profile}"] if self.profile else []
        words += [f"--region={self.region}"] if self.region else []
        words += [f"--base={self.base}"] if self.base is not None and not undoes else []
        words += [_operand(self.plan)] if self.plan is not None else []
        if self.journal is not None:
            words.append(_operand(self.journal) if undoes else f"--undoes={self.journal}")
        if str(self.directory) != DEFAULT_DIRECTORY:
            named = self.plan is not None or self.journal is not None
            words.append(f"--dir={self.directory}" if named else _operand(self.directory))
        return shlex.join(words)


def _operand(path: Path) -> str:
    """Return the path as an argument that is taken for no option."""
    return f".{os.sep}{path}" if str(path).startswith("-") else str(path)


def dated(text: str) -> dt.datetime:
    """Return the time, UTC, of an ISO day or time; a time without an offset is UTC.

    Raises:
        ValueError: the text is neither.
    """
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _now(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.datetime:
    try:
        return dated(value) if value is not None else dt.datetime.now(dt.UTC)
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


FORMAT = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs.",
)

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


DIRECTORY: Final = _Directory()
"""The type of a parameter that names the documents."""

_OPTIONS = (
    SANDBOX_OPTION,
    click.option("--profile", metavar="NAME", help="Profile of your AWS configuration that gives the credentials."),
    click.option("--region", metavar="REGION", help="What the variable `region` is where the settings set none."),
    click.option("--now", metavar="DATE", callback=_now, help="Day or time, UTC, to take for now."),
)


def targeted(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command the options that select where it works, as its keyword ``target``."""
    return _targeted(command, _place("[DIR]"))


def targeted_or_saved(command: Callable[..., int]) -> Callable[..., int]:
    """Do as ``targeted`` does for a command whose argument may also be the file of a saved plan."""
    return _targeted(command, _place("[DIR|FILE]"))


def targeted_by_option(command: Callable[..., int]) -> Callable[..., int]:
    """Do as ``targeted`` does for a command whose argument is no directory of documents."""
    place = click.option(
        "--dir",
        "directory",
        metavar="DIR",
        default=DEFAULT_DIRECTORY,
        type=_Directory(),
        help="The documents whose settings hold; by default `desired-state`.",
    )
    return _targeted(command, place)


def _place(argument: str) -> Callable[..., Any]:
    return click.argument("directory", metavar=argument, default=DEFAULT_DIRECTORY, type=_Directory())


def _targeted(command: Callable[..., int], place: Callable[..., Any]) -> Callable[..., int]:
    @functools.wraps(command)
    def wrapped(
        *,
        directory: Path,
        sandbox: str | None,
        profile: str | None,
        region: str | None,
        now: dt.datetime,
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
        target = Target(directory, sandbox, profile, region, now.date(), now)
        return command(target=target, **rest)

    return functools.reduce(lambda function, option: option(function), reversed((place, *_OPTIONS)), wrapped)
