"""How a command line is read, and what it says where it cannot be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import pytest
from cli.cli_support import Runner, write
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import reconciler
from reconciler.cli.commands import cli
from reconciler.cli.target import Target, dated, with_sandbox_named


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--nonsense"], "No such option '--nonsense'"),
        (["pln"], "No such command 'pln'"),
        (["plan", "one", "two"], "Got unexpected extra argument (two)"),
        (["plan", "--format=yaml"], "'yaml' is not one of 'text', 'json'"),
        (["plan", "--now=soon"], "'soon' is neither a day (2026-12-31) nor a time"),
        (["plan", "--sandbox", "--profile=x"], "--sandbox and --profile exclude one another"),
        (["--sandbox", "plan", "--profile=x"], "--sandbox and --profile exclude one another"),
        (["--sandbox=a", "plan", "--sandbox=b"], "--sandbox is given twice, as 'a' and as 'b'"),
        (["sandbox", "reset", "--profile=x"], "--profile names a real account"),
        (["plan", "--sandbox="], "--sandbox= lacks its name"),
        (["plan", ""], "it is empty; name the directory that holds the documents"),
        (["plan", "--region"], "Option '--region' requires an argument"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line_and_ends_with_1(
    arguments: list[str], said: str, run: Runner
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert said in ended.err
    assert ended.err.endswith(" --help`\n")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["sandbox"]])
def test_a_group_without_a_command_shows_its_help_and_ends_with_1(arguments: list[str], run: Runner) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("Usage: reconciler")


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift"])
def test_every_command_tells_its_options(command: str, run: Runner) -> None:
    ended = run(command, "--help")
    assert ended.code == 0
    for option in ("--sandbox[=NAME]", "--profile NAME", "--region REGION", "--now DATE"):
        assert option in ended.out


def test_the_commands_are_listed_in_the_order_of_their_use(run: Runner) -> None:
    listed = run("--help").out.partition("Commands:\n")[2].splitlines()[:8]
    commands = ["validate", "plan", "apply", "drift", "undo", "access", "adopt", "sandbox"]
    assert [line.split()[0] for line in listed] == commands


def test_the_version_is_the_packages(run: Runner) -> None:
    assert run("--version").out == f"reconciler {reconciler.__version__}\n"


def test_a_bare_sandbox_never_takes_the_next_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "elsewhere", one="kind: group\nname: a\n")
    for arguments in (["plan", "--sandbox", "elsewhere"], ["--sandbox", "plan", "elsewhere"]):
        done = CliRunner().invoke(cli, arguments, standalone_mode=False)
        assert done.exception is None
        assert "+ group/a  create" in done.output


@given(st.lists(st.sampled_from(["plan", "--sandbox", "--sandbox=x", "desired-state", "--yes"])))
def test_only_the_bare_sandbox_is_given_a_name_and_nothing_moves(arguments: list[str]) -> None:
    read = with_sandbox_named(arguments)
    assert [arg if arg != "--sandbox=default" else "--sandbox" for arg in read] == arguments
    assert "--sandbox" not in read


def test_nothing_behind_two_dashes_is_an_option() -> None:
    assert with_sandbox_named(["plan", "--", "--sandbox"]) == ["plan", "--", "--sandbox"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-31", dt.date(2026, 12, 31)),
        ("2026-12-31T23:30:00", dt.date(2026, 12, 31)),
        ("2026-12-31T23:30:00Z", dt.date(2026, 12, 31)),
        ("2026-12-31T23:30:00-02:00", dt.date(2027, 1, 1)),
        ("2027-01-01 00:30:00+01:00", dt.date(2026, 12, 31)),
    ],
)
def test_a_day_is_taken_in_utc(text: str, day: dt.date) -> None:
    assert dated(text).date() == day
    assert dated(text).tzinfo is dt.UTC


def test_the_command_to_go_on_with_is_quoted_for_the_shell() -> None:
    target = Target(Path("my documents"), sandbox="default", region="eu-west-1")
    assert target.command("apply") == "reconciler apply --sandbox --region=eu-west-1 'my documents'"
    named = Target(Path("desired-state"), sandbox="demo")
    assert named.command("apply") == "reconciler apply --sandbox=demo"
    assert Target(Path("desired-state"), profile="prod").command("apply") == "reconciler apply --profile=prod"
    assert Target(Path("-docs"), plan=Path("-")).command("apply") == "reconciler apply ./- --dir=-docs"
    assert Target(Path("-docs")).command("apply") == "reconciler apply ./-docs"
    assert Target(Path("desired-state"), journal=Path("-x")).command("undo") == "reconciler undo ./-x"


def test_no_two_options_of_a_command_share_a_name() -> None:
    for command in cli.commands.values():
        names = [name for parameter in command.params for name in parameter.opts if isinstance(parameter, click.Option)]
        assert len(names) == len(set(names))
