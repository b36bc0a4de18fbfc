"""The shipped example, through the command line in real processes: on the sandbox, and on a server over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from support.example import assert_is_the_example

from reconciler import sandbox

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "desired-state"


def reconciler(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does and return how it ended."""
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_example_applied_to_the_sandbox_is_there_when_read_back_and_planned_again_writes_nothing() -> None:
    first = reconciler("plan", "--sandbox=example", "--detailed-exitcode")
    assert first.returncode == 2, first.stderr
    applied = reconciler("apply", "--sandbox=example", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert_is_the_example(sandbox.session("example", repository=DOCUMENTS).client("iam"))
    again = reconciler("plan", "--sandbox=example", "--detailed-exitcode")
    assert again.returncode == 0, again.stdout
    assert "in sync" in again.stdout
    assert reconciler("drift", "--sandbox=example").returncode == 0


def test_what_somebody_changes_by_hand_is_drift_and_the_next_apply_takes_it_back() -> None:
    assert reconciler("apply", "--sandbox=drift", "--yes").returncode == 0
    iam = sandbox.session("drift", repository=DOCUMENTS).client("iam")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    seen = reconciler("drift", "--sandbox=drift")
    assert seen.returncode == 2
    assert "AdministratorAccess" in seen.stdout
    assert reconciler("apply", "--sandbox=drift", "--yes").returncode == 0
    assert_is_the_example(sandbox.session("drift", repository=DOCUMENTS).client("iam"))


@pytest.fixture
def server() -> Iterator[str]:
    """Start a plain moto server on loopback and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def test_the_same_commands_do_the_same_over_http_through_aws_endpoint_url(server: str) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": server,
    }
    assert reconciler("plan", "--detailed-exitcode", **environment).returncode == 2
    applied = reconciler("apply", "--yes", **environment)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    keys: Any = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("iam", endpoint_url=server, region_name="us-east-1", **keys)
    assert_is_the_example(client)
    again = reconciler("plan", "--detailed-exitcode", **environment)
    assert again.returncode == 0, again.stdout
    assert "in sync" in again.stdout
