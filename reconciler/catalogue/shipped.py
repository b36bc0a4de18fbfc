"""Reads the data files that are shipped with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read", "read_packed"]


def read(name: str) -> str:
    """Return the text of the data file called ``name``."""
    return read_packed(name).decode("utf-8")


def read_packed(name: str) -> bytes:
    """Return the bytes of the data file called ``name``, just as they are."""
    return Path(__file__).with_name("data").joinpath(name).read_bytes()
