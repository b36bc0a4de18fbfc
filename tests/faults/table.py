"""``make faults``: every fault at every position of a plan, as a table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from support.faultlab import Lab, Tried
from support.faults import FAULTS, interruptible


def rows(lab: Lab) -> Iterator[tuple[str, Callable[[int], Tried]]]:
    """Return the faults by their names, each as what tries it at a position."""
    for name, fault in FAULTS.items():
        yield name, lambda position, fault=fault: lab.tried(fault, position)  # type: ignore[misc]
    for when, after in (("before", False), ("after", True)):
        yield f"full disk under the journal, {when}", lambda at, after=after: lab.full_disk(at, after=after)  # type: ignore[misc]
    for when, after in (("before", False), ("after", True)):
        yield f"kill -9 {when} the commit", lambda at, after=after: killed(lab, at, after=after)  # type: ignore[misc]


def killed(lab: Lab, position: int, *, after: bool) -> Tried:
    lab.save()
    return lab.killed(position, after=after)


def main() -> int:
    """Print the table and return 0 if every position of every fault converged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only faults whose names begin so")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth position")
    chosen = parser.parse_args()
    lab = Lab()
    operations = {step.call.operation for step in lab.plan.steps}
    print(f"a plan of {lab.calls} writes, {len(operations)} operations")
    print(f"{'fault':<36} {'tried':>6} {'survived':>9} {'converged':>10} {'seconds':>8}")
    lost = 0
    for name, trial in rows(lab):
        if not name.startswith(chosen.only):
            continue
        begun = time.monotonic()
        tried = [trial(position) for position in range(1, lab.calls + 1, chosen.every)]
        survived, converged = sum(one.survived for one in tried), sum(one.converged for one in tried)
        lost += len(tried) - converged
        print(f"{name:<36} {len(tried):>6} {survived:>9} {converged:>10} {time.monotonic() - begun:>8.1f}", flush=True)
        for one in tried:
            if not one.converged:
                print(f"  position {one.position}: {lab.plan.steps[one.position - 1].call.operation}")
    print("every position converged" if not lost else f"{lost} positions did not converge")
    return 1 if lost else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        with interruptible():
            code = main()
    sys.exit(code)
