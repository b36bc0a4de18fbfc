"""What policies may allow at most, read off their text, so that most questions need not be asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.access.deciding import Principal
from reconciler.access.words import fold, items

__all__ = ["ALLOW_ALL", "Powers", "Texts", "denies", "is_everything"]

ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_NAMED = re.compile(r"\$\{\s*([^\s},]+)")


class Texts:
    """Gives each document its text, which is the same for documents that say the same."""

    def __init__(self) -> None:
        """Start with no document."""
        self._known: dict[int, tuple[Mapping[str, Any], str]] = {}

    def of(self, document: Mapping[str, Any]) -> str:
        """Return the document's text."""
        known = self._known.get(id(document))
        if known is None:
            # The document is kept beside its text, so that its id stays its own.
            known = (document, json.dumps(document, sort_keys=True, ensure_ascii=False))
            self._known[id(document)] = known
        return known[1]


class Powers:
    """A set of policies, shared by all who hold just that; what it may allow at most is known without any question."""

    def __init__(self, principal: Principal, key: object, text: str) -> None:
        """Take the principal, what tells it from others, and the text of all its documents in small letters."""
        self.principal = principal
        self.key = key
        self.text = text
        self._granted: dict[str, tuple[str, ...]] = {}
        self._relaxed: dict[frozenset[str], Principal] = {}

    def granted(self, action: str) -> tuple[str, ...]:
        """Return the patterns of all resources on which the identity policies may allow the action."""
        if action not in self._granted:
            found = (pattern for one in _statements(self.principal.identity) for pattern in _granted(one, fold(action)))
            self._granted[action] = tuple(dict.fromkeys(found))
        return self._granted[action]

    def relaxed(self, keys: Iterable[str]) -> Principal:
        """Return a principal that is allowed whatever this one can be, and whose answers hang on the ``keys`` alone."""
        known = frozenset(map(fold, (*keys, *self.principal.bindings)))
        if known not in self._relaxed:
            self._relaxed[known] = _relaxed(self.principal, known)
        return self._relaxed[known]

    def names(self, resource: str, action: str) -> bool:
        """Return whether a policy that allows the action names the very resource."""
        return resource in self.granted(action)


def is_everything(principal: Principal) -> bool:
    """Return whether the principal may do whatever there is, as can be read without a question."""
    statements = list(_statements(principal.identity))
    bound = list(_statements([] if principal.boundary is None else [principal.boundary]))
    if any(one.get("Effect") == "Deny" for one in (*statements, *bound)):
        return False
    return any(map(_is_all, statements)) and (principal.boundary is None or any(map(_is_all, bound)))


def denies(document: Mapping[str, Any]) -> bool:
    """Return whether a statement of the document denies."""
    return any(one.get("Effect") == "Deny" for one in _statements([document]))


def _is_all(statement: Mapping[str, Any]) -> bool:
    whole = all("*" in items(statement.get(element)) for element in ("Action", "Resource"))
    return statement.get("Effect") == "Allow" and whole and not statement.get("Condition")


def _statements(documents: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        for statement in items(document.get("Statement", [])):
            if isinstance(statement, Mapping):
                yield statement


def _granted(statement: Mapping[str, Any], action: str) -> Iterator[str]:
    if statement.get("Effect") != "Allow":
        return
    complement = "NotAction" in statement
    globs = items(statement.get("NotAction" if complement else "Action", []))
    if any(_covers(fold(str(glob)), action) for glob in globs) is complement:
        return
    if "Resource" not in statement:
        yield "*"
        return
    for resource in items(statement["Resource"]):
        yield _VARIABLE.sub("*", str(resource))


def _covers(glob: str, text: str) -> bool:
    if "*" not in glob and "?" not in glob:
        return glob == text
    return re.fullmatch(re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def _relaxed(principal: Principal, known: frozenset[str]) -> Principal:
    boundary = principal.boundary
    loose = _loose(boundary, known) if isinstance(boundary, Mapping) else boundary
    documents = [_loose(document, known) for document in principal.identity if isinstance(document, Mapping)]
    return Principal(documents, loose, (), principal.bindings)


def _loose(document: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    found = (_loosened(one, known) for one in _statements([document]))
    return {**document, "Statement": [one for one in found if one is not None]}


def _loosened(statement: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any] | None:
    """Return the statement as it is in the best case, or None where it may then say nothing."""
    allows = statement.get("Effect") == "Allow"
    conditions = statement.get("Condition") or {}
    kept = {operator: _settled(tests, known) for operator, tests in conditions.items()}
    is_open = any(kept[operator] != tests for operator, tests in conditions.items())
    resources = [str(one) for element in ("Resource", "NotResource") for one in items(statement.get(element, []))]
    varies = not {fold(name) for one in resources for name in _NAMED.findall(one)} <= known
    if not allows:
        return None if is_open or varies else dict(statement)
    loose = {**statement, "Condition": {operator: tests for operator, tests in kept.items() if tests}}
    if varies:
        wide = loose.pop("NotResource", None) is not None
        loose["Resource"] = "*" if wide else [_VARIABLE.sub("*", one) for one in resources]
    return loose


def _settled(tests: Any, known: frozenset[str]) -> dict[str, Any]:
    """Return those tests of an operator whose keys, and whose variables, are known."""
    if not isinstance(tests, Mapping):
        return {}
    return {
        key: values
        for key, values in tests.items()
        if fold(str(key)) in known and {fold(n) for one in items(values) for n in _NAMED.findall(str(one))} <= known
    }
