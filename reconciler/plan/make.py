"""The making of a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeAlias

from reconciler.diff import Diff, Ruling, compare
from reconciler.model import Access, Account, Address, Base, Desired, Expectation, Live, Plan, Skip, Step, Unmet
from reconciler.plan.causes import caused, touched
from reconciler.plan.foresee import changed_by
from reconciler.plan.lives import losses
from reconciler.plan.order import ordered
from reconciler.plan.ownership import left_alone, left_behind, rulings, skips
from reconciler.plan.scope import Scope, scoped
from reconciler.plan.stricter import stricter

__all__ = ["Begun", "Library", "Reader", "accessed", "guarded", "make", "unmet"]

Begun: TypeAlias = Callable[[Live], AbstractSet[Address]]
"""From the account to the objects in it that a run of the same plan, which stopped, has created."""


class Library(Protocol):
    """Where the documents of policies are read."""

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the documents of the managed policies that can be read, by ARN."""


class Reader(Library, Protocol):
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


class _Remembering:
    """Asks for each document once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._asked: set[str] = set()
        self._found: dict[str, Mapping[str, Any]] = {}

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the documents, those that were asked for before without asking again."""
        wanted = set(arns)
        if not wanted <= self._asked:
            self._found |= self._library.documents(sorted(wanted - self._asked))
            self._asked |= wanted
        return {arn: self._found[arn] for arn in sorted(wanted & self._found.keys())}


def make(
    desired: Desired,
    iam: Reader,
    live: Live | None = None,
    begun: Begun | None = None,
    base: Base | None = None,
    scope: Scope = "all",
) -> Plan:
    """Return the smallest plan that makes the account as desired; the same input gives the same plan.

    What only some plans need (the tags of policies, the credentials of users that go, policies that nobody has heard
    of) is read once the comparison has asked for it. ``live`` is a snapshot that has been read already.
    What ``begun`` names is planned on with as the run that created it would have gone on.
    ``base`` is what the documents said before the change that is planned; with the scope ``change`` the plan is limited
    to that change.

    Raises:
        InputError: a reference leads nowhere.
        AccountError: the account cannot be read.
    """
    if live is None:
        live = iam.snapshot(desired.account)
    settings = stricter(desired.settings, base.desired.settings if base is not None else None)
    strict = dataclasses.replace(desired, settings=settings)
    live = iam.look_up(live, _open_to_prune(strict, live))
    probed: dict[str, bool] = {}
    while True:
        ruled = rulings(strict, live, base)
        diff = compare(strict, live, ruled, probed, begun(live) if begun is not None else frozenset(), base)
        if diff.probe:
            probed |= iam.has_policies(diff.probe)
        elif diff.wanted:
            live = iam.look_up(live, diff.wanted)
        else:
            diff, left = _held_against(diff, desired, base, live, probed, scope)
            undeclared = len(left_alone(desired, live, ruled)) if not desired.verbatim else 0
            steps = ordered(diff.drafts, diff.ties, live)
            reader = _Remembering(iam)
            access = accessed(live, steps, reader)
            fails = unmet(desired.expectations, live, steps, reader)
            header = {"calls": iam.calls, "caller": live.caller, "undeclared": undeclared}
            made = _plan(strict, live, diff, steps)
            made = dataclasses.replace(made, **_spared(strict, live, ruled, diff, base))
            made = dataclasses.replace(made, access=access, unmet=fails, header=header, left_out=tuple(sorted(left)))
            return guarded(made, desired, live, reader, base)


def _held_against(
    diff: Diff, desired: Desired, base: Base | None, live: Live, probed: Mapping[str, bool], scope: Scope
) -> tuple[Diff, AbstractSet[Address]]:
    """Return the differences with their causes, those within the scope, and the objects of all others."""
    if base is None:
        return diff, frozenset()
    diff = dataclasses.replace(diff, changes=caused(diff.changes, desired, base, live, probed))
    return scoped(diff, touched(desired, base), live) if scope == "change" else (diff, frozenset())


def _open_to_prune(desired: Desired, live: Live) -> set[tuple[Address, str]]:
    """Return the undeclared objects whose tags must be known to tell whether they are ours."""
    if not desired.settings.prune:
        return set()
    undeclared = (observed for address, observed in live.objects.items() if address not in desired.declared)
    return {(observed.address, "tags") for observed in undeclared if "tags" in observed.unread}


def accessed(live: Live, steps: Sequence[Step], iam: Library) -> Access | None:
    """Return what the steps do to access, None where there are none; documents of AWS's policies are read for it.

    Raises:
        AccountError: the account cannot be read.
    """
    if not steps:
        return None
    from reconciler.plan.impact import measured  # noqa: PLC0415  a plan without changes must not pay for it

    return measured(live, [step.call for step in steps], iam.documents)


def unmet(expectations: Sequence[Expectation], live: Live, steps: Sequence[Step], iam: Library) -> Sequence[Unmet]:
    """Return what is expected and not so, or not known, once the steps are made; also where there are none.

    Raises:
        AccountError: the account cannot be read.
    """
    if not expectations:
        return ()
    from reconciler.plan.expecting import checked  # noqa: PLC0415  a plan of which nothing is expected must not pay

    return checked(expectations, live, [step.call for step in steps], iam.documents)


def guarded(plan: Plan, desired: Desired, live: Live, iam: Library, base: Base | None = None) -> Plan:
    """Return the plan with what the guards say against it; ``live`` is what it was made from.

    What guards have said of a plan of which this one is a part no longer counts.

    Raises:
        AccountError: the account cannot be read.
    """
    from reconciler.plan.guards import Scene, alarms  # noqa: PLC0415  commands that plan nothing must not pay for it

    settings = stricter(desired.settings, base.desired.settings if base is not None else None)
    found = alarms(Scene(plan, desired, settings, live, iam.documents, base))
    before, now = ({alarm.consent for alarm in said if alarm.consent is not None} for said in (plan.alarms, found))
    return dataclasses.replace(
        plan,
        alarms=found,
        used=plan.used - before | now,
        consents=desired.consents,
        base=base.commit if base is not None else None,
        today=desired.today,
    )


def _spared(
    desired: Desired, live: Live, ruled: Mapping[Address, Ruling], diff: Diff, base: Base | None
) -> dict[str, Any]:
    """Return what a plan tells of what it does not write."""
    if desired.verbatim:
        return {}
    found = [*skips(desired, live, ruled), *diff.skips]
    behind = left_behind(desired, live, ruled, base)
    return {"skips": tuple(sorted(found, key=_by_rule)), "left_behind": tuple(behind)}


def _by_rule(skip: Skip) -> tuple[str, str, str, str]:
    return (skip.address.kind, skip.address.folded, skip.item, skip.rule)


def _plan(desired: Desired, live: Live, diff: Diff, steps: Sequence[Step]) -> Plan:
    present = sum(declared.state == "present" for declared in desired.declared.values())
    lost = losses(live.objects, (step.call for step in steps), desired.account)
    return Plan(
        account=desired.account,
        steps=steps,
        before=changed_by(live.objects, (step.call for step in steps), desired.account),
        changes=[dataclasses.replace(change, irreversible=lost.get(change.address, ())) for change in diff.changes],
        conflicts=diff.conflicts,
        expectations=desired.expectations,
        notes=diff.notes,
        declared=present,
        used=diff.used,
    )
