"""From the journal of a run to the plan that puts back what can be put back."""

from reconciler.undo.planning import judged, undone

__all__ = ["judged", "undone"]
