"""What belongs to AWS, or to nobody, and cannot be touched."""

from __future__ import annotations

from reconciler.sandbox import awsmanaged
from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = ["aws_managed_policies_stay"]


@rule(
    "AccessDenied",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "SetDefaultPolicyVersion",
    "TagPolicy",
    "UntagPolicy",
    source="IAM user guide, access_policies_managed-vs-inline; the code is assumed",
    standing="assumed",
)
def aws_managed_policies_stay(account: Account, call: Call) -> str | None:
    """Refuse to change, tag or delete a policy that AWS manages."""
    arn = call.params["PolicyArn"]
    if not awsmanaged.owns(arn, account.partition):
        return None
    account.policy(arn)
    return f"iam:{call.operation} is not allowed on resource: policy {arn}, which AWS manages."
