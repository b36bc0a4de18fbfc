"""The running of a plan: its calls, as far apart and as often as IAM asks for, and nothing else."""

from reconciler.apply.engine import run
from reconciler.apply.outcome import Outcome, Progress, Writer

__all__ = ["Outcome", "Progress", "Writer", "run"]
