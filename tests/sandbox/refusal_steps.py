"""What the cases of refusals are made of: calls that prepare an account, and documents of a size or with a flaw."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.sandbox_support import ASSUME, POLICY

__all__ = [
    "CODES",
    "Prepare",
    "Refusal",
    "Signed",
    "document",
    "does",
    "groups",
    "has",
    "mfa",
    "named",
    "policies",
    "statement",
    "tag",
    "trust",
]

Step = tuple[str, dict[str, Any]]
Prepare = Callable[[Any], object]
Signed = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Refusal:
    """A call that AWS refuses with ``code``, on the account that ``prepare`` made."""

    code: str
    rule: str
    call: Step
    message: str = ""
    prepare: tuple[Prepare, ...] = ()
    quotas: Mapping[str, int] = field(default_factory=dict)
    signed: Signed | None = None
    """What makes the credentials that sign the call; without it, the session's own do."""

    def __str__(self) -> str:
        return f"{self.rule}-{self.call[0]}"


CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}


def mfa(iam: Any, name: str = "d") -> str:
    """Give user u a virtual MFA device."""
    serial: str = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, **CODES)
    return serial


def document(size: int) -> str:
    """Return a policy of exactly so many characters that are no white space."""
    policy: Any = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy["Statement"][0]["Sid"] = ""
    bare = len(json.dumps(policy, separators=(",", ":")))
    policy["Statement"][0]["Sid"] = "a" * (size - bare)
    return json.dumps(policy, indent=4)


def trust(size: int) -> str:
    """Return a trust policy of exactly so many characters that are no white space."""
    bare = len(json.dumps({"Version": "2012-10-17", "Statement": [{**ASSUME, "Sid": ""}]}, separators=(",", ":")))
    return json.dumps({"Version": "2012-10-17", "Statement": [{**ASSUME, "Sid": "a" * (size - bare)}]}, indent=2)


def statement(**changes: Any) -> str:
    """Return a trust policy whose one statement is changed; None takes an element out."""
    changed = {key: value for key, value in {**ASSUME, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [changed]})


def policies(count: int, **holder: str) -> Prepare:
    """Return what attaches so many policies to a user, group or role."""

    def prepare(iam: Any) -> None:
        noun = next(iter(holder)).removesuffix("Name").lower()
        for number in range(count):
            made = iam.create_policy(PolicyName=f"many{number}", PolicyDocument=POLICY)["Policy"]["Arn"]
            getattr(iam, f"attach_{noun}_policy")(**holder, PolicyArn=made)

    return prepare


def groups(count: int) -> Prepare:
    """Return what puts user u into so many groups."""

    def prepare(iam: Any) -> None:
        for number in range(count):
            iam.create_group(GroupName=f"many{number}")
            iam.add_user_to_group(GroupName=f"many{number}", UserName="u")

    return prepare


def named(noun: str) -> dict[str, Any]:
    """Return the parameter that names user u, group g or role r."""
    return {f"{noun.title()}Name": noun[0]}


def tag(key: str, value: str = "") -> dict[str, str]:
    """Return one tag."""
    return {"Key": key, "Value": value}


def does(operation: str, times: int = 1, **params: Any) -> Prepare:
    """Return what makes a call."""

    def prepare(iam: Any) -> None:
        for _ in range(times):
            getattr(iam, operation)(**params)

    return prepare


def has(code: str, rule: str, operation: str, message: str = "", *prepare: Prepare, **params: Any) -> Refusal:
    """Return one case."""
    return Refusal(code, rule, (operation, params), message, prepare)
