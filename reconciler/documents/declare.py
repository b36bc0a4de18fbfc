"""From one document to what it declares for one account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.documents.defaults import ADOPT, Defaults
from reconciler.documents.files import Files
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.jsontext import read_json
from reconciler.documents.telling import STATEMENTS
from reconciler.documents.tree import Positions, Tree, without
from reconciler.documents.variables import Scope, fill
from reconciler.documents.wording import Objection, objections
from reconciler.errors import Fault, InputError
from reconciler.model import Account, Address, Context, Declared, Document, Kind
from reconciler.model import Path as NodePath

__all__ = ["JsonFiles", "Prepared", "Written", "declare", "fitted", "kind_of", "with_file"]

_UNTOUCHED = frozenset({"kind", "accounts"})
_STAND_IN = "x"
"""The name of an object whose own cannot be read: its document is parsed for its other faults."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document of a kind as it stands in its file."""

    kind: Kind[Any]
    tree: Tree
    path: Path
    """The file."""

    @property
    def accounts(self) -> list[str] | None:
        """Return the accounts that the document is about, or None for all."""
        names = self.tree.data.get("accounts")
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else None

    @property
    def name(self) -> str:
        """Return the name that the document gives its object, empty where it gives none that can be read."""
        name = self.tree.data.get("name")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with its variables and files filled in, held against its schema."""

    kind: Kind[Any]
    tree: Tree
    """Without the nodes that the schema says something against."""
    sound: bool
    """Whether the tree fits the schema and its file could be read, so that its object is known."""
    faults: tuple[Fault, ...] = ()
    spoiled: frozenset[str] = frozenset()
    """Places whose variables are at fault: whatever else is said of them is a consequence."""
    blamed: frozenset[str] = frozenset()
    """The keys in which nodes are left out: what is missing there is a consequence."""
    varies: bool = False
    """Whether the tree holds values of variables."""


class JsonFiles:
    """The JSON files that documents name, each read once."""

    def __init__(self, files: Files, beside: JsonFiles | None = None) -> None:
        """Take where they are read, and those of other files, which hold what is unchanged."""
        self._files = files
        self._beside = beside
        self._read: dict[Path, Tree | InputError] = {}

    def expect(self, documents: Iterable[Written]) -> None:
        """Have at hand what these documents name.

        Raises:
            InputError: Files cannot be read at all.
        """
        named = ((one.path.parent, one.tree.data.get("document_file")) for one in documents)
        self._files.fetch(folder / name for folder, name in named if isinstance(name, str))

    def get(self, name: str, beside: Path, place: str) -> Tree:
        """Return the JSON document in the file ``name``, relative to the file ``beside``; ``place`` names it.

        Raises:
            InputError: There is no such file below the directory, or it holds no JSON object.
        """
        path = beside.parent / name
        if not self._files.is_below(path):
            what = f"the file {quoted(name)} lies outside of the directory of the documents"
            raise InputError([Fault(place, what, "move it below the directory")])
        if not self._files.may_exist(path):
            what = f"there is no file {quoted(self._files.shown(path))}"
            raise InputError([Fault(place, what, "write its name relative to this file")])
        if path not in self._read:
            same = self._beside is not None and self._files.is_unchanged(path)
            known = self._beside.known(path) if self._beside is not None and same else None
            self._read[path] = known if known is not None else self._load(path)
        found = self._read[path]
        if isinstance(found, InputError):
            raise found
        return found

    def known(self, path: Path) -> Tree | InputError | None:
        """Return what came of the file at ``path``, or None where nobody asked for it."""
        return self._read.get(path)

    def _load(self, path: Path) -> Tree | InputError:
        try:
            tree = read_json(self._files.text(path), self._files.shown(path))
        except InputError as error:
            return error
        if isinstance(tree.data, dict):
            return tree
        return InputError([Fault(str(tree.spot.origin), "this is no JSON object", "put a policy document there")])


def kind_of(tree: Tree, kinds: Mapping[str, Kind[Any]]) -> Kind[Any] | Fault:
    """Return the kind that a document names, or what is wrong with that."""
    data = tree.data
    if not isinstance(data, dict):
        form = "a list" if isinstance(data, list) else "a text"
        return Fault(str(tree.at(())), f"the document is {form} and no mapping of keys", "begin it with `kind:`")
    if "kind" not in data:
        misspelt = next((key for key in data if did_you_mean(key, ["kind"])), None)
        remedy = f"did you mean `kind` by {quoted(misspelt)}?" if misspelt else f"add `kind:` with {_any_of(kinds)}"
        return Fault(str(tree.at(())), "`kind` is missing", remedy)
    name = data["kind"]
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is not None:
        return kind
    meant = did_you_mean(name, _documents(kinds)) if isinstance(name, str) else None
    remedy = f"did you mean {meant}?" if meant else f"write {_any_of(kinds)}"
    return Fault(str(tree.at(("kind",))), f"unknown kind{' ' + quoted(name) if isinstance(name, str) else ''}", remedy)


def _any_of(kinds: Mapping[str, Kind[Any]]) -> str:
    return listed(_documents(kinds), "or")


def _documents(kinds: Mapping[str, Kind[Any]]) -> list[str]:
    """Return what a document's ``kind`` may say: it declares an object of a kind, or is a statement."""
    return sorted([*kinds, *STATEMENTS])


def fitted(written: Written, scope: Scope, defaults: Defaults) -> Prepared:
    """Return the document with variables and defaults filled in, and everything that its schema says against it.

    The file that its ``document_file`` names is left to ``with_file``.
    """
    filled = fill(written.tree, scope, untouched=_UNTOUCHED)
    tree = defaults.fill_in(filled.tree, written.kind)
    spoiled = filled.spoiled | defaults.spoiled
    found = objections(written.kind.schema, tree.data)
    said = [Fault(str(tree.at(path)), what, remedy) for path, what, remedy in found]
    left, sound = _fitting(written.kind.schema, tree, found)
    return Prepared(
        written.kind,
        left,
        sound=sound,
        faults=(*filled.faults, *(fault for fault in said if fault.place not in spoiled)),
        spoiled=spoiled,
        blamed=frozenset(str(path[0]) for path, _, _ in found if path),
        varies=written.tree.templated,
    )


def _fitting(schema: str, tree: Tree, found: Sequence[Objection]) -> tuple[Tree, bool]:
    """Return the tree without the nodes that its schema says something against, and whether it fits the schema then.

    What is left out is as small as may be, so that the rest can be told its own faults.
    """
    for depth in (None, 2, 1):
        if not found:
            break
        tree = without(tree, [path[:depth] for path, _, _ in found])
        found = objections(schema, tree.data)
    return tree, not found


def with_file(prepared: Prepared, scope: Scope, files: JsonFiles, beside: Path) -> Prepared:
    """Return the document with what its ``document_file``, if it has one, holds in that key's place."""
    key = "document_file"
    tree = prepared.tree
    if key not in tree.data:
        return prepared
    try:
        content = files.get(tree.data[key], beside, str(tree.at((key,))))
    except InputError as error:
        return replace(prepared, sound=False, faults=(*prepared.faults, *error.faults))
    filled = fill(content, scope)
    data = {name: value for name, value in tree.data.items() if name != key} | {"document": filled.tree.data}
    below = {name: tree.spot.child(name) or tree.spot for name in tree.data} | {"document": filled.tree.spot}
    return replace(
        prepared,
        tree=Tree(
            {**data, "document": filled.tree.data}, tree.spot._replace(below={**below, "document": filled.tree.spot})
        ),
        faults=(*prepared.faults, *filled.faults),
        spoiled=prepared.spoiled | filled.spoiled,
        varies=prepared.varies or content.templated,
    )


def declare(prepared: Prepared, account: Account, today: dt.date) -> tuple[Declared | None, list[Fault]]:
    """Return what the document declares, and what its kind says against it; None where nothing can be told."""
    kind, tree = prepared.kind, prepared.tree
    known = prepared.sound and str(tree.at(("name",))) not in prepared.spoiled
    data: Mapping[str, Any] = tree.data if known else {"name": _STAND_IN, **tree.data}
    origin = tree.at(())
    document = Document(kind.name, data, origin, Positions(tree.spot))
    state = data.get("state", "present")
    faults: list[Fault] = []

    def report(path: NodePath, what: str, remedy: str) -> None:
        place = str(tree.at(path))
        if place not in prepared.spoiled:
            faults.append(Fault(place, what, remedy))

    parsed = kind.parse(document, Context(account, today, report)) if state == "present" else None
    if not known or (state == "present" and parsed is None):
        return None, faults
    declared = Declared(
        address=Address(kind.name, data["name"]),
        origin=origin,
        resource=parsed.resource if parsed is not None else None,
        state=state,
        given=frozenset(
            facet.field
            for facet in kind.facets
            if (facet.field in data or (facet.key and facet.key in data)) and facet.field not in prepared.blamed
        ),
        manage=data.get("manage") or {},
        dropped=parsed.dropped if parsed is not None else {},
        renamed_from=data.get("renamed_from"),
        replace=str(data.get("replace")).lower() == "true",
        adopt=str(data.get(ADOPT)).lower() == "true",
        reason=data.get("reason"),
        document=document,
    )
    return declared, faults
