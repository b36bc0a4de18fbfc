"""Quotas: the room that an object has for its items, and which call waits for which others to make some.

A call that adds waits for as many removals as it needs, and no two calls count on the same room: so the quota is kept
in every state that a run can reach, whatever runs at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model import Address, Items, Live
from reconciler.plan.story import Story

__all__ = ["Slots", "in_turn", "shared_out", "slots_of"]


@dataclass(slots=True)
class Slots:
    """The room of one object for the items of one field, where a plan needs more than there is at its beginning."""

    quota: int
    free: int
    """The room before the first call; negative where the object holds more than it may."""
    what: str
    """What the items are called."""
    growth: dict[str, int] = field(default_factory=dict)
    """By call: the room that it takes (positive) or makes (negative)."""
    puts: set[str] = field(default_factory=set)
    """The calls that IAM refuses where there is no room behind them: those that put something, larger or smaller."""

    def fits(self, done: Iterable[str], call: str) -> bool:
        """Return whether IAM takes the call when ``done`` is done."""
        if call not in self.puts:
            return True
        return self.growth[call] + sum(self.growth.get(key, 0) for key in done) <= self.free

    @property
    def is_tight(self) -> bool:
        """Return whether some order of the calls passes the quota."""
        return bool(self.puts) and sum(more for more in self.growth.values() if more > 0) > self.free


def slots_of(story: Story, live: Live) -> list[Slots]:
    """Return the tight slots of all objects that are there before, during and after the plan, in a fixed order."""
    found: dict[tuple[Address, str], Slots] = {}
    for key in sorted(story.edits, key=story.places.__getitem__):
        for edit in story.edits[key]:
            facet, address = edit.facet, edit.address
            if not isinstance(facet, Items) or address in story.framed or address not in story.start:
                continue
            quota = live.summary.get(facet.quota) if isinstance(facet.quota, str) else facet.quota
            if quota is None:
                continue
            if (address, facet.field) not in found:
                held = getattr(story.start[address].resource, facet.field)
                found[address, facet.field] = Slots(quota, quota - sum(map(facet.weight, held.values())), facet.field)
            slots = found[address, facet.field]
            slots.growth[key] = _growth(facet, edit.before, edit.after)
            if any(name not in edit.before or edit.before[name] != body for name, body in edit.after.items()):
                slots.puts.add(key)
    tight = [slots for _, slots in sorted(found.items()) if slots.is_tight]
    for slots in tight:
        # What ends beyond its quota is refused in every order; it shall hold up as little as may be.
        slots.free = max(slots.free, sum(slots.growth.values()))
    return tight


def in_turn(slots: Slots, calls: Sequence[str], ancestors: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the calls of the slots in the order given, save that those wait that find no room yet."""
    left = [call for call in calls if call in slots.growth]
    done: list[str] = []
    while left:
        ready = [call for call in left if ancestors[call].isdisjoint(left)]
        chosen = next((call for call in ready if slots.fits(done, call)), ready[0])
        left.remove(chosen)
        done.append(chosen)
    return done


def shared_out(slots: Slots, order: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of calls, the later waiting for the room that the earlier makes, if they are made in this order."""
    spare = max(slots.free, 0)
    made: list[tuple[str, int]] = []
    lacking = max(-slots.free, 0)
    first: set[str] = set()
    for call in order:
        more = slots.growth.get(call, 0)
        if more < 0:
            room = -more
            if lacking:
                # What makes up for the excess at the beginning comes before everything that is put.
                first.add(call)
                room, lacking = max(0, room - lacking), max(0, lacking - room)
            if room:
                made.append((call, room))
        if call not in slots.puts:
            continue
        yield from ((earlier, call) for earlier in sorted(first - {call}))
        taken, spare = min(spare, max(more, 0)), spare - min(spare, max(more, 0))
        wanted = max(more, 0) - taken
        while wanted and made:
            earlier, room = made.pop(0)
            yield earlier, call
            if room > wanted:
                made.insert(0, (earlier, room - wanted))
            wanted = max(0, wanted - room)


def _growth(facet: Items, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Return by how much the items' weights grow; those that stay as they are are not weighed."""
    came = sum(facet.weight(body) for name, body in after.items() if name not in before or before[name] != body)
    went = sum(facet.weight(body) for name, body in before.items() if name not in after or after[name] != body)
    return came - went
