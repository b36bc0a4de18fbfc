"""Reads a directory of documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.documents.assemble import Parts
from reconciler.documents.declare import JsonFiles, Written, kind_of
from reconciler.documents.files import Disk, Files
from reconciler.documents.hints import did_you_mean
from reconciler.documents.preparing import Preparer
from reconciler.documents.rules import DYNAMIC
from reconciler.documents.settings import read_settings
from reconciler.documents.source import Source
from reconciler.documents.stated import Stated
from reconciler.documents.telling import STATEMENTS
from reconciler.documents.tree import Tree, without
from reconciler.documents.yamltext import Reading, read_yaml
from reconciler.errors import Fault, InputError
from reconciler.kinds import KINDS
from reconciler.model import Kind

__all__ = ["load", "load_from"]

_SETTINGS_KEYS = frozenset({"version", "accounts", "account", "variables", *DYNAMIC})


def load(directory: Path, kinds: Mapping[str, Kind[Any]] | None = None) -> Source:
    """Return the documents of every ``*.yaml`` and ``*.yml`` file below ``directory``; hidden ones are skipped.

    Faults are collected and not raised: ``Source.check`` and ``Source.build`` raise them together with all others.
    ``kinds`` are the kinds of objects by name, by default every kind there is.
    """
    return load_from(Disk(directory), kinds)


def load_from(files: Files, kinds: Mapping[str, Kind[Any]] | None = None, beside: Source | None = None) -> Source:
    """Do as ``load`` does for files wherever they are kept; what is unchanged ``beside`` them is not done again.

    Places in unchanged files are those beside.

    Raises:
        InputError: files that are no disk's cannot be read at all.
    """
    parts = _parts(files, KINDS if kinds is None else kinds, beside.parts if beside is not None else None)
    found, faults = files.find()
    files.fetch(found)
    parts.faults += faults
    parts.lost_file = bool(faults)
    lost_settings = bool(faults)
    documents = 0
    for path in found:
        try:
            reading = _reading(path, files, beside.parts if beside is not None else None)
        except InputError as error:
            parts.faults += error.faults
            parts.lost_file = lost_settings = True
            continue
        parts.readings[path] = reading
        parts.faults += reading.faults
        parts.lost_names |= reading.lost_names
        lost_settings = lost_settings or reading.lost_settings
        for tree in reading.trees:
            if tree.data is not None:
                documents += 1
                _take(tree, path, parts)
    if not parts.faults and not documents:
        remedy = "write documents there, or name the directory that holds them"
        parts.faults.append(Fault(files.shown(files.directory), "the directory holds no YAML documents", remedy))
    elif parts.settings is None and not lost_settings:
        what = "no settings among the documents: one has no `kind`, and names the accounts"
        remedy = 'write a document with `version: 1` and `account: "…"` (the twelve digits)'
        parts.faults.append(Fault(files.shown(files.directory), what, remedy))
    parts.json.expect(parts.written)
    return Source(parts)


def _parts(files: Files, kinds: Mapping[str, Kind[Any]], beside: Parts | None) -> Parts:
    if beside is None:
        return Parts(files, kinds, JsonFiles(files), Preparer())
    return Parts(files, kinds, JsonFiles(files, beside.json), beside.preparer)


def _reading(path: Path, files: Files, beside: Parts | None) -> Reading:
    known = beside.readings.get(path) if beside is not None and files.is_unchanged(path) else None
    return known if known is not None else read_yaml(files.text(path), files.shown(path))


def _are_settings(tree: Tree) -> bool:
    """Return whether a document is, or was meant to be, the settings."""
    keys = tree.data.keys() if isinstance(tree.data, dict) else set()
    if "kind" in keys:
        return "version" in keys and "name" not in keys
    return "name" not in keys and any(did_you_mean(key, _SETTINGS_KEYS) for key in keys)


def _take(tree: Tree, path: Path, parts: Parts) -> None:
    """Sort a document: the settings, an object of a kind, a statement, or a fault."""
    name = tree.data.get("kind") if isinstance(tree.data, dict) else None
    if isinstance(name, str) and name in STATEMENTS:
        parts.stated.append(Stated(tree, path))
        return
    kind = kind_of(tree, parts.kinds)
    if isinstance(kind, Fault) and _are_settings(tree):
        if "kind" in tree.data:
            parts.faults.append(Fault(kind.place, kind.what, "the settings have no `kind`: remove it"))
            tree = without(tree, [("kind",)])
        if parts.settings is None:
            parts.settings = read_settings(tree)
            parts.faults += parts.settings.faults
            return
        what = f"a second document without `kind`: the settings stand at {parts.settings.tree.at(())}"
        parts.faults.append(Fault(str(tree.at(())), what, "keep one settings document, or add `kind:` to the other"))
        return
    if isinstance(kind, Fault):
        if kind.place not in tree.spoiled:
            parts.faults.append(kind)
        if isinstance(tree.data, dict) and isinstance(tree.data.get("name"), str):
            parts.lost_names.add(tree.data["name"].lower())
        return
    parts.written.append(Written(kind, tree, path))
