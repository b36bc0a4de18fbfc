"""Who a trust lets in, as its statements name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from reconciler.access import Caller, Outcome, Request, evaluate_trust
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Observed, Value
from reconciler.plan.foresee import Objects

__all__ = ["Entry", "account_of", "allowing", "denying", "entries", "is_usable", "listed", "trust_field", "trust_of"]

Entry: TypeAlias = tuple[str, str]
"""A type of principal and a name of that type, as in ``("AWS", "123456789012")``."""

_ENTERING = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_ACCOUNT = re.compile(r"(?P<bare>[0-9]{12})|arn:[^:]*:(?:iam|sts)::(?P<owner>[0-9]{12}):(?P<rest>.+)", re.ASCII)
_SESSION = "assumed-role/"
_ANYBODY = "arn:aws:iam::000000000000:user/anybody"


def trust_field(address: Address) -> str:
    """Return the field that says who may become an object of this kind; empty where nobody can."""
    facets = KINDS[address.kind].facets
    return next((facet.field for facet in facets if isinstance(facet, Value) and facet.trusts), "")


def trust_of(observed: Observed[Any] | None) -> Mapping[str, Any] | None:
    """Return the document that says who may become the object, None where nobody can."""
    field = trust_field(observed.address) if observed is not None else ""
    return getattr(observed.resource, field) if observed is not None and field else None


def allowing(trust: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the statements that let somebody in."""
    for statement in listed(trust.get("Statement")):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow" and _enters(statement):
            yield statement


def denying(trust: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the statements that keep somebody out."""
    for statement in listed(trust.get("Statement")):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Deny":
            yield statement


def entries(statement: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield those whom a statement names as principals; ``"*"`` is ``("AWS", "*")``."""
    principal = statement.get("Principal", {})
    named = {"AWS": principal} if isinstance(principal, str) else principal
    for space, names in named.items() if isinstance(named, Mapping) else ():
        yield from ((space, str(name)) for name in listed(names))


def account_of(name: str) -> str | None:
    """Return the id of the account that an AWS principal belongs to; None: it names no account."""
    match = _ACCOUNT.fullmatch(name)
    return (match["bare"] or match["owner"]) if match is not None else None


def is_usable(trust: Mapping[str, Any], objects: Objects, account: Account, *, people: bool) -> bool | None:
    """Return whether somebody who is there may become the principal; None: the trust cannot be read.

    Whoever is in another account, or known to an identity provider, is taken to be there; a condition is taken to be
    one that can be met, and a Deny counts only without one. With ``people`` services do not count.
    """
    firm = [one for one in denying(trust) if not one.get("Condition")]
    there = {observed.arn for observed in objects.values()}
    there |= {observed.resource.unique_id for observed in objects.values() if observed.resource.unique_id}
    try:
        for statement in allowing(trust):
            if "NotPrincipal" in statement:
                return True
            alone = {**trust, "Statement": [{key: statement[key] for key in statement if key != "Condition"}, *firm]}
            for space, name in entries(statement):
                if people and space == "Service":
                    continue
                if _is_there(space, name, there, account) and _is_let_in(alone, space, name):
                    return True
    except PolicyError:
        return None
    return False


def _is_there(space: str, name: str, there: set[str], account: Account) -> bool:
    if space != "AWS" or name == "*":
        return True
    match = _ACCOUNT.fullmatch(name)
    if match is None:
        return name in there
    if match["bare"] or match["owner"] != account.id or match["rest"] == "root":
        return True
    if match["rest"].startswith(_SESSION):
        role = match["rest"].removeprefix(_SESSION).partition("/")[0]
        return any(arn.rpartition("/")[2] == role and ":role/" in arn for arn in there)
    return name in there


def _is_let_in(trust: Mapping[str, Any], space: str, name: str) -> bool:
    stand_in = f"arn:aws:iam::{name}:root" if space == "AWS" and name.isdigit() else name
    caller = Caller(space, _ANYBODY if name == "*" else stand_in)  # type: ignore[arg-type]
    decided = [evaluate_trust(trust, caller, Request(action)).outcome for action in _ENTERING]
    return Outcome.ALLOWED in decided


def _enters(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement is about one of the calls by which somebody becomes a role."""
    if "NotAction" in statement:
        named = listed(statement["NotAction"])
        return not all(any(fnmatchcase(one, str(glob).lower()) for glob in named) for one in _ENTERING)
    named = listed(statement.get("Action"))
    return any(fnmatchcase(one, str(glob).lower()) for glob in named for one in _ENTERING)


def listed(value: Any) -> Sequence[Any]:
    """Return the items of what may be one item or a list of them; None has none."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
