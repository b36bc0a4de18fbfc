"""Documents made ready for being declared, each once however many accounts and commits have it alike."""

from __future__ import annotations

from typing import TypeVar

from reconciler.documents.declare import JsonFiles, Prepared, Written, fitted, with_file
from reconciler.documents.defaults import Defaults
from reconciler.documents.variables import Scope

__all__ = ["Preparer"]

_NO_DEFAULTS = Defaults()

_Known = TypeVar("_Known", Scope, Defaults)


class Preparer:
    """Prepares documents and remembers them; those of several directories, where these share what was parsed."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: list[Scope | Defaults] = [_NO_DEFAULTS]
        # By identity. What a key is made of is kept beside the value, so that nothing else can come to have its id.
        self._fitted: dict[tuple[int, int, int], tuple[Written, Scope | None, Defaults, Prepared]] = {}
        self._whole: dict[tuple[int, int, int], tuple[Prepared, Scope | None, JsonFiles, Prepared]] = {}

    def known(self, one: _Known) -> _Known:
        """Return an equal one that was given before, or this: what is prepared is remembered by its identity."""
        for other in self._known:
            if isinstance(other, type(one)) and other == one:
                return other
        self._known.append(one)
        return one

    def prepare(self, written: Written, scope: Scope, defaults: Defaults, files: JsonFiles) -> Prepared:
        """Return the document with its variables, defaults and file filled in, and what is wrong with it.

        One that holds no variables is the same for every scope, and one that nothing is filled in for whatever the
        defaults.
        """
        own_scope = scope if written.tree.templated else None
        own_defaults = defaults if defaults.may_fill(written.tree, written.kind) else _NO_DEFAULTS
        key = (id(written.tree), id(own_scope), id(own_defaults))
        if key not in self._fitted:
            self._fitted[key] = (written, own_scope, own_defaults, fitted(written, scope, own_defaults))
        bare = self._fitted[key][-1]
        if "document_file" not in bare.tree.data:
            return bare
        for own in (None, scope):
            found = self._whole.get((id(bare), id(own), id(files)))
            if found is not None:
                return found[-1]
        whole = with_file(bare, scope, files, written.path)
        own = scope if whole.varies else None
        self._whole[id(bare), id(own), id(files)] = (bare, own, files, whole)
        return whole
