"""The making of a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeAlias

from reconciler.diff import Diff, compare
from reconciler.model import Access, Account, Address, Desired, Live, Note, Plan, Step
from reconciler.plan.foresee import changed_by
from reconciler.plan.lives import losses
from reconciler.plan.order import ordered
from reconciler.plan.ownership import left_alone, left_behind, rulings

__all__ = ["Begun", "Reader", "accessed", "make"]

Begun: TypeAlias = Callable[[Live], AbstractSet[Address]]
"""From the account to the objects in it that a run of the same plan, which stopped, has created."""


class Reader(Protocol):
    """What a plan needs of live IAM."""

    @property
    def calls(self) -> int:
        """Return how many requests were made so far."""

    def snapshot(self, account: Account) -> Live:
        """Return every object of the account."""

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        """Return the snapshot with the wanted fields read."""

    def has_policies(self, arns: Iterable[str]) -> Mapping[str, bool]:
        """Return for each ARN whether there is a managed policy of that ARN."""

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the documents of the managed policies that can be read, by ARN."""


def make(desired: Desired, iam: Reader, live: Live | None = None, begun: Begun | None = None) -> Plan:
    """Return the smallest plan that makes the account as desired; the same input gives the same plan.

    What only some plans need (the tags of policies, the credentials of users that go, policies that nobody has heard
    of) is read once the comparison has asked for it. ``live`` is a snapshot that has been read already.
    What ``begun`` names is planned on with as the run that created it would have gone on.

    Raises:
        InputError: a reference leads nowhere, or the documents would prune everything.
        AccountError: the account cannot be read.
    """
    if live is None:
        live = iam.snapshot(desired.account)
    live = iam.look_up(live, _open_to_prune(desired, live))
    probed: dict[str, bool] = {}
    while True:
        ruled = rulings(desired, live)
        diff = compare(desired, live, ruled, probed, begun(live) if begun is not None else frozenset())
        if diff.probe:
            probed |= iam.has_policies(diff.probe)
        elif diff.wanted:
            live = iam.look_up(live, diff.wanted)
        else:
            undeclared = len(left_alone(desired, live, ruled)) if not desired.verbatim else 0
            steps = ordered(diff.drafts, diff.ties, live)
            access = accessed(live, steps, iam)
            header = {"calls": iam.calls, "caller": live.caller, "undeclared": undeclared}
            return dataclasses.replace(_plan(desired, live, diff, steps), access=access, header=header)


def _open_to_prune(desired: Desired, live: Live) -> set[tuple[Address, str]]:
    """Return the undeclared objects whose tags must be known to tell whether they are ours."""
    if not desired.settings.prune:
        return set()
    undeclared = (observed for address, observed in live.objects.items() if address not in desired.declared)
    return {(observed.address, "tags") for observed in undeclared if "tags" in observed.unread}


def accessed(live: Live, steps: Sequence[Step], iam: Reader) -> Access | None:
    """Return what the steps do to access, None where there are none; documents of AWS's policies are read for it.

    Raises:
        AccountError: the account cannot be read.
    """
    if not steps:
        return None
    from reconciler.plan.impact import measured  # noqa: PLC0415  a plan without changes must not pay for it

    return measured(live, [step.call for step in steps], iam.documents)


def _plan(desired: Desired, live: Live, diff: Diff, steps: Sequence[Step]) -> Plan:
    notes = {*diff.notes, *(left_behind(desired, live) if not desired.verbatim else ())}
    present = sum(declared.state == "present" for declared in desired.declared.values())
    lost = losses(live.objects, (step.call for step in steps), desired.account)
    return Plan(
        account=desired.account,
        steps=steps,
        before=changed_by(live.objects, (step.call for step in steps), desired.account),
        changes=[dataclasses.replace(change, irreversible=lost.get(change.address, ())) for change in diff.changes],
        conflicts=diff.conflicts,
        notes=sorted(notes, key=_by_address),
        declared=present,
    )


def _by_address(note: Note) -> tuple[Address, str]:
    return (note.address, note.what)
