"""The policies that AWS manages: moto's copy, parsed once for the process and only when somebody names one.

Nothing of them is saved with an account: holders keep an ``AwsPolicy``, which is its ARN and no more.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.iam import aws_managed_policies

__all__ = ["AwsPolicy", "every", "find", "owns"]


@dataclass(frozen=True, slots=True)
class AwsPolicy:
    """One AWS managed policy; everything but its ARN is looked up."""

    arn: str

    @property
    def path(self) -> str:
        """Return the path, ``/`` at least."""
        resource = self.arn.split(":", 5)[5]
        return resource[len("policy") : resource.rindex("/") + 1]

    @property
    def name(self) -> str:
        """Return the name."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def id(self) -> str:
        """Return a unique id of IAM's form, the same in every process."""
        digest = hashlib.sha256(self.arn.encode()).digest()
        return "ANPA" + base64.b32encode(digest).decode("ascii")[:17]

    @property
    def document(self) -> str:
        """Return the document of the default version, as JSON."""
        return json.dumps(_data()[self.name]["Document"])

    @property
    def default_version_id(self) -> str:
        """Return the id of the default version, the only one known."""
        return str(_data()[self.name]["DefaultVersionId"])

    @property
    def create_date(self) -> dt.datetime:
        """Return when AWS published the policy."""
        return dt.datetime.fromisoformat(_data()[self.name]["CreateDate"])

    @property
    def update_date(self) -> dt.datetime:
        """Return when AWS published the default version."""
        return dt.datetime.fromisoformat(_data()[self.name]["UpdateDate"])


def owns(arn: str, partition: str) -> bool:
    """Return whether the ARN is in the namespace of AWS managed policies; nothing is loaded to tell."""
    return arn.startswith(f"arn:{partition}:iam::aws:policy/")


def find(arn: str) -> AwsPolicy | None:
    """Return the AWS managed policy of that ARN, path included, or None."""
    policy = AwsPolicy(arn)
    known = _data().get(policy.name)
    return policy if known is not None and known["Path"] == policy.path else None


def every(partition: str) -> Iterator[AwsPolicy]:
    """Return all AWS managed policies, with the ARNs of the partition."""
    for name, known in _data().items():
        yield AwsPolicy(f"arn:{partition}:iam::aws:policy{known['Path']}{name}")


@cache
def _data() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(aws_managed_policies.aws_managed_policies_data)
    return found
