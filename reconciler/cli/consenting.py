"""``--accept GUARD=ADDRESS``: consent from the command line, which counts where a person sits at a terminal.

What is to count in a pipeline is written down, reviewed and dated: see ``kind: exception``.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from reconciler.cli.screen import complain, watched
from reconciler.cli.target import Target
from reconciler.model import ACCOUNT, GUARDS, Consent, Desired

__all__ = ["accepted", "accepting"]

_WILD = re.compile(r"[*?\[\]]")
_SETTINGS = "settings"


def accepting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that consent, as part of its keyword ``target``; to be used below ``targeted``."""

    @functools.wraps(command)
    def wrapped(*, target: Target, consents: tuple[Consent, ...], in_ci: bool, **rest: Any) -> int:
        _check(consents, in_ci=in_ci)
        return command(target=dataclasses.replace(target, accepted=consents, accepts_in_ci=in_ci), **rest)

    return functools.reduce(lambda function, option: option(function), reversed(_OPTIONS), wrapped)


def accepted(desired: Desired, target: Target) -> Desired:
    """Return what is desired with the consents of the command line behind those of the documents."""
    return dataclasses.replace(desired, consents=(*desired.consents, *target.accepted))


def _consents(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> tuple[Consent, ...]:
    try:
        return tuple(dict.fromkeys(_consent(text) for text in values))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


_OPTIONS = (
    click.option(
        "--accept",
        "consents",
        metavar="GUARD=ADDRESS",
        multiple=True,
        callback=_consents,
        help="Lift a guard for one object (kind/name), for `account`, or for settings/KEY. May be repeated. "
        "Counts on a terminal only: elsewhere a `kind: exception` document does.",
    ),
    click.option(
        "--accept-guards-in-ci", "in_ci", is_flag=True, help="Let --accept count without a terminal; a warning tells."
    ),
)


def _consent(text: str) -> Consent:
    """Return the consent that somebody wrote.

    Raises:
        ValueError: it is none.
    """
    guard, equals, subject = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} names no address; write GUARD=ADDRESS, such as takeover=role/deployer")
    known = next((one for one in GUARDS if one == guard), None)
    if known is None:
        near = difflib.get_close_matches(guard.lower(), GUARDS, n=3, cutoff=0.6)
        remedy = f"did you mean {' or '.join(near)}?" if near else f"the guards are {', '.join(GUARDS)}"
        raise ValueError(f"there is no guard {guard!r}; {remedy}")
    if _WILD.search(subject):
        raise ValueError(f"{subject!r} is a pattern, and consent is given for one address at a time")
    if not _names_something(subject):
        what = f"it is kind/name, {ACCOUNT}, or {_SETTINGS}/KEY"
        raise ValueError(f"{subject!r} is no address that a guard speaks of; {what}")
    return Consent(known, subject)


def _names_something(subject: str) -> bool:
    from reconciler.kinds import KINDS  # noqa: PLC0415  help and version must not pay for the kinds

    kind, _, name = subject.lower().partition("/")
    return (kind == ACCOUNT and "/" not in subject) or (kind in {*KINDS, _SETTINGS} and bool(name))


def _check(consents: Sequence[Consent], *, in_ci: bool) -> None:
    """Return if the consents count in this run; those that do though nobody watches are told in the log.

    Raises:
        UsageError: they do not count, or the options do not go together.
    """
    if in_ci and not consents:
        raise click.UsageError("--accept-guards-in-ci goes with --accept: it lifts nothing by itself")
    if not consents or (watched(sys.stdin) and watched(sys.stderr)):
        return
    if not in_ci:
        what = "--accept lifts nothing where there is no terminal"
        ways = "write a `kind: exception` document and have it reviewed, or add --accept-guards-in-ci"
        raise click.UsageError(f"{what}: {ways}")
    for one in consents:
        complain("warning", f"guard {one.guard} is lifted for {one.subject} by --accept, in a run without a terminal")
