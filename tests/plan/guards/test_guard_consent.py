"""Consent: it lifts one guard for one subject, today, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cache
from itertools import product
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st
from support.grants import Snapshot
from support.guarding import DOMESTIC, days_ago, live_with, wanted
from support.small import BOTH, READ, SEND, policy

from reconciler import plan
from reconciler.model import GUARDS, Address, Base, Change, Consent, Desired, LeftBehind, Limit, Live, Plan
from reconciler.plan.make import guarded

OTHER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [*DOMESTIC["Statement"], OTHER]}
LIMITS = {name: Limit(0) for name in ("delete", "narrow", "widen", "trust")}
MINE = {
    "empty-source", "in-use", "left-behind", "limit-delete", "limit-narrow", "limit-trust", "limit-widen", "quota",
    "settings-loosened", "takeover",
}  # fmt: skip


Said: TypeAlias = tuple[Live, Desired, Desired, Plan]


@cache
def everything() -> Said:
    """Return an account, documents, a base and a plan that every guard speaks against, most for several subjects."""
    users = [{"kind": "user", "name": name, "policies": ["p", "q"]} for name in ("a", "b")]
    roles = [{"kind": "role", "name": name, "trust": DOMESTIC} for name in ("r", "s")]
    live = live_with(
        [policy("p", READ), policy("q", SEND), *users, *roles],
        quotas={"AttachedPoliciesPerUserQuota": 1, "UsersQuota": 2},
        fields={f"role/{role['name']}": {"last_used": days_ago(3)} for role in roles},
    )
    docs = [
        policy("p", BOTH),
        policy("q", SEND),
        *({**user, "policies": ["p"]} for user in users),
        *({**user, "name": f"new-{user['name']}"} for user in users),
        *({"kind": "role", "name": role["name"], "state": "absent"} for role in roles),
        {"kind": "role", "name": "t", "trust": TRUST},
    ]
    lost = [{"kind": "user", "name": name} for name in ("lost", "found")]
    base = wanted(lost, owner="us", limits=LIMITS)
    found = wanted(docs, owner="them")
    made = plan.make(found, Snapshot(live), live, base=Base("0" * 40, base))
    left = [LeftBehind(Address("user", user["name"]), "declared at the base") for user in lost]
    return live, found, base, dataclasses.replace(made, left_behind=left)


@cache
def nothing() -> Said:
    """Return an account, documents that came up empty, a base, and the plan to delete what is live."""
    docs = [{"kind": "user", "name": name} for name in ("a", "b")]
    live, found, base = live_with(docs), wanted([], limits=LIMITS), wanted(docs)
    return live, found, base, Plan(found.account, changes=[Change(at, "delete", "prune") for at in live.objects])


def judged(live: Live, desired: Desired, base: Desired, made: Plan) -> Plan:
    return guarded(made, desired, live, Snapshot(live), Base("0" * 40, base))


def test_every_guard_speaks_against_one_of_the_two() -> None:
    told = {alarm.guard for scene in (everything, nothing) for alarm in judged(*scene()).alarms}
    assert told >= MINE


@given(st.data())
def test_an_exception_for_one_address_never_lifts_another(data: st.DataObject) -> None:
    live, desired, base, made = data.draw(st.sampled_from([everything, nothing]))()
    bare = judged(live, desired, base, made)
    known = sorted({(alarm.guard, alarm.subject) for alarm in bare.alarms})
    subjects = sorted({subject for _, subject in known} | {"user/*", "*", "role/R*", "account/*", "settings/limits"})
    wide = st.sampled_from(sorted(product(GUARDS, subjects)))
    pairs = data.draw(st.lists(st.sampled_from(known) | wide, max_size=6, unique=True))
    loud = data.draw(st.booleans())
    days = data.draw(st.lists(st.sampled_from([None, -1, 0, 400]), min_size=len(pairs), max_size=len(pairs)))
    consents = [
        Consent(
            guard,
            subject.upper() if loud else subject,
            "why",
            None if day is None else desired.today + dt.timedelta(day),
        )
        for (guard, subject), day in zip(pairs, days, strict=True)
    ]
    found = judged(live, dataclasses.replace(desired, consents=tuple(consents)), base, made)
    valid = {pair for pair, day in zip(pairs, days, strict=True) if day != -1}
    assert {(alarm.guard, alarm.subject) for alarm in found.standing} == set(known) - valid
    assert [dataclasses.replace(alarm, consent=None) for alarm in found.alarms] == list(bare.alarms)
    assert {(one.guard, one.subject.lower()) for one in found.used} == {
        (guard, subject.lower()) for guard, subject in valid & set(known)
    }


def test_a_plan_without_steps_over_settings_as_they_were_makes_no_guard_speak() -> None:
    docs = [policy("p", READ), {"kind": "user", "name": "a", "policies": ["p"]}]
    desired = wanted(docs, limits=LIMITS)
    live = live_with(docs, quotas={"UsersQuota": 0, "PolicySizeQuota": 1})
    found = plan.make(desired, Snapshot(live), live, base=Base("0" * 40, desired))
    assert not found.steps
    assert not found.alarms
