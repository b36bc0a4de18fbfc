from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policydoc.policy_strategies import ACCOUNTS, USERS, policies

from reconciler.errors import PolicyError
from reconciler.policydoc import check, equivalent, principals, rename_principals, without_principals

ALICE = "arn:aws:iam::123456789012:user/alice"
WEB = "arn:aws-cn:iam::123456789012:role/app/web"
ROOT = "arn:aws:iam::123456789012:root"
NOBODY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def _trust(*whom: Any, effect: str = "Allow") -> dict[str, Any]:
    found = [{"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"} for principal in whom]
    return {"Version": "2012-10-17", "Statement": found}


def test_users_and_roles_of_every_statement_are_named_as_written() -> None:
    trust = _trust({"AWS": [ALICE, ROOT, "*", "210987654321"]}, {"AWS": WEB, "Service": "ec2.amazonaws.com"}, "*")
    trust["Statement"][1]["Effect"] = "Deny"
    assert principals(trust) == {ALICE, WEB}
    assert principals({"Statement": trust["Statement"][0]}) == {ALICE}


def test_what_is_no_user_and_no_role_is_not_named() -> None:
    others = [
        "arn:aws:sts::123456789012:assumed-role/web/session",
        "AROAEXAMPLEEXAMPLE",
        "arn:aws:iam::123456789012:group/admins",
        "arn:aws:iam::123456789012:role/",
        123456789012,
    ]
    assert principals(_trust({"AWS": others}, {"Federated": "arn:aws:iam::1:role/x"}, {})) == frozenset()
    assert principals({"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": ALICE}, "Action": "*"}}) == frozenset()


def test_a_trust_loses_the_principals_that_do_not_exist_and_keeps_the_others() -> None:
    trust = _trust({"AWS": [ALICE, ROOT]}, {"AWS": WEB, "Service": "ec2.amazonaws.com"}, {"AWS": ALICE}, "*")
    assert without_principals(trust, frozenset({ALICE, WEB})) == _trust(
        {"AWS": [ROOT]}, {"Service": "ec2.amazonaws.com"}, "*"
    )


def test_a_trust_that_loses_everybody_lets_nobody_in() -> None:
    trust = {"Statement": _trust({"AWS": ALICE})["Statement"][0], "Version": "2008-10-17"}
    left = without_principals(trust, frozenset({ALICE}))
    assert left == {"Version": "2008-10-17", "Statement": [NOBODY]}
    assert check(left, "trust") == []


def test_a_statement_that_names_nobody_else_is_left_as_it_is() -> None:
    trust = _trust({"AWS": []}, {}, {"Service": "ec2.amazonaws.com"})
    assert without_principals(trust, frozenset({ALICE})) == trust
    del trust["Statement"][0]["Principal"]
    assert without_principals(trust, frozenset({ALICE})) == trust


@given(policies(trust=True), st.frozensets(st.sampled_from(USERS[:2])))
def test_taking_principals_out_leaves_none_of_them_and_never_touches_its_argument(
    trust: dict[str, Any], gone: frozenset[str]
) -> None:
    before = copy.deepcopy(trust)
    left = without_principals(trust, gone)
    assert trust == before
    assert principals(left) == principals(trust) - gone
    assert left["Statement"]
    if not gone & principals(trust) and trust["Statement"]:
        assert equivalent(left, trust)


def test_renamed_principals_have_their_new_names_everywhere() -> None:
    new = "arn:aws:iam::123456789012:user/people/alice"
    trust = _trust({"AWS": [ALICE, WEB]}, {"AWS": ALICE, "Service": ALICE}, "*", {"Service": "ec2.amazonaws.com"})
    trust["Statement"].append({"Effect": "Deny", "NotPrincipal": {"AWS": ALICE}, "Action": "*"})
    after = _trust({"AWS": [new, WEB]}, {"AWS": new, "Service": ALICE}, "*", {"Service": "ec2.amazonaws.com"})
    after["Statement"].append({"Effect": "Deny", "NotPrincipal": {"AWS": new}, "Action": "*"})
    assert rename_principals(trust, {ALICE: new}) == after


def test_a_single_statement_stays_single_when_its_principals_are_renamed() -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "sts:AssumeRole"}}
    assert rename_principals(trust, {ALICE: WEB})["Statement"]["Principal"] == {"AWS": WEB}


@given(policies(trust=True))
def test_renaming_there_and_back_changes_nothing(trust: dict[str, Any]) -> None:
    before = copy.deepcopy(trust)
    there = {name: f"{name}-2" for name in USERS + ACCOUNTS}
    back = {new: old for old, new in there.items()}
    assert rename_principals(trust, {}) == before
    assert rename_principals(rename_principals(trust, there), back) == before
    assert trust == before


def test_a_mapping_without_statements_names_nobody() -> None:
    assert principals({}) == frozenset()
    assert rename_principals({}, {ALICE: WEB}) == {}
    assert without_principals({}, frozenset({ALICE})) == {"Statement": [NOBODY]}


@pytest.mark.parametrize("junk", [None, [], "x", {"Statement": "x"}, {"Statement": [5]}, {"Statement": None}], ids=repr)
def test_what_is_no_trust_is_refused(junk: Any) -> None:
    for ask in (principals, lambda doc: without_principals(doc, frozenset()), lambda doc: rename_principals(doc, {})):
        with pytest.raises(PolicyError):
            ask(junk)


def test_principals_of_odd_types_are_passed_by() -> None:
    trust = _trust({"AWS": [[ALICE], {"a": 1}, None, 5]}, ["*"], {5: ALICE})
    assert principals(trust) == frozenset()
    assert without_principals(trust, frozenset({ALICE})) == trust
    assert rename_principals(trust, {ALICE: WEB}) == trust
