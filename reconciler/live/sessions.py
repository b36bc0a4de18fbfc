"""Credentials as any boto3 program takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.live.faults import translated

if TYPE_CHECKING:
    import boto3

__all__ = ["session"]


def session(profile: str | None = None, region: str | None = None) -> boto3.Session:
    """Return a boto3 session over the given profile, or over what the environment offers.

    Raises:
        CredentialsError: there is no such profile.
    """
    import boto3  # noqa: PLC0415  145 ms that an offline command must not pay

    with translated("session"):
        return boto3.Session(profile_name=profile, region_name=region)
