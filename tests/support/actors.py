"""Principals of a small account, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.access import compare, possible
from reconciler.access.escalation import Actor, Estate, Graph, Path, Policy, Provers

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
ROOT = f"{IAM}root"
IS_ROLE = True

PROVERS = Provers(possible, compare)


def doc(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return _statement("Allow", action, resource, condition)


def deny(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return _statement("Deny", action, resource, condition)


def _statement(effect: str, action: Any, resource: Any, condition: Mapping[str, Any]) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


ADMIN = doc(allow("*"))
READ = doc(allow("s3:GetObject"))


def trust(effect: str = "Allow", *, when: Mapping[str, Any] | None = None, **principal: Any) -> dict[str, Any]:
    """Return a trust: ``trust(AWS=ROOT)``, ``trust(Service="lambda.amazonaws.com")``."""
    more = {"Condition": when} if when else {}
    return doc({"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more})


def managed(name: str, *statements: Mapping[str, Any], versions: tuple[Any, ...] = (), group: str = "") -> Policy:
    return Policy(doc(*statements), f"{IAM}policy/{name}", group, versions)


def user(name: str, *held: Any, boundary: Policy | None = None, **more: Any) -> Actor:
    """Return a user; ``groups`` names groups, ``tags`` gives tags."""
    tags = {f"aws:PrincipalTag/{key}": value for key, value in more.get("tags", {}).items()}
    bindings = {"aws:username": name, "aws:PrincipalArn": f"{IAM}user/{name}", "aws:PrincipalType": "User", **tags}
    groups = tuple(f"{IAM}group/{group}" for group in more.get("groups", ()))
    unknown = more.get("unknown", ())
    return Actor(f"{IAM}user/{name}", not IS_ROLE, _held(held), boundary, bindings, None, groups, unknown)


def role(name: str, trusted: Mapping[str, Any], *held: Any, boundary: Policy | None = None, **more: Any) -> Actor:
    bindings = {"aws:PrincipalArn": f"{IAM}role/{name}", "aws:PrincipalType": "AssumedRole"}
    arn, unknown = f"{IAM}role/{more.get('path', '')}{name}", more.get("unknown", ())
    return Actor(arn, IS_ROLE, _held(held), boundary, bindings, trusted, (), unknown, more.get("reserved", False))


def _held(held: tuple[Any, ...]) -> tuple[Policy, ...]:
    return tuple(one if isinstance(one, Policy) else Policy(one) for one in held)


def estate(*actors: Actor, groups: Mapping[str, tuple[Policy, ...]] | None = None) -> Estate:
    return Estate(actors, {f"{IAM}group/{name}": held for name, held in (groups or {}).items()})


def told(path: Path) -> str:
    """Return a path in one line: ``user/bob -> role/admin via sts:AssumeRole``."""
    hops = [f"{_short(way.target)} via {' + '.join(way.actions)}" for way in path.ways]
    return " -> ".join([_short(path.source), *hops])


def _short(arn: str) -> str:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return f"{kind}/{name.rpartition('/')[2]}"


def paths(*actors: Actor, groups: Mapping[str, tuple[Policy, ...]] | None = None) -> list[str]:
    return [told(path) for path in Graph(estate(*actors, groups=groups), PROVERS).paths()]
