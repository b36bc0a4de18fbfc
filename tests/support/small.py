"""Small accounts of one user, and their plans told in few words."""

from __future__ import annotations

from typing import Any

from support.grants import live_of, planned_on

from reconciler.model import Plan

__all__ = [
    "BOTH",
    "NO_READ",
    "READ",
    "SEND",
    "WRITE",
    "document",
    "is_chain",
    "marks",
    "planned",
    "policy",
    "told",
    "user",
    "waits",
]


def document(*statements: tuple[str, Any, Any]) -> dict[str, Any]:
    parts = [{"Effect": effect, "Action": action, "Resource": resource} for effect, action, resource in statements]
    return {"Version": "2012-10-17", "Statement": parts}


READ, WRITE = document(("Allow", "s3:GetObject", "*")), document(("Allow", "s3:PutObject", "*"))
BOTH = document(("Allow", ["s3:GetObject", "s3:PutObject"], "*"))
SEND = document(("Allow", "sqs:SendMessage", "*"))
NO_READ = document(("Deny", "s3:GetObject", "*"))


def user(**fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": "u", **fields}


def policy(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "policy", "name": name, "document": body}


def planned(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Plan:
    return planned_on(live_of(before), after, before)


def told(plan: Plan) -> list[str]:
    """Return each step's operation and the policy that it names; a chain shows that each waits for the one before."""
    found = []
    for step in plan.steps:
        params = step.call.params
        name = params.get("PolicyName", params.get("PolicyArn", params.get("GroupName", ""))).rpartition("/")[2]
        found.append(f"{step.call.operation} {name}".strip())
    return found


def marks(plan: Plan) -> list[tuple[int, str, str]]:
    return [(step.id, mark.kind, str(mark.principal)) for step in plan.steps for mark in step.marks]


def waits(plan: Plan) -> dict[str, set[str]]:
    """Return for each step those that it waits for, told alike."""
    names = dict(zip((step.id for step in plan.steps), told(plan), strict=True))
    return {names[step.id]: {names[earlier] for earlier in step.after} for step in plan.steps}


def is_chain(plan: Plan) -> bool:
    return all(step.id - 1 in step.after for step in plan.steps[1:])
