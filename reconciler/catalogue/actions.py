"""Every action that IAM knows: its name, the resources it is for, the condition keys it takes and their types.

The names are unpacked on the first question, what is known of each not before somebody asks for it;
``data/README.md`` says how the file is laid out, where it comes from, and how to make it anew.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from reconciler.catalogue.shipped import read, read_packed

__all__ = ["ActionCatalogue", "ResourceType", "action_catalogue"]

_GZIP = 31
"""What tells zlib to read a gzip member. Source: zlib manual, inflateInit2."""

_LEVELS = {"R": "Read", "L": "List", "W": "Write", "P": "Permissions management", "T": "Tagging"}

_HOLE = re.compile(r"\$\{[^}]+\}|<[^>]+>|(?<=/)(?:tag-key)?$")
"""What stands in a key's name for a part that the request brings: AWS writes it in these four ways."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that actions of a service are for."""

    name: str
    arn_formats: tuple[str, ...]
    """ARNs with ``${Placeholders}``; a ``*`` stands for anything. Mostly one, and never none."""


@dataclass(frozen=True, slots=True)
class ActionCatalogue:
    """The actions of all services as AWS publishes them, each at its place in ``names``."""

    date: str
    """The day of the data: ``2026-10-27``."""
    source: str
    names: tuple[str, ...] = field(repr=False)
    """``s3:GetObject``, as IAM spells it; sorted by ``folded``."""
    folded: tuple[str, ...] = field(repr=False)
    """The names in small letters, at the same places."""
    _details: Callable[[], _Details] = field(repr=False, compare=False)

    def access_level(self, index: int) -> str:
        """Return how AWS classes the action: Read, List, Write, Permissions management or Tagging.

        The last two are writes that AWS counts apart.
        """
        return self._details().action(index).level

    def at_level(self, level: str) -> int:
        """Return the actions that AWS classes so: one int with the bit of each action's place set."""
        return self._details().at_level(level)

    def resource_types(self, index: int) -> tuple[ResourceType, ...]:
        """Return the types of resource that the action can be allowed on; none: its ``Resource`` must be ``*``.

        Types that every request needs come first, then those with the shortest ARN.
        Source: service authorization reference, reference_policies_actions-resources-contextkeys.
        """
        return tuple(one.type for one in self._details().action(index).types)

    def arn_formats(self, index: int) -> tuple[str, ...]:
        """Return the ARN formats of the action's resource types, each once, in the order of ``resource_types``."""
        return tuple(dict.fromkeys(arn for one in self.resource_types(index) for arn in one.arn_formats))

    def condition_keys(self, index: int) -> tuple[str, ...]:
        """Return the condition keys of the action and of its resource types, as AWS spells them, sorted by letters.

        Global keys stand among them only where AWS lists them for the action.
        """
        action = self._details().action(index)
        return tuple(sorted({*action.keys, *(key for one in action.types for key in one.keys)}, key=str.lower))

    def key_type(self, key: str) -> str | None:
        """Return the type of the values of a condition key, global ones included, or None where nobody says.

        It is String, ARN, Bool, Date, IPAddress or Numeric, or ``ArrayOf`` with one of them for a key that has many
        values. Case does not count, and a key with a part of its own (``aws:ResourceTag/team``) has the type of
        all like it.
        """
        return self._details().key_type(key.lower())


@cache
def action_catalogue() -> ActionCatalogue:
    """Return the catalogue that is shipped with the package; only the first call reads it."""
    opener = zlib.decompressobj(wbits=_GZIP)
    lines = opener.decompress(read_packed("actions.gz")).decode("ascii").split("\n")
    packed = opener.unused_data
    head = dict(line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# "))
    names = tuple(_names(lines[len(head) :]))
    folded = tuple("\n".join(names).lower().split("\n"))
    return ActionCatalogue(head["date"], head["source"], names, folded, cache(lambda: _Details(packed)))


def _names(lines: list[str]) -> Iterator[str]:
    for line in lines:
        service, *actions = line.split(" ")
        for action in actions:
            yield f"{service}:{action}"


@dataclass(frozen=True, slots=True)
class _Type:
    type: ResourceType
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Action:
    level: str
    types: tuple[_Type, ...]
    keys: tuple[str, ...]
    """Those that come from none of the types."""


@dataclass(frozen=True, slots=True)
class _Service:
    types: tuple[_Type, ...]
    keys: tuple[str, ...]
    actions: tuple[str, ...]
    """A row for each, in the order of their names."""


class _Details:
    """What is known of the actions, read service by service as it is asked for."""

    def __init__(self, packed: bytes) -> None:
        lines = zlib.decompress(packed, wbits=_GZIP).decode("ascii").split("\n")
        self._lines = tuple(zip(*[iter(lines)] * 3, strict=True))
        self._services: dict[int, _Service] = {}
        self._starts = [0]
        for _, _, actions in self._lines:
            self._starts.append(self._starts[-1] + actions.count(" ") + 1)
        self._key_types = cache(self._read_key_types)
        self._templates = cache(self._read_templates)

    def action(self, index: int) -> _Action:
        """Return what is known of the action at this place; one that does not exist is an IndexError."""
        if not 0 <= index < self._starts[-1]:
            raise IndexError(f"there is no action {index}")
        number = bisect_right(self._starts, index) - 1
        service = self._service(number)
        level, types, keys = service.actions[index - self._starts[number]].split("/")
        return _Action(
            _LEVELS[level],
            tuple(service.types[place] for place in _places(types)),
            tuple(service.keys[place] for place in _places(keys)),
        )

    def at_level(self, level: str) -> int:
        """Return the actions of a level as bits, from the letters that their rows begin with."""
        bits = {letter: "01"[name == level] for letter, name in _LEVELS.items()}
        rows = "".join(actions for _, _, actions in self._lines)
        return int(rows.translate(str.maketrans({**bits, **dict.fromkeys("0123456789,/ ")}))[::-1], 2)

    def key_type(self, key: str) -> str | None:
        """Return the type of a key in small letters."""
        found = self._key_types().get(key)
        if found is None:
            for before, after, told in self._templates():
                if len(key) > len(before) + len(after) and key.startswith(before) and key.endswith(after):
                    return told
        return found

    def _service(self, number: int) -> _Service:
        if number not in self._services:
            pairs, types, actions = self._lines[number]
            keys = tuple(pair.partition("=")[0] for pair in pairs.split())
            rows = (row.split("|") for row in types.split("\t") if row)
            self._services[number] = _Service(
                tuple(
                    _Type(ResourceType(name, tuple(arns.split(","))), tuple(keys[place] for place in _places(used)))
                    for name, arns, used in rows
                ),
                keys,
                tuple(actions.split(" ")),
            )
        return self._services[number]

    def _read_key_types(self) -> dict[str, str]:
        """Return the type of every key by its name in small letters; the list of the global ones has the last word."""
        pairs = (pair.partition("=") for keys, _, _ in self._lines for pair in keys.split())
        rows = (line.partition("\t") for line in read("global_condition_keys.tsv").splitlines())
        return {name.lower(): told for name, _, told in (*pairs, *rows) if told}

    def _read_templates(self) -> tuple[tuple[str, str, str], ...]:
        """Return start, end and type of the keys whose names have a hole, those that say most of a name first."""
        halves = ((_HOLE.split(key), told) for key, told in self._key_types().items())
        found = ((parts[0], parts[1], told) for parts, told in halves if len(parts) > 1)
        return tuple(sorted(found, key=lambda one: (-len(one[0] + one[1]), one)))


def _places(text: str) -> list[int]:
    return [int(place) for place in text.split(",")] if text else []
