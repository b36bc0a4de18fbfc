"""What a run that stopped means for the plan that goes on: what it has created, and what it took away for good.

A plan is made anew from the account as it is. What an object was to keep that the run has deleted, to create it anew,
only the plan's file tells then, and whoever edits the file could write anything there: so it is not done, but told.
What can only take away is taken from the file all the same: a permissions boundary, and policies that allow nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Live, Observed, Plan, Step
from reconciler.model.mark import MARK_KEY
from reconciler.plan.file import Saved
from reconciler.plan.foresee import foreseen, is_true_already, with_delta
from reconciler.plan.standing import Reader as Standings
from reconciler.plan.touched import CREATED, Lack, Touched, as_named, is_created, lacks, left_by

__all__ = ["Resumed", "begun"]

_MARK = f"tags {MARK_KEY}"


def begun(saved: Saved, live: Live) -> frozenset[Address]:
    """Return the objects that are there because a run of the plan has created them."""
    return frozenset(one.address for one in saved.touched if is_created(one, live.objects.get(one.address)))


class Resumed:
    """A saved plan, held against an account in which every touched object is in a state that the plan leads it to."""

    def __init__(self, saved: Saved, live: Live) -> None:
        """Take the plan and the account."""
        self._saved = saved
        self._live = live
        self._seen = as_named(live.objects, saved.touched)
        self._own = {one.address: one for one in saved.touched}
        self._replaced = frozenset(one.address for one in saved.touched if _is_replaced(one))
        self._remade: dict[int, tuple[str, ...]] = {}

    def remade(self, fresh: Plan) -> tuple[Plan, dict[str, Step]]:
        """Return the plan made anew, with that of the file which can only take away from objects that it creates anew.

        The file's steps that create these objects are returned too, by the keys of the calls in whose place they stand:
        the objects are created as far as the documents still tell them.
        """
        known = {step.call.key for step in self._saved.steps}
        steps: list[Step] = []
        twins: dict[str, Step] = {}
        for step in fresh.steps:
            twin = self._twin(step) if step.call.key not in known else None
            made = self._bounded(step, twin) if twin is not None else step
            found = self._lacks_of_new(made, twin) if twin is not None else []
            if twin is not None and all(lack.was_taken for lack in found):
                twins[made.call.key] = twin
                self._remade[twin.id] = _told(twin, found) if found else ()
                steps.append(made)
            else:
                steps.append(step)
        steps += self._taking(steps, {twin.id for twin in twins.values()})
        return dataclasses.replace(fresh, steps=tuple(steps)), twins

    def _taking(self, fresh: Sequence[Step], remade: AbstractSet[int]) -> list[Step]:
        """Return the steps that nothing but the file tells and that only take away, numbered behind the others."""
        births = {step.address: step for step in fresh if step.call.operation == KINDS[step.address.kind].creates}
        keys = {step.call.key for step in fresh}
        known = remade | {step.id for step in self._saved.steps if step.call.key in keys}
        found: list[Step] = []
        for step in self._saved.steps:
            birth = births.get(step.address) if step.id not in known else None
            if birth is None or self.is_done(step, known) or not self.lost(step) or not self._only_takes(birth, step):
                continue
            number = max(other.id for other in fresh) + len(found) + 1
            found.append(Step(number, step.address, step.call, (birth.id,), "only the plan file tells it any more"))
        return found

    def _only_takes(self, birth: Step, step: Step) -> bool:
        """Return whether the step only denies something to the object, as it is after its birth."""
        account = self._live.account
        objects = {address: one for address, one in self._live.objects.items() if address != step.address}
        before = with_delta(objects, foreseen(objects, birth.call, account))
        after = with_delta(before, foreseen(before, step.call, account))
        reader = Standings(account)
        one, other = (reader.standing(moment, step.address) for moment in (before, after))
        return one.allow == other.allow and one.bound == other.bound and one.deny < other.deny

    def is_done(self, step: Step, known: AbstractSet[int]) -> bool:
        """Return whether what the step does is true already; ``known`` are the steps that are made anew."""
        changes = self._changes(step)
        if changes:
            return not any(self._lacks(one, step) for one in changes)
        if is_true_already(self._live.objects, step.call, self._live.account):
            return True
        # What is left are calls that no field shows. Those that a deletion takes are done with the object, or, as the
        # deletion would still ask for them, before it.
        own = self._own.get(step.address)
        ending = {number for number, state in own.identity if state is None and number > step.id} if own else set()
        observed = self._live.objects.get(step.address)
        if observed is None or (own is not None and observed.resource.unique_id != own.identity[0][1]):
            return bool(ending)
        return bool(ending & known)

    def lost(self, step: Step) -> tuple[str, ...]:
        """Return in words what of a step is not done because only the file tells it; empty if there is another reason.

        Either the plan itself took away what the step puts back, or the plan itself created what the step completes,
        and by now the documents leave that alone; or the step writes the mark, which is never written alone.
        """
        if step.id in self._remade:
            return self._remade[step.id]
        own = self._own.get(step.address)
        completes = own is not None and is_created(own, self._live.objects.get(step.address))
        changes = self._changes(step)
        found = [lack for one in changes for lack in self._lacks(one, step)]
        if not changes:
            told = own is not None and (completes or _puts_back(own, step))
        else:
            told = all(lack.was_taken or lack.what == _MARK for lack in found)
            told = told or (completes and all(lack.what for lack in found))
        return _told(step, found) if told else ()

    def _changes(self, step: Step) -> list[Touched]:
        """Return what tells whether the step is done: its object, for other objects follow as IAM lets them.

        Where its object shows nothing of the step, another one that the step changes tells.
        """
        changes = [one for one in self._saved.touched if left_by(one, step.id)]
        return [one for one in changes if one.address == step.address] or changes

    def _lacks(self, touched: Touched, step: Step) -> list[Lack]:
        return list(lacks(touched, step.id, self._seen.get(touched.address), self._replaced))

    def _twin(self, step: Step) -> Step | None:
        """Return the file's step that creates anew the object which the step creates otherwise."""
        creates = step.call.operation == KINDS[step.address.kind].creates
        if not creates or step.address not in self._replaced or step.address in self._live.objects:
            return None
        own = self._own[step.address]
        same = (other for other in self._saved.steps if other.call.operation == step.call.operation)
        return next((other for other in same if other.address == step.address and left_by(own, other.id)), None)

    def _bounded(self, step: Step, twin: Step) -> Step:
        """Return the creating step with the boundary that the file's step gives the object, where it has none."""
        kind = KINDS[step.address.kind]
        made, told = self._made_by(step), self._made_by(twin)
        field = next((facet.field for facet in kind.facets if facet.grants == "boundary"), None)
        if made is None or told is None or field is None or getattr(made.resource, field) is not None:
            return step
        boundary = getattr(told.resource, field)
        if boundary is None:
            return step
        bound = dataclasses.replace(made.resource, **{field: boundary})
        note = f"only the plan file tells the boundary any more: {boundary}"
        return dataclasses.replace(step, call=kind.create(bound, frozenset())[0], note=step.note or note)

    def _lacks_of_new(self, step: Step, twin: Step) -> list[Lack]:
        return list(lacks(self._own[twin.address], twin.id, self._made_by(step), self._replaced))

    def _made_by(self, step: Step) -> Observed[Any] | None:
        return foreseen(self._live.objects, step.call, self._live.account).get(step.address)


def _is_replaced(touched: Touched) -> bool:
    """Return whether the plan deletes the object to create it anew."""
    return touched.identity[0][1] is not None and any(state == CREATED for _, state in touched.identity)


def _puts_back(own: Touched, step: Step) -> bool:
    """Return whether the plan creates the object anew before the step."""
    return _is_replaced(own) and any(state == CREATED and number < step.id for number, state in own.identity)


def _told(step: Step, found: Sequence[Lack]) -> tuple[str, ...]:
    if found:
        return tuple(f"{step.address}: {lack.what}" for lack in found)
    handle = KINDS[step.address.kind].handle[0]
    named = [str(value) for name, value in sorted(step.call.params.items()) if name != handle]
    return (" ".join([step.call.operation, str(step.address), *named]),)
