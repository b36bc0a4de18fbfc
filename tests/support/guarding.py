"""Plans as the guards see them: small accounts, documents, a base, and what has been used."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from support.estates import Docs
from support.grants import HOME, QUOTAS, Snapshot, live_of
from support.worlds import desired_of

from reconciler import plan
from reconciler.model import Address, Base, Consent, Desired, Live, Plan
from reconciler.model.mark import MARK_KEY, mark_value

__all__ = ["DOMESTIC", "days_ago", "judged", "live_with", "said", "wanted"]

DOMESTIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HOME.id}:root"}, "Action": "sts:AssumeRole"}
    ],
}
"""A trust in the account itself."""


def wanted(docs: Docs, consents: Iterable[Consent] = (), **settings: Any) -> Desired:
    """Return the documents with settings that are given as the nouns that they become."""
    desired = desired_of(docs, HOME)
    made = dataclasses.replace(desired.settings, **settings)
    return dataclasses.replace(desired, settings=made, consents=tuple(consents))


def live_with(
    docs: Docs,
    *,
    quotas: Mapping[str, int] = QUOTAS,
    marked: Mapping[str, str] | None = None,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
) -> Live:
    """Return the account that has what the documents say.

    ``marked`` are owners by ``kind/name``, ``fields`` are fields of live resources by ``kind/name``.
    """
    live = live_of(docs, {**QUOTAS, **quotas})
    objects = dict(live.objects)
    changed = {text: dict(more) for text, more in (fields or {}).items()}
    for text, owner in (marked or {}).items():
        address = Address(*text.split("/"))
        tags = {**objects[address].resource.tags, MARK_KEY: mark_value(owner, address)}
        changed.setdefault(text, {})["tags"] = tags
    for text, more in changed.items():
        address = Address(*text.split("/"))
        resource = dataclasses.replace(objects[address].resource, **more)
        objects[address] = dataclasses.replace(objects[address], resource=resource)
    return dataclasses.replace(live, objects=objects)


def judged(live: Live, desired: Desired, base: Desired | None = None) -> Plan:
    """Return the plan with its alarms."""
    return plan.make(desired, Snapshot(live), live, base=Base("0" * 40, base) if base is not None else None)


def said(found: Plan, guard: str) -> dict[str, tuple[str, ...]]:
    """Return what a guard says: by subject its text, and behind it its details."""
    return {alarm.subject: (alarm.what, *alarm.detail) for alarm in found.alarms if alarm.guard == guard}


def days_ago(days: int) -> dt.datetime:
    """Return the first moment of a day before the one that the documents are read on."""
    today = desired_of([], HOME).today
    return dt.datetime.combine(today - dt.timedelta(days=days), dt.time(), dt.UTC)
