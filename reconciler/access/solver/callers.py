"""The principals of trust policies: which callers there are that two policies could tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.access.solver.texts import shown
from reconciler.errors import PolicyError

__all__ = ["CALLER", "Callers", "Named", "callers_told_apart", "read_callers"]

CALLER = "="
"""The dimension of callers; it is no condition key."""

Named: TypeAlias = tuple[str, str]
"""A space (AWS, Service, Federated, CanonicalUser) and a name in it."""

_SPACES = ("AWS", "Service", "Federated", "CanonicalUser")
_ID = re.compile(r"[0-9]{12}", re.ASCII)
_ENTITY = re.compile(r"arn:([^:*?]+):(iam|sts)::([0-9]{12}):([^*?]+)", re.ASCII)
_UNIQUE = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_STRANGERS = ("111122223333", "444455556666", "123456789012")


@dataclass(frozen=True)
class Callers:
    """The principals that an element names; ``others`` is NotPrincipal."""

    names: tuple[Named, ...]
    others: bool

    def holds(self, values: tuple[Named, ...]) -> bool:
        """Return whether the one caller in ``values`` is meant."""
        return any(_means(name, values[0]) for name in self.names) is not self.others


def read_callers(value: Any, *, others: bool) -> Callers:
    """Return the principals of an element.

    Raises:
        PolicyError: It names something else.
    """
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        raise PolicyError("Principal: no mapping")
    names: dict[Named, None] = {}
    for space, entries in value.items():
        if space not in _SPACES:
            raise PolicyError(f"Principal: {shown(space)} is no type of principal")
        for name in entries if isinstance(entries, list) else [entries]:
            if not isinstance(name, str) or not name or not _known(space, name):
                raise PolicyError(f"Principal: {shown(name)} names no {space} principal")
            names[space, name] = None
    return Callers(tuple(names), others)


def _known(space: str, name: str) -> bool:
    if space != "AWS":
        return not re.search(r"[*?]", name)
    return name == "*" or any(form.fullmatch(name) for form in (_ID, _ENTITY, _UNIQUE))


def _means(name: Named, caller: Named) -> bool:
    space, text = name
    if space != caller[0] or space != "AWS":
        return name == caller
    if text in ("*", caller[1]):
        return True
    one, meant = _ENTITY.fullmatch(caller[1]), _ENTITY.fullmatch(text)
    if one is not None and _ID.fullmatch(text):
        return one[3] == text
    if one is None or meant is None or (meant[1], meant[3]) != (one[1], one[3]):
        return False
    if meant[2] == "iam" and meant[4] == "root":
        return True
    session, role = one[4].split("/"), meant[4].split("/")
    return (
        one[2] == "sts"
        and session[0] == "assumed-role"
        and role[0] == "role"
        and len(role) > 1
        and session[1:2] == role[-1:]
    )


def callers_told_apart(found: Iterable[Callers]) -> tuple[Named, ...]:
    """Return callers of every sort that these principals tell apart, the plainest first."""
    names = dict.fromkeys(name for callers in found for name in callers.names)
    made: dict[Named, None] = {}
    for name in names:
        made.update(dict.fromkeys(_examples(name, names)))
    accounts = {match[3] for _, text in names if (match := _ENTITY.fullmatch(text))} | {text for _, text in names}
    partitions = {"aws": None, **{match[1]: None for _, text in names if (match := _ENTITY.fullmatch(text))}}
    exact = tuple(_exact(names))
    for partition in [*partitions, *_other_partition(partitions)]:
        for account in (*sorted(one for one in accounts if _ID.fullmatch(one)), _stranger(accounts)):
            made["AWS", _free((f"arn:{partition}:iam::{account}:user/", ""), names, exact)] = None
            made["AWS", _free((f"arn:{partition}:sts::{account}:assumed-role/", "/session"), names, exact)] = None
    made["AWS", _free(("AIDA000000000", ""), names)] = None
    made["Service", _free(("", ".amazonaws.com"), names)] = None
    made["Federated", _free(("arn:aws:iam::111122223333:saml-provider/", ""), names)] = None
    made["CanonicalUser", _free(("", ""), names)] = None
    return tuple(made)


def _examples(name: Named, names: Mapping[Named, None]) -> Iterator[Named]:
    space, text = name
    match = _ENTITY.fullmatch(text) if space == "AWS" else None
    if match is not None:
        yield name
        if match[4].startswith("role/"):
            role = match[4].rpartition("/")[2]
            yield "AWS", _free((f"arn:{match[1]}:sts::{match[3]}:assumed-role/{role}/", ""), names)
    elif space != "AWS" or _UNIQUE.fullmatch(text):
        yield name


def _free(ends: tuple[str, str], names: Mapping[Named, None], barred: Iterable[Named] = ()) -> str:
    """Return a name between these ends that is none of the names, and that none of the barred means."""
    used = {text for _, text in names}
    barred = tuple(barred)
    for number in range(len(used) + 1):
        middle = f"example{number or ''}"
        text = f"{ends[0]}{middle.upper() if ends[0].startswith('AIDA') else middle}{ends[1]}"
        if text not in used and not any(_means(name, ("AWS", text)) for name in barred):
            return text
    raise AssertionError("of one more name than there are names, one is free")


def _exact(names: Mapping[Named, None]) -> Iterator[Named]:
    """Return the names of users, roles and sessions: those that mean no whole account."""
    for space, text in names:
        match = _ENTITY.fullmatch(text)
        if space == "AWS" and match and (match[2], match[4]) != ("iam", "root"):
            yield space, text


def _stranger(accounts: set[str]) -> str:
    for account in _STRANGERS:
        if account not in accounts:
            return account
    number = 1
    while f"{number:012}" in accounts:
        number += 1
    return f"{number:012}"


def _other_partition(partitions: Iterable[str]) -> Iterator[str]:
    used = set(partitions)
    numbered = (f"aws-{number}" for number in range(len(used) + 1))
    yield next(name for name in ("aws-cn", "aws-us-gov", *numbered) if name not in used)
