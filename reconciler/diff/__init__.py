"""What separates desired from live: pure, and blind to kinds."""

from reconciler.diff.compare import compare
from reconciler.diff.nouns import Diff, Draft, Ruling, Tie

__all__ = ["Diff", "Draft", "Ruling", "Tie", "compare"]
