"""What policies may allow at most, read off their text, so that most questions need not be asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from reconciler.access.deciding import Principal
from reconciler.access.statements import compile_document
from reconciler.access.words import fold, items
from reconciler.catalogue.escalation import escalation_methods

__all__ = ["ALLOW_ALL", "Powers", "Texts", "denies", "is_everything"]

_COLONS = 5

ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_NAMED = re.compile(r"\$\{\s*([^\s},]+)")


class Excerpt:
    """What a document says of one action, as a document."""

    def __init__(self, document: Mapping[str, Any], action: str) -> None:
        """Take the statements that may be about the action; those that cannot be read are among them."""
        kept = [one for one in _statements([document]) if _speaks(one, fold(action))]
        self.document: Mapping[str, Any] = {**document, "Statement": kept}
        self.is_empty = not kept
        self.text = json.dumps(self.document, sort_keys=True, ensure_ascii=False)
        self.folded = fold(self.text)
        self.granted = tuple(dict.fromkeys(pattern for one in kept for pattern in _granted(one)))


class Texts:
    """Gives each document its text and its excerpts, which are the same for documents that say the same."""

    def __init__(self) -> None:
        """Start with no document."""
        self._known: dict[int, tuple[Mapping[str, Any], str]] = {}
        self._excerpts: dict[tuple[str, str], Excerpt] = {}
        self._allowed: dict[str, frozenset[str]] = {}
        self._sound: set[str] = set()

    def of(self, document: Mapping[str, Any]) -> str:
        """Return the document's text."""
        known = self._known.get(id(document))
        if known is None:
            # The document is kept beside its text, so that its id stays its own.
            known = (document, json.dumps(document, sort_keys=True, ensure_ascii=False))
            self._known[id(document)] = known
        return known[1]

    def check(self, document: Mapping[str, Any]) -> None:
        """Return if the document can be read.

        Raises:
            PolicyError: it cannot; the message says where.
        """
        text = self.of(document)
        if text not in self._sound:
            compile_document(text, "identity")
            self._sound.add(text)

    def allowed(self, document: Mapping[str, Any]) -> frozenset[str]:
        """Return those actions by which somebody may get at more that the document may allow, in small letters."""
        text = self.of(document)
        if text not in self._allowed:
            allowing = (one for one in _statements([document]) if one.get("Effect") == "Allow")
            self._allowed[text] = frozenset(action for one in allowing for action in _known_actions(one))
        return self._allowed[text]

    def excerpt(self, document: Mapping[str, Any], action: str) -> Excerpt:
        """Return what the document says of the action."""
        key = (self.of(document), action)
        if key not in self._excerpts:
            self._excerpts[key] = Excerpt(document, action)
        return self._excerpts[key]


class Powers:
    """What some policies say of one action, shared by all who hold policies that say the same of it."""

    def __init__(self, principal: Principal, granted: tuple[str, ...], number: int) -> None:
        """Take the policies, the patterns of all resources on which they may allow the action, and their own number."""
        self.principal = principal
        self.granted = granted
        self.number = number
        self._relaxed: dict[frozenset[str], Principal] = {}

    def relaxed(self, keys: Iterable[str]) -> Principal:
        """Return a principal that is allowed whatever this one can be, and whose answers hang on the ``keys`` alone."""
        known = frozenset(map(fold, (*keys, *self.principal.bindings)))
        if known not in self._relaxed:
            self._relaxed[known] = _relaxed(self.principal, known)
        return self._relaxed[known]

    def may_on(self, resource: str) -> bool:
        """Return whether the policies may allow it on the resource; wrong only where it is yes."""
        return any(_covers_arn(pattern, resource) for pattern in self.granted)


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


def _speaks(statement: Mapping[str, Any], action: str) -> bool:
    complement = "NotAction" in statement
    globs = items(statement.get("NotAction" if complement else "Action", "*"))
    return any(_glob(fold(str(glob))).fullmatch(action) for glob in globs) is not complement


def _known_actions(statement: Mapping[str, Any]) -> Iterable[str]:
    known = escalation_methods().folded
    if "NotAction" in statement:
        return [action for action in known if _speaks(statement, action)]
    globs = {fold(str(glob)) for glob in items(statement.get("Action", "*"))}
    wild = [_glob(glob) for glob in globs if "*" in glob or "?" in glob]
    return (globs & known) | {action for action in known for glob in wild if glob.fullmatch(action)}


def _granted(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield the patterns of the resources on which a statement may allow something."""
    if statement.get("Effect") != "Allow":
        return
    for resource in items(statement.get("Resource", "*")):
        yield _VARIABLE.sub("*", str(resource))


def _covers_arn(pattern: str, resource: str) -> bool:
    if pattern in {"*", resource}:
        return True
    # Parts of an ARN that are missing are anything.
    return _glob(pattern + ":*" * (_COLONS - pattern.count(":"))).fullmatch(resource) is not None


@lru_cache(8_192)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


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
