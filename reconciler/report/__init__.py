"""What people and programs read of a plan: one file per output."""

from __future__ import annotations
