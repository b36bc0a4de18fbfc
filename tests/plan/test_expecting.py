"""Sentences about access held against an account: for whom they fail, and a request that shows it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.grants import HOME, REQUESTS, Snapshot, estate, live_of
from support.worlds import desired_of

from reconciler import plan
from reconciler.access import Principal, Request, Verdict, compare, evaluate
from reconciler.catalogue.actions import action_catalogue
from reconciler.catalogue.reach import acting_on
from reconciler.model import Address, Expectation, Live, Unmet
from reconciler.plan import questions
from reconciler.plan.expecting import checked, unmet
from reconciler.plan.offline import declared_picture
from reconciler.plan.picture import Picture

ALICE, BOB, CI = Address("user", "alice"), Address("user", "bob"), Address("role", "ci")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"
PROD, ART = "arn:aws:s3:::prod/*", "arn:aws:s3:::art/*"


def document(*statements: tuple[str, Any, Any], **more: Any) -> dict[str, Any]:
    parts = [{"Effect": effect, "Action": action, "Resource": on, **more} for effect, action, on in statements]
    return {"Version": "2012-10-17", "Statement": parts}


def policy(name: str, *statements: tuple[str, Any, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": document(*statements, **more)}


REGION = {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}
MFA = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
OWN = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}
ESTATE: list[dict[str, Any]] = [
    policy("all", ("Allow", "*", "*")),
    policy("read", ("Allow", ["s3:GetObject", "s3:ListBucket"], "*")),
    policy("guard", ("Deny", "s3:Delete*", PROD)),
    policy("compute", ("Allow", ["ec2:*", "s3:ListBucket*"], "*")),
    policy("put", ("Allow", "s3:PutObject", ART), **REGION),
    policy("mfa", ("Allow", "iam:CreateUser", "*"), **MFA),
    policy("own", ("Allow", "ec2:StopInstances", "*"), **OWN),
    policy("home", ("Allow", "s3:*", "arn:aws:s3:::home/${aws:username}/*")),
    policy("bound", ("Allow", "s3:*", "*")),
    {"kind": "group", "name": "admins", "policies": ["all"]},
    {"kind": "group", "name": "empty"},
    {"kind": "user", "name": "alice", "groups": ["admins"], "policies": ["guard"], "tags": {"team": "orders"}},
    {"kind": "user", "name": "bob", "policies": ["compute", "read"], "tags": {"team": "orders"}},
    {"kind": "user", "name": "carol", "policies": ["all"], "permissions_boundary": "bound"},
    {"kind": "user", "name": "dave", "policies": ["mfa", "own"], "tags": {"team": "sales"}},
    {"kind": "user", "name": "frank", "policies": ["home"], "tags": {"team": "sales"}},
    {"kind": "role", "name": "ci", "service": "lambda", "policies": ["put"]},
    {"kind": "role", "name": "app-one", "service": "lambda", "policies": ["read"]},
    {"kind": "role", "name": "app-two", "service": "lambda"},
    {"kind": "role", "name": "bob-2", "service": "lambda"},
    {"kind": "role", "name": "compute", "service": "lambda", "policies": ["compute"]},
]
HOLD = [
    "alice cannot s3:DeleteObject on arn:aws:s3:::prod/*",
    "ALICE cannot s3:deleteobject on arn:aws:s3:::prod/x",
    "alice can s3:DeleteObject on arn:aws:s3:::art/*",
    "alice can s3:GetObject, sqs:SendMessage",
    "alice can *  on arn:aws:sqs:*:*:*",
    "group/admins can sqs:*",
    "group/empty can sqs:*",
    "nobody outside group/admins, user/carol can s3:PutObject on arn:aws:s3:::prod/*",
    "nobody outside group/admins and user/dave can iam:*",
    "everybody outside group/admins, user/carol cannot sns:*",
    "role/app-* cannot s3:Put*, s3:Delete*",
    "role/app-one can s3:GetObject",
    "role/nothing-* can *",
    "carol cannot iam:*",
    "carol can s3:*",
    # ec2:* and s3:ListBucket* on every resource allow no action that can act on an object
    "role/compute cannot * on arn:aws:s3:::prod/*",
    "dave cannot iam:CreateUser when aws:MultiFactorAuthPresent = false",
    "dave can iam:CreateUser when aws:MultiFactorAuthPresent = true",
    "dave cannot ec2:StopInstances when aws:ResourceTag/team = orders",
    "dave can ec2:StopInstances when aws:ResourceTag/team = sales",
    "frank can s3:GetObject on arn:aws:s3:::home/${aws:username}/*",
    "frank, group/admins can s3:GetObject on arn:aws:s3:::home/${aws:username}/*",
    "frank cannot s3:* on arn:aws:s3:::home/alice/*",
    "role/ci can s3:PutObject on arn:aws:s3:::art/* when aws:RequestedRegion = eu-west-1",
    "ci cannot s3:PutObject when aws:RequestedRegion = us-east-1",
    # nobody whose tag is another makes requests with this one
    "everybody outside role/*, group/admins, user/bob, user/carol cannot * when aws:PrincipalTag/team = orders",
]
FAIL: list[tuple[str, dict[str, tuple[bool, str]]]] = [
    ("alice cannot s3:DeleteObject", {"user/alice": (True, "s3:DeleteObject")}),
    ("alice can s3:DeleteObject", {"user/alice": (False, "s3:DeleteObject")}),
    ("alice can s3:*", {"user/alice": (False, "s3:Delete*")}),
    ("nobody outside group/admins can iam:*", {"user/dave": (True, "iam:CreateUser")}),
    ("nobody outside user/alice, frank, ci can s3:PutObject", {"user/carol": (True, "s3:PutObject")}),
    ("everybody outside role/*, user/frank can s3:ListBucket", {"user/dave": (False, "s3:ListBucket")}),
    ("role/app-* can s3:GetObject", {"role/app-two": (False, "s3:GetObject")}),
    ("frank can s3:GetObject on arn:aws:s3:::home/*", {"user/frank": (False, "s3:GetObject")}),
    ("frank cannot s3:GetObject on arn:aws:s3:::home/${aws:username}/*", {"user/frank": (True, "s3:GetObject")}),
    ("bob cannot * on arn:aws:s3:::prod/*", {"user/bob": (True, "s3:GetObject")}),
    ("carol can iam:GetUser", {"user/carol": (False, "iam:GetUser")}),
    ("dave can iam:CreateUser", {"user/dave": (False, "iam:CreateUser")}),
    ("dave cannot iam:CreateUser", {"user/dave": (True, "iam:CreateUser")}),
    ("dave can ec2:StopInstances", {"user/dave": (False, "ec2:StopInstances")}),
    ("ci can s3:PutObject on arn:aws:s3:::art/*", {"role/ci": (False, "s3:PutObject")}),
    ("ci can s3:PutObject when aws:RequestedRegion = eu-west-1", {"role/ci": (False, "s3:PutObject")}),
    ("ci cannot s3:PutObject on arn:aws:s3:::a*/x", {"role/ci": (True, "s3:PutObject")}),
]  # fmt: skip


def docs(*sentences: str, **more: Any) -> dict[str, Any]:
    return {"kind": "expectation", "name": "expected", "expect": list(sentences), **more}


@cache
def settled() -> Live:
    """Return the account once it is as desired."""
    return live_of(ESTATE)


def found(*sentences: str, known: Mapping[str, Any] | None = None, **more: Any) -> tuple[Unmet, ...]:
    """Return what is not so in the account as it is once it is as desired."""
    desired = desired_of([*ESTATE, docs(*sentences, **more)], HOME)
    live = settled()
    return checked(desired.expectations, live, (), Snapshot(live, known or {}).documents)


@pytest.mark.parametrize("sentence", HOLD)
def test_a_sentence_holds(sentence: str) -> None:
    assert found(sentence) == ()


@pytest.mark.parametrize(("sentence", "fails"), FAIL, ids=[sentence for sentence, _ in FAIL])
def test_a_sentence_fails_for_whom_it_does_with_a_request_that_shows_it(
    sentence: str, fails: dict[str, tuple[bool, str]]
) -> None:
    told = found(sentence)
    assert {str(address) for one in told for address in one.principals} == fails.keys()
    picture = Picture(settled().objects, HOME, {})
    for one in told:
        assert not one.undecided
        assert one.fails
        assert one.evidence is not None
        for address in one.principals:
            allowed, action = fails[str(address)]
            assert fnmatchcase(one.evidence.action, action)
            assert one.evidence.gained is allowed
            request = Request(one.evidence.action, one.evidence.resource, one.evidence.context)
            assert evaluate(picture.held(address).principal, request).allowed is allowed


@pytest.mark.parametrize(
    ("sentence", "because"),
    [
        ("alice can s3:DeleteObject on arn:aws:s3:::prod/x", f"guard#1 (Action s3:Delete*, Resource {PROD}) denies it"),
        ("alice cannot sqs:SendMessage", "all#1 through group/admins (Action *, Resource *) allows it"),
        ("carol can iam:GetUser", "the boundary bound does not allow it"),
        ("bob can iam:GetUser", "no policy allows it"),
    ],
)  # fmt: skip
def test_a_failure_names_the_statement_that_decides(sentence: str, because: str) -> None:
    (one,) = found(sentence)
    assert one.evidence is not None
    assert one.evidence.because == because


def test_the_request_of_a_failure_has_the_context_of_the_sentence() -> None:
    (one,) = found("ci cannot s3:PutObject when aws:RequestedRegion = eu-west-1")
    assert one.evidence is not None
    assert one.evidence.context == {"aws:RequestedRegion": "eu-west-1"}
    (one,) = found("dave cannot iam:CreateUser")
    assert one.evidence is not None
    assert {key.lower(): value for key, value in one.evidence.context.items()} == {"aws:multifactorauthpresent": "true"}


def test_those_who_fail_alike_are_told_together() -> None:
    told = found("role/app-two, role/bob-2 can sqs:SendMessage")
    assert [one.principals for one in told] == [(Address("role", "app-two"), Address("role", "bob-2"))]


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("zoe cannot iam:*", "zoe"),
        ("role/alice cannot iam:*", "role/alice"),
        ("nobody outside group/admin, group/admins, user/dave can iam:*", "group/admin"),
    ],
)  # fmt: skip
def test_a_sentence_that_names_nobody_there_fails(sentence: str, name: str) -> None:
    (one,) = found(sentence)
    reason = f"there is no {name} in the account: correct the name, or leave it away"
    assert (one.principals, one.reasons, one.fails) == ((), (reason,), True)


def test_a_name_that_several_have_fails_as_soon_as_the_account_has_them() -> None:
    live = live_of([*ESTATE, {"kind": "role", "name": "bob", "service": "lambda"}])
    told = unmet(desired_of([docs("bob cannot iam:*")], HOME).expectations, Picture(live.objects, HOME, {}))
    assert [one.reasons for one in told] == [("bob is the name of role/bob and user/bob: write the one that you mean",)]


def test_whoever_is_declared_absent_may_be_spoken_of() -> None:
    desired = desired_of([{"kind": "user", "name": "zoe", "state": "absent"}, docs("zoe cannot iam:*")], HOME)
    live = live_of([])
    assert checked(desired.expectations, live, (), Snapshot(live, {}).documents) == ()


def test_the_account_is_judged_as_the_plan_leaves_it_undeclared_principals_and_all() -> None:
    live = live_of([policy("p", ("Allow", "s3:*", "*")), {"kind": "user", "name": "stray", "policies": ["p"]}])
    narrowed = [policy("p", ("Allow", "s3:GetObject", "*"))]
    expected = docs("nobody can s3:PutObject", "nobody can s3:GetObject")
    before = desired_of([policy("p", ("Allow", "s3:*", "*")), expected], HOME)
    after = desired_of([*narrowed, expected], HOME)

    def told(desired: Any) -> list[tuple[str, tuple[Address, ...]]]:
        reader = Snapshot(live, {})
        made = plan.make(desired, reader)
        return [
            (one.expectation.text, one.principals)
            for one in checked(desired.expectations, live, [step.call for step in made.steps], reader.documents)
        ]

    stray = (Address("user", "stray"),)
    assert told(before) == [("nobody can s3:PutObject", stray), ("nobody can s3:GetObject", stray)]
    assert told(after) == [("nobody can s3:GetObject", stray)]


def unknown(
    sentence: str, attached: str, *, boundary: str | None = None, more: tuple[dict[str, Any], ...] = ()
) -> tuple[bool, tuple[str, ...]] | None:
    """Return the one thing that is said of eve, who holds policies of AWS's whose documents nobody knows."""
    eve = {"kind": "user", "name": "eve", "policies": [attached, *(one["name"] for one in more)]}
    if boundary is not None:
        eve["permissions_boundary"] = boundary
    desired = desired_of([*more, eve, docs(sentence)], HOME)
    told = unmet(desired.expectations, declared_picture(desired, lambda _: {}))
    return (told[0].undecided, told[0].unknown) if told else None


PUT = policy("put-all", ("Allow", "s3:PutObject", "*"))
KEEP = policy("keep", ("Deny", "s3:Delete*", "*"))


@pytest.mark.parametrize(
    ("sentence", "attached", "more", "said"),
    [
        ("eve cannot s3:GetObject", "ReadOnlyAccess", (), (True, (READ_ONLY,))),
        # what is known allows it, and ReadOnlyAccess holds no Deny
        ("eve cannot s3:PutObject", "ReadOnlyAccess", (PUT,), (False, ())),
        ("eve can s3:PutObject", "ReadOnlyAccess", (PUT,), None),
        # a Deny that is known stands, whatever else there is
        ("eve cannot s3:DeleteObject", "ReadOnlyAccess", (KEEP,), None),
        ("eve can s3:DeleteObject", "ReadOnlyAccess", (KEEP,), (False, ())),
        # a policy that denies something may deny this
        ("eve cannot s3:PutObject", "AWSCompromisedKeyQuarantineV2", (PUT,), (True, (QUARANTINE,))),
        # so may one of the account that is not declared
        ("eve cannot s3:PutObject", "customer/theirs", (PUT,), (True, ("arn:aws:iam::123456789012:policy/theirs",))),
        # these say it all in their names
        ("eve can *", "AdministratorAccess", (), None),
        ("eve cannot *", "AWSDenyAll", (PUT,), None),
    ],
)  # fmt: skip
def test_a_policy_whose_document_is_not_known_leaves_open_only_what_it_may_decide(
    sentence: str, attached: str, more: tuple[dict[str, Any], ...], said: Any
) -> None:
    assert unknown(sentence, attached, more=more) == said


def test_a_boundary_whose_document_is_not_known_leaves_open_what_it_may_bound() -> None:
    bound = "ReadOnlyAccess"
    assert unknown("eve cannot s3:PutObject", "put-all", boundary=bound, more=(PUT,)) == (True, (READ_ONLY,))
    assert unknown("eve can s3:DeleteObject", "keep", boundary=bound, more=(KEEP,)) == (False, ())


def test_a_group_that_is_not_declared_leaves_open_what_it_may_grant() -> None:
    desired = desired_of([{"kind": "user", "name": "eve", "groups": ["theirs"]}, docs("eve cannot iam:*")], HOME)
    (one,) = unmet(desired.expectations, declared_picture(desired, lambda _: {}))
    assert one.unknown == ("arn:aws:iam::123456789012:group/theirs",)


def test_documents_that_the_account_has_settle_what_was_open() -> None:
    reads = {READ_ONLY: document(("Allow", ["s3:Get*", "s3:List*"], "*"))}
    live = live_of([{"kind": "user", "name": "eve", "policies": ["ReadOnlyAccess"]}])
    for sentence, fails in (("eve cannot s3:PutObject", False), ("eve cannot s3:GetObject", True)):
        told = checked(desired_of([docs(sentence)], HOME).expectations, live, (), Snapshot(live, reads).documents)
        assert [one.undecided for one in told] == ([False] if fails else [])


@pytest.mark.parametrize("allowed", [True, False])
def test_what_is_undecided_fails_unless_the_document_allows_it(*, allowed: bool) -> None:
    eve = {"kind": "user", "name": "eve", "policies": ["ReadOnlyAccess"]}
    expected = docs("eve cannot s3:GetObject", "eve can s3:GetObject", allow_undecided=allowed)
    live = live_of([eve])
    told = checked(desired_of([eve, expected], HOME).expectations, live, (), Snapshot(live, {}).documents)
    assert [(one.undecided, one.fails) for one in told] == [(True, not allowed)] * 2


def test_a_thousand_principals_that_hold_the_same_are_asked_about_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def counting(old: Principal, new: Principal, **how: int) -> Verdict:
        asked.append(new)
        return compare(old, new, **how)

    monkeypatch.setattr(questions, "compare", counting)
    users = [{"kind": "user", "name": f"u{n}", "policies": ["read"]} for n in range(300)]
    live = live_of([policy("read", ("Allow", "s3:GetObject", "*")), *users])
    expected = desired_of([docs("nobody can iam:*", "nobody can s3:GetObject")], HOME)
    told = checked(expected.expectations, live, (), Snapshot(live, {}).documents)
    assert [len(one.principals) for one in told] == [300]
    assert len(asked) == 1, "no policy speaks of iam at all"


@given(st.randoms(use_true_random=False))
def test_no_request_contradicts_a_sentence_that_holds_and_every_failure_is_real(chance: random.Random) -> None:
    picture = Picture(live_of(estate(chance)).objects, HOME, {})
    verb = chance.choice(["can", "cannot"])
    action = chance.choice(["s3:GetObject", "s3:*", "*", "sqs:SendMessage"])
    resource = chance.choice(["*", "arn:aws:s3:::a", "arn:aws:s3:::*"])
    context = chance.choice(["", " when aws:SourceIp = 10.0.0.1"])
    (sentence,) = desired_of([docs(f"everybody {verb} {action} on {resource}{context}")], HOME).expectations
    failed = {address: one for one in unmet([sentence], picture) for address in one.principals}
    for address in picture.principals():
        principal = picture.held(address).principal
        if address in failed:
            shown = failed[address].evidence
            assert shown is not None
            request = Request(shown.action, shown.resource, shown.context)
            assert evaluate(principal, request).allowed is not sentence.allowed
            assert covers(sentence, request)
        else:
            asked = [request for request in REQUESTS if covers(sentence, request) and counts(sentence, request)]
            assert all(evaluate(principal, request).allowed is sentence.allowed for request in asked)


def covers(sentence: Expectation, request: Request) -> bool:
    given = {key.lower(): value for key, value in request.context.items()}
    return (
        any(fnmatchcase(request.action.lower(), action.lower()) for action in sentence.actions)
        and any(fnmatchcase(request.resource, resource) for resource in sentence.resources)
        and all(given.get(key.lower()) == value for key, value in sentence.context.items())
    )


def counts(sentence: Expectation, request: Request) -> bool:
    """Return whether the request is one of those: a resource of the action's, and for `can` no other context."""
    context = not sentence.allowed or dict(request.context) == dict(sentence.context)
    return context and bool(acting_on(action_catalogue(), request.action, request.resource))
