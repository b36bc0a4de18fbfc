"""What is wrong with a policy, and the collector of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from reconciler.policydoc.text import type_name
from reconciler.policydoc.words import STATEMENT_ELEMENTS, near, quoted

__all__ = ["Element", "Finding", "Findings", "Form", "Path"]

Form: TypeAlias = Literal["managed", "inline", "trust"]
"""What a document is for: a managed policy, an inline policy, or a role's trust."""

Path: TypeAlias = tuple[str | int, ...]

Element: TypeAlias = tuple[Path, Any]
"""Where an element stands, and what it holds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of IAM's grammar: the path of the node, what is wrong, and what to do about it."""

    path: Path
    what: str
    remedy: str


class Findings:
    """Collects findings in the order of the document, and knows the checks that every node needs."""

    def __init__(self, form: Form) -> None:
        """Start with none."""
        self.form = form
        self.found: list[Finding] = []

    def add(self, path: Path, what: str, remedy: str) -> None:
        """Take one finding."""
        self.found.append(Finding(path, what, remedy))

    def wrong_type(self, path: Path, value: Any, wanted: str) -> None:
        """Say that ``wanted`` belongs at ``path`` instead of ``value``."""
        if value is None:
            self.add(path, "nothing stands here", f"write {wanted}, or remove the key")
        else:
            self.add(path, f"{type_name(value)} stands here", f"write {wanted}")

    def entries(self, path: Path, value: Any, wanted: str) -> list[tuple[str, Any]]:
        """Return the entries of the mapping that belongs at ``path``; keys that are no text are reported."""
        if not isinstance(value, Mapping):
            self.wrong_type(path, value, wanted)
            return []
        found = []
        for key, item in value.items():
            if not isinstance(key, str):
                self.add((*path, str(key)), f"the key {quoted(key)} is {type_name(key)}", "put it in quotes")
            elif self.characters((*path, key), key):
                found.append((key, item))
        return found

    def texts(self, path: Path, value: Any, wanted: str) -> list[tuple[Path, str]]:
        """Return the texts of a scalar or list, each with its path; what is no text is reported."""
        found: list[tuple[Path, str]] = []
        for where, item in self.items(path, value):
            if not isinstance(item, str):
                self.wrong_type(where, item, wanted)
            elif self.characters(where, item):
                found.append((where, item))
        return found

    def items(self, path: Path, value: Any) -> list[tuple[Path, Any]]:
        """Return the items of a list, or the one item that a scalar is, each with its path."""
        if isinstance(value, (list, tuple)):
            return [((*path, index), item) for index, item in enumerate(value)]
        return [(path, value)]

    def characters(self, path: Path, text: str) -> bool:
        """Return whether IAM takes every character of ``text``, and report the first that it does not.

        Source: IAM user guide, reference_iam-quotas: tab, line feed, carriage return, U+0020 to U+00FF.
        """
        bad = next((char for char in text if not ("\x20" <= char <= "\xff" or char in "\t\n\r")), None)
        if bad is not None:
            what = f"{quoted(text)} holds the character U+{ord(bad):04X}"
            self.add(path, what, "replace it: IAM takes characters up to U+00FF, and no control characters")
        return bad is None

    def known(
        self, path: Path, entries: list[tuple[str, Any]], allowed: tuple[str, ...], guesses: tuple[str, ...]
    ) -> dict[str, Element]:
        """Return the elements that are ``allowed``, and report the others with what ``guesses`` has for them.

        An element that was probably meant is there too, under the name that it should have: it is not missing, and what
        it holds may be wrong as well.
        """
        found: dict[str, Element] = {}
        guessed: dict[str, Element] = {}
        for key, value in entries:
            where = (*path, key)
            if key in allowed:
                found[key] = (where, value)
                continue
            guess = near(key, guesses)
            if guess:
                guessed.setdefault(guess, (where, value))
            remedy = f"write {guess}" if guess else f"the elements here are {', '.join(guesses)}"
            if not path and key in STATEMENT_ELEMENTS:
                remedy = "write it within a statement, below Statement"
            self.add(where, f"{quoted(key)} is no element of a {'statement' if path else 'policy'}", remedy)
        return guessed | found
