"""A declarative reconciler for AWS IAM: desired-state YAML in, the smallest plan out."""

from __future__ import annotations

__version__ = "0.1.0"
