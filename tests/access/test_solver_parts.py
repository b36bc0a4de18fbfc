"""The parts of the solver against what can be tried out: all short texts, values on both sides of every line."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access import Principal, Relation, Request, compare_documents, evaluate
from reconciler.access.solver.domains import FAMILIES, candidates, point
from reconciler.access.solver.shortest import common_text
from reconciler.access.solver.texts import Glob, Symbol

SHORT = ["".join(letters) for length in range(5) for letters in product("abA", repeat=length)]
ARNS = [":".join(parts) for parts in product(("a", ""), ("a", "b"), ("",), ("a", ""), ("",), ("a", "a:b", "ab", ""))]
PATTERN = st.text("abA*?", max_size=4)
ARN = st.lists(st.sampled_from(["a", "*", "?", "", "b*", "a?"]), min_size=1, max_size=7).map(":".join)
VALUE = st.sampled_from(["", "a", "b", "ab", ":", "a:b", "aa", "B", "b:a:b"])
OPEN = st.lists(st.sampled_from(["a", "b", "*", "?", ":", "${aws:x}", "A"]), min_size=1, max_size=7).map("".join)


def globs(form: Any, texts: list[str], *, variables: bool = False) -> tuple[Glob, ...]:
    return tuple(Glob.read(form, text, variables=variables) for text in texts)


def meets(text: str, wanted: list[tuple[Glob, ...]], barred: tuple[Glob, ...]) -> bool:
    return all(any(glob.matches(text) for glob in some) for some in wanted) and not any(
        glob.matches(text) for glob in barred
    )


FORMS = st.sampled_from(["like", "equals", "folded"])
SETS = st.builds(globs, FORMS, st.lists(PATTERN, min_size=1, max_size=3))


@given(st.lists(SETS, min_size=1, max_size=3), st.builds(globs, FORMS, st.lists(PATTERN, max_size=3)))
def test_a_text_that_is_found_fits_and_where_none_is_found_no_short_text_does(
    wanted: list[tuple[Glob, ...]], barred: tuple[Glob, ...]
) -> None:
    text, _ = common_text(wanted, barred)
    if text is None:
        assert not any(meets(one, wanted, barred) for one in SHORT)
    else:
        assert meets(text, wanted, barred)
        assert all(len(one) >= len(text) for one in SHORT if meets(one, wanted, barred))


@given(
    st.lists(st.builds(globs, st.just("arn"), st.lists(ARN, min_size=1, max_size=3)), min_size=1, max_size=2),
    st.builds(globs, st.just("arn"), st.lists(ARN, max_size=3)),
)
def test_so_it_is_with_arns(wanted: list[tuple[Glob, ...]], barred: tuple[Glob, ...]) -> None:
    text, _ = common_text(wanted, barred)
    if text is None:
        assert not any(meets(one, wanted, barred) for one in ARNS)
    else:
        assert meets(text, wanted, barred)


@given(
    st.sampled_from(["arn", "like", "equals", "folded"]),
    st.lists(OPEN, min_size=1, max_size=2),
    st.sampled_from(["arn", "like", "equals", "folded"]),
    st.lists(OPEN, min_size=1, max_size=2),
    VALUE,
    st.integers(0, 5),
)
def test_where_a_variable_is_a_letter_and_no_text_is_found_there_is_none_for_any_value(
    form: str, texts: list[str], other: str, bars: list[str], value: str, colons: int
) -> None:
    wanted, barred = globs(form, texts, variables=True), globs(other, bars, variables=True)
    known = ((Symbol("aws:x"), colons),) if colons < 5 else ()
    if known and value.count(":") != colons:
        return
    text, _ = common_text([wanted], barred, 0, known)
    if text is not None:
        return
    filled = [glob.filled({"aws:x": (value,)}) for glob in wanted]
    against = [glob.filled({"aws:x": (value,)}) for glob in barred]
    left = [tuple(glob for glob in filled if glob is not None)]
    ground, _ = common_text(left, tuple(glob for glob in against if glob is not None))
    assert ground is None


LINES = {
    "Numeric": ["0", "1", "1.5", "-2", "1e3".replace("e3", "000"), "0.0000000000000000000000000000000000000001"],
    "Date": ["2030-01-01T00:00:00Z", "1893456000", "2030-01-01T00:00:00.000000001Z", "0", "2029-12-31"],
    "Bool": ["true", "False"],
    "IPAddress": ["10.0.0.0/8", "10.0.0.0/9", "0.0.0.0/0", "::/0", "2001:db8::1", "255.255.255.255"],
    "Binary": ["QQ==", "Qg=="],
}
TRIED = {
    "Numeric": [str(Decimal(number) / 4) for number in range(-20, 20)] + ["999", "1000", "1001", "5e"],
    "Date": ["2029-12-31T23:59:59Z", "1893456001", "1893455999", "5", "2031-01-01", "2030-01-01T01:00:00+01:00", "x"],
    "Bool": ["TRUE", "false", "no"],
    "IPAddress": ["9.255.255.255", "10.127.0.1", "10.128.0.1", "11.0.0.0", "::", "2001:db8::2", "255.255.255.254", "y"],
    "Binary": ["QUE=", "QQ==", "!"],
}
RELATIONS = {"Numeric": ["=", "<", "<=", ">", ">="], "Date": ["=", "<", "<=", ">", ">="]}


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_candidates_are_of_every_sort_that_the_lines_tell_apart(family: Any, data: st.DataObject) -> None:
    relation = st.sampled_from(RELATIONS.get(family, ["="]))
    made = st.builds(point, st.just(family), relation, st.sampled_from(LINES[family]))
    points = data.draw(st.lists(made, min_size=1, max_size=4))
    sorts = {tuple(one.matches(value) for one in points) for value in candidates(family, points, typed=False)}
    for value in TRIED[family]:
        assert tuple(one.matches(value) for one in points) in sorts, value


def allowing(condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": statement}


NEVER: dict[str, Any] = {"Bool": {"app:x": []}}
PRESENT = {"Null": {"app:x": "false"}}


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ({"Bool": {"app:x": "true"}, "StringEquals": {"app:x": "true"}}, {"StringEquals": {"app:x": "true"}}, "EQUAL"),
        ({"Bool": {"app:x": "true"}, "NumericLessThan": {"app:x": "5"}}, NEVER, "NARROWER"),
        ({"NumericLessThan": {"app:x": "5"}, "NumericGreaterThan": {"app:x": "5"}}, NEVER, "NARROWER"),
        (
            {"NumericLessThan": {"app:x": "5"}},
            {"NumericLessThan": {"app:x": "5"}, "StringLike": {"app:x": "4*"}},
            "NARROWER",
        ),
        (
            {**PRESENT, "ForAllValues:Bool": {"app:x": "true"}, "ForAllValues:StringEquals": {"app:x": "yes"}},
            NEVER,
            "EQUAL",
        ),
        (
            {
                **PRESENT,
                "ForAllValues:NumericLessThan": {"app:x": "5"},
                "ForAllValues:NumericGreaterThan": {"app:x": "5"},
            },
            NEVER,
            "EQUAL",
        ),
        (
            {**PRESENT, "ForAllValues:Bool": {"app:x": "true"}, "ForAllValues:NumericLessThan": {"app:x": "5"}},
            NEVER,
            "UNDECIDED",
        ),
    ],
)
def test_a_key_that_is_tested_as_several_types_is_settled_by_the_values_that_suggest_themselves(
    one: dict[str, Any], other: dict[str, Any], relation: str
) -> None:
    verdict = compare_documents(allowing(one), allowing(other))
    assert verdict.relation is Relation[relation], verdict


def test_numbers_at_the_end_of_what_is_a_number_are_told_apart() -> None:
    most = "9" * 40
    old = allowing({"NumericGreaterThan": {"s3:max-keys": most}})
    (one,) = compare_documents(None, old).gained
    assert evaluate(Principal([old]), Request("s3:GetObject", "*", one.request.context)).allowed
