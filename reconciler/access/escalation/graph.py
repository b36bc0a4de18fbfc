"""All ways of an account as a graph, and the paths of it that lead to what nobody gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from reconciler.access.escalation.asking import Asker
from reconciler.access.escalation.nouns import Actor, Doubt, Estate, Path, Provers, Way
from reconciler.access.escalation.reading import is_everything
from reconciler.access.escalation.trusts import is_service_linked
from reconciler.access.escalation.ways import Ways

__all__ = ["Graph"]


class Graph:
    """The ways of an estate, each looked for when somebody asks.

    A path is an escalation if its target may do what its source may not, nor any role that the source is given.
    """

    def __init__(self, estate: Estate, provers: Provers) -> None:
        """Take who there is, and what answers the questions that the evaluator cannot."""
        self._asker = Asker(provers)
        self._ways = Ways(self._asker, estate)
        self._actors = {actor.arn: actor for actor in sorted(estate.actors, key=_arn)}
        self._within: dict[str, Way | None] = {}
        self._assumes: dict[str, dict[str, Way]] = {}
        self._taken: dict[str, dict[str, Way]] = {}
        self._paths: dict[str, tuple[Path, ...]] = {}
        for actor in self._actors.values():
            if actor.unknown and not is_service_linked(actor):
                reasons = tuple(f"the document of {arn} is not known" for arn in actor.unknown)
                self._asker.doubt(actor.arn, "what it may do", reasons)

    @property
    def doubts(self) -> list[Doubt]:
        """Return what could not be settled among the questions so far, sorted."""
        return sorted(self._asker.doubts)

    def paths(self) -> list[Path]:
        """Return all escalations, sorted by source and target.

        Of a source that can give itself anything there is that path alone; of one that can become somebody who may do
        anything, there are only the paths to such principals. What a source gains by being a role that it may assume is
        told of that role.
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
        return [Path((way,), is_possible=True) for actor, way in ways if self._gains(actor, way.result)]

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
        here = self.within(actor) if source == target else self._out_of(actor).get(target)
        return here is not None and here.rank >= way.rank

    def _sources(self) -> Iterator[Actor]:
        return (actor for actor in self._actors.values() if not actor.unknown and not is_service_linked(actor))

    def within(self, actor: Actor) -> Way | None:
        """Return the way by which the actor gives itself more, or None."""
        if actor.arn not in self._within:
            self._within[actor.arn] = self._ways.within(actor)
        return self._within[actor.arn]

    def _entries(self, actor: Actor) -> dict[str, Way]:
        """Return the roles that the actor may assume."""
        if actor.arn not in self._assumes:
            self._assumes[actor.arn] = self._ways.entries(actor)
        return self._assumes[actor.arn]

    def _takes(self, actor: Actor) -> dict[str, Way]:
        """Return the principals that the actor can make itself though nobody let it."""
        if actor.arn not in self._taken:
            self._taken[actor.arn] = self._ways.takes(actor, self._entries(actor))
        return self._taken[actor.arn]

    def _out_of(self, actor: Actor) -> dict[str, Way]:
        """Return the best way from the actor to each principal that it can become."""
        return {**self._entries(actor), **self._takes(actor)}

    def _is_helped(self, actor: Actor) -> bool:
        """Return whether the actor may do anything, or gives itself anything."""
        way = self.within(actor)
        return is_everything(self._asker.powers(actor).principal) or (way is not None and way.rank > 1)

    def _escalations(self, source: str) -> Iterator[Path]:
        actor = self._actors[source]
        if actor.unknown or is_service_linked(actor):
            return
        way = self.within(actor)
        if way is not None:
            yield Path((way,))
        if self._is_helped(actor):
            return
        taken = self._walk(actor, self._takes(actor).values(), self._out_of)
        # What a role takes that is assumed is told of that role.
        assumed = self._walk(actor, (w for w in self._entries(actor).values() if not w.is_given), self._entries)
        found: dict[str, Path] = {}
        for path in (*taken, *assumed):
            shorter = path.target not in found or len(path.ways) < len(found[path.target].ways)
            if shorter and self._counts(actor, path):
                found[path.target] = path
        paths = sorted(found.values(), key=_target)
        yield from [path for path in paths if self._ends_all(path)] or paths

    def _walk(self, actor: Actor, first: Iterable[Way], onward: Callable[[Actor], dict[str, Way]]) -> Iterator[Path]:
        """Yield the shortest path to each principal that is reached; none goes on from one that may do anything."""
        seen = {actor.arn}
        todo: list[tuple[Way, ...]] = [(way,) for way in first]
        while todo:
            following: list[tuple[Way, ...]] = []
            for ways in sorted(todo, key=_preference):
                last = ways[-1]
                if last.target not in seen:
                    seen.add(last.target)
                    yield Path(ways)
                    if not self._ends_all(Path(ways)):
                        following += [(*ways, way) for way in onward(self._actors[last.target]).values()]
            todo = following

    def _counts(self, actor: Actor, path: Path) -> bool:
        if not any(way.rank for way in path.ways) and not self._ends_all(path):
            return False
        return self._gains(actor, path.ways[-1].result)

    def _gains(self, actor: Actor, result: Actor) -> bool:
        """Return whether the result may do something that neither the actor nor a role that it is given may."""
        return all(self._asker.exceeds(one, result) for one in self._given(actor))

    def _given(self, actor: Actor) -> list[Actor]:
        found = {actor.arn: actor}
        todo = [actor]
        while todo:
            for arn, way in self._entries(todo.pop()).items():
                if way.is_given and arn not in found:
                    found[arn] = self._actors[arn]
                    todo.append(self._actors[arn])
        return list(found.values())


def _arn(actor: Actor) -> str:
    return actor.arn


def _target(path: Path) -> str:
    return path.target


def _preference(ways: tuple[Way, ...]) -> tuple[object, ...]:
    return (ways[-1].target, [way.target for way in ways])
