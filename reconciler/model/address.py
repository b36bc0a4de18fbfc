"""Where things are: an object's address, a text's origin, an account."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Account", "Address", "Origin"]


@dataclass(frozen=True, slots=True, order=True, init=False)
class Address:
    """An object of one account, written ``kind/name``; two addresses are equal when they differ in case only.

    Source: IAM user guide, reference_iam-quotas: names are unique ignoring case.
    """

    kind: str
    folded: str = field(init=False, repr=False)
    name: str = field(compare=False)

    def __init__(self, kind: str, name: str) -> None:
        """Take the kind's name and the object's name as somebody spelled it."""
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "folded", name.lower())

    def __str__(self) -> str:
        """Return ``kind/name``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file; ``line`` and ``column`` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """Return ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a run is about."""

    id: str
    """Twelve digits."""
    partition: str = "aws"
    """The first part of every ARN after ``arn``: ``aws``, ``aws-cn``, ``aws-us-gov``, …"""
    region: str | None = None
    """The region that the built-in variable ``region`` takes when no variable of that name is set."""

    def arn(self, kind: str, path: str, name: str) -> str:
        """Return the ARN of an IAM object of this account; ``path`` begins and ends with a slash."""
        return f"arn:{self.partition}:iam::{self.id}:{kind}{path}{name}"
