"""Every error that the package raises on purpose.

The tree::

    ReconcilerError                 something a person can mend; one line each, never a traceback
    ├── InputError                  the documents are wrong; carries every fault of the run
    ├── PolicyError                 a text or mapping is no IAM policy
    ├── AccountError                the account cannot be read as asked
    │   ├── CredentialsError        no credentials, or they have expired
    │   ├── DeniedError             IAM said AccessDenied; names the action and the resource
    │   ├── UnansweredError         no answer came, or IAM failed: a write may have been made
    │   └── WrongAccountError       the credentials belong to an account that the settings do not name
    ├── CallError                   IAM refused a call for a reason of its own
    ├── MisshapenCallError          a call has other parameters than its operation takes
    ├── JournalError                the journal of an apply cannot be written or read
    ├── PlanFileError               a file is no plan that this version can take
    ├── RefusedError                a plan must not be applied; carries every reason, and ends with exit code 3
    └── SandboxError                the embedded account cannot be opened or saved
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AccountError",
    "CallError",
    "CredentialsError",
    "DeniedError",
    "Fault",
    "InputError",
    "JournalError",
    "MisshapenCallError",
    "PlanFileError",
    "PolicyError",
    "ReconcilerError",
    "RefusedError",
    "SandboxError",
    "UnansweredError",
    "WrongAccountError",
]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong with the input: its place, what is wrong, and what to do about it."""

    place: str
    """Where: ``file:line:column``, a file, a setting or an option."""
    what: str
    """What is wrong, in one sentence without its full stop."""
    remedy: str
    """What to do, in one sentence without its full stop; may be empty where it is obvious."""

    def __str__(self) -> str:
        """Return the fault as the one line that people read."""
        line = f"{self.place}: {self.what}" if self.place else self.what
        return f"{line}; {self.remedy}" if self.remedy else line


class ReconcilerError(Exception):
    """The root of the tree: a person can read it and act on it."""


class InputError(ReconcilerError):
    """The input is wrong in one or more places; every fault found in the run is in ``faults``."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults; they are kept in the order of their places, each once."""
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults), key=_by_place))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class PolicyError(ReconcilerError):
    """A text or a mapping is no IAM policy document."""


class AccountError(ReconcilerError):
    """The account cannot be read or written as asked."""


class CredentialsError(AccountError):
    """There are no credentials, or they are no longer valid."""


class DeniedError(AccountError):
    """IAM denied a call; the message names the action and the resource."""


class UnansweredError(AccountError):
    """AWS cannot be reached, or failed inside: a write may have been made, or not."""


class WrongAccountError(AccountError):
    """The credentials belong to an account that the settings do not name."""


class CallError(ReconcilerError):
    """IAM refused a call; ``code`` is the error code on the wire."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        """Take the operation in IAM's spelling, the wire code and IAM's own message."""
        self.operation = operation
        self.code = code
        self.message = message
        super().__init__(f"{operation}: {code}: {message}")


class MisshapenCallError(ReconcilerError):
    """A call that a file holds has other parameters than its operation takes."""

    def __init__(self, operation: str) -> None:
        """Take the operation in IAM's spelling."""
        super().__init__(f"{operation} has parameters that it does not take, or lacks some that it needs")


class JournalError(ReconcilerError):
    """The journal of an apply cannot be written, or is none that can be read."""


class PlanFileError(ReconcilerError):
    """A file is no plan that this version can take: edited, no plan at all, or of a newer format."""


class RefusedError(ReconcilerError):
    """A plan must not be applied, and nothing was written; every reason, a line each, is in ``reasons``."""

    def __init__(self, reasons: Iterable[str]) -> None:
        """Take the reasons in the order in which a person should read them."""
        self.reasons: tuple[str, ...] = tuple(reasons)
        super().__init__("\n".join(self.reasons))


class SandboxError(ReconcilerError):
    """The embedded account cannot be opened, used or saved."""


def _by_place(fault: Fault) -> tuple[str, int, int, str]:
    file, line, column = fault.place, 0, 0
    head, _, tail = fault.place.rpartition(":")
    if head and tail.isdigit():
        first, _, middle = head.rpartition(":")
        if first and middle.isdigit():
            file, line, column = first, int(middle), int(tail)
    return (file, line, column, fault.what)
