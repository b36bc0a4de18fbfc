"""``make access-bench``: how long comparisons of access take, and what comes out of them. All seeds are fixed.

Times are of the CPU, so that what else the machine does counts for little.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from access.proofs.managed import Case, near, policies, principals, unrelated
from access.proofs.pairs import pair

from reconciler.access import Relation, Request, compare, evaluate

WARMING = 20
OTHERS = 100_000
"""From which seed on there are pairs that are compared with nothing else."""
ANY = Request("s3:GetObject", "arn:aws:s3:::example/x", {})
AFFECTED = 200
CHANGED = 4
"""The seed of the case whose policy changes for all of them."""
STARTS = 12
STARTED = {"the command line alone": "reconciler.cli", "a plan that compares nothing": "reconciler.plan"}
"""What a process has loaded before it compares, and what that is called."""
FIRST_USE = """
import sys, time
__import__(sys.argv[1])
begun = time.process_time()
from reconciler.access import Principal, compare
imported = time.process_time()
read = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}
passed = {
    "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/x",
    "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
}
old, new = (Principal([{"Version": "2012-10-17", "Statement": one}]) for one in ([read], [read, passed]))
assert compare(old, new).gained
print(imported - begun, time.process_time() - imported)
"""


@dataclass(frozen=True)
class Size:
    """How many of each are compared."""

    policies: int
    near: int
    principals: int
    random: int


SMALL = Size(policies=300, near=300, principals=60, random=500)
FULL = Size(policies=1_000, near=1_500, principals=200, random=2_000)


def main() -> int:
    """Print the figures and return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the sizes of the targets")
    size = FULL if parser.parse_args().full else SMALL
    first_use()
    print(f"\n{'milliseconds of CPU':<26} {'count':>6} {'median':>8} {'p99':>8} {'max':>8}  undecided; relations")
    known = [unrelated(seed) for seed in range(OTHERS, OTHERS + size.policies)]
    measured("managed policies, pairs", [unrelated(seed) for seed in range(size.policies)], known)
    measured("managed policies, edits", [near(seed) for seed in range(size.near)])
    measured("principals, edits", [principals(seed) for seed in range(size.principals)])
    measured("random principals", [_random(seed) for seed in range(size.random)])
    print()
    affected()
    return 0


def first_use() -> None:
    """Print what the first comparison of a process adds to it, with a witness, where the byte code is kept."""
    print(f"added to start-up by a first comparison with its witness, milliseconds of CPU, best of {STARTS}:")
    with TemporaryDirectory() as kept:
        places = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        places["PYTHONPYCACHEPREFIX"] = kept
        for name, module in STARTED.items():
            runs = [_added(module, places) for _ in range(STARTS)]
            imported, compared = min(runs, key=sum)
            print(f"  beyond {name:<29} {imported + compared:>5.0f}: import {imported:.0f}, comparison {compared:.0f}")


def _added(module: str, environment: Mapping[str, str]) -> tuple[float, float]:
    command = [sys.executable, "-c", FIRST_USE, module]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603  our own code
    imported, compared = (float(text) * 1_000 for text in done.stdout.split())
    return imported, compared


def measured(name: str, cases: Sequence[Case], read_before: Sequence[Case] = ()) -> None:
    """Print how long the comparisons take one after the other, each for the first time, and then once more.

    Others in between are of documents that were read before, and not compared.
    """
    for case in cases[:WARMING]:
        compare(case.old, case.new)
    for case in read_before:
        for side in (case.old, case.new):
            compare(side, side)
            evaluate(side, ANY)
    rounds = {name: cases[WARMING:], "  documents read before": read_before, "  again": cases[WARMING:]}
    for label, compared in rounds.items():
        if compared:
            _print_times(label, compared)


def _print_times(label: str, cases: Sequence[Case]) -> None:
    # The examples are none of what a comparison makes: they are not to be looked through for garbage meanwhile.
    gc.collect()
    gc.freeze()
    times, relations = timed(cases)
    counts = ", ".join(f"{relation.value} {relations[relation]}" for relation in Relation if relations[relation])
    share = relations[Relation.UNDECIDED] / len(times)
    rank = times[min(len(times) - 1, int(len(times) * 0.99))]
    middle = statistics.median(times)
    print(
        f"{label:<26} {len(times):>6} {middle:>8.2f} {rank:>8.2f} {times[-1]:>8.2f}  {share:.2%}; {counts}",
        flush=True,
    )


def timed(cases: Iterable[Case]) -> tuple[list[float], Counter[Relation]]:
    """Return the milliseconds of each comparison, sorted, and the relations."""
    times, relations = [], Counter[Relation]()
    for case in cases:
        begun = time.process_time()
        verdict = compare(case.old, case.new)
        times.append((time.process_time() - begun) * 1_000)
        relations[verdict.relation] += 1
    return sorted(times), relations


def affected() -> None:
    """Print how long one changed policy takes that many principals hold, each beside policies of its own."""
    chance = Random(0)  # noqa: S311  examples, no secret
    case = principals(CHANGED)
    shared: tuple[Any, Any] = case.old.identity[0], case.new.identity[0]
    held = [chance.sample(list(policies().values()), chance.randint(2, 9)) for _ in range(AFFECTED)]
    old, new = ([replace(case.old, identity=[one, *others]) for others in held] for one in shared)
    begun = time.process_time()
    relations = Counter(compare(*sides).relation.value for sides in zip(old, new, strict=True))
    spent = time.process_time() - begun
    print(f"{AFFECTED} affected principals: {spent:.2f} s of CPU; {dict(relations)}")


def _random(seed: int) -> Case:
    one = pair(seed)
    return Case(one.made, one.old, one.new, frozenset(Relation))


if __name__ == "__main__":
    sys.exit(main())
