"""The documents of another commit, read from real repositories."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import commit, git, repository

from reconciler.documents import Before, Source, load, read_before
from reconciler.documents.files import LARGEST
from reconciler.errors import InputError
from reconciler.model import Account, Base, Desired, Settings

TODAY = dt.date(2026, 6, 1)
ACCOUNT = Account("012345670123", region="eu-west-1")
SETTINGS = f"version: 1\naccount: {ACCOUNT.id}\n"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "%s"}]}'

Tree = Mapping[str, str | bytes | Path]
"""Paths below the repository's root to texts, bytes, or where a link leads."""


def user(name: str, more: str = "") -> str:
    return f"kind: user\nname: {name}\n{more}"


def put(root: Path, tree: Tree) -> None:
    """Write the files and links."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.symlink_to(content)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def clear(root: Path) -> None:
    for path in root.iterdir():
        if path.name == ".git":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def base(before: Before) -> Base:
    found, faults = before.base(ACCOUNT, TODAY)
    assert found is not None, faults
    return found


def names(before: Before) -> list[str]:
    return [str(address) for address in base(before).desired.declared]


def refusal(source: Source, revision: str) -> str:
    with pytest.raises(InputError) as caught:
        read_before(source, revision)
    return str(caught.value)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty repository, which is the current directory."""
    made = repository(tmp_path / "repo")
    monkeypatch.chdir(made)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return made


@pytest.fixture
def source(root: Path) -> Source:
    """Return the documents of a repository with one commit."""
    put(root, {"state/reconciler.yaml": SETTINGS, "state/a.yaml": user("a")})
    commit(root)
    return checked(Path("state"))


def checked(directory: Path) -> Source:
    """Return the documents of the directory after the checks that every command makes first."""
    found = load(directory)
    found.check(TODAY, "eu-west-1", final=False)
    return found


FILES = ["a.yaml", "b.YML", "deep/c.yaml", "deep/d e\n.yaml", ".hidden/f.yaml", "ünï.yaml", "[g]*.yaml", "notes.txt"]
JSON = ["x.json", "deep/y.json"]
LINKS = ["l.yaml", "deep/m.yml", "deep/n.json", "folder", "o.yaml"]
TARGETS = [
    "a.yaml", "deep/c.yaml", "../a.yaml", "deep/../a.yaml", "../x.json", "y.json", ".hidden/f.yaml", "nowhere.yaml",
    "../state/a.yaml", "../../state/deep/c.yaml", "l.yaml", "m.yml", "o.yaml", "folder/c.yaml", "deep", ".",
]  # fmt: skip
OUTSIDE = ["../outside.yaml", "../../../far.yaml", "/etc/hostname"]


@st.composite
def documents(draw: st.DrawFn, *, sound: bool) -> str | bytes:
    name = draw(st.sampled_from("abcdefgh"))
    files = [*JSON, "y.json", "../x.json", "deep/n.json", "../state/x.json"]
    file = draw(st.sampled_from(files if sound else [*files, "gone.json", "deep/n.json"]))
    good: list[str | bytes] = [
        user(name),
        user(name, "tags: {team: '{{ team }}'}\n"),
        user(name, "inline_policies: {i: " + POLICY % "arn:aws:s3:::{{ account_id }}" + "}\n"),
        f"{user(name)}---\n{user(name + '2', 'state: absent')}",
        f"kind: policy\nname: {name}\ndocument_file: {file}\n",
    ]
    bad: list[str | bytes] = [
        "kind: nonsense\n",
        "kind: [\n",
        "",
        user("a b"),
        user("a", "accounts: [prod]"),
        b"kind: user\nname: \xff\n",
    ]
    return draw(st.sampled_from(good if sound else good + bad))


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | bytes | Path]:
    """Draw what a directory holds; half of them hold faults."""
    sound = draw(st.booleans())
    team = draw(st.sampled_from(["x", "y", "{{ account_id }}"]))
    filled = draw(st.sampled_from(["", "defaults: [{match: 'user/*', tags: {t: '{{ team }}'}, path: /d/}]\n"]))
    settings = f"{SETTINGS}variables: {{team: '{team}'}}\n{filled}"
    found: dict[str, str | bytes | Path] = {"state/reconciler.yaml": settings}
    for name in draw(st.lists(st.sampled_from(FILES), unique=True, max_size=5)):
        found[f"state/{name}"] = draw(documents(sound=sound))
    texts = [POLICY % "*", POLICY % "arn:aws:s3:::{{ team }}"]
    for name in JSON if sound else draw(st.lists(st.sampled_from(JSON), unique=True)):
        found[f"state/{name}"] = draw(st.sampled_from(texts if sound else [*texts, "[]", "{"]))
    if sound:
        found |= {"state/deep/n.json": Path("../../state/x.json"), "state/folder": Path("deep")}
        if draw(st.booleans()):
            found |= {"state/.hidden/f.yaml": user("z"), "state/deep/m.yml": Path("../folder/../.hidden/f.yaml")}
        return found
    for name in draw(st.lists(st.sampled_from(LINKS), unique=True, max_size=3)):
        leads_out = name.endswith((".yaml", ".yml", ".json"))
        found[f"state/{name}"] = Path(draw(st.sampled_from(TARGETS + OUTSIDE * leads_out)))
    return found


def result(source: Source | None, prefix: str = "") -> Any:
    """Return everything that the documents declare, or what is wrong with them; places begin at the root."""

    def place(what: object) -> str:
        return str(what).replace(prefix, "") if prefix else str(what)

    assert source is not None
    try:
        desired = source.build(ACCOUNT, TODAY)
    except InputError as error:
        return sorted(map(place, error.faults))
    declared = [
        (
            str(one.address), place(one.origin), one.resource, one.state, one.given, one.manage, one.dropped,
            one.reason, one.document and one.document.data,
            {path: place(at) for path, at in one.document.positions.items()} if one.document else {},
        )
        for one in desired.declared.values()
    ]  # fmt: skip
    return declared, desired.settings.owner, sorted(map(place, desired.warnings))


@given(before=trees(), edits=trees(), kept=st.booleans())
def test_a_commit_declares_what_its_checkout_declares_whatever_was_changed_since(
    before: Tree, edits: Tree, *, kept: bool
) -> None:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        root = repository(Path(folder) / "repo")
        os.chdir(root)
        try:
            put(root, before)
            name = commit(root)
            expected = result(load(Path("state")))
            if kept:
                changed = {path: content for path, content in edits.items() if path in before}
                for path in changed:
                    (root / path).unlink()
                put(root, changed)
            else:
                clear(root)
                put(root, edits)
            head = load(Path("state"))
            result(head)

            assert result(read_before(head, name).source, f"{name[:8]}:") == expected
        finally:
            os.chdir(here)


def test_what_is_unchanged_is_not_parsed_and_not_prepared_again(root: Path) -> None:
    policy = "kind: policy\nname: {}\ndocument_file: {}.json\n"
    put(root, {f"state/{name}.yaml": user(name, "tags: {t: '{{ region }}'}\n") for name in "abc"})
    put(root, {f"state/{name}.yaml": policy.format(name, name) for name in "xy"})
    put(root, {f"state/{name}.json": POLICY % "*" for name in "xy"})
    put(root, {"state/reconciler.yaml": SETTINGS})
    name = commit(root)
    put(root, {"state/b.yaml": user("b"), "state/y.json": POLICY % "arn:aws:s3:::{{ account_id }}"})
    head = checked(Path("state"))
    now = head.build(ACCOUNT, TODAY)
    before = read_before(head, name)
    then = base(before).desired

    filled: dict[str, set[int]] = {}
    for one in (*now.declared.values(), *then.declared.values()):
        assert one.document is not None
        filled.setdefault(one.address.name, set()).add(id(one.document.data.get("document", one.document.data)))
    assert {name: len(found) for name, found in filled.items()} == {"a": 1, "b": 2, "c": 1, "x": 1, "y": 2}
    assert before.source is not None
    sides = (head.parts, before.source.parts)
    read = {one: {id(side.readings[Path(f"state/{one}.yaml")]) for side in sides} for one in "abx"}
    assert {one: len(found) for one, found in read.items()} == {"a": 1, "b": 2, "x": 1}
    jsons = {one: {id(side.json.known(Path(f"state/{one}.json"))) for side in sides} for one in "xy"}
    assert {one: len(found) for one, found in jsons.items()} == {"x": 1, "y": 2}
    assert {str(one.origin) for one in then.declared.values() if one.address.name == "b"} == {
        f"{name[:8]}:state/b.yaml:1:1"
    }


def test_other_variables_at_the_base_fill_the_same_files_otherwise(root: Path) -> None:
    settings = SETTINGS + "variables: {team: %s}\n"
    put(root, {"state/a.yaml": user("a", "tags: {t: '{{ team }}'}\n"), "state/reconciler.yaml": settings % "old"})
    name = commit(root)
    put(root, {"state/reconciler.yaml": settings % "new"})
    head = checked(Path("state"))

    tags = [
        next(iter(side.declared.values())).resource.tags
        for side in (head.build(ACCOUNT, TODAY), base(read_before(head, name)).desired)
    ]
    assert tags == [{"t": "new"}, {"t": "old"}]


@pytest.mark.parametrize("revision", ["HEAD~1", "v1", "old", "refs/heads/old", "HEAD^{/first}"])
def test_whatever_names_a_commit_is_understood(source: Source, root: Path, revision: str) -> None:
    name = commit(root, "first")
    git(root, "tag", "-a", "v1", "-m", "a tag with a message")
    git(root, "branch", "old")
    put(root, {"state/b.yaml": user("b")})
    commit(root, "second")

    found = read_before(source, revision)
    assert (found.commit.name, names(found)) == (name, ["user/a"])


@pytest.mark.parametrize(
    "revision", ["nope", "-x", "--help", "--all", "HEAD^{tree}", "HEAD:state", "a..b", "^HEAD", "a\n", "\0"]
)
def test_what_names_no_commit_is_an_error(source: Source, revision: str) -> None:
    assert refusal(source, revision).startswith("--base: ")


def test_an_empty_name_is_an_unset_variable(source: Source) -> None:
    assert refusal(source, "") == "--base: it names no commit; is a variable unset?"


def test_an_unknown_name_is_told_with_a_way_to_find_it(source: Source) -> None:
    assert refusal(source, "x y") == (
        "--base: this clone has no commit `x y`; fetch it, or look for it by `git log -1 --end-of-options 'x y'`"
    )


def test_a_name_with_two_meanings_is_refused(source: Source, root: Path) -> None:
    git(root, "branch", "twin")
    put(root, {"state/b.yaml": user("b")})
    commit(root)
    git(root, "tag", "twin")
    git(root, "config", "core.warnAmbiguousRefs", "false")

    assert refusal(source, "twin").startswith("--base: `twin` names more than one commit; write refs/heads/")
    assert names(read_before(source, "refs/heads/twin")) == ["user/a"]


def test_a_shallow_clone_hints_at_its_depth(
    source: Source, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(root, "rev-parse", "HEAD")
    commit(root)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")

    assert "the clone is shallow: fetch more of it, in CI with `fetch-depth: 0`" in refusal(load(Path("state")), first)
    del source


def test_without_a_repository_or_git_base_is_an_error(
    source: Source, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert refusal(source, "HEAD").startswith("--base: it needs git, which cannot be run: there is none; install git")
    monkeypatch.undo()
    monkeypatch.chdir(root)
    shutil.rmtree(root / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root))
    assert refusal(source, "HEAD").startswith("--base: it needs git, and state lies in no repository; clone it")


def test_a_repository_of_somebody_else_is_not_read(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = refusal(source, "HEAD")
    assert "belongs to somebody else" in found
    assert "safe.directory" in found


def test_a_repository_without_a_working_tree_is_no_place_to_work(root: Path, tmp_path: Path) -> None:
    bare = repository(tmp_path / "bare.git", "--bare")
    put(bare, {"state/reconciler.yaml": SETTINGS})
    assert "lies in a repository without a working tree" in refusal(load(bare / "state"), "HEAD")
    put(root, {".git/state/reconciler.yaml": SETTINGS})
    assert "lies in a repository without a working tree" in refusal(load(root / ".git/state"), "HEAD")


def test_a_git_that_hangs_is_given_up(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*words: Any, timeout: float, **_: Any) -> None:
        raise subprocess.TimeoutExpired(words, timeout)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert refusal(source, "HEAD") == "--base: git does not answer within 60 seconds; look for what holds it up"


def test_a_directory_that_the_commit_lacks_declares_nothing(source: Source, root: Path) -> None:
    git(root, "mv", "state", "moved")
    found = read_before(load(Path("moved")), "HEAD")
    assert found.source is None
    assert base(found) == Base(found.commit.name, Desired(ACCOUNT, Settings(), {}, TODAY))
    del source


def test_an_account_that_the_settings_did_not_name_was_declared_nothing(root: Path) -> None:
    put(root, {"state/reconciler.yaml": 'version: 1\naccount: "111111111111"\n', "state/a.yaml": user("a")})
    commit(root)
    put(root, {"state/reconciler.yaml": SETTINGS})
    found = read_before(checked(Path("state")), "HEAD")
    assert base(found) == Base(found.commit.name, Desired(ACCOUNT, Settings(), {}, TODAY))


def test_documents_that_were_wrong_give_no_base_but_their_faults(root: Path) -> None:
    put(root, {"state/reconciler.yaml": SETTINGS, "state/a.yaml": "kind: thing\n"})
    name = commit(root)
    put(root, {"state/a.yaml": user("a")})
    found, faults = read_before(checked(Path("state")), name).base(ACCOUNT, TODAY)
    assert found is None
    assert [fault.place for fault in faults] == [f"{name[:8]}:state/a.yaml:1:1"]


PLACES = [
    pytest.param("state", (), id="a folder"),
    pytest.param(".", (), id="the root"),
    pytest.param("a b/ü\n[x]*/-state", (), id="odd names"),
    pytest.param("state", ("--object-format=sha256",), id="SHA-256"),
]


@pytest.mark.parametrize(("folder", "options"), PLACES)
@pytest.mark.parametrize("way", ["relative", "absolute", "from elsewhere", "a worktree", "within a hook"])
def test_the_directory_is_found_wherever_it_is_and_however_it_is_named(
    folder: str, options: tuple[str, ...], way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "re po", *options)
    put(root, {f"{folder}/reconciler.yaml": SETTINGS, f"{folder}/d/a.yaml": user("a"), "other/b.yaml": "- b"})
    put(root, {f"{folder}-2/c.yaml": "- c"} if folder != "." else {})
    if folder == ".":
        shutil.rmtree(root / "other")
    name = commit(root)
    if way == "a worktree":
        git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
        root = tmp_path / "tree"
    put(root, {f"{folder}/d/a.yaml": user("b")})
    monkeypatch.chdir(tmp_path if way == "from elsewhere" else root)
    if way == "within a hook":
        monkeypatch.setenv("GIT_DIR", ".git")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    directory = {"absolute": root / folder, "from elsewhere": Path(root.name, folder)}.get(way, Path(folder))

    found = base(read_before(checked(directory), name))
    assert list(map(str, found.desired.declared)) == ["user/a"]
    path = os.path.normpath(f"{folder}/d/a.yaml")
    assert str(next(iter(found.desired.declared.values())).origin) == f"{name[:8]}:{path}:1:1"
    assert found.commit == name


def test_a_link_within_the_repository_is_no_way_to_the_directory(source: Source, root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to("state")
    assert refusal(load(Path("link")), "HEAD").endswith(
        "link is a link within a repository; name the folder that it leads to"
    )
    (tmp_path / "way").symlink_to(root)
    assert names(read_before(load(tmp_path / "way/state"), "HEAD")) == ["user/a"]
    del source


@pytest.mark.parametrize("link", ["state", "up"])
def test_a_directory_that_was_a_link_gives_no_base(link: str, root: Path) -> None:
    put(root, {"real/state/reconciler.yaml": SETTINGS, link: Path("real/state" if link == "state" else "real")})
    name = commit(root)
    (root / link).unlink()
    directory = Path("state" if link == "state" else "up/state")
    put(root, {f"{directory}/reconciler.yaml": SETTINGS, f"{directory}/a.yaml": user("a")})
    found, faults = read_before(checked(directory), name).base(ACCOUNT, TODAY)
    assert found is None
    assert f"{name[:8]}:{link}: the directory of the documents is no folder there" in str(faults[0])


def test_what_is_too_large_or_no_text_is_a_fault_of_the_base(source: Source, root: Path) -> None:
    put(root, {"state/large.yaml": b"#" * (LARGEST + 1), "state/bytes.yaml": b"# \xff\n"})
    name = commit(root)
    for path in (root / "state/large.yaml", root / "state/bytes.yaml"):
        path.unlink()
    found, faults = read_before(source, name).base(ACCOUNT, TODAY)
    remedy = "split it into several files"
    assert found is None
    assert [str(fault) for fault in faults] == [
        f"{name[:8]}:state/bytes.yaml:1:3: the byte 0xFF is not UTF-8; save the file as UTF-8",
        f"{name[:8]}:state/large.yaml: the file has 5,000,001 bytes; 5,000,000 is the most that is read; {remedy}",
    ]


def test_submodules_are_left_out(source: Source, root: Path) -> None:
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},state/module.yaml")
    git(root, "commit", "-q", "-m", "a submodule")
    assert names(read_before(source, "HEAD")) == ["user/a"]


def test_replaced_objects_count_for_nothing(source: Source, root: Path) -> None:
    name = git(root, "rev-parse", "HEAD")
    put(root, {"state/b.yaml": user("b")})
    git(root, "replace", name, commit(root))
    assert names(read_before(source, name)) == ["user/a"]


class Trap:
    """A program that notes that it was run."""

    def __init__(self, folder: Path) -> None:
        self.marker = folder / "was run"
        self.path = folder / "trap"
        self.path.write_text(f'#!/bin/sh\necho "$0 $@" >> "{self.marker}"\n')
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def sprung(self) -> bool:
        """Return whether it was run, and forget it."""
        found = self.marker.exists()
        self.marker.unlink(missing_ok=True)
        return found


def test_no_program_that_a_repository_names_is_ever_run(source: Source, root: Path, tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    put(root, {"state/.gitattributes": "* filter=trap diff=trap merge=trap\n"})
    name = commit(root)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "pager.ls-tree", "pager.cat-file", "pager.rev-parse", "credential.helper",
        "filter.trap.smudge", "filter.trap.clean", "filter.trap.process", "diff.trap.textconv", "diff.trap.command",
        "diff.external", "merge.trap.driver", "alias.ls-tree", "alias.cat-file", "alias.rev-parse",
    ):  # fmt: skip
        git(root, "config", key, f"{'!' * key.startswith('alias')}{trap.path}")
    git(root, "config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"):
        shutil.copy(trap.path, tmp_path / "hooks" / hook)
    put(root, {"state/a.yaml": user("a2")})
    git(root, "status", check=False)
    assert trap.sprung()

    assert names(read_before(checked(Path("state")), name)) == ["user/a"]
    assert not trap.sprung()
    del source


def test_a_clone_that_lacks_files_is_told_of_and_nothing_is_fetched(
    source: Source, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(root, "rev-parse", "HEAD")
    put(root, {"state/a.yaml": user("a2")})
    commit(root)
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{root}", "partial")
    trap, partial = Trap(tmp_path), tmp_path / "partial"
    git(partial, "config", "remote.origin.uploadpack", str(trap.path))
    git(partial, "cat-file", "-p", f"{first}:state/a.yaml", check=False)
    assert trap.sprung()
    monkeypatch.chdir(partial)
    head = checked(Path("state"))

    assert names(read_before(head, "HEAD")) == ["user/a2"]
    assert refusal(head, first).startswith(
        "--base: this clone lacks a part of that commit, and nothing is fetched here;"
    )
    assert not trap.sprung()
    del source
