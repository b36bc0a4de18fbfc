"""Documents made ready for being declared, each once however many accounts and commits have it alike."""

from __future__ import annotations

from reconciler.documents.declare import JsonFiles, Prepared, Written, fitted, with_file
from reconciler.documents.variables import Scope

__all__ = ["Preparer"]


class Preparer:
    """Prepares documents and remembers them; those of several directories, where these share what was parsed."""

    def __init__(self) -> None:
        """Begin without any."""
        self._scopes: list[Scope] = []
        # By identity. What a key is made of is kept beside the value, so that nothing else can come to have its id.
        self._fitted: dict[tuple[int, int], tuple[Written, Scope | None, Prepared]] = {}
        self._whole: dict[tuple[int, int, int], tuple[Prepared, Scope | None, JsonFiles, Prepared]] = {}

    def known(self, scope: Scope) -> Scope:
        """Return the scope, or an equal one that was given before: what is prepared is remembered by its identity."""
        for other in self._scopes:
            if other == scope:
                return other
        self._scopes.append(scope)
        return scope

    def prepare(self, written: Written, scope: Scope, files: JsonFiles) -> Prepared:
        """Return the document with its variables and its file filled in, and what is wrong with it.

        One that holds no variables is the same for every scope.
        """
        key = (id(written.tree), id(scope if written.tree.templated else None))
        if key not in self._fitted:
            self._fitted[key] = (written, scope if written.tree.templated else None, fitted(written, scope))
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
