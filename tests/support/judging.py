"""Plans on accounts that are only a snapshot, under rules about who may write what."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from support.estates import Docs
from support.grants import HOME, Snapshot, base_of
from support.worlds import TODAY, desired_of

from reconciler import plan
from reconciler.model import Address, Consent, Desired, GuardId, Hold, Live, Plan, Roles, Rule

__all__ = ["LATER", "address", "consent", "hold", "judged", "ruled_by", "tagged", "told"]

LATER = TODAY + dt.timedelta(days=30)


def address(text: str) -> Address:
    kind, _, name = text.partition("/")
    return Address(kind, name)


def consent(guard: GuardId, subject: str, until: dt.date = LATER) -> Consent:
    return Consent(guard, subject, "asked for", until)


def hold(subject: str, until: dt.date = LATER) -> Hold:
    return Hold(address(subject), "frozen", until, "INC-7")


def ruled_by(  # noqa: PLR0913  a rule each
    desired: Desired,
    *,
    protect: Iterable[str] = (),
    ignore: Iterable[str] = (),
    recover: Iterable[str] = (),
    keep: Iterable[str] = (),
    consents: Iterable[Consent] = (),
    holds: Iterable[str | Hold] = (),
) -> Desired:
    """Return what the documents say, under more rules than a test's documents speak of."""
    settings = dataclasses.replace(
        desired.settings,
        protect=[Rule(pattern, "precious") for pattern in protect],
        ignore=[Rule(pattern, "vendor") for pattern in ignore],
        roles=Roles(recover=tuple(address(text) for text in recover)),
        keep=[*desired.settings.keep, *keep],
    )
    frozen = tuple(one if isinstance(one, Hold) else hold(one) for one in holds)
    return dataclasses.replace(desired, settings=settings, consents=tuple(consents), holds=frozen)


def judged(
    live: Live, docs: Docs, base: Docs | None = None, settings: Mapping[str, Any] | None = None, **rules: Any
) -> Plan:
    """Return the plan for the documents on an account that is just ``live``, under the rules."""
    desired = ruled_by(desired_of(docs, HOME, **(settings or {})), **rules)
    then = base_of(base, settings) if base is not None else None
    return plan.make(desired, Snapshot(live), base=then)


def tagged(live: Live, subject: str, **tags: str) -> Live:
    """Return the account with more tags on one object; ``mark`` and ``stack`` are those that tell an owner."""
    at = address(subject)
    observed = live.objects[at]
    named = {"mark": "iam-reconciler", "stack": "aws:cloudformation:stack-name"}
    more = {named.get(key, key): value for key, value in tags.items()}
    resource = dataclasses.replace(observed.resource, tags={**observed.resource.tags, **more})
    return dataclasses.replace(live, objects={**live.objects, at: dataclasses.replace(observed, resource=resource)})


def told(plan: Plan) -> list[str]:
    """Return each step as operation and names."""
    found = []
    for step in plan.steps:
        values = [value for key, value in step.call.params.items() if key.endswith(("Name", "Arn", "Boundary"))]
        found.append(" ".join([step.call.operation, *(str(value).rpartition("/")[2] for value in values)]))
    return found
