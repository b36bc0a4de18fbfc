"""From a policy document to statements: the solver's own reading, which refuses what it does not understand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.access.solver.callers import Callers, read_callers
from reconciler.access.solver.domains import point
from reconciler.access.solver.predicates import Atom, Resources, Test
from reconciler.access.solver.texts import Glob, Piece, Symbol, lowered, match_pieces, shown, variables_in
from reconciler.errors import PolicyError

__all__ = ["Actions", "Statement", "read_document", "spellings"]

_MEMO = 2_048
_VERSIONS = {"2012-10-17": True, "2008-10-17": False}
_ACTION = re.compile(r"[^\s:]+:[^\s:]+")
_IF_EXISTS = "IfExists"
_SOME, _EVERY = "ForAnyValue:", "ForAllValues:"
_TEXT_FORMS: Mapping[str, Any] = {
    "StringEquals": "equals",
    "StringEqualsIgnoreCase": "folded",
    "StringLike": "like",
    "ArnEquals": "arn",
    "ArnLike": "arn",
}
_TYPED: Mapping[str, tuple[Any, Any]] = {
    "Bool": ("Bool", "="),
    "BinaryEquals": ("Binary", "="),
    "IpAddress": ("IPAddress", "="),
    **{
        f"{family}{name}": (family, relation)
        for family in ("Numeric", "Date")
        for name, relation in (
            ("Equals", "="),
            ("LessThan", "<"),
            ("LessThanEquals", "<="),
            ("GreaterThan", ">"),
            ("GreaterThanEquals", ">="),
        )
    },
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}


class _Number(str):
    """A number of the JSON text, as it is written there."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Actions:
    """The patterns of Action or NotAction (``others``), in small letters."""

    patterns: tuple[str, ...]
    others: bool
    written: tuple[str, ...]
    """The same as the document spells them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the document has it; its variables are open."""

    index: int
    allows: bool
    actions: Actions
    resources: Resources | None
    other_resources: bool
    callers: Callers | None
    tests: tuple[Test, ...]


@lru_cache(_MEMO)
def read_document(text: str, *, trust: bool = False) -> tuple[Statement, ...]:
    """Return the statements of a document's JSON text.

    Raises:
        PolicyError: It cannot be read, or holds what the solver does not understand.
    """
    try:
        data = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_Number, parse_int=_Number
        )
    except json.JSONDecodeError as error:
        raise PolicyError(f"no JSON: {error}") from None
    except RecursionError:
        raise PolicyError("nested too deeply") from None
    if not isinstance(data, dict):
        raise PolicyError("no mapping")
    _only(data, {"Version", "Id", "Statement"})
    version = data.get("Version", "2008-10-17")
    if not isinstance(version, str) or version not in _VERSIONS:
        raise PolicyError(f"Version {shown(version)} is unknown")
    if "Statement" not in data:
        raise PolicyError("without Statement")
    found = []
    for index, entry in enumerate(_list(data["Statement"])):
        try:
            found.append(_statement(index, entry, variables=_VERSIONS[version], trust=trust))
        except PolicyError as error:
            raise PolicyError(f"statement {index + 1}: {error}") from None
    return tuple(found)


@lru_cache(_MEMO)
def spellings(text: str) -> Mapping[str, str]:
    """Return how a readable document spells the condition keys that it tests or uses, by their folded names."""
    found = {lowered(key): key for key in variables_in(text)}
    for entry in _list(json.loads(text)["Statement"]):
        for block in entry.get("Condition", {}).values():
            found.update({lowered(key): key for key in block})
    return found


def _statement(index: int, entry: Any, *, variables: bool, trust: bool) -> Statement:
    if not isinstance(entry, dict):
        raise PolicyError("no mapping")
    subject = "Principal" if trust else "Resource"
    _only(entry, {"Sid", "Effect", "Action", "NotAction", subject, f"Not{subject}", "Condition"})
    sid = entry.get("Sid", "")
    if not isinstance(sid, str) or isinstance(sid, _Number):
        raise PolicyError("Sid is no text")
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect {shown(effect)} is unknown")
    value, others = _either(entry, "Action")
    actions = _actions(value, others=others)
    value, others = _either(entry, subject)
    resources = callers = None
    if trust:
        callers = read_callers(value, others=others)
    else:
        resources = _resources(value, variables=variables)
    tests = tuple(dict.fromkeys(_tests(entry.get("Condition", {}), variables=variables)))
    return Statement(index, effect == "Allow", actions, resources, others, callers, tests)


def _either(entry: Mapping[str, Any], element: str) -> tuple[Any, bool]:
    plain, complement = element in entry, f"Not{element}" in entry
    if plain is complement:
        raise PolicyError(f"{element} and Not{element}: exactly one is needed")
    return (entry[element], False) if plain else (entry[f"Not{element}"], True)


def _actions(value: Any, *, others: bool) -> Actions:
    written = dict.fromkeys(_texts(value, "Action"))
    for text in written:
        if text != "*" and not _ACTION.fullmatch(text):
            raise PolicyError(f"{shown(text)} is no action")
    folded = {lowered(text): text for text in written}
    return Actions(tuple(folded), others, tuple(folded.values()))


def _resources(value: Any, *, variables: bool) -> Resources:
    globs = dict.fromkeys(Glob.read("arn", text, variables=variables) for text in _texts(value, "Resource"))
    for glob in globs:
        if not _like_an_arn(glob):
            raise PolicyError(f"{shown(''.join(map(str, glob.pieces)))} is no ARN")
    return Resources(tuple(globs))


def _like_an_arn(glob: Glob) -> bool:
    """Return whether the first part may be ``arn``."""
    head: list[Piece] = []
    for piece in glob.pieces:
        if isinstance(piece, Symbol):
            return True
        if isinstance(piece, str):
            before, colon, _ = piece.partition(":")
            head.append(before)
            if colon:
                break
        else:
            head.append(piece)
    return match_pieces(tuple(piece for piece in head if piece), "arn")


def _tests(value: Any, *, variables: bool) -> Iterator[Test]:
    for operator, block in _mapping(value, "Condition").items():
        spelled: set[str] = set()
        for key, wanted in _mapping(block, operator).items():
            folded = lowered(key)
            if ":" not in key or folded in spelled:
                raise PolicyError(f"{operator}: {shown(key)} is no key, or is there twice")
            spelled.add(folded)
            texts = [_scalar(item, operator) for item in _list(wanted)]
            try:
                yield _test(operator, folded, texts, variables=variables)
            except PolicyError as error:
                raise PolicyError(f"{operator} {key}: {error}") from None


def _test(operator: str, key: str, texts: list[str], *, variables: bool) -> Test:
    if operator == "Null":
        wanted = {point("Bool", "=", text).value for text in texts}
        return Test(key, (), negated=False, some=True, absent=True in wanted, present=False in wanted)
    some = operator.startswith(_SOME)
    every = operator.startswith(_EVERY)
    name = operator.removeprefix(_SOME if some else _EVERY if every else "")
    base = name.removesuffix(_IF_EXISTS)
    negated = base in _NEGATED
    base = _NEGATED.get(base, base)
    atoms: list[Atom]
    if base in _TEXT_FORMS:
        atoms = [Glob.read(_TEXT_FORMS[base], text, variables=variables) for text in texts]
    elif base in _TYPED:
        atoms = [point(*_TYPED[base], text) for text in texts]
    else:
        raise PolicyError("unknown operator")
    absent = not some and (negated or every or (name != base and name.endswith(_IF_EXISTS)))
    found = tuple(dict.fromkeys(atoms))
    return Test(key, found, negated=negated, some=some or not (every or negated), absent=absent)


def _texts(value: Any, element: str) -> list[str]:
    texts = _list(value)
    if not texts or not all(isinstance(text, str) and not isinstance(text, _Number) for text in texts):
        raise PolicyError(f"{element}: one text or several are needed")
    return texts


def _scalar(value: Any, place: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "0" if isinstance(value, _Number) and value == "-0" else str(value)
    raise PolicyError(f"{place}: a value is no text, number or boolean")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"{place}: no mapping")
    return value


def _only(entry: Mapping[str, Any], names: set[str]) -> None:
    for name in entry:
        if name not in names:
            raise PolicyError(f"{shown(name)} is not understood")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PolicyError("a key is there twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise PolicyError(f"{name} is no JSON")
