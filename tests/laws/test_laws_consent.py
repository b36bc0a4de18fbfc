"""An exception for one guard and one address lifts nothing else, whatever the estate, the settings and the base."""

from __future__ import annotations

import dataclasses
import random
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.estates import Docs
from support.grants import HOME, QUOTAS, Snapshot, live_of, mended, pair
from support.guarding import days_ago
from support.worlds import desired_of

from reconciler import plan
from reconciler.model import GUARDS, Address, Base, Consent, Desired, GuardId, Limit, Live, Observed, Plan, Roles, Rule
from reconciler.model.mark import MARK_KEY, mark_value

PATTERNS = ["policy/p1", "group/*", "user/u2", "role/r1", "policy/*"]
LIMITS = ("delete", "narrow", "widen", "trust")
NONE = Limit(0)
ROLES = [Roles(), Roles(), Roles(apply=Address("role", "r1")), Roles(recover=(Address("user", "u1"),))]
DENYING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}

Case = tuple[Live, Desired, Base | None]


def settings(chance: random.Random) -> dict[str, Any]:
    """Return settings as the nouns that they become."""
    return {
        "owner": chance.choice([None, "us", "us", "them"]),
        "prune": chance.random() < 0.3,
        "protect": tuple(Rule(one) for one in chance.sample(PATTERNS, chance.choice([0, 0, 1, 2]))),
        "limits": {name: NONE for name in LIMITS if chance.random() < 0.5},
        "roles": chance.choice(ROLES),
    }


def wanted(docs: Docs, chance: random.Random) -> Desired:
    desired = desired_of(docs, HOME)
    return dataclasses.replace(desired, settings=dataclasses.replace(desired.settings, **settings(chance)))


def opened(docs: Docs, chance: random.Random) -> Docs:
    """Return the documents with some roles that strangers may become."""
    stranger = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [stranger]}
    return [
        {**{key: value for key, value in one.items() if key != "service"}, "trust": trust}
        if "service" in one and chance.random() < 0.4
        else one
        for one in docs
    ]


def touched_up(observed: Observed[Any], chance: random.Random) -> Observed[Any]:
    """Return the object as others may have left it: marked, used, or with a lock on it."""
    fields: dict[str, Any] = {}
    if hasattr(observed.resource, "tags") and chance.random() < 0.6:
        owner = chance.choice(["us", "us", "them", "strangers"])
        fields["tags"] = {**observed.resource.tags, MARK_KEY: mark_value(owner, observed.address)}
    if hasattr(observed.resource, "last_used") and chance.random() < 0.5:
        fields["last_used"] = days_ago(chance.choice([3, 300]))
    if hasattr(observed.resource, "inline_policies") and chance.random() < 0.2:
        fields["inline_policies"] = {**observed.resource.inline_policies, "lock": DENYING}
    return dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, **fields))


def case(seed: int) -> Case:
    """Return an account, documents, and a base or none."""
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    base, head = pair(chance)
    head = [] if chance.random() < 0.05 else opened(head, chance)
    if head and chance.random() < 0.3:
        head = [one for one in head if one["kind"] in {"group", "policy"} or chance.random() < 0.7]
    there = [one for one in mended(base, chance) if one.get("state") != "absent"]
    quotas = QUOTAS if chance.random() < 0.7 else {**QUOTAS, "UsersQuota": 1, "AttachedPoliciesPerUserQuota": 1}
    read = live_of(there, quotas)
    live = dataclasses.replace(read, objects={at: touched_up(one, chance) for at, one in read.objects.items()})
    before = Base("0" * 40, wanted(base, chance)) if chance.random() < 0.7 else None
    return live, wanted(head, chance), before


def made(one: Case, *consents: Consent) -> Plan:
    live, desired, base = one
    return plan.make(dataclasses.replace(desired, consents=consents), Snapshot(live), live, base=base)


def against(found: Plan) -> set[tuple[GuardId, str]]:
    """Return which guards speak, each with its subject, consented to or not."""
    return {*left_open(found), *((alarm.guard, alarm.subject) for alarm in found.alarms)}


def left_open(found: Plan) -> set[tuple[GuardId, str]]:
    """Return which guards leave writes out, each with the object that they would be made on."""
    return {(one.guard, str(one.address)) for one in found.conflicts if one.guard is not None}


def spared(found: Plan) -> set[tuple[str, str]]:
    """Return the consents that may matter though no guard asks for them: they are to objects that are left alone.

    What nobody would prune, or whose memberships are left as they are, is among what was spared; a membership that
    denies something is spoken of at one of its ends, and a consent to either lifts that.
    """
    told = {str(skip.address) for skip in found.skips}
    ends = {skip.item.rpartition(" ")[2] for skip in found.skips if skip.rule == "incident-lock"}
    every = told | {f"{kind}/{name}" for kind in ("user", "group") for name in ends}
    return set(product(("protected", "foreign-owner", "incident-lock"), every))


def subjects(one: Case) -> list[str]:
    live, desired, base = one
    every = {*live.objects, *desired.declared, *(base.desired.declared if base is not None else ())}
    keys = [f"limits.{name}" for name in LIMITS] + ["owner", "prune", "protect", "roles"]
    return ["account", *(f"settings/{key}" for key in keys), *map(str, sorted(every))]


@given(st.integers(0, 10**9))
def test_an_exception_for_one_guard_and_one_address_lifts_nothing_else(seed: int) -> None:
    one = case(seed)
    bare = made(one)
    said = against(bare)
    known = {*said, *spared(bare)}
    every = (Consent(guard, subject) for guard, subject in product(GUARDS, subjects(one)))
    others = [consent for consent in every if (consent.guard, consent.subject) not in known]
    found = made(one, *others)
    assert (found.steps, found.changes, found.alarms) == (bare.steps, bare.changes, bare.alarms)
    assert left_open(found) == left_open(bare)
    assert not found.used

    if not said:
        return
    guard, subject = random.Random(seed).choice(sorted(said))  # noqa: S311  the same
    given_ = Consent(guard, subject)
    found = made(one, given_)
    assert found.used <= {given_}
    assert {alarm.consent for alarm in found.alarms} <= {None, given_}
    assert left_open(bare) - {(guard, subject)} <= left_open(found)
    standing = {(alarm.guard, alarm.subject) for alarm in found.standing}
    assert (guard, subject) not in standing
    if any(alarm.guard == guard for alarm in bare.alarms):
        assert standing == {(alarm.guard, alarm.subject) for alarm in bare.alarms} - {(guard, subject)}
        assert found.steps == bare.steps
