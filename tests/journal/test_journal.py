"""A journal gives back what it was told: exactly, however the run ended, and never anything that was damaged."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import stat
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal import JournalFile, decode, default_path, encode, read
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Call, Observed, Step

ACCOUNT = Account("123456789012", "aws", "eu-west-1")
NOW = dt.datetime(2026, 11, 24, 12, 30, tzinfo=dt.UTC)
STEP = Step(1, Address("user", "alice"), Call("CreateUser", {"UserName": "alice", "Path": "/"}))
OTHER = Step(2, Address("user", "bob"), Call("DeleteUser", {"UserName": "bob"}))

TEXT = st.text(max_size=8)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT, st.datetimes(timezones=st.just(dt.UTC)), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(TEXT, max_size=3),
        st.dictionaries(st.one_of(TEXT, st.sampled_from(["$date", "$User", "$"])), inner, max_size=3),
    ),
    max_leaves=8,
)


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(),
    None: st.none(),
    type(None): st.none(),
    Any: ANYTHING,
    dt.datetime: st.datetimes(timezones=st.just(dt.UTC)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a dataclass's field, by its type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if arguments:
        return st.one_of([values(argument) for argument in arguments])
    return PLAIN[hint] if hint in PLAIN else objects(hint)


def objects(made: Any) -> st.SearchStrategy[Any]:
    return st.builds(made, **{name: values(hint) for name, hint in typing.get_type_hints(made).items()})


def resources() -> st.SearchStrategy[tuple[str, Any]]:
    found = []
    for kind in KINDS.values():
        module = sys.modules[kind.read.__module__]
        (made,) = typing.get_args(typing.get_type_hints(kind.read, vars(module))["return"])
        found.append(st.tuples(st.just(kind.name), objects(made)))
    return st.one_of(found)


@given(resources())
def test_every_resource_of_every_kind_comes_back_as_it_was(drawn: tuple[str, Any]) -> None:
    kind, resource = drawn
    again = decode(kind, json.loads(json.dumps(encode(resource))))
    assert type(again) is type(resource)
    # A field that is compared with nothing comes back all the same.
    names = [field.name for field in dataclasses.fields(resource)]
    assert [getattr(again, name) for name in names] == [getattr(resource, name) for name in names]


def test_what_no_resource_holds_is_not_written() -> None:
    with pytest.raises(TypeError, match="bytes is no part of a resource"):
        encode({"secret": b"bytes"})


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("user", {"$Role": {"name": "a"}}, "'Role' is no part of a user"),
        ("user", {"$User": {"name": "a", "age": 1}}, "a user has no field 'age'"),
        ("planet", {"$User": {"name": "a"}}, "'planet' is no kind of resource"),
    ],
)
def test_what_a_journal_cannot_have_held_is_not_guessed_at(kind: str, data: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode(kind, data)


def bob() -> Observed[Any]:
    resource = decode("user", {"$User": {"name": "bob", "path": "/a/", "tags": {"team": "x"}, "unique_id": "AIDA1"}})
    arn = "arn:aws:iam::123456789012:user/a/bob"
    return Observed(Address("user", "bob"), resource, arn, frozenset({"credentials"}))


def begun(path: Path) -> JournalFile:
    journal = JournalFile(path, now=lambda: NOW)
    before = {Address("user", "alice"): None, Address("user", "bob"): bob()}
    journal.begin(ACCOUNT, before, caller="arn:aws:iam::123456789012:user/ci", plan="sha256:1")
    return journal


def written(path: Path) -> Path:
    journal = begun(path)
    journal.write(STEP)
    journal.done(STEP)
    journal.write(OTHER)
    journal.failed(OTHER, "DeleteUser: DeleteConflict: no")
    journal.end(done=[1], failed=[2], left=[3])
    return path


def test_a_finished_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read(written(tmp_path / "journal.jsonl"))
    assert found.account == ACCOUNT
    assert (found.caller, found.plan) == ("arn:aws:iam::123456789012:user/ci", "sha256:1")
    assert found.started == "2026-11-24T12:30:00+00:00"
    assert found.before == {Address("user", "alice"): None, Address("user", "bob"): bob()}
    assert [(w.step, w.address, w.call.key, w.outcome, w.error) for w in found.writes] == [
        (1, STEP.address, STEP.call.key, "done", ""),
        (2, OTHER.address, OTHER.call.key, "failed", "DeleteUser: DeleteConflict: no"),
    ]
    assert found.ending is not None
    assert (found.ending.done, found.ending.failed, found.ending.left) == ((1,), (2,), (3,))


def test_a_journal_and_the_folder_made_for_it_are_for_their_owner_only(tmp_path: Path) -> None:
    path = written(tmp_path / "journals" / "a.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_write_whose_end_is_not_told_is_of_unknown_outcome(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    begun(path).write(STEP)
    found = read(path)
    assert [write.outcome for write in found.writes] == ["unknown"]
    assert found.ending is None


def test_a_journal_cut_at_any_byte_tells_what_was_finished_before(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl").read_bytes()
    cut = tmp_path / "cut.jsonl"
    first = whole.index(b"\n") + 1
    for end in range(len(whole)):
        cut.write_bytes(whole[:end])
        if end < first:
            with pytest.raises(JournalError, match=r"holds no finished record|is empty"):
                read(cut)
        else:
            assert len(read(cut).writes) == whole[:end].count(b'"record":"write"') - (
                whole[:end].rpartition(b"\n")[2].count(b'"record":"write"')
            )


BEGIN = (
    b'{"record":"begin","format":1,"version":"1","account":"1","partition":"aws","region":null,"caller":"",'
    b'"started":"","plan":"","before":%b}'
)
WRITE = b'{"record":"write","step":%b,"address":"user/bob","operation":%b,"parameters":%b,"at":""}'


@pytest.mark.parametrize(
    ("number", "line", "why"),
    [
        (1, b"{}", "it does not begin a journal"),
        (1, b'{"record":"begin","format":1}', "it lacks 'region'"),
        (1, BEGIN % b'{"user/bob":{"address":"user/bob"}}', "it holds what is no image of an object"),
        (1, BEGIN % b'{"user/bob":7}', "it holds what is no image of an object"),
        (1, BEGIN % b'{"planet/bob":null}', "'planet/bob' is no address"),
        (1, BEGIN % b'{"user/b":{"address":"user/b","resource":{"$date":"x"}}}', "'x' is no time"),
        (1, BEGIN % b"[]", "'before' is of another form"),
        (2, b"nonsense", "no JSON"),
        (2, b"[]", "no record"),
        (2, b'{"record":"shrug"}', "'shrug' is no record"),
        (2, b"{}", "it lacks 'record'"),
        (3, b'{"record":"done","step":9,"at":""}', "no write of a step 9 stands before it"),
        (4, b'{"record":"write"}', "it lacks 'operation'"),
        (2, WRITE % (b"1", b'"DeleteUser"', b"[]"), "'parameters' is of another form"),
        (2, WRITE % (b"1", b"5", b"{}"), "'operation' is of another form"),
        (2, WRITE % (b'"1"', b'"DeleteUser"', b"{}"), "'step' is of another form"),
    ],
)
def test_a_damaged_line_is_named_with_what_to_do(tmp_path: Path, number: int, line: bytes, why: str) -> None:
    path = written(tmp_path / "journal.jsonl")
    lines = path.read_bytes().split(b"\n")
    lines[number - 1] = line
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{number}: the journal is damaged here ({why}); ")
    assert "restore the file" in str(caught.value)


def test_a_journal_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2', 1))
    with pytest.raises(JournalError, match=r"is of format 2, written by version .*; use that version or a newer one"):
        read(path)


def test_no_journal_at_the_path_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none\.jsonl cannot be read: no such file or directory"):
        read(tmp_path / "none.jsonl")


def test_a_journal_is_never_written_over_another(tmp_path: Path) -> None:
    written(tmp_path / "journal.jsonl")
    with pytest.raises(JournalError, match="is there already; name another with --journal"):
        JournalFile(tmp_path / "journal.jsonl")


def test_a_journal_that_cannot_be_made_says_where_and_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="no journal can be kept at"):
        JournalFile(tmp_path / "file" / "journal.jsonl")


def test_after_one_record_that_could_not_be_written_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(tmp_path / "journal.jsonl")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(JournalError, match="cannot be written: no space left on device; make room"):
            journal.write(STEP)
    with pytest.raises(JournalError, match="no space left"):
        journal.done(STEP)


def test_journals_go_to_the_users_own_state_by_account_and_time_each_to_a_file_of_its_own(tmp_path: Path) -> None:
    path = default_path(ACCOUNT, lambda: NOW)
    assert path.parts[-4:-1] == ("iam-reconciler", "journals", "123456789012")
    assert path.name.startswith("20261124T123000Z-")
    assert not path.is_relative_to(tmp_path)
    assert path != default_path(ACCOUNT, lambda: NOW)
