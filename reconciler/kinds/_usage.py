"""Whether something was used lately, by what IAM remembers of it."""

from __future__ import annotations

import datetime as dt

__all__ = ["is_recent"]

_RECENT = dt.timedelta(days=90)


def is_recent(used: dt.datetime | None, today: dt.date) -> bool:
    """Return whether the last use that IAM tells of lies at most 90 days before the day ``today`` (UTC).

    None, which IAM says of what it remembers no use of, is no recent use.
    """
    return used is not None and today - used.astimezone(dt.UTC).date() <= _RECENT
