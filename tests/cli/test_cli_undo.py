"""`undo` on the command line: which journal, which account, what is shown, saved, asked and written."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from cli.cli_support import ACCOUNT, USERS, Run, Runner, write

from reconciler import apply
from reconciler.cli import run as rooms
from reconciler.cli.target import Target
from reconciler.journal import JournalFile, default_path
from reconciler.model import Account

ALICE = "kind: user\nname: alice\npolicies: [ReadOnlyAccess]\n"


def applied(directory: Path, journal: Path | None = None) -> Path:
    """Apply the documents to the directory's sandbox and return the journal."""
    target = Target(directory, sandbox="default", today=dt.date(2026, 11, 24))
    made, iam = rooms.planned(target, rooms.checked(target))
    path = journal or default_path(made.account)
    assert apply.run(made, iam, journal=JournalFile(path), parallel=1).ok
    return path


def plan_of(run: Runner, directory: Path) -> Run:
    return run("plan", "--sandbox", "--detailed-exitcode", str(directory))


def test_undo_shows_what_it_puts_back_and_does_it(run: Runner, tmp_path: Path) -> None:
    write(tmp_path / "docs", users=USERS)
    journal = applied(tmp_path / "docs", tmp_path / "run.jsonl")
    done = run("undo", "--sandbox", "--yes", "--dir", str(tmp_path / "docs"), str(journal))
    assert done.code == 0, done.err
    assert f"by arn:aws:iam::{ACCOUNT}:user/sandbox: 4 of 4 writes done" in done.out
    assert f"- user/alice      delete   {journal.name}:1  the run made it" in done.out
    assert "done: 4 writes" in done.out
    assert "3 more objects" not in done.out
    assert "2 to create" in plan_of(run, tmp_path / "docs").out
    again = run("undo", "--sandbox", "--yes", "--dir", str(tmp_path / "docs"), str(journal))
    assert again.code == 0
    assert "nothing to put back" in again.out


def test_undo_without_a_terminal_writes_nothing_and_says_which_command_would(run: Runner, tmp_path: Path) -> None:
    write(tmp_path / "docs", users=ALICE)
    journal = applied(tmp_path / "docs", tmp_path / "run.jsonl")
    asked = run("undo", "--sandbox", "--dir", str(tmp_path / "docs"), str(journal))
    assert asked.code == 1
    assert f"`reconciler undo --yes --sandbox {journal} --dir={tmp_path / 'docs'}`" in asked.err
    assert plan_of(run, tmp_path / "docs").code == 0


def test_what_stays_open_is_a_conflict(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    journal = applied(docs, tmp_path / "run.jsonl")
    write(docs, users=ALICE.replace("[ReadOnlyAccess]", "[ReadOnlyAccess, SecurityAudit]"))
    applied(docs)
    refused = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(journal))
    assert refused.code == 3
    assert "it was changed since (policies: SecurityAudit)" in refused.out
    assert plan_of(run, docs).code == 0


def test_a_saved_undo_plan_is_applied_like_any_other(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    journal, saved = applied(docs), tmp_path / "undo.json"
    out = run("undo", "--sandbox", "--out", str(saved), "--dir", str(docs), str(journal))
    assert out.code == 0, out.err
    assert f"`reconciler apply --sandbox {saved} --undoes={journal} --dir={docs}` makes them" in out.err
    assert plan_of(run, docs).code == 0
    done = run("apply", "--sandbox", "--yes", "--dir", str(docs), str(saved))
    assert done.code == 0, done.err
    assert "done: 2 writes" in done.out
    assert plan_of(run, docs).code == 2


def test_a_saved_undo_plan_is_refused_with_another_journal_or_none(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    journal, saved = applied(docs, tmp_path / "run.jsonl"), tmp_path / "undo.json"
    run("undo", "--sandbox", "--out", str(saved), "--dir", str(docs), str(journal))
    command = ["apply", "--sandbox", "--yes", "--dir", str(docs), str(saved)]
    lost = run(*command)
    assert lost.code == 3
    assert "name it with --undoes" in lost.err
    journal.write_bytes(journal.read_bytes().replace(b"user/sandbox", b"user/sandbux", 1))
    edited = run(*command, "--undoes", str(journal))
    assert edited.code == 3
    assert "the plan was not made from" in edited.err
    other = applied(write(tmp_path / "docs", users=ALICE + "tags: {team: a}\n"), tmp_path / "other.jsonl")
    wrong = run(*command, "--undoes", str(other))
    assert wrong.code == 3
    assert "the plan was not made from" in wrong.err


def test_a_plan_that_was_made_from_documents_undoes_no_journal(run: Runner, tmp_path: Path) -> None:
    docs, saved = write(tmp_path / "docs", users=ALICE), tmp_path / "plan.json"
    assert run("plan", "--sandbox", "--out", str(saved), str(docs)).code == 0
    wrong = run("apply", "--sandbox", "--yes", "--dir", str(docs), "--undoes", str(tmp_path / "j"), str(saved))
    assert wrong.code == 3
    assert "the plan was made from documents" in wrong.err
    assert run("apply", "--sandbox", "--undoes", str(tmp_path / "j"), str(docs)).code == 1


def test_a_journal_of_another_account_is_refused(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    journal = JournalFile(tmp_path / "run.jsonl")
    journal.begin(Account("210987654321"), {})
    refused = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(journal.path))
    assert refused.code == 3
    assert "is of a run on account 210987654321 (aws), and the credentials belong to 123456789012 (aws)" in refused.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "is empty"), ("no journal\n", "no JSON"), ('{"record": "write"}\n', "it does not begin a journal")],
    ids=["empty", "text", "torn"],
)
def test_a_bad_journal_is_told_in_one_line(run: Runner, tmp_path: Path, text: str, complaint: str) -> None:
    docs, file = write(tmp_path / "docs", users=ALICE), tmp_path / "bad.jsonl"
    file.write_text(text)
    bad = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(file))
    assert bad.code == 1
    assert complaint in bad.err
    assert bad.err.count("\n") == 1


@pytest.mark.parametrize("operation", ["CreatePolicy", "AttachUserPolicy"])
def test_a_write_that_no_run_can_have_made_is_told_as_damage(run: Runner, tmp_path: Path, operation: str) -> None:
    docs = write(tmp_path / "docs", users=USERS)
    journal = applied(docs, tmp_path / "run.jsonl")
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    for record in records:
        if record.get("operation") == operation:
            record["parameters"] = {}
    journal.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    bad = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(journal))
    assert bad.code == 1
    assert bad.err.startswith(f"error: the journal {journal} is damaged: {operation} has parameters that it does not")
    assert bad.err.count("\n") == 1
    assert "Error" not in bad.err


def test_a_journal_that_is_not_there_is_told_in_one_line(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    missing = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(tmp_path / "nowhere.jsonl"))
    assert missing.code == 1
    assert "nowhere.jsonl" in missing.err


def test_without_a_journal_the_newest_ones_are_listed(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    none = run("undo", "--sandbox", "--dir", str(docs))
    assert none.code == 1
    assert "there is none" in none.out
    first = applied(docs)
    later = first.with_name("99991231T000000Z-1.jsonl")
    JournalFile(later).begin(Account(ACCOUNT), {}, caller="arn:aws:iam::123456789012:user/somebody")
    first.with_name("00010101T000000Z-1.jsonl").write_text("no journal\n")
    listed = run("undo", "--sandbox", "--dir", str(docs))
    assert listed.code == 1
    assert f"journals of account {ACCOUNT} are kept in {first.parent}" in listed.out
    places = [
        listed.out.index(text) for text in (str(later), "it never ended", str(first), "2 of 2 writes done", "no JSON")
    ]
    assert places == sorted(places)
    assert listed.err == (
        "error: no JOURNAL is named, so nothing is undone: name the file of one; see `reconciler undo --help`\n"
    )


def test_a_list_of_journals_tells_calls_that_were_not_made_from_those_in_doubt(run: Runner, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", users=ALICE)
    target = Target(docs, sandbox="default", today=dt.date(2026, 11, 24))
    made, _ = rooms.planned(target, rooms.checked(target))
    journal = JournalFile(default_path(made.account))
    journal.begin(made.account, {})
    for step in made.steps[:2]:
        journal.write(step)
    journal.failed(made.steps[0], "the run ended first")
    listed = run("undo", "--sandbox", "--dir", str(docs))
    assert ": 0 of 2 writes done, 1 not made, 1 in doubt, it never ended" in listed.out


def test_undo_is_for_emergencies_and_its_help_says_what_is_better(run: Runner) -> None:
    assert "git revert" in run("undo", "--help").out
    assert "undo" in run("--help").out


def test_an_expiry_needs_a_file(run: Runner, tmp_path: Path) -> None:
    refused = run("undo", "--sandbox", "--expires", "2h", str(tmp_path / "run.jsonl"))
    assert refused.code == 1
    assert "--expires goes with --out" in refused.err


def test_the_journal_that_apply_names_is_the_one_to_undo(run: Runner, tmp_path: Path) -> None:
    docs, kept = write(tmp_path / "docs", users=ALICE), tmp_path / "kept.jsonl"
    done = run("apply", "--sandbox", "--yes", "--journal", str(kept), str(docs))
    assert done.code == 0, done.err
    assert str(kept) in done.err
    undo = run("undo", "--sandbox", "--yes", "--journal", str(tmp_path / "undo.jsonl"), "--dir", str(docs), str(kept))
    assert undo.code == 0, undo.err
    assert str(tmp_path / "undo.jsonl") in undo.err
    redo = run("undo", "--sandbox", "--yes", "--dir", str(docs), str(tmp_path / "undo.jsonl"))
    assert redo.code == 0, redo.err
    assert plan_of(run, docs).code == 0
