"""Reads a directory of documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.documents.assemble import Parts
from reconciler.documents.declare import Written, kind_of
from reconciler.documents.files import find_files, read_text, shown
from reconciler.documents.hints import did_you_mean
from reconciler.documents.rules import DYNAMIC
from reconciler.documents.settings import read_settings
from reconciler.documents.source import Source
from reconciler.documents.stated import Stated
from reconciler.documents.telling import STATEMENTS
from reconciler.documents.tree import Tree, without
from reconciler.documents.yamltext import read_yaml
from reconciler.errors import Fault, InputError
from reconciler.kinds import KINDS
from reconciler.model import Kind

__all__ = ["load"]

_SETTINGS_KEYS = frozenset({"version", "accounts", "account", "variables", *DYNAMIC})


def load(directory: Path, kinds: Mapping[str, Kind[Any]] | None = None) -> Source:
    """Return the documents of every ``*.yaml`` and ``*.yml`` file below ``directory``; hidden ones are skipped.

    Faults are collected and not raised: ``Source.check`` and ``Source.build`` raise them together with all others.
    ``kinds`` are the kinds of objects by name, by default every kind there is.
    """
    parts = Parts(directory, KINDS if kinds is None else kinds)
    files, faults = find_files(directory)
    parts.faults += faults
    parts.lost_file = bool(faults)
    lost_settings = bool(faults)
    documents = 0
    for path in files:
        try:
            reading = read_yaml(read_text(path), shown(path))
        except InputError as error:
            parts.faults += error.faults
            parts.lost_file = lost_settings = True
            continue
        parts.faults += reading.faults
        parts.lost_names |= reading.lost_names
        lost_settings = lost_settings or reading.lost_settings
        for tree in reading.trees:
            if tree.data is not None:
                documents += 1
                _take(tree, path, parts)
    if not parts.faults and not documents:
        remedy = "write documents there, or name the directory that holds them"
        parts.faults.append(Fault(shown(directory), "the directory holds no YAML documents", remedy))
    elif parts.settings is None and not lost_settings:
        what = "no settings among the documents: one has no `kind`, and names the accounts"
        remedy = 'write a document with `version: 1` and `account: "…"` (the twelve digits)'
        parts.faults.append(Fault(shown(directory), what, remedy))
    return Source(parts)


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
