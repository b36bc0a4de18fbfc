"""What calls make of each object from first to last, through renames and replacements, and what is lost on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Account, Address, Call, Observed
from reconciler.plan.foresee import Objects, foreseen, take

__all__ = ["Life", "lives", "losses"]


@dataclass(slots=True)
class Life:
    """One object as a run of calls finds it, and as it is after each call that changes it (None: it is not there)."""

    states: list[Observed[Any] | None]
    creator: Call | None = None
    """The last call that made the object."""

    @property
    def before(self) -> Observed[Any] | None:
        """Return the object as the run finds it."""
        return self.states[0]

    @property
    def there(self) -> list[Observed[Any]]:
        """Return the states in which the object is there; there is one at least."""
        return [state for state in self.states if state is not None]

    @property
    def ends(self) -> bool:
        """Return whether the run deletes the object that it finds, be it to create it anew."""
        return self.before is not None and None in self.states

    @property
    def address(self) -> Address:
        """Return the address by which the run leaves the object, or had it last."""
        return self.there[-1].address


def lives(objects: Mapping[Address, Observed[Any] | None], calls: Iterable[Call], account: Account) -> list[Life]:
    """Return a life for each object that the calls change, sorted by their first addresses.

    ``objects`` must hold every object that the calls change (None: it is not there).
    """
    now = {address: observed for address, observed in objects.items() if observed is not None}
    found: list[Life] = []
    current: dict[Address, Life] = {}
    for call in calls:
        delta = foreseen(now, call, account)
        was = _renamed(delta, now)
        for address, observed in delta.items():
            if observed is None and address in was.values():
                continue
            source = was.get(address, address)
            life = current.pop(source, None)
            if life is None:
                life = Life([now.get(source)])
                found.append(life)
            if life.states[-1] is None:
                life.creator = call
            life.states.append(observed)
            current[address] = life
        take(now, delta)
    return sorted(found, key=lambda life: life.there[0].address)


def _renamed(delta: Mapping[Address, Observed[Any] | None], now: Objects) -> dict[Address, Address]:
    """Return from the new to the old address of the object that a call renames."""
    gone = [address for address, observed in delta.items() if observed is None]
    come = [address for address, observed in delta.items() if observed is not None and address not in now]
    return dict(zip(come, gone, strict=False))


def losses(
    objects: Mapping[Address, Observed[Any] | None], calls: Iterable[Call], account: Account
) -> dict[Address, tuple[str, ...]]:
    """Return what the calls lose for good, by the address that the object has after them, or had last."""
    found = {}
    for life in lives(objects, calls, account):
        if life.before is not None:
            last = life.states[-1]
            after = last.resource if last is not None and not life.ends else None
            lost = KINDS[life.address.kind].irreversible(life.before.resource, after)
            if lost:
                found[life.address] = lost
    return found
