from __future__ import annotations

import time

import pytest

from reconciler.catalogue import ManagedPolicy, managed_policy, managed_policy_paths, near_managed_policies
from reconciler.catalogue.shipped import read

PUSH_TO_LOGS = ManagedPolicy("AmazonAPIGatewayPushToCloudWatchLogs", "/service-role/")
ROWS = [line.split("\t") for line in read("managed_policies.tsv").splitlines()]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("AmazonAPIGatewayPushToCloudWatchLogs", "service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
        ("AmazonAPIGatewayInvokeFullAccess", "AmazonAPIGatewayInvokeFullAccess"),
        ("ReadOnlyAccess", "ReadOnlyAccess"),
        ("ViewOnlyAccess", "job-function/ViewOnlyAccess"),
        ("AWSCompromisedKeyQuarantineV3", "AWSCompromisedKeyQuarantineV3"),
    ],
)
def test_a_bare_name_leads_to_the_path_that_aws_keeps_it_under(name: str, reference: str) -> None:
    policy = managed_policy(name)
    assert policy is not None
    assert policy.reference == reference


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_arn_carries_the_partition(partition: str) -> None:
    expected = f"arn:{partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    assert PUSH_TO_LOGS.arn(partition) == expected


@pytest.mark.parametrize(
    "name", ["", "readonlyaccess", "service-role/AmazonAPIGatewayPushToCloudWatchLogs", "orders-api-invoke"]
)
def test_only_an_exact_name_is_found(name: str) -> None:
    assert managed_policy(name) is None


def test_the_missing_letter_of_the_api_gateway_guides_is_seen_through() -> None:
    assert near_managed_policies("AmazonAPIGatewayPushToCloudWatchLog") == (PUSH_TO_LOGS,)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("amazonec2readonlyaccess", "AmazonEC2ReadOnlyAccess"),
        ("AdminstratorAccess", "AdministratorAccess"),
        ("AWSLambdaBasicExecution", "AWSLambdaBasicExecutionRole"),
        ("AWSConfigRole", "AWS_ConfigRole"),
    ],
)
def test_a_slip_leads_to_the_name_that_was_meant_first(typed: str, meant: str) -> None:
    assert near_managed_policies(typed)[0].name == meant


@pytest.mark.parametrize("name", ["", "x", "team-boundary", "orders-api-invoke"])
def test_a_name_of_ones_own_resembles_no_policy_of_aws(name: str) -> None:
    assert near_managed_policies(name) == ()


def test_no_more_suggestions_are_given_than_asked_for() -> None:
    assert len(near_managed_policies("AmazonEC2FullAcess", limit=2)) == 2


def test_every_attachable_policy_is_its_own_nearest_one() -> None:
    sample = [managed_policy(name) for name, *_ in ROWS[::40]]
    chosen = [policy for policy in sample if policy is not None and policy.attachable]
    assert [near_managed_policies(policy.name.upper())[0] for policy in chosen] == chosen


def test_a_suggestion_takes_less_than_fifty_milliseconds() -> None:
    near_managed_policies("warm")
    began = time.process_time()
    near_managed_policies("AmazonSageMakerCanvasForecastAcess")
    assert time.process_time() - began < 0.05


def test_retired_and_service_linked_policies_are_known_but_never_suggested() -> None:
    retired, linked = managed_policy("AWSConfigRole"), managed_policy("APIGatewayServiceRolePolicy")
    assert retired is not None
    assert linked is not None
    assert (retired.deprecated, retired.attachable) == (True, False)
    assert (linked.deprecated, linked.attachable) == (False, False)
    assert retired not in near_managed_policies(retired.name)
    assert linked not in near_managed_policies(linked.name)


def test_unknown_names_are_looked_for_where_most_policies_are() -> None:
    assert managed_policy_paths() == ("/", "/service-role/", "/job-function/", "/root-task/")


def test_names_are_unique_ignoring_case_and_sorted() -> None:
    names = [row[0] for row in ROWS]
    assert len({name.lower() for name in names}) == len(names) == 1588
    assert names == sorted(names)


def test_every_row_is_a_name_a_path_and_perhaps_a_flag() -> None:
    odd = [row for row in ROWS if not (row[1][0] == row[1][-1] == "/" and row[2:] in ([], ["retired"], ["denies"]))]
    assert odd == []
