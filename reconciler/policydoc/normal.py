"""A policy in the form in which two of them can be held against each other.

What IAM and people write in more than one way has one form here: scalars and lists, the spellings of an account, the
case of actions and condition keys, numbers and booleans, elements that are empty. How it was written is kept beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.errors import PolicyError
from reconciler.policydoc.text import decode, scalar, type_name
from reconciler.policydoc.words import (
    BOOLEAN_OPERATOR,
    EFFECTS,
    PRINCIPAL_TYPES,
    ROOT_ARN,
    STATEMENT_ELEMENTS,
    TOP_ELEMENTS,
    VERSION_OLD,
    fold,
    listed,
    near,
    place,
    quoted,
)

__all__ = ["Policy", "Slot", "Statement", "Values", "normalise"]

Slot: TypeAlias = tuple[str, ...]
"""Where a statement holds a list of values: ``(Action,)``, ``(Principal, AWS)``, ``(Condition, Bool, aws:x)``."""

Values: TypeAlias = Mapping[str, str]
"""A list as a set: from each value's one form to the value as it was first written."""

_Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``number`` counts from 1 in the order of the document."""

    number: int
    sid: str
    effect: str
    slots: Mapping[Slot, Values]
    key_names: Mapping[Slot, str]
    """Condition keys as they were written, by slot."""

    @property
    def form(self) -> Hashable:
        """Return what two statements share only when they say the same."""
        return (self.sid, self.effect, frozenset((slot, frozenset(values)) for slot, values in self.slots.items()))


@dataclass(frozen=True, slots=True)
class Policy:
    """One document."""

    version: str
    id: str
    statements: tuple[Statement, ...]


def normalise(document: Mapping[str, Any] | str) -> Policy:
    """Return the policy in a mapping or text.

    Raises:
        PolicyError: It is no policy: a wrong type, an unknown element, no statement, effect or action.
    """
    data = decode(document)
    _refuse_unknown(data, TOP_ELEMENTS, ())
    if "Statement" not in data:
        raise PolicyError("a policy has the element Statement, and this has none")
    return Policy(
        version=_text(data.get("Version", VERSION_OLD), ("Version",)),
        id=_text(data.get("Id", ""), ("Id",)),
        statements=tuple(_statements(data["Statement"])),
    )


def _statements(value: Any) -> Iterator[Statement]:
    items = value if isinstance(value, (list, tuple)) else [value]
    for index, item in enumerate(items):
        path = ("Statement", index)
        if not isinstance(item, Mapping):
            raise _error(path, f"a statement is a mapping, and this is {type_name(item)}")
        yield _statement(item, index + 1, path)


def _statement(data: Mapping[str, Any], number: int, path: _Path) -> Statement:
    _refuse_unknown(data, STATEMENT_ELEMENTS, path)
    if "Effect" not in data:
        raise _error(path, "there is no Effect; write Effect: Allow or Effect: Deny")
    effect = _text(data["Effect"], (*path, "Effect"))
    if effect not in EFFECTS:
        raise _error((*path, "Effect"), f"{quoted(effect)} is no effect; write Allow or Deny")
    if "Action" not in data and "NotAction" not in data:
        raise _error(path, "there is neither Action nor NotAction")
    slots: dict[Slot, Values] = {}
    names: dict[Slot, str] = {}
    for element in ("Principal", "NotPrincipal"):
        if element in data:
            slots |= _principals(element, data[element], (*path, element))
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        if element in data:
            form = fold if element.endswith("Action") else str
            slots[(element,)] = _values(data[element], (*path, element), _text, form)
    for slot, name, values in _conditions(data.get("Condition", {}), (*path, "Condition")):
        slots[slot] = values
        names[slot] = name
    return Statement(number, _text(data.get("Sid", ""), (*path, "Sid")), effect, slots, names)


def _principals(element: str, value: Any, path: _Path) -> dict[Slot, Values]:
    if isinstance(value, str):
        # A bare name is refused by IAM in its own time; here it is just not the same as any principal of a type.
        return {(element, "AWS" if value == "*" else ""): {value: value}}
    if not isinstance(value, Mapping):
        raise _error(path, f"a principal is a mapping or *, and this is {type_name(value)}")
    _refuse_unknown(value, PRINCIPAL_TYPES, path)
    if not value:
        return {(element,): {}}
    slots: dict[Slot, Values] = {}
    for kind, items in value.items():
        read, form = (_account_text, _account_form) if kind == "AWS" else (_text, str)
        slots[(element, kind)] = _values(items, (*path, kind), read, form)
    return slots


def _account_form(text: str) -> str:
    """Return an account's id for each spelling of the account. Source: reference_policies_elements_principal."""
    root = ROOT_ARN.fullmatch(text)
    return root.group(1) if root else text


def _account_text(value: Any, path: _Path) -> str:
    """Return an AWS principal; an account's id may be a number, whose leading zeros, if it had any, are gone."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return _scalar(value, path) if number else _text(value, path)


def _conditions(value: Any, path: _Path) -> Iterator[tuple[Slot, str, Values]]:
    """Yield each condition key's slot, its name as written, and its values; an empty block has no key to yield."""
    for operator, block in _items(value, path):
        where = (*path, operator)
        form = _boolean_form if BOOLEAN_OPERATOR.fullmatch(operator) else str
        entries = _items(block, where)
        spellings: dict[str, int] = {}
        for key, _ in entries:
            spellings[fold(key)] = spellings.get(fold(key), 0) + 1
        for key, values in entries:
            # Two keys that differ in case only are an error to IAM; they stay two, so that neither hides the other.
            name = key if spellings[fold(key)] > 1 else fold(key)
            yield ("Condition", operator, name), key, _values(values, (*where, key), _scalar, form)


def _boolean_form(text: str) -> str:
    folded = fold(text)
    return folded if folded in ("true", "false") else text


def _items(value: Any, path: _Path) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise _error(path, f"a mapping belongs here, and this is {type_name(value)}")
    for key in value:
        if not isinstance(key, str):
            raise _error(path, f"a key is text, and this is {type_name(key)}")
    return list(value.items())


def _values(value: Any, path: _Path, read: Callable[[Any, _Path], str], form: Callable[[str], str]) -> Values:
    found: dict[str, str] = {}
    for item in value if isinstance(value, (list, tuple)) else [value]:
        text = read(item, path)
        found.setdefault(form(text), text)
    return found


def _text(value: Any, path: _Path) -> str:
    if not isinstance(value, str):
        raise _error(path, f"text belongs here, and this is {type_name(value)}")
    return str(value)


def _scalar(value: Any, path: _Path) -> str:
    text = scalar(value)
    if text is None:
        raise _error(path, f"a text, a number or a boolean belongs here, and this is {type_name(value)}")
    return text


def _refuse_unknown(data: Mapping[str, Any], known: tuple[str, ...], path: _Path) -> None:
    for key, _ in _items(data, path):
        if key not in known:
            guess = near(key, known)
            what = f"{quoted(key)} is unknown here; write {guess or listed(known)}"
            raise _error(path, what)


def _error(path: _Path, what: str) -> PolicyError:
    where = place(path)
    return PolicyError(f"{where}: {what}" if where else what)
