"""Tags of users, roles, managed policies and instance profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import FINDERS, get_tags, merged, put_tags, tagged, without
from reconciler.sandbox.wire import Call

__all__ = ["list_tags", "tag", "untag"]


@answer(*(f"Tag{noun}" for noun in FINDERS))
def tag(account: Account, call: Call) -> Mapping[str, Any]:
    """Add tags or replace those of the same key; none is removed."""
    noun, entity = tagged(account, call)
    put_tags(account, noun, entity, merged(noun, get_tags(account, noun, entity), call.params["Tags"]))
    return {}


@answer(*(f"Untag{noun}" for noun in FINDERS))
def untag(account: Account, call: Call) -> Mapping[str, Any]:
    """Remove tags by key; keys that are not there are no error."""
    noun, entity = tagged(account, call)
    put_tags(account, noun, entity, without(noun, get_tags(account, noun, entity), call.params["TagKeys"]))
    return {}


def list_tags(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the tags, sorted by key."""
    noun, entity = tagged(account, call)
    return (((key,), {"Key": key, "Value": value}) for key, value in get_tags(account, noun, entity).items())


for _noun in FINDERS:
    listing(f"List{_noun}Tags", "Tags")(list_tags)
