"""Whether a principal can do something at all, and whether it can do so in any case; both asked of ``compare``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.access.deciding import Principal, Request
from reconciler.access.proving import BUDGET, compare, keys_that_count
from reconciler.access.verdict import Answer, Witness
from reconciler.access.words import fold

__all__ = ["certain", "possible"]


def possible(
    principal: Principal,
    action: str,
    resource: str = "*",
    context: Mapping[str, str | Sequence[str]] | None = None,
    *,
    budget: int = BUDGET,
) -> Answer:
    """Return whether the principal is allowed any request that the patterns of action and resource cover.

    The keys of ``context`` have the values given, all others may have any. The witness is such a request; its ``old``
    decision is that of a principal without policies.
    """
    given = dict(context or {})
    asked = replace(principal, scps=[*principal.scps, [_only(action, resource)]], bindings=_bound(given, principal))
    verdict = compare(Principal([]), asked, budget=budget, witnesses=1)
    return Answer(verdict.widens, _with(verdict.gained, given), verdict.reasons)


def certain(
    principal: Principal,
    action: str,
    resource: str = "*",
    context: Mapping[str, str | Sequence[str]] | None = None,
    *,
    budget: int = BUDGET,
) -> Answer:
    """Return whether the principal is allowed every request that the patterns of action and resource cover.

    The keys of ``context`` have the values given, all others are absent. The witness is a request that is refused; its
    ``old`` decision is that of a principal who may do all that was asked for, and nothing else.
    """
    given = dict(context or {})
    bindings = {**dict.fromkeys(keys_that_count(principal), ()), **_bound(given, principal)}
    verdict = compare(
        Principal([_only(action, resource)], bindings=bindings),
        replace(principal, bindings=bindings),
        budget=budget,
        witnesses=1,
    )
    holds = None if verdict.narrows is None else not verdict.narrows
    return Answer(holds, _with(verdict.lost, given), verdict.reasons)


def _only(action: str, resource: str) -> dict[str, Any]:
    """Return a document that allows the one thing; its version knows no variables."""
    return {"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}}


def _bound(given: Mapping[str, Any], principal: Principal) -> dict[str, str | Sequence[str]]:
    """Return the given values by the folded names of their keys, those that the principal fixes before all others."""
    found = {fold(key): value for key, value in given.items()}
    return {**found, **{fold(key): value for key, value in principal.bindings.items()}}


def _with(witnesses: Sequence[Witness], given: Mapping[str, str | Sequence[str]]) -> Witness | None:
    """Return the witness with the context that was given, which says no more than the bindings did."""
    if not witnesses:
        return None
    one = witnesses[0]
    return replace(one, request=Request(one.request.action, one.request.resource, {**one.request.context, **given}))
