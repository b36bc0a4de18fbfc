from __future__ import annotations

import json
import subprocess
import sys

import pytest

from reconciler.catalogue import (
    managed_policy,
    near_services,
    service_actions,
    service_principals,
    service_role,
)
from reconciler.catalogue.shipped import read

ROLES = json.loads(read("service_roles.json"))
MORE = read("more_principals.txt").splitlines()


@pytest.mark.parametrize(
    ("text", "principals"),
    [
        ("apigateway", ("apigateway.amazonaws.com",)),
        ("apigateway.amazonaws.com", ("apigateway.amazonaws.com",)),
        ("ecs-tasks", ("ecs-tasks.amazonaws.com",)),
        ("ops.apigateway", ("ops.apigateway.amazonaws.com",)),
        ("lambda-vpc", ("lambda.amazonaws.com",)),
        ("dms-redshift", ("dms.amazonaws.com", "redshift.amazonaws.com")),
        ("scheduler", ("scheduler.amazonaws.com",)),
        ("ec2.amazonaws.com.cn", ("ec2.amazonaws.com.cn",)),
    ],
)
def test_a_service_is_known_by_short_name_principal_or_role_type(text: str, principals: tuple[str, ...]) -> None:
    assert service_principals(text) == principals


@pytest.mark.parametrize(
    "text", ["", "APIGateway", "api-gateway", "lambda-vpc.amazonaws.com", ".amazonaws.com", "lambda "]
)
def test_a_service_that_is_not_known_is_never_made_up(text: str) -> None:
    assert service_principals(text) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("api-gateway", "apigateway"),
        ("APIGateway", "apigateway"),
        ("apigatway.amazonaws.com", "apigateway"),
        ("ec2.amazonaws.co", "ec2"),
        ("lamda", "lambda"),
        ("ecstasks", "ecs-tasks"),
    ],
)
def test_a_slip_leads_to_the_service_that_was_meant_first(typed: str, meant: str) -> None:
    assert near_services(typed)[0] == meant


def test_what_resembles_no_service_gets_no_suggestion() -> None:
    assert near_services("zzzzzzzz") == ()


def test_whatever_is_suggested_is_accepted() -> None:
    suggested = {
        near for text in ("api", "dms", "sagemaker-x", "iot", "ec2-x") for near in near_services(text, limit=9)
    }
    assert suggested
    assert all(service_principals(near) for near in suggested)


def test_a_role_type_tells_who_assumes_it_and_what_to_attach() -> None:
    role = service_role("apigateway")
    assert role is not None
    assert role.principals == ("apigateway.amazonaws.com",)
    assert role.policies == ("service-role/AmazonAPIGatewayPushToCloudWatchLogs",)
    assert service_role("no-such-type") is None


def test_every_policy_of_a_role_type_exists_under_that_path_and_can_be_attached() -> None:
    for reference in sorted({reference for row in ROLES for reference in row["policies"]}):
        policy = managed_policy(reference.rpartition("/")[2])
        assert policy is not None, reference
        assert (policy.reference, policy.attachable) == (reference, True)


def test_no_role_type_says_something_else_than_the_principal_of_the_same_name() -> None:
    shorts = {principal.removesuffix(".amazonaws.com") for row in ROLES for principal in row["principals"]}
    shared = {row["id"]: tuple(row["principals"]) for row in ROLES if row["id"] in shorts}
    assert shared
    assert shared == {role_id: (f"{role_id}.amazonaws.com",) for role_id in shared}


def test_every_role_type_names_its_source() -> None:
    assert len({row["id"] for row in ROLES}) == len(ROLES) == 103
    assert all(row["principals"] and row["label"] and row["evidence"] and row["source"] for row in ROLES)


def test_the_further_principals_repeat_none_of_the_role_types() -> None:
    assert sorted(set(MORE)) == MORE
    assert not set(MORE) & {principal for row in ROLES for principal in row["principals"]}


def test_only_pod_identity_needs_more_than_to_assume_the_role() -> None:
    every = {principal for row in ROLES for principal in row["principals"]} | set(MORE)
    more = {principal: actions for principal in every if (actions := service_actions(principal)) != ("sts:AssumeRole",)}
    assert more == {"pods.eks.amazonaws.com": ("sts:AssumeRole", "sts:TagSession")}


def test_importing_the_catalogue_reads_no_data() -> None:
    check = (
        "import reconciler.catalogue.policies as p, reconciler.catalogue.services as s; "
        "print([f.cache_info().currsize for f in (p._policies, p._attachable, s._roles, s._principals)])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[0, 0, 0, 0]"
