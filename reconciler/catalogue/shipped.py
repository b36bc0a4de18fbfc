"""Reads the data files that are shipped with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read"]


def read(name: str) -> str:
    """Return the text of the data file called ``name``."""
    return Path(__file__).with_name("data").joinpath(name).read_text(encoding="utf-8")
