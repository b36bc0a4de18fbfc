"""Random accounts whose quotas are tight: hardly anything can be added before something goes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from support import grants
from support.grants import Estate

from reconciler.policydoc import compact, size

__all__ = ["crowded", "inline_size"]


def crowded(chance: random.Random) -> tuple[Estate, Estate, dict[str, int]]:
    """Return an estate, what shall become of it, and quotas that leave little room to add before something goes."""
    before: Estate = [
        {"kind": "policy", "name": name, "document": grants.body(chance)} for name in [*grants.POLICIES, "p4", "p5"]
    ]
    groups = [*grants.GROUPS, "g3"]
    before += [crowd(chance, {"kind": "group", "name": name}) for name in groups]
    for name in grants.USERS:
        user = {"kind": "user", "name": name, "groups": sorted(chance.sample(groups, 2))}
        before.append(crowd(chance, user))
    before.append(crowd(chance, {"kind": "role", "name": "r1", "service": "lambda"}))
    after: Estate = []
    for document in before:
        made = dict(document)
        if "document" in made and chance.random() < 0.1:
            made["document"] = grants.body(chance)
        if "groups" in made and chance.random() < 0.3:
            made["groups"] = sorted(chance.sample(groups, 2))
        after.append(crowd(chance, made) if "policies" in made and chance.random() < 0.3 else made)
    quotas = dict.fromkeys(grants.QUOTAS, 2)
    for noun in ("User", "Group", "Role"):
        held = [inline_size(d["inline_policies"]) for d in (*before, *after) if d["kind"] == noun.lower()]
        quotas[f"{noun}PolicySizeQuota"] = max(held) + chance.choice([0, 0, 60])
    return before, grants.mended(after, chance), quotas


def crowd(chance: random.Random, made: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a holder with as many policies as it may have, or one less, and some inline."""
    held = sorted(chance.sample([*grants.POLICIES, "p4", "p5"], chance.choice([1, 2, 2, 2])))
    inline = {name: grants.body(chance) for name in grants.some(chance, ["i1", "i2", "i3"], 2)}
    return {**made, "policies": held, "inline_policies": inline if chance.random() < 0.4 else {}}


def inline_size(documents: Mapping[str, Any]) -> int:
    """Return how much the inline policies count against their quota."""
    return sum(size(compact(document)) for document in documents.values())
