"""Random accounts in which access is at stake: few principals, many ways to hold and to deny the same few things."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from support.estates import ACCOUNT, Docs
from support.worlds import desired_of

from reconciler import plan
from reconciler.access import Principal, Request, evaluate
from reconciler.model import Account, Address, Base, Live, Observed, Plan
from reconciler.plan.foresee import foreseen, with_delta

__all__ = [
    "HOME",
    "OVERLAPS",
    "REQUESTS",
    "Estate",
    "Snapshot",
    "accesses",
    "as_read",
    "base_of",
    "live_of",
    "overlapping",
    "pair",
    "planned_on",
]

HOME = Account(ACCOUNT, "aws", "us-east-1")
ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]
RESOURCES = ["arn:aws:s3:::a", "arn:aws:s3:::b"]
REQUESTS = [
    Request(action, resource, context)
    for action, resource in product([*ACTIONS, "s3:ListBucket", "ec2:RunInstances"], [*RESOURCES, "arn:aws:s3:::c"])
    for context in ({}, {"aws:SourceIp": "10.0.0.1"})
]
"""Every request that the statements below can tell apart."""
OVERLAPS = [
    Request(action, resource, context)
    for action, resource in product(
        [*ACTIONS, "s3:GetAcl", "ec2:Run"], ["arn:aws:s3:::a/x", "arn:aws:s3:::a/y", "arn:aws:sqs:::c/x"]
    )
    for context in ({}, {"s3:prefix": "home/u", "s3:max-keys": "5"}, {"s3:prefix": "x"}, {"s3:max-keys": "50"})
]
"""Every request that the statements can tell apart once they are overlapping."""
QUOTAS = {
    "AttachedPoliciesPerUserQuota": 10,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "GroupsPerUserQuota": 10,
}
OVERLAPPING_ACTIONS: list[dict[str, Any]] = [
    *({"Action": text} for text in ("s3:Get*", "s3:*Object", "s3:?etObject", "*:*e*", "s3:*", "*", "sqs:*")),
    {"NotAction": ["s3:*"]},
    {"NotAction": ["s3:Get*", "sqs:*"]},
]
OVERLAPPING_RESOURCES: list[dict[str, Any]] = [
    *(
        {"Resource": text}
        for text in ("*", "arn:aws:s3:::a/*", "arn:aws:*:::*/x", "arn:aws:s3:::a/x", "arn:aws:*:::?/y")
    ),
    {"NotResource": ["arn:aws:*:::*/x"]},
]
CONDITIONS: list[dict[str, Any]] = [
    {"StringLike": {"s3:prefix": ["home/*", "x"]}},
    {"StringNotLike": {"s3:prefix": "home/*"}, "Null": {"s3:prefix": "false"}},
    {"StringEqualsIfExists": {"s3:prefix": "x"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {"Null": {"s3:max-keys": "true"}},
]
POLICIES, GROUPS, USERS, ROLES = ["p1", "p2", "p3"], ["g1", "g2"], ["u1", "u2"], ["r1"]

Estate = Docs


def statement(chance: random.Random) -> dict[str, Any]:
    effect = "Deny" if chance.random() < 0.25 else "Allow"
    action = chance.choice([*ACTIONS, "s3:*", "*", ["s3:GetObject", "sqs:SendMessage"]])
    made: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": chance.choice([*RESOURCES, "*"])}
    if chance.random() < 0.15:
        made["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    return made


def body(chance: random.Random) -> dict[str, Any]:
    count = chance.choice([1, 1, 2])
    return {"Version": "2012-10-17", "Statement": [statement(chance) for _ in range(count)]}


def some(chance: random.Random, names: list[str], most: int) -> list[str]:
    return sorted(chance.sample(names, min(len(names), chance.randint(0, most))))


def holder(chance: random.Random, kind: str, name: str, policies: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": kind, "name": name, "policies": some(chance, policies, 2)}
    if chance.random() < 0.4:
        made["inline_policies"] = {name: body(chance) for name in some(chance, ["i1", "i2"], 2)}
    return made


def bounded(chance: random.Random, made: dict[str, Any], policies: list[str]) -> dict[str, Any]:
    if policies and chance.random() < 0.15:
        made["permissions_boundary"] = chance.choice(policies)
    else:
        made["permissions_boundary"] = None
    return made


def estate(chance: random.Random) -> Estate:
    """Return the documents of a small account."""
    policies, groups, users, roles = (
        [name for name in names if chance.random() < 0.8] for names in (POLICIES, GROUPS, USERS, ROLES)
    )
    made: Estate = [{"kind": "policy", "name": name, "document": body(chance)} for name in policies]
    made += [holder(chance, "group", name, policies) for name in groups]
    for name in users:
        user = bounded(chance, holder(chance, "user", name, policies), policies)
        made.append({**user, "groups": some(chance, groups, 2)})
    for name in roles:
        made.append({**bounded(chance, holder(chance, "role", name, policies), policies), "service": "lambda"})
    return made or [{"kind": "group", "name": "anchor"}]


def pair(chance: random.Random) -> tuple[Estate, Estate]:
    """Return an estate and what shall become of it: most parts stay, some change, some go, some come."""
    before, fresh = estate(chance), estate(chance)
    news = {(document["kind"], document["name"]): document for document in fresh}
    after: Estate = []
    for document in before:
        key = (document["kind"], document["name"])
        changed = {field: value for field, value in news.pop(key, {}).items() if chance.random() < 0.3}
        after.append({**document, **changed})
    after += [document for document in news.values() if chance.random() < 0.3]
    return before, mended(after, chance)


def mended(documents: Estate, chance: random.Random) -> Estate:
    """Return the documents without some objects, which get tombstones, and without references to them."""
    gone = {(d["kind"], d["name"]) for d in documents if chance.random() < 0.08}
    there = {(d["kind"], d["name"]) for d in documents} - gone
    made: Estate = []
    for document in documents:
        if (document["kind"], document["name"]) in gone:
            made.append({"kind": document["kind"], "name": document["name"], "state": "absent"})
            continue
        kept = dict(document)
        for field, kind in (("policies", "policy"), ("groups", "group")):
            if field in kept:
                kept[field] = [name for name in kept[field] if (kind, name) in there]
        if ("policy", kept.get("permissions_boundary")) not in there and "permissions_boundary" in kept:
            kept["permissions_boundary"] = None
        made.append(kept)
    if not any(document.get("state") != "absent" for document in made):
        made.append({"kind": "group", "name": "anchor"})
    return made


def overlapping(chance: random.Random, estates: tuple[Estate, Estate]) -> tuple[Estate, Estate]:
    """Return the estates with other statements, whose patterns and conditions overlap in part."""
    others: dict[str, dict[str, Any]] = {}

    def other(value: Any) -> Any:
        if isinstance(value, dict) and "Effect" in value:
            return others.setdefault(json.dumps(value), _overlapping(chance, value["Effect"]))
        if isinstance(value, dict):
            return {key: other(item) for key, item in value.items()}
        return [other(item) for item in value] if isinstance(value, list) else value

    before, after = estates
    return other(before), other(after)


def _overlapping(chance: random.Random, effect: str) -> dict[str, Any]:
    action, resource = chance.choice(OVERLAPPING_ACTIONS), chance.choice(OVERLAPPING_RESOURCES)
    made: dict[str, Any] = {"Effect": effect, **action, **resource}
    if chance.random() < 0.3:
        made["Condition"] = chance.choice(CONDITIONS)
    return made


class Snapshot:
    """An account that is only a snapshot, and the documents of AWS's policies that are ``known``."""

    def __init__(self, live: Live, known: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.live = live
        self.known = known or {}
        self.calls = 0

    def snapshot(self, account: Account) -> Live:
        del account
        return self.live

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        del wanted
        return live

    def has_policies(self, arns: Iterable[str]) -> Mapping[str, bool]:
        return dict.fromkeys(arns, False)

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        return {arn: self.known[arn] for arn in arns if arn in self.known}


def planned_on(live: Live, documents: Estate, base: Estate | None = None) -> Plan:
    """Return the plan for the documents on an account that is just ``live``; the ``base`` is what they said before."""
    return plan.make(desired_of(documents, HOME), Snapshot(live), base=base_of(base) if base is not None else None)


def base_of(documents: Estate, settings: Mapping[str, Any] | None = None) -> Base:
    """Return the documents, with settings of theirs, as those of another commit."""
    return Base("0" * 40, desired_of(documents, HOME, **(settings or {})))


def live_of(documents: Estate, quotas: Mapping[str, int] = QUOTAS) -> Live:
    """Return the account that has what the documents say."""
    empty = Live(HOME, {}, quotas)
    objects: Mapping[Address, Observed[Any]] = {}
    for step in planned_on(empty, documents).steps:
        objects = with_delta(objects, foreseen(objects, step.call, HOME))
    return Live(HOME, as_read(objects), quotas)


def as_read(objects: Mapping[Address, Observed[Any]]) -> dict[Address, Observed[Any]]:
    """Return the objects as a reading shows them: it tells a policy's ARN, which a call need not know."""
    return {address: _with_arn(observed) for address, observed in sorted(objects.items())}


def _with_arn(observed: Observed[Any]) -> Observed[Any]:
    if observed.address.kind != "policy":
        return observed
    return dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, arn=observed.arn))


def accesses(
    objects: Mapping[Address, Observed[Any]],
    address: Address,
    known: dict[Any, Any],
    requests: Sequence[Request] = REQUESTS,
) -> frozenset[int]:
    """Return which of the requests the principal's policies allow, by their numbers."""
    principal = _principal(objects, address)
    if principal is None:
        return frozenset()
    key = (tuple(sorted(map(id, principal.identity))), id(principal.boundary))
    if key not in known:
        allowed = (number for number, request in enumerate(requests) if evaluate(principal, request).allowed)
        # The principal is kept, so that the ids of its documents stay theirs.
        known[key] = (frozenset(allowed), principal)
    found: frozenset[int] = known[key][0]
    return found


def _principal(objects: Mapping[Address, Observed[Any]], address: Address) -> Principal | None:
    observed = objects.get(address)
    if observed is None:
        return None
    holders = [observed.resource]
    holders += [objects[Address("group", name)].resource for name in getattr(observed.resource, "groups", ())]
    documents = [document for one in holders for document in one.inline_policies.values()]
    documents += [objects[_by_arn(arn)].resource.document for one in holders for arn in one.policies]
    boundary = observed.resource.permissions_boundary
    return Principal(documents, objects[_by_arn(boundary)].resource.document if boundary else None)


def _by_arn(arn: str) -> Address:
    return Address("policy", arn.rpartition("/")[2])
