"""Which actions can act on a resource."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalogue.actions import action_catalogue
from reconciler.catalogue.reach import acting_on
from reconciler.catalogue.search import find_actions

CATALOGUE = action_catalogue()
INDEXES = st.integers(0, len(CATALOGUE.names) - 1)


def names(action: str, resource: str) -> set[str]:
    return {CATALOGUE.names[at] for at in acting_on(CATALOGUE, action, resource)}


@pytest.mark.parametrize(
    ("action", "resource", "acts"),
    [
        ("s3:DeleteObject", "arn:aws:s3:::bucket/*", True),
        ("s3:DeleteObject", "arn:aws:s3:::bucket/folder/file", True),
        ("s3:deleteobject", "arn:*:s3:::*", True),
        ("s3:DeleteObject", "arn:aws:s3:::bucket", False),
        ("s3:ListBucket", "arn:aws:s3:::bucket", True),
        ("s3:ListBucket", "arn:aws:s3:::bucket/*", False),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::bucket", False),
        ("s3:ListAllMyBuckets", "*", True),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/path/name", True),
        ("iam:PassRole", "arn:aws:iam::123456789012:user/name", False),
        ("iam:PassRole", "arn:aws:sqs:*:*:*", False),
        ("iam:PassRole", "arn:*", True),
        ("iam:PassRole", "arn:aws:i?m::*:role/*", True),
        ("execute-api:Invoke", "arn:aws:execute-api:*:*:*/prod/GET/*", True),
    ],
)
def test_an_action_acts_on_what_one_of_its_forms_of_arn_can_be(action: str, resource: str, *, acts: bool) -> None:
    assert bool(names(action, resource)) is acts


def test_a_glob_is_narrowed_to_the_actions_that_can_act_there() -> None:
    found = names("s3:*Object", "arn:aws:s3:::bucket/*")
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= found
    assert "s3:ListBucket" not in names("s3:*", "arn:aws:s3:::bucket/*")
    assert names("s3:*", "*") == {CATALOGUE.names[at] for at in find_actions(CATALOGUE, "s3:*")}


@given(INDEXES, st.text("abc-1", min_size=1, max_size=4), st.data())
def test_an_action_acts_on_every_arn_of_its_forms_and_on_every_glob_over_one(
    index: int, filling: str, data: st.DataObject
) -> None:
    for form in CATALOGUE.arn_formats(index):
        arn = re.sub(r"\$\{\w+\}", filling, form).replace("*", filling)
        start, end = sorted(data.draw(st.tuples(st.integers(4, len(arn)), st.integers(4, len(arn)))))
        # A wildcard that swallows a colon would shift the parts of the ARN.
        end = end if ":" not in arn[start:end] else start
        for glob in (arn, f"{arn[:start]}*{arn[end:]}"):
            assert fnmatchcase(arn, glob)
            assert acting_on(CATALOGUE, CATALOGUE.names[index], glob) == (index,)
