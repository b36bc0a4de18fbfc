"""Saved plans on the command line: `plan --out FILE` and `apply FILE`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import reconciler
from reconciler.cli import journals, run
from reconciler.cli.consenting import accepted
from reconciler.cli.screen import complain
from reconciler.cli.target import DEFAULT_DIRECTORY, DIRECTORY, Target, dated
from reconciler.cli.writing import replace
from reconciler.errors import MisshapenCallError, PlanFileError, RefusedError
from reconciler.model import Account, Live, Plan
from reconciler.report.lines import counted
from reconciler.report.text import subject

if TYPE_CHECKING:
    from reconciler.live import Iam
    from reconciler.plan.basis import Basis
    from reconciler.plan.check import Derive, Judge, Narrowed
    from reconciler.plan.file import Saved
    from reconciler.plan.make import Library

__all__ = ["Narrowing", "Saving", "aimed", "narrowing", "planned", "save", "saving"]

_SPAN = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _expiry(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.timedelta | dt.datetime | None:
    if value is None:
        return None
    if span := _SPAN.fullmatch(value):
        return dt.timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        # A day holds through that day, as `until` does.
        return dated(value) + dt.timedelta(days=1 if _DAY.fullmatch(value) else 0)
    except (OverflowError, ValueError) as error:
        what = f"{value!r} is neither a span (30m, 2h, 3d, 1w) nor a day or time (2026-12-31T18:00:00Z)"
        raise click.BadParameter(what, ctx, param) from error


_SAVING = (
    click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Save the plan for `apply FILE`."),
    click.option(
        "--expires", metavar="WHEN", callback=_expiry, help="Refuse the saved plan from then on: 2h, 3d, or a time."
    ),
)
_NARROWING = (
    click.option(
        "--dir",
        "documents",
        metavar="DIR",
        type=DIRECTORY,
        help="The documents that a saved plan was made from; by default `desired-state`.",
    ),
    click.option("--exact", is_flag=True, help="Refuse a saved plan if there would be more to do than it holds."),
    click.option(
        "--undoes",
        metavar="JOURNAL",
        type=click.Path(path_type=Path),
        help="The journal that a saved plan of `undo` was made from.",
    ),
)


@dataclass(frozen=True, slots=True)
class Saving:
    """Where a plan is saved, and from when on it is refused."""

    out: Path | None = None
    expires: dt.timedelta | dt.datetime | None = None

    def check(self) -> None:
        """Return if the options go together.

        Raises:
            UsageError: a plan that is not saved shall expire.
        """
        if self.expires is not None and self.out is None:
            raise click.UsageError("--expires goes with --out: only a saved plan can expire")


def saving(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that makes a plan the options that save it, as its keyword ``saving``."""

    @functools.wraps(command)
    def wrapped(*, out: Path | None, expires: dt.timedelta | dt.datetime | None, **rest: Any) -> int:
        return command(saving=Saving(out, expires), **rest)

    return functools.reduce(lambda function, option: option(function), reversed(_SAVING), wrapped)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is said of a saved plan beside its file."""

    documents: Path | None = None
    exact: bool = False
    undoes: Path | None = None


def narrowing(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that applies a saved plan the options of it, as its keyword ``narrow``."""

    @functools.wraps(command)
    def wrapped(*, documents: Path | None, exact: bool, undoes: Path | None, **rest: Any) -> int:
        return command(narrow=Narrowing(documents, exact, undoes), **rest)

    return functools.reduce(lambda function, option: option(function), reversed(_NARROWING), wrapped)


def save(made: Plan, basis: Basis, target: Target, out: Path, expires: dt.timedelta | dt.datetime | None) -> None:
    """Write the plan to the file ``out``, whole or not at all, and tell how to go on.

    Raises:
        OSError: the file cannot be written.
    """
    from reconciler.plan.file import Header, dump  # noqa: PLC0415  most commands save nothing

    now = target.now.replace(microsecond=0)
    until = now + expires if isinstance(expires, dt.timedelta) else expires
    if until is not None and until <= now:
        raise click.UsageError(f"--expires: {until.isoformat()} is past already")
    caller, commit = str(made.header.get("caller", "")), _commit(target.directory)
    header = Header(reconciler.__version__, caller, commit, now, until, made.base)
    _write(out, dump(made, basis, header))
    command = dataclasses.replace(target, plan=out).command("apply")
    complain(
        "saved",
        f"{out}: {counted(len(made.steps), 'write')}; `{command}` makes {'it' if len(made.steps) == 1 else 'them'}",
    )


def aimed(target: Target, narrow: Narrowing) -> Target:
    """Return the target of an `apply`, whose argument may be a directory of documents or a saved plan's file."""
    given = target.directory
    if not given.is_dir() and (given.exists() or given.suffix == ".json"):
        directory = narrow.documents or Path(DEFAULT_DIRECTORY)
        return dataclasses.replace(target, directory=directory, plan=given, journal=narrow.undoes)
    if narrow.documents is not None:
        raise click.UsageError("--dir goes with the file of a saved plan; the directory itself is the argument")
    if narrow.exact:
        raise click.UsageError("--exact goes with the file of a saved plan")
    if narrow.undoes is not None:
        raise click.UsageError("--undoes goes with the file of a saved plan; `reconciler undo JOURNAL` makes one")
    return target


def planned(target: Target, file: Path, *, exact: bool) -> tuple[Plan, Iam]:
    """Return what is left to do of the plan in a file, and the IAM to apply it with; what is left out is told.

    Raises:
        PlanFileError: the file is no plan that this version can take.
        RefusedError: the plan must not be applied.
        InputError: the documents are wrong.
        AccountError: the account cannot be reached, or is none that the settings name.
    """
    from reconciler.plan.check import narrowed, refuse_foreign  # noqa: PLC0415  most commands load no plan
    from reconciler.plan.file import load  # noqa: PLC0415  the same

    saved = load(_read(file), str(file))
    iam, account, again, basis = _maker(saved, target, file)
    refuse_foreign(saved, account, target.now)
    changed = basis != saved.basis
    try:
        found = narrowed(saved, again.derive, again.judge, iam, exact=exact, changed=changed)
    except MisshapenCallError as error:
        raise PlanFileError(f"{file}: no sound plan: {error}; plan again") from error
    except RefusedError as error:
        if not changed:
            raise
        why = f"the documents in {target.directory} are not those that {file} was made from; --dir names others"
        raise RefusedError([*error.reasons, why]) from error
    _tell(found, saved, file, changed=changed)
    return found.plan, iam


@dataclass(frozen=True, slots=True)
class _Again:
    """How a plan is made again from what it was made from, and how guards are asked about a part of it."""

    derive: Derive
    judge: Judge


def _maker(saved: Saved, target: Target, file: Path) -> tuple[Iam, Account, _Again, Basis]:
    """Return the account, what makes the plan anew from what it was made from, and what that is now."""
    from reconciler.plan.basis import basis_of  # noqa: PLC0415  most commands load no plan
    from reconciler.plan.make import guarded  # noqa: PLC0415  the same

    if saved.basis.kind == "journal":
        return _undoer(saved.basis, target, file)
    if target.journal is not None:
        raise RefusedError([f"{file}: the plan was made from documents, so there is no journal that it undoes"])
    if saved.header.base is not None and target.base is None:
        what = "was made with --base, and what its guards said then they must be able to say now: give a base again"
        raise RefusedError([f"{file} {what}; it was --base={saved.header.base}"])
    iam, desired, base = run.based(target, run.checked(target))
    asked = accepted(desired, target)

    def judge(plan: Plan, live: Live, library: Library) -> Plan:
        return guarded(plan, asked, live, library, base)

    derive = functools.partial(run.made, asked, base=base, scope=target.scope)
    return iam, desired.account, _Again(derive, judge), basis_of(desired)


def _undoer(basis: Basis, target: Target, file: Path) -> tuple[Iam, Account, _Again, Basis]:
    """Return what makes an undo plan anew from its journal: the very one, found among those kept or named."""
    if target.base is not None:
        complain("note", f"--base counts for nothing here: {file} undoes a run, whatever the documents said before it")
    iam, desired = run.reached(target, run.checked(target))
    path = target.journal or journals.kept(desired.account, basis.sha256)
    if path is None:
        what = f"{file}: the plan undoes a run whose journal is not among those kept here; name it with --undoes"
        raise RefusedError([what])
    undone = journals.opened(path, desired.account)
    if undone.sha256 != basis.sha256:
        raise RefusedError([f"{file}: the plan was not made from {path}, or the journal was changed since"])
    asked = accepted(desired, target)
    derive, judge = (functools.partial(one, undone, asked) for one in (journals.undo_plan, journals.judged))
    return iam, desired.account, _Again(derive, judge), basis


def _tell(found: Narrowed, saved: Saved, file: Path, *, changed: bool) -> None:
    """Tell in what the plan that will be applied is not the one in the file."""
    if changed:
        complain("note", f"the documents say something else than when {file} was saved")
    for step in found.beyond:
        called = f"{step.call.operation} {step.address} {subject(step, found.plan)}".rstrip()
        complain("warning", f"not in {file}, so not done: {called}")
    for what in found.lost:
        complain("warning", f"only {file} tells it any more, so not done: {what}")
    if found.lost:
        complain("note", "what a run took away before it stopped is in the journal of that run")
    if found.remade:
        complain("warning", f"the writes go in another order than in {file}: the account needs them so now")
    if found.done:
        total = counted(len(saved.steps), "write")
        complain(
            "note", f"{len(found.done)} of the {total} of {file} {'is' if len(found.done) == 1 else 'are'} true already"
        )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        command = shlex.join(["reconciler", "plan", "--out", str(file)])
        raise PlanFileError(f"{file}: there is no such file; `{command}` writes it") from error


def _write(file: Path, data: bytes) -> None:
    goal = Path(os.path.realpath(file))
    if goal.exists() and not goal.is_file():
        raise click.UsageError(f"--out: {file} is no ordinary file")
    # A plan holds no secret: it is as readable as any file that is made here.
    mask = os.umask(0)
    os.umask(mask)
    try:
        replace(goal, data, 0o666 & ~mask)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PlanFileError(f"{file}: the plan cannot be saved: {why}; mend that, or name another place") from error


def _commit(directory: Path) -> str | None:
    """Return the commit that is checked out where the documents are, or None where git does not tell."""
    command = ["git", "-C", str(directory), "rev-parse", "--verify", "HEAD"]
    try:
        asked: Any = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603  the words are ours
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    commit = asked.stdout.strip()
    return commit if asked.returncode == 0 and re.fullmatch(r"[0-9a-f]{40,64}", commit) else None
