"""What holds for every principal and every request."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from typing import Any

from access.access_naive import documents, naive, principals, requests, statements
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access import Caller, Layer, Outcome, Principal, Request, evaluate, evaluate_trust
from reconciler.access.patterns import Glob, arn_matcher, read, text_matcher

ALLOW_ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


PATTERN = st.lists(st.sampled_from(["a", "b", ":", "arn:a:b::", "*", "?"]), max_size=7).map("".join)


def one(statement: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": [statement]}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def outcome(principal: Principal, request: Request) -> Outcome:
    return evaluate(principal, request).outcome


def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """Return the same document with its mappings and lists in another order."""
    if isinstance(value, dict):
        return {key: shuffled(draw, value[key]) for key in draw(st.permutations(list(value)))}
    if isinstance(value, list):
        return [shuffled(draw, item) for item in draw(st.permutations(value))]
    return value


@st.composite
def pairs_in_other_orders(draw: st.DrawFn) -> tuple[Principal, Principal]:
    principal = draw(principals())
    other = replace(
        principal,
        identity=shuffled(draw, list(principal.identity)),
        boundary=shuffled(draw, principal.boundary),
        scps=shuffled(draw, [list(level) for level in principal.scps]),
    )
    return principal, other


@given(st.lists(st.tuples(principals(), requests()), min_size=1, max_size=6))
def test_a_second_evaluator_that_shares_no_code_says_the_same(pairs: list[tuple[Principal, Request]]) -> None:
    for principal, request in pairs:
        assert outcome(principal, request).value == naive(principal, request)


@given(principals(), statements(effects=("Deny",)), requests(), st.sampled_from(["identity", "boundary", "scp"]))
def test_a_deny_more_never_widens(principal: Principal, deny: dict[str, Any], request: Request, where: str) -> None:
    if where == "identity":
        more = replace(principal, identity=[*principal.identity, one(deny)])
    elif where == "boundary":
        more = replace(principal, boundary=one(deny))
    else:
        more = replace(principal, scps=[*principal.scps, [one(deny)]])
    assert outcome(principal, request) is Outcome.ALLOWED or outcome(more, request) is not Outcome.ALLOWED


@given(principals(), statements(effects=("Allow",)), requests())
def test_an_allow_more_never_narrows(principal: Principal, allow: dict[str, Any], request: Request) -> None:
    more = replace(principal, identity=[*principal.identity, one(allow)])
    before, after = outcome(principal, request), outcome(more, request)
    assert after is before or (before, after) == (Outcome.IMPLICITLY_DENIED, Outcome.ALLOWED)


@given(pairs_in_other_orders(), requests())
def test_the_order_of_documents_statements_and_lists_never_matters(
    pair: tuple[Principal, Principal], request: Request
) -> None:
    principal, other = pair
    assert outcome(other, request) is outcome(principal, request)


@given(principals(), documents(), requests())
def test_a_boundary_or_a_level_of_scps_never_grants(
    principal: Principal, document: dict[str, Any], request: Request
) -> None:
    free = replace(principal, boundary=None, scps=())
    bounded = replace(free, boundary=document)
    under_scps = replace(free, scps=[[document]])
    assert outcome(bounded, request) is outcome(under_scps, request)
    assert not evaluate(bounded, request).allowed or evaluate(free, request).allowed


@given(principals(), requests())
def test_a_boundary_and_scps_that_allow_everything_change_nothing(principal: Principal, request: Request) -> None:
    free = replace(principal, boundary=None, scps=())
    held = replace(principal, boundary=ALLOW_ALL, scps=[[ALLOW_ALL], [ALLOW_ALL]])
    assert outcome(held, request) is outcome(free, request)


@given(documents(), requests())
def test_a_statement_split_by_its_actions_or_resources_changes_nothing(
    document: dict[str, Any], request: Request
) -> None:
    parts: list[dict[str, Any]] = listed(document["Statement"])
    for element in ("Action", "Resource"):
        parts = list(
            chain.from_iterable(
                [{**part, element: item} for item in listed(part[element])] if element in part else [part]
                for part in parts
            )
        )
    split = {**document, "Statement": parts}
    assert outcome(Principal([split]), request) is outcome(Principal([document]), request)


@given(principals(), requests())
def test_statements_may_stand_in_documents_of_their_own(principal: Principal, request: Request) -> None:
    alone = [
        {**document, "Statement": statement}
        for document in principal.identity
        if not isinstance(document, str)
        for statement in listed(document["Statement"])
    ]
    assert outcome(replace(principal, identity=alone), request) is outcome(principal, request)


@given(statements(effects=("Allow",)), requests())
def test_a_statement_denies_exactly_what_it_would_allow(statement: dict[str, Any], request: Request) -> None:
    allowed = evaluate(Principal([one(statement)]), request).allowed
    denied = outcome(Principal([ALLOW_ALL, one({**statement, "Effect": "Deny"})]), request)
    assert (denied is Outcome.EXPLICITLY_DENIED) is allowed


@given(statements(), requests(), st.sampled_from(["Action", "Resource"]))
def test_an_element_and_its_complement_divide_all_requests(
    statement: dict[str, Any], request: Request, element: str
) -> None:
    plain = {name: value for name, value in statement.items() if name != "Condition"}
    plain |= {"Effect": "Allow"}
    value = plain.pop(element, None) or plain.pop(f"Not{element}")
    other = "Resource" if element == "Action" else "Action"
    plain = {name: value for name, value in plain.items() if not name.endswith(other)} | {other: "*"}
    positive = evaluate(Principal([one({**plain, element: value})]), request).allowed
    negative = evaluate(Principal([one({**plain, f"Not{element}": value})]), request).allowed
    assert positive is not negative


@given(principals(), requests())
def test_the_statement_that_is_named_decides_alone(principal: Principal, request: Request) -> None:
    decision = evaluate(principal, request)
    if decision.by is None:
        assert decision.outcome is Outcome.IMPLICITLY_DENIED
        return
    by = decision.by
    layers = {
        Layer.IDENTITY: principal.identity,
        Layer.BOUNDARY: [principal.boundary],
        Layer.SCP: principal.scps[by.level] if by.layer is Layer.SCP else [],
    }
    document = layers[by.layer][by.document]
    assert isinstance(document, dict)
    statement = listed(document["Statement"])[by.statement]
    alone = Principal([ALLOW_ALL, {**document, "Statement": statement}], bindings=principal.bindings)
    if statement["Effect"] == "Allow":
        alone = replace(alone, identity=alone.identity[1:])
    assert outcome(alone, request) is decision.outcome


@given(principals(), requests())
def test_json_text_says_what_its_mapping_says(principal: Principal, request: Request) -> None:
    texts = replace(principal, identity=[json.dumps(document) for document in principal.identity])
    assert evaluate(texts, request) == evaluate(principal, request)


@given(principals(), requests())
def test_what_a_principal_fixes_is_as_if_the_request_said_it(principal: Principal, request: Request) -> None:
    fixed = {key.lower(): value for key, value in principal.bindings.items()}
    said = replace(request, context={**request.context, **fixed})
    assert evaluate(replace(principal, bindings={}), said) == evaluate(principal, request)


@st.composite
def trusts(draw: st.DrawFn, callers: st.SearchStrategy[Caller]) -> dict[str, Any]:
    account = ["123456789012", "arn:aws:iam::123456789012:root", "*"]
    names = draw(st.lists(callers, max_size=3))
    listed_names: dict[str, list[str]] = {}
    for caller in names:
        listed_names.setdefault(caller.space, []).append(caller.name)
    listed_names.setdefault("AWS", []).extend(draw(st.lists(st.sampled_from(account), max_size=1)))
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        "Action": "sts:AssumeRole",
        draw(st.sampled_from(["Principal", "NotPrincipal"])): listed_names,
    }


CALLERS = st.sampled_from(
    [
        Caller("AWS", "arn:aws:iam::123456789012:user/a"),
        Caller("AWS", "arn:aws:iam::123456789012:role/p/a"),
        Caller("AWS", "arn:aws:sts::123456789012:assumed-role/a/s"),
        Caller("AWS", "arn:aws:iam::210987654321:user/a"),
        Caller("Service", "a.amazonaws.com"),
        Caller("Federated", "a.amazonaws.com"),
        Caller("CanonicalUser", "a"),
    ]
)


@given(trusts(CALLERS), CALLERS)
def test_principal_and_its_complement_divide_all_callers(statement: dict[str, Any], caller: Caller) -> None:
    named = statement.get("Principal") or statement.get("NotPrincipal")
    ask = Request("sts:AssumeRole")
    base = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    positive = evaluate_trust(one({**base, "Principal": named}), caller, ask).allowed
    negative = evaluate_trust(one({**base, "NotPrincipal": named}), caller, ask).allowed
    assert positive is not negative


@given(st.lists(trusts(CALLERS), max_size=4), CALLERS)
def test_in_a_trust_too_a_deny_beats_all_and_order_never_matters(found: list[dict[str, Any]], caller: Caller) -> None:
    ask = Request("sts:AssumeRole")

    def decided(statements_: list[dict[str, Any]]) -> Outcome:
        return evaluate_trust({"Version": "2012-10-17", "Statement": statements_}, caller, ask).outcome

    single = {decided([statement]) for statement in found}
    expected = next(
        (case for case in (Outcome.EXPLICITLY_DENIED, Outcome.ALLOWED) if case in single), Outcome.IMPLICITLY_DENIED
    )
    assert decided(found) is decided(found[::-1]) is expected


@given(PATTERN, PATTERN, st.sampled_from(["action", "ARN"]), st.sampled_from(["a", "ab", ":", ""]))
def test_how_a_pattern_begins_settles_nothing_that_its_expression_would_not(
    pattern: str, other: str, kind: str, filled: str
) -> None:
    arn = kind == "ARN"
    pieces = read(pattern, variables=False).fixed
    assert pieces is not None
    for text in (other.replace("?", "a"), pattern.replace("*", filled).replace("?", "b"), f"{pattern}a"):
        matched = (arn_matcher if arn else text_matcher)(pieces).fullmatch(text) is not None
        assert Glob(pieces, arn=arn).matches(text) is matched, text
