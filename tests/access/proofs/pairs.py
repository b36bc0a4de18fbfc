"""Random pairs of principals, one for each seed: far from each other, or one edit apart."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from access.proofs.alphabet import KEYS, OPERATORS, VARIABLE_KEYS, action, arn, value

from reconciler.access import Principal

__all__ = ["EDITS", "Pair", "pair", "printed"]

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two principals, how they were made, and the seed that makes them again."""

    seed: int
    made: str
    """``unrelated``, or the name of the edit."""
    old: Principal
    new: Principal

    def __str__(self) -> str:
        """Return the pair as Python source."""
        return f"seed {self.seed} ({self.made})\nold = {printed(self.old)}\nnew = {printed(self.new)}"


@dataclass(frozen=True)
class _Means:
    """What an edit is made with: chance, and the condition keys of the pair."""

    chance: Random
    keys: Sequence[str]


def printed(principal: Principal) -> str:
    """Return a principal as Python source."""
    parts = [f"identity={principal.identity!r}"]
    parts += [f"boundary={principal.boundary!r}"] if principal.boundary is not None else []
    parts += [f"scps={principal.scps!r}"] if principal.scps else []
    parts += [f"bindings={dict(principal.bindings)!r}"] if principal.bindings else []
    return f"Principal({', '.join(parts)})"


def pair(seed: int) -> Pair:
    """Return the pair that belongs to a seed."""
    chance = Random(seed)  # noqa: S311  examples, no secret
    keys = chance.sample(list(KEYS), chance.choice((1, 2, 2, 3, 4)))
    old = _principal(chance, keys)
    if chance.random() < 0.2:
        return Pair(seed, "unrelated", old, _principal(chance, keys))
    new, made = old, []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name = chance.choice(list(EDITS))
        new = EDITS[name](_Means(chance, keys), new)
        made.append(name)
    if chance.random() < 0.5:
        old, new = new, old
    return Pair(seed, ", ".join(made), old, new)


def _principal(chance: Random, keys: Sequence[str]) -> Principal:
    identity = [_document(chance, keys, 0.75) for _ in range(chance.choice((1, 1, 2, 3)))]
    boundary = _ceiling(chance, keys) if chance.random() < 0.35 else None
    levels = chance.choice((0, 0, 0, 1, 1, 2))
    scps = [[_ceiling(chance, keys) for _ in range(chance.choice((1, 1, 2)))] for _ in range(levels)]
    return Principal(identity, boundary, scps, _bindings(chance))


def _bindings(chance: Random) -> dict[str, str | list[str]]:
    if chance.random() < 0.6:
        return {}
    names = chance.sample(VARIABLE_KEYS, chance.choice((1, 1, 2)))
    words: tuple[str | list[str], ...] = ("bob", "a", "b", "1", "a:b", "*", "", [], ["a", "b"])
    return {name: chance.choice(words) for name in names}


def _ceiling(chance: Random, keys: Sequence[str]) -> Json:
    """Return a document for a boundary or an SCP: mostly one that allows much, or else nothing would be left."""
    document = _document(chance, keys, 0.5)
    if chance.random() < 0.7:
        document["Statement"] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, *document["Statement"]]
    return document


def _document(chance: Random, keys: Sequence[str], allow: float) -> Json:
    statements = [_statement(chance, keys, allow) for _ in range(chance.choice((1, 1, 2, 3)))]
    version = chance.choice(({"Version": "2012-10-17"},) * 6 + ({"Version": "2008-10-17"}, {}))
    return {**version, "Statement": statements}


def _statement(chance: Random, keys: Sequence[str], allow: float) -> Json:
    effect = "Allow" if chance.random() < allow else "Deny"
    no_action = "Not" if chance.random() < 0.15 else ""
    no_resource = "Not" if chance.random() < 0.15 else ""
    statement: Json = {
        "Effect": effect,
        f"{no_action}Action": _some(chance, lambda: action(chance)),
        f"{no_resource}Resource": "*" if chance.random() < 0.3 else _some(chance, lambda: arn(chance)),
    }
    condition: Json = {}
    for _ in range(chance.choice((0, 1, 1, 2))):
        _add_test(chance, keys, condition)
    return {**statement, "Condition": condition} if condition else statement


def _add_test(chance: Random, keys: Sequence[str], condition: Json) -> None:
    key = chance.choice(keys)
    spelt = key.upper() if chance.random() < 0.05 else key
    if chance.random() < 0.12:
        operator, found = "Null", chance.choice(("true", "false", "false", ["true", "false"]))
    else:
        kind = KEYS[key]
        sets = (
            ("ForAllValues:", "ForAnyValue:") if kind == "list" else ("", "", "", "", "ForAllValues:", "ForAnyValue:")
        )
        suffix = chance.choice(("", "", "", "IfExists"))
        operator = f"{chance.choice(sets)}{chance.choice(OPERATORS[kind])}{suffix}"
        found = _some(chance, lambda: value(chance, kind)) if chance.random() < 0.98 else []
    block = condition.setdefault(operator, {})
    if spelt.lower() not in {name.lower() for name in block}:
        block[spelt] = found


def _some(chance: Random, one: Callable[[], str]) -> str | list[str]:
    count = chance.choice((1, 1, 1, 2, 2, 3))
    return one() if count == 1 and chance.random() < 0.8 else [one() for _ in range(count)]


def _listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list) else [found]


def _name(statement: Mapping[str, Any], element: str) -> str:
    return element if element in statement else f"Not{element}"


def _with(principal: Principal, **changes: Any) -> Principal:
    """Return a copy that shares no document, so that no edit reaches the other side."""
    parts = {name: getattr(principal, name) for name in ("identity", "boundary", "scps", "bindings")}
    return Principal(**copy.deepcopy(parts | changes))


def _documents(principal: Principal) -> list[Json]:
    found: list[Any] = [*principal.identity, *(document for level in principal.scps for document in level)]
    return [*found, principal.boundary] if isinstance(principal.boundary, dict) else found


def _a_document(chance: Random, principal: Principal) -> Json:
    """Return a document of the principal, mostly one of the identity layer."""
    identity: list[Any] = list(principal.identity)
    if identity and chance.random() < 0.6:
        return chance.choice(identity)
    return chance.choice(_documents(principal) or [{"Statement": []}])


def _a_statement(chance: Random, principal: Principal) -> Json:
    return chance.choice(_a_document(chance, principal)["Statement"] or [{"Action": [], "Resource": []}])


def _nothing(_: _Means, principal: Principal) -> Principal:
    return _with(principal)


def _item_more(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    statement = _a_statement(by.chance, new)
    element, one = by.chance.choice((("Action", action), ("Resource", arn)))
    name = _name(statement, element)
    statement[name] = [*_listed(statement[name]), one(by.chance)]
    return new


def _item_less(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    statement = _a_statement(by.chance, new)
    name = _name(statement, by.chance.choice(("Action", "Resource")))
    items = _listed(statement[name])
    statement[name] = items[1:] if len(items) > 1 else items
    return new


def _item_other(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    statement = _a_statement(by.chance, new)
    element, one = by.chance.choice((("Action", action), ("Resource", arn)))
    statement[_name(statement, element)] = one(by.chance)
    return new


def _complement(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    statement = _a_statement(by.chance, new)
    name = _name(statement, by.chance.choice(("Action", "Resource")))
    statement[name[3:] if name.startswith("Not") else f"Not{name}"] = statement.pop(name)
    return new


def _test_more(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    _add_test(by.chance, by.keys, _a_statement(by.chance, new).setdefault("Condition", {}))
    return new


def _test_less(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    _a_statement(by.chance, new).pop("Condition", None)
    return new


def _test_other(by: _Means, principal: Principal) -> Principal:
    """Change the values, the suffix or the quantifier of an operator."""
    new = _with(principal)
    condition = _a_statement(by.chance, new).get("Condition", {})
    operator = by.chance.choice(list(condition) or [""])
    if not operator or operator == "Null":
        return _test_more(by, new)
    block = condition.pop(operator)
    key = by.chance.choice(list(block))
    kind = next(kind for name, kind in KEYS.items() if name.lower() == key.lower())
    how = by.chance.randrange(3)
    if how == 0:
        block[key] = [*_listed(block[key]), value(by.chance, kind)]
    elif how == 1:
        operator = operator.removesuffix("IfExists") if operator.endswith("IfExists") else f"{operator}IfExists"
    else:
        operator = f"{by.chance.choice(('', 'ForAllValues:', 'ForAnyValue:'))}{operator.rpartition(':')[2]}"
    condition[operator] = block
    return new


def _statement_more(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    _a_document(by.chance, new)["Statement"].append(_statement(by.chance, by.keys, 0.5))
    return new


def _statement_less(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    statements = _a_document(by.chance, new)["Statement"]
    del statements[: by.chance.choice((0, 1)) if len(statements) == 1 else 1]
    return new


def _statement_narrowed(by: _Means, principal: Principal) -> Principal:
    """Repeat a statement with one thing more asked for: what changes nothing is to be seen as EQUAL."""
    new = _with(principal)
    document = _a_document(by.chance, new)
    again = copy.deepcopy(by.chance.choice(document["Statement"] or [_statement(by.chance, by.keys, 0.5)]))
    if by.chance.random() < 0.7:
        _add_test(by.chance, by.keys, again.setdefault("Condition", {}))
    document["Statement"].append(again)
    return new


def _split(by: _Means, principal: Principal) -> Principal:
    """Split statements by the items of an element, and shuffle them: this changes nothing."""
    new = _with(principal)
    element = by.chance.choice(("Action", "Resource"))
    for document in _documents(new):
        parts = [
            {**copy.deepcopy(statement), element: item}
            for statement in document["Statement"]
            for item in _listed(statement.get(element, [None]))
            if item is not None
        ]
        rest = [statement for statement in document["Statement"] if element not in statement]
        document["Statement"] = [*parts, *rest]
        by.chance.shuffle(document["Statement"])
    return new


def _moved(by: _Means, principal: Principal) -> Principal:
    """Let a document be of another layer, or of another level of SCPs."""
    levels = [list(level) for level in principal.scps]
    how = by.chance.randrange(5)
    if how == 0:
        return _with(principal, boundary=_ceiling(by.chance, by.keys))
    if how == 1:
        return _with(principal, boundary=None, scps=[*levels, [principal.boundary]] if principal.boundary else levels)
    if how == 2:
        return _with(principal, scps=[*levels, [_ceiling(by.chance, by.keys)]])
    if how == 3:
        return _with(principal, scps=levels[1:])
    return _with(principal, identity=[*principal.identity, *(document for level in levels[:1] for document in level)])


def _rebound(by: _Means, principal: Principal) -> Principal:
    return _with(principal, bindings=_bindings(by.chance))


def _filled_in(by: _Means, principal: Principal) -> Principal:
    """Write the value of a bound key where its variable stands: near EQUAL, and rarely the same."""
    text = json.dumps([list(principal.identity), principal.boundary, [list(level) for level in principal.scps]])
    for name, bound in principal.bindings.items():
        if isinstance(bound, str):
            text = text.replace(f"${{{name}}}", json.dumps(bound)[1:-1])
    identity, boundary, scps = json.loads(text.replace("${aws:username}", by.chance.choice(("bob", "${aws:username}"))))
    return _with(principal, identity=identity, boundary=boundary, scps=scps)


def _other_version(by: _Means, principal: Principal) -> Principal:
    new = _with(principal)
    document = _a_document(by.chance, new)
    document["Version"] = "2008-10-17" if document.get("Version") == "2012-10-17" else "2012-10-17"
    return new


EDITS: Mapping[str, Callable[[_Means, Principal], Principal]] = {
    "nothing": _nothing,
    "item more": _item_more,
    "item less": _item_less,
    "item other": _item_other,
    "complement": _complement,
    "test more": _test_more,
    "test less": _test_less,
    "test other": _test_other,
    "statement more": _statement_more,
    "statement less": _statement_less,
    "statement narrowed": _statement_narrowed,
    "split": _split,
    "moved": _moved,
    "rebound": _rebound,
    "filled in": _filled_in,
    "other version": _other_version,
}
"""What makes a near principal of one."""
