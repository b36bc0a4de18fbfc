"""The journal of an apply: JSON lines that say what was there before, and each write before and after it was made.

A journal is written for people in an emergency and for ``undo``; the reconciler itself never needs one to go on. It
holds no secret: no call of a plan carries a password or a secret key, and the before-images hold of credentials only
what IAM lists about them (ids, states, dates).
"""

from reconciler.journal.codec import decode, encode
from reconciler.journal.reading import Ending, Journal, Write, read
from reconciler.journal.writing import JournalFile, default_path

__all__ = ["Ending", "Journal", "JournalFile", "Write", "decode", "default_path", "encode", "read"]
