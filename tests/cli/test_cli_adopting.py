"""Taking over what somebody else made: `adopt ADDRESS...` edits documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.cli_support import Runner

SETTINGS = 'version: 1\naccount: "123456789012"\ndefaults: [{match: role/made-*, adopt: true}]\n'
USERS = "\ufeffkind: user\r\nname: alice # she\r\n---\r\n{kind: user, name: bob}\r\n"
ROLES = """\
kind: role
name: made-here
service: lambda
---
kind: role
name: closed
adopt: false
service: lambda
---
kind: role
name: gone
state: absent
---
kind: role
name: open
adopt: true
description: "{{ region }}"
service: lambda
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "state"
    folder.mkdir()
    for name, text in {"settings": SETTINGS, "users": USERS, "roles": ROLES}.items():
        (folder / f"{name}.yaml").write_bytes(text.encode())
    return folder


def test_documents_say_it_and_nothing_else_changes(run: Runner, folder: Path) -> None:
    (folder / "users.yaml").chmod(0o640)

    done = run("adopt", "user/alice", "User/Bob", "user/alice", "--dir=state")

    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "state/users.yaml:3: adopt: true\nstate/users.yaml:5: adopt: true\n"
        "the next plan takes over user/alice, user/bob\n"
    )
    users = (folder / "users.yaml").read_bytes().decode()
    assert (
        users
        == "\ufeffkind: user\r\nname: alice # she\r\nadopt: true\r\n---\r\n{kind: user, name: bob, adopt: true}\r\n"
    )
    assert (folder / "users.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["roles.yaml", "settings.yaml", "users.yaml"]


def test_what_is_adopted_already_gets_a_note(run: Runner, folder: Path) -> None:
    done = run("adopt", "role/open", "role/made-here", "--dir=state")

    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "note: role/made-here is adopted already, at state/settings.yaml:3:33\n"
        "note: role/open is adopted already, at state/roles.yaml:16:1\n"
    )
    assert (folder / "roles.yaml").read_text() == ROLES


def test_all_that_cannot_be_adopted_is_told_at_once_and_nothing_written(run: Runner, folder: Path) -> None:
    done = run("adopt", "user/alice", "user/alcie", "usr/bob", "role/gone", "role/closed", "elephant", "--dir=state")

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: elephant: no document declares it; write its document first\n"
        "error: role/closed: its document says `adopt: false`, at state/roles.yaml:7:1; change it there\n"
        "error: role/gone: it is declared absent, at state/roles.yaml:10:1; declare how it shall be\n"
        "error: user/alcie: no document declares it; did you mean user/alice?\n"
        "error: usr/bob: no document declares it; did you mean user/bob?\n"
        "5 errors\n"
    )
    assert (folder / "users.yaml").read_bytes() == USERS.encode()


def test_a_document_that_would_not_say_it_is_put_back(run: Runner, folder: Path) -> None:
    (folder / "strange.yaml").write_text("? name\n: strange\n? kind\n: user\n")

    done = run("adopt", "user/alice", "user/strange", "--dir=state")

    assert (done.code, done.out) == (1, "")
    assert "nothing is adopted: state/strange.yaml:" in done.err
    assert done.err.endswith("; write `adopt: true` into the documents by hand\n")
    assert (folder / "strange.yaml").read_text() == "? name\n: strange\n? kind\n: user\n"
    assert (folder / "users.yaml").read_bytes() == USERS.encode()


def test_one_document_of_two_accounts_is_edited_once(run: Runner, folder: Path) -> None:
    (folder / "settings.yaml").write_text(
        "version: 1\naccounts:\n  prod: {id: '123456789012', variables: {stage: prod}}\n"
        "  dev: {id: '210987654321', variables: {stage: dev}}\n"
    )
    (folder / "roles.yaml").write_text("kind: role\nname: app-{{ stage }}\nservice: lambda\n")

    done = run("adopt", "role/app-prod", "--dir=state")

    assert done.code == 0
    assert done.out == "state/roles.yaml:3: adopt: true\nthe next plan takes over role/app-dev, role/app-prod\n"
