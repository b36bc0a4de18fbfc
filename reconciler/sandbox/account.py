"""One account's state, and how things are found in it: moto's backends and objects, and what we add to them.

What moto's objects lack is added to them as attributes, so that it is saved, renamed and deleted with its object:
``permissions_boundary_arn`` (moto has it on roles only), ``service_specific_credentials`` and ``login_profile`` on
users, ``tags`` on virtual MFA devices and server certificates, whose ``id``, ``upload_date`` and ``expiration`` too.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import IAMBackend
from moto.sts.models import STSBackend

from reconciler.sandbox import awsmanaged
from reconciler.sandbox.quotas import DEFAULTS
from reconciler.sandbox.wire import RefusedError

__all__ = ["Account", "Report", "boundary", "create", "new_id", "now"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def new_id(prefix: str) -> str:
    """Return a unique id of IAM's form: the prefix and seventeen letters and digits.

    Source: IAM user guide, reference_identifiers: AIDA user, AGPA group, AROA role, ANPA managed policy, AIPA profile.
    """
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(17))


def now() -> dt.datetime:
    """Return the time, UTC, without its zone as moto keeps times."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Report:
    """A credential report, and when its generation began."""

    begun: dt.datetime
    content: bytes


@dataclass(slots=True, eq=False)
class Account:
    """Everything that one sandbox holds."""

    id: str
    partition: str
    iam: Any
    """moto's IAM backend."""
    sts: Any
    """moto's STS backend."""
    created: dt.datetime = field(default_factory=now)
    caller_id: str = field(default_factory=lambda: new_id("AIDA"))
    deletions: list[str] = field(default_factory=list)
    """The deletions of service-linked roles, by their task ids."""
    report: Report | None = None
    """The last credential report."""
    quotas: dict[str, int] = field(default_factory=dict)
    """The quotas that are not those of a new account, by their names in GetAccountSummary."""
    page_limit: int | None = None
    """The most items that a page holds, whatever MaxItems asks for."""

    def quota(self, name: str) -> int:
        """Return a quota by its name in GetAccountSummary."""
        return self.quotas.get(name, DEFAULTS[name])

    def arn(self, resource: str) -> str:
        """Return the ARN of an IAM resource of the account, written ``user/path/name``."""
        return f"arn:{self.partition}:iam::{self.id}:{resource}"

    def user(self, name: str) -> Any:
        """Return the user of exactly that name.

        Raises:
            RefusedError: NoSuchEntity.
        """
        return _found(self.iam.users.get(name), f"The user with name {name} cannot be found.")

    def group(self, name: str) -> Any:
        """Return the group of exactly that name.

        Raises:
            RefusedError: NoSuchEntity.
        """
        return _found(self.iam.groups.get(name), f"The group with name {name} cannot be found.")

    def role(self, name: str) -> Any:
        """Return the role of exactly that name.

        Raises:
            RefusedError: NoSuchEntity.
        """
        found = next((role for role in self.iam.roles.values() if role.name == name), None)
        return _found(found, f"The role with name {name} cannot be found.")

    def profile(self, name: str) -> Any:
        """Return the instance profile of exactly that name.

        Raises:
            RefusedError: NoSuchEntity.
        """
        return _found(self.iam.instance_profiles.get(name), f"Instance Profile {name} cannot be found.")

    def policy(self, arn: str) -> Any:
        """Return the customer or AWS managed policy of that ARN.

        Raises:
            RefusedError: NoSuchEntity.
        """
        if awsmanaged.owns(arn, self.partition):
            return _found(awsmanaged.find(arn), f"Policy {arn} does not exist or is not attachable.")
        found = self.iam.managed_policies.get(arn)
        return _found(found, f"Policy {arn} does not exist or is not attachable.")

    def virtual_device(self, serial: str) -> Any:
        """Return the virtual MFA device of that serial number.

        Raises:
            RefusedError: NoSuchEntity.
        """
        message = f"VirtualMFADevice with serial number {serial} doesn't exist."
        return _found(self.iam.virtual_mfa_devices.get(serial), message)

    def server_certificate(self, name: str) -> Any:
        """Return the server certificate of exactly that name.

        Raises:
            RefusedError: NoSuchEntity.
        """
        found = next((each for each in self.iam.certificates.values() if each.cert_name == name), None)
        return _found(found, f"The Server Certificate with name {name} cannot be found.")

    def oidc_provider(self, arn: str) -> Any:
        """Return the OIDC provider of exactly that ARN.

        Raises:
            RefusedError: NoSuchEntity.
        """
        return _found(self.iam.open_id_providers.get(arn), f"OpenIDConnect Provider not found for arn {arn}")

    def saml_provider(self, arn: str) -> Any:
        """Return the SAML provider of exactly that ARN.

        Raises:
            RefusedError: NoSuchEntity.
        """
        found = next((each for each in self.iam.saml_providers.values() if each.arn == arn), None)
        return _found(found, f"SAML Provider {arn} not found.")

    def holder(self, params: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the one user, group or role that the parameters name, after ``User``, ``Group`` or ``Role``.

        Raises:
            RefusedError: NoSuchEntity.
        """
        for noun, find in (("User", self.user), ("Group", self.group)):
            if f"{noun}Name" in params:
                return noun, find(params[f"{noun}Name"])
        return "Role", self.role(params["RoleName"])

    def holders(self) -> Iterator[tuple[str, Any]]:
        """Return every user, group and role, each after its noun."""
        yield from (("User", user) for user in self.iam.users.values())
        yield from (("Group", group) for group in self.iam.groups.values())
        yield from (("Role", role) for role in self.iam.roles.values())

    def groups_of(self, user: Any) -> list[Any]:
        """Return the groups that the user is a member of."""
        return [group for group in self.iam.groups.values() if user in group.users]

    def profiles_of(self, role: Any) -> list[Any]:
        """Return the instance profiles that hold the role."""
        return [profile for profile in self.iam.instance_profiles.values() if role in profile.roles]

    def attached(self) -> Counter[str]:
        """Return how many users, groups and roles each managed policy is attached to, by ARN."""
        return Counter(arn for _, holder in self.holders() for arn in holder.managed_policies)

    def bounding(self) -> Counter[str]:
        """Return how many users and roles each managed policy bounds, by ARN."""
        arns = (boundary(holder) for _, holder in self.holders())
        return Counter(arn for arn in arns if arn)

    def versions_in_use(self) -> int:
        """Return how many versions of policies count: all of customer managed ones, one of each AWS one in use."""
        used = set(self.attached()) | set(self.bounding())
        versions = sum(len(policy.versions) for policy in self.iam.managed_policies.values())
        return versions + sum(awsmanaged.owns(arn, self.partition) for arn in used)


def create(account_id: str, partition: str) -> Account:
    """Return an empty account."""
    backend = IAMBackend(partition, account_id)
    # MOTO_IAM_LOAD_MANAGED_POLICIES in somebody's environment fills these.
    backend.aws_managed_policies = []
    backend.managed_policies = {}
    return Account(account_id, partition, backend, STSBackend(partition, account_id))


def boundary(holder: Any) -> str | None:
    """Return the ARN of the user's or role's permissions boundary; groups have none."""
    arn: str | None = getattr(holder, "permissions_boundary_arn", None)
    return arn


def _found(thing: Any, message: str) -> Any:
    if thing is None:
        raise RefusedError("NoSuchEntity", message)
    return thing
