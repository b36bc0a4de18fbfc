"""The principals of a trust policy, and who is one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from reconciler.access.places import at
from reconciler.access.words import items, quoted, scalar, type_name
from reconciler.errors import PolicyError

__all__ = ["Caller", "Space", "Trusted", "compile_principals"]

Space: TypeAlias = Literal["AWS", "Service", "Federated", "CanonicalUser"]
_SPACES: tuple[Space, ...] = get_args(Space)

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_ROOT = re.compile(r"arn:([^:*?]+):iam::([0-9]{12}):root", re.ASCII)
_ARN = re.compile(r"arn:([^:*?]+):(iam|sts)::([0-9]{12}):([^*?]+)", re.ASCII)
_UNIQUE_ID = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_SESSION = "assumed-role/"
_ROLE = "role/"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, in one of the spaces that IAM keeps apart.

    The name is an ARN of a user, a role, a session or an account's root (``AWS``), a service principal (``Service``), a
    provider's ARN or domain (``Federated``), or a canonical user id (``CanonicalUser``).
    """

    space: Space
    name: str

    def __post_init__(self) -> None:
        """Refuse what names nobody."""
        if self.space not in _SPACES:
            raise PolicyError(f"caller: {quoted(self.space)} is no type of principal")
        if self.space == "AWS" and not (_ARN.fullmatch(self.name) or _UNIQUE_ID.fullmatch(self.name)):
            raise PolicyError(
                f"caller: {quoted(self.name)} is no ARN of a user, a role, a session or an account's root"
            )


@dataclass(frozen=True, slots=True)
class Trusted:
    """The principals of one element; ``complement`` is NotPrincipal: everybody but these."""

    everybody: bool
    names: frozenset[tuple[Space, str]]
    accounts: frozenset[tuple[str, str]]
    """Partition (empty for any) and account id of the accounts that are covered whole."""
    roles: frozenset[tuple[str, str, str]]
    """Partition, account id and name of the roles whose sessions are covered."""
    complement: bool = False

    def covers(self, caller: Caller) -> bool:
        """Return whether the caller is one of the principals."""
        return self._named(caller) is not self.complement

    def _named(self, caller: Caller) -> bool:
        if (caller.space, caller.name) in self.names:
            return True
        if caller.space != "AWS" or self.everybody:
            return caller.space == "AWS"
        match = _ARN.fullmatch(caller.name)
        if match is None:
            return False
        partition, service, account, name = match.groups()
        if (partition, account) in self.accounts or ("", account) in self.accounts:
            return True
        if service != "sts" or not name.startswith(_SESSION):
            return False
        return (partition, account, name.removeprefix(_SESSION).partition("/")[0]) in self.roles


def compile_principals(value: Any, *, complement: bool) -> Trusted:
    """Return the principals that an element names; ``"*"`` is ``{"AWS": "*"}``, and an account's id its root.

    A role stands for its sessions too.
    Source: IAM user guide, reference_policies_elements_principal.

    Raises:
        PolicyError: It names no principals, or some with wildcards.
    """
    everybody = False
    names: set[tuple[Space, str]] = set()
    accounts: set[tuple[str, str]] = set()
    roles: set[tuple[str, str, str]] = set()
    for space, text in _named({"AWS": "*"} if value == "*" else value):
        if space != "AWS":
            names.add((space, text))
        elif text == "*":
            everybody = True
        elif _ACCOUNT.fullmatch(text):
            accounts.add(("", text))
        elif root := _ROOT.fullmatch(text):
            accounts.add((root[1], root[2]))
        else:
            names.add((space, text))
            roles.update(_role(text))
    return Trusted(everybody, frozenset(names), frozenset(accounts), frozenset(roles), complement)


def _named(value: Any) -> Iterator[tuple[Space, str]]:
    if not isinstance(value, Mapping):
        raise PolicyError(f'{quoted(value)} names no principals; write "*", or a mapping as in {{"AWS": "…"}}')
    for kind, entry in value.items():
        space = next((name for name in _SPACES if name == kind), None)
        if space is None:
            raise PolicyError(f"{quoted(kind)} is no type of principal")
        with at(space):
            for item in items(entry):
                yield space, _checked(space, item)


def _checked(space: Space, item: Any) -> str:
    text = scalar(item) if space == "AWS" and not isinstance(item, bool) else item
    if not isinstance(text, str) or not text:
        raise PolicyError(f"a principal is {type_name(item) if item != '' else 'empty'}; write its name")
    if space == "AWS":
        known = text == "*" or any(form.fullmatch(text) for form in (_ACCOUNT, _ARN, _UNIQUE_ID))
        if not known:
            raise PolicyError(f"{quoted(text)} is no AWS principal: write a whole ARN, or an account's 12 digits")
    elif "*" in text or "?" in text:
        raise PolicyError(f"{quoted(text)} holds a wildcard, which no name of a principal may")
    return text


def _role(arn: str) -> Iterator[tuple[str, str, str]]:
    match = _ARN.fullmatch(arn)
    if match is not None and match[4].startswith(_ROLE):
        yield match[1], match[3], match[4].rpartition("/")[2]
