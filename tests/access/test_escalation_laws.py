"""What holds of escalations in every account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.actors import ADMIN, IAM, PROVERS, READ, ROOT, allow, deny, doc, estate, role, trust, user

from reconciler.access import Caller, Request, evaluate, evaluate_trust
from reconciler.access.escalation import Actor, Estate, Graph, Path, Policy
from reconciler.catalogue.escalation import escalation_methods

LAMBDA, EC2 = "lambda.amazonaws.com", "ec2.amazonaws.com"
USERS, ROLES, GROUPS = ("u", "v"), ("r", "s"), ("g", "h")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
CONDITIONS: list[dict[str, Any]] = [
    {},
    {},
    {},
    {},
    MFA,
    {"StringEquals": {"iam:PassedToService": LAMBDA}},
    {"StringNotEquals": {"iam:PassedToService": LAMBDA}},
    {"StringEquals": {"aws:username": "u"}},
    {"Null": {"iam:PermissionsBoundary": "true"}},
    {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/Read*"}},
]
HARMLESS: list[Any] = ["s3:*", "s3:GetObject", "ec2:*", "s3:Put*"]
HARMFUL: list[Any] = [
    "sts:AssumeRole",
    "iam:PassRole",
    ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
    ["iam:PassRole", "ec2:RunInstances"],
    ["iam:PassRole", "lambda:*", "s3:GetObject"],
    "iam:CreateAccessKey",
    "iam:Create*",
    "iam:UpdateAssumeRolePolicy",
    ["iam:PassRole", "ec2:RunInstances", "s3:GetObject"],
    "iam:PutRolePolicy",
    ["iam:AttachUserPolicy", "iam:UpdateLoginProfile"],
    "iam:AddUserToGroup",
    "iam:DeleteUser*",
    ["iam:PassRole", "ec2:RunInstances", "lambda:CreateFunction", "lambda:InvokeFunction"],
    "iam:CreatePolicyVersion",
]
NAMES = [*(f"{IAM}user/{name}" for name in USERS), *(f"{IAM}role/{name}" for name in ROLES)]
RESOURCES = ["*", "*", "*", *NAMES, f"{IAM}role/*", f"{IAM}user/${{aws:username}}", f"{IAM}group/g", "arn:aws:s3:::b/*"]


def statements(make: Any, actions: list[Any], resources: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda action, resource, condition: make(action, resource, **condition),
        st.sampled_from(actions),
        st.sampled_from(resources),
        st.sampled_from(CONDITIONS),
    )


grants = st.one_of(
    statements(allow, HARMFUL, ["*"]),
    statements(allow, HARMFUL, RESOURCES),
    statements(allow, HARMLESS, ["*", "arn:aws:s3:::b/*"]),
)
denials = statements(deny, [*HARMFUL, *HARMLESS], RESOURCES)
documents = st.lists(st.one_of(grants, grants, grants, denials), min_size=1, max_size=3).map(lambda parts: doc(*parts))
held = st.builds(
    lambda document, name: Policy(document, f"{IAM}policy/{name}" if name else ""),
    st.one_of(documents, documents, documents, st.just(ADMIN), st.just(READ)),
    st.sampled_from(["", "", "", "p"]),
)
wide = doc(allow(["iam:*", "s3:*", "lambda:*", "sts:*"]))
boundaries = st.sampled_from([None, None, None, None, wide, READ]).map(
    lambda document: Policy(document, f"{IAM}policy/bound") if document else None
)
trusts = st.builds(
    lambda principal, when: trust(when=when, **principal),
    st.sampled_from(
        [
            {"AWS": ROOT},
            {"AWS": NAMES[0]},
            {"AWS": [NAMES[0], NAMES[2]]},
            {"Service": LAMBDA},
            {"Service": [LAMBDA, EC2]},
            {"AWS": ROOT, "Service": EC2},
        ]
    ),
    st.sampled_from([None, None, None, MFA, {"ArnLike": {"aws:PrincipalArn": "*u"}}]),
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    groups = {name: tuple(draw(st.lists(held, max_size=1))) for name in GROUPS}
    people: list[Actor] = []
    for name in USERS:
        member = draw(st.lists(st.sampled_from(GROUPS), unique=True, max_size=1))
        through = [replace(one, group=f"{IAM}group/{group}") for group in member for one in groups[group]]
        own = draw(st.lists(held, max_size=2))
        people.append(user(name, *own, *through, boundary=draw(boundaries), groups=member))
    roles = [role(name, draw(trusts), *draw(st.lists(held, max_size=2)), boundary=draw(boundaries)) for name in ROLES]
    return estate(*people, *roles, groups=groups)


def by_arn(account: Estate) -> dict[str, Actor]:
    return {actor.arn: actor for actor in account.actors}


@given(estates())
def test_every_request_of_a_path_is_one_that_the_evaluator_allows(account: Estate) -> None:
    actors, graph = by_arn(account), Graph(account, PROVERS)
    for path in [*graph.paths(), *graph.carried()]:
        for way in path.ways:
            assert way.proofs
            for proof in way.proofs:
                who = actors[proof.asker]
                if proof.caller is not None:
                    assert who.trust is not None
                    assert evaluate_trust(who.trust, proof.caller, proof.request).allowed
                else:
                    assert who.arn == way.source
                    assert evaluate(who.principal, proof.request).allowed


@given(estates())
def test_a_path_goes_from_its_source_step_by_step_and_never_in_a_circle(account: Estate) -> None:
    for path in Graph(account, PROVERS).paths():
        places = [path.source, *(way.target for way in path.ways)]
        assert [way.source for way in path.ways] == places[:-1]
        assert len(path.ways) == 1 or len(set(places)) == len(places)


@given(estates())
def test_an_account_that_stays_as_it_is_has_no_new_path(account: Estate) -> None:
    assert Graph(account, PROVERS).new(Graph(account, PROVERS), {}) == []


@given(estates(), estates())
def test_a_new_path_is_one_of_those_that_are_there_afterwards(before: Estate, after: Estate) -> None:
    graph = Graph(after, PROVERS)
    assert set(map(_key, graph.new(Graph(before, PROVERS), {}))) <= set(map(_key, graph.paths()))


@given(estates())
def test_every_path_of_an_account_is_new_against_an_empty_one(account: Estate) -> None:
    graph = Graph(account, PROVERS)
    assert graph.new(Graph(Estate([]), PROVERS), {}) == graph.paths()


@given(estates(), st.sampled_from(range(len(USERS) + len(ROLES))), grants)
def test_who_is_allowed_more_gets_at_no_less(account: Estate, number: int, grant: dict[str, Any]) -> None:
    old = account.actors[number]
    new = replace(old, policies=(*old.policies, Policy(doc(grant))))
    more = replace(account, actors=[*account.actors[:number], new, *account.actors[number + 1 :]])
    before, after = Graph(account, PROVERS), Graph(more, PROVERS)
    found = before.paths_of(old.arn)
    if found and not after.paths_of(old.arn):
        assert not any(after.gains(new, path.ways[-1].result) for path in found)


@given(estates())
def test_the_order_in_which_principals_are_listed_does_not_show(account: Estate) -> None:
    turned = replace(account, actors=account.actors[::-1])
    assert list(map(_key, Graph(account, PROVERS).paths())) == list(map(_key, Graph(turned, PROVERS).paths()))


@given(estates())
def test_no_one_step_to_more_is_missed(account: Estate) -> None:
    graph = Graph(account, PROVERS)
    for one, other in product(account.actors, repeat=2):
        if one is not other and any(naive_takes(one, other)) and plainly_more(account, one, other):
            assert graph.paths_of(one.arn), f"{one.arn} takes {other.arn}"


CONTEXTS: list[dict[str, str]] = [{}, {"aws:MultiFactorAuthPresent": "true"}, {"aws:MultiFactorAuthPresent": "false"}]
PROBES = [
    Request(action, resource)
    for action in ("s3:GetObject", "s3:PutObject", "iam:CreateUser", "ec2:RunInstances")
    for resource in (
        "arn:aws:s3:::b/x",
        "arn:aws:s3:::c/x",
        f"{IAM}user/z",
        "arn:aws:ec2:us-east-1:123456789012:instance/i",
    )
]


def can(actor: Actor, action: str, resource: str, **fixed: str) -> bool:
    contexts = ({**context, **{key.replace("_", ":"): value for key, value in fixed.items()}} for context in CONTEXTS)
    return any(evaluate(actor.principal, Request(action, resource, context)).allowed for context in contexts)


def lets_in(one: Actor, caller: Caller) -> bool:
    return any(
        evaluate_trust(one.trust or doc(), caller, Request("sts:AssumeRole", one.arn, context)).allowed
        for context in CONTEXTS
    )


def naive_takes(one: Actor, other: Actor) -> Iterator[bool]:
    """Yield for each of a few plain ways whether ``one`` takes ``other``, by the evaluator alone."""
    bound = {"iam_PermissionsBoundary": other.boundary.arn} if other.boundary is not None else {}
    if not other.is_role:
        yield can(one, "iam:CreateAccessKey", other.arn, **bound)
        return
    for service, actions in (
        (LAMBDA, ("lambda:CreateFunction", "lambda:InvokeFunction")),
        (EC2, ("ec2:RunInstances",)),
    ):
        function = "arn:aws:lambda:us-east-1:123456789012:function:x"
        thing = function if service == LAMBDA else "arn:aws:ec2:us-east-1:123456789012:instance/i-0"
        yield (
            lets_in(other, Caller("Service", service))
            and can(one, "iam:PassRole", other.arn, iam_PassedToService=service, **bound)
            and all(can(one, action, thing) for action in actions)
        )


def plainly_more(account: Estate, one: Actor, other: Actor) -> bool:
    """Return whether ``other`` may do something that neither ``one`` may nor any role that there is but ``other``."""
    rest = [actor for actor in account.actors if actor.is_role and actor is not other]
    return any(
        evaluate(other.principal, probe).allowed
        and not any(evaluate(actor.principal, probe).allowed for actor in (one, *rest))
        for probe in PROBES
    )


def _key(path: Path) -> tuple[object, ...]:
    return tuple((way.source, way.target, way.actions, way.rank) for way in path.ways)


def test_the_methods_name_actions_that_exist() -> None:
    from reconciler.catalogue.actions import action_catalogue  # noqa: PLC0415  the catalogue is large

    assert escalation_methods().names <= set(action_catalogue().names)
