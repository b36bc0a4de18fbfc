"""``make base-bench``: what `--base` adds to a plan of 1,000 objects, in one process and as whole commands.

Each figure is the median of several rounds, in which plans without and with a base take turns; times are of the CPU, of
git's processes too, so that what else the machine does counts for little. The account is an embedded one that is in
sync; the base is a commit since which none, one or all of the files have changed.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from support.repositories import commit, repository

from reconciler import live, sandbox
from reconciler.documents import load, read_before
from reconciler.model import Account, Base
from reconciler.plan import make

ACCOUNT = Account("123456789012", region="eu-west-1")
DIRECTORY = Path("desired-state")
TODAY = dt.date(2026, 6, 1)
FOLDERS = 200
"""Each holds five objects: a policy, a group, a user and two roles."""
ROUNDS = 5
PLAN = ("plan", "--sandbox")
SETTINGS = f'version: 1\naccount: "{ACCOUNT.id}"\nowner: bench-1a2b\n'
OBJECTS = """kind: policy
name: orders-{0}
description: Call the orders API
tags: {{team: orders}}
document:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [execute-api:Invoke, execute-api:ManageConnections]
      Resource: "arn:aws:execute-api:eu-west-1:{{{{ account_id }}}}:orders{0}/prod/GET/*"
    - Effect: Allow
      Action: [s3:GetObject, s3:ListBucket]
      Resource: ["arn:aws:s3:::orders-{0}", "arn:aws:s3:::orders-{0}/*"]
---
kind: group
name: orders-{0}
policies: [orders-{0}]
---
kind: user
name: clerk-{0}
groups: [orders-{0}]
---
kind: role
name: orders-{0}
service: lambda
policies: [orders-{0}, service-role/AWSLambdaBasicExecutionRole]
---
kind: role
name: orders-{0}-readers
service: apigateway
policies: [ReadOnlyAccess]
"""


def main() -> int:
    """Print the figures and return 0."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(repository(Path(folder, "repository")))
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        write(range(FOLDERS))
        first = commit(Path())
        command("apply", "--sandbox", "--yes")
        print(f"{'milliseconds, median of ' + str(ROUNDS):<40} {'without':>8} {'with':>8} {'ratio':>6}")
        for name, changed in (("nothing", 0), ("one file of 200", 1), ("every file", FOLDERS)):
            write(range(changed), comment=f"# {name}\n")
            told(f"in one process, {name} changed", lambda: planned(None), lambda: planned(first))
            told(f"commands, {name} changed", lambda: command(*PLAN), lambda: command(*PLAN, f"--base={first}"))
    return 0


def told(name: str, without: Callable[[], None], with_base: Callable[[], None]) -> None:
    """Print how long both take, taking turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for made, column in zip((without, with_base), times, strict=True):
            begun = sum(os.times()[:4])
            made()
            if number:
                column.append((sum(os.times()[:4]) - begun) * 1_000)
    plain, based = map(statistics.median, times)
    print(f"{name:<40} {plain:>8.0f} {based:>8.0f} {based / plain:>6.2f}", flush=True)


def planned(revision: str | None) -> None:
    """Make a plan in this process, as `plan` does."""
    source = load(DIRECTORY)
    source.check(TODAY, ACCOUNT.region, final=False)
    base: Base | None = None
    if revision is not None:
        base, faults = read_before(source, revision).base(ACCOUNT, TODAY)
        if base is None:
            raise SystemExit(str(faults[0]))
    session = sandbox.session("default", account=ACCOUNT.id, region="us-east-1", repository=DIRECTORY.resolve())
    made = make(source.build(ACCOUNT, TODAY), live.Iam(session), base=base)
    if made.steps:
        raise SystemExit("the account is not in sync")


def command(*words: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "reconciler", *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own code


def write(numbers: Iterable[int], comment: str = "") -> None:
    """Write the files of these numbers."""
    for number in numbers:
        path = DIRECTORY / f"team-{number % 20}" / f"orders-{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(comment + OBJECTS.format(number), encoding="utf-8")
    (DIRECTORY / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
