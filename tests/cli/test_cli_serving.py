"""`reconciler sandbox serve` in a process of its own, and the reconciler itself as its client."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from cli.cli_support import ACCOUNT, COMMAND, ROOT, USERS, process, write

from reconciler import sandbox

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / "desired-state", users=USERS)
    return tmp_path


@contextmanager
def served(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Serve a sandbox; yield the process, its address and its first line."""
    running = subprocess.Popen(
        [*COMMAND, "sandbox", "serve", *arguments],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    try:
        line = running.stdout.readline()
        found = re.search(r"AWS_ENDPOINT_URL=(http://127\.0\.0\.1:\d+) ", line)
        assert found, line + running.stderr.read()
        yield running, found[1], line
    finally:
        running.kill()
        running.wait(timeout=60)
        running.stdout.close()
        running.stderr.close()


def client(url: str) -> Any:
    session = boto3.Session("sandbox", "sandbox", region_name="us-east-1")
    return session.client("iam", endpoint_url=url)


def names(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users()["Users"]]


def test_the_reconciler_itself_plans_and_applies_against_it(home: Path) -> None:
    with served(home) as (_, url, line):
        assert line.startswith(f"sandbox default, account {ACCOUNT}, answers on http://127.0.0.1:")
        assert line.endswith(" aws iam list-users\n")
        there: dict[str, Any] = {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}
        assert process(home, "plan", "--detailed-exitcode", **there).returncode == 2
        applied = process(home, "apply", "--yes", **there)
        assert (applied.returncode, applied.stderr.count("\n")) == (0, 1)
        assert applied.stderr.startswith("journal: ")
        assert process(home, "plan", "--detailed-exitcode", **there).returncode == 0
        # What is served is what --sandbox works on.
        assert process(home, "drift", "--sandbox").returncode == 0
        assert names(client(url)) == ["alice"]


def test_a_name_and_a_directory_choose_what_is_served(home: Path) -> None:
    write(home / "other", users=USERS)
    with served(home, "--sandbox=second", "other") as (_, url, line):
        assert line.startswith("sandbox second, ")
        client(url).create_user(UserName="u")
    ours = sandbox.session("second", account=ACCOUNT, repository=home / "other").client("iam")
    assert names(ours) == ["u"]


@pytest.mark.parametrize(
    ("sent", "code", "said"), [(signal.SIGTERM, 0, ""), (signal.SIGINT, 130, "interrupted\n")], ids=["term", "int"]
)
def test_it_ends_cleanly(home: Path, sent: signal.Signals, code: int, said: str) -> None:
    with served(home) as (running, url, _):
        kept = client(url)
        kept.create_user(UserName="u")
        running.send_signal(sent)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (code, "", said)


def test_killed_and_begun_again_on_its_port_it_has_all_that_was_answered(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    created = []
    with served(home, f"--port={port}") as (running, url, _):
        iam = client(url)
        for number in range(10):
            iam.create_user(UserName=f"u{number}")
            created.append(f"u{number}")
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=60)
    with served(home, f"--port={port}") as (_, again, _):
        assert again == url
        assert names(client(again)) == created


def test_a_port_that_is_taken_is_an_error(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = process(home, "sandbox", "serve", f"--port={port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: port {port} cannot be had: ")
    assert done.stderr.count("\n") == 1


def test_it_takes_no_profile_and_no_port_that_is_none(home: Path) -> None:
    assert "--profile names a real account" in process(home, "sandbox", "serve", "--profile=x").stderr
    assert process(home, "sandbox", "serve", "--port=65536").returncode == 1
