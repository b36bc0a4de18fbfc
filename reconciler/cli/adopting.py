"""The command that lets the reconciler take over what somebody else made: it edits documents, offline."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from reconciler.cli import run
from reconciler.cli.screen import complain, unread
from reconciler.cli.target import Target, targeted_by_option
from reconciler.cli.writing import replace
from reconciler.errors import Fault, InputError, ReconcilerError
from reconciler.model import Address, Declared, Origin

if TYPE_CHECKING:
    from reconciler.documents import Source

__all__ = ["adopt"]

_DONE = 0
_BOM = "\ufeff"

_Said: TypeAlias = Mapping[tuple[str, Address], Declared]
"""What the documents declare, by account and address."""


@click.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@targeted_by_option
def adopt(target: Target, addresses: Sequence[str]) -> int:
    """Write `adopt: true` into the documents that declare each ADDRESS, such as role/deployer.

    A plan that would take access from an object which somebody else made is refused; with this key it takes the object
    over. Nothing else in the files is changed.
    """
    said = _said(target, run.checked(target))
    names = _names(said, dict.fromkeys(addresses))
    meant = [key for key, declared in said.items() if declared.at("name") in names]
    if meant:
        _edit(target, said, meant, names)
    return _DONE


def _said(target: Target, source: Source) -> _Said:
    found = run.declared(target, source)
    return {(desired.account.id, address): one for desired in found for address, one in desired.declared.items()}


def _names(said: _Said, addresses: Iterable[str]) -> set[Origin]:
    """Return where the names stand of the objects that are still to be adopted.

    Raises:
        InputError: some address cannot be adopted; all that is wrong with all of them.
    """
    names: set[Origin] = set()
    faults: list[Fault] = []
    notes: set[str] = set()
    for text in addresses:
        for one in _meant(said, text, faults):
            own = _own_key(one)
            if one.adopt:
                notes.add(f"{one.address} is adopted already, at {one.at('adopt')}")
            elif own is not None:
                faults.append(Fault(text, f"its document says `adopt: false`, at {own}", "change it there"))
            else:
                names.add(one.at("name"))
    for note in sorted(notes):
        complain("note", note)
    if faults:
        raise InputError(faults)
    return names


def _meant(said: _Said, text: str, faults: list[Fault]) -> list[Declared]:
    """Return what is declared at an address, in every account, after reporting that nothing is."""
    from reconciler.documents.hints import did_you_mean  # noqa: PLC0415  help and version must not pay for jsonschema

    kind, _, name = text.partition("/")
    address = Address(kind.lower(), name)
    found = [one for (_, each), one in said.items() if each == address]
    present = [one for one in found if one.state == "present"]
    if not present:
        near = did_you_mean(text, [str(one.address) for one in said.values() if one.state == "present"])
        if found:
            what, remedy = f"it is declared {found[0].state}, at {found[0].origin}", "declare how it shall be"
        else:
            what, remedy = "no document declares it", f"did you mean {near}?" if near else "write its document first"
        faults.append(Fault(text, what, remedy))
    return present


def _own_key(declared: Declared) -> Origin | None:
    from reconciler.documents.adopting import adopt_key  # noqa: PLC0415  other commands edit nothing

    name = declared.at("name")
    return adopt_key(_read(name.file)[1], name)


def _edit(target: Target, said: _Said, meant: Collection[tuple[str, Address]], names: Collection[Origin]) -> None:
    """Write the key into the files, see that they say it and nothing else, and tell where it stands.

    Raises:
        ReconcilerError: a file cannot be written, or would not say it; all files are as they were.
    """
    from reconciler.documents.adopting import with_adopt  # noqa: PLC0415  other commands edit nothing

    before: dict[Path, bytes] = {}
    try:
        for file in sorted({name.file for name in names}):
            content, text = _read(file)
            before[Path(file)] = content
            new = with_adopt(text, [name for name in names if name.file == file])
            _replace(Path(file), (_BOM.encode() if content.startswith(_BOM.encode()) else b"") + new.encode())
        after = _read_again(target, said, meant)
    except (ReconcilerError, OSError) as error:
        for path, content in before.items():
            _replace(path, content)
        raise ReconcilerError(f"nothing is adopted: {error}; write `adopt: true` into the documents by hand") from error
    places = sorted({after[key].at("adopt") for key in meant})
    taken = sorted({after[key].address for key in meant})
    with unread():
        for place in places:
            click.echo(f"{place.file}:{place.line}: adopt: true")
        click.echo(f"the next plan takes over {', '.join(map(str, taken))}")


def _read_again(target: Target, said: _Said, meant: Collection[tuple[str, Address]]) -> _Said:
    """Return what the documents declare now: what they did, and that what is meant may be taken over.

    Raises:
        ReconcilerError: they say something else.
    """
    from reconciler.documents import load  # noqa: PLC0415  help and version must not pay for jsonschema

    after = _said(target, load(target.directory))
    if _plain(after, meant) != _plain(said, meant) or not all(after[key].adopt for key in meant):
        raise ReconcilerError("the documents do not say it then")
    return after


def _plain(said: _Said, meant: Collection[tuple[str, Address]]) -> Mapping[tuple[str, Address], Any]:
    """Return what is declared without places, and without what ``adopt`` says of what is meant."""
    bare = {}
    for key, one in said.items():
        plain = dataclasses.replace(one, origin=Origin(""), document=None)
        bare[key] = dataclasses.replace(plain, adopt=False) if key in meant else plain
    return bare


def _read(file: str) -> tuple[bytes, str]:
    """Return what a file holds, and its text without a byte order mark, ends of lines as they are."""
    content = Path(file).read_bytes()
    return content, content.decode("utf-8").removeprefix(_BOM)


def _replace(path: Path, content: bytes) -> None:
    goal = Path(os.path.realpath(path))
    replace(goal, content, stat.S_IMODE(goal.stat().st_mode))
