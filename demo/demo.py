"""The main job on the embedded AWS, told step by step; it uses a sandbox of its own and removes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from reconciler import sandbox

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ROOT / "desired-state"
NAME = f"demo-{os.getpid()}"
ACCOUNT = "123456789012"


def main() -> int:
    """Run the story and return 0 when every command ended as it should."""
    with tempfile.TemporaryDirectory() as state:
        # Where the system obeys it, not even the sandbox's lock is left behind.
        os.environ["XDG_STATE_HOME"] = state
        try:
            return 0 if _story() else 1
        finally:
            sandbox.reset(NAME, account=ACCOUNT, repository=DOCUMENTS)


def _story() -> bool:
    return (
        _tell("The documents in desired-state/ say what IAM shall be. Are they sound?", 0, "validate")
        and _tell("What would change in an empty account? Nothing is written yet.", 0, "plan", _sandbox())
        and _tell("Apply it.", 0, "apply", "--yes", _sandbox())
        and _tell("Planned again: there is nothing left to do.", 0, "plan", "--detailed-exitcode", _sandbox())
        and _behind_our_back()
        and _tell("The scheduled drift check sees it, and exits with 2.", 2, "drift", _sandbox())
        and _tell("Apply puts the account back.", 0, "apply", "--yes", _sandbox())
        and _tell("In sync again.", 0, "drift", _sandbox())
    )


def _sandbox() -> str:
    return f"--sandbox={NAME}"


def _tell(why: str, expected: int, *arguments: str) -> bool:
    """Print what is done and why, run the command, and return whether it ended with the exit code it should."""
    _heading(why)
    shown = " ".join(argument.replace(f"={NAME}", "") for argument in arguments)
    print(f"$ reconciler {shown}\n", flush=True)
    command = [sys.executable, "-m", "reconciler", *arguments, os.path.relpath(DOCUMENTS)]
    code = subprocess.run(command, check=False).returncode  # noqa: S603  our own command
    if code != expected:
        print(f"\nThe command ended with {code}, not with {expected}: the demo stops being true here.")
    return code == expected


def _behind_our_back() -> bool:
    """Change the account as somebody with the console would."""
    _heading("Meanwhile somebody makes alice an administrator and takes the role's logging away, by hand.")
    iam: Any = sandbox.session(NAME, account=ACCOUNT, repository=DOCUMENTS).client("iam")
    logs = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    print("$ aws iam attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AdministratorAccess")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    print(f"$ aws iam detach-role-policy --role-name orders-api-gateway --policy-arn {logs}")
    iam.detach_role_policy(RoleName="orders-api-gateway", PolicyArn=logs)
    return True


def _heading(text: str) -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
    rule = "─" * width
    print(f"\n{rule}\n{bold}{textwrap.fill(text, width)}{plain}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
