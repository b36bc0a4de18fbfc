"""The file of a saved plan: its bytes, what is refused as no plan, and that today's files are read for ever."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan.saving import HEADER, Named, bytes_of, forged, left, sent
from support.estates import Docs
from support.worlds import World

from reconciler import apply
from reconciler.errors import PlanFileError
from reconciler.live import Iam
from reconciler.model import Mark, Plan
from reconciler.plan.basis import Basis
from reconciler.plan.file import dump, load

SAVED = Path(__file__).parent / "saved"
BODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MORE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
BEFORE: Docs = [
    {"kind": "policy", "name": "readers", "document": BODY},
    {"kind": "user", "name": "alice", "policies": ["readers"], "tags": {"team": "a"}},
    {"kind": "role", "name": "worker", "service": "lambda", "description": "one"},
    {"kind": "group", "name": "old"},
]
AFTER: Docs = [
    {"kind": "policy", "name": "readers", "document": MORE},
    {
        "kind": "user",
        "name": "alice",
        "policies": ["readers", "SecurityAudit"],
        "groups": ["new"],
        "tags": {"team": "b"},
    },
    {"kind": "role", "name": "worker", "service": ["lambda", "ec2"], "inline_policies": {"own": BODY}},
    {"kind": "group", "name": "old", "state": "absent"},
    {"kind": "group", "name": "new", "policies": ["ReadOnlyAccess"]},
]


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.apply(BEFORE)
    return made


@pytest.fixture(scope="module")
def plan(world: World) -> Plan:
    return world.plan(AFTER)


@pytest.fixture(scope="module")
def data(plan: Plan) -> bytes:
    return bytes_of(plan, AFTER)


def test_a_plan_is_read_as_it_was_written(plan: Plan, data: bytes) -> None:
    saved = load(data, "plan.json")
    assert list(saved.steps) == list(plan.steps)
    assert {one.address for one in saved.touched} == set(plan.before)
    assert saved.header == HEADER
    assert (saved.account, saved.partition) == (plan.account.id, plan.account.partition)


@pytest.mark.parametrize("kind", ["gap", "spike", "trust"])
def test_marks_and_expiry_are_read_as_they_were_written(plan: Plan, kind: Any) -> None:
    mark = Mark(kind, plan.steps[0].address, "two statements swap their Allows")
    marked = dataclasses.replace(plan, steps=[dataclasses.replace(step, marks=(mark,)) for step in plan.steps])
    header = dataclasses.replace(HEADER, expires=HEADER.created + dt.timedelta(hours=2), commit="0a" * 20)
    saved = load(dump(marked, Basis("journal", "0" * 64), header), "plan.json")
    assert list(saved.steps) == marked.steps
    assert (saved.header, saved.basis) == (header, Basis("journal", "0" * 64))


def test_the_same_account_and_documents_give_the_same_body(world: World, data: bytes) -> None:
    later = dataclasses.replace(HEADER, created=HEADER.created + dt.timedelta(days=1), caller="somebody else")
    again = bytes_of(world.plan(AFTER), random.Random(1).sample(AFTER, len(AFTER)), later)  # noqa: S311  an order
    assert json.loads(again)["body"] == json.loads(data)["body"]
    assert again.split(b'"header"')[0].splitlines()[1:] == data.split(b'"header"')[0].splitlines()[1:]
    assert json.loads(again)["sha256"] != json.loads(data)["sha256"]


def test_other_documents_have_another_digest_even_where_the_plan_is_the_same(plan: Plan, data: bytes) -> None:
    more = [*AFTER, {"kind": "role", "name": "gone", "state": "absent"}]
    sources = [json.loads(made)["body"]["source"]["sha256"] for made in (data, bytes_of(plan, more))]
    assert sources[0] != sources[1]


@given(st.data())
def test_a_plan_edited_by_one_byte_anywhere_is_refused(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1), "position")
    byte = draw.draw(st.integers(0, 255).filter(lambda value: value != data[at]), "byte")
    edits = [
        data[:at] + bytes([byte]) + data[at + 1 :],
        data[:at] + bytes([byte]) + data[at:],
        data[:at] + data[at + 1 :],
    ]
    for edited in edits:
        if edited != data:
            with pytest.raises(PlanFileError, match=r"^plan\.json: "):
                load(edited, "plan.json")


def test_every_byte_is_held_by_the_digest(data: bytes) -> None:
    for at in range(len(data)):
        edited = bytearray(data)
        edited[at] ^= 1
        with pytest.raises(PlanFileError):
            load(bytes(edited), "plan.json")


def set_at(*path: str | int, to: Any) -> Any:
    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return edit


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (set_at("format", to=2), "written by a newer version of the reconciler (format 2; this one reads 1); upgrade"),
        (set_at("format", to=0), "format does not fit"),
        (set_at("format", to="1"), "format does not fit"),
        (set_at("body", "more", to=1), "body does not fit"),
        (set_at("header", "expires", to="soon"), "no sound plan: 'soon' is no time; plan again"),
        (set_at("header", "created", to="2026-11-24"), "'2026-11-24' does not say in which time zone it is"),
        (set_at("header", "expires", to="2026-11-24T12:00:00"), "does not say in which time zone"),
        (set_at("header", "commit", to="HEAD"), "header/commit does not fit"),
        (set_at("body", "account", to="12"), "body/account does not fit"),
        (set_at("body", "steps", 0, "id", to=1.5), "no saved plan: it is no JSON"),
        (set_at("body", "steps", 0, "id", to=2), "out of its order"),
        (set_at("body", "steps", 0, "after", to=[1]), "out of its order"),
        (set_at("body", "steps", 0, "address", to="thing/x"), "knows no kind 'thing'"),
        (set_at("body", "steps", 0, "operation", to="rm -rf"), "operation does not fit"),
        (set_at("body", "touched", "user/alice", "fields", "shoe_size", to={}), "not know every field of user/alice"),
        (
            set_at("body", "touched", "user/ALICE", to={"arn": "", "unique_id": {"0": None}, "fields": {}}),
            "stands in it twice",
        ),
        (set_at("body", "touched", "user/alice", "unique_id", to={"0": "x", "99": None}), "follow a step that is not"),
        (set_at("body", "touched", "user/alice", "unique_id", to={"1": "x"}), "does not fit"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "edit",
)
def test_what_is_no_plan_is_refused_though_its_digest_is_right(data: bytes, edit: Any, why: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        load(forged(data, edit), "plan.json")
    assert why in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "plan", '{"format": 1}', "\x00", "[" * 100_000])
def test_what_was_never_a_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PlanFileError, match=r"^plan\.json: no saved plan; .*$"):
        load(text.encode(), "plan.json")


def test_a_call_may_stand_in_a_plan_only_once(data: bytes) -> None:
    def twice(content: Any) -> None:
        steps = content["body"]["steps"]
        steps.append({**steps[0], "id": len(steps) + 1})

    with pytest.raises(PlanFileError, match="a call stands in it twice"):
        load(forged(data, twice), "plan.json")


def test_a_key_may_stand_in_a_plan_only_once(data: bytes) -> None:
    rest = data.split(b",", 1)[1].replace(b'"account":', b'"account": "210987654321", "account":', 1)
    with pytest.raises(PlanFileError):
        load(b'{"sha256": "' + b"0" * 64 + b'",' + rest, "plan.json")


@pytest.mark.parametrize("file", sorted(SAVED.glob("*.json")), ids=lambda file: str(file.stem))
def test_a_plan_that_was_saved_with_an_older_version_is_read_and_applied(file: Path) -> None:
    """Each file is as the version in its header wrote it, for ``BEFORE`` and ``AFTER``; none is ever rewritten."""
    world = World()
    world.apply(BEFORE)
    data = file.read_bytes()
    rest = left(world, data, AFTER, exact=True, iam=Named(world.session))
    assert len(rest.plan.steps) == len(load(data, str(file)).steps) > 8
    assert apply.run(rest.plan, Iam(world.session), sleep=lambda _: None).ok
    assert not sent(world.plan(AFTER))
    assert not left(world, data, AFTER, exact=True, iam=Named(world.session)).plan.steps
