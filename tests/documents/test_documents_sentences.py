"""Sentences about access: what they come to. What is wrong with others stands in ``cases/expectations.case``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents import Source, load
from reconciler.documents.sentences import Sentence, read_sentence
from reconciler.errors import InputError
from reconciler.model import Account, Expectation, Named, Origin

TODAY = dt.date(2026, 6, 1)
ACCOUNT = Account("123456789012", region="eu-west-1")
KINDS = ["group", "role", "user"]
ALICE, ADMINS = Named("", "alice"), Named("group", "admins")


def read(text: str) -> Sentence:
    faults: list[str] = []
    found = read_sentence(text, KINDS, lambda what, _: faults.append(what))
    assert found is not None, faults
    return found


@pytest.mark.parametrize(
    ("text", "allowed", "subjects", "outside"),
    [
        ("alice can iam:*", True, [ALICE], []),
        ("alice cannot iam:*", False, [ALICE], []),
        ("Alice CANNOT iam:*", False, [Named("", "Alice")], []),
        ("role/App-* can iam:*", True, [Named("role", "App-*")], []),
        ("User/alice, group/admins cannot iam:*", False, [Named("user", "alice"), ADMINS], []),
        ("alice and user/bob can iam:*", True, [ALICE, Named("user", "bob")], []),
        ("group/admins,role/a,b can iam:*", True, [ADMINS, Named("role", "a,b")], []),
        ("everybody can iam:*", True, [], []),
        ("everyone cannot iam:*", False, [], []),
        ("nobody can iam:*", False, [], []),
        ("nobody outside group/admins can iam:*", False, [], [ADMINS]),
        ("Nobody except group/admins or role/x can iam:*", False, [], [ADMINS, Named("role", "x")]),
        ("everybody outside alice can iam:*", True, [], [ALICE]),
        ("user/can can iam:*", True, [Named("user", "can")], []),
    ],
)
def test_a_sentence_is_about_whom_it_names(
    text: str, subjects: list[Named], outside: list[Named], *, allowed: bool
) -> None:
    found = read(text)
    assert (found.allowed, list(found.subjects), list(found.outside)) == (allowed, subjects, outside)


@pytest.mark.parametrize(
    ("text", "actions", "resources"),
    [
        ("s3:GetObject", ["s3:GetObject"], ["*"]),
        ("*", ["*"], ["*"]),
        ("s3:Get*, s3:Put*", ["s3:Get*", "s3:Put*"], ["*"]),
        ("s3:Get*,s3:Put*", ["s3:Get*", "s3:Put*"], ["*"]),
        ("s3:Get*, s3:Put* and s3:List?", ["s3:Get*", "s3:Put*", "s3:List?"], ["*"]),
        ("s3:GetObject on *", ["s3:GetObject"], ["*"]),
        ("s3:GetObject on arn:aws:s3:::b/*", ["s3:GetObject"], ["arn:aws:s3:::b/*"]),
        (
            "s3:GetObject on arn:aws:s3:::b/x,y, arn:aws:s3:::c",
            ["s3:GetObject"],
            ["arn:aws:s3:::b/x,y", "arn:aws:s3:::c"],
        ),
        ('s3:GetObject on "arn:aws:s3:::b/a file"', ["s3:GetObject"], ["arn:aws:s3:::b/a file"]),
    ],
)
def test_actions_and_resources_are_globs_in_lists(text: str, actions: list[str], resources: list[str]) -> None:
    found = read(f"alice can {text}")
    assert (list(found.actions), list(found.resources)) == (actions, resources)


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("aws:RequestedRegion = eu-west-1", {"aws:RequestedRegion": "eu-west-1"}),
        ("aws:RequestedRegion=eu-west-1", {"aws:RequestedRegion": "eu-west-1"}),
        ("aws:RequestedRegion =eu-west-1", {"aws:RequestedRegion": "eu-west-1"}),
        ("aws:a = 1 and aws:b = 2", {"aws:a": "1", "aws:b": "2"}),
        ('aws:RequestTag/team = "my team and = more"', {"aws:RequestTag/team": "my team and = more"}),
        ('aws:RequestTag/team="and"', {"aws:RequestTag/team": "and"}),
        ("aws:TagKeys = a, b", {"aws:TagKeys": ("a", "b")}),
        ("aws:x = a=b", {"aws:x": "a=b"}),
        ('aws:x = ""', {"aws:x": ""}),
    ],
)
def test_a_condition_gives_a_key_its_value(text: str, context: dict[str, object]) -> None:
    assert read(f"alice can s3:GetObject on arn:aws:s3:::b/* when {text}").context == context


WORDS = st.sampled_from(
    [
        "alice",
        "role/x*",
        "nobody",
        "everybody",
        "outside",
        "can",
        "cannot",
        "not",
        "s3:*",
        "s3:Get,",
        ",",
        "on",
        "*",
        "and",
        "or",
        "when",
        "if",
        "aws:x",
        "=",
        "aws:y=1",
        '"',
        '"a b"',
        "==",
        "arn:aws:s3:::b",
        "b,c",
        "group/a,role/b",
        "é",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40))
def test_every_text_is_a_sentence_or_is_told_what_is_wrong_with_it(text: str) -> None:
    faults: list[tuple[str, str]] = []
    found = read_sentence(text, KINDS, lambda what, remedy: faults.append((what, remedy)))
    assert (found is None) is bool(faults)
    assert all(what for what, _ in faults)
    if found is not None:
        assert found.actions
        assert found.resources
        words = text.lower().split()
        verb = next(word for word in words if word in {"can", "cannot"})
        assert found.allowed is (verb == "can" and words[0] != "nobody")


def loaded(folder: Path, text: str, settings: str = 'account: "123456789012"') -> Source:
    (folder / "reconciler.yaml").write_text(f"version: 1\n{settings}\n", "utf-8")
    (folder / "a.yaml").write_text(text, "utf-8")
    return load(folder)


def test_a_document_of_expectations_declares_nothing_and_keeps_the_place_of_every_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = """\
kind: expectation
name: safe
allow_undecided: True
expect:
  - nobody can iam:*
  - >-
    nobody can
    s3:GetObject on arn:{{ partition }}:s3:::{{ region }}-{{ account_id }}/*
"""
    desired = loaded(Path(), text).build(ACCOUNT, TODAY)

    assert not desired.declared
    assert desired.expectations == (
        Expectation(
            "nobody can iam:*", Origin("a.yaml", 5, 5), "safe", allowed=False, actions=("iam:*",), allow_undecided=True
        ),
        Expectation(
            text="nobody can s3:GetObject on arn:aws:s3:::eu-west-1-123456789012/*",
            origin=Origin("a.yaml", 6, 5),
            document="safe",
            allowed=False,
            actions=("s3:GetObject",),
            resources=("arn:aws:s3:::eu-west-1-123456789012/*",),
            allow_undecided=True,
        ),
    )


def test_sentences_are_for_the_accounts_that_their_document_names(tmp_path: Path) -> None:
    settings = 'accounts: {prod: {id: "123456789012"}, dev: {id: "210987654321"}}'
    text = "kind: expectation\nname: x\naccounts: [dev]\nexpect: [nobody can iam:*]\n"
    source = loaded(tmp_path, text, settings)

    assert source.check(TODAY) == ()
    assert not source.build(ACCOUNT, TODAY).expectations
    assert len(source.build(Account("210987654321"), TODAY).expectations) == 1
    with pytest.raises(InputError, match="unknown account `devv`; did you mean dev"):
        loaded(tmp_path, text.replace("[dev]", "[devv]"), settings).check(TODAY)


@pytest.mark.parametrize(
    ("sentence", "warning"),
    [
        ("bob can iam:*", "bob is not declared, so only the account tells who that is"),
        ("alice cannot zzzz:Frobnicate", "no action `zzzz:Frobnicate` is known; the catalogue is of "),
        (
            "alice cannot s3:DeleteObject on arn:aws:s3:::prod",
            "s3:DeleteObject cannot act on `arn:aws:s3:::prod`, so this says nothing; write a resource such as arn:",
        ),
        ("alice cannot s3:ListAllMyBuckets on arn:aws:s3:::prod", "so this says nothing; leave the resource away"),
    ],
)
def test_what_may_be_a_slip_is_a_warning(sentence: str, warning: str, tmp_path: Path) -> None:
    text = f'kind: expectation\nname: x\nexpect: ["{sentence}"]\n---\nkind: user\nname: alice\n'
    (found,) = loaded(tmp_path, text).check(TODAY)
    assert warning in str(found)


@pytest.mark.parametrize(
    "more",
    [
        "kind: user\nname: bob\n",
        "kind: user\nname: bob\nstate: absent\n",
        "kind: user\nname: bob\nstate: unmanaged\nreason: gone\n",
    ],
)
def test_whoever_the_documents_speak_of_may_be_named(more: str, tmp_path: Path) -> None:
    text = f"kind: expectation\nname: x\nexpect: [bob cannot iam:*, user/b* cannot iam:*]\n---\n{more}"
    assert loaded(tmp_path, text).check(TODAY) == ()


def test_whoever_is_ignored_may_be_named(tmp_path: Path) -> None:
    text = "kind: expectation\nname: x\nexpect: [role/vendor-scan cannot iam:*]\n"
    assert loaded(tmp_path, text, 'account: "123456789012"\nignore: [role/vendor-*]').check(TODAY) == ()
