"""`--base REF`: what the documents said at another commit, such as the merge base of a pull request."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from reconciler.cli import gate
from reconciler.cli.screen import complain
from reconciler.cli.target import Target
from reconciler.model import Base, Desired, Live, Plan
from reconciler.report.lines import counted

if TYPE_CHECKING:
    from reconciler.documents import Before, Source

__all__ = ["before", "on_base", "on_bases", "told", "with_base", "with_scope"]

_BASE = click.option(
    "--base",
    metavar="REF",
    help="Tell what the documents change against those of that commit, the merge base of a pull request for example.",
)
_SCOPE = click.option(
    "--scope",
    type=click.Choice(["all", "change"]),
    default="all",
    show_default=True,
    help="With --base: change leaves alone what is not as declared for another reason than what the documents change.",
)


def with_scope(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that has a base the option ``--scope``, as the target's ``scope``; it goes above ``with_base``."""

    @functools.wraps(command)
    def wrapped(*, target: Target, scope: Literal["all", "change"], **rest: Any) -> int:
        target = dataclasses.replace(target, scope=scope)
        return command(target=target, **rest)

    return _SCOPE(wrapped)


def with_base(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that has a target the option ``--base``, as the target's ``base``; it goes below ``targeted``."""

    @functools.wraps(command)
    def wrapped(*, target: Target, base: str | None, **rest: Any) -> int:
        if base is None and target.scope == "change":
            raise click.UsageError("--scope change goes with --base: only against another commit there is a change")
        return command(target=dataclasses.replace(target, base=base), **rest)

    return _BASE(wrapped)


def before(target: Target, source: Source) -> Before | None:
    """Return the documents of the commit that the target names, None if it names none; ``source`` are those of today.

    Raises:
        InputError: they cannot be had: the directory lies in no repository of git's, or it has no such commit.
    """
    if target.base is None:
        return None
    from reconciler.documents import read_before  # noqa: PLC0415  help and version must not pay for jsonschema

    found = read_before(source, target.base)
    if found.source is None:
        what = f"commit {found.commit.short} has no documents in {target.directory}"
        complain("warning", f"--base: {what}: everything that is declared counts as new")
    return found


def on_base(found: Before | None, desired: Desired) -> Base | None:
    """Return what the documents of the commit said of the same account; None if there is no commit, or they are wrong.

    That they are wrong stops nothing; guards then judge as without a base.
    """
    return on_bases(found, [desired])[0]


def on_bases(found: Before | None, desired: Sequence[Desired]) -> list[Base | None]:
    """Do as ``on_base`` does for several; what is wrong for all of them is told once."""
    if found is None:
        return [None for _ in desired]
    bases: list[Base | None] = []
    wrong: dict[str, None] = {}
    for one in desired:
        base, faults = found.base(one.account, one.today)
        bases.append(base)
        if base is None:
            more = f"; {counted(len(faults) - 1, 'more error')}" if len(faults) > 1 else ""
            what = f"the documents of commit {found.commit.short} are wrong, so guards hold as without --base"
            wrong[f"--base: {what}: {faults[0]}{more}"] = None
    for text in wrong:
        complain("warning", text)
    return bases


def told(head: Desired, base: Base) -> list[str]:
    """Return what the documents alone tell of the change since the base, a warning each."""
    return [*_forgotten(head, base), *_loosened(head, base)]


def _loosened(head: Desired, base: Base) -> list[str]:
    """Return which settings are looser than at the base, without anybody's consent."""
    from reconciler.plan.guards import Scene  # noqa: PLC0415  without --base no guard is asked offline
    from reconciler.plan.guards.settings import settings_loosened  # noqa: PLC0415  the same

    # The guard looks at nothing but the two sides' documents.
    scene = Scene(Plan(head.account), head, head.settings, Live(head.account, {}), lambda _: {}, base)
    alarms = [alarm for alarm in settings_loosened(scene) if alarm.consent is None]
    return [gate.worded(alarm) for alarm in alarms]


def _forgotten(head: Desired, base: Base) -> list[str]:
    """Return which objects are declared no more though nothing says what shall become of them."""
    if head.settings.prune and base.desired.settings.prune:
        return []
    renamed = {(address.kind, one.renamed_from.lower()) for address, one in head.declared.items() if one.renamed_from}
    gone = [
        one
        for address, one in base.desired.declared.items()
        if one.state == "present" and address not in head.declared and (address.kind, address.folded) not in renamed
    ]
    remedy = "write `state: absent` to delete it, or `state: unmanaged` with a reason to give it up"
    return [
        f"{one.origin}: {one.address} is declared no more: if it is still live, it is left behind as it is; {remedy}"
        for one in gone
    ]
