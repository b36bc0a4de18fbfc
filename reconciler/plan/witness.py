"""Requests that match several atoms at once: candidates for showing what a moment of a run allows or refuses."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product

from reconciler.access import Principal, Request, evaluate
from reconciler.errors import PolicyError
from reconciler.policydoc import Atom

__all__ = ["OTHER_RESOURCE", "meeting", "requests"]

OTHER_RESOURCE = "arn:aws:other:::thing"
"""Stands in requests for any resource that nothing names."""

_MOST_CONTEXTS = 64
_MOST_STEPS = 20_000
_FRESH = "x"
_OTHER_ACTION = "other-service:OtherAction"
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def requests(atoms: Sequence[Atom], others: Sequence[Atom], bindings: Mapping[str, str]) -> Iterator[Request]:
    """Yield requests that match all of the atoms, as the evaluator sees it.

    They differ in what the conditions of the ``others`` see; none is yielded where none was found.
    """
    action = _action(atoms)
    resource = _resource(atoms, bindings)
    if action is None or resource is None:
        return
    for context in islice(_contexts([*atoms, *others]), _MOST_CONTEXTS):
        request = Request(action, resource, context)
        if all(_matches(atom, request, bindings) for atom in atoms):
            yield request


def _matches(atom: Atom, request: Request, bindings: Mapping[str, str]) -> bool:
    try:
        return evaluate(_allowing(atom, tuple(sorted(bindings.items()))), request).allowed
    except PolicyError:
        return False


@lru_cache(maxsize=4096)
def _allowing(atom: Atom, bindings: tuple[tuple[str, str], ...]) -> Principal:
    return Principal([atom.document("Allow")], bindings=dict(bindings))


def _action(atoms: Sequence[Atom]) -> str | None:
    patterns = [atom.values("Action")[0] for atom in atoms if atom.has("Action")]
    if not patterns or set(patterns) == {"*"}:
        return _OTHER_ACTION
    found = meeting(patterns)
    if found is None:
        return None
    service, _, name = found.partition(":")
    return f"{service or 'service'}:{name or 'Action'}"


def _resource(atoms: Sequence[Atom], bindings: Mapping[str, str]) -> str | None:
    patterns = [_bound(value, atom, bindings) for atom in atoms for value in atom.values("Resource")[:1]]
    chosen = [pattern for pattern in patterns if pattern != "*"]
    return meeting(chosen) if chosen else OTHER_RESOURCE


def _bound(pattern: str, atom: Atom, bindings: Mapping[str, str]) -> str:
    """Return the pattern with the principal's own values for variables, and something for the others."""
    if atom.old:
        return pattern
    known = {key.lower(): value for key, value in bindings.items()}
    return _VARIABLE.sub(lambda found: known.get(found[1].split(",")[0].strip().lower(), _FRESH), pattern)


def meeting(patterns: Sequence[str]) -> str | None:
    """Return the shortest text that all the patterns of ``*`` and ``?`` match, or None if there is none."""
    start = tuple(0 for _ in patterns)
    todo: deque[tuple[tuple[int, ...], str]] = deque([(start, "")])
    seen = {start}
    while todo and len(seen) < _MOST_STEPS:
        at, text = todo.popleft()
        if all(set(pattern[place:]) <= {"*"} for pattern, place in zip(patterns, at, strict=True)):
            return text
        for following, letter in _moves(patterns, at):
            if following not in seen:
                seen.add(following)
                # An empty letter passes a wildcard by, which makes the text no longer.
                (todo.append if letter else todo.appendleft)((following, text + letter))
    return None


def _moves(patterns: Sequence[str], at: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    for index, (pattern, place) in enumerate(zip(patterns, at, strict=True)):
        if pattern[place : place + 1] == "*":
            yield (*at[:index], place + 1, *at[index + 1 :]), ""
    heads = {pattern[place] for pattern, place in zip(patterns, at, strict=True) if place < len(pattern)}
    for letter in sorted(heads - {"*", "?"}) or [_FRESH]:
        following = []
        for pattern, place in zip(patterns, at, strict=True):
            head = pattern[place : place + 1]
            if head not in {letter, "?", "*"}:
                break
            following.append(place if head == "*" else place + 1)
        else:
            yield tuple(following), letter


def _contexts(atoms: Sequence[Atom]) -> Iterator[dict[str, str]]:
    """Yield contexts made of the values that the conditions speak of, of others, and of keys that are absent."""
    values: dict[str, set[str]] = {}
    for atom in atoms:
        for (_, _, key), named in atom.conditions:
            values.setdefault(key, set()).update(_candidates(named))
        for variable in _VARIABLE.findall("".join(atom.values("Resource"))):
            values.setdefault(variable.split(",")[0].strip(), set()).add(_FRESH)
    keys = sorted(values)
    choices = [[*sorted(values[key]), None] for key in keys]
    for chosen in product(*choices):
        yield {key: value for key, value in zip(keys, chosen, strict=True) if value is not None}


def _candidates(named: frozenset[str]) -> set[str]:
    found = {_FRESH, "true", "false"}
    for text in named:
        found.add(text.replace("*", "").replace("?", _FRESH))
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            found |= {str(float(text) + 1), str(float(text) - 1)}
        if "/" in text and re.match(r"[\d.]+/\d+$|[0-9a-fA-F:]+/\d+$", text):
            found |= {text.rpartition("/")[0], "198.51.100.7"}
        if re.match(r"\d{4}-\d\d-\d\d", text):
            found |= {"1999-01-01T00:00:00Z", "2099-01-01T00:00:00Z"}
    return found
