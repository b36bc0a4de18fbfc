"""Live IAM: one snapshot of an account, a few look-ups, and the sending of calls."""

from reconciler.live.iam import READS, Iam
from reconciler.live.keeping import kept_documents
from reconciler.live.sessions import session

__all__ = ["READS", "Iam", "kept_documents", "session"]
