"""A second evaluator, as simple as the rules are told and sharing nothing with the first, and what it is tried on.

It knows string operators, wildcards, variables and Null, over a small alphabet in which everything meets everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from reconciler.access import Principal, Request

__all__ = ["conditions", "documents", "naive", "principals", "requests", "statements"]

Values = dict[str, list[str]]
Marked = list[tuple[str, bool]]
"""The characters of a pattern, and whether each is a wildcard."""

_WORDS = [
    "a",
    "b",
    "ab",
    "a*",
    "*b",
    "?",
    "*",
    "a:b",
    "",
    "${aws:username}",
    "${aws:tag, 'b'}",
    "${*}",
    "A",
    "${aws:username}*",
]
_KEYS = ["aws:username", "aws:tag", "aws:x", "AWS:X"]
_OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "ArnLike"]
_ARNS = [
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/?",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:s3:::${aws:tag, 'a'}*",
    "arn:aws:*:::a/b",
    "arn:aws:s*:a",
    "arn:aws:s3",
    "arn:aws:s?:*:*:a:b",
    "arn:*:b",
    "arn:aws:s3:::A/b",
]
_RESOURCES = [
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::a/",
    "arn:aws:s3:::A/b",
    "arn:aws:sq:r:1:a:b",
    "arn:aws:s3:::b/a:b",
]
_ACTIONS = ["*", "s3:Get", "S3:get", "s3:Ge*", "s3:?et", "*:Get", "sq:Get", "s3:Put"]


def naive(principal: Principal, request: Request) -> str:
    """Return the name of the outcome."""
    context: Values = {}
    for key, value in [*request.context.items(), *principal.bindings.items()]:
        context[key.lower()] = [value] if isinstance(value, str) else list(value)
    context = {key: values for key, values in context.items() if values}
    boundary = [] if principal.boundary is None else [[principal.boundary]]
    effects = [
        {
            statement["Effect"]
            for document in layer
            for statement in _listed(_mapping(document)["Statement"])
            if _applies(statement, _mapping(document).get("Version") == "2012-10-17", request, context)
        }
        for layer in [principal.identity, *boundary, *principal.scps]
    ]
    if any("Deny" in found for found in effects):
        return "ExplicitlyDenied"
    return "Allowed" if all("Allow" in found for found in effects) else "ImplicitlyDenied"


def _mapping(document: Mapping[str, Any] | str) -> Mapping[str, Any]:
    assert not isinstance(document, str)
    return document


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _applies(statement: Mapping[str, Any], new: bool, request: Request, context: Values) -> bool:  # noqa: FBT001  a helper
    action = request.action.lower()
    for element in ("Action", "NotAction"):
        if element in statement:
            named = any(_like(_marked(text.lower(), {}, new=False), action) for text in _listed(statement[element]))
            if named != (element == "Action"):
                return False
    for element in ("Resource", "NotResource"):
        if element in statement:
            patterns = [_marked(text, context, new=new) for text in _listed(statement[element])]
            if any(_arn_like(pattern, request.resource) for pattern in patterns) != (element == "Resource"):
                return False
    return all(
        _holds(operator, _listed(values), context.get(key.lower(), []), context, new=new)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def _holds(operator: str, wanted: list[str], found: list[str], context: Values, *, new: bool) -> bool:
    if operator == "Null":
        return any((text == "true") == (not found) for text in wanted)
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    negated = "Not" in base
    if not found:
        return quantifier != "ForAnyValue" and (negated or rest != base or quantifier == "ForAllValues")
    patterns = [_marked(text, context, new=new) for text in wanted]
    hits = [any(_one(base.replace("Not", ""), pattern, value) for pattern in patterns) for value in found]
    if quantifier == "ForAllValues":
        return not any(hits) if negated else all(hits)
    if quantifier == "ForAnyValue":
        return not all(hits) if negated else any(hits)
    return any(hits) != negated


def _one(operator: str, pattern: Marked | None, value: str) -> bool:
    if pattern is None:
        return False
    text = "".join(char for char, _ in pattern)
    if operator == "StringEquals":
        return text == value
    if operator == "StringEqualsIgnoreCase":
        return text.lower() == value.lower()
    return _like(pattern, value) if operator == "StringLike" else _arn_like(pattern, value)


def _marked(text: str, context: Values, *, new: bool) -> Marked | None:
    """Return the pattern with its variables filled in, or None where one has no value."""
    marked: Marked = []
    while text:
        if new and text.startswith("${"):
            inner, _, text = text[2:].partition("}")
            key, comma, default = inner.partition(",")
            values = [key] if key == "*" else context.get(key.lower(), [default.strip(" '")] if comma else [])
            if len(values) != 1:
                return None
            marked += [(char, False) for char in values[0]]
        else:
            marked.append((text[0], text[0] in "*?"))
            text = text[1:]
    return marked


def _like(pattern: Marked | None, text: str, barrier: str = "") -> bool:
    """Match by trying everything; a wildcard never takes a character of ``barrier``."""
    if pattern is None:
        return False
    if not pattern:
        return not text
    (char, wild), rest = pattern[0], pattern[1:]
    takes = bool(text) and (text[0] not in barrier if wild else text[0] == char)
    if wild and char == "*":
        return _like(rest, text, barrier) or (takes and _like(pattern, text[1:], barrier))
    return takes and _like(rest, text[1:], barrier)


def _arn_like(pattern: Marked | None, text: str) -> bool:
    if pattern is None:
        return False
    if pattern and set(pattern) == {("*", True)}:
        return True
    parts: list[Marked] = [[]]
    for char in pattern:
        if char == (":", False) and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(char)
    parts += [[("*", True)]] * (6 - len(parts))
    texts = text.split(":", 5)
    if len(texts) < 6:
        return False
    barriers = [":"] * 5 + [""]
    return all(_like(part, one, barrier) for part, one, barrier in zip(parts, texts, barriers, strict=True))


def _some(options: Sequence[str]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(options)
    return one | st.lists(one, min_size=1, max_size=3)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """Return a Condition of up to two operators."""
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        if draw(st.integers(0, 4)) == 0:
            found["Null"] = {draw(st.sampled_from(_KEYS)): draw(_some(["true", "false"]))}
            continue
        quantifier = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
        operator = f"{quantifier}{draw(st.sampled_from(_OPERATORS))}{draw(st.sampled_from(['', '', 'IfExists']))}"
        keys = draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=2, unique_by=str.lower))
        found[operator] = {key: draw(_some(_WORDS)) for key in keys}
    return found


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")) -> dict[str, Any]:
    """Return a statement."""
    no = st.sampled_from(["", "", "Not"])
    statement = {
        "Effect": draw(st.sampled_from(effects)),
        f"{draw(no)}Action": draw(_some(_ACTIONS)),
        f"{draw(no)}Resource": draw(_some(_ARNS)),
    }
    condition = draw(conditions())
    return {**statement, "Condition": condition} if condition else statement


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Return documents of either version, or of none."""
    version = st.sampled_from([{"Version": "2012-10-17"}, {"Version": "2012-10-17"}, {"Version": "2008-10-17"}, {}])
    several = st.lists(statements(), max_size=3) | statements()
    return st.builds(lambda head, body: {**head, "Statement": body}, version, several)


def principals() -> st.SearchStrategy[Principal]:
    """Return principals with and without a boundary and SCPs."""
    words = st.sampled_from(["a", "b", "*", "a:b"])
    return st.builds(
        Principal,
        st.lists(documents(), max_size=3),
        st.none() | documents(),
        st.lists(st.lists(documents(), max_size=2), max_size=2),
        st.dictionaries(st.sampled_from(["aws:username", "aws:tag"]), words, max_size=2),
    )


def requests() -> st.SearchStrategy[Request]:
    """Return requests that most patterns of the alphabet have something to say about."""
    words = st.sampled_from(["a", "b", "ab", "*", "a:b", "", "A", "arn:aws:s3:::a"])
    return st.builds(
        Request,
        st.sampled_from(["s3:Get", "s3:Put", "sq:Get", "S3:GET"]),
        st.sampled_from(_RESOURCES),
        st.dictionaries(st.sampled_from(["aws:username", "aws:tag", "aws:x"]), words | st.lists(words, max_size=3)),
    )
