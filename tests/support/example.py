"""What the shipped example is, read back with plain boto3."""

from __future__ import annotations

from typing import Any

__all__ = ["assert_is_the_example"]

ACCOUNT = "123456789012"
API = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:a1b2c3d4e5/prod"
APIS = "arn:aws:apigateway:eu-west-1::/restapis"
LOGS = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
INVOKE = f"arn:aws:iam::{ACCOUNT}:policy/orders-api-invoke"
MANAGE = f"arn:aws:iam::{ACCOUNT}:policy/orders-api-manage"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def arns(items: list[dict[str, str]]) -> set[str]:
    return {item["PolicyArn"] for item in items}


def statements(iam: Any, arn: str) -> list[tuple[str, str, set[str], set[str]]]:
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Version"] == "2012-10-17"
    return [
        (s["Sid"], s["Effect"], set(listed(s["Action"])), set(listed(s["Resource"])))
        for s in version["Document"]["Statement"]
    ]


def assert_is_the_example(iam: Any) -> None:
    """Check that the account holds the four parts of the example and nothing else."""
    policies = {policy["PolicyName"]: policy for policy in iam.list_policies(Scope="Local")["Policies"]}
    assert set(policies) == {"orders-api-invoke", "orders-api-manage"}
    assert iam.get_policy(PolicyArn=INVOKE)["Policy"]["Description"] == "Call the deployed orders API"
    assert statements(iam, INVOKE) == [
        ("ReadOrders", "Allow", {"execute-api:Invoke"}, {f"{API}/GET/orders", f"{API}/GET/orders/*"}),
        ("PlaceOrders", "Allow", {"execute-api:Invoke"}, {f"{API}/POST/orders"}),
        ("RefreshCachedOrders", "Allow", {"execute-api:InvalidateCache"}, {f"{API}/GET/orders/*"}),
    ]
    changing = {"apigateway:POST", "apigateway:PUT", "apigateway:PATCH", "apigateway:DELETE"}
    assert statements(iam, MANAGE) == [
        ("ReadEveryApi", "Allow", {"apigateway:GET"}, {APIS, f"{APIS}/*"}),
        ("ChangeTheOrdersApi", "Allow", changing, {f"{APIS}/a1b2c3d4e5/*"}),
        ("KeepTheOrdersApi", "Deny", {"apigateway:DELETE"}, {f"{APIS}/a1b2c3d4e5"}),
    ]
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"]
    assert arns(iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]) == {MANAGE}
    assert iam.list_user_policies(UserName="alice")["PolicyNames"] == []
    assert [group["GroupName"] for group in iam.list_groups()["Groups"]] == ["orders-api-callers"]
    assert [user["UserName"] for user in iam.get_group(GroupName="orders-api-callers")["Users"]] == ["alice"]
    attached = iam.list_attached_group_policies(GroupName="orders-api-callers")["AttachedPolicies"]
    assert arns(attached) == {INVOKE}
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["orders-api-gateway"]
    role = iam.get_role(RoleName="orders-api-gateway")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
    attached = iam.list_attached_role_policies(RoleName="orders-api-gateway")["AttachedPolicies"]
    assert arns(attached) == {LOGS, INVOKE}
    assert iam.list_role_policies(RoleName="orders-api-gateway")["PolicyNames"] == []
