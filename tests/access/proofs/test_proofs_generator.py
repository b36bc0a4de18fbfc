"""The random pairs, and what they are tried on, are no hollow ones: everything turns up, and tables tell the truth."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from itertools import product
from random import Random

from access.proofs.alphabet import ACTION_PATTERNS, ACTIONS, KEYS, OPERATORS, VARIABLE_KEYS
from access.proofs.candidates import statements
from access.proofs.pairs import EDITS, Pair, pair, printed
from access.proofs.tables import Table

from reconciler.access import Principal, Request, evaluate
from reconciler.catalogue.actions import action_catalogue

SEEDS = range(600)
PARTS = ("notaction", "notresource", "2008-10-17", "${*}", "${?}", "${$}", ", 'b'}", "::/0", "/32", "boundary=")


@cache
def pairs() -> tuple[Pair, ...]:
    return tuple(pair(seed) for seed in SEEDS)


def asked(table: Table, number: int) -> dict[str, list[str]]:
    return {key: list(values) for key, values in table.contexts[number].items() if values}


def test_a_seed_makes_the_same_pair_each_time() -> None:
    assert [str(pair(seed)) for seed in SEEDS[:50]] == [str(one) for one in pairs()[:50]]


def test_every_operator_comes_with_every_quantifier_with_and_without_its_suffix() -> None:
    seen = {
        operator
        for one in pairs()
        for principal in (one.old, one.new)
        for _, statement in statements(principal)
        for operator in statement.get("Condition", {})
    }
    names = {name for kind in OPERATORS.values() for name in kind}
    assert seen >= {f"{name}{suffix}" for name in names for suffix in ("", "IfExists")} | {"Null"}
    for quantifier in ("ForAllValues:", "ForAnyValue:"):
        assert {name.removeprefix(quantifier).removesuffix("IfExists") for name in seen if quantifier in name} == names


def test_every_key_every_element_every_layer_and_every_version_turns_up_often() -> None:
    found = Counter[str]()
    for one in pairs():
        for principal in (one.old, one.new):
            text = printed(principal).lower()
            found.update(key for key in KEYS if f"'{key.lower()}': " in text)
            found.update(f"${key}" for key in VARIABLE_KEYS if f"${{{key.lower()}" in text)
            found.update(part for part in PARTS if part in text)
            found[f"levels {min(len(principal.scps), 2)}"] += 1
            found["a level of several"] += any(len(level) > 1 for level in principal.scps)
            found["no version"] += any("Version" not in json.dumps(document) for document in principal.identity)
        found["bound otherwise"] += one.old.bindings != one.new.bindings
        found["bound alike"] += bool(one.old.bindings) and one.old.bindings == one.new.bindings
        found[one.made.split(", ")[0]] += 1
    wanted = {*KEYS, *(f"${key}" for key in VARIABLE_KEYS), *PARTS, *EDITS, "unrelated"}
    wanted |= {"levels 0", "levels 1", "levels 2", "a level of several", "no version", "bound alike", "bound otherwise"}
    assert {name: found[name] for name in wanted if found[name] < 8} == {}


def test_actions_to_ask_for_exist_or_are_tomorrows() -> None:
    known = set(action_catalogue().folded)
    future = {action for action in ACTIONS if action.lower() not in known}
    assert len(future) > 10
    assert len(set(ACTIONS) - future) > 10
    assert {action for action in ACTIONS if "Tomorrow" in action} <= future


def test_every_mixture_of_patterns_of_actions_is_asked_for() -> None:
    def mixture(name: str) -> tuple[bool, ...]:
        only = ({"Statement": {"Effect": "Allow", "Action": text, "Resource": "*"}} for text in ACTION_PATTERNS)
        return tuple(evaluate(Principal([document]), Request(name)).allowed for document in only)

    services = ("s3", "sqs", "iam", "ec2", "new")
    verbs = ("Get", "Xet", "Put", "Delete", "List", "Send", "Pass", "X")
    nouns = ("Object", "ObjectX", "Bucket", "Tomorrow", "Role", "Message", "X")
    names = {"".join((service, ":", *rest)) for service in services for rest in product(verbs, nouns, ("", "Acl"))}
    assert {mixture(name) for name in names} <= {mixture(name) for name in ACTIONS}


def test_pairs_of_each_relation_are_frequent() -> None:
    relations = Counter[tuple[bool, bool]]()
    for one in pairs()[:250]:
        gained, lost = Table(one).differences()
        relations[bool(gained), bool(lost)] += 1
    assert min(relations[way] for way in ((False, False), (False, True), (True, False), (True, True))) > 20


def test_a_table_says_what_the_evaluator_says() -> None:
    chance = Random(0)  # noqa: S311  examples, no secret
    outcomes = Counter[bool]()
    for one in pairs()[:120]:
        table = Table(one)
        for side, principal in enumerate((one.old, one.new)):
            cells = list(table.allowed(side))
            for action, resource, bits in chance.sample(cells, min(8, len(cells))):
                for _ in range(4):
                    number = chance.randrange(len(table.contexts))
                    request = Request(action, resource, asked(table, number))
                    allowed = evaluate(principal, request).allowed
                    assert allowed is bool(bits >> number & 1), (one, request)
                    outcomes[allowed] += 1
    assert outcomes[True] > 1_000
    assert outcomes[False] > 1_000
