"""Plans with settings that no document needs to spell, and what the guards say of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from support.estates import Docs
from support.grants import HOME, Snapshot, live_of
from support.worlds import desired_of

from reconciler import plan
from reconciler.model import Address, Alarm, Base, Consent, Desired, Plan, Roles
from reconciler.plan.make import guarded

__all__ = ["ADMIN", "AWS", "FULL", "Given", "at", "document", "planned", "role", "roles", "said", "trusting", "user"]

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


@dataclasses.dataclass(frozen=True)
class Given:
    """What a plan is made with beside documents and roles."""

    caller: str = ""
    known: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    base: Docs | None = None
    at_base: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The settings' roles at the base."""
    consents: tuple[Consent, ...] = ()
    accounts: frozenset[str] = frozenset()
    verbatim: bool = False


CI = trusting({"AWS": "999999999999"})


def role(name: str, trust: Any = None, **fields: Any) -> dict[str, Any]:
    return {"kind": "role", "name": name, "trust": trust or CI, **fields}


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, **fields}


def at(text: str) -> Address:
    kind, _, name = text.partition("/")
    return Address(kind, name)


def roles(**named: Any) -> Roles:
    """Return the settings' roles by their addresses as text."""
    recover = tuple(at(one) for one in named.pop("recover", ()))
    planning, applying = (at(named[duty]) if duty in named else None for duty in ("plan", "apply"))
    return Roles(planning, applying, recover)


def planned(before: Docs, after: Docs, given: Given | None = None, /, **named: Any) -> Plan:
    """Return the plan from what is live to what is declared; ``named`` are the settings' roles.

    Only the guards are told of the roles: that these are protected as well is another guard's business.
    """
    more = given or Given()
    live = dataclasses.replace(live_of(before), caller=more.caller)
    reader = Snapshot(live, more.known)

    def desired(docs: Docs) -> Desired:
        made = desired_of(docs, HOME)
        settings = dataclasses.replace(made.settings, accounts=more.accounts)
        return dataclasses.replace(made, settings=settings, consents=more.consents, verbatim=more.verbatim)

    head, base = desired(after), Base("c0ffee", desired(more.base)) if more.base is not None else None
    found = plan.make(head, reader, base=base)
    if base is not None:
        base = dataclasses.replace(base, desired=_with_roles(base.desired, more.at_base))
    return guarded(found, _with_roles(head, named), live, reader, base)


def _with_roles(desired: Desired, named: Mapping[str, Any]) -> Desired:
    return dataclasses.replace(desired, settings=dataclasses.replace(desired.settings, roles=roles(**named)))


def said(found: Plan, guard: str) -> list[Alarm]:
    return [alarm for alarm in found.alarms if alarm.guard == guard]
