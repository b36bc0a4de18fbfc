"""Law 5 under every rule about who may write what: random accounts, documents, bases, rules and consents.

What must not be written is worked out here by itself, from the account and the rules alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hypothesis import assume, event, given
from hypothesis import strategies as st
from support.estates import Docs, estates
from support.grants import HOME, Snapshot, as_read, base_of, live_of
from support.judging import address, consent, ruled_by, tagged
from support.twists import twisted
from support.worlds import desired_of

from reconciler import plan
from reconciler.errors import InputError
from reconciler.model import Address, Base, Consent, Desired, Live, Observed, Plan
from reconciler.plan.foresee import after_all

NAMES = [f"{kind}/{name}" for kind in ("policy", "group", "user", "role") for name in (f"{kind[0]}1", f"{kind[0]}2")]
TIES = {"groups": "group", "members": "user"}
PATTERNS = [*NAMES, "user/*", "role/r*", "*/?2", "policy/p3"]


class Case(NamedTuple):
    """An account, what the documents say under which rules, and what they said before."""

    live: Live
    desired: Desired
    base: Base | None
    rules: Mapping[str, list[str]]

    def plan(self, consents: tuple[Consent, ...] | None = None, live: Live | None = None) -> Plan:
        desired = self.desired if consents is None else dataclasses.replace(self.desired, consents=consents)
        try:
            return plan.make(desired, Snapshot(live or self.live), base=self.base)
        except InputError:
            # A trust in somebody who will not be there is refused as a whole.
            assume(False)  # noqa: FBT003  hypothesis' own signature
            raise


@st.composite
def cases(draw: st.DrawFn) -> Case:
    before, after = draw(estates()), draw(estates())
    if draw(st.booleans()):
        after = draw(twisted(before, after))
    after += [{"kind": one["kind"], "name": one["name"], "state": "absent"} for one in _gone(draw, before, after)]
    after.append({"kind": "group", "name": "anchor"})
    settings = draw(st.sampled_from([{}, {"owner": "us"}, {"owner": "us", "prune": "true"}]))
    live = live_of(before)
    marks = [None, None, {"mark": "us/"}, {"mark": "them/"}, {"stack": "theirs"}]
    for at in [at for at in live.objects if at.kind != "group"]:
        tags: dict[str, str] | None = draw(st.sampled_from(marks))
        if tags is not None:
            live = tagged(live, str(at), **{key: f"{value}{at}" for key, value in tags.items()})
    rules = {name: draw(st.lists(st.sampled_from(PATTERNS), max_size=2)) for name in ("protect", "ignore")}
    rules |= {name: draw(st.lists(st.sampled_from(NAMES), max_size=2)) for name in ("recover", "holds")}
    subjects = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    guards: Any = ("protected", "foreign-owner", "incident-lock")
    consents = [consent(guard, subject) for guard in guards for subject in subjects]
    desired = ruled_by(desired_of(after, HOME, **settings), consents=consents, **rules)
    base = draw(st.sampled_from([None, before, after]))
    return Case(live, desired, base_of(base, settings) if base is not None else None, rules)


def _gone(draw: st.DrawFn, before: Docs, after: Docs) -> Iterator[dict[str, Any]]:
    told = {(one["kind"], str(one[key]).lower()) for one in after for key in ("name", "renamed_from") if key in one}
    for one in before:
        if (one["kind"], one["name"].lower()) not in told and draw(st.integers(0, 2)) == 0:
            yield one


def untouchable(case: Case) -> Iterator[tuple[Address, str]]:
    """Yield the live objects that must not be written, each with the rule."""
    needed = {at for one in case.live.objects if _is_protected(case, one) for at in _needs(case.live, one)}
    for at, observed in case.live.objects.items():
        if _is_foreign(observed) and not _lifted(case, "foreign-owner", at):
            yield at, "foreign"
        elif (at in needed or _is_protected(case, at)) and not _lifted(case, "protected", at):
            yield at, "protected"
        elif str(at) in case.rules["holds"]:
            yield at, "held"
        elif _matches(case.rules["ignore"], at):
            yield at, "ignored"
        elif not _is_spoken_of(case, at, observed):
            yield at, "undeclared"


def _lifted(case: Case, guard: str, at: Address) -> bool:
    return any(one.guard == guard and one.subject == str(at) for one in case.desired.consents)


def _matches(patterns: list[str], at: Address) -> bool:
    return any(desired_pattern(pattern, str(at)) for pattern in patterns)


def desired_pattern(pattern: str, text: str) -> bool:
    """Return whether a pattern covers a text, letter by letter."""
    if not pattern or not text:
        return pattern in {text, "*"}
    if pattern[0] == "*":
        return desired_pattern(pattern[1:], text) or desired_pattern(pattern, text[1:])
    return pattern[0] in {"?", text[0]} and desired_pattern(pattern[1:], text[1:])


def _is_protected(case: Case, at: Address) -> bool:
    return _matches(case.rules["protect"], at) or str(at) in case.rules["recover"]


def _needs(live: Live, at: Address) -> set[Address]:
    resource = live.objects[at].resource
    found = {Address("group", name) for name in getattr(resource, "groups", ())}
    held = [*getattr(resource, "policies", ()), getattr(resource, "permissions_boundary", None) or ""]
    found |= {Address("policy", arn.rpartition("/")[2]) for arn in held if f":{HOME.id}:" in arn}
    return found.union(*(_needs(live, other) for other in found))


def _is_foreign(observed: Observed[Any]) -> bool:
    tags = getattr(observed.resource, "tags", {})
    return "aws:cloudformation:stack-name" in tags or (
        "iam-reconciler" in tags and _owned_by(observed) not in {None, "us"}
    )


def _owned_by(observed: Observed[Any]) -> str | None:
    owner, _, marked = getattr(observed.resource, "tags", {}).get("iam-reconciler", "").partition("/")
    return owner if marked == str(observed.address) else None


def _is_spoken_of(case: Case, at: Address, observed: Observed[Any]) -> bool:
    declared = case.desired.declared.get(at)
    if declared is not None:
        return declared.state != "unmanaged"
    if any(one.renamed_from == at.name and a.kind == at.kind for a, one in case.desired.declared.items()):
        return True
    then = case.base.desired.declared.get(at) if case.base is not None else None
    ours = _owned_by(observed) == "us" or (then is not None and then.state == "present")
    return case.desired.settings.prune and ours


def ends(case: Case, made: Plan) -> Live:
    objects = after_all(case.live.objects, [step.call for step in made.steps], HOME)
    return dataclasses.replace(case.live, objects=as_read(objects))


@given(cases())
def test_law_5_what_is_foreign_protected_held_ignored_or_undeclared_is_never_written(case: Case) -> None:
    # An owner that nobody names is everybody's stranger.
    assume(case.desired.settings.owner == "us" or not any(map(_owned_by, case.live.objects.values())))
    made = case.plan()
    after = ends(case, made).objects
    for at, rule in untouchable(case):
        event(rule)
        was, now = _renamed(made, case.live.objects[at]), after.get(at)
        assert now is not None, (at, rule)
        if rule == "undeclared":
            # A declared group decides on its members, and a declared user on its groups.
            was, now = _without_declared_ties(case, was), _without_declared_ties(case, now)
        assert now == was, (at, rule)


def _renamed(made: Plan, observed: Observed[Any]) -> Observed[Any]:
    """Return an object as IAM shows it once the plan's renames are made: memberships go by the new names."""
    fields: dict[str, Any] = {}
    for change in made.changes:
        for field, kind in TIES.items():
            old = change.reason.removeprefix("renamed from ")
            if change.action == "rename" and change.address.kind == kind and hasattr(observed.resource, field):
                keys = fields.get(field, getattr(observed.resource, field))
                fields[field] = {change.address.name if key == old else key: None for key in keys}
    return dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, **fields))


def _without_declared_ties(case: Case, observed: Observed[Any]) -> Observed[Any]:
    left = {
        field: {
            key: None for key in getattr(observed.resource, field) if Address(kind, key) not in case.desired.declared
        }
        for field, kind in TIES.items()
        if hasattr(observed.resource, field)
    }
    return dataclasses.replace(observed, resource=dataclasses.replace(observed.resource, **left))


@given(cases(), st.randoms(use_true_random=False))
def test_a_consent_is_used_exactly_where_the_plan_would_write_less_without_it(case: Case, chance: Any) -> None:
    assume(case.desired.consents)
    made = case.plan()
    one = chance.choice(sorted(made.used or case.desired.consents))
    less = case.plan(tuple(other for other in case.desired.consents if other != one))
    event(f"used: {one in made.used}, {one.guard}")
    with_it, without = ({step.call.key for step in each.steps} for each in (made, less))
    if one in made.used and not _is_twin(case, one):
        assert with_it != without
    if one not in made.used:
        assert with_it == without


def _is_twin(case: Case, one: Consent) -> bool:
    """Return whether a consent for the other end of a membership lifts what this one lifts."""
    return (
        one.guard == "incident-lock"
        and address(one.subject).kind in {"user", "group"}
        and len(case.desired.consents) > 1
    )


@given(cases())
def test_law_1_what_rules_and_guards_leave_open_is_told_again_and_nothing_more(case: Case) -> None:
    made = case.plan()
    # What a protected object lets go of by consent is needed no more from then on.
    assume(all(one.guard != "protected" for one in made.used))
    again = case.plan(live=ends(case, made))
    assert [step.call for step in again.steps] == []
    told = {(conflict.address, conflict.field, conflict.guard) for conflict in made.conflicts}
    assert {(conflict.address, conflict.field, conflict.guard) for conflict in again.conflicts} <= told
