"""AWS's quotas: what IAM would refuse halfway through a run is told before its first write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import ACCOUNT, Address, Alarm, Items, Live, Observed
from reconciler.plan.foresee import Delta, Objects, foreseen
from reconciler.plan.guards.scene import Scene

__all__ = ["quota"]

_REMEDY = (
    "declare less, or have AWS raise the quota; consent with a `kind: exception` document for quota where the account "
    "tells another one than IAM keeps"
)


def quota(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each quota that some step, in the plan's order, passes: of the account, or of an object.

    What is beyond its quota already and gets no more is not spoken of. The quotas are the account's own, as
    GetAccountSummary tells them; those that it does not tell are not known.
    """
    if not scene.plan.steps:
        return
    counts = _Counts(scene.live)
    beyond: dict[tuple[Address, str], tuple[int, int]] = {}
    now = dict(scene.live.objects)
    for step in scene.plan.steps:
        delta = foreseen(now, step.call, scene.account)
        counts.take(now, delta)
        # What is renamed goes and comes in one call.
        gone = next((now.get(address) for address, observed in delta.items() if observed is None), None)
        for address, observed in delta.items():
            before = now.pop(address, gone)
            if observed is None:
                continue
            now[observed.address] = observed
            for what, more, most in _passed(before, observed, scene.live.summary):
                beyond[address, what] = max(beyond.get((address, what), (0, most)), (more, most))
    for key, (count, most) in sorted(counts.beyond.items()):
        what = f"there would be {count} {key.lower()} in the account, and the quota is {most}"
        yield scene.alarm("quota", ACCOUNT, what, _REMEDY)
    for (address, what), (more, most) in sorted(beyond.items()):
        declared = scene.desired.declared.get(address)
        text = f"its {what} would come to {more}, and the quota is {most}"
        yield scene.alarm("quota", address, text, _REMEDY, declared.origin if declared is not None else None)


class _Counts:
    """How many objects of each kind there are in the course of a run."""

    def __init__(self, live: Live) -> None:
        self._summary = live.summary
        self._counts: dict[str, int] = {}
        for kind in KINDS.values():
            here = sum(address.kind == kind.name for address in live.objects)
            self._counts[kind.name] = live.summary.get(kind.counted, here)
        self.beyond: dict[str, tuple[int, int]] = {}
        """By what is counted: the most that there would be, and the quota."""

    def take(self, before: Objects, delta: Delta) -> None:
        """Take what one call changes."""
        for name in sorted({address.kind for address in delta}):
            came = sum(o is not None and a not in before for a, o in delta.items() if a.kind == name)
            went = sum(o is None and a in before for a, o in delta.items() if a.kind == name)
            self._counts[name] += came - went
            key = KINDS[name].counted
            most = self._summary.get(f"{key}Quota")
            if most is not None and came > went and self._counts[name] > most:
                self.beyond[key] = max(self.beyond.get(key, (0, most)), (self._counts[name], most))


def _passed(
    before: Observed[Any] | None, after: Observed[Any], summary: Mapping[str, int]
) -> Iterator[tuple[str, int, int]]:
    """Yield each quota that the object passes and passed by less before: what, how much, and the quota."""
    kind = KINDS[after.address.kind]
    for facet in kind.facets:
        if isinstance(facet, Items) and facet.quota is not None:
            most = summary.get(facet.quota) if isinstance(facet.quota, str) else facet.quota
            old, new = _value(before, facet.field), getattr(after.resource, facet.field)
            if most is not None and new is not old:
                weighed = [sum(map(facet.weight, items.values())) for items in (old or {}, new)]
                if weighed[1] > max(most, weighed[0]):
                    yield facet.field.replace("_", " "), weighed[1], most
    for name, (field, measure) in kind.fills.items():
        old, new = _value(before, field), getattr(after.resource, field)
        if name in summary and new is not old:
            more = measure(new)
            if more > summary[name] and (before is None or more > measure(old)):
                yield name.removesuffix("Quota"), more, summary[name]


def _value(observed: Observed[Any] | None, field: str) -> Any:
    return getattr(observed.resource, field) if observed is not None else None
