"""Documents of AWS's policies, kept in the user's cache directory: one file for each policy, of one version.

It is a comfort and never an error: what cannot be read, or could be another's work, counts as absent, and what cannot
be written is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Kept", "Version", "kept_documents", "opened"]

_FORMAT = 1
_ENDPOINT = re.compile(
    r"https://iam(-fips)?(\.[a-z0-9-]+)?\."
    r"(amazonaws\.(com|com\.cn|eu)|api\.aws|api\.amazonwebservices\.(com\.cn|eu))/?"
)
"""Source: botocore's endpoint rule set of IAM. Documents of the partitions that are left out are not kept."""
_ANY_ENDPOINT = "https://iam.amazonaws.com"
"""An ARN names its partition, so what AWS's endpoints answer is kept in one place."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a policy."""

    id: str
    """As IAM spells it: ``v1``, ``v2``, …"""
    document: Mapping[str, Any]


def opened(endpoint: str) -> Kept | None:
    """Return what is kept in the user's own cache directory of documents that the endpoint serves, or None.

    An emulator has documents of its own under AWS's version ids: only what AWS itself answers is kept.
    """
    import platformdirs  # noqa: PLC0415  only a plan that reads documents needs it

    place = platformdirs.user_cache_path("iam-reconciler") / "policies"
    # Without a home, or with a variable that is no absolute path, it would be in whatever repository this runs in.
    return Kept(place) if _ENDPOINT.fullmatch(endpoint) and place.is_absolute() else None


def kept_documents(arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return what is kept of the policies' documents, by ARN; nobody is asked whether they are AWS's latest."""
    kept = opened(_ANY_ENDPOINT)
    found = ((arn, kept.get(arn)) for arn in sorted(arns)) if kept is not None else ()
    return {arn: version.document for arn, version in found if version is not None}


class Kept:
    """The kept documents; any number of threads and processes may use the same directory."""

    def __init__(self, place: Path) -> None:
        """Take the directory; it need not be there yet."""
        self._place = place

    def get(self, arn: str) -> Version | None:
        """Return the version that is kept of a policy."""
        path = self._path(arn)
        try:
            if not _own(path.parent) or not _own(path):
                return None
            found = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        match found:
            case {"format": int(form), "arn": str(named), "version": str(id_), "document": dict(document)}:
                return Version(id_, document) if (form, named) == (_FORMAT, arn) else None
        return None

    def put(self, arn: str, version: Version) -> None:
        """Keep a version of a policy in place of any other."""
        content = {"format": _FORMAT, "arn": arn, "version": version.id, "document": version.document}
        with suppress(OSError):
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self._path(arn), json.dumps(content, separators=(",", ":")).encode())

    def _path(self, arn: str) -> Path:
        # ARNs have characters that file names lack, and file systems that ignore case would mix up two of them.
        return self._place / f"{hashlib.sha256(arn.encode()).hexdigest()[:32]}.json"


def _own(path: Path) -> bool:
    """Return whether nobody but this user can have written what is there, and it is no device, pipe or link."""
    status = path.lstat()
    plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    if os.name != "posix":
        return plain
    return plain and status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
