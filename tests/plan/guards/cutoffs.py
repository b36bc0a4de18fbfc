"""Plans with settings that no document needs to spell, and what the guards say of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from support.estates import Docs
from support.grants import HOME, Snapshot, live_of
from support.worlds import desired_of

from reconciler import plan
from reconciler.model import Address, Alarm, Base, Consent, Plan, Roles

__all__ = ["ADMIN", "AWS", "FULL", "at", "document", "planned", "role", "said", "trusting", "user"]

AWS = "arn:aws:iam::123456789012:"
ADMIN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}


def document(*statements: tuple[str, Any, Any], condition: Any = None) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    parts = [
        {"Effect": effect, "Action": action, "Resource": resource, **more} for effect, action, resource in statements
    ]
    return {"Version": "2012-10-17", "Statement": parts}


def trusting(principal: Any, action: str = "sts:AssumeRole", condition: Any = None) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


CI = trusting({"AWS": "999999999999"})


def role(name: str, trust: Any = None, **fields: Any) -> dict[str, Any]:
    return {"kind": "role", "name": name, "trust": trust or CI, **fields}


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, **fields}


def at(text: str) -> Address:
    kind, _, name = text.partition("/")
    return Address(kind, name)


def planned(
    before: Docs,
    after: Docs,
    *,
    caller: str = "",
    known: Mapping[str, Any] | None = None,
    base: Docs | None = None,
    consents: tuple[Consent, ...] = (),
    accounts: frozenset[str] = frozenset(),
    **roles: Any,
) -> Plan:
    """Return the plan from what is live to what is declared, with the settings' roles."""
    named = Roles(
        **{key: at(one) if isinstance(one, str) else tuple(at(each) for each in one) for key, one in roles.items()}
    )
    live = dataclasses.replace(live_of(before), caller=caller)

    def desired(docs: Docs) -> Any:
        made = desired_of(docs, HOME)
        settings = dataclasses.replace(made.settings, roles=named, accounts=accounts)
        return dataclasses.replace(made, settings=settings, consents=consents)

    old = Base("c0ffee", desired(base)) if base is not None else None
    return plan.make(desired(after), Snapshot(live, known or {}), base=old)


def said(found: Plan, guard: str) -> list[Alarm]:
    return [alarm for alarm in found.alarms if alarm.guard == guard]
