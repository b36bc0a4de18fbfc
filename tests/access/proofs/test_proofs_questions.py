"""Law: what is possible and what is certain of a principal is never contradicted by a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random

import pytest
from access.proofs.alphabet import ACTIONS, action, arn
from access.proofs.pairs import pair, printed
from access.proofs.tables import Table

from reconciler.access import Answer, Principal, Request, certain, evaluate, possible

SAMPLES = [range(700_000, 700_100)]
FULL = [range(start, start + 500) for start in range(701_000, 706_000, 500)]
REQUESTS = 150
Given = Mapping[str, str]


def asked(chance: Random) -> tuple[str, str, Given]:
    """Return an action, a resource and a context to ask for: patterns, or one thing."""
    what = action(chance) if chance.random() < 0.5 else chance.choice(ACTIONS)
    pattern = next(text for text in iter(lambda: arn(chance), "") if "$" not in text)
    contexts: tuple[Given, ...] = ({}, {}, {"aws:username": "bob"}, {"s3:prefix": "a"}, {"AWS:PrincipalAccount": "1"})
    return what, "*" if chance.random() < 0.4 else pattern, chance.choice(contexts)


def covered(what: str, resource: str, request: Request) -> bool:
    only = {"Statement": {"Effect": "Allow", "Action": what, "Resource": resource}}
    return evaluate(Principal([only]), request).allowed


def requests(table: Table, question: tuple[str, str, Given], chance: Random) -> Iterator[Request]:
    """Return requests of the table that a question is about: other keys have values in one half, none in the other."""
    what, resource, given = question
    actions = [*table.actions, *([what] if what in ACTIONS else [])]
    said = {key.lower(): [value] for key, value in given.items()}
    for number in range(REQUESTS):
        other = chance.choice(table.contexts) if number % 2 else {}
        context = {**{key: list(values) for key, values in other.items() if values}, **said}
        request = Request(chance.choice(actions), chance.choice(table.resources), context)
        if covered(what, resource, request):
            yield request


def contradicted(
    principal: Principal, given: Given, answers: tuple[Answer, Answer], found: list[Request]
) -> Iterator[str]:
    """Return the requests that show an answer to be wrong."""
    may, must = answers
    for request in found:
        allowed = evaluate(principal, request).allowed
        if may.holds is False and allowed:
            yield f"not possible, and {request} is allowed"
        if must.holds is True and not allowed and len(request.context) == len(given):
            yield f"certain, and {request} is refused"


def unfit(principal: Principal, question: tuple[str, str, Given], answers: tuple[Answer, Answer]) -> Iterator[str]:
    """Return what does not fit together in the answers to whether something is possible, and whether it is certain."""
    what, resource, given = question
    for name, answer, wanted in (("possible", answers[0], True), ("certain", answers[1], False)):
        if (answer.holds is wanted) is not (answer.witness is not None):
            yield f"{name}: {answer.holds}, with the witness {answer.witness}"
        if (answer.holds is None) is not bool(answer.reasons):
            yield f"{name}: {answer.holds} with the reasons {answer.reasons}"
        if answer.witness is None:
            continue
        request = answer.witness.request
        if evaluate(principal, request).allowed is not wanted or not covered(what, resource, request):
            yield f"{name}: {request} is no witness"
        keys, said = ({key.lower() for key in some} for some in (request.context, given))
        fixed = {key.lower() for key in principal.bindings}
        if not said <= keys or (name == "certain" and not keys <= said | fixed):
            yield f"{name}: {request} has other keys than {given}"


@pytest.mark.parametrize(
    "seeds",
    [
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}") for seeds in SAMPLES),
        *(pytest.param(seeds, id=f"seeds {seeds[0]} to {seeds[-1]}", marks=pytest.mark.long) for seeds in FULL),
    ],
)
def test_no_request_contradicts_what_is_possible_or_certain(seeds: range) -> None:
    wrong: list[str] = []
    counts = Counter[str]()
    for seed in seeds:
        one, chance = pair(seed), Random(seed)  # noqa: S311  examples, no secret
        table = Table(one)
        for _ in range(3):
            question = asked(chance)
            found = list(requests(table, question, chance))
            answers = possible(one.old, *question), certain(one.old, *question)
            told = [*contradicted(one.old, question[2], answers, found), *unfit(one.old, question, answers)]
            wrong += [f"{fault}\nseed {seed}: {question}\n{printed(one.old)}" for fault in told]
            counts[f"possible {answers[0].holds}"] += 1
            counts[f"certain {answers[1].holds}"] += 1
            counts["requests"] += len(found)
    print(dict(counts))
    if wrong:
        pytest.fail("\n\n".join([f"{len(wrong)} wrong", *wrong[:3]]), pytrace=False)
    assert counts["requests"] > 30 * len(seeds)
    assert min(counts[f"{name} {way}"] for name in ("possible", "certain") for way in (True, False)) > len(seeds) / 20
    assert counts["possible None"] + counts["certain None"] <= len(seeds) * 0.1
