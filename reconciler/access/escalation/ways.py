"""The ways from one principal to another: by its credentials, by its trust, by a service that works with its role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from reconciler.access.escalation.asking import Asker
from reconciler.access.escalation.changes import Made, changes, is_unbound, joint
from reconciler.access.escalation.nouns import Actor, Estate, Proof, Way
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
        self._assuming: dict[tuple[str, str], Way | None] = {}
        self._reaching: list[Actor] | None = None
        self._working_by: dict[tuple[str, bool], list[tuple[Pass, tuple[Proof, ...]]]] = {}
        self._unbound: dict[str, bool] = {}

    def within(self, actor: Actor) -> Way | None:
        """Return the way by which the actor gives itself more, or None if there is none."""
        made = list(changes(self._asker, self._estate, actor, actor))
        if not made or self._asker.whole(actor).is_everything:
            return None
        unbound = (one for one in made if is_unbound(one.result))
        best = next((one for one in unbound if self._asker.exceeds(actor, one.result)), None)
        if best is not None:
            return self._itself(actor, [best], best.result)
        whole = joint(actor, made)
        if len(made) > 1 and is_unbound(whole) and self._asker.exceeds(actor, whole):
            return self._itself(actor, _needed(actor, made), whole)
        more = next((one for one in made if self._asker.exceeds(actor, one.result)), None)
        return self._itself(actor, [more], more.result) if more is not None else None

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

    def assuming(self, actor: Actor, role: Actor) -> Way | None:
        """Return how the actor assumes the role, or None if it cannot."""
        key = (actor.arn, role.arn)
        if key not in self._assuming:
            entry = self._doors.entry(role, actor) if role.is_role and role.arn != actor.arn else None
            self._assuming[key] = None
            if entry is not None:
                proofs, is_given = entry.proofs, entry.is_given
                self._assuming[key] = Way(actor.arn, role.arn, (_ASSUME,), proofs, 0, role, is_given=is_given)
        return self._assuming[key]

    def given(self, actor: Actor) -> list[Way]:
        """Return the ways to the roles that the actor is let into by name."""
        patterns = self._asker.powers(actor, _ASSUME).granted
        named = {role.arn: role for role in self._doors.named.get(actor.arn, ())}
        named |= {arn: self._doors.open[arn] for arn in patterns if arn in self._doors.open}
        ways = (self.assuming(actor, role) for _, role in sorted(named.items()))
        return [way for way in ways if way is not None and way.is_given]

    def unbound(self) -> list[Actor]:
        """Return the roles that may do anything, or from which such a role is reached by assuming roles alone."""
        if self._reaching is None:
            roles = [one for one in self._others if one.is_role]
            self._reaching = [role for role in roles if self.is_unbound(role)]
            left, new = [role for role in roles if not self.is_unbound(role)], self._reaching
            while new:
                new = [role for role in left if any(self.assuming(role, goal) for goal in new)]
                self._reaching = [*self._reaching, *new]
                left = [role for role in left if role not in new]
        return self._reaching

    def takes(self, actor: Actor) -> dict[str, Way]:
        """Return the principals that the actor can make itself though nobody let it, by their ARNs.

        Where it can also change what such a principal holds, the way says so, and is worth more.
        """
        found: dict[str, Way] = {}
        taken = [action for action in _taking_actions() if self._asker.powers(actor, action).granted]
        changes_any = any(one.action in taken for one in escalation_methods().changes)
        for target in self._others if taken else ():
            if target.arn != actor.arn:
                way = min(self._taking(actor, target), key=_cost, default=None)
                way = (self._boosted(actor, target, way) if changes_any else None) or way
                if way is not None:
                    found[target.arn] = way
        return found

    def _taking(self, actor: Actor, target: Actor) -> Iterator[Way]:
        for one in escalation_methods().becoming:
            fits = one.does != "assume" and (one.on == "role") is target.is_role
            if fits and self._asker.may_on(actor, one.action, target.arn):
                proof = self._asker.allowed(actor, one.action, target.arn, self._asker.about(actor, target))
                if proof is not None and (one.does != "trust" or self._doors.may_come(target, actor)):
                    actions = (one.action, _ASSUME) if one.does == "trust" else (one.action,)
                    yield Way(actor.arn, target.arn, actions, (proof,), 1, target)
        if target.is_role and self._asker.may_on(actor, _PASS, target.arn):
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
        key = (actor.arn, carriers)
        if key not in self._working_by:
            methods = escalation_methods().carriers if carriers else escalation_methods().passing
            found = ((method, self._all_of(actor, method)) for method in methods)
            self._working_by[key] = [(method, proofs) for method, proofs in found if proofs is not None]
        return self._working_by[key]

    def _all_of(self, actor: Actor, method: Pass) -> tuple[Proof, ...] | None:
        if not all(self._asker.powers(actor, action).granted for action in method.actions):
            return None
        found = [self._asker.allowed_somewhere(actor, action) for action in method.actions]
        proofs = [proof for proof in found if proof is not None]
        if len(proofs) < len(method.actions):
            return None
        if not method.one:
            return tuple(proofs)
        for resource in dict.fromkeys(proof.request.resource for proof in proofs):
            same = [self._asker.allowed(actor, action, resource, {}) for action in method.actions]
            if all(same):
                return tuple(proof for proof in same if proof is not None)
        return None

    def _boosted(self, actor: Actor, target: Actor, way: Way | None) -> Way | None:
        """Return a way in with what the actor first makes of the target, where the target is not all already."""
        if self.is_unbound(target):
            return None
        made = changes(self._asker, self._estate, actor, target)
        best = next((one for one in made if is_unbound(one.result)), None)
        if best is None:
            return None
        way = way or self.assuming(actor, target)
        if way is None:
            return None
        actions = (best.action, *way.actions)
        return Way(actor.arn, target.arn, actions, (best.proof, *way.proofs), 2, best.result)


@lru_cache(1)
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
