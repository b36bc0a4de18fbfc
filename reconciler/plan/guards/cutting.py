"""Whether a plan cuts a principal off: from what it needs, from who may become it, or from being there at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from reconciler.live import READS
from reconciler.model import Address, Alarm, Impact, Step
from reconciler.plan.foresee import after_all
from reconciler.plan.guards.entering import is_usable
from reconciler.plan.guards.keeping import Loss, lost
from reconciler.plan.guards.needs import Need, finishing, reading, undoing
from reconciler.plan.guards.origins import origin_of
from reconciler.plan.guards.scene import Scene
from reconciler.plan.lives import Life
from reconciler.plan.picture import Held, Picture, aws_policies
from reconciler.plan.questions import Asker, question

__all__ = ["Judge"]

_DUTIES: Mapping[str, str] = {
    "apply": "applies plans (roles.apply)",
    "plan": "makes plans (roles.plan)",
    "caller": "makes this plan",
}
_REMEDY = (
    "leave it what it needs, let somebody else make this change in steps of their own, or consent with a "
    "`kind: exception` document"
)
_SHOWN = 5
"""Losses, or requests, that are told of one principal."""


class Judge:
    """Judges the principals of one plan."""

    def __init__(self, scene: Scene) -> None:
        """Take the plan, which has steps."""
        self._scene = scene

    def of(self, address: Address, duties: Sequence[str]) -> Iterator[Alarm]:
        """Yield what the plan does to a live principal, by its duties: ``apply``, ``plan``, ``caller``."""
        who = f"it is who {' and '.join(_DUTIES[duty] for duty in duties)}"
        life = self._lives.get(address)
        if life is not None and (life.ends or life.states[-1] is None):
            anew = "" if life.states[-1] is None else " and made anew, as another with another unique id"
            yield self._alarm(address, f"{who}, and would be deleted{anew}")
            return
        new = life.address if life is not None else address
        arn = self._scene.end[new].arn
        if self._scene.live.objects[address].arn != arn and set(duties) != {"caller"}:
            yield self._alarm(address, f"{who}, and would be renamed or moved: it would be {arn}")
        yield from self._trust(address, new, who)
        yield from self._needs(address, new, who, writes=set(duties) != {"plan"})

    def of_recover(self, addresses: Sequence[Address]) -> Iterator[Alarm]:
        """Yield an alarm for each principal of ``roles.recover`` that could get in, if none can any more.

        If none could before either, the plan is not to blame, and nothing is said.
        """
        start, end = self._scene.pictures
        live = [address for address in addresses if address in start.objects]
        changed = [address for address in live if not self._is_same(address)]
        if not changed:
            return
        had = {address: self._recovers(start, address) for address in live}
        # Of one that stays as it is nothing is lost, even where it cannot be told what it has.
        if any(had[address] is not False for address in live if address not in changed):
            return
        left = [self._recovers(end, address) for address in addresses if address in end.objects]
        if True in left:
            return
        undecided = ", which is not decided" if None in left else ""
        what = "nobody of roles.recover would have iam:* on * and a trust that lets somebody in any more"
        yield from (self._alarm(one, what + undecided) for one in changed if had[one] is not False)

    @cached_property
    def _lives(self) -> dict[Address, Life]:
        return {life.before.address: life for life in self._scene.lives if life.before is not None}

    @cached_property
    def _reading(self) -> tuple[Need, ...]:
        return reading(self._scene.account, READS)

    @cached_property
    def _finishing(self) -> tuple[Need, ...]:
        return finishing(self._scene.plan.steps, self._scene.live.objects, self._scene.account)

    @cached_property
    def _writing(self) -> tuple[Need, ...]:
        scene = self._scene
        return (*self._finishing, *undoing(scene.lives, scene.live.objects, scene.end, scene.account))

    def _impact(self, address: Address, subject: str) -> Impact | None:
        found = (one for one in self._scene.impacts if one.subject == subject and one.address == address)
        return next((one for one in found if one.narrows is not False), None)

    def _trust(self, address: Address, new: Address, who: str) -> Iterator[Alarm]:
        impact = self._impact(new, "trust")
        if impact is not None:
            settled = "would narrow" if impact.narrows else "changes in a way that is not decided"
            lines = [f"{one.caller}: {one.because}" for one in impact.evidence if not one.gained]
            what = f"{who}, and who may become it {settled}"
            yield self._alarm(address, what, [*lines, *impact.reasons][:_SHOWN])
        elif self._is_deserted(address, new):
            yield self._alarm(address, f"{who}, and nobody whom its trust names would be there any more")

    def _is_deserted(self, address: Address, new: Address) -> bool:
        """Return whether somebody could become it before, and nobody can after."""
        start, end = self._scene.pictures
        trusts = (start.held(address).trust, end.held(new).trust)
        before, after = (
            None if trust is None else is_usable(trust, picture.objects, picture.account, people=False)
            for trust, picture in zip(trusts, (start, end), strict=True)
        )
        return before is True and after is False

    def _needs(self, address: Address, new: Address, who: str, *, writes: bool) -> Iterator[Alarm]:
        start, end = self._scene.pictures
        if self._impact(new, "identity") is not None:
            needs = (*self._reading, *(self._writing if writes else ()))
            found = lost(needs, start.held(address), end.held(new), (start, end))
            if found:
                yield self._cut(address, who, found)
                return
        for step in self._scene.plan.steps if writes else ():
            if any(mark.kind == "gap" and mark.principal in {address, new} for mark in step.marks):
                found = self._meanwhile(step, start.held(address), {address, new})
                if found:
                    yield self._cut(address, f"{who}, and after step {step.id}, until later steps mend it,", found)
                    return

    def _meanwhile(self, step: Step, old: Held, names: set[Address]) -> tuple[Loss, ...]:
        """Return what a principal lacks for the steps that come after this one, once it is made."""
        scene = self._scene
        calls = [one.call for one in scene.plan.steps if one.id <= step.id]
        objects = after_all(scene.live.objects, calls, scene.account)
        now = Picture(objects, scene.account, scene.read(aws_policies((objects,), scene.account)))
        address = next((name for name in names if name in objects), None)
        later = [need for need in self._finishing if need.step > step.id]
        return lost(later, old, now.held(address), (scene.pictures[0], now)) if address is not None else ()

    def _is_same(self, address: Address) -> bool:
        """Return whether the plan changes nothing about a principal, nor about who may become it."""
        if address not in self._scene.end or (address in self._lives and self._lives[address].ends):
            return False
        old, new = (picture.held(address) for picture in self._scene.pictures)
        return old == new and not self._is_deserted(address, address)

    def _recovers(self, picture: Picture, address: Address) -> bool | None:
        """Return whether a principal has ``iam:*`` on ``*`` for sure, and somebody may become it; None: undecided."""
        held = picture.held(address)
        asked = question(["iam:*"], ["*"], {}, every=True, partition=picture.account.partition)
        enters: bool | None = True
        if held.trust is not None:
            enters = is_usable(held.trust, picture.objects, picture.account, people=True)
        if enters is False:
            return False
        holds = Asker(picture).ask(held, asked).holds
        return holds if enters or holds is False else None

    def _cut(self, address: Address, who: str, found: Sequence[Loss]) -> Alarm:
        more = len(found) - 1
        what = f"{who}, and {found[0]}" if not who.endswith(",") else f"{who} it {found[0]}"
        lines = [*(str(loss) for loss in found[1:]), *(line for loss in found for line in loss.why)]
        return self._alarm(address, what + (f", and {more} more" if more else ""), lines[: 2 * _SHOWN])

    def _alarm(self, address: Address, what: str, detail: Iterable[str] = ()) -> Alarm:
        return self._scene.alarm("lockout", address, what, _REMEDY, origin_of(self._scene, address), detail)
