"""What the calls of a plan do to access, and the bonds between them that keep it whole at every moment of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from reconciler.diff import Draft
from reconciler.model import Address, Live, Mark
from reconciler.plan.arrange import Case, arranged
from reconciler.plan.foresee import Objects, foreseen, with_delta
from reconciler.plan.lawful import Trial, Verdict
from reconciler.plan.standing import Reader, Standing, closure, is_principal
from reconciler.plan.story import Story, told

__all__ = ["Bonds", "bonds"]

_FEWEST = 2
"""Calls that must concern a principal before their order can matter to it."""


@dataclass(slots=True)
class Bonds:
    """What keeps access whole: which calls wait for which, beyond what IAM demands, and what no order avoids."""

    waits: dict[str, set[str]] = field(default_factory=dict)
    marks: dict[str, set[Mark]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def bonds(
    live: Live, order: Sequence[str], drafts: Mapping[str, Draft], ancestors: Mapping[str, frozenset[str]]
) -> Bonds:
    """Return the bonds of the calls whose keys are ``order``, which says what should come first where all is equal.

    ``ancestors`` gives for each call all calls that must be made before it.
    """
    story = told(live, order, drafts, ancestors)
    found = Bonds()
    people = list(_people(story, Reader(live.account)))
    in_doubt = [person for person in people if len(person.steps) >= _FEWEST and person.may_go_wrong()]
    for group in _groups(in_doubt, story):
        _arrange(group, found)
    _bind_trusts(story, people, found)
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
        if any(now.deny or now.bound != first.bound for _, before, after in moments for now in (before, after)):
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


def _groups(people: Iterable[_Person], story: Story) -> list[list[_Person]]:
    """Return the principals in groups whose orders have nothing to do with one another."""
    weighty = story.touched.keys() | story.fixes.keys()
    groups: list[tuple[set[str], list[_Person]]] = []
    for person in people:
        steps = set(person.steps).union(*(story.ancestors[key] & weighty for key in person.steps))
        joined = [group for group in groups if group[0] & steps]
        groups = [group for group in groups if not group[0] & steps]
        members = [member for group in joined for member in group[1]]
        groups.append((steps.union(*(group[0] for group in joined)), [*members, person]))
    return [members for _, members in groups]


def _arrange(group: Sequence[_Person], found: Bonds) -> None:
    """Add to ``found`` the bonds of one group of principals, and the marks of what cannot be avoided."""
    story = group[0].story
    inside = frozenset().union(*(person.steps for person in group))
    ranks: dict[str, int] = {}
    for person in group:
        for key, before, after in person.moments():
            ranks[key] = max(ranks.get(key, 0), _rank(before, after))
    steps = sorted(inside, key=lambda key: (ranks[key], story.places[key]))
    cases = [person.case() for person in group]
    order = arranged(steps, {key: story.ancestors[key] & inside for key in steps}, cases)
    for person, case in zip(group, cases, strict=True):
        own = [key for key in order if key in case.steps]
        for one, other in pairwise(own):
            found.waits.setdefault(other, set()).add(one)
        for count in range(1, len(own)):
            verdict = case.at(frozenset(own[:count]))
            found.marks.setdefault(own[count - 1], set()).update(_marks(person.address, verdict))


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
            found.notes[key] = f"trust and permissions of {trust.address} both change, one after the other: {when}"


def _marks(address: Address, verdict: Verdict) -> Iterator[Mark]:
    if verdict.gap:
        yield Mark("gap", address, f"refused meanwhile, though allowed before and after: {verdict.gap}")
    if verdict.spike:
        yield Mark("spike", address, f"allowed meanwhile, though refused before and after: {verdict.spike}")


def _rank(before: Standing, after: Standing) -> int:
    """Return when a call is best made: denials first, then grants, withdrawals, and lifted denials last."""
    if before.deny - after.deny:
        return 5
    if before.bound != after.bound:
        narrower = after.bound is not None and (before.bound is None or after.bound <= before.bound)
        return 0 if narrower else 4
    if before.allow - after.allow:
        return 2 if after.allow - before.allow else 3
    return 0 if after.deny - before.deny else 1
