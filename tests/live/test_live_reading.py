"""A large account is read in few calls, whatever the size and the order of IAM's pages."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any, cast

import boto3
import pytest
from support.worlds import desired_of

from reconciler import plan
from reconciler.live import Iam
from reconciler.report import json as report_json

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}"
BODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MARK = {"Key": "iam-reconciler", "Value": "me/user/u7"}
SERVICE = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [SERVICE]}

USERS: list[dict[str, Any]] = [
    {"UserName": f"u{n}", "Path": "/", "GroupList": [f"g{n % 1001}"], "Tags": [MARK] if n == 7 else []}
    for n in range(2500)
]
GROUPS: list[dict[str, Any]] = [{"GroupName": f"g{n}", "Path": "/"} for n in range(1001)]
ROLES: list[dict[str, Any]] = [
    {"RoleName": f"r{n}", "Path": "/", "AssumeRolePolicyDocument": TRUST} for n in range(1500)
]
POLICIES: list[dict[str, Any]] = [
    {
        "Arn": f"{ARN}:policy/p{n}",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [{"VersionId": "v1", "Document": BODY}],
    }
    for n in range(1200)
]
LISTED: list[dict[str, Any]] = [
    {"RoleName": row["RoleName"], "MaxSessionDuration": 7200, "Description": "x"} for row in ROLES
]
DETAILS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "User": ("UserDetailList", USERS),
    "Group": ("GroupDetailList", GROUPS),
    "Role": ("RoleDetailList", ROLES),
    "LocalManagedPolicy": ("Policies", POLICIES),
}


class Service:
    """IAM and STS of a large account; ``chance`` shuffles the rows and cuts pages short, empty ones among them."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.chance = chance
        self.asked: Counter[str] = Counter()
        self.region_name = "eu-west-1"
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def client(self, *_: Any, **__: Any) -> Service:
        return self

    def _page(self, listing: str, rows: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
        assert params["MaxItems"] == 1000
        if listing not in self.rows:
            self.rows[listing] = self.chance.sample(rows, len(rows)) if self.chance else rows
        start = int(params.get("Marker", 0))
        end = start + (self.chance.randint(0, 999) if self.chance else 1000)
        more = {"IsTruncated": True, "Marker": str(end)} if end < len(rows) else {"IsTruncated": False}
        return {listing: self.rows[listing][start:end], **more}

    def get_caller_identity(self) -> dict[str, Any]:
        self.asked["GetCallerIdentity"] += 1
        return {"Account": ACCOUNT, "Arn": f"{ARN}:user/u0"}

    def get_account_summary(self) -> dict[str, Any]:
        self.asked["GetAccountSummary"] += 1
        return {"SummaryMap": {}}

    def get_account_authorization_details(self, **params: Any) -> dict[str, Any]:
        self.asked["GetAccountAuthorizationDetails"] += 1
        (noun,) = params["Filter"]
        return self._page(*DETAILS[noun], params)

    def list_roles(self, **params: Any) -> dict[str, Any]:
        self.asked["ListRoles"] += 1
        return self._page("Roles", LISTED, params)

    def list_policy_tags(self, PolicyArn: str) -> dict[str, Any]:  # noqa: N803  IAM's own spelling
        self.asked["ListPolicyTags"] += 1
        return {"Tags": [{"Key": "of", "Value": PolicyArn.rpartition("/")[2]}], "IsTruncated": False}

    def get_policy(self, PolicyArn: str) -> dict[str, Any]:  # noqa: N803  IAM's own spelling
        self.asked["GetPolicy"] += 1
        return {"Policy": {"Arn": PolicyArn}}

    def __getattr__(self, name: str) -> Any:
        def listing(**_: Any) -> dict[str, Any]:
            self.asked[name] += 1
            return {"IsTruncated": False}

        return listing


def read(service: Service, docs: list[dict[str, Any]], **settings: Any) -> Any:
    iam = Iam(cast("boto3.Session", service))
    made = plan.make(desired_of(docs, iam.identify(), **settings), iam)
    assert made.header["calls"] == service.asked.total() == iam.calls
    return made


ALIKE: list[dict[str, Any]] = [
    {"kind": "user", "name": "u1", "groups": ["g1"]},
    {"kind": "policy", "name": "p1", "document": BODY},
    {"kind": "role", "name": "r1", "service": "ec2", "description": "x", "max_session_duration": "7200"},
]


def test_an_account_of_thousands_is_read_in_at_most_seven_calls_for_each_thousand_of_a_kind() -> None:
    service = Service()
    assert not read(service, ALIKE).steps
    # Two pages of groups, roles, listed roles and policies, three of users; who we are, and the quotas.
    assert service.asked == {
        "GetAccountAuthorizationDetails": 9,
        "ListRoles": 2,
        "GetAccountSummary": 1,
        "GetCallerIdentity": 1,
    }
    assert service.asked.total() <= 7 * 3


def test_tags_are_read_of_the_policies_that_declare_them_and_of_no_other() -> None:
    service = Service()
    tagged = [{"kind": "policy", "name": f"p{n}", "document": BODY, "tags": {"of": f"p{n}"}} for n in range(20)]
    assert not read(service, [*ALIKE, *tagged[2:]]).steps
    assert service.asked["ListPolicyTags"] == 18
    assert service.asked.total() == 13 + 18


def test_prune_reads_the_tags_of_every_undeclared_policy_once() -> None:
    service = Service()
    read(service, ALIKE, owner="me", prune="true")
    assert service.asked["ListPolicyTags"] == len(POLICIES) - 1


def test_credentials_are_read_of_the_users_that_go_and_of_no_other() -> None:
    service = Service()
    made = read(service, [*ALIKE, {"kind": "user", "name": "u5", "state": "absent"}], owner="me", prune="true")
    assert {str(change.address) for change in made.changes} == {"user/u5", "user/u7"}
    everything = len(USERS) + len(GROUPS) + len(ROLES) + len(POLICIES)
    assert made.header["undeclared"] == everything - len(ALIKE) - 2
    lookups = [
        "get_login_profile",
        "get_user",
        "list_access_keys",
        "list_mfa_devices",
        "list_service_specific_credentials",
    ]
    lookups += ["list_signing_certificates", "list_ssh_public_keys"]
    assert {name: service.asked[name] for name in lookups} == dict.fromkeys(lookups, 2)


def test_what_is_renamed_does_not_count_as_left_alone() -> None:
    made = read(Service(), [*ALIKE, {"kind": "user", "name": "new", "renamed_from": "u5", "groups": ["g5"]}])
    assert [step.call.operation for step in made.steps] == ["UpdateUser"]
    everything = len(USERS) + len(GROUPS) + len(ROLES) + len(POLICIES)
    assert made.header["undeclared"] == everything - len(ALIKE) - 1


def test_only_a_policy_of_aws_that_nobody_has_heard_of_is_asked_for() -> None:
    service, arn = Service(), "arn:aws:iam::aws:policy/MadeYesterdayByAWS"
    # What AWS's policies grant is asked for in any case, once for each.
    read(service, [*ALIKE, {"kind": "group", "name": "g1", "policies": ["ReadOnlyAccess"]}])
    assert service.asked["GetPolicy"] == 1
    service = Service()
    made = read(service, [*ALIKE, {"kind": "group", "name": "g1", "policies": [arn, "ReadOnlyAccess"]}])
    assert service.asked["GetPolicy"] == 2 + 1
    assert arn in [step.call.params.get("PolicyArn") for step in made.steps]


@pytest.mark.parametrize("seed", range(3))
def test_short_and_empty_pages_in_any_order_give_the_same_plan(seed: int) -> None:
    docs = [*ALIKE, {"kind": "group", "name": "g5", "members": ["u5"], "policies": ["p3"]}]
    docs.append({"kind": "policy", "name": "p9", "state": "absent"})
    chance = random.Random(seed)  # noqa: S311  an order of rows, no secret
    usual, odd = read(Service(), docs), read(Service(chance), docs)
    bodies = [json.loads(report_json.render(made)) for made in (usual, odd)]
    headers = [body.pop("header") for body in bodies]
    assert headers[0]["calls"] < headers[1]["calls"]
    assert bodies[0] == bodies[1]
    assert bodies[0]["steps"]
