"""Ways by which principals of an account get at more than anybody gave them, and those that a plan opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.access import Answer, Principal, Verdict, compare, evaluate, evaluate_trust, possible
from reconciler.access.escalation import Actor, Doubt, Estate, Graph, Memory, Path, Policy, Proof, Provers, Way
from reconciler.kinds import KINDS
from reconciler.model import Address, Escalation, Evidence, Hop, Observed
from reconciler.plan.because import statement
from reconciler.plan.picture import Held, Paper, Picture
from reconciler.plan.standing import is_principal, led_to

__all__ = ["Found", "Scene", "escalations", "new_escalations", "possible_escalations"]

_ROLE = "AssumedRole"


@dataclass(frozen=True, slots=True)
class Found:
    """Paths, and what could not be settled about them, for people."""

    escalations: tuple[Escalation, ...] = ()
    undecided: tuple[str, ...] = ()


def escalations(picture: Picture) -> Found:
    """Return all paths by which a principal of the account gets at more than it is given, by source and target."""
    scene = Scene(picture)
    paths = scene.graph.paths()
    return Found(tuple(map(scene.told, paths)), scene.doubted(scene.graph.doubts))


def possible_escalations(picture: Picture) -> Found:
    """Return the paths that are there only if something runs with the target's role, which IAM does not tell."""
    scene = Scene(picture)
    paths = scene.graph.carried()
    return Found(tuple(map(scene.told, paths)), scene.doubted(scene.graph.doubts))


def new_escalations(before: Picture, after: Picture) -> Found:
    """Return the paths that are there afterwards and were not before, and what could not be settled afterwards only.

    A principal that is renamed is the same one, as its unique id tells.
    """
    memory = Memory()
    start, end = Scene(before, memory), Scene(after, memory)
    if start.estate == end.estate:
        return Found()
    ids = {uid: arn for arn, uid in start.ids.items()}
    was = {arn: ids[uid] for arn, uid in end.ids.items() if uid in ids}
    paths = end.graph.new(start.graph, was)
    doubts = end.graph.doubts
    for source in sorted({doubt.source for doubt in doubts}):
        if was.get(source, source) in start.ids:
            start.graph.paths_of(was.get(source, source))
    known = {(doubt.source, doubt.what, doubt.reasons) for doubt in start.graph.doubts}
    fresh = [doubt for doubt in doubts if (was.get(doubt.source, doubt.source), doubt.what, doubt.reasons) not in known]
    return Found(tuple(map(end.told, paths)), end.doubted(fresh))


class Scene:
    """An account at one moment as a graph, and the words for what is found in it."""

    def __init__(self, picture: Picture, memory: Memory | None = None) -> None:
        """Take the account, and what is known already of the policies in it."""
        self._held = {held.arn: held for held in map(picture.held, picture.principals())}
        self.ids = {held.arn: _unique_id(picture.objects[held.address]) for held in self._held.values()}
        actors = [_actor(picture, held) for held in self._held.values()]
        groups = {at.arn: tuple(_policies(picture, picture.held(at.address).identity)) for at in _groups(picture)}
        self.estate = Estate(actors, groups)
        self.graph = Graph(self.estate, Provers(_possible, _compared), memory)

    def told(self, path: Path) -> Escalation:
        """Return the path by the addresses of its principals."""
        return Escalation(tuple(map(self._hop, path.ways)))

    def doubted(self, doubts: Iterable[Doubt]) -> tuple[str, ...]:
        """Return for people what could not be settled, for each source, action and cause in one."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[Doubt]] = {}
        for doubt in doubts:
            groups.setdefault((doubt.source, doubt.what.partition(" on ")[0], doubt.reasons), []).append(doubt)
        return tuple(self._doubt(group) for group in groups.values())

    def _doubt(self, group: Sequence[Doubt]) -> str:
        doubt, more = group[0], len(group) - 1
        held = self._held.get(doubt.source)
        others = f" and {more:,} more" if more else ""
        return f"{held.address if held else doubt.source}: {doubt.what}{others}: {'; '.join(doubt.reasons)}"

    def _hop(self, way: Way) -> Hop:
        evidence = tuple(map(self._evidence, way.proofs))
        method = " + ".join(way.actions)
        return Hop(self._held[way.source].address, self._held[way.target].address, method, evidence)

    def _evidence(self, proof: Proof) -> Evidence:
        held, request = self._held[proof.asker], proof.request
        context = {key: value for key, value in request.context.items() if value}
        if proof.caller is None or held.trust is None:
            papers = held.identity if held.boundary is None else (*held.identity, held.boundary)
            reason = statement(evaluate(held.principal, request).by, papers)
            return Evidence(True, request.action, request.resource, reason, context)  # noqa: FBT003  it is allowed
        decision = evaluate_trust(held.trust, proof.caller, request)
        reason = statement(decision.by, [Paper(held.trust, held.address, "trust")])
        caller = f"{proof.caller.space} {proof.caller.name}"
        return Evidence(True, request.action, request.resource, reason, context, caller)  # noqa: FBT003  as above


def _possible(principal: Principal, action: str, resource: str, context: Mapping[str, Any]) -> Answer:
    return possible(principal, action, resource, context)


def _compared(old: Principal, new: Principal) -> Verdict:
    return compare(old, new, witnesses=1)


def _actor(picture: Picture, held: Held) -> Actor:
    observed = picture.objects[held.address]
    boundary = next(iter(_policies(picture, [held.boundary] if held.boundary is not None else [])), None)
    return Actor(
        held.arn,
        is_role=held.bindings.get("aws:PrincipalType") == _ROLE,
        policies=tuple(_policies(picture, held.identity)),
        boundary=boundary,
        bindings=held.bindings,
        trust=held.trust,
        groups=tuple(at.arn for at in _groups_of(picture, observed)),
        unknown=tuple(f"the document of {arn} is not known" for arn in held.unknown),
        reserved=KINDS[held.address.kind].reserved(observed.resource) is not None,
    )


def _policies(picture: Picture, papers: Iterable[Paper]) -> Iterator[Policy]:
    for paper in papers:
        group = picture.objects[paper.through].arn if paper.through is not None else ""
        if paper.holder is None:
            yield Policy(paper.document, paper.item, group)
        elif paper.item:
            yield Policy(paper.document, "", group)
        else:
            observed = picture.objects[paper.holder]
            stored = getattr(observed.resource, "others", ())
            yield Policy(paper.document, observed.arn, group, tuple(version.document for version in stored))


def _groups(picture: Picture) -> list[Observed[Any]]:
    """Return the objects that hold policies for others."""
    return [observed for address, observed in sorted(picture.objects.items()) if _shares(address)]


def _groups_of(picture: Picture, observed: Observed[Any]) -> Iterator[Observed[Any]]:
    """Yield the objects that hold policies for the one that is given."""
    for facet in KINDS[observed.address.kind].facets:
        for key in sorted(getattr(observed.resource, facet.field)) if facet.grants == "held" else ():
            at = led_to(facet, key, picture.account)
            if at is not None and at in picture.objects and _shares(at):
                yield picture.objects[at]


def _shares(address: Address) -> bool:
    grants = {facet.grants for facet in KINDS[address.kind].facets} - {""}
    return bool(grants) and "document" not in grants and not is_principal(address)


def _unique_id(observed: Observed[Any]) -> str:
    return observed.resource.unique_id or str(observed.address)
