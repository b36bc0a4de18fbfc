"""The desired side: a directory of YAML documents, read strictly, to what it declares for an account.

``load`` reads the files; a ``Source`` gives the accounts that the settings name, checks everything offline, and builds
the ``Desired`` of one account. ``read_before`` does so for the same directory at another commit. Nothing else in the
package reads YAML or knows JSON Schema.
"""

from __future__ import annotations

from reconciler.documents.before import Before, read_before
from reconciler.documents.loading import load
from reconciler.documents.settings import AccountEntry
from reconciler.documents.source import Source

__all__ = ["AccountEntry", "Before", "Source", "load", "read_before"]
