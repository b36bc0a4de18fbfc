"""Everything that a guard may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from reconciler.model import Account, Address, Alarm, Base, Desired, GuardId, Impact, Live, Origin, Plan, Settings
from reconciler.plan.foresee import Objects, after_all
from reconciler.plan.lives import Life, lives
from reconciler.plan.picture import Picture, aws_policies

__all__ = ["Guard", "Read", "Scene"]

Read: TypeAlias = Callable[[Iterable[str]], Mapping[str, Mapping[str, Any]]]
"""From ARNs of managed policies that are none of the account's objects to the documents that can be read."""


@dataclass(frozen=True)
class Scene:
    """A plan before it is shown, and what it was made from."""

    plan: Plan
    """With steps, changes, conflicts and access."""
    desired: Desired
    settings: Settings
    """Those that guards hold to: the stricter of the documents' and the base's."""
    live: Live
    read: Read
    base: Base | None = None

    @property
    def account(self) -> Account:
        """Return the account."""
        return self.live.account

    @cached_property
    def end(self) -> Objects:
        """Return the account's objects once the steps are made."""
        return after_all(self.live.objects, [step.call for step in self.plan.steps], self.account)

    @cached_property
    def lives(self) -> list[Life]:
        """Return what becomes of each object that the steps change."""
        return lives(self.live.objects, [step.call for step in self.plan.steps], self.account)

    @cached_property
    def pictures(self) -> tuple[Picture, Picture]:
        """Return who may do what before and after; to be asked for only where steps change something."""
        known = self.read(aws_policies((self.live.objects, self.end), self.account))
        return Picture(self.live.objects, self.account, known), Picture(self.end, self.account, known)

    @property
    def impacts(self) -> tuple[Impact, ...]:
        """Return what the plan does to access."""
        return self.plan.access.impacts if self.plan.access is not None else ()

    def alarm(
        self,
        guard: GuardId,
        subject: Address | str,
        what: str,
        remedy: str,
        origin: Origin | None = None,
        detail: Iterable[str] = (),
    ) -> Alarm:
        """Return the alarm, with the consent to it if somebody gave any."""
        named = str(subject)
        return Alarm(guard, named, what, remedy, origin, tuple(detail), self.desired.consented(guard, named))


Guard: TypeAlias = Callable[[Scene], Iterable[Alarm]]
"""From a plan to what speaks against it; a guard looks at nothing that the plan does not need."""
