"""All ways of an account as a graph, and the paths of it that lead to what nobody gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.access.escalation.asking import Asker, Memory
from reconciler.access.escalation.nouns import Actor, Doubt, Estate, Path, Provers, Way
from reconciler.access.escalation.trusts import is_service_linked
from reconciler.access.escalation.ways import Ways
from reconciler.errors import PolicyError

__all__ = ["Graph"]


class Graph:
    """The ways of an estate, each looked for when somebody asks.

    A path is an escalation if its target may do what its source may not, nor any role that the source is given.
    """

    def __init__(self, estate: Estate, provers: Provers, memory: Memory | None = None) -> None:
        """Take who there is, what answers the questions that the evaluator cannot, and what is known already.

        Graphs that share a memory ask nothing twice of the same policies.
        """
        self._asker = Asker(provers, memory)
        actors = [self._read(actor) for actor in sorted(estate.actors, key=_arn)]
        self._ways = Ways(self._asker, replace(estate, actors=actors))
        self._actors = {actor.arn: actor for actor in actors}
        self._within: dict[str, Way | None] = {}
        self._givens: dict[str, list[Actor]] = {}
        self._taken: dict[str, dict[str, Way]] = {}
        self._paths: dict[str, tuple[Path, ...]] = {}

    def _read(self, actor: Actor) -> Actor:
        """Return the actor, in doubt where not all that it holds is known or can be read."""
        try:
            self._asker.check(actor)
        except PolicyError as error:
            actor = replace(actor, unknown=(*actor.unknown, f"its policies cannot be read: {error}"))
        if actor.unknown and not is_service_linked(actor):
            self._asker.doubt(actor.arn, "what it may do", actor.unknown)
        return actor

    @property
    def doubts(self) -> list[Doubt]:
        """Return what could not be settled among the questions so far, sorted."""
        return sorted(self._asker.doubts)

    def paths(self) -> list[Path]:
        """Return all escalations, sorted by source and target.

        Of a source that can give itself anything there is that path alone; of one that can become somebody who may do
        anything, there are only the paths to such principals, and of those that it makes so itself only one. What a
        source gains by being a role that it may assume is told of that role.
        """
        return [path for arn in self._actors for path in self.paths_of(arn)]

    def paths_of(self, source: str) -> tuple[Path, ...]:
        """Return the escalations of one source, sorted by target."""
        if source not in self._paths:
            self._paths[source] = tuple(self._escalations(source))
        return self._paths[source]

    def carried(self) -> list[Path]:
        """Return the escalations that are there only if something runs with a role of the target, sorted."""
        sources = (actor for actor in self._sources() if not self._is_helped(actor))
        ways = ((actor, way) for actor in sources for way in self._ways.carried(actor))
        return [Path((way,), is_possible=True) for actor, way in ways if self.gains(actor, way.result)]

    def new(self, before: Graph, was: Mapping[str, str]) -> list[Path]:
        """Return the escalations that ``before`` does not have; ``was`` gives the ARNs that principals had before.

        One that could give itself anything before, or become somebody who may do anything, gains nothing new.
        """
        return [path for path in self.paths() if not before.has(path, was)]

    def has(self, path: Path, was: Mapping[str, str]) -> bool:
        """Return whether the path is an escalation here, or is none because its source can do anything here as well."""
        source, target = (was.get(arn, arn) for arn in (path.source, path.target))
        actor = self._actors.get(source)
        if actor is None:
            return False
        if self._ways.is_unbound(actor) or any(self._ends_all(one) for one in self.paths_of(source)):
            return True
        here = {one.target: one for one in self.paths_of(source)}
        return target in here and all(self._has_way(way, was) for way in path.ways)

    def _ends_all(self, path: Path) -> bool:
        last = path.ways[-1]
        return last.rank > 1 or self._ways.is_unbound(last.result)

    def _has_way(self, way: Way, was: Mapping[str, str]) -> bool:
        source, target = (was.get(arn, arn) for arn in (way.source, way.target))
        actor = self._actors.get(source)
        if actor is None:
            return False
        if source == target:
            here = self.within(actor)
        else:
            other = self._actors.get(target)
            here = self._takes(actor).get(target)
            if here is None and other is not None:
                here = self._ways.assuming(actor, other)
        return here is not None and here.rank >= way.rank

    def _sources(self) -> Iterator[Actor]:
        return (actor for actor in self._actors.values() if not actor.unknown and not is_service_linked(actor))

    def within(self, actor: Actor) -> Way | None:
        """Return the way by which the actor gives itself more, or None."""
        if actor.arn not in self._within:
            self._within[actor.arn] = self._ways.within(actor)
        return self._within[actor.arn]

    def _takes(self, actor: Actor) -> dict[str, Way]:
        """Return the principals that the actor can make itself though nobody let it."""
        if actor.arn not in self._taken:
            self._taken[actor.arn] = self._ways.takes(actor)
        return self._taken[actor.arn]

    def _assumes(self, actor: Actor) -> Iterator[Way]:
        """Yield the ways to the roles that the actor may assume and that lead to one that may do anything."""
        ways = (self._ways.assuming(actor, role) for role in self._ways.unbound())
        return (way for way in ways if way is not None)

    def _onward(self, actor: Actor) -> Iterator[Way]:
        """Yield the ways of somebody that a path has come to be."""
        yield from self._takes(actor).values()
        yield from self._ways.given(actor)
        yield from self._assumes(actor)

    def _is_helped(self, actor: Actor) -> bool:
        """Return whether the actor may do anything, or gives itself anything."""
        way = self.within(actor)
        return self._asker.whole(actor).is_everything or (way is not None and way.rank > 1)

    def _escalations(self, source: str) -> Iterator[Path]:
        actor = self._actors[source]
        if actor.unknown or is_service_linked(actor):
            return
        way = self.within(actor)
        if way is not None:
            yield Path((way,))
        if self._is_helped(actor):
            return
        found: dict[str, Path] = {}
        # What a role takes that is assumed is told of that role.
        assumed = (way for way in self._assumes(actor) if not way.is_given)
        for first, onward in ((self._takes(actor).values(), self._onward), (assumed, self._assumes)):
            for path in self._walk(actor, first, onward):
                shorter = path.target not in found or len(path.ways) < len(found[path.target].ways)
                if shorter:
                    found[path.target] = path
        paths = sorted(found.values(), key=_target)
        final = [path for path in paths if self._ends_all(path) and self.gains(actor, path.ways[-1].result)]
        made = [path for path in final if path.ways[-1].rank > 1]
        # A principal that is first made to hold anything stands for all others that could be.
        yield from [path for path in final if path not in made[1:]]
        if not final:
            yield from (path for path in paths if self._counts(actor, path))

    def _walk(self, actor: Actor, first: Iterable[Way], onward: Callable[[Actor], Iterator[Way]]) -> Iterator[Path]:
        """Yield the shortest path to each principal that is reached, no longer than the first that may do anything."""
        seen = {actor.arn}
        level = _fresh(((way,) for way in first), seen)
        while level:
            seen |= level.keys()
            yield from level.values()
            if any(map(self._ends_all, level.values())):
                return
            more = ((*path.ways, way) for path in level.values() for way in onward(self._actors[path.target]))
            level = _fresh(more, seen)

    def _counts(self, actor: Actor, path: Path) -> bool:
        return any(way.rank for way in path.ways) and self.gains(actor, path.ways[-1].result)

    def gains(self, actor: Actor, result: Actor) -> bool:
        """Return whether the result may do something that neither the actor nor a role that it is given may."""
        return all(self._asker.exceeds(one, result) for one in self._given(actor))

    def _given(self, actor: Actor) -> list[Actor]:
        """Return the actor and the roles that it is let into by name, directly or by way of another."""
        if actor.arn not in self._givens:
            found = {actor.arn: actor}
            todo = [actor]
            while todo:
                for way in self._ways.given(todo.pop()):
                    if way.target not in found:
                        found[way.target] = self._actors[way.target]
                        todo.append(found[way.target])
            self._givens[actor.arn] = list(found.values())
        return self._givens[actor.arn]


def _arn(actor: Actor) -> str:
    return actor.arn


def _target(path: Path) -> str:
    return path.target


def _fresh(found: Iterable[tuple[Way, ...]], seen: set[str]) -> dict[str, Path]:
    """Return a path to each target that was not seen before: the first that is found, sorted by target."""
    fresh: dict[str, Path] = {}
    for ways in found:
        target = ways[-1].target
        if target not in seen and target not in fresh:
            fresh[target] = Path(ways)
    return dict(sorted(fresh.items()))
