"""What this run has made of the account: enough to tell its own doing from somebody else's."""

from __future__ import annotations

import threading
from typing import Any

from reconciler.apply.alike import alike
from reconciler.kinds import KINDS
from reconciler.model import Address, Call, Observed, Plan, Step
from reconciler.plan.foresee import Objects, foreseen, is_true_already, subjects, with_delta

__all__ = ["History", "takes_away"]

_TAKING = ("Delete", "Detach", "Remove", "Deactivate", "Untag")


def takes_away(call: Call) -> bool:
    """Return whether the call takes something away: made twice, it says itself that there is nothing left."""
    return call.operation.startswith(_TAKING)


class History:
    """The account's touched objects as this run leaves them, followed only as far as somebody asks."""

    def __init__(self, plan: Plan) -> None:
        """Take the plan, whose ``before`` is where the history begins."""
        self._account = plan.account
        self._lock = threading.Lock()
        self._done: list[Call] = []
        self._followed = 0
        self._objects: Objects = {address: seen for address, seen in plan.before.items() if seen is not None}
        self._states: dict[Address, list[Observed[Any] | None]] = {a: [seen] for a, seen in plan.before.items()}

    def done(self, step: Step) -> None:
        """Take notice of a call that was made."""
        with self._lock:
            self._done.append(step.call)

    def landed(self, objects: Objects, call: Call) -> bool:
        """Return whether the account shows what the call makes of it."""
        if is_true_already(objects, call, self._account):
            return True
        # A renaming is not spoken of by the object's old name once it was made.
        delta = self._expected(call)
        gone = [address for address, after in delta.items() if after is None]
        if not gone or call.operation.startswith("Delete"):
            return False
        renamed = [address for address in delta if address not in self._objects and address in objects]
        ids = {self._objects[address].resource.unique_id for address in gone}
        return not any(address in objects for address in gone) and any(
            objects[address].resource.unique_id in ids for address in renamed
        )

    def is_left_to_do(self, objects: Objects, call: Call) -> bool:
        """Return whether the account shows, or does not show well enough to deny, that the call has something to do."""
        if foreseen(objects, call, self._account):
            return True
        if not any(call.operation in kind.effects for kind in KINDS.values()):
            # What a user's credentials are no reading of the account shows.
            own = subjects(call)
            return not own or any(address in objects for address in own)
        with_call = self._expected(call)
        return any(
            after is not None and (seen := objects.get(address)) is not None and self._differs(after, seen.unread)
            for address, after in with_call.items()
        )

    def _differs(self, after: Observed[Any], fields: frozenset[str]) -> bool:
        """Return whether one of the fields is about to change."""
        before = self._objects.get(after.address)
        return before is not None and any(
            getattr(before.resource, field) != getattr(after.resource, field) for field in fields
        )

    def strangers(self, objects: Objects, call: Call) -> tuple[Address, ...]:
        """Return the call's objects that the account shows in a state that this run neither found nor left."""
        delta = self._expected(call)
        found = []
        for address in subjects(call):
            known = [*self._states.get(address, [None]), delta.get(address)]
            if not any(alike(state, objects.get(address)) for state in known):
                found.append(address)
        return tuple(found)

    def made_named(self, call: Call) -> bool:
        """Return whether the call names, or speaks in a document of, something that this run made or renamed."""
        self._expected(None)
        texts = [value for value in call.params.values() if isinstance(value, str)]
        born = [a for a, states in self._states.items() if states[0] is None and a in self._objects]
        return any(text == address.name or self._objects[address].arn in text for address in born for text in texts)

    def unmade(self, call: Call) -> bool:
        """Return whether an object that the call makes anew was there, and is gone by this run's own doing."""
        self._expected(None)
        return any(self._ids(address) and address not in self._objects for address in subjects(call))

    def took_from(self, call: Call) -> bool:
        """Return whether this run took something away from an object that the call writes to or names."""
        own, texts = set(subjects(call)), {value for value in call.params.values() if isinstance(value, str)}
        taken = [made for made in self._done if takes_away(made)]
        return any(own & set(subjects(made)) or texts & set(map(str, made.params.values())) for made in taken)

    def is_foreign(self, objects: Objects, call: Call) -> bool:
        """Return whether an object that the call creates is there, and is none that was there before the run."""
        if call.operation not in {kind.creates for kind in KINDS.values()}:
            return False
        for address in subjects(call):
            seen = objects.get(address)
            if seen is not None and seen.resource.unique_id not in self._ids(address):
                return True
        return False

    def _ids(self, address: Address) -> set[str]:
        return {state.resource.unique_id for state in self._states.get(address, []) if state is not None}

    def _expected(self, call: Call | None) -> dict[Address, Observed[Any] | None]:
        """Follow the calls made so far and return what the next one will change."""
        with self._lock:
            for made in self._done[self._followed :]:
                delta = foreseen(self._objects, made, self._account)
                for address, after in delta.items():
                    self._states.setdefault(address, [None]).append(after)
                self._objects = with_delta(self._objects, delta)
            self._followed = len(self._done)
            return foreseen(self._objects, call, self._account) if call is not None else {}
