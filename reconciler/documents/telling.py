"""The documents that declare no object, by their kind, and what each says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.documents.consenting import EXCEPTION, HOLD, tell_exception, tell_hold
from reconciler.documents.expecting import EXPECTATION, tell_expectations
from reconciler.documents.stated import Hearing, Stated, Told, heard
from reconciler.documents.variables import Scope
from reconciler.model import Kind

__all__ = ["STATEMENTS", "tell"]

STATEMENTS: Final[Mapping[str, Hearing]] = {
    EXCEPTION: tell_exception,
    EXPECTATION: tell_expectations,
    HOLD: tell_hold,
}
"""What ``kind`` says in a document that declares no object, and who reads it."""


def tell(stated: Stated, scope: Scope, kinds: Mapping[str, Kind[Any]]) -> Told:
    """Return what the document says with its variables filled in by ``scope``, and everything that is wrong with it."""
    found = heard(stated, scope)
    STATEMENTS[stated.kind](found, kinds)
    return found.told
