"""The narrowing of a saved plan: what is made anew decides, and the file only leaves out.

The calls of a run that stopped change what is made anew: `resume` knows how.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.errors import RefusedError
from reconciler.model import Account, Address, Live, Plan, Step
from reconciler.plan.file import Saved
from reconciler.plan.foresee import changed_by, foreseen
from reconciler.plan.make import Begun, Library, Reader, accessed, unmet
from reconciler.plan.partly import partly_shown
from reconciler.plan.resume import Resumed, begun
from reconciler.plan.touched import Touched, as_named, moved, touched_by

__all__ = ["Derive", "Judge", "Narrowed", "narrowed", "refuse_foreign", "refuse_moved"]

Derive: TypeAlias = Callable[[Reader, Begun], Plan]
"""How a plan is made anew from what it was made from: documents, or the journal that it undoes."""

Judge: TypeAlias = Callable[[Plan, Live, Library], Plan]
"""From a part of such a plan, and the account, to that part with what the guards say against it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left to do of a saved plan."""

    plan: Plan
    """The plan as it is made anew, without all that the file does not hold."""
    done: Sequence[Step]
    """The steps of the file that are true already."""
    beyond: Sequence[Step]
    """The steps of the plan that was made anew which the file does not hold."""
    lost: Sequence[str]
    """What the file holds and is not done because a run of it that stopped took away what told it, in words."""
    remade: bool
    """Whether the steps stand in another order than in the file, because the account needs it now."""


class _Watching:
    """Passes everything on to a reader and keeps the snapshot as it was last seen."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.live: Live | None = None

    @property
    def calls(self) -> int:
        return self._reader.calls

    def snapshot(self, account: Account) -> Live:
        self.live = self._reader.snapshot(account)
        return self.live

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        self.live = self._reader.look_up(live, wanted)
        return self.live

    def has_policies(self, arns: Iterable[str]) -> Mapping[str, bool]:
        return self._reader.has_policies(arns)

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        return self._reader.documents(arns)


def refuse_foreign(saved: Saved, account: Account, now: dt.datetime) -> None:
    """Return if the plan is for this account and has not expired.

    Raises:
        RefusedError: it is for another account or partition, or it has expired.
    """
    reasons = []
    if saved.account != account.id:
        reasons.append(f"the plan is for account {saved.account}, and the credentials belong to {account.id}")
    if saved.partition != account.partition:
        reasons.append(
            f"the plan is for partition {saved.partition}, and the credentials belong to {account.partition}"
        )
    if saved.header.expires is not None and now >= saved.header.expires:
        reasons.append(f"the plan expired at {saved.header.expires.isoformat()}; plan again")
    if reasons:
        raise RefusedError(reasons)


def narrowed(
    saved: Saved, derive: Derive, judge: Judge, iam: Reader, *, exact: bool = False, changed: bool = False
) -> Narrowed:
    """Return the plan that ``derive`` makes of the account as it is now, without all that the file does not hold.

    A step of the file that is not made anew must be true already: done by a run that was interrupted. Nothing of the
    file is trusted but which steps shall be left out; parameters, order and marks are those made anew, and ``judge``
    asks the guards about what is left. What a run of the file took away, to put it back, and nothing tells any more,
    is left out unless what the plan is made from has ``changed``.

    Raises:
        RefusedError: a touched object moved, a step is not made anew, or there would be more to do and ``exact``.
    """
    reader = _Watching(iam)
    anew = derive(reader, functools.partial(begun, saved))
    live = _read(saved.touched, reader, anew.account)
    stale = list(_stale(saved, live))
    if stale:
        raise RefusedError(f"{text}; plan again, and have it reviewed" for text in stale)
    resumed = Resumed(saved, live)
    fresh, again = resumed.remade(anew) if not changed else (anew, {})
    twins = {step.call.key: step for step in saved.steps} | again
    kept = [step for step in fresh.steps if step.call.key in twins]
    beyond = [step for step in fresh.steps if step.call.key not in twins]
    known = {twins[step.call.key].id for step in kept}
    absent = [step for step in saved.steps if step.id not in known]
    done = [step for step in absent if resumed.is_done(step, known)]
    left = [step for step in absent if step not in done]
    gone = {step.id: resumed.lost(step) for step in [*left, *again.values()]} if not changed else {}
    reasons = [
        *_unfounded(saved, [step for step in left if not gone.get(step.id)], fresh),
        *_untold(saved, kept, live),
        *_lacking(kept, beyond, twins, live),
    ]
    if exact:
        reasons += [f"{_call(step)} is not in the plan file, and would be done now (--exact)" for step in beyond]
    if reasons:
        raise RefusedError(reasons)
    steps, remade = _numbered(kept, fresh.steps, twins)
    lost = [what for number in sorted(gone) for what in gone[number]]
    keys, every = ([step.call.key for step in some] for some in (steps, anew.steps))
    same = set(keys) == set(every)
    access = anew.access if same else accessed(live, steps, reader)
    fails = anew.unmet if same else unmet(fresh.expectations, live, steps, reader)
    plan = dataclasses.replace(_plan(fresh, steps, live), access=access, unmet=fails)
    # A guard may look at every moment of a run, so that another order is another plan to it.
    judged = plan if keys == every else judge(plan, live, reader)
    return Narrowed(_shown(judged, beyond), done, beyond, lost, remade)


def _stale(saved: Saved, live: Live) -> Iterator[str]:
    now, first = (as_named(live.objects, saved.touched, at_first=at_first) for at_first in (False, True))
    for one in saved.touched:
        yield from moved(one, now.get(one.address), begun=True, at_first=first.get(one.address))


def refuse_moved(plan: Plan, iam: Reader) -> None:
    """Return if everything that the plan touches is still as the plan read it; one snapshot tells.

    Raises:
        RefusedError: an object moved.
        AccountError: the account cannot be read.
    """
    touched = touched_by(plan)
    live = _read(touched, _Watching(iam), plan.account)
    seen = as_named(live.objects, touched)
    stale = [text for one in touched for text in moved(one, seen.get(one.address), begun=False)]
    if stale:
        raise RefusedError(f"{text}; nothing was written: plan again" for text in stale)


def _read(touched: Sequence[Touched], reader: _Watching, account: Account) -> Live:
    """Return the last snapshot, or a new one, with every field read that the touched objects are judged by."""
    live = reader.live or reader.snapshot(account)
    wanted = {
        (one.address, field)
        for one in touched
        if one.address in live.objects
        for field in live.objects[one.address].unread & one.fields.keys()
    }
    return reader.look_up(live, wanted) if wanted else live


def _unfounded(saved: Saved, absent: Sequence[Step], fresh: Plan) -> list[str]:
    """Return why each step that was not made anew, and is neither true already nor lost, cannot be applied."""
    lacks = "the journal does" if saved.basis.kind == "journal" else "the documents as they are now do"
    conflicts = {conflict.address: conflict.what for conflict in fresh.conflicts}
    reasons = []
    for step in absent:
        why = f" ({conflicts[step.address]})" if step.address in conflicts else ""
        reasons.append(f"{lacks} not produce {_named(step)}{why}; plan again")
    return reasons


def _untold(saved: Saved, kept: Sequence[Step], live: Live) -> list[str]:
    """Return why objects cannot be judged that the kept steps change and the file does not know."""
    told = {one.address for one in saved.touched}
    changed = {step.address for step in kept if step.address in foreseen(live.objects, step.call, live.account)}
    return [f"the plan file does not tell how {address} was; plan again" for address in sorted(changed - told)]


def _lacking(kept: Sequence[Step], beyond: Sequence[Step], names: Mapping[str, Step], live: Live) -> list[str]:
    """Return why kept steps cannot do without steps that the file does not hold.

    What only stands in a better order before them is no reason, but an object that is not there is, and so is what an
    object that is to be deleted has come to hold.
    """
    missing = {step.id: step for step in beyond}
    reasons = []
    for step in kept:
        for number in step.after:
            other = missing.get(number)
            if other is None:
                continue
            ends = step.address == other.address and _ends(step, live)
            made = foreseen(live.objects, other.call, live.account)
            if ends or any(address not in live.objects for address in made):
                waits = f"{_named(names[step.call.key])} waits for {_call(other)} now"
                reasons.append(f"{waits}, which the plan file does not hold; plan again")
    return reasons


def _ends(step: Step, live: Live) -> bool:
    delta = foreseen(live.objects, step.call, live.account)
    return step.address in delta and delta[step.address] is None


def _numbered(kept: Sequence[Step], fresh: Sequence[Step], saved: Mapping[str, Step]) -> tuple[tuple[Step, ...], bool]:
    """Return the kept steps, with the numbers of the file and its bonds where they agree with those made anew.

    Bonds over steps that are left out still hold.
    """
    ids = {step.id: saved[step.call.key].id for step in kept}
    after = _bonds(kept, fresh)
    agree = all(ids[earlier] < ids[step.id] for step in kept for earlier in after[step.id])
    if not agree:
        ids = {step.id: number for number, step in enumerate(kept, start=1)}
    left = set(ids.values())
    steps = []
    for step in kept:
        other = saved[step.call.key]
        bonds = {ids[earlier] for earlier in after[step.id]}
        if agree:
            bonds |= left.intersection(other.after)
        marks = tuple(sorted({*step.marks, *other.marks}))
        steps.append(dataclasses.replace(step, id=ids[step.id], after=tuple(sorted(bonds)), marks=marks))
    return tuple(sorted(steps, key=lambda step: step.id)), not agree


def _bonds(kept: Sequence[Step], fresh: Sequence[Step]) -> dict[int, set[int]]:
    """Return for each kept step the kept ones that it waits for, be it by way of others."""
    stay = {step.id for step in kept}
    nearest: dict[int, set[int]] = {}
    for step in fresh:
        nearest[step.id] = set()
        for earlier in step.after:
            nearest[step.id] |= {earlier} if earlier in stay else nearest[earlier]
    return nearest


def _plan(fresh: Plan, steps: tuple[Step, ...], live: Live) -> Plan:
    writes = {step.address for step in steps}
    return dataclasses.replace(
        fresh,
        steps=steps,
        changes=[change for change in fresh.changes if change.address in writes],
        before=changed_by(live.objects, (step.call for step in steps), fresh.account),
    )


def _shown(plan: Plan, beyond: Sequence[Step]) -> Plan:
    """Return the plan as it is shown: of a change that the file holds only a part of, the writes have to tell.

    Guards must have seen it whole: a step that is left out of the file hides nothing of those that are in it.
    """
    more = {step.address for step in beyond}
    warning = "only a part of what is asked for now is in the plan file: the writes below are what is done"
    return dataclasses.replace(plan, changes=partly_shown(plan.changes, more, warning))


def _named(step: Step) -> str:
    return f"step {step.id} ({_call(step)})"


def _call(step: Step) -> str:
    return f"{step.call.operation} {step.address}"
