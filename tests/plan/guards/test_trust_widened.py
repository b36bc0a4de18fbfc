"""The guard ``trust-widened``: which strangers a trust lets in that it did not let in before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan.guards.cutoffs import AWS, Given, planned, role, said, trusting

from reconciler.model import Consent
from reconciler.plan.guards.trusts import strangers

OTHER, OURS = "999999999999", "111111111111"
GITHUB, HUB = "token.actions.githubusercontent.com", f"{AWS}oidc-provider/token.actions.githubusercontent.com"
WEB = "sts:AssumeRoleWithWebIdentity"
HOME_ROLE = trusting({"AWS": f"{AWS}root"})


def github(condition: Any = None, provider: str = HUB) -> dict[str, Any]:
    return trusting({"Federated": provider}, WEB, condition)


def sub(operator: str, *subjects: str, issuer: str = GITHUB, key: str = "sub") -> dict[str, Any]:
    return {operator: {f"{issuer}:{key}": list(subjects)}}


def also(*trusts: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [one for trust in trusts for one in trust["Statement"]]}


def denying(*names: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Deny", "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole"}]}


EXTERNAL = {"StringEquals": {"sts:ExternalId": "x"}}
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
PULL, MAIN, ANY = "repo:acme/app:pull_request", "repo:acme/app:ref:refs/heads/main", "repo:acme/*"
GOOGLE = {"Federated": "accounts.google.com"}
BOUND = trusting({"AWS": OTHER}, condition=EXTERNAL)
FREE = trusting({"AWS": OTHER})
AUDIENCE = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
EVERYBODY = trusting("*")

POOL: dict[str, tuple[Any, set[str]]] = {
    "home": ({"AWS": f"{AWS}root"}, set()),
    "all": ("*", set()),
    "account": ({"AWS": OTHER}, {"all"}),
    "one": ({"AWS": f"arn:aws:iam::{OTHER}:role/x"}, {"all", "account"}),
    "another": ({"AWS": f"arn:aws:iam::{OURS}:user/y"}, {"all"}),
}
"""Principals, and those who are at least as many."""

CASES: dict[str, tuple[Any, Any, str]] = {
    # From (None: the role is new), to, and whom the alarm names (empty: there is none).
    "everybody": (HOME_ROLE, EVERYBODY, "everybody"),
    "everybody, in a new role": (None, EVERYBODY, "everybody"),
    "everybody, written otherwise": (HOME_ROLE, trusting({"AWS": ["*"]}), "everybody"),
    "everybody, as before": (EVERYBODY, also(EVERYBODY, HOME_ROLE), ""),
    "everybody of an organization": (HOME_ROLE, trusting("*", condition=ORG), "everybody of the organization o-1"),
    "everybody of a known account": (
        HOME_ROLE, trusting("*", condition={"StringEquals": {"aws:PrincipalAccount": [OURS]}}), ""),
    "everybody of a known account and of another": (
        HOME_ROLE, trusting("*", condition={"StringEquals": {"aws:PrincipalAccount": [OURS, OTHER]}}), OTHER),
    "everybody of a known account, if it is told": (
        HOME_ROLE, trusting("*", condition={"StringEqualsIfExists": {"aws:PrincipalAccount": OURS}}), "everybody"),
    "roles of a known account": (
        HOME_ROLE, trusting("*", condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OURS}:role/ci-*"}}), ""),
    "roles of any account": (
        HOME_ROLE, trusting("*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}}), "everybody"),
    "an organization no longer": (trusting("*", condition=ORG), EVERYBODY, "everybody"),
    "from everybody to an account": (EVERYBODY, trusting({"AWS": OTHER}), ""),
    "everybody, to tag sessions alone": (HOME_ROLE, also(HOME_ROLE, trusting("*", "sts:TagSession")), ""),
    "everybody, by a wildcard in the action": (HOME_ROLE, trusting("*", "sts:Assume*"), "everybody"),
    "everybody is denied": (HOME_ROLE, also(EVERYBODY, denying("*")), ""),
    "everybody, and one is denied": (HOME_ROLE, also(EVERYBODY, denying(f"{AWS}root")), "everybody"),
    "another account": (HOME_ROLE, trusting({"AWS": OTHER}), OTHER),
    "another account's root": (HOME_ROLE, trusting({"AWS": f"arn:aws:iam::{OTHER}:root"}), f"{OTHER}:root"),
    "another account's role": (HOME_ROLE, trusting({"AWS": f"arn:aws:iam::{OTHER}:role/x"}), f"{OTHER}:role/x"),
    "another account's session": (
        HOME_ROLE, trusting({"AWS": f"arn:aws:sts::{OTHER}:assumed-role/x/y"}), "assumed-role/x/y"),
    "one of another account that was let in whole": (
        trusting({"AWS": OTHER}), trusting({"AWS": f"arn:aws:iam::{OTHER}:user/x"}), ""),
    "all of another account of which one was let in": (
        trusting({"AWS": f"arn:aws:iam::{OTHER}:user/x"}), trusting({"AWS": OTHER}), OTHER),
    "an account of ours": (HOME_ROLE, trusting({"AWS": OURS}), ""),
    "the account itself": (HOME_ROLE, trusting({"AWS": "123456789012"}), ""),
    "a left-over id": (HOME_ROLE, trusting({"AWS": "AROAEXAMPLEEXAMPLE123"}), ""),
    "a condition of another account's goes": (BOUND, FREE, OTHER),
    "a condition of another account's comes": (FREE, BOUND, ""),
    "a condition of the account itself goes": (trusting({"AWS": f"{AWS}root"}, condition=EXTERNAL), HOME_ROLE, ""),
    "a service": (HOME_ROLE, trusting({"Service": "ec2.amazonaws.com"}), ""),
    "a SAML provider": (HOME_ROLE, trusting({"Federated": f"{AWS}saml-provider/x"}, "sts:AssumeRoleWithSAML"), ""),
    "a provider without a subject": (HOME_ROLE, github(AUDIENCE), "any subject"),
    "a provider without conditions": (None, github(), f"{GITHUB} with any subject"),
    "an exact subject": (HOME_ROLE, github(sub("StringEquals", MAIN)), ""),
    "an exact subject by another test": (HOME_ROLE, github(sub("ForAnyValue:StringLike", MAIN)), ""),
    "a subject if it is told": (HOME_ROLE, github(sub("StringEqualsIfExists", MAIN)), "any subject"),
    "all of no subjects": (HOME_ROLE, github(sub("ForAllValues:StringEquals", MAIN)), "any subject"),
    "a subject that is not": (HOME_ROLE, github(sub("StringNotEquals", MAIN)), "any subject"),
    "a subject of another issuer": (HOME_ROLE, github(sub("StringEquals", MAIN, issuer="gitlab.com")), "any subject"),
    "a subject in other letters": (HOME_ROLE, github(sub("StringEquals", MAIN, issuer=GITHUB.title())), ""),
    "a wildcard subject": (HOME_ROLE, github(sub("StringLike", ANY)), "the subject repo:acme/*"),
    "one wildcard subject of two": (HOME_ROLE, github(sub("StringLike", MAIN, "repo:acme/?pp:*")), "repo:acme/?pp:*"),
    "a star that is meant as one": (HOME_ROLE, github(sub("StringEquals", "repo:acme/*")), "repo:acme/*"),
    "from a subject to a wildcard": (github(sub("StringEquals", MAIN)), github(sub("StringLike", ANY)), ANY),
    "from a wildcard to a narrower one": (
        github(sub("StringLike", ANY)), github(sub("StringLike", "repo:acme/app:*")), ""),
    "from a subject to another": (github(sub("StringEquals", MAIN)), github(sub("StringEquals", PULL)), ""),
    "a provider of another account": (
        HOME_ROLE, github(sub("StringLike", "*"), HUB.replace("123456789012", OTHER)), "the subject *"),
    "a domain": (HOME_ROLE, trusting(GOOGLE, WEB), "accounts.google.com with any subject"),
    "a domain's subject": (
        HOME_ROLE, trusting(GOOGLE, WEB, sub("StringEquals", "1", issuer="accounts.google.com")), ""),
    "an identity pool": (
        HOME_ROLE,
        trusting({"Federated": "cognito-identity.amazonaws.com"}, WEB,
                 sub("StringEquals", "us-east-1:1", issuer="cognito-identity.amazonaws.com", key="aud")),
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_strangers_that_were_not_let_in_before_are_told_and_nobody_else(name: str) -> None:
    old, new, told = CASES[name]
    before = [role("r", old)] if old is not None else []
    found = planned(
        [*before, role("x", HOME_ROLE)], [role("r", new), role("x", HOME_ROLE)], Given(accounts=frozenset({OURS}))
    )
    alarms = said(found, "trust-widened")
    assert [alarm.subject for alarm in alarms] == (["role/r"] if told else []), alarms
    if told:
        assert told in alarms[0].what.partition("before: ")[2]
        assert alarms[0].detail[0].startswith("the trust would say: {")
        assert alarms[0].origin is not None


def test_everybody_but_some_are_strangers() -> None:
    # No document may say so, and an undo may put it back.
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": f"{AWS}root"}, "Action": "sts:AssumeRole"}
    [found] = strangers({"Statement": statement}, {"123456789012"})
    assert found.statement == statement
    assert found.name.startswith("everybody but {")


def test_a_witness_shows_who_could_come() -> None:
    [alarm] = said(planned([role("r", HOME_ROLE)], [role("r", trusting({"AWS": OTHER}))]), "trust-widened")
    assert any(f"{OTHER}:" in line and "could call sts:AssumeRole" in line for line in alarm.detail)


def test_a_role_that_does_not_change_is_not_judged() -> None:
    wide = role("r", EVERYBODY)
    assert said(planned([wide], [{**wide, "description": "x"}]), "trust-widened") == []


def test_a_consent_lifts_it_for_one_role_only() -> None:
    consent = Consent("trust-widened", "role/r", "the auditors", dt.date(2026, 12, 31))
    docs = [role("r", trusting({"AWS": OTHER})), role("s", trusting({"AWS": OTHER}))]
    found = planned([role("x", HOME_ROLE)], [*docs, role("x", HOME_ROLE)], Given(consents=(consent,)))
    assert [(alarm.subject, alarm.consent) for alarm in said(found, "trust-widened")] == [
        ("role/r", consent),
        ("role/s", None),
    ]


@given(st.sets(st.sampled_from(sorted(POOL))), st.sets(st.sampled_from(sorted(POOL)), min_size=1))
def test_of_any_principals_the_strangers_that_come_are_told(old: set[str], new: set[str]) -> None:
    trusts = [also(*(trusting(POOL[name][0]) for name in sorted(names))) for names in (old, new)]
    before = [role("r", trusts[0])] if old else []
    found = planned([*before, role("x", HOME_ROLE)], [role("r", trusts[1]), role("x", HOME_ROLE)])
    covered = old | {name for name in POOL if POOL[name][1] & old}
    fresh = [name for name in new if name not in covered and name != "home"]
    assert [alarm.subject for alarm in said(found, "trust-widened")] == (["role/r"] if fresh else [])
