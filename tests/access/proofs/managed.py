"""AWS managed policies, pairs of them, and edits of which it is known by construction what they do to access."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from random import Random
from typing import Any, TypeAlias

from moto.iam.aws_managed_policies import aws_managed_policies_data

from reconciler.access import Label, Principal, Relation, Request, Verdict, evaluate
from reconciler.catalogue.actions import action_catalogue

__all__ = ["EDITS", "Case", "near", "policies", "principals", "requests", "strayed", "unrelated"]

Json: TypeAlias = dict[str, Any]
Edit: TypeAlias = Callable[[Random, Json], Json]

_WILD = re.compile(r"\$\{[^}]*\}|[*?]")
_REGIONS: Json = {
    "Sid": "OnlyHere",
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*", "route53:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
}
_EVERYTHING: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Case:
    """Two principals, and what may come out of their comparison."""

    name: str
    old: Principal
    new: Principal
    possible: frozenset[Relation]
    label: Label | None = None
    """The label that every witness must have."""


@cache
def policies() -> Mapping[str, Json]:
    """Return the documents of all managed policies by name."""
    data = json.loads(aws_managed_policies_data)
    return {name: data[name]["Document"] for name in sorted(data)}


def unrelated(seed: int) -> Case:
    """Return two policies of which nothing is known."""
    chance = Random(seed)  # noqa: S311  examples, no secret
    one, other = chance.sample(list(policies()), 2)
    every = frozenset(Relation) - {Relation.UNDECIDED}
    return Case(f"{one} and {other}", Principal([policies()[one]]), Principal([policies()[other]]), every)


def near(seed: int) -> Case:
    """Return a policy and an edit of it, in this order or the other; edits take turns."""
    chance = Random(seed)  # noqa: S311  examples, no secret
    name = chance.choice(list(policies()))
    edit = list(EDITS)[seed % len(EDITS)]
    old = copy.deepcopy(policies()[name])
    new = EDITS[edit](chance, copy.deepcopy(old))
    return _turned(f"{edit}: {name}", edit, Principal([old]), Principal([new]), turned=chance.random() < 0.5)


def principals(seed: int, held: int = 10) -> Case:
    """Return a principal that holds many policies, with a boundary and an SCP, and the same after an edit of one."""
    chance = Random(seed)  # noqa: S311  examples, no secret
    names = chance.sample(list(policies()), held)
    identity = [copy.deepcopy(policies()[name]) for name in names]
    boundary = chance.choice((_EVERYTHING, policies()["PowerUserAccess"], policies()["ReadOnlyAccess"]))
    scps = [[{**_EVERYTHING, "Statement": [*_EVERYTHING["Statement"], _REGIONS]}]]
    edit = chance.choice(("one action removed", "split and shuffled", "one action removed", "deny added"))
    changed = list(identity)
    changed[0] = EDITS.get(edit, _deny_added)(chance, copy.deepcopy(identity[0]))
    bindings = {"aws:username": "alice", "aws:PrincipalTag/team": "red"}
    old, new = (Principal(documents, boundary, scps, bindings) for documents in (identity, changed))
    return _turned(f"{edit}: {', '.join(names)}", edit, old, new, turned=chance.random() < 0.5)


def _turned(name: str, edit: str, old: Principal, new: Principal, *, turned: bool) -> Case:
    possible = {Relation.EQUAL, Relation.NARROWER}
    if edit in ("identical", "split and shuffled"):
        possible = {Relation.EQUAL}
    label = Label.FUTURE_ONLY if edit == "wildcards expanded" else None
    if turned:
        old, new = new, old
        possible = {Relation.WIDER if one is Relation.NARROWER else one for one in possible}
    return Case(f"{name}{' (turned)' if turned else ''}", old, new, frozenset(possible), label)


def strayed(case: Case, verdict: Verdict) -> Iterator[str]:
    """Return in what a verdict is not what the case was made for; that there is a difference, a request shows."""
    if verdict.relation is not Relation.UNDECIDED and verdict.relation not in case.possible:
        yield f"{case.name}: {verdict.relation.value}"
    if case.label and {one.label for one in (*verdict.gained, *verdict.lost)} - {case.label}:
        yield f"{case.name}: a request of today's actions differs"


def requests(old: Principal, new: Principal, chance: Random, most: int = 40) -> tuple[list[Request], list[Request]]:
    """Return requests that are gained and lost: of those that statements of both sides are about, some.

    Half of them are about what one side has and the other has not.
    """
    found: tuple[list[Request], list[Request]] = ([], [])
    olds, news = _statements(old), _statements(new)
    halves = (_alone(olds, news), [*olds, *news])
    for request in chain.from_iterable(_asked(half, chance, most // 2) for half in halves):
        before, after = evaluate(old, request).allowed, evaluate(new, request).allowed
        if before is not after:
            found[before].append(request)
    return found


def _alone(olds: Sequence[Json], news: Sequence[Json]) -> list[Json]:
    """Return the statements that one side only has, where possible with no more than the actions it alone names."""
    sides = [[one for one in olds if one not in news], [one for one in news if one not in olds]]
    named = [{text for one in side for text in _listed(one.get("Action", []))} for side in sides]
    alone = named[0] ^ named[1]
    found = []
    for statement in chain.from_iterable(sides):
        own = [text for text in _listed(statement.get("Action", [])) if text in alone]
        found.append({**statement, "Action": own} if own else statement)
    return found


def _asked(statements: Sequence[Json], chance: Random, most: int) -> Iterator[Request]:
    wanted = [statement for statement in statements if statement["Effect"] == "Allow"]
    for statement in chance.choices(wanted, k=most) if wanted else ():
        action = _an_action(statement, chance)
        resource = _WILD.sub("x", chance.choice(_listed(statement.get("Resource", "arn:aws:s3:::x"))))
        region = {"aws:RequestedRegion": chance.choice(("us-east-1", "eu-west-1"))}
        yield Request(action, "*" if resource == "x" else resource, {**region, **_context(statement, chance)})


def _an_action(statement: Json, chance: Random) -> str:
    """Return an action of a statement: one that exists, or else one that AWS may add."""
    if "NotAction" in statement:
        return chance.choice(action_catalogue().names)
    text = chance.choice(_listed(statement["Action"]))
    known = _expanded(text)
    if known and chance.random() < 0.9:
        return chance.choice(known)
    name = text if text != "*" else "new:*"
    return name.replace("*", "Tomorrow").replace("?", "x")


def _context(statement: Json, chance: Random) -> dict[str, str]:
    """Return values with which a condition holds, as far as one for each key can do that."""
    context: dict[str, str] = {}
    for operator, block in statement.get("Condition", {}).items():
        for key, texts in block.items():
            text = str(chance.choice(_listed(texts)))
            if operator == "Null":
                if text.lower() == "false":
                    context.setdefault(key, "x")
            elif "Not" not in operator:
                context[key] = _WILD.sub("x", text)
    return context


def _statements(principal: Principal) -> list[Json]:
    documents: Any = principal.identity
    return [statement for document in documents for statement in _listed(document["Statement"])]


@lru_cache(4_096)
def _expanded(text: str) -> tuple[str, ...]:
    """Return the actions of today that a pattern covers."""
    catalogue = action_catalogue()
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text.lower())
    pattern = re.compile("".join(parts))
    return tuple(name for name, low in zip(catalogue.names, catalogue.folded, strict=True) if pattern.fullmatch(low))


def _wildcards_expanded(_: Random, document: Json) -> Json:
    for statement in _listed(document["Statement"]):
        texts = _listed(statement.get("Action", "*"))
        if statement["Effect"] == "Allow" and "*" not in texts:
            names = (_expanded(text) if "*" in text or "?" in text else (text,) for text in texts)
            listed = list(dict.fromkeys(name for some in names for name in some))
            statement["Action"] = listed or texts
    return document


def _split(chance: Random, document: Json) -> Json:
    parts = _listed(document["Statement"])
    for element in ("Action", "Resource"):
        if sum(len(_listed(part.get(element, ""))) for part in parts) < 1_500:
            parts = [
                {**part, element: item} if element in part else part
                for part in parts
                for item in _listed(part.get(element, ""))
            ]
    chance.shuffle(parts)
    return {**document, "Statement": [{key: one for key, one in part.items() if key != "Sid"} for part in parts]}


def _action_removed(chance: Random, document: Json) -> Json:
    document["Statement"] = _listed(document["Statement"])
    allowing = [one for one in document["Statement"] if one["Effect"] == "Allow" and "Action" in one]
    if not allowing:
        return document
    statement = chance.choice(allowing)
    actions = _listed(statement["Action"])
    if len(actions) == 1:
        document["Statement"].remove(statement)
    else:
        actions.remove(chance.choice(actions))
        statement["Action"] = actions
    return document


def _region_deny(_: Random, document: Json) -> Json:
    return {**document, "Statement": [*_listed(document["Statement"]), _REGIONS]}


def _deny_added(chance: Random, document: Json) -> Json:
    action = chance.choice(("s3:Delete*", "iam:*", "ec2:TerminateInstances", "*"))
    deny = {"Effect": "Deny", "Action": action, "Resource": chance.choice(("*", "arn:aws:s3:::prod/*"))}
    return {**document, "Statement": [*_listed(document["Statement"]), deny]}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


EDITS: Mapping[str, Edit] = {
    "identical": lambda _, document: document,
    "wildcards expanded": _wildcards_expanded,
    "split and shuffled": _split,
    "one action removed": _action_removed,
    "region deny added": _region_deny,
}
"""What makes of a policy one that is near it; none of them widens."""
