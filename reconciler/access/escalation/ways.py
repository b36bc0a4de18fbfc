"""The ways from one principal to another: by its credentials, by its trust, by a service that works with its role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from reconciler.access.escalation.asking import Asker, covers
from reconciler.access.escalation.changes import Made, changes, is_unbound, joint
from reconciler.access.escalation.nouns import Actor, Estate, Proof, Way
from reconciler.access.escalation.reading import is_everything
from reconciler.access.escalation.trusts import Doors
from reconciler.catalogue.escalation import Pass, escalation_methods

__all__ = ["Ways"]

_ASSUME, _PASS = "sts:AssumeRole", "iam:PassRole"


class Ways:
    """Finds the ways of an estate, those of one source at a time."""

    def __init__(self, asker: Asker, estate: Estate) -> None:
        """Take who there is."""
        self._asker = asker
        self._estate = estate
        self._others = [one for one in estate.actors if not one.reserved and not one.unknown]
        self._doors = Doors(asker, [one for one in self._others if one.is_role])
        self._services: dict[tuple[object, bool], list[tuple[Pass, tuple[Proof, ...]]]] = {}
        self._unbound: dict[str, bool] = {}

    def within(self, actor: Actor) -> Way | None:
        """Return the way by which the actor gives itself more, or None if there is none."""
        made = list(changes(self._asker, self._estate, actor, actor))
        if not made or is_everything(self._asker.powers(actor).principal):
            return None
        more = [one for one in made if self._asker.exceeds(actor, one.result)]
        best = next((one for one in more if is_unbound(one.result)), None)
        whole = joint(actor, made)
        if best is not None:
            return self._itself(actor, [best], best.result)
        if is_unbound(whole) and self._asker.exceeds(actor, whole):
            return self._itself(actor, _needed(actor, made), whole)
        return self._itself(actor, more[:1], more[0].result) if more else None

    def _itself(self, actor: Actor, made: list[Made], result: Actor) -> Way:
        actions = tuple(dict.fromkeys(one.action for one in made))
        rank = 2 if is_unbound(result) else 1
        return Way(actor.arn, actor.arn, actions, tuple(one.proof for one in made), rank, result)

    def is_unbound(self, actor: Actor) -> bool:
        """Return whether the actor may do anything, or can see to it by itself."""
        if actor.arn not in self._unbound:
            self._unbound[actor.arn] = is_unbound(actor) or is_unbound(
                joint(actor, list(changes(self._asker, self._estate, actor, actor)))
            )
        return self._unbound[actor.arn]

    def entries(self, actor: Actor) -> dict[str, Way]:
        """Return the roles that the actor may assume, by their ARNs."""
        found: dict[str, Way] = {}
        granted = self._asker.powers(actor).granted(_ASSUME)
        open_ = [role for role in self._doors.open if any(covers(pattern, role.arn) for pattern in granted)]
        for role in (*self._doors.named.get(actor.arn, ()), *open_):
            if role.arn not in found and role.arn != actor.arn:
                entry = self._doors.entry(role, actor)
                if entry is not None:
                    found[role.arn] = Way(
                        actor.arn, role.arn, (_ASSUME,), entry.proofs, 0, role, is_given=entry.is_given
                    )
        return found

    def takes(self, actor: Actor, entries: dict[str, Way]) -> dict[str, Way]:
        """Return the principals that the actor can make itself though nobody let it, by their ARNs.

        Where it can also change what such a principal holds, the way says so, and is worth more.
        """
        found: dict[str, Way] = {}
        powers = self._asker.powers(actor)
        if not any(map(powers.granted, _taking_actions())):
            return found
        for target in self._others:
            if target.arn != actor.arn:
                way = min(self._taking(actor, target), key=_cost, default=None)
                taken = self._boosted(actor, target, way or entries.get(target.arn)) or way
                if taken is not None:
                    found[target.arn] = taken
        return found

    def _taking(self, actor: Actor, target: Actor) -> Iterator[Way]:
        powers = self._asker.powers(actor)
        for one in escalation_methods().becoming:
            fits = one.does != "assume" and (one.on == "role") is target.is_role
            if fits and any(covers(pattern, target.arn) for pattern in powers.granted(one.action)):
                proof = self._asker.allowed(actor, one.action, target.arn, self._asker.about(actor, target))
                if proof is not None and (one.does != "trust" or self._doors.may_come(target, actor)):
                    actions = (one.action, _ASSUME) if one.does == "trust" else (one.action,)
                    yield Way(actor.arn, target.arn, actions, (proof,), 1, target)
        if target.is_role and any(covers(pattern, target.arn) for pattern in powers.granted(_PASS)):
            yield from self._passing(actor, target)

    def _passing(self, actor: Actor, target: Actor) -> Iterator[Way]:
        about = self._asker.about(actor, target)
        for method, proofs in self._working(actor, carriers=False):
            trust = self._doors.serves(target, method.service)
            if trust is not None:
                context = {**about, "iam:PassedToService": method.service}
                passed = self._asker.allowed(actor, _PASS, target.arn, context)
                if passed is not None:
                    actions = (_PASS, *method.actions)
                    yield Way(actor.arn, target.arn, actions, (passed, *proofs, trust), 1, target)

    def carried(self, actor: Actor) -> Iterator[Way]:
        """Yield the ways by something that may be running with a role of the target."""
        methods = self._working(actor, carriers=True)
        for target in self._others if methods else ():
            if target.is_role and target.arn != actor.arn:
                for method, proofs in methods:
                    trust = self._doors.serves(target, method.service)
                    if trust is not None:
                        yield Way(actor.arn, target.arn, method.actions, (*proofs, trust), 1, target)
                        break

    def _working(self, actor: Actor, *, carriers: bool) -> list[tuple[Pass, tuple[Proof, ...]]]:
        """Return the methods whose actions the actor may call, beside iam:PassRole."""
        key = (self._asker.powers(actor).key, carriers)
        if key not in self._services:
            methods = escalation_methods().carriers if carriers else escalation_methods().passing
            found = ((method, self._all_of(actor, method)) for method in methods)
            self._services[key] = [(method, proofs) for method, proofs in found if proofs is not None]
        return [
            (method, tuple(replace(one, asker=actor.arn) for one in found)) for method, found in self._services[key]
        ]

    def _all_of(self, actor: Actor, method: Pass) -> tuple[Proof, ...] | None:
        found = [self._asker.allowed_somewhere(actor, action) for action in method.actions]
        proofs = [proof for proof in found if proof is not None]
        if len(proofs) < len(found):
            return None
        if not method.one:
            return tuple(proofs)
        for resource in dict.fromkeys(proof.request.resource for proof in proofs):
            same = [self._asker.allowed(actor, action, resource, {}) for action in method.actions]
            if all(same):
                return tuple(proof for proof in same if proof is not None)
        return None

    def _boosted(self, actor: Actor, target: Actor, way: Way | None) -> Way | None:
        """Return the way with what the actor first makes of the target, where that is more than the target is."""
        if way is None or self.is_unbound(target):
            return None
        made = list(changes(self._asker, self._estate, actor, target))
        best = next((one for one in made if is_unbound(one.result)), None)
        if best is None:
            return None
        actions = (best.action, *way.actions)
        return Way(actor.arn, target.arn, actions, (best.proof, *way.proofs), 2, best.result)


@cache
def _taking_actions() -> tuple[str, ...]:
    """Return the actions of which whoever makes itself another, or makes another more than it is, takes one."""
    methods = escalation_methods()
    become = [one.action for one in methods.becoming if one.does != "assume"]
    return (*become, _PASS, *(one.action for one in methods.changes))


def _cost(way: Way) -> int:
    return len(way.actions)


def _needed(actor: Actor, made: list[Made]) -> list[Made]:
    """Return the changes without those that the result does without."""
    for one in list(made):
        fewer = [other for other in made if other is not one]
        if is_unbound(joint(actor, fewer)):
            made = fewer
    return made
