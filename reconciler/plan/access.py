"""What the calls of a plan do to access, and the bonds between them that keep it whole at every moment of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from reconciler.diff import Draft
from reconciler.model import Address, Live, Mark
from reconciler.plan.apart import Reaches
from reconciler.plan.arrange import Case, Task, arranged
from reconciler.plan.foresee import Objects, foreseen, with_delta
from reconciler.plan.lawful import Level, Trial, Verdict
from reconciler.plan.loosen import loosened
from reconciler.plan.slots import Slots, in_turn, shared_out, slots_of
from reconciler.plan.standing import Reader, Standing, closure, is_principal
from reconciler.plan.story import Story, told

__all__ = ["DENIES", "LIFTS", "WIDENS", "Bonds", "bonds"]

_FEWEST = 2
"""Calls that must concern a principal before their order can matter to it."""
DENIES, ADDS, EDITS, TAKES, WIDENS, LIFTS = range(6)
"""When a call is best made: one that denies, grants, edits, takes away, widens a boundary, or lifts a denial."""


@dataclass(slots=True)
class Bonds:
    """What keeps access whole: which calls wait for which, beyond what IAM demands, and what no order avoids."""

    waits: dict[str, set[str]] = field(default_factory=dict)
    marks: dict[str, set[Mark]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    """When the calls whose order was searched are best made, the sooner the smaller."""

    def make_room(self, slots: Slots, order: Sequence[str]) -> list[tuple[str, str]]:
        """Let each call of the order wait for the room that it needs, and return the pairs of calls that are bound."""
        pairs = list(shared_out(slots, order))
        for earlier, later in pairs:
            self.waits.setdefault(later, set()).add(earlier)
            self.notes[earlier] = f"{slots.what} are at their quota of {slots.quota}, so removing comes before adding"
        return pairs


def bonds(
    live: Live, order: Sequence[str], drafts: Mapping[str, Draft], ancestors: Mapping[str, frozenset[str]]
) -> Bonds:
    """Return the bonds of the calls whose keys are ``order``, which says what should come first where all is equal.

    ``ancestors`` gives for each call all calls that must be made before it.
    """
    story = told(live, order, drafts, ancestors)
    found = Bonds()
    reader = Reader(live.account)
    slots = slots_of(story, live)
    people = list(_people(story, reader))
    for group, quotas in _groups(_in_doubt(people, Reaches(story, reader)), story, slots):
        _arrange(group, quotas, found)
    for one in slots:
        if found.ranks.keys().isdisjoint(one.growth):
            found.make_room(one, in_turn(one, order, ancestors))
    _bind_trusts(story, people, found)
    _lock_first(story, people, found)
    return found


@dataclass(slots=True)
class _Person:
    """A principal, and the calls that change what it holds."""

    address: Address
    steps: frozenset[str]
    held: frozenset[Address]
    """The addresses of everything that has a say in what it holds."""
    moves: frozenset[str]
    """The calls among them that rename or move it."""
    story: Story
    reader: Reader

    def at(self, done: Iterable[str]) -> Standing:
        """Return its standing when just ``done``, and what that presupposes, is done."""
        story, wanted = self.story, frozenset(done)
        earlier = wanted.union(*(story.ancestors[key] for key in wanted))
        wanted |= earlier & story.frame
        objects: Objects = {address: story.start[address] for address in self.held if address in story.start}
        for key in sorted(wanted - self.moves, key=story.places.__getitem__):
            objects = with_delta(objects, foreseen(objects, story.drafts[key].call, story.account))
        standing = self.reader.standing(objects, self.address)
        # The story is told with every move made: those that are not made yet are taken back here.
        for key in sorted(self.moves - earlier, key=story.places.__getitem__, reverse=True):
            fixed = {**dict(standing.bindings), **story.fixes[key].before}
            bindings = sorted((name, value) for name, value in fixed.items() if value is not None)
            standing = replace(standing, bindings=tuple(bindings))
        return standing

    def moments(self) -> list[tuple[str, Standing, Standing]]:
        """Return its calls in the story's order, each with the standing before it and after."""
        keys = sorted(self.steps, key=self.story.places.__getitem__)
        standings = [self.at(keys[:count]) for count in range(len(keys) + 1)]
        return list(zip(keys, standings[:-1], standings[1:], strict=True))

    def may_go_wrong(self) -> bool:
        """Return whether an order of its calls may be wrong: not if all of them only add, or all only take away."""
        moments = self.moments()
        first = moments[0][1]
        seen = (now for _, before, after in moments for now in (before, after))
        if any(now.deny != first.deny or now.bound != first.bound for now in seen):
            return True
        if not self.story.fixes.keys().isdisjoint(self.steps):
            return True
        return len(frozenset().union(*(self.story.grows[key] for key in self.steps))) > 1

    def case(self) -> Case:
        """Return how its moments are to be judged."""
        trial = Trial(self.at(()), self.at(self.steps))
        return Case(self.steps, lambda done: trial.judge(self.at(done)))


def _people(story: Story, reader: Reader) -> Iterator[_Person]:
    """Yield the principals that a call changes something for."""
    by_object: dict[Address, set[str]] = {}
    for key, addresses in story.touched.items():
        for address in addresses:
            by_object.setdefault(address, set()).add(key)
    for address in sorted({*story.start, *story.end}):
        if is_principal(address):
            held = closure((story.start, story.end), address, story.account)
            fixes = _fixes(story, reader, address, held)
            steps = fixes.union(*(by_object.get(at, ()) for at in held))
            if steps:
                moves = frozenset(key for key in fixes if story.fixes[key].moves)
                yield _Person(address, steps, held, moves, story, reader)


def _fixes(story: Story, reader: Reader, address: Address, held: frozenset[Address]) -> frozenset[str]:
    """Return the calls that change a condition key which the principal fixes and a policy that it holds speaks of."""
    found = {key: fix for key, fix in story.fixes.items() if fix.address == address}
    if not found:
        return frozenset()
    spoken = reader.spoken_of(story.start, held) | reader.spoken_of(story.end, held)
    return frozenset(key for key, fix in found.items() if not spoken.isdisjoint(map(str.lower, fix.before)))


def _in_doubt(people: Iterable[_Person], reaches: Reaches) -> Iterator[_Person]:
    """Yield those whose order may matter, each with some of its calls only that are independent of all its others."""
    for person in people:
        if len(person.steps) < _FEWEST or not person.may_go_wrong():
            continue
        for steps in reaches.apart(person.steps):
            part = replace(person, steps=steps)
            if len(steps) >= _FEWEST and part.may_go_wrong():
                yield part


def _groups(people: Iterable[_Person], story: Story, slots: Sequence[Slots]) -> list[tuple[list[_Person], list[Slots]]]:
    """Return the principals, and the quotas on their calls, in groups whose orders are independent of one another."""
    weighty = story.touched.keys() | story.fixes.keys()
    groups: list[tuple[set[str], list[_Person]]] = []
    for person in people:
        steps = set(person.steps).union(*(one.growth for one in slots if not person.steps.isdisjoint(one.growth)))
        steps = steps.union(*(story.ancestors[key] & weighty for key in steps))
        joined = [group for group in groups if group[0] & steps]
        groups = [group for group in groups if not group[0] & steps]
        members = [member for group in joined for member in group[1]]
        groups.append((steps.union(*(group[0] for group in joined)), [*members, person]))
    return [(members, [one for one in slots if not steps.isdisjoint(one.growth)]) for steps, members in groups]


def _arrange(group: Sequence[_Person], slots: Sequence[Slots], found: Bonds) -> None:
    """Add to ``found`` the bonds of one group of principals, and the marks of what cannot be avoided."""
    story = group[0].story
    inside = frozenset[str]().union(*(person.steps for person in group), *(one.growth for one in slots))
    ranks = {key: ADDS if True in story.grows.get(key, {True}) else TAKES for key in inside}
    ranks |= dict.fromkeys(frozenset().union(*(person.steps for person in group)), DENIES)
    for person in group:
        for key, before, after in person.moments():
            ranks[key] = max(ranks[key], _rank(before, after))
    steps = sorted(inside, key=lambda key: (ranks[key], story.places[key]))
    cases = [person.case() for person in group]
    order = arranged(Task(steps, {key: story.ancestors[key] & inside for key in steps}, slots), cases)
    found.ranks |= ranks
    bound = {key: set(story.ancestors[key]) for key in steps}
    for one in slots:
        for earlier, later in found.make_room(one, order):
            bound[later].add(earlier)
    for person, case in zip(group, cases, strict=True):
        own = [key for key in order if key in case.steps]
        for key, needed in _bonds(own, bound, case, len(cases)).items():
            found.waits.setdefault(key, set()).update(needed)
        for count in range(1, len(own)):
            verdict = case.at(frozenset(own[:count]))
            found.marks.setdefault(own[count - 1], set()).update(_marks(person.address, verdict))


def _bonds(own: Sequence[str], bound: Mapping[str, set[str]], case: Case, sharing: int) -> dict[str, set[str]]:
    """Return for each call of a principal the calls that it waits for: no state is worse than those of the order.

    Where the order does harm, which is marked, no other is let happen.
    """
    worst = max(case.at(frozenset(own[:count])).level for count in range(1, len(own)))
    if worst >= Level.GAP:
        return {later: {earlier} for earlier, later in pairwise(own)}
    return loosened(own, bound, lambda done: case.at(done).level <= worst, sharing)


def _bind_trusts(story: Story, people: Iterable[_Person], found: Bonds) -> None:
    """Bind a change of trust to what else changes for the same principal: less trust comes first, more comes last.

    Nobody new is let in before what shall be gone is gone, and nobody who shall be out sees what is new. What is first
    waits for no call that another bond can make wait, so that no bond closes a circle.
    """
    steps = {person.address: person.steps for person in people}
    weighty = story.touched.keys() | story.fixes.keys() | story.trusts.keys()
    for key, trust in sorted(story.trusts.items()):
        own = steps.get(trust.address, frozenset())
        first = trust.narrows and not story.ancestors[key] & weighty
        for other in own:
            found.waits.setdefault(*((other, set()) if first else (key, set()))).add(key if first else other)
        if own:
            when = "its trust changes first" if first else "its trust changes last"
            mark = Mark("trust", trust.address, f"its permissions change too; {when}")
            found.marks.setdefault(key, set()).add(mark)


def _lock_first(story: Story, people: Iterable[_Person], found: Bonds) -> None:
    """Let what takes from a user that goes wait until it is locked out, also where it is taken from the user's groups.

    Locks wait for nothing but other locks, so that no such bond closes a circle.
    """
    locks: dict[Address, set[str]] = {}
    for key, draft in story.drafts.items():
        if draft.effect == "lock":
            locks.setdefault(draft.address, set()).add(key)
    for person in people:
        own = locks.get(person.address, set())
        if not own or person.address in story.end or any(story.ancestors[key] - own for key in own):
            continue
        last = own.difference(*(story.ancestors[key] for key in own))
        for key in person.steps:
            if False in story.grows.get(key, ()):
                found.waits.setdefault(key, set()).update(last)


def _marks(address: Address, verdict: Verdict) -> Iterator[Mark]:
    if verdict.gap:
        yield Mark("gap", address, f"refused meanwhile, though allowed before and after: {verdict.gap}")
    if verdict.spike:
        yield Mark("spike", address, f"allowed meanwhile, though refused before and after: {verdict.spike}")


def _rank(before: Standing, after: Standing) -> int:
    """Return when a call is best made that changes a principal's standing."""
    if before.deny - after.deny:
        return LIFTS
    if before.bound != after.bound:
        narrower = after.bound is not None and (before.bound is None or after.bound <= before.bound)
        return DENIES if narrower else WIDENS
    if before.allow - after.allow:
        return EDITS if after.allow - before.allow else TAKES
    return DENIES if after.deny - before.deny else ADDS
