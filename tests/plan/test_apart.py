"""Calls are taken to be independent only where no request can tell them to be otherwise."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access import Principal, Request, evaluate
from reconciler.plan.apart import may_share, shape
from reconciler.policydoc import atoms

ACTIONS = ["*", "s3:*", "S3:get*", "s3:GetObject", "s3:*Object", "s3:?etObject", "sqs:*", "*:*e*"]
RESOURCES = ["*", "arn:*", "arn:aws:s3", "arn:aws:s3:::a", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::a*", "arn:*:x"]
RESOURCES += [
    "arn:aws:*:::*/x",
    "arn:aws:sqs:::a",
    "arn:aws:s3:::?",
    "arn:aws:s3:::a/${aws:username}/x",
    "arn:aws:s3:::A",
]
REQUESTS = [
    Request(action, resource)
    for action, resource in product(
        ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"],
        [
            "arn:aws:s3:::a",
            "arn:aws:s3:::A",
            "arn:aws:s3:::u",
            "arn:aws:s3:::a/u/x",
            "arn:aws:sqs:::a",
            "arn:aws:s3:::b/x",
        ],
    )
]


def statements() -> st.SearchStrategy[dict[str, object]]:
    actions = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2)
    resources = st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2)
    return st.builds(
        lambda action, resource, action_key, resource_key: {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", action_key: action, resource_key: resource},
        },
        actions,
        resources,
        st.sampled_from(["Action", "Action", "NotAction"]),
        st.sampled_from(["Resource", "Resource", "NotResource"]),
    )


def shapes(body: dict[str, object]) -> frozenset[tuple[tuple[str, ...], tuple[str, ...]]]:
    return frozenset(map(shape, atoms(body).allow))


@given(statements(), statements())
def test_what_a_request_matches_twice_is_never_apart(one: dict[str, object], other: dict[str, object]) -> None:
    shared = [
        request
        for request in REQUESTS
        if all(evaluate(Principal([body], bindings={"aws:username": "u"}), request).allowed for body in (one, other))
    ]
    assert may_share(shapes(one), shapes(other)) or not shared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("s3:*", "*"), ("sqs:*", "*")),
        (("s3:Get*", "*"), ("s3:PutObject", "*")),
        (("s3:*Object", "*"), ("s3:*Acl", "*")),
        (("s3:*", "arn:aws:s3:::a/*"), ("s3:*", "arn:aws:s3:::b/*")),
        (("s3:*", "arn:aws:s3:::a"), ("s3:*", "arn:aws:s3:::a/*")),
    ],
)
def test_what_differs_in_its_plain_text_is_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    found = [
        shapes({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
        for action, resource in (one, other)
    ]
    assert not may_share(*found)
