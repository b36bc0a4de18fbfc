"""Faults at the seam where a sandbox answers HTTP requests, so that botocore's own handling of them is in the path."""

from __future__ import annotations

import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import boto3
from botocore.exceptions import ConnectionClosedError

from reconciler.sandbox.seam import Sandbox, open_sandbox
from reconciler.sandbox.wire import RefusedError, Request, Response, failure, parse
from reconciler.sandbox.wiring import connect

__all__ = ["FAULTS", "Clock", "Fault", "Refused", "Seam", "Unanswered", "fresh", "interruptible", "press_ctrl_c"]


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


class Seam:
    """Answers as the sandbox does, save one write, the ``position``th of the run counted from 1."""

    def __init__(self, sandbox: Sandbox, clock: Clock | None = None) -> None:
        self.sandbox = sandbox
        self.clock = clock or Clock()
        self._lock = threading.RLock()
        self.arm(None, 0)

    def arm(self, fault: Fault | None, position: int) -> None:
        """Begin to count anew; ``fault`` answers at the position."""
        self.fault, self.position = fault, position
        self.expired = False
        self.stale: tuple[float, Sandbox] | None = None
        self.sent: list[str] = []
        self.reads = 0
        self._numbers: dict[bytes, int] = {}
        self._attempts: dict[bytes, int] = {}

    def session(self) -> boto3.Session:
        answering: Any = self
        return connect(answering, "us-east-1")

    def dispatch(self, request: Request) -> Response:
        with self._lock:
            call = parse(request)
            if self.expired:
                return refusal("ExpiredToken", "The security token included in the request is expired")
            if not call.writes:
                self.reads += 1
                return self._shown().dispatch(request)
            self.sent.append(call.operation)
            number = self._numbers.setdefault(request.body, len(self._numbers) + 1)
            self._attempts[request.body] = self._attempts.get(request.body, 0) + 1
            if self.fault is None or number != self.position:
                return self.sandbox.dispatch(request)
            return self.fault(self, self._attempts[request.body], lambda: self.sandbox.dispatch(request))

    def copy(self) -> Sandbox:
        return Sandbox(pickle.loads(pickle.dumps(self.sandbox.account)))  # noqa: S301  it was pickled here

    def _shown(self) -> Sandbox:
        if self.stale is not None and self.clock.now < self.stale[0]:
            return self.stale[1]
        return self.sandbox


Fault: TypeAlias = Callable[[Seam, int, Callable[[], Response]], Response]
"""From the seam, the attempt (from 1) and what would answer to the answer."""


def fresh() -> Sandbox:
    return open_sandbox(None, account="123456789012", region="us-east-1", repository=None)


def refusal(code: str, message: str) -> Response:
    return failure("iam", RefusedError(code, message))


def reset() -> ConnectionClosedError:
    return ConnectionClosedError(endpoint_url="https://iam.amazonaws.com/")


@dataclass(frozen=True)
class Refused:
    """Refused a number of times, and then as if nothing had been."""

    code: str
    message: str
    times: int = 3

    def __call__(self, seam: Seam, attempt: int, deliver: Callable[[], Response]) -> Response:
        del seam
        return refusal(self.code, self.message) if attempt <= self.times else deliver()


@dataclass(frozen=True)
class Unanswered:
    """No answer, or one that tells nothing, before or after the write was made."""

    committed: bool
    status: int = 0
    """The HTTP status of the answer; 0: the connection is reset."""
    lag: float = 0.0
    """Seconds for which readings show the account as it was before."""

    def __call__(self, seam: Seam, attempt: int, deliver: Callable[[], Response]) -> Response:
        if attempt > 1:
            return deliver()
        if self.lag:
            seam.stale = (seam.clock.now + self.lag, seam.copy())
        if self.committed:
            deliver()
        if not self.status:
            raise reset()
        if self.status == 503:
            return Response(503, {"content-type": "text/html"}, b"<html><body>Service Unavailable</body></html>")
        return refusal("ServiceFailure", "The request processing has failed because of an unknown error")


def expired(seam: Seam, attempt: int, deliver: Callable[[], Response]) -> Response:
    del attempt, deliver
    seam.expired = True
    return refusal("ExpiredToken", "The security token included in the request is expired")


def press_ctrl_c() -> None:
    """Interrupt the main thread, as a terminal does."""
    ident = threading.main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[None]:
    """Have an interrupt mean what it means in a program of its own, whatever runs the tests has made of it."""
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, found)


def interrupted(seam: Seam, attempt: int, deliver: Callable[[], Response]) -> Response:
    """Answer, but have somebody press Ctrl-C first."""
    del seam, attempt
    press_ctrl_c()
    return deliver()


FAULTS: Mapping[str, Fault] = {
    "Throttling": Refused("Throttling", "Rate exceeded"),
    "500 before the commit": Unanswered(committed=False, status=500),
    "500 after the commit": Unanswered(committed=True, status=500),
    "503 before the commit": Unanswered(committed=False, status=503),
    "503 after the commit": Unanswered(committed=True, status=503),
    "reset before the commit": Unanswered(committed=False),
    "reset after the commit": Unanswered(committed=True),
    "reset after, reads lag": Unanswered(committed=True, lag=4.0),
    "ConcurrentModification": Refused("ConcurrentModification", "The request was rejected: try again later"),
    "EntityTemporarilyUnmodifiable": Refused("EntityTemporarilyUnmodifiable", "Wait a few minutes"),
    "NoSuchEntity for a while": Refused("NoSuchEntity", "It cannot be found."),
    "Invalid principal for a while": Refused("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn"'),
    "expired credentials": expired,
    "AccessDenied": Refused("AccessDenied", "User: ci is not authorized to perform: iam:Write", times=1000),
    "Ctrl-C": interrupted,
}
"""By the names that people read; a full disk and kill -9 are no answers of IAM."""
