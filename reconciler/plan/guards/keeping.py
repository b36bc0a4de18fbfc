"""Whether somebody keeps what it needs: proved by the solver, shown by a request that the evaluator has confirmed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from reconciler.access import Outcome, Request, Witness, compare, evaluate
from reconciler.access.proving import keys_that_count
from reconciler.errors import PolicyError
from reconciler.kinds import KINDS
from reconciler.plan.because import because
from reconciler.plan.guards.needs import Need
from reconciler.plan.picture import Held, Picture
from reconciler.plan.questions import may_deny

__all__ = ["Loss", "lost"]

_Given: TypeAlias = Mapping[str, str | Sequence[str]]

_OF_ACTIONS = ("aws:requesttag/", "aws:tagkeys", "iam:passed", "iam:permissionsboundary", "iam:policyarn")
"""How keys begin, in small letters, that a request has only if its action and parameters bring them."""
_OF_ALL = (*_OF_ACTIONS, "aws:resourcetag/", "iam:resourcetag/")
"""The same where the resource is known, and with it the tags that it has."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A need that is met before and not after, or of which that cannot be told."""

    need: Need
    request: Request | None
    """One that was allowed and no longer is; None: it is not decided."""
    why: tuple[str, ...]
    """What is responsible; why it is not decided."""

    def __str__(self) -> str:
        """Return what is lost, for people."""
        where = "" if self.need.resource == "*" else f" on {self.need.resource}"
        verb = "may lose" if self.request is None else "would lose"
        undecided = ", which is not decided" if self.request is None else ""
        return f"{verb} {self.need.action}{where}, which it takes {self.need.purpose}{undecided}"


def lost(needs: Iterable[Need], old: Held, new: Held, pictures: tuple[Picture, Picture]) -> tuple[Loss, ...]:
    """Return what of the needs a principal no longer has: all that one look shows, and none if it keeps everything.

    A policy whose document is not known, and that is there before and after, is taken to grant the same on both sides.
    """
    spoken = sorted({*keys_that_count(old.principal), *keys_that_count(new.principal)})
    doubts = _doubts(old, new, pictures)
    for given, group in _grouped(needs, spoken):
        found = tuple(_unknown(group, new, given, doubts) if doubts else _shrunk(group, old, new, given))
        if found:
            return found
    return ()


def _grouped(needs: Iterable[Need], spoken: Sequence[str]) -> Iterator[tuple[_Given, list[Need]]]:
    """Yield the needs in groups whose requests bring the same values for the keys that documents speak of."""
    groups: dict[str, tuple[_Given, list[Need]]] = {}
    for need in needs:
        brought = {key.lower(): value for key, value in need.context.items()}
        open_ = _OF_ALL if "*" not in need.resource else _OF_ACTIONS
        given = {key: brought.get(key, ()) for key in spoken if key in brought or key.startswith(open_)}
        groups.setdefault(json.dumps(given), (given, []))[1].append(need)
    yield from groups.values()


def _shrunk(group: Sequence[Need], old: Held, new: Held, given: _Given) -> Iterator[Loss]:
    within = _within(group)
    sides = [replace(held.principal, scps=[[within]], bindings=_bound(held, given)) for held in (old, new)]
    verdict = compare(*sides)
    if verdict.narrows is None:
        yield Loss(group[0], None, verdict.reasons)
    for witness in verdict.lost:
        need = next((one for one in group if _covers(one, witness.request)), group[0])
        # A policy that is not known may still grant it, as long as nothing denies it.
        open_ = bool(new.unknown) and witness.new.outcome is not Outcome.EXPLICITLY_DENIED
        why = (_told(witness.request, given, old, new), *(f"the document of {arn} is not known" for arn in new.unknown))
        yield Loss(_pinned(need, witness), None if open_ else witness.request, why if open_ else why[:1])


def _unknown(group: Sequence[Need], new: Held, given: _Given, doubts: Sequence[str]) -> Iterator[Loss]:
    """Yield the first need that no known policy meets for sure, where policies come or go whose say is not known."""
    denying = any(arn in new.unknown for arn in doubts)
    principal = replace(new.principal, bindings=_bound(new, given))
    for need in group:
        wanted = replace(principal, identity=[_within([need])])
        if denying or compare(principal, wanted, witnesses=1).widens is not False:
            yield Loss(need, None, tuple(f"the document of {arn} is not known" for arn in doubts))
            return


def _doubts(old: Held, new: Held, pictures: tuple[Picture, Picture]) -> list[str]:
    """Return the ARNs of policies that come or go, and that may grant or deny what nobody can tell here."""
    gone = set(old.unknown) - set(new.unknown)
    come = set(new.unknown) - set(old.unknown)
    return sorted(gone | {arn for arn in come if may_deny(arn) or arn == _boundary(new, pictures[1])})


def _boundary(held: Held, picture: Picture) -> str | None:
    observed = picture.objects.get(held.address)
    facets = [facet for facet in KINDS[held.address.kind].facets if facet.grants == "boundary"]
    return next((getattr(observed.resource, facet.field) for facet in facets if observed is not None), None)


def _within(group: Sequence[Need]) -> dict[str, Any]:
    """Return a policy that allows just what is needed; its version knows no variables."""
    actions: dict[str, dict[str, None]] = {}
    for need in group:
        actions.setdefault(need.resource, {})[need.action] = None
    statements = [{"Effect": "Allow", "Action": [*found], "Resource": at} for at, found in actions.items()]
    return {"Version": "2008-10-17", "Statement": statements}


def _bound(held: Held, given: _Given) -> dict[str, str | Sequence[str]]:
    return {**given, **{key.lower(): value for key, value in held.bindings.items()}}


def _covers(need: Need, request: Request) -> bool:
    head = need.resource.split("*")[0]
    return need.action.lower() == request.action.lower() and request.resource.startswith(head)


def _pinned(need: Need, witness: Witness) -> Need:
    """Return the need with the witness's resource, where it speaks of many."""
    return replace(need, resource=witness.request.resource) if "*" in need.resource else need


def _told(request: Request, given: _Given, old: Held, new: Held) -> str:
    """Return who decides so about the request after, and who decided otherwise before."""
    extra = {key: value for key, value in request.context.items() if value and key.lower() not in given}
    asked = replace(request, context={**extra, **given})
    when = f" (with {', '.join(f'{key}={value}' for key, value in sorted(extra.items()))})" if extra else ""
    try:
        after, before = (because(evaluate(held.principal, asked), held) for held in (new, old))
    except PolicyError as error:
        return f"{request.action} on {request.resource}{when}: {error}"
    return f"{request.action} on {request.resource}{when}: {after}; before, {before}"
