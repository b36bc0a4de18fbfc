"""A trust policy means a user or role, not its name: what is replaced behind our back is trusted again by one apply."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.estates import ACCOUNT
from support.worlds import World

ARN = f"arn:aws:iam::{ACCOUNT}"


def trust(*principals: str) -> dict[str, Any]:
    grant = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [grant]}


DOCS: list[dict[str, Any]] = [
    {"kind": "user", "name": "bob", "path": "/team/"},
    {"kind": "role", "name": "target", "trust": trust(f"{ARN}:root", ACCOUNT)},
    {"kind": "role", "name": "first", "trust": trust(f"{ARN}:user/team/bob", f"{ARN}:role/target")},
    {"kind": "role", "name": "second", "trust": trust(f"{ARN}:role/first", f"{ARN}:role/second")},
]


OPEN = '{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}'


def vanish(world: World, name: str, *, back: bool) -> None:
    """Delete a user or role, and create it again with the tags that it had, the mark among them."""
    if name == "bob":
        tags = world.iam.list_user_tags(UserName=name)["Tags"]
        world.iam.delete_user(UserName=name)
        if back:
            world.iam.create_user(UserName=name, Path="/team/", Tags=tags)
    else:
        tags = world.iam.list_role_tags(RoleName=name)["Tags"]
        world.iam.delete_role(RoleName=name)
        if back:
            world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=OPEN, Tags=tags)


@given(
    gone=st.sets(st.sampled_from(["bob", "target", "first", "second"]), min_size=1),
    back=st.sets(st.sampled_from(["bob", "target", "first", "second"])),
)
def test_one_apply_trusts_again_who_was_deleted_or_replaced(gone: set[str], back: set[str]) -> None:
    world = World()
    world.apply(DOCS)
    for name in sorted(gone):
        vanish(world, name, back=name in back)
    assert world.plan(DOCS).steps
    world.apply(DOCS)
    assert world.plan(DOCS).steps == ()
    assert "AROA" not in repr([row.get("AssumeRolePolicyDocument") for row in world.rows().values()])


@pytest.mark.parametrize("count", [1, 2], ids=["no-longer-trusted", "still-trusted"])
def test_a_replaced_role_is_trusted_where_the_documents_say_so(count: int) -> None:
    world = World()
    world.apply(DOCS)
    trusted = [f"{ARN}:user/team/bob", f"{ARN}:role/moved/target"][:count]
    moved = {"kind": "role", "name": "target", "path": "/moved/", "replace": True, "trust": trust(f"{ARN}:root")}
    docs = [DOCS[0], moved, {**DOCS[2], "trust": trust(*trusted)}, DOCS[3]]
    world.apply(docs)
    assert world.plan(docs).steps == ()
    (statement,) = world.iam.get_role(RoleName="first")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["AWS"] in (trusted, trusted[0])
