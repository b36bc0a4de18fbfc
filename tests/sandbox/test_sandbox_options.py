"""Accounts that are not like new ones: other quotas, and pages that are shorter than asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox.refusal_steps import document
from sandbox.sandbox_support import POLICY, TRUST, arn, client, details

from reconciler import sandbox
from reconciler.errors import SandboxError
from reconciler.live import Iam
from reconciler.sandbox.wiring import sandbox_of


def test_quotas_are_those_that_the_session_was_given_and_the_summary_tells_them() -> None:
    iam = client(quotas={"AttachedPoliciesPerRoleQuota": 11, "PolicySizeQuota": 100, "GroupsPerUserQuota": 0})
    summary = iam.get_account_summary()["SummaryMap"]
    wanted = ("AttachedPoliciesPerRoleQuota", "AttachedPoliciesPerUserQuota", "PolicySizeQuota", "GroupsPerUserQuota")
    assert [summary[name] for name in wanted] == [11, 10, 100, 0]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    for number in range(12):
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document(100))
    for number in range(11):
        iam.attach_role_policy(RoleName="r", PolicyArn=arn(f"policy/p{number}"))
    iam.attach_role_policy(RoleName="r", PolicyArn=arn("policy/p0"))
    with pytest.raises(iam.exceptions.LimitExceededException, match="PoliciesPerRole: 11"):
        iam.attach_role_policy(RoleName="r", PolicyArn=arn("policy/p11"))
    with pytest.raises(iam.exceptions.LimitExceededException, match="PolicySize: 100"):
        iam.create_policy(PolicyName="x", PolicyDocument=document(101))
    with pytest.raises(iam.exceptions.LimitExceededException, match="GroupsPerUser: 0"):
        iam.add_user_to_group(GroupName="g", UserName="u")


def test_what_was_there_before_a_quota_fell_stays_and_only_more_is_refused() -> None:
    iam = client("fallen")
    for number in range(3):
        iam.create_group(GroupName=f"g{number}")
    iam = client("fallen", quotas={"GroupsQuota": 2})
    iam.update_group(GroupName="g0", NewGroupName="h")
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_group(GroupName="g3")
    for name in ("h", "g1"):
        iam.delete_group(GroupName=name)
    iam.create_group(GroupName="g3")


def test_a_service_linked_role_is_created_beyond_the_quota_of_roles() -> None:
    iam = client(quotas={"RolesQuota": 0})
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    assert iam.get_account_summary()["SummaryMap"]["Roles"] == 1


def test_a_saved_account_keeps_its_quotas_and_its_short_pages() -> None:
    client("kept", quotas={"UsersQuota": 1}, page_limit=1)
    iam = client("kept")
    assert iam.get_account_summary()["SummaryMap"]["UsersQuota"] == 1
    iam.create_user(UserName="u")
    assert iam.list_users()["IsTruncated"] is True
    assert client("kept", quotas={}).get_account_summary()["SummaryMap"]["UsersQuota"] == 5000
    assert client("kept").get_account_summary()["SummaryMap"]["UsersQuota"] == 5000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quotas": {"Users": 1}}, "'Users' is no quota; use one of AccessKeysPerUserQuota, "),
        ({"quotas": {"UsersQuota": -1}}, "UsersQuota cannot be -1"),
        ({"page_limit": 0}, "a page cannot hold 0 items"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: Any, message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        sandbox.session(**options)


def filled(**options: Any) -> Any:
    """Return a session of an account with a few of everything."""
    session = sandbox.session(**options)
    iam: Any = session.client("iam")
    for number in range(4):
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=POLICY, Tags=[{"Key": f"k{number}", "Value": ""}])
        iam.create_group(GroupName=f"g{number}")
        iam.attach_group_policy(GroupName=f"g{number}", PolicyArn=arn("policy/p0"))
        iam.create_user(UserName=f"u{number}", Tags=[{"Key": f"k{number}", "Value": ""} for number in range(3)])
        iam.add_user_to_group(GroupName="g0", UserName=f"u{number}")
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=TRUST)
        iam.create_instance_profile(InstanceProfileName=f"i{number}")
    return session


def test_a_limited_listing_begins_with_an_empty_page_and_goes_on_while_it_is_truncated() -> None:
    iam = filled(page_limit=3).client("iam")
    page = iam.list_users(MaxItems=4)
    sizes = [(len(page["Users"]), page["IsTruncated"])]
    while page["IsTruncated"]:
        page = iam.list_users(MaxItems=4, Marker=page["Marker"])
        sizes.append((len(page["Users"]), page["IsTruncated"]))
    assert sizes == [(0, True), (3, True), (1, False)]
    assert filled(page_limit=1).client("iam").list_access_keys(UserName="u0")["IsTruncated"] is False


@given(limit=st.integers(1, 6))
def test_short_pages_show_everything_exactly_once(limit: int) -> None:
    iam = filled(page_limit=limit).client("iam")
    shown = details(iam)
    assert [len(rows) for rows in shown.values()] == [4, 4, 4, 4]
    for operation, member, params, count in (
        ("list_user_tags", "Tags", {"UserName": "u0"}, 3),
        ("get_group", "Users", {"GroupName": "g0"}, 4),
        ("list_entities_for_policy", "PolicyGroups", {"PolicyArn": arn("policy/p0")}, 4),
        ("list_policies", "Policies", {"Scope": "Local"}, 4),
        ("list_instance_profiles", "InstanceProfiles", {}, 4),
    ):
        pages = iam.get_paginator(operation).paginate(**params)
        rows = [repr(row) for page in pages for row in page[member]]
        assert len(rows) == len(set(rows)) == count


def test_the_reconciler_reads_the_same_account_from_short_pages() -> None:
    session = filled()
    whole = Iam(session)
    seen = whole.snapshot(whole.identify()).objects
    assert seen
    sandbox_of(session).account.page_limit = 1
    short = Iam(session)
    assert {address: each.resource for address, each in short.snapshot(short.identify()).objects.items()} == {
        address: each.resource for address, each in seen.items()
    }
