"""What seems to be in use is not deleted without a word; what does not, is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.estates import Docs
from support.guarding import DOMESTIC, days_ago, judged, live_with, said, wanted
from support.small import READ, policy
from support.worlds import World

KEEP: dict[str, Any] = {"kind": "group", "name": "anchor"}
USER: dict[str, Any] = {"kind": "user", "name": "u"}
ROLE: dict[str, Any] = {"kind": "role", "name": "r", "trust": DOMESTIC}
ACTIVE, OTHER = ({"AccessKeyId": key, "SSHPublicKeyId": key, "Status": "Active"} for key in "AB")
INACTIVE = {"AccessKeyId": "C", "SSHPublicKeyId": "C", "Status": "Inactive"}


def gone(document: dict[str, Any]) -> dict[str, Any]:
    return {"kind": document["kind"], "name": document["name"], "state": "absent"}


@given(st.integers(-1, 200))
def test_a_role_is_in_use_for_ninety_days_after_it_was_used(days: int) -> None:
    live = live_with([KEEP, ROLE], fields={"role/r": {"last_used": days_ago(days)}})
    found = said(judged(live, wanted([KEEP, gone(ROLE)])), "in-use")
    assert (found.keys() == {"role/r"}) == (days <= 90)


CREDENTIALS = [
    ("an active access key", {"ListAccessKeys": [ACTIVE, INACTIVE]}, None, "it has 1 active access key"),
    ("two keys", {"ListAccessKeys": [ACTIVE, OTHER]}, None, "it has 2 active access keys"),
    ("an SSH key", {"ListSSHPublicKeys": [ACTIVE]}, None, "it has 1 active SSH key"),
    ("no active key", {"ListAccessKeys": [INACTIVE], "ListSSHPublicKeys": [INACTIVE]}, None, ""),
    ("a password that is used", {"GetLoginProfile": {"UserName": "u"}}, 90, "its password was last used on 2026-08-26"),
    ("a password that was used", {"GetLoginProfile": {"UserName": "u"}}, 91, ""),
    ("a password that never was used", {"GetLoginProfile": {"UserName": "u"}}, None, ""),
    ("no password any more", {}, 1, ""),
]


@pytest.mark.parametrize(("credentials", "days", "why"), [pytest.param(*case[1:], id=case[0]) for case in CREDENTIALS])
def test_a_user_is_in_use_by_keys_that_are_active_and_a_password_that_is_used(
    credentials: dict[str, Any], days: int | None, why: str
) -> None:
    used = days_ago(days) if days is not None else None
    live = live_with([KEEP, USER], fields={"user/u": {"credentials": credentials, "password_last_used": used}})
    found = said(judged(live, wanted([KEEP, gone(USER)])), "in-use")
    assert found == ({"user/u": (f"it would be deleted, but {why}", why)} if why else {})


def test_an_instance_profile_keeps_its_role_in_use() -> None:
    live = live_with([KEEP, ROLE], fields={"role/r": {"instance_profiles": ("web",)}})
    found = said(judged(live, wanted([KEEP, gone(ROLE)])), "in-use")
    why = "it is in the instance profile web"
    assert found == {"role/r": (f"it would be deleted, but {why}", why)}


HOLDERS: list[tuple[str, Docs, dict[str, str], bool]] = [
    ("an undeclared holder of ours", [{**USER, "policies": ["p"]}], {"user/u": "me"}, True),
    ("a declared holder", [{**USER, "policies": ["p"]}, {**USER}], {"user/u": "me"}, False),
    ("a holder that goes as well", [{**USER, "policies": ["p"]}, gone(USER)], {"user/u": "me"}, False),
    ("nobody", [USER], {}, False),
]


@pytest.mark.parametrize(("documents", "marked", "speaks"), [pytest.param(*case[1:], id=case[0]) for case in HOLDERS])
def test_a_policy_is_in_use_by_whoever_holds_it_undeclared(
    documents: Docs, marked: dict[str, str], *, speaks: bool
) -> None:
    live = live_with([KEEP, policy("p", READ), documents[0]], marked=marked)
    found = judged(live, wanted([KEEP, gone(policy("p", READ)), *documents[1:]], owner="me"))
    assert [change.action for change in found.changes if str(change.address) == "policy/p"] == ["delete"]
    assert (said(found, "in-use").keys() == {"policy/p"}) == speaks


def test_what_is_in_use_may_change() -> None:
    live = live_with([KEEP, ROLE], fields={"role/r": {"instance_profiles": ("web",), "last_used": days_ago(0)}})
    assert not said(judged(live, wanted([KEEP, {**ROLE, "inline_policies": {"i": READ}}])), "in-use")


def test_in_an_account_the_last_uses_are_read_and_disturb_nothing() -> None:
    world = World()
    world.apply([KEEP, USER, {**ROLE, "inline_policies": {"i": READ}}])
    world.iam.create_login_profile(UserName="u", Password="Correct-Horse-7")
    world.iam.create_access_key(UserName="u")
    assert not world.plan([KEEP, USER, {**ROLE, "inline_policies": {"i": READ}}]).steps
    made = world.plan([KEEP, gone(USER), gone(ROLE)])
    assert said(made, "in-use") == {
        "user/u": ("it would be deleted, but it has 1 active access key", "it has 1 active access key")
    }
    (before,) = (observed.resource for address, observed in made.before.items() if address.kind == "user")
    assert "GetUser" not in before.credentials
    assert before.password_last_used is None or isinstance(before.password_last_used, dt.datetime)
