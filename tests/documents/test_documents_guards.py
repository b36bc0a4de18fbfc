"""What the documents say of ownership and guards: settings, defaults, exceptions, holds."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.repositories import commit, repository

from reconciler.documents import Source, load, read_before
from reconciler.model import (
    GUARDS,
    Account,
    Address,
    Consent,
    Declared,
    Desired,
    Hold,
    Limit,
    Origin,
    Requirement,
    Roles,
    Rule,
)
from reconciler.plan.basis import basis_of

TODAY = dt.date(2026, 6, 1)
ID = "123456789012"
SETTINGS = f"version: 1\naccount: {ID}\n"
NARROW = "remove the hold, or narrow the rule"

Load = Callable[..., Source]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return what writes the settings and documents below the current directory and loads them."""
    monkeypatch.chdir(tmp_path)

    def loads(settings: str, documents: str = "") -> Source:
        Path("s.yaml").write_text(settings)
        Path("d.yaml").write_text(documents)
        return load(Path())

    return loads


def built(source: Source, account: str = ID) -> Desired:
    return source.build(Account(account, region="eu-west-1"), TODAY)


def one(desired: Desired, kind: str, name: str) -> Declared:
    return desired.declared[Address(kind, name)]


def test_the_settings_of_guards_are_read_with_their_places(loaded: Load) -> None:
    settings = built(
        loaded(
            "version: 1\n"
            "accounts: {prod: {id: '123456789012'}, dev: {id: '210987654321'}}\n"
            "variables: {days: 2026-12-31, most: 7}\n"
            "roles: {plan: role/iam-plan, apply: User/CI, recover: [role/break-glass, user/root-a]}\n"
            "protect: [role/break-glass, {match: '*/audit-*', reason: theirs, until: '{{ days }}'}]\n"
            "limits:\n"
            "  delete: {count: 0, percent: 20}\n"
            "  trust: {count: '{{ most }}'}\n"
            "require: [{match: role/app-*, fields: [permissions_boundary, tags]}]\n",
            "kind: group\nname: g\n",
        )
    ).settings

    roles = (Address("role", "iam-plan"), Address("user", "CI"))
    recover = (Address("role", "break-glass"), Address("user", "root-a"))
    assert settings.roles == Roles(*roles, recover, Origin("s.yaml", 4, 1))
    assert settings.protect == (
        Rule("role/break-glass", None, None, Origin("s.yaml", 5, 11)),
        Rule("*/audit-*", "theirs", dt.date(2026, 12, 31), Origin("s.yaml", 5, 29)),
    )
    assert settings.limits == {
        "delete": Limit(0, 20, Origin("s.yaml", 7, 3)),
        "trust": Limit(7, None, Origin("s.yaml", 8, 3)),
    }
    fields = ("permissions_boundary", "tags")
    assert settings.require == (Requirement("role/app-*", fields, Origin("s.yaml", 9, 11)),)
    assert settings.accounts == {"123456789012", "210987654321"}
    assert settings.places["limits"] == Origin("s.yaml", 6, 1)
    assert settings.places["limits.trust"] == Origin("s.yaml", 8, 3)
    assert "ignore" not in settings.places


DEFAULTS = """\
version: 1
accounts:
  prod: {id: "123456789012", variables: {team: orders}}
  dev: {id: "210987654321", variables: {team: apps}}
defaults:
  - {match: role/app-bare, permissions_boundary: null}
  - match: ROLE/App-*
    permissions_boundary: ReadOnlyAccess
    tags: {team: "{{ team }}"}
    max_session_duration: 7200
  - {match: "*/*", path: /all/, adopt: true, description: ours}
"""
OBJECTS = """\
{kind: role, name: app-plain, service: lambda}
---
{kind: role, name: app-bare, service: lambda}
---
{kind: role, name: app-own, service: lambda, permissions_boundary: null, tags: {a: b}, path: /own/, adopt: false}
---
{kind: group, name: app-group}
---
{kind: role, name: other, service: lambda}
---
{kind: role, name: app-gone, state: absent}
---
{kind: role, name: app-left, state: unmanaged, reason: r}
"""


def test_a_default_stands_in_for_a_key_that_a_document_leaves_out(loaded: Load) -> None:
    desired = built(loaded(DEFAULTS, OBJECTS))

    plain = one(desired, "role", "app-plain")
    expected = {
        "permissions_boundary": "ReadOnlyAccess",
        "tags": {"team": "orders"},
        "max_session_duration": 7200,
        "path": "/all/",
        "description": "ours",
    }
    assert {key: getattr(plain.resource, key) for key in expected} == expected
    assert expected.keys() <= plain.given
    assert plain.adopt
    assert plain.at("permissions_boundary") == Origin("s.yaml", 8, 5)
    assert plain.at("tags", "team") == Origin("s.yaml", 9, 12)
    assert plain.at("name") == Origin("d.yaml", 1, 14)

    group = one(desired, "group", "app-group")
    assert group.given == {"path"}
    other = one(desired, "role", "other")
    assert (other.resource.path, other.resource.permissions_boundary, other.resource.tags) == ("/all/", None, {})
    assert not one(desired, "role", "app-gone").adopt
    assert one(desired, "role", "app-left").given == frozenset()


def test_the_first_rule_wins_for_each_key_and_a_null_counts_as_given(loaded: Load) -> None:
    desired = built(loaded(DEFAULTS, OBJECTS))

    bare, own = one(desired, "role", "app-bare"), one(desired, "role", "app-own")
    assert "permissions_boundary" in bare.given
    assert (bare.resource.permissions_boundary, bare.resource.max_session_duration) == (None, 7200)
    assert (own.resource.permissions_boundary, own.resource.tags, own.resource.path) == (None, {"a": "b"}, "/own/")
    assert not own.adopt
    assert own.at("permissions_boundary").file == "d.yaml"


def test_defaults_take_the_variables_of_each_account(loaded: Load) -> None:
    source = loaded(DEFAULTS, OBJECTS)

    for account, team in (("123456789012", "orders"), ("210987654321", "apps"), ("123456789012", "orders")):
        assert one(built(source, account), "role", "app-plain").resource.tags == {"team": team}


def test_a_requirement_is_met_by_a_default_and_by_the_other_end_of_a_membership(loaded: Load) -> None:
    settings = f"{SETTINGS}require: [{{match: '*/*', fields: [groups, path]}}]\ndefaults: [{{match: '*/*', path: /}}]\n"

    assert loaded(settings, "{kind: user, name: a}\n---\n{kind: group, name: g, members: [a]}\n").check(TODAY) == ()


CONSENTS = """\
kind: exception
guard: takeover
address: Role/Deployer
reason: it moves here
until: 2026-06-01
---
kind: exception
guard: limit-delete
address: Account
reason: the {{ team }} team leaves
until: 2026-12-31
---
{kind: exception, guard: settings-loosened, address: settings/limits.delete, reason: r, until: 2026-12-31}
---
{kind: exception, guard: takeover, address: role/prod, reason: r, until: 2026-12-31, accounts: [prod]}
---
{kind: hold, address: role/deployer, reason: incident, until: 2026-06-01, ticket: SEC-1}
---
{kind: hold, address: user/x, reason: r, until: 2026-06-01, accounts: [prod]}
"""


def test_exceptions_and_holds_are_those_of_the_account(loaded: Load) -> None:
    settings = (
        "version: 1\nvariables: {team: orders}\naccounts: {prod: {id: '210987654321'}, dev: {id: '123456789012'}}\n"
    )
    source = loaded(settings, "{kind: role, name: deployer, service: lambda}\n---\n" + CONSENTS)
    desired = built(source)

    day = dt.date(2026, 12, 31)
    assert source.check(TODAY) == ()
    assert desired.consents == (
        Consent("takeover", "Role/Deployer", "it moves here", TODAY, Origin("d.yaml", 3, 1)),
        Consent("limit-delete", "Account", "the orders team leaves", day, Origin("d.yaml", 9, 1)),
        Consent("settings-loosened", "settings/limits.delete", "r", day, Origin("d.yaml", 15, 1)),
    )
    assert desired.consented("takeover", "role/deployer") is desired.consents[0]
    assert desired.holds == (Hold(Address("role", "deployer"), "incident", TODAY, "SEC-1", Origin("d.yaml", 19, 1)),)
    prod = built(source, "210987654321")
    assert [consent.subject for consent in prod.consents][3:] == ["role/prod"]
    assert [str(hold.address) for hold in prod.holds] == ["role/deployer", "user/x"]


@pytest.mark.parametrize(
    ("settings", "document", "warning"),
    [
        (
            "protect: [{match: role/x, until: 2026-05-31}]",
            "",
            "s.yaml:3:11: the protect rule for role/x ended on 2026-05-31; remove it, or move its day",
        ),
        (
            "",
            "{kind: exception, guard: in-use, address: role/x, reason: r, until: 2026-05-31}",
            "d.yaml:3:1: the exception of in-use for role/x ended on 2026-05-31; remove it, or move its day",
        ),
        (
            "",
            "{kind: hold, address: role/x, reason: r, until: 2026-05-31}",
            "d.yaml:3:1: the hold of role/x ended on 2026-05-31; remove it, or move its day",
        ),
        (
            "ignore: [r*/x]",
            "{kind: hold, address: role/x, reason: r, until: 2026-12-31}",
            f"d.yaml:3:1: role/x is held here, and ignored by the rule r*/x at s.yaml:3:10; {NARROW}",
        ),
    ],
    ids=["protect", "exception", "hold", "ignored"],
)
def test_what_has_run_out_or_says_nothing_is_warned_of_and_kept(
    settings: str, document: str, warning: str, loaded: Load
) -> None:
    source = loaded(f"{SETTINGS}{settings}\n", f"{{kind: group, name: g}}\n---\n{document}\n")

    assert [str(fault) for fault in source.check(TODAY)] == [warning]
    desired = built(source)
    assert [str(fault) for fault in desired.warnings] == [warning]
    assert len(desired.consents) + len(desired.holds) + len(desired.settings.protect) == 1


def test_the_schema_of_exceptions_knows_every_guard() -> None:
    schema: Any = json.loads((Path(__file__).parents[2] / "schemas/exception.schema.json").read_text("utf-8"))

    assert tuple(schema["properties"]["guard"]["enum"]) == GUARDS


@pytest.mark.parametrize(
    ("settings", "documents", "counts"),
    [
        ("", "", False),
        ("# moved\n\n", "", False),
        ("protect: [role/x]\n", "", True),
        ("roles: {plan: role/x}\n", "", True),
        ("limits: {delete: {count: 1}}\n", "", True),
        ("require: [{match: role/y, fields: [path]}]\n", "", True),
        ("defaults: [{match: role/y, path: /}]\n", "", False),
        ("defaults: [{match: role/x, path: /}]\n", "", True),
        ("", "---\n{kind: exception, guard: in-use, address: role/x, reason: r, until: 2026-12-31}\n", True),
        ("", "---\n{kind: hold, address: role/x, reason: r, until: 2026-12-31}\n", True),
    ],
    ids=["nothing", "places", "protect", "roles", "limits", "require", "unused", "defaults", "exception", "hold"],
)
def test_a_saved_plan_knows_whether_the_documents_say_something_else(
    settings: str, documents: str, *, counts: bool, loaded: Load
) -> None:
    role = "{kind: role, name: x, service: lambda}\n"
    before = basis_of(built(loaded(SETTINGS, role)))

    assert (basis_of(built(loaded(SETTINGS + settings, role + documents))) != before) is counts


def test_digests_of_documents_that_use_none_of_it_are_what_they_were_before_it(loaded: Load) -> None:
    text = (
        'version: 1\naccount: "123456789012"\nowner: x\n'
        "ignore: [{match: role/vendor-*, reason: r, until: 2027-01-01}]\n"
    )
    objects = "kind: user\nname: alice\ngroups: []\n---\nkind: role\nname: r\nservice: lambda\n"
    desired = built(loaded(text, objects))

    assert basis_of(desired).sha256 == "56937d8ce91393243777662c120ee638fcac44f5fc989c1580688c5cf478d67b"
    adopted = dataclasses.replace(one(desired, "user", "alice"), adopt=True)
    declared = {**desired.declared, adopted.address: adopted}
    assert basis_of(dataclasses.replace(desired, declared=declared)) != basis_of(desired)


def test_documents_of_another_commit_get_the_defaults_of_that_commit(loaded: Load) -> None:
    roles = "{kind: role, name: app, service: lambda}\n---\n{kind: role, name: own, service: lambda, tags: {a: b}}\n"
    defaults = "defaults: [{match: '*/*', tags: {team: orders}}]\n"
    loaded(SETTINGS + defaults, roles)
    first = commit(repository(Path()))
    loaded(SETTINGS + defaults.replace("orders", "apps"), roles)
    second = commit(Path())
    head = loaded(f"# moved\n{SETTINGS}{defaults.replace('orders', 'apps')}", roles)

    for revision, team in ((first, "orders"), (second, "apps")):
        base, faults = read_before(head, revision).base(Account(ID, region="eu-west-1"), TODAY)
        assert base is not None, faults
        assert one(base.desired, "role", "app").resource.tags == {"team": team}
        assert one(base.desired, "role", "own").resource.tags == {"a": "b"}
    assert one(built(head), "role", "app").resource.tags == {"team": "apps"}
