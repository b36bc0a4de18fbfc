"""The desired side: a directory of YAML documents, read strictly, to what it declares for an account.

``load`` reads the files; a ``Source`` gives the accounts that the settings name, checks everything offline, and builds
the ``Desired`` of one account. Nothing else in the package reads YAML or knows JSON Schema.
"""

from __future__ import annotations

from reconciler.documents.loading import load
from reconciler.documents.settings import AccountEntry
from reconciler.documents.source import Source

__all__ = ["AccountEntry", "Source", "load"]
