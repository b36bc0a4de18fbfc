"""Requests that tell the atoms of policies apart, and which of them each atom matches, as the evaluator sees it.

An atom's action, resource and conditions are matched one by one, and a set of requests is one number, a bit a request:
what a whole policy matches is then a matter of ``|`` and ``&``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain, combinations, islice, product, repeat
from math import gcd, prod
from typing import TypeAlias

from reconciler.access import Principal, Request, evaluate
from reconciler.errors import PolicyError
from reconciler.policydoc import Atom

__all__ = ["OTHER_RESOURCES", "Bindings", "Sample", "meeting", "sampled", "spoken_of"]

Bindings: TypeAlias = tuple[tuple[str, str], ...]
"""Condition keys that a principal fixes, with their values, sorted."""

_MOST_ACTIONS = 128
_MOST_RESOURCES = 64
_MOST_REQUESTS = 65_536
_FEWEST_CONTEXTS = 8
_MOST_MEETINGS = 1500
_MOST_STEPS = 20_000
_FRESH, _LETTER = "other", "x"
_ANY_ACTION = "?*:?*"
_OTHER_ACTIONS = ("other-service:OtherAction", "x:x")
OTHER_RESOURCES = ("arn:aws:other:::thing", "arn:aws:x:::x")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ACTIONS, _RESOURCES = frozenset({"Action", "NotAction"}), frozenset({"Resource", "NotResource"})
_ANYTHING = {"Action": "*", "Resource": "*"}


class Sample:
    """Requests that some atoms can tell apart."""

    def __init__(self, atoms: Sequence[Atom], people: Sequence[Bindings]) -> None:
        """Take the atoms, those first that matter most, and what the principals fix that shall be told apart."""
        actions = dict.fromkeys(value for atom in atoms for value in _values(atom, _ACTIONS))
        resources = dict.fromkeys(
            _bound(value, person, old=atom.old)
            for atom in atoms
            for value in _values(atom, _RESOURCES)
            for person in people
        )
        found = _texts(list(actions), _MOST_ACTIONS, (_ANY_ACTION,), _OTHER_ACTIONS)
        self._actions = [action for action in found if action.count(":") == 1]
        self._resources = _texts(list(resources), _MOST_RESOURCES, (), OTHER_RESOURCES)
        most = max(_FEWEST_CONTEXTS, _MOST_REQUESTS // (len(self._actions) * len(self._resources)))
        self._contexts = _contexts(atoms, people, most)
        self._known: dict[tuple[object, ...], int] = {}
        self.all = (1 << len(self._actions) * len(self._resources) * len(self._contexts)) - 1

    def first(self, requests: int) -> Request:
        """Return the first request of a set that is not empty."""
        number = (requests & -requests).bit_length() - 1
        number, action = divmod(number, len(self._actions))
        context, resource = divmod(number, len(self._resources))
        return Request(self._actions[action], self._resources[resource], self._contexts[context])

    def matched(self, atom: Atom, bindings: Bindings) -> int:
        """Return the set of requests that the atom matches when a principal of these bindings makes them."""
        key = (atom, bindings)
        if key not in self._known:
            found = self._fitting(Atom(frozenset(), atom.conditions, atom.old), bindings)
            for choice in atom.choices:
                found &= self._fitting(Atom(frozenset({choice}), frozenset(), atom.old), bindings)
            self._known[key] = found
        return self._known[key]

    def _fitting(self, part: Atom, bindings: Bindings) -> int:
        """Return the set of requests that match a part of an atom: its actions, its resources, or its conditions."""
        key = (part, bindings)
        if key not in self._known:
            self._known[key] = self._fits(part, bindings)
        return self._known[key]

    def _fits(self, part: Atom, bindings: Bindings) -> int:
        if not part.choices and not part.conditions:
            return self.all
        document = part.document("Allow")
        document["Statement"] = {**_absent(document["Statement"]), **document["Statement"]}
        principal = Principal([document], bindings=dict(bindings))
        by_action = any(slot[0] in _ACTIONS for slot, _ in part.choices)
        varies = bool(part.conditions) or any("$" in text for _, values in part.choices for text in values)
        actions = self._actions if by_action else self._actions[:1]
        resources = self._resources if part.choices and not by_action else self._resources[:1]
        contexts = self._contexts if varies else self._contexts[:1]
        fits = [
            _allows(principal, Request(action, resource, context))
            for context, resource, action in product(contexts, resources, actions)
        ]
        shape = (len(self._contexts), len(self._resources), len(self._actions))
        return _spread(fits, (len(contexts), len(resources), len(actions)), shape)


@lru_cache(maxsize=16)
def sampled(universe: frozenset[Atom], common: frozenset[Atom], people: frozenset[Bindings]) -> Sample:
    """Return requests that tell the atoms of the universe apart; the ``common`` ones matter least."""
    return Sample(sorted(universe, key=lambda atom: (atom in common, atom.text)), sorted(people))


def spoken_of(atoms: Iterable[Atom]) -> frozenset[str]:
    """Return the folded names of the keys that conditions and variables of the atoms speak of."""
    found: set[str] = set()
    for atom in atoms:
        texts = [text for (slot, values) in atom.choices | atom.conditions if slot[0] != "Action" for text in values]
        found.update(slot[2].lower() for slot, _ in atom.conditions)
        found.update(name.split(",")[0].strip().lower() for name in _VARIABLE.findall(" ".join(texts)))
    return frozenset(found)


def _absent(statement: Mapping[str, object]) -> dict[str, str]:
    return {element: value for element, value in _ANYTHING.items() if not {element, f"Not{element}"} & statement.keys()}


def _allows(principal: Principal, request: Request) -> bool:
    try:
        return evaluate(principal, request).allowed
    except PolicyError:
        return False


def _spread(fits: Sequence[bool], small: Sequence[int], large: Sequence[int]) -> int:
    """Return as a number what fits of a grid of ``small`` size, an axis of length 1 stretched to ``large`` size."""
    block, size = 0, 1
    rows = [int(fit) for fit in fits]
    for short, long in zip(reversed(small), reversed(large), strict=True):
        merged = []
        for start in range(0, len(rows), short):
            parts = rows[start : start + short] if short == long else rows[start : start + 1] * long
            block = 0
            for part in reversed(parts):
                block = block << size | part
            merged.append(block)
        rows, size = merged, size * long
    return rows[0]


def _values(atom: Atom, elements: frozenset[str]) -> Iterator[str]:
    return (
        value for slot, values in sorted(atom.choices, key=_slot) if slot[0] in elements for value in sorted(values)
    )


def _slot(choice: tuple[tuple[str, ...], frozenset[str]]) -> tuple[str, ...]:
    return choice[0]


def _bound(pattern: str, person: Bindings, *, old: bool = False) -> str:
    """Return the pattern with the principal's own values for variables, and something for the others."""
    if old:
        return pattern
    known = {key.lower(): value for key, value in person}
    return _VARIABLE.sub(lambda found: known.get(found[1].split(",")[0].strip().lower(), _FRESH), pattern)


def _texts(patterns: Sequence[str], most: int, rest: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """Return texts that the patterns can tell apart: in each alone, in several at once, and in none."""
    found = dict.fromkeys(others)
    wild = [pattern for pattern in patterns if ("*" in pattern or "?" in pattern) and pattern != "*"]
    alone = (p.replace("*", _LETTER).replace("?", _LETTER) for p in patterns if p != "*" and (not rest or ":" in p))
    several = (combinations(wild, count) for count in (1, 2, 3))
    tried = islice(chain.from_iterable(several), _MOST_MEETINGS)
    met = (meeting((*group, *rest)) for group in tried)
    for text in chain(alone, met):
        if len(found) >= most:
            break
        if text is not None:
            found[text] = None
    return list(found)


@lru_cache(maxsize=16_384)
def meeting(patterns: tuple[str, ...]) -> str | None:
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
    for letter in sorted(heads - {"*", "?"}) or [_LETTER]:
        following = []
        for pattern, place in zip(patterns, at, strict=True):
            head = pattern[place : place + 1]
            if head not in {letter, "?", "*"}:
                break
            following.append(place if head == "*" else place + 1)
        else:
            yield tuple(following), letter


def _contexts(atoms: Sequence[Atom], people: Sequence[Bindings], most: int) -> list[dict[str, str]]:
    """Return contexts made of the values that the conditions speak of, of others, and of keys that are absent.

    Where all of them are too many, some are taken that lie far apart.
    """
    values: dict[str, dict[str, None]] = {}
    fixed = {"aws:username", *(key.lower() for person in people for key, _ in person)}
    for atom in atoms:
        for (_, _, key), named in sorted(atom.conditions, key=_slot):
            texts = {_bound(text, person, old=atom.old) for text in named for person in people}
            values.setdefault(key, {}).update(dict.fromkeys(sorted(_candidates(texts))))
        for variable in _VARIABLE.findall("".join(_values(atom, _RESOURCES))):
            values.setdefault(variable.split(",")[0].strip(), {})[_FRESH] = None
    keys = [key for key in values if key.lower() not in fixed]
    choices: list[list[str | None]] = [[None, *values[key]] for key in keys]
    total = prod(map(len, choices))
    stride = next(step for step in range(max(1, int(total * 0.618)), total + 2) if gcd(step, total) == 1)
    found = []
    for number in range(min(total, most)):
        place, context = (number * stride if total > most else number) % total, {}
        for key, choice in zip(keys, choices, strict=True):
            place, at = divmod(place, len(choice))
            chosen = choice[at]
            if chosen is not None:
                context[key] = chosen
        found.append(context)
    return found


def _candidates(named: Iterable[str]) -> set[str]:
    named = set(named)
    found = {next(text for text in accumulate(repeat(_FRESH)) if text not in named)}
    for text in named:
        found |= {"true", "false"} if text in {"true", "false"} else {text.replace("*", "").replace("?", _LETTER)}
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            found |= {str(float(text) + 1), str(float(text) - 1)}
        if "/" in text and re.match(r"[\d.]+/\d+$|[0-9a-fA-F:]+/\d+$", text):
            found |= {text.rpartition("/")[0], "198.51.100.7"}
        if re.match(r"\d{4}-\d\d-\d\d", text):
            found |= {"1999-01-01T00:00:00Z", "2099-01-01T00:00:00Z"}
    return found
