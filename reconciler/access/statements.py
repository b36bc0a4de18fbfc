"""From a policy document to statements that can be asked whether they apply."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NoReturn, TypeAlias

from reconciler.access.conditions import Test, compile_condition
from reconciler.access.patterns import Context, Glob, Pieces, Template, Wild, arn_matcher, read, text_matcher
from reconciler.access.places import at
from reconciler.access.principals import Caller, Trusted, compile_principals
from reconciler.access.words import fold, items, quoted, type_name
from reconciler.errors import PolicyError

__all__ = ["Document", "Statement", "compile_document"]

Document: TypeAlias = Mapping[str, Any] | str
"""A policy document: a mapping, or its JSON text."""

Form: TypeAlias = Literal["identity", "trust"]

_MEMO = 2_048
_NEW, _OLD = "2012-10-17", "2008-10-17"
_TOP = ("Version", "Id", "Statement")
_ELEMENTS: Mapping[Form, tuple[str, ...]] = {
    "identity": ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
    "trust": ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"),
}
_ACTION = re.compile(r"[^\s:]+:[^\s:]+")
_LONGEST_INTEGER = 100


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of an element, all folded."""

    names: frozenset[str]
    globs: tuple[Glob, ...]
    complement: bool

    def cover(self, action: str) -> bool:
        """Return whether the folded action is one of them."""
        named = action in self.names or any(glob.matches(action) for glob in self.globs)
        return named is not self.complement


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of an element: those known by now, and those whose variables are filled in by the request."""

    fixed: tuple[Glob, ...]
    open: tuple[Template, ...]
    complement: bool

    def cover(self, resource: str, context: Context) -> bool:
        """Return whether the resource is one of them; a pattern whose variable has no value matches nothing."""
        return self._named(resource, context) is not self.complement

    def _named(self, resource: str, context: Context) -> bool:
        if any(pattern.matches(resource) for pattern in self.fixed):
            return True
        filled = (template.pieces(context) for template in self.open)
        return any(pieces is not None and arn_matcher(pieces).fullmatch(resource) for pieces in filled)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, checked and ready."""

    index: int
    """Its place in the document, from 0."""
    sid: str
    allows: bool
    actions: Actions
    resources: Resources | None
    """None in a trust, which is about its own role."""
    trusted: Trusted | None
    """None in an identity policy, which holds for whoever has it."""
    tests: tuple[Test, ...]

    def applies(self, action: str, resource: str, context: Context, caller: Caller | None = None) -> bool:
        """Return whether the statement has something to say about a request; ``action`` is folded."""
        if not self.actions.cover(action):
            return False
        if self.resources is not None and not self.resources.cover(resource, context):
            return False
        if self.trusted is not None and (caller is None or not self.trusted.covers(caller)):
            return False
        return all(test.holds(context) for test in self.tests)


def compile_document(document: Document, form: Form) -> tuple[Statement, ...]:
    """Return the statements of a document.

    Raises:
        PolicyError: The document cannot be read, or holds what this room does not support; the message says where.
    """
    if isinstance(document, str):
        return _from_text(document, form)
    try:
        text = json.dumps(document)
    except (TypeError, ValueError, RecursionError):  # a mapping of another type, or values that JSON has not
        return _compile(document, form)
    return _from_text(text, form)


@lru_cache(_MEMO)
def _from_text(text: str, form: Form) -> tuple[Statement, ...]:
    try:
        data = json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse, parse_float=str, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise PolicyError(f"{error.lineno}:{error.colno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise PolicyError("the text nests deeper than any policy") from None
    return _compile(data, form)


def _compile(document: Any, form: Form) -> tuple[Statement, ...]:
    if not isinstance(document, Mapping):
        raise PolicyError(f"a policy is a mapping or JSON text, and this is {type_name(document)}")
    _known(document, _TOP)
    version = document.get("Version", _OLD)
    if version not in (_NEW, _OLD):
        raise PolicyError(f"Version: {quoted(version)} is no version of the policy language; write {_NEW}")
    if "Statement" not in document:
        raise PolicyError("there is no Statement")
    statements = []
    for index, value in enumerate(items(document["Statement"])):
        with at(f"statement {index + 1}"):
            statements.append(_statement(index, value, form, variables=version == _NEW))
    return tuple(statements)


def _statement(index: int, value: Any, form: Form, *, variables: bool) -> Statement:
    if not isinstance(value, Mapping):
        raise PolicyError(f"a statement is a mapping, and this is {type_name(value)}")
    _known(value, _ELEMENTS[form])
    sid, effect = value.get("Sid", ""), value.get("Effect")
    if not isinstance(sid, str):
        raise PolicyError(f"Sid: this is {type_name(sid)}; write text")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect: {quoted(effect)} is no effect; write Allow or Deny")
    actions = _one_of(value, "Action", _actions)
    resources = trusted = None
    if form == "identity":
        resources = _one_of(value, "Resource", lambda found, no: _resources(found, no, variables=variables))
    else:
        trusted = _one_of(value, "Principal", lambda found, no: compile_principals(found, complement=no))
    with at("Condition"):
        tests = compile_condition(value.get("Condition", {}), variables=variables)
    return Statement(index, sid, effect == "Allow", actions, resources, trusted, tests)


def _one_of(value: Mapping[str, Any], element: str, read_it: Callable[[Any, bool], Any]) -> Any:
    """Return what is made of an element or of its complement; exactly one of the two must be there."""
    names = [name for name in (element, f"Not{element}") if name in value]
    if len(names) != 1:
        raise PolicyError(f"write exactly one of {element} and Not{element}")
    with at(names[0]):
        return read_it(value[names[0]], names[0] != element)


def _actions(value: Any, complement: bool) -> Actions:  # noqa: FBT001  one of the two readers of _one_of
    names: set[str] = set()
    globs: list[Glob] = []
    for text in _texts(value):
        if text != "*" and not _ACTION.fullmatch(text):
            raise PolicyError(f"{quoted(text)} is no action, as in s3:GetObject")
        if "*" in text or "?" in text:
            globs.append(Glob(_fixed(read(fold(text), variables=False)), arn=False))
        else:
            names.add(fold(text))
    return Actions(frozenset(names), tuple(globs), complement)


def _resources(value: Any, complement: bool, *, variables: bool) -> Resources:  # noqa: FBT001  as above
    fixed: list[Glob] = []
    open_: list[Template] = []
    for text in _texts(value):
        template = read(text, variables=variables)
        if not _may_be_arn(template):
            raise PolicyError(f"{quoted(text)} is no ARN, as in arn:aws:s3:::bucket/*, nor *")
        if template.fixed is None:
            open_.append(template)
        else:
            fixed.append(Glob(template.fixed, arn=True))
    return Resources(tuple(fixed), tuple(open_), complement)


def _may_be_arn(template: Template) -> bool:
    """Return whether a pattern can match an ARN at all: what begins with a variable may."""
    parts = template.parts
    if not parts or not isinstance(parts[0], (str, Wild)):
        return bool(parts)
    head: list[str | Wild] = []
    for part in parts:
        if isinstance(part, str) and ":" in part:
            head.append(part.partition(":")[0])
            break
        if not isinstance(part, (str, Wild)):
            return True
        head.append(part)
    return bool(text_matcher(tuple(head)).fullmatch("arn"))


def _fixed(template: Template) -> Pieces:
    return template.fixed or ()


def _texts(value: Any) -> list[str]:
    texts = items(value)
    if not texts:
        raise PolicyError("the list is empty; write at least one item")
    for text in texts:
        if not isinstance(text, str):
            raise PolicyError(f"this is {type_name(text)}; write text")
    return texts


def _known(value: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in value:
        if name not in names:
            raise PolicyError(f"{quoted(name)} is not supported here; known are {', '.join(names)}")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise PolicyError(f"the key {quoted(twice)} stands twice in one object; keep one of the two")
    return data


def _refuse(constant: str) -> NoReturn:
    raise PolicyError(f"{constant} is no JSON")


def _integer(text: str) -> int | str:
    return text if len(text) > _LONGEST_INTEGER else int(text)
