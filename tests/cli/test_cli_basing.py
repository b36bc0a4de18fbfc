"""`--base REF` on the command line: what it tells, what it refuses, and what it leaves as it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cli.cli_support import ACCOUNT, SETTINGS, USERS, Runner, runner, write
from support.repositories import commit, git, repository

import reconciler.plan
from reconciler.cli import basing, run
from reconciler.cli.target import Target
from reconciler.model import Base, Consent, Plan

TODAY = dt.date(2026, 6, 1)
BOB = "kind: user\nname: bob\n"
TAGGED = f"{BOB}tags: {{a: b}}\n"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Runner:
    return runner(capsys)


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the documents of a repository with two commits, the first, ``start``, of the settings only."""
    monkeypatch.chdir(repository(tmp_path / "repo"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    made = write(tmp_path / "repo" / "desired-state")
    commit(tmp_path / "repo")
    git(made, "tag", "start")
    write(made, users=USERS, bob=BOB)
    commit(tmp_path / "repo")
    return made


@pytest.fixture
def bases(monkeypatch: pytest.MonkeyPatch) -> list[Base | None]:
    """Return the bases of the plans that are made from now on."""
    found: list[Base | None] = []
    make = reconciler.plan.make

    def watched(*given: Any, **named: Any) -> Plan:
        found.append(named.get("base"))
        return make(*given, **named)

    monkeypatch.setattr(reconciler.plan, "make", watched)
    return found


def head(documents: Path) -> str:
    return git(documents, "rev-parse", "HEAD")


def test_plan_drift_and_apply_know_what_was_declared_at_the_base(
    call: Runner, documents: Path, bases: list[Base | None]
) -> None:
    (documents / "bob.yaml").write_text(TAGGED)
    for words in (["plan"], ["drift"], ["apply", "--yes"], ["validate"]):
        done = call(*words, "--sandbox", "--base=HEAD")
        assert "error" not in done.err, words
    found = [base for base in bases if base is not None]
    assert [(base.commit, sorted(map(str, base.desired.declared))) for base in found] == [
        (head(documents), ["policy/readers", "user/alice", "user/bob"])
    ] * 4
    assert call("plan", "--sandbox").code == 0
    assert bases[-1] is None


def test_a_saved_plan_is_made_anew_with_the_base_that_is_named_when_it_is_applied(
    call: Runner, documents: Path, bases: list[Base | None], tmp_path: Path
) -> None:
    file = str(tmp_path / "plan.json")
    planned = call("plan", "--sandbox", "--base=start", "--out", file)
    assert f"`reconciler apply --sandbox --base=start {file}`" in planned.err
    first, last = git(documents, "rev-parse", "start"), head(documents)

    assert call("apply", "--sandbox", "--base=start", "--yes", file).code == 0
    assert call("apply", "--sandbox", "--base=HEAD", "--yes", file).code == 0
    without = call("apply", "--sandbox", "--yes", file)
    assert (without.code, f"it was --base={first}" in without.err) == (3, True)
    assert [base.commit for base in bases if base is not None] == [first, first, last]


def test_the_base_counts_for_nothing_where_a_saved_plan_undoes_a_run(
    call: Runner, documents: Path, tmp_path: Path
) -> None:
    applied = call("apply", "--sandbox", "--yes")
    journal = next(line.removeprefix("journal: ") for line in applied.err.splitlines() if line.startswith("journal: "))
    file = str(tmp_path / "undo.json")
    assert call("undo", journal, "--sandbox", "--out", file).code == 0
    done = call("apply", "--sandbox", "--base=HEAD", "--yes", f"--undoes={journal}", file)
    assert f"note: --base counts for nothing here: {file} undoes a run" in done.err
    assert done.code == 0
    del documents


def test_hints_carry_the_base() -> None:
    target = Target(Path("desired-state"), sandbox="default", base="origin/main")
    assert target.command("apply") == "reconciler apply --sandbox --base=origin/main"
    saved = dataclasses.replace(target, plan=Path("plan.json"))
    assert saved.command("apply") == "reconciler apply --sandbox --base=origin/main plan.json"


def test_drift_names_the_command_that_repairs_with_the_same_base(call: Runner, documents: Path) -> None:
    done = call("drift", "--sandbox", "--base=start")
    assert done.code == 2
    assert "reconciler apply --sandbox --base=start" in done.out
    del documents


def test_a_plan_is_limited_to_the_change_only_where_there_is_a_base(call: Runner, documents: Path) -> None:
    assert call("apply", "--sandbox", "--yes").code == 0
    (documents / "bob.yaml").write_text(TAGGED)
    assert call("plan", "--sandbox", "--scope=change").code == 1
    done = call("drift", "--sandbox", "--base=HEAD", "--scope=change")
    assert (done.code, "reconciler apply --sandbox --base=HEAD --scope=change" in done.out) == (2, True)


def test_a_plan_is_not_limited_to_a_change_from_documents_that_are_wrong(call: Runner, documents: Path) -> None:
    (documents / "bob.yaml").write_text("kind: user\nname: bob\nsize: large\n")
    commit(documents)
    (documents / "bob.yaml").write_text(BOB)
    done = call("apply", "--sandbox", "--yes", "--base=HEAD", "--scope=change")
    assert (done.code, "name another commit, or plan with --scope all" in done.err) == (1, True)


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply"])
def test_a_base_that_cannot_be_had_is_an_error_before_the_account_is_asked(
    command: str, call: Runner, documents: Path
) -> None:
    done = call(command, "--base=nowhere")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: --base: this clone has no commit `nowhere`;")
    assert call(command, "--base=").err.startswith("error: --base: it names no commit; is a variable unset?")
    del documents


def test_a_base_that_is_wrong_is_a_warning_and_no_base(call: Runner, documents: Path, bases: list[Base | None]) -> None:
    (documents / "bob.yaml").write_text("kind: user\nnam: bob\n")
    (documents / "worse.yaml").write_text("kind: usr\n")
    name = commit(documents)
    (documents / "bob.yaml").write_text(BOB)
    (documents / "worse.yaml").unlink()

    done = call("plan", "--sandbox", "--base=HEAD")
    assert done.code == 0
    warnings = [line for line in done.err.splitlines() if line.startswith("warning: --base: ")]
    assert warnings[0].startswith(
        f"warning: --base: the documents of commit {name[:8]} are wrong, so guards hold as without --base: "
        f"{name[:8]}:desired-state/bob.yaml:"
    )
    assert warnings[0].endswith("; 1 more error")
    assert len(warnings) == 1
    assert bases == [None]


def test_what_is_wrong_at_the_base_is_told_once_for_all_accounts(call: Runner, documents: Path) -> None:
    accounts = f"version: 1\naccounts: {{one: {{id: '{ACCOUNT}'}}, two: {{id: '210987654321'}}}}\n"
    (documents / "reconciler.yaml").write_text(accounts)
    (documents / "bob.yaml").write_text("kind: user\nnam: bob\n")
    commit(documents)
    (documents / "bob.yaml").write_text(BOB)
    for words in ([], ["--sandbox"]):
        assert call("validate", *words, "--base=HEAD").err.count("are wrong, so guards hold as without --base") == 1


def test_validate_against_an_account_asks_the_guards_with_the_base(call: Runner, documents: Path) -> None:
    assert call("apply", "--sandbox", "--yes").code == 0
    (documents / "bob.yaml").unlink()
    assert "user/bob is declared no more" in call("validate", "--base=HEAD").err
    warned = call("validate", "--sandbox", "--base=HEAD").err
    assert f"a guard refuses the plan for account {ACCOUNT}: " in warned
    assert "left-behind user/bob" in warned
    assert "declared no more: if it is still live" not in warned


def test_a_commit_without_the_directory_declares_nothing_and_says_so(
    call: Runner, documents: Path, bases: list[Base | None]
) -> None:
    documents.rename(documents.parent / "moved")
    done = call("plan", "--sandbox", "--base=HEAD", "moved")
    assert done.code == 0
    name = head(documents.parent)
    what = "has no documents in moved: everything that is declared counts as new"
    assert f"warning: --base: commit {name[:8]} {what}\n" in done.err
    assert bases[0] is not None
    assert bases[0].desired.declared == {}


def test_validate_tells_what_is_declared_no_more(call: Runner, documents: Path) -> None:
    name = head(documents)
    (documents / "bob.yaml").unlink()
    done = call("validate", "--base=HEAD")
    assert done.code == 0
    assert done.err == (
        f"warning: {name[:8]}:desired-state/bob.yaml:1:1: user/bob is declared no more: if it is still live, it is "
        "left behind as it is; write `state: absent` to delete it, or `state: unmanaged` with a reason to give it up\n"
    )
    assert call("validate").err == ""


SETTLED = {
    "absent": {"bob": f"{BOB}state: absent\n"},
    "given up": {"bob": f"{BOB}state: unmanaged\nreason: moved\n"},
    "renamed": {"bob": "kind: user\nname: Robert\nrenamed_from: BOB\n"},
    "other case": {"bob": "kind: user\nname: BOB\n"},
    "pruned": {},
    "elsewhere": {"users": f"{USERS}---\n{BOB}"},
}


@pytest.mark.parametrize("case", list(SETTLED))
def test_what_the_documents_settle_is_not_left_behind(case: str, call: Runner, documents: Path) -> None:
    (documents / "reconciler.yaml").write_text(f"{SETTINGS}prune: {str(case == 'pruned').lower()}\n")
    commit(documents)
    (documents / "bob.yaml").unlink()
    for stem, text in SETTLED[case].items():
        (documents / f"{stem}.yaml").write_text(text)
    assert call("validate", "--base=HEAD").err == ""


def test_prune_that_the_change_itself_turns_on_settles_nothing(call: Runner, documents: Path) -> None:
    (documents / "bob.yaml").unlink()
    (documents / "reconciler.yaml").write_text(f"{SETTINGS}prune: true\n")
    done = call("validate", "--base=HEAD")
    assert "user/bob is declared no more" in done.err
    assert "settings-loosened settings/prune: it was false and is true" in done.err


def test_validate_tells_which_settings_are_loosened_unless_somebody_consented(call: Runner, documents: Path) -> None:
    (documents / "reconciler.yaml").write_text(f"{SETTINGS}keep: ['*/Quarantine*']\n")
    commit(documents)
    (documents / "reconciler.yaml").write_text(SETTINGS)
    done = call("validate", "--base=HEAD")
    assert done.code == 0
    what = "settings-loosened settings/keep: it no longer covers */Quarantine*; way out: take it back"
    assert what in done.err
    target = Target(Path("desired-state"), base="HEAD", today=TODAY, region="eu-west-1")
    source = run.checked(target)
    plain = run.declared(target, source)[0]
    base = basing.on_base(basing.before(target, source), plain)
    assert base is not None
    consented = dataclasses.replace(plain, consents=(Consent("settings-loosened", "settings/keep"),))
    assert [len(basing.told(head, base)) for head in (plain, consented)] == [1, 0]


def test_what_was_absent_at_the_base_is_not_left_behind(call: Runner, documents: Path) -> None:
    (documents / "bob.yaml").write_text(f"{BOB}state: absent\n")
    commit(documents)
    (documents / "bob.yaml").unlink()
    assert call("validate", "--base=HEAD").err == ""


def test_what_goes_from_one_account_only_is_told(call: Runner, documents: Path) -> None:
    accounts = "version: 1\naccounts:\n  one: {id: '%s'}\n  two: {id: '210987654321'}\n"
    (documents / "reconciler.yaml").write_text(accounts % ACCOUNT)
    commit(documents)
    (documents / "bob.yaml").write_text(f"{BOB}accounts: [one]\n")
    assert call("validate", "--base=HEAD").err.count("user/bob is declared no more") == 1
    (documents / "bob.yaml").unlink()
    assert call("validate", "--base=HEAD").err.count("user/bob is declared no more") == 1


def test_the_base_is_of_the_same_account_and_day(documents: Path) -> None:
    (documents / "bob.yaml").write_text("kind: user\nname: bob\npolicies: [{policy: readers, until: 2026-05-31}]\n")
    commit(documents)
    target = Target(Path("desired-state"), base="HEAD", today=TODAY, region="eu-west-1")
    source = run.checked(target)
    found = basing.before(target, source)
    desired = run.declared(target, source)[0]
    base = basing.on_base(found, desired)
    assert base is not None
    assert (base.desired.account, base.desired.today) == (desired.account, TODAY)
    assert base.desired.declared == desired.declared
