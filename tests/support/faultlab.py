"""A laboratory for faults: one account, one large plan, and what the account is after it when nothing fails."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.faultplan import AFTER, BEFORE, by_hand
from support.faults import Clock, Fault, Seam, fresh
from support.worlds import World, desired_of

from reconciler import apply, plan
from reconciler.journal import JournalFile, read
from reconciler.live import Iam
from reconciler.model import Account, Plan
from reconciler.sandbox.seam import Sandbox, open_sandbox

__all__ = ["Lab", "Tried", "settled"]

_NAME, _ACCOUNT, _REGION = "faults", "123456789012", "us-east-1"
_FLEETING = {"CreateDate", "UpdateDate", "UserId", "GroupId", "RoleId", "PolicyId", "InstanceProfileId", "RoleLastUsed"}


@dataclass(frozen=True)
class Tried:
    """How one position of one fault went."""

    position: int
    survived: bool
    """Every step was done in spite of the fault, without a rerun."""
    converged: bool
    """After a rerun, where one was needed, the account is what it is when nothing fails."""
    outcome: apply.Outcome | None = None
    """None: the process was killed."""
    sent: tuple[str, ...] = ()
    """The operations that the first run sent."""


def settled(rows: Any) -> Any:
    """Return what an account shows without ids and dates, which differ from run to run."""
    if isinstance(rows, dict):
        return {key: settled(value) for key, value in rows.items() if key not in _FLEETING}
    return [settled(item) for item in rows] if isinstance(rows, list) else rows


@dataclass
class Lab:
    """The account as it is before, kept so that every trial begins from the very same."""

    seam: Seam = field(default_factory=lambda: Seam(fresh()))

    def __post_init__(self) -> None:
        self.world = World(self.seam.session())
        self.iam = Iam(self.world.session)
        self.account: Account = self.iam.identify()
        assert apply.run(self.planned(BEFORE), self.iam).ok
        by_hand(self.world.iam)
        self._start = pickle.dumps(self.seam.sandbox.account)
        self.plan: Plan = self.planned(AFTER)
        assert apply.run(self.plan, self.iam).ok
        self.goal = settled(self.world.rows())
        assert not self.planned(AFTER).steps
        self.calls = len(self.plan.steps)

    def planned(self, docs: list[dict[str, Any]] = AFTER) -> Plan:
        return plan.make(desired_of(docs, self.account), self.iam)

    def restart(self) -> None:
        """Put the account back to what it was before the plan."""
        self.seam.sandbox = Sandbox(pickle.loads(self._start))  # noqa: S301  it was pickled here
        self.seam.clock = Clock()
        self.seam.arm(None, 0)

    def run(self, journal: JournalFile | None = None, parallel: int = 1) -> apply.Outcome:
        clock = self.seam.clock
        return apply.run(self.plan, self.iam, journal=journal, parallel=parallel, sleep=clock.sleep, clock=clock)

    def tried(self, fault: Fault, position: int, parallel: int = 1) -> Tried:
        """Run the plan with the fault at the position, and again without one if anything is left."""
        self.restart()
        self.seam.arm(fault, position)
        return self._judged(position, self.run(parallel=parallel))

    def full_disk(self, position: int, *, after: bool) -> Tried:
        """Run the plan with a journal whose disk is full at the record before, or after, that write."""
        self.restart()
        with tempfile.TemporaryDirectory() as folder:
            journal = FullDisk(Path(folder) / "journal.jsonl", records=2 * position - (1 if after else 2))
            return self._judged(position, self.run(journal))

    def killed(self, position: int, *, after: bool) -> Tried:
        """Run the plan in a process that is killed before, or after, the write is saved; then plan and apply anew."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "journal.jsonl"
            child = os.fork()
            if child == 0:
                self._die(path, position, after=after)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
            begun = read(path).writes
        assert [write.outcome for write in begun] == ["done"] * (position - 1) + ["unknown"]
        self.seam.sandbox = self._saved()
        self.seam.arm(None, 0)
        return Tried(position, survived=False, converged=self._converges(), outcome=None)

    def save(self) -> None:
        """Save the account as it was before the plan, for processes to find it."""
        self.restart()
        saved = self._saved().saved
        assert saved is not None
        with saved.locked():
            saved.write(self.seam.sandbox.account)

    def _saved(self) -> Sandbox:
        return open_sandbox(_NAME, account=_ACCOUNT, region=_REGION, repository=None)

    def _die(self, path: Path, position: int, *, after: bool) -> None:
        """Apply in this process until the position, and be killed there."""

        def kill(_seam: Seam, _attempt: int, deliver: Callable[[], Any]) -> Any:
            if after:
                deliver()
            os.kill(os.getpid(), signal.SIGKILL)

        self.seam.sandbox = self._saved()
        self.seam.arm(kill, position)
        self.run(JournalFile(path))
        os._exit(0)

    def _judged(self, position: int, outcome: apply.Outcome) -> Tried:
        sent = tuple(self.seam.sent)
        self.seam.arm(None, 0)
        return Tried(position, outcome.ok, self._converges(rerun=not outcome.ok), outcome, sent)

    def _converges(self, *, rerun: bool = True) -> bool:
        if rerun:
            again = self.planned()
            clock = self.seam.clock
            if not apply.run(again, self.iam, parallel=1, sleep=clock.sleep, clock=clock).ok:
                return False
        return bool(settled(self.world.rows()) == self.goal)


class FullDisk(JournalFile):
    """A journal on a disk with room for its beginning and ``records`` more, and then for half of one."""

    def __init__(self, path: Path, *, records: int) -> None:
        super().__init__(path)
        self._room = records + 1

    def _append(self, line: bytes) -> None:
        self._room -= 1
        if self._room < 0:
            super()._append(line[: len(line) // 2])
            raise OSError(28, "No space left on device")
        super()._append(line)
