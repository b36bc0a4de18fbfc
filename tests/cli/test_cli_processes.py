"""The command in processes of its own: terminals, pipes, signals, and what it loads."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.cli_support import ACCOUNT, COMMAND, ROOT, USERS, process, write

from reconciler import sandbox

pty = pytest.importorskip("pty")

HEAVY = ("boto3", "botocore", "moto", "rich", "deepdiff")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / "desired-state", users=USERS)
    return tmp_path


def typed(home: Path, answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run the command on a terminal, answer its question, and return its exit code and all that was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.environ["PYTHONPATH"] = str(ROOT)
        # Who starts the tests in the background of a script has them ignore interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.execv(sys.executable, [*COMMAND, *arguments])  # noqa: S606  the child is the command
    shown, asked, end = b"", False, time.monotonic() + 300
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
        if not asked and b"[y/N] " in shown:
            os.write(terminal, answer)
            asked = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode().replace("\r\n", "\n")


def users(home: Path) -> set[str]:
    """Return the users of the sandbox that the command works on."""
    iam = sandbox.session("default", account=ACCOUNT, repository=home / "desired-state").client("iam")
    return {user["UserName"] for user in iam.list_users()["Users"]}


def test_yes_on_a_terminal_applies_and_shows_colours(home: Path) -> None:
    code, shown = typed(home, b"y\n", "apply", "--sandbox")
    assert code == 0
    assert "Apply these 4 writes? [y/N] " in shown
    assert "\x1b[32m+ " in shown
    assert "\ndone: 4 writes\njournal: " in shown
    assert users(home) == {"alice"}


def test_consent_counts_on_a_terminal_and_nowhere_else(home: Path) -> None:
    accepting = ("plan", "--sandbox", "--accept=takeover=user/alice")
    code, shown = typed(home, b"", *accepting)
    assert (code, "no guard speaks of it" in shown) == (0, True)
    piped = process(home, *accepting)
    assert (piped.returncode, piped.stdout) == (1, "")
    assert "--accept lifts nothing where there is no terminal" in piped.stderr


@pytest.mark.parametrize("answer", [b"n\n", b"\x04"])
def test_anything_but_yes_writes_nothing(home: Path, answer: bytes) -> None:
    code, shown = typed(home, answer, "apply", "--sandbox")
    assert code == 1
    assert shown.endswith("nothing was written\n")
    assert users(home) == set()


def test_an_interrupt_at_the_question_is_a_clean_line_and_ends_with_130(home: Path) -> None:
    code, shown = typed(home, b"\x03", "apply", "--sandbox")
    assert code == 130
    assert shown.endswith("\ninterrupted\n")
    assert "Traceback" not in shown
    assert users(home) == set()


def test_an_interrupt_while_modules_load_is_as_clean(home: Path) -> None:
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from reconciler.cli import main\n"
        "main()\n"
    )
    done = process(home, "validate", code=code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_no_color_is_obeyed_on_a_terminal(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    write(home / "desired-state", wrong="kind: user\nname: a\nage: 1\n")
    code, shown = typed(home, b"", "validate")
    assert code == 1
    assert "\x1b[" not in shown
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert typed(home, b"", "validate")[1].startswith("\x1b[1;31merror: \x1b[0mdesired-state/wrong.yaml:3:")


def unread(home: Path, *arguments: str) -> tuple[int, str]:
    """Run the command into a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        done = process(home, *arguments, stdout=gone)
    return done.returncode, done.stderr


def test_a_reader_that_goes_away_is_no_error_and_leaves_the_code_as_it_is(home: Path) -> None:
    assert unread(home, "drift", "--sandbox") == (2, "")
    assert unread(home, "plan", "--sandbox", "--format=json") == (0, "")


def test_apply_writes_nothing_that_nobody_could_read(home: Path) -> None:
    code, said = unread(home, "apply", "--sandbox", "--yes")
    assert (code, said) == (1, "error: nothing was written: nobody reads the output, which shows the plan\n")
    assert users(home) == set()


def test_undo_writes_nothing_that_nobody_could_read(home: Path) -> None:
    assert process(home, "apply", "--sandbox", "--yes", "--journal=run.jsonl").returncode == 0
    there = users(home)
    assert unread(home, "undo", "--sandbox", "--yes", "run.jsonl")[0] == 1
    assert users(home) == there


def test_a_reader_that_has_read_the_plan_and_goes_away_leaves_neither_a_write_nor_a_journal(home: Path) -> None:
    code = (
        "import os, sys\n"
        "from reconciler.cli import commands, exit_code\n"
        "reader, writer = os.pipe()\n"
        "os.dup2(writer, 1)\n"
        "os.close(writer)\n"
        "carry_out = commands.carry_out\n"
        "def late(*arguments, **named):\n"
        "    os.close(reader)\n"
        "    return carry_out(*arguments, **named)\n"
        "commands.carry_out = late\n"
        "sys.exit(exit_code(['apply', '--sandbox', '--yes', '--journal=run.jsonl']))\n"
    )
    done = process(home, code=code)
    assert (done.returncode, done.stderr) == (
        1,
        "error: nothing was written: nobody reads the output, which shows the plan\n",
    )
    assert users(home) == set()
    assert not (home / "run.jsonl").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_in_one_line(home: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = process(home, "validate", stdout=full)
    assert (done.returncode, done.stderr) == (1, "error: no space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_apply_writes_nothing_where_its_output_cannot_be_written_and_leaves_no_journal(home: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = process(home, "apply", "--sandbox", "--yes", "--journal=run.jsonl", stdout=full)
    what = "error: nothing was written: the output, which shows the plan, goes nowhere: no space left on device\n"
    assert (done.returncode, done.stderr) == (1, what)
    assert users(home) == set()
    assert not (home / "run.jsonl").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_gets_full_under_the_output_does_not_stop_an_apply_half_way(home: Path) -> None:
    code = (
        "import os, sys\n"
        "from reconciler.cli import applying, exit_code\n"
        "apply_plan = applying.apply_plan\n"
        "def late(*arguments, **named):\n"
        "    os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n"
        "    return apply_plan(*arguments, **named)\n"
        "applying.apply_plan = late\n"
        "sys.exit(exit_code(['apply', '--sandbox', '--yes', '--journal=run.jsonl']))\n"
    )
    done = process(home, code=code)
    said = "warning: the output ends here: no space left on device\njournal: run.jsonl\n"
    assert (done.returncode, done.stderr) == (0, said)
    assert users(home) == {"alice"}


def test_a_closed_stdout_changes_no_code(home: Path) -> None:
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'reconciler', 'validate'])"
    done = process(home, code=code)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_stream_cannot_encode_is_escaped(home: Path) -> None:
    users = USERS.replace("Read the bucket", "Lire le d\u00e9p\u00f4t")
    write(home / "desired-state", users=users)
    done = process(home, "plan", "--sandbox", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert r"Lire le d\xe9p\xf4t" in done.stdout


@pytest.mark.parametrize("arguments", [["validate"], ["--help"], ["--version"]])
def test_what_works_offline_loads_nothing_heavy(home: Path, arguments: list[str]) -> None:
    code = (
        "import json, sys\n"
        "from reconciler.cli import exit_code\n"
        "code = exit_code(sys.argv[1:])\n"
        f"print(json.dumps([code, [name for name in {HEAVY} if name in sys.modules]]))\n"
    )
    done = process(home, *arguments, code=code)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []], done.stderr


def test_a_progress_bar_is_shown_on_stderr_where_stdout_is_a_file(home: Path) -> None:
    terminal, other = pty.openpty()
    with (home / "log").open("w", encoding="utf-8") as log:
        running = subprocess.Popen(
            [*COMMAND, "apply", "--sandbox", "--yes"],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=other,
            stdout=log,
            stderr=other,
        )
        os.close(other)
        shown = b""
        while True:
            try:
                read = os.read(terminal, 65536)
            except OSError:
                break
            if not read:
                break
            shown += read
    os.close(terminal)
    assert running.wait(timeout=300) == 0
    assert b"reading account" in shown
    assert b"applying" in shown
    lines = (home / "log").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "done: 4 writes"
    assert not any("\x1b" in line for line in lines)
    assert [line for line in lines if re.match(r"done +\d/4", line)] == lines[-5:-1]
