from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents import AccountEntry, Source, load
from reconciler.errors import Fault, InputError, WrongAccountError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Context, Declared, Desired, Document, Parsed

TODAY = dt.date(2026, 6, 1)
ID = "012345670123"
ACCOUNT = Account(ID, region="eu-west-1")
SETTINGS = f"version: 1\naccount: {ID}\n"
STATEMENT = "{Effect: Allow, Action: execute-api:Invoke, Resource: '*'}"
POLICY = f"{{Version: 2012-10-17, Statement: {STATEMENT}}}"

Write = Callable[..., Source]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what writes files (``a__yaml`` for ``a.yaml``) below the current directory and loads them."""
    monkeypatch.chdir(tmp_path)

    def writes(settings: str | None = SETTINGS, **files: str) -> Source:
        folder = tmp_path / "state"
        folder.mkdir(exist_ok=True)
        if settings is not None:
            (folder / "reconciler.yaml").write_text(settings)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        return load(Path("state"))

    return writes


def one(desired: Desired, kind: str, name: str) -> Declared:
    return desired.declared[Address(kind, name)]


def faults(source: Source) -> list[str]:
    with pytest.raises(InputError) as caught:
        source.check(TODAY)
    return [str(fault) for fault in caught.value.faults]


def test_the_accounts_are_those_of_the_settings(write: Write) -> None:
    text = "version: 1\naccounts:\n  prod: {id: 012345670123}\n  cn: {id: '210987654321', partition: aws-cn}\n"
    source = write(text)

    assert source.accounts == (AccountEntry("prod", ID), AccountEntry("cn", "210987654321", "aws-cn"))
    assert source.entry("210987654321").name == "cn"
    with pytest.raises(WrongAccountError) as caught:
        source.entry("111111111111")
    assert str(caught.value) == (
        "the credentials belong to account 111111111111, but state/reconciler.yaml:2 names prod (012345670123) and "
        "cn (210987654321); use other credentials or add the account"
    )


def test_the_shorthand_names_one_account_without_a_name(write: Write) -> None:
    source = write()

    assert source.accounts == (AccountEntry(None, ID),)
    with pytest.raises(WrongAccountError, match=r"state/reconciler\.yaml:2 names 012345670123;"):
        source.build(Account("111111111111"), TODAY)


def test_another_partition_than_the_settings_say_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="set `partition: aws-cn` there"):
        write().build(Account(ID, "aws-cn"), TODAY)


@pytest.mark.parametrize("name", ["missing", "file.yaml"])
def test_a_directory_that_is_none_is_told_when_it_is_used(name: str, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").touch()
    source = load(tmp_path / name)

    assert source.accounts == ()
    for use in (lambda: source.check(TODAY), lambda: source.build(ACCOUNT, TODAY), lambda: source.entry(ID)):
        with pytest.raises(InputError, match="the directory of the documents"):
            use()


def test_an_empty_directory_is_no_wish_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no YAML documents"):
        load(tmp_path).build(ACCOUNT, TODAY)


def test_files_below_the_current_directory_are_named_from_there_and_others_as_given(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(a__yaml="kind: user\nname: a b\n")

    assert faults(load(Path("state")))[0].startswith("state/a.yaml:2:1: ")
    assert faults(load(tmp_path / "state"))[0].startswith("state/a.yaml:2:1: ")
    monkeypatch.chdir(tmp_path / "state")
    assert faults(load(Path()))[0].startswith("a.yaml:2:1: ")
    assert faults(load(Path("../state")))[0].startswith("a.yaml:2:1: ")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert faults(load(Path("../state")))[0].startswith("../state/a.yaml:2:1: ")


def test_hidden_files_and_folders_are_skipped_and_both_suffixes_read(write: Write, tmp_path: Path) -> None:
    write(a__YML="kind: user\nname: a\n", **{".b__yaml": "- no", "c__txt": "- no"})
    for folder in (".git", "deep/er"):
        (tmp_path / "state" / folder).mkdir(parents=True)
    (tmp_path / "state/.git/x.yaml").write_text("- no")
    (tmp_path / "state/deep/er/b.yaml").write_text("kind: user\nname: b\n")

    assert list(map(str, load(Path("state")).build(ACCOUNT, TODAY).declared)) == ["user/a", "user/b"]


def test_links_that_leave_the_directory_are_refused_and_others_followed(write: Write, tmp_path: Path) -> None:
    write(a__yaml="kind: user\nname: a\n")
    state = tmp_path / "state"
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.yaml").write_text("kind: user\nname: x\n")
    (state / "folder").symlink_to(tmp_path / "outside")
    (state / "x.yaml").symlink_to(tmp_path / "outside/x.yaml")
    (state / "gone.yaml").symlink_to("nowhere.yaml")
    (state / ".data").mkdir()
    (state / "a.yaml").rename(state / ".data/a.yaml")
    (state / "a.yaml").symlink_to(".data/a.yaml")
    (state / "far.yaml").symlink_to(tmp_path / "nowhere/far.yaml")
    (state / "itself").symlink_to(".")
    (state / "round.yaml").symlink_to("round.yaml")

    remedy = "check that it exists and may be read"
    assert faults(load(Path("state"))) == [
        "state/far.yaml: this link leads out of the directory of the documents; put the file itself there",
        "state/folder: this link leads out of the directory of the documents; put the file itself there",
        f"state/gone.yaml: the file cannot be read: no such file or directory; {remedy}",
        f"state/round.yaml: the file cannot be read: too many levels of symbolic links; {remedy}",
        "state/x.yaml: this link leads out of the directory of the documents; put the file itself there",
    ]
    for name in ("far.yaml", "folder", "gone.yaml", "round.yaml", "x.yaml"):
        (state / name).unlink()
    assert list(map(str, load(Path("state")).build(ACCOUNT, TODAY).declared)) == ["user/a"]


def test_files_that_are_no_text_are_refused(write: Write, tmp_path: Path) -> None:
    write()
    state = tmp_path / "state"
    (state / "latin.yaml").write_bytes(b"kind: user\nname: zo\xeb\n")
    (state / "utf16.yaml").write_bytes("kind: user\n".encode("utf-16"))
    (state / "large.yaml").write_bytes(b"#" * 5_000_001)
    os.mkfifo(state / "pipe.yaml")

    large = "state/large.yaml: the file has 5,000,001 bytes; 5,000,000 is the most that is read"
    assert faults(load(Path("state"))) == [
        f"{large}; split it into several files",
        "state/latin.yaml:2:9: the byte 0xEB is not UTF-8; save the file as UTF-8",
        "state/pipe.yaml: this is no regular file; put a file there",
        "state/utf16.yaml:1:1: the byte 0xFF is not UTF-8; save the file as UTF-8",
    ]


def test_a_byte_order_mark_is_no_text(write: Write, tmp_path: Path) -> None:
    write()
    (tmp_path / "state/a.yaml").write_bytes(b"\xef\xbb\xbfkind: user\r\nname: a\r\n")

    assert str(one(load(Path("state")).build(ACCOUNT, TODAY), "user", "a").at("name")) == "state/a.yaml:2:1"


def test_what_people_write_in_good_faith_means_what_they_meant(write: Write) -> None:
    text = f"""\
kind: user
name: 123
groups: [on, NO]
tags: {{time: 1:20, big: 1e3, flag: True, octal: 0777, date: 2026-01-01, none: , yes: no}}
inline_policies:
  0x1F: {{Version: 2012-10-17, Statement: [{STATEMENT}]}}
---
kind: group
name: on
---
kind: group
name: NO
---
kind: role
name: app
service: lambda
max_session_duration: 7200
trust_:
"""
    desired = write(a__yaml=text.replace("trust_:\n", "")).build(ACCOUNT, TODAY)

    user = one(desired, "user", "123").resource
    assert list(user.groups) == ["on", "NO"]
    assert user.tags == {
        "time": "1:20", "big": "1e3", "flag": "True", "octal": "0777", "date": "2026-01-01", "none": "", "yes": "no",
    }  # fmt: skip
    assert user.inline_policies["0x1F"]["Version"] == "2012-10-17"
    assert one(desired, "role", "app").resource.max_session_duration == 7200
    assert desired.account.id == "012345670123"


def test_what_stands_in_a_document_counts_as_given_null_included(write: Write) -> None:
    text = "kind: role\nname: a\nservice: lambda\ntags:\npermissions_boundary: null\npolicies: []\nreplace: True\n"
    declared = one(write(a__yaml=text).build(ACCOUNT, TODAY), "role", "a")

    assert declared.given - {"trust"} == {"tags", "permissions_boundary", "policies"}
    assert declared.replace
    assert declared.state == "present"
    assert str(declared.at("tags")) == "state/a.yaml:4:1"


def test_the_envelope_is_told_beside_the_resource(write: Write) -> None:
    text = """\
kind: user
name: b
renamed_from: a
manage: {policies: additive, tags: ignore}
policies: [{policy: ReadOnlyAccess, until: 2026-05-31}, {policy: ViewOnlyAccess, state: absent}, customer/x]
---
kind: user
name: gone
state: absent
---
kind: role
name: theirs
state: unmanaged
reason: moved to the network team
"""
    desired = write(a__yaml=text).build(ACCOUNT, TODAY)

    user, gone, theirs = one(desired, "user", "b"), one(desired, "user", "gone"), one(desired, "role", "theirs")
    assert (user.renamed_from, user.manage) == ("a", {"policies": "additive", "tags": "ignore"})
    assert set(user.resource.policies) == {"customer/x"}
    assert user.dropped["policies"] == {"ReadOnlyAccess", "ViewOnlyAccess"}
    assert (gone.state, gone.resource) == ("absent", None)
    assert (theirs.state, theirs.reason, theirs.resource) == ("unmanaged", "moved to the network team", None)


def test_an_item_holds_through_its_day(write: Write) -> None:
    source = write(a__yaml="kind: user\nname: a\npolicies: [{policy: ReadOnlyAccess, until: 2026-06-01}]\n")

    assert one(source.build(ACCOUNT, TODAY), "user", "a").resource.policies
    assert not one(source.build(ACCOUNT, TODAY + dt.timedelta(1)), "user", "a").resource.policies


def test_documents_are_for_the_accounts_that_they_name_with_their_variables(write: Write) -> None:
    settings = """\
version: 1
accounts:
  prod: {id: 012345670123, variables: {stage: live}}
  dev: {id: 210987654321}
variables: {stage: test, readers: [alice]}
owner: "iam-{{ stage }}"
ignore: ["role/{{ stage }}-*", {match: user/x, until: 2026-06-01}]
keep: ["*/{{ stage }}-*"]
ignore_tags: [cost]
"""
    text = """\
kind: user
name: alice
---
kind: user
name: prod-only
accounts: [prod]
---
kind: group
name: readers-{{ stage }}
members: ["{{ readers }}", "bob-{{ stage }}"]
"""
    source = write(settings, a__yaml=text)

    prod, dev = source.build(ACCOUNT, TODAY), source.build(Account("210987654321"), TODAY)

    assert list(map(str, prod.declared)) == ["group/readers-live", "user/alice", "user/prod-only"]
    assert list(map(str, dev.declared)) == ["group/readers-test", "user/alice"]
    assert list(one(dev, "group", "readers-test").resource.members) == ["alice", "bob-test"]
    assert (prod.settings.owner, dev.settings.owner) == ("iam-live", "iam-test")
    assert [rule.match for rule in dev.settings.ignore] == ["role/test-*", "user/x"]
    assert str(dev.settings.ignore[1].origin) == "state/reconciler.yaml:7:32"
    assert (dev.settings.keep, dev.settings.ignore_tags) == (("*/test-*",), ("cost",))
    assert not dev.settings.prune


def test_the_region_is_the_settings_own_or_the_callers(write: Write) -> None:
    text = "kind: user\nname: a\ntags: {region: '{{ region }}', account: '{{ account_id }}'}\n"

    callers = one(write(a__yaml=text).build(ACCOUNT, TODAY), "user", "a")
    source = write(SETTINGS + "variables: {region: eu-north-1}\n", a__yaml=text)

    assert callers.resource.tags == {"region": "eu-west-1", "account": ID}
    assert one(source.build(ACCOUNT, TODAY), "user", "a").resource.tags["region"] == "eu-north-1"
    assert source.check(TODAY) == ()
    assert write(a__yaml=text).check(TODAY, "us-east-1") == ()


def test_a_json_file_is_the_document_and_its_nodes_stand_there(write: Write) -> None:
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["{{ l }}"], "Resource": "*"}]}
    text = "kind: policy\nname: a\ndocument_file: ./doc.json\n---\nkind: policy\nname: b\ndocument_file: doc.json\n"
    source = write(
        SETTINGS + "variables: {l: [s3:GetObject, s3:ListBucket]}\n",
        a__yaml=text,
        doc__json=json.dumps(content, indent=1),
    )

    declared = one(source.build(ACCOUNT, TODAY), "policy", "a")

    assert declared.resource.document["Statement"][0]["Action"] == ["s3:GetObject", "s3:ListBucket"]
    assert "document" in declared.given
    assert str(declared.at("document", "Statement", 0, "Effect")) == "state/doc.json:5:4"
    assert str(declared.at("document", "Statement", 0, "Action", 1)) == "state/doc.json:7:5"
    assert str(declared.at("name")) == "state/a.yaml:2:1"


def test_warnings_tell_what_only_the_account_knows_and_what_has_run_out(write: Write) -> None:
    settings = SETTINGS + "ignore: [{match: role/x-*, until: 2026-05-31}, user/tomb]\n"
    text = """\
kind: user
name: alice
policies: [ours-of-old, customer/ours, {policy: ReadOnlyAcces, state: absent}]
---
kind: user
name: tomb
state: absent
---
kind: role
name: x-1
service: lambda
"""
    source = write(settings, a__yaml=text)

    warnings = [str(warning) for warning in source.check(TODAY)]

    assert [warning.partition(": ")[0] for warning in warnings] == [
        "state/a.yaml:3:12", "state/a.yaml:3:40", "state/a.yaml:6:1", "state/reconciler.yaml:3:10",
    ]  # fmt: skip
    assert "'ours-of-old'" in warnings[0]
    assert "user/tomb is not deleted" in warnings[2]
    assert "the ignore rule for role/x-* ended on 2026-05-31" in warnings[3]
    assert source.build(ACCOUNT, TODAY).warnings == source.check(TODAY)


def test_what_is_left_to_others_need_not_be_declared(write: Write) -> None:
    text = """\
kind: policy
name: orders-api
document: {Version: 2012-10-17, Statement: {Effect: Allow, Action: s3:ListBucket, Resource: "*"}}
---
kind: policy
name: order-api
state: unmanaged
reason: theirs
---
kind: user
name: alice
policies: [orders-apis, order-api]
"""
    assert write(SETTINGS + "ignore: [policy/*-apis]\n", a__yaml=text).check(TODAY) == ()


def test_a_name_may_be_spelled_anew_by_a_rename(write: Write) -> None:
    desired = write(a__yaml="kind: user\nname: Alice\nrenamed_from: alice\n").build(ACCOUNT, TODAY)

    assert one(desired, "user", "alice").renamed_from == "alice"


def test_every_fault_of_every_account_is_told_once(write: Write) -> None:
    settings = "version: 1\naccounts: {a: {id: 111111111111}, b: {id: 222222222222}}\n"
    text = "kind: user\nname: a b\n---\nkind: user\nname: c\naccounts: [b]\npath: x\n"

    assert [fault.partition(": ")[0] for fault in faults(write(settings, a__yaml=text))] == [
        "state/a.yaml:2:1", "state/a.yaml:7:1",
    ]  # fmt: skip


def test_an_injected_kind_is_parsed_with_its_positions(write: Write) -> None:
    seen: list[tuple[Document, Context]] = []

    def parse(document: Document, context: Context) -> Parsed[Any] | None:
        seen.append((document, context))
        context.report(("groups", 1), "no good", "try another")
        return None

    kind = dataclasses.replace(KINDS["user"], parse=parse, facets=())
    write(a__yaml="kind: user\nname: a\ngroups:\n  - x\n  - y\n")

    with pytest.raises(InputError) as caught:
        load(Path("state"), {"user": kind}).build(ACCOUNT, TODAY)

    assert str(caught.value) == "state/a.yaml:5:5: no good; try another"
    assert seen[0][0].data == {"kind": "user", "name": "a", "groups": ["x", "y"]}
    assert (seen[0][1].account, seen[0][1].today) == (ACCOUNT, TODAY)


NAMES = ["ann", "Bob", "cid"]
GROUPS = ["ops", "Dev"]
KEYS: st.SearchStrategy[Mapping[str, Any]] = st.fixed_dictionaries(
    {
        "groups": st.dictionaries(st.sampled_from(NAMES), st.none() | st.lists(st.sampled_from([*GROUPS, "OPS"]))),
        "members": st.dictionaries(st.sampled_from(GROUPS), st.none() | st.lists(st.sampled_from([*NAMES, "BOB"]))),
    }
)


@given(keys=KEYS)
def test_memberships_follow_their_law(keys: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("state")
    documents: list[dict[str, Any]] = []
    for kind, (field, names) in {"user": ("groups", keys["groups"]), "group": ("members", keys["members"])}.items():
        documents += [
            {"kind": kind, "name": name} | ({} if listed is None else {field: listed}) for name, listed in names.items()
        ]
    for number, document in enumerate([{"version": 1, "account": ID}, *documents]):
        (folder / f"{number}.yaml").write_text(json.dumps(document))

    def says(own: list[str] | None, name: str) -> bool | None:
        return None if own is None else name.lower() in {each.lower() for each in own}

    wanted: dict[str, set[str]] = {}
    agree = True
    for user, groups in keys["groups"].items():
        undeclared = {group.lower() for group in groups or ()} - {group.lower() for group in keys["members"]}
        wanted[user] = undeclared
        for group, members in keys["members"].items():
            ends = {end for end in (says(groups, group), says(members, user)) if end is not None}
            agree = agree and len(ends) < 2
            if True in ends:
                wanted[user].add(group.lower())

    source = load(folder)
    if not agree:
        assert all("leaves" in fault for fault in faults(source))
        return
    desired = source.build(ACCOUNT, TODAY)
    for user, groups in wanted.items():
        declared = one(desired, "user", user)
        assert {group.lower() for group in declared.resource.groups} == groups
        assert "groups" in declared.given
    for group, members in keys["members"].items():
        assert ("members" in one(desired, "group", group).given) == (members is not None)


@given(order=st.permutations(range(8)), split=st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_neither_files_nor_their_order_show(
    order: list[int], split: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    documents = [
        "version: 1\naccount: 012345670123\nvariables: {x: [c]}\n",
        "kind: user\nname: a\ngroups: [g]\n",
        "kind: user\nname: B\nstate: absent\n",
        "kind: user\nname: c\npolicies: [p]\n",
        "kind: group\nname: g\nmembers: [a]\n",
        "kind: group\nname: h\nmembers: ['{{ x }}']\n",
        f"kind: policy\nname: p\ndocument: {POLICY}\n",
        "kind: role\nname: r\nservice: lambda\n",
    ]

    def built(files: Mapping[str, list[str]]) -> list[tuple[Any, ...]]:
        folder = tmp_path_factory.mktemp("state")
        for name, texts in files.items():
            (folder / name).write_text("---\n".join(texts))
        desired = load(folder).build(ACCOUNT, TODAY)
        return [(str(address), one.resource, one.state, one.given) for address, one in desired.declared.items()]

    files: dict[str, list[str]] = {}
    for number in order:
        files.setdefault(f"{split[number]}.yaml", []).append(documents[number])

    assert built(files) == built({"all.yaml": documents})


MUTABLE = [
    "version: 1\naccount: 012345670123\nvariables: {x: [c], y: z}\nignore: [role/x-*]\n---\n",
    "kind: user\nname: a\ngroups: [g]\ntags: {a: '{{ y }}'}\npolicies: [{policy: p, until: 2027-01-01}]\n---\n",
    f"kind: policy\nname: p\ndocument: {POLICY}\n---\nkind: role\nname: r\nservice: lambda\n",
]
ODD = [
    "*",
    "&a ",
    "!x ",
    "{{",
    "{{ x }}",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\t",
    "\n---\n",
    ": ",
    "- ",
    "null",
    "state: absent\n",
    "0",
]


@given(data=st.data())
def test_no_mutation_of_the_documents_raises_anything_but_faults(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(MUTABLE)
    for _ in range(data.draw(st.integers(1, 6))):
        begin = data.draw(st.integers(0, len(text)))
        end = min(len(text), begin + data.draw(st.integers(0, 9)))
        text = text[:begin] + data.draw(st.sampled_from(ODD)) + text[end:]
    folder = tmp_path_factory.mktemp("state")
    (folder / "a.yaml").write_text(text)

    source = load(folder)
    told: tuple[Fault, ...] = ()
    try:
        source.check(TODAY, "eu-west-1")
    except InputError as error:
        told = error.faults
    assert all("\n" not in str(fault) for fault in told)


def test_the_examples_of_the_format_page_are_sound(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "format.md"
    examples = page.read_text("utf-8").split("```yaml\n")[1:]

    assert len(examples) == 2
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.yaml").write_text(example.partition("```")[0])
        assert [fault.what for fault in load(folder).check(TODAY) if "'bob'" not in fault.what] == []


def test_a_thousand_objects_are_read_in_less_than_a_second_or_so(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(SETTINGS)
    policies = "".join(
        f"---\nkind: policy\nname: p{n}\ntags: {{team: orders}}\ndocument:\n  Version: 2012-10-17\n  Statement:\n"
        f"    - {STATEMENT}\n    - {STATEMENT.replace('Invoke', 'InvalidateCache')}\n"
        for n in range(500)
    )
    users = "".join(f"---\nkind: user\nname: u{n}\npath: /p/\npolicies: [p{n}, ReadOnlyAccess]\n" for n in range(500))
    (tmp_path / "a.yaml").write_text(policies + users)
    load(tmp_path).check(TODAY)
    begun = os.times().user

    desired = load(tmp_path).build(ACCOUNT, TODAY)

    assert os.times().user - begun < 1.5, "measured: 0.3 s on a quiet core"
    assert len(desired.declared) == 1000
    assert set(KINDS) == {address.kind for address in desired.declared} | {"group", "role"}
