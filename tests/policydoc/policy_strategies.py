"""Policies for property tests: generated, rewritten without changing what they say, and changed in one place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from hypothesis import strategies as st

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "iam:PassRole", "sqs:Send*", "*"]
ACCOUNTS = ["123456789012", "arn:aws:iam::123456789012:root", "arn:aws-cn:iam::123456789012:root"]
USERS = ["arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:role/app/web", "210987654321", "*"]
SERVICES = ["lambda.amazonaws.com", "ec2.amazonaws.com"]
STRING_OPERATORS = ["StringEquals", "ForAnyValue:StringLike", "ArnLikeIfExists", "NumericLessThan"]
BOOL_OPERATORS = ["Bool", "Null", "ForAllValues:BoolIfExists"]
KEYS = ["aws:SourceVpc", "aws:ResourceTag/Team", "s3:prefix"]
WORDS = ["a", "b", "A", "${aws:username}", "15", "1.0", "true", "é ü"]


def _some(options: list[str], least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(options), min_size=least, max_size=4)


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.dictionaries(st.sampled_from(KEYS), _some(WORDS, 0), max_size=2)
    flags = st.dictionaries(st.sampled_from(KEYS), _some(["true", "false"]), max_size=2)
    strings = st.dictionaries(st.sampled_from(STRING_OPERATORS), texts, max_size=2)
    bools = st.dictionaries(st.sampled_from(BOOL_OPERATORS), flags, max_size=2)
    return st.builds(lambda one, two: {**one, **two}, strings, bools)


def _principals() -> st.SearchStrategy[Any]:
    typed = st.fixed_dictionaries({}, optional={"AWS": _some(ACCOUNTS + USERS), "Service": _some(SERVICES)})
    return st.one_of(st.just("*"), typed)


@st.composite
def statements(draw: st.DrawFn, *, trust: bool | None = None) -> dict[str, Any]:
    """Return a statement: of a trust, of an identity policy, or (None) of any kind."""
    data: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Deny"]))}
    sid = draw(st.sampled_from([None, "", "One", "Two"]))
    if sid is not None:
        data["Sid"] = sid
    data[draw(st.sampled_from(["Action", "NotAction"]))] = draw(_some(ACTIONS))
    if trust is not True:
        data[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(
            _some(["arn:aws:s3:::b", "arn:aws:s3:::b/*", "*"])
        )
    if trust or (trust is None and draw(st.booleans())):
        data["Principal"] = draw(_principals())
    if draw(st.booleans()):
        data["Condition"] = draw(_conditions())
    return data


@st.composite
def policies(draw: st.DrawFn, *, trust: bool | None = None) -> dict[str, Any]:
    """Return a policy of up to four statements."""
    data: dict[str, Any] = {}
    version = draw(st.sampled_from([None, "2008-10-17", "2012-10-17"]))
    if version is not None:
        data["Version"] = version
    data["Statement"] = draw(st.lists(statements(trust=trust), max_size=4))
    return data


def rewritten(draw: Draw, policy: dict[str, Any]) -> dict[str, Any]:
    """Return the policy as somebody else might have written it."""
    data = copy.deepcopy(policy)
    if data.get("Version") == "2008-10-17" and draw(st.booleans()):
        del data["Version"]
    found = [_rewritten_statement(draw, statement) for statement in data["Statement"]]
    if found and draw(st.booleans()):
        found.append(copy.deepcopy(draw(st.sampled_from(found))))
    found = draw(st.permutations(found))
    data["Statement"] = found[0] if len(found) == 1 and draw(st.booleans()) else found
    return _shuffled(draw, data)


def _rewritten_statement(draw: Draw, statement: dict[str, Any]) -> dict[str, Any]:
    data = dict(statement)
    if not data.get("Sid"):
        data.pop("Sid", None)
        if draw(st.booleans()):
            data["Sid"] = ""
    for element in ("Action", "NotAction"):
        if element in data:
            data[element] = [draw(st.sampled_from([text, text.upper(), text.lower()])) for text in data[element]]
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        if element in data:
            data[element] = _rewritten_list(draw, data[element])
    if "Principal" in data:
        data["Principal"] = _rewritten_principal(draw, data["Principal"])
    condition = _rewritten_condition(draw, data.pop("Condition", {}))
    if condition or draw(st.booleans()):
        data["Condition"] = condition
    return _shuffled(draw, data)


def _rewritten_principal(draw: Draw, principal: Any) -> Any:
    if principal in ("*", {"AWS": ["*"]}):
        return draw(st.sampled_from(["*", {"AWS": "*"}, {"AWS": ["*", "*"]}]))
    data = dict(principal)
    if "AWS" in data:
        spelled = [
            draw(st.sampled_from([*ACCOUNTS, 123456789012])) if name in ACCOUNTS else name for name in data["AWS"]
        ]
        data["AWS"] = _rewritten_list(draw, spelled)
    return _shuffled(draw, data)


def _rewritten_condition(draw: Draw, condition: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for operator, block in condition.items():
        flags = operator in BOOL_OPERATORS
        data[operator] = _shuffled(
            draw,
            {
                draw(st.sampled_from([key, key.lower(), key.upper()])): _rewritten_list(
                    draw, [_rewritten_value(draw, text, flags=flags) for text in values]
                )
                for key, values in block.items()
            },
        )
    if draw(st.booleans()):
        data.setdefault("DateEquals", {})
    return _shuffled(draw, data)


def _rewritten_value(draw: Draw, text: str, *, flags: bool) -> Any:
    spellings: list[Any] = [text]
    if text in ("true", "false"):
        spellings.append(text == "true")
        spellings += [text.capitalize(), text.upper()] if flags else []
    if text == "15":
        spellings.append(15)
    if text == "1.0":
        spellings.append(1.0)
    return draw(st.sampled_from(spellings))


def _rewritten_list(draw: Draw, values: list[Any]) -> Any:
    unique = list({json.dumps(value): value for value in values}.values())
    if len(unique) == 1 and draw(st.booleans()):
        return unique[0]
    more = [draw(st.sampled_from(unique))] if unique and draw(st.booleans()) else []
    return draw(st.permutations(unique + more))


def _shuffled(draw: Draw, data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in draw(st.permutations(list(data)))}


def changed(draw: Draw, policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy that says something else in exactly one place; it needs at least one statement."""
    data = copy.deepcopy(policy)
    if draw(st.integers(0, 9)) == 0:
        data["Version"] = "2008-10-17" if data.get("Version") == "2012-10-17" else "2012-10-17"
        return data
    statement = draw(st.sampled_from(data["Statement"]))
    draw(st.sampled_from(_changes(statement)))()
    return data


def _changes(statement: dict[str, Any]) -> list[Callable[[], Any]]:
    action = "Action" if "Action" in statement else "NotAction"
    resource = "Resource" if "Resource" in statement else "NotResource"
    found: list[Callable[[], Any]] = [
        lambda: statement.update(Effect="Deny" if statement["Effect"] == "Allow" else "Allow"),
        lambda: statement.update(Sid=statement.get("Sid", "") + "x"),
        lambda: statement[action].append("new:Action"),
        lambda: statement.update({action: ["new:Action"]}),
        lambda: statement.update({_other(action): statement.pop(action)}),
        lambda: statement.setdefault(resource, []).append("arn:aws:s3:::new"),
        lambda: statement.setdefault("Condition", {}).setdefault("DateEquals", {}).update({"aws:new": []}),
    ]
    if resource in statement:
        found.append(lambda: statement.pop(resource))
        found.append(lambda: statement.update({_other(resource): statement.pop(resource)}))
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        found.append(lambda: principal.setdefault("AWS", []).append("999999999999"))
        found.append(lambda: statement.update(NotPrincipal=statement.pop("Principal")))
    condition = statement.get("Condition", {})
    for operator, block in condition.items():
        for key in block:
            found.append(partial(block[key].append, "new"))
            found.append(partial(block.pop, key))
            found.append(partial(_renamed, block, key))
            found.append(partial(_moved, condition, operator, key))
    return found


def _renamed(block: dict[str, Any], key: str) -> None:
    block[f"{key}2"] = block.pop(key)


def _moved(condition: dict[str, Any], operator: str, key: str) -> None:
    condition["StringNotLike"] = {key: condition[operator].pop(key)}


def _other(element: str) -> str:
    return element.removeprefix("Not") if element.startswith("Not") else f"Not{element}"
