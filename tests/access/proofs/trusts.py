"""Random pairs of trust policies, and everybody who may ask."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any, TypeAlias

from reconciler.access import Caller, Request

__all__ = ["CALLERS", "REQUESTS", "TrustPair", "trust_pair"]

Json: TypeAlias = dict[str, Any]
_ONE, _TWO, _THREE = "123456789012", "210987654321", "333333333333"

CALLERS: tuple[Caller, ...] = (
    *(
        Caller("AWS", f"arn:{partition}:iam::{account}:{name}")
        for partition, account, name in product(
            ("aws", "aws-cn"),
            (_ONE, _TWO, _THREE),
            ("root", "user/a", "user/b", "user/p/a", "role/a", "role/p/b", "role/c"),
        )
    ),
    *(
        Caller("AWS", f"arn:aws:sts::{account}:{name}")
        for account, name in product(
            (_ONE, _TWO, _THREE),
            ("assumed-role/a/s", "assumed-role/a/t", "assumed-role/b/s", "assumed-role/c/s", "federated-user/a"),
        )
    ),
    Caller("AWS", "AIDAAAAAAAAAAAAAAAAAA"),
    Caller("AWS", "AROABBBBBBBBBBBBBBBBB"),
    *(Caller("Service", f"{name}.amazonaws.com") for name in ("ec2", "lambda", "x")),
    *(Caller("Federated", name) for name in ("accounts.google.com", f"arn:aws:iam::{_ONE}:saml-provider/a", "x")),
    *(Caller("CanonicalUser", name) for name in ("a", "x")),
)
_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:Tomorrow",
    "iam:GetRole",
)
_EXTERNAL: tuple[str | list[str], ...] = ("", "a", "ab", "b", "${aws:username}", ["a", "b"])
_CONTEXTS: tuple[dict[str, str | list[str]], ...] = tuple(
    {
        key: value
        for key, value in zip(("sts:ExternalId", "aws:PrincipalOrgID", "aws:username"), chosen, strict=True)
        if value
    }
    for chosen in product(_EXTERNAL, ("", "o-1", "o-2"), ("", "a"))
)
REQUESTS: tuple[Request, ...] = tuple(Request(action, "*", context) for action in _ACTIONS for context in _CONTEXTS)
"""What they may ask: today's actions and tomorrow's, each in every context."""

_NAMED: tuple[tuple[str, str], ...] = (
    ("AWS", "*"),
    ("AWS", _ONE),
    ("AWS", f"arn:aws:iam::{_ONE}:root"),
    ("AWS", _TWO),
    *((caller.space, caller.name) for caller in CALLERS if "x" not in caller.name and _THREE not in caller.name),
)
_PATTERNS = ("sts:AssumeRole", "sts:AssumeRole*", "sts:*", "*", "sts:TagSession", "STS:ASSUMEROLE")
_TESTS: tuple[tuple[str, str, Any], ...] = (
    ("StringEquals", "sts:ExternalId", "a"),
    ("StringEquals", "sts:ExternalId", ["a", "b"]),
    ("StringLike", "sts:ExternalId", "a*"),
    ("StringNotEquals", "sts:ExternalId", "a"),
    ("StringEqualsIfExists", "STS:ExternalId", "b"),
    ("Null", "sts:ExternalId", "false"),
    ("StringEquals", "aws:PrincipalOrgID", "o-1"),
    ("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-1"),
    ("StringEquals", "sts:ExternalId", "${aws:username}"),
)


@dataclass(frozen=True)
class TrustPair:
    """Two trust policies, and the seed that makes them again."""

    seed: int
    old: Json
    new: Json

    def __str__(self) -> str:
        """Return the pair as Python source."""
        return f"seed {self.seed}\nold = {self.old!r}\nnew = {self.new!r}"


def trust_pair(seed: int) -> TrustPair:
    """Return the pair that belongs to a seed: unrelated, or an edit apart."""
    chance = Random(seed)  # noqa: S311  examples, no secret
    old = _trust(chance)
    new = _trust(chance) if chance.random() < 0.25 else _edited(chance, copy.deepcopy(old))
    return TrustPair(seed, *((old, new) if chance.random() < 0.5 else (new, old)))


def _trust(chance: Random) -> Json:
    version = chance.choice(("2012-10-17", "2012-10-17", "2008-10-17"))
    return {"Version": version, "Statement": [_statement(chance) for _ in range(chance.choice((1, 2, 2, 3)))]}


def _statement(chance: Random) -> Json:
    statement: Json = {
        "Effect": chance.choice(("Allow", "Allow", "Allow", "Deny")),
        chance.choice(("Principal", "Principal", "Principal", "NotPrincipal")): _named(chance),
        chance.choice(("Action", "Action", "Action", "NotAction")): chance.sample(_PATTERNS, chance.choice((1, 1, 2))),
    }
    for _ in range(chance.choice((0, 0, 1, 2))):
        operator, key, value = chance.choice(_TESTS)
        statement.setdefault("Condition", {})[operator] = {key: value}
    return statement


def _named(chance: Random) -> Any:
    if chance.random() < 0.1:
        return "*"
    named: dict[str, list[str]] = {}
    for space, name in chance.choices(_NAMED, k=chance.choice((1, 1, 2, 3))):
        named.setdefault(space, []).append(name)
    return {space: names[0] if len(names) == 1 else names for space, names in named.items()}


def _edited(chance: Random, trust: Json) -> Json:
    statements = trust["Statement"]
    statement = chance.choice(statements)
    how = chance.randrange(7)
    if how == 0:
        statements.append(_statement(chance))
    elif how == 1 and len(statements) > 1:
        statements.remove(statement)
    elif how == 2:
        statement.pop("Condition", None)
    elif how == 3:
        statement["Principal" if "Principal" in statement else "NotPrincipal"] = _named(chance)
    elif how == 4:
        names = ("Principal", "NotPrincipal") if "Principal" in statement else ("NotPrincipal", "Principal")
        statement[names[1]] = statement.pop(names[0])
    elif how == 5:
        operator, key, value = chance.choice(_TESTS)
        statement["Condition"] = {operator: {key: value}}
    else:
        statements.append(copy.deepcopy(statement))
        chance.shuffle(statements)
    return trust
