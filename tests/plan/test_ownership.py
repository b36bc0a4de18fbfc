"""Who may write what: which rule wins, what a consent lifts, and what becomes of what is spared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from support.grants import live_of
from support.judging import address, consent, hold, judged, tagged, told
from support.small import BOTH, READ, WRITE, policy
from support.worlds import TODAY

from reconciler.model import Conflict, Plan

ROOT = "arn:aws:iam::123456789012:root"


def user(name: str = "u", **fields: Any) -> dict[str, Any]:
    return {"kind": "user", "name": name, **fields}


def group(name: str = "g", **fields: Any) -> dict[str, Any]:
    return {"kind": "group", "name": name, **fields}


def role(name: str = "r", **fields: Any) -> dict[str, Any]:
    return {"kind": "role", "name": name, "service": "lambda", **fields}


def absent(subject: str) -> dict[str, Any]:
    kind, _, name = subject.partition("/")
    return {"kind": kind, "name": name, "state": "absent"}


def guarded(plan: Plan) -> list[tuple[str, str | None]]:
    return [(str(conflict.address), conflict.guard) for conflict in plan.conflicts]


def notes(plan: Plan) -> list[str]:
    return [f"{note.address}: {note.what}" for note in plan.notes]


def rules(plan: Plan) -> dict[str, str]:
    return {f"{skip.address} {skip.item}".strip(): skip.rule for skip in plan.skips}


LADDER = ["foreign-owner", "protect user/*", "hold", "ignore user/u"]


@pytest.mark.parametrize("first", range(len(LADDER)), ids=LADDER)
@pytest.mark.parametrize("state", ["declared", "absent", "pruned"])
def test_of_several_rules_about_one_object_the_most_binding_is_the_one_that_speaks(first: int, state: str) -> None:
    live = live_of([user()])
    live = tagged(live, "user/u", mark="me/user/u", **({"stack": "s"} if first == 0 else {}))
    docs = {"declared": [user(inline_policies={"i": READ})], "absent": [absent("user/u")], "pruned": []}[state]
    made = judged(
        live,
        [*docs, group()],
        settings={"owner": "me", "prune": "true"},
        protect=["user/*"] if first <= 1 else [],
        holds=["user/u"] if first <= 2 else [],
        ignore=["user/u"],
    )
    assert told(made) == ["CreateGroup g"]
    assert rules(made) == {"user/u": LADDER[first]}
    guard = ["foreign-owner", "protected", None, None][first]
    speaks = state != "pruned" and LADDER[first] != "hold"
    assert guarded(made) == ([("user/u", guard)] if speaks else [])
    assert bool(made.notes) == (LADDER[first] == "hold")


def test_a_consent_lifts_one_guard_and_the_next_rule_speaks() -> None:
    live = tagged(live_of([user(), user("v")]), "user/u", stack="s")
    docs = [user(inline_policies={"i": READ}), user("v", inline_policies={"i": READ})]
    protect = ["user/u", "user/v"]
    foreign, own = consent("foreign-owner", "USER/U"), consent("protected", "user/u")
    assert guarded(judged(live, docs, protect=protect, consents=[foreign])) == [
        ("user/u", "protected"),
        ("user/v", "protected"),
    ]
    made = judged(live, docs, protect=protect, consents=[foreign, own])
    assert told(made) == ["PutUserPolicy u i"]
    assert guarded(made) == [("user/v", "protected")]
    assert made.used == {foreign, own}


@pytest.mark.parametrize(
    "given",
    [
        consent("protected", "user/v"),
        consent("foreign-owner", "user/u"),
        consent("protected", "user/*"),
        consent("protected", "account"),
        consent("protected", "user/u", TODAY - dt.timedelta(days=1)),
    ],
    ids=["another address", "another guard", "a pattern", "the account", "one that is past"],
)
def test_a_consent_that_does_not_fit_lifts_nothing_and_is_not_used(given: Any) -> None:
    made = judged(live_of([user()]), [user(inline_policies={"i": READ})], protect=["user/u"], consents=[given])
    assert (told(made), guarded(made), made.used) == ([], [("user/u", "protected")], frozenset())


def test_a_consent_is_used_only_where_something_is_written() -> None:
    given = consent("protected", "user/u")
    assert judged(live_of([user()]), [user()], protect=["user/u"], consents=[given]).used == frozenset()


def test_what_aws_reserves_is_lifted_by_no_consent() -> None:
    name = "AWSServiceRoleForX"
    live = live_of([role(name, path="/aws-service-role/x.amazonaws.com/")])
    docs = [role(name, description="ours")]
    given = [consent("foreign-owner", f"role/{name}"), consent("protected", f"role/{name}")]
    made = judged(live, docs, consents=given)
    assert (told(made), guarded(made), made.used) == ([], [(f"role/{name}", None)], frozenset())
    assert rules(made) == {f"role/{name}": "reserved"}


HELD = "held until 2026-12-24 (INC-7: frozen): "


@pytest.mark.parametrize(
    ("before", "after", "subject", "note"),
    [
        (
            [user(inline_policies={"x": READ})],
            [user(inline_policies={"y": READ}, path="/a/")],
            "user/u",
            "not written: path ~, inline_policies +y, inline_policies -x",
        ),
        ([group()], [group(), user()], "user/u", "not created"),
        ([user()], [absent("user/u")], "user/u", "not deleted"),
        ([user("old")], [user(renamed_from="old")], "user/u", "not renamed from old"),
        ([user("old")], [user(renamed_from="old")], "user/old", "not renamed from old"),
        (
            [policy("p", READ)],
            [{**policy("p", READ), "description": "x", "replace": "true"}],
            "policy/p",
            "description ~",
        ),
    ],
    ids=["written", "created", "deleted", "given a held name", "renamed", "replaced"],
)
def test_what_is_held_is_not_written_and_a_note_tells_what_is_left_out(
    before: list[Any], after: list[Any], subject: str, note: str
) -> None:
    made = judged(live_of(before), after, holds=[subject])
    assert (told(made), guarded(made)) == ([], [])
    (said,) = notes(made)
    assert HELD in said
    assert said.endswith(note)
    assert told(judged(live_of(before), after, holds=[hold(subject, TODAY)])) == []
    assert told(judged(live_of(before), after, holds=[hold(subject, TODAY - dt.timedelta(days=1))])) != []


def test_a_hold_keeps_prune_away_and_says_so() -> None:
    live = tagged(live_of([user()]), "user/u", mark="me/user/u")
    settings = {"owner": "me", "prune": "true"}
    assert told(judged(live, [group()], settings=settings)) == ["CreateGroup g", "DeleteUser u"]
    made = judged(live, [group()], settings=settings, holds=["user/u"])
    assert told(made) == ["CreateGroup g"]
    assert notes(made) == [f"user/u: {HELD}not deleted"]


PROTECTED = [
    policy("held", READ),
    policy("through", READ),
    policy("bound", BOTH),
    policy("other", READ),
    group(policies=["through"]),
    user(groups=["g"], policies=["held"], permissions_boundary="bound"),
]


@pytest.mark.parametrize("name", ["held", "through", "bound"])
def test_what_a_protected_object_needs_for_its_access_is_protected_too(name: str) -> None:
    live = live_of(PROTECTED)
    docs = [policy(one["name"], WRITE) if one["kind"] == "policy" else one for one in PROTECTED]
    everything = judged(live, docs, recover=["user/u"])
    assert told(everything) == ["CreatePolicyVersion other"]
    spared = {str(conflict.address): conflict for conflict in everything.conflicts}
    assert set(spared) == {"policy/bound", "policy/held", "policy/through"}
    conflict: Conflict = spared[f"policy/{name}"]
    assert "it is needed by user/u, which is protected" in conflict.what
    assert f"{{kind: exception, guard: protected, address: policy/{name}," in conflict.remedy
    lifted = judged(live, docs, recover=["user/u"], consents=[consent("protected", f"policy/{name}")])
    assert {f"CreatePolicyVersion {one}" for one in ("other", name)} == set(told(lifted))


def test_a_protected_object_and_its_groups_keep_their_memberships_at_both_ends_and_lend_nothing_else() -> None:
    before = [policy("p", READ), group(members=["u", "v"]), user(), user("v"), user("w")]
    after = [policy("p", READ), group(members=["w"]), user(), user("v"), user("w", policies=["p"])]
    made = judged(live_of(before), after, protect=["user/u"])
    assert told(made) == ["AttachUserPolicy w p"]
    assert guarded(made) == [("group/g", "protected")]
    assert "user/w: g is needed by user/u, which is protected: not added" in notes(made)
    free = judged(live_of(before), after, protect=["policy/p"])
    assert "AttachUserPolicy w p" in told(free)


def test_a_protected_object_that_is_not_there_is_not_created_and_nothing_is_tied_to_it() -> None:
    docs = [policy("p", READ), user(policies=["p"]), user("v", permissions_boundary="p")]
    docs.append({"kind": "role", "name": "t", "trust": trust_in("user/v")})
    made = judged(live_of([group()]), [*docs, group()], protect=["policy/p"])
    assert told(made) == ["CreateUser u"]
    assert guarded(made) == [("policy/p", "protected"), ("role/t", None), ("user/v", None)]
    stuck = {str(conflict.address): conflict.what for conflict in made.conflicts}
    assert "it needs policy/p, which is not there: it is protected" in stuck["user/v"]
    assert "it needs user/v, which is not there: it needs policy/p" in stuck["role/t"]
    assert "user/u: p is protected (precious): not added" in notes(made)
    lifted = judged(
        live_of([group()]), [*docs, group()], protect=["policy/p"], consents=[consent("protected", "policy/p")]
    )
    assert (len(lifted.steps), guarded(lifted)) == (5, [])


def trust_in(subject: str) -> dict[str, Any]:
    at = f"arn:aws:iam::123456789012:{subject}"
    statement = {"Effect": "Allow", "Principal": {"AWS": [at, ROOT]}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("end", "how"), [("user/old", "protected"), ("user/u", "protected"), ("user/old", "foreign-owner")]
)
def test_what_is_spared_is_not_renamed_from_either_name(end: str, how: Any) -> None:
    live = live_of([user("old")])
    live = tagged(live, "user/old", stack="s") if how == "foreign-owner" else live
    protect = [end] if how == "protected" else []
    made = judged(live, [user(renamed_from="old")], protect=protect)
    assert (told(made), guarded(made)) == ([], [("user/u", how)])
    given = consent(how, end)
    lifted = judged(live, [user(renamed_from="old")], protect=protect, consents=[given])
    assert [step.call.operation for step in lifted.steps] == ["UpdateUser"]
    assert lifted.used == {given}


def test_what_another_owner_marked_is_taken_over_by_consent_mark_and_all() -> None:
    live = tagged(live_of([user()]), "user/u", mark="them/user/u")
    docs, settings = [user(inline_policies={"i": READ})], {"owner": "me"}
    (conflict,) = judged(live, docs, settings=settings).conflicts
    assert "not written: inline_policies +i" in conflict.what
    assert "leave it to its owner" in conflict.remedy
    made = judged(live, docs, settings=settings, consents=[consent("foreign-owner", "user/u")])
    assert [tag for step in made.steps for tag in step.call.params.get("Tags", [])] == [
        {"Key": "iam-reconciler", "Value": "me/user/u"}
    ]


PRUNE = {"owner": "me", "prune": "true"}


@pytest.mark.parametrize(
    ("base", "settings", "marked", "rules_", "steps", "behind"),
    [
        ([user()], PRUNE, "", {}, ["DeleteUser u"], []),
        ([user()], PRUNE, "me/user/u", {}, ["DeleteUser u"], []),
        ([user()], PRUNE, "them/user/u", {}, [], []),
        ([user()], PRUNE, "", {"protect": ["user/u"]}, [], ["user/u"]),
        ([user()], {}, "", {}, [], ["user/u"]),
        ([user()], {}, "", {"ignore": ["user/u"]}, [], ["user/u"]),
        ([], PRUNE, "", {}, [], []),
        ([], PRUNE, "me/user/u", {}, [], ["user/u"]),
        ([absent("user/u")], PRUNE, "", {}, [], []),
        ([], {"owner": "me"}, "me/user/u", {}, [], ["user/u"]),
        (None, {"owner": "me"}, "me/user/u", {}, [], ["user/u"]),
        (None, {"owner": "me"}, "", {}, [], []),
        (None, PRUNE, "me/user/u", {}, ["DeleteUser u"], []),
    ],
)
def test_prune_and_what_is_left_behind_know_what_was_ours_by_the_base_and_by_the_mark(
    base: Any, settings: dict[str, Any], marked: str, rules_: dict[str, Any], steps: list[str], behind: list[str]
) -> None:
    live = live_of([group(), user()])
    live = tagged(live, "user/u", mark=marked) if marked else live
    made = judged(live, [group()], [*base, group()] if base is not None else None, settings, **rules_)
    assert told(made) == steps
    assert [str(one.address) for one in made.left_behind] == behind


@pytest.mark.parametrize("settled", [absent("user/u"), {**absent("user/u"), "state": "unmanaged", "reason": "moved"}])
def test_what_a_tombstone_or_a_word_settles_is_not_left_behind(settled: dict[str, Any]) -> None:
    made = judged(live_of([group(), user()]), [group(), settled], [group(), user()])
    assert made.left_behind == ()


def test_what_is_renamed_is_not_left_behind_and_what_is_tells_what_it_keeps_the_changes_own_first() -> None:
    mine = user("a", groups=["g"], policies=["ReadOnlyAccess"], inline_policies={"i": READ}, permissions_boundary="p")
    before = [policy("p", READ), group(), mine, user("old"), user("z")]
    live = tagged(live_of([*before, role("marked")]), "role/marked", mark="me/role/marked")
    kept = [policy("p", READ), group(), user("new", renamed_from="old")]
    made = judged(live, kept, before, {"owner": "me"})
    assert [str(one.address) for one in made.left_behind] == ["user/a", "user/z", "role/marked"]
    assert made.left_behind[0].keeps == (
        "groups: g",
        "policies: ReadOnlyAccess",
        "inline policies: i",
        "permissions boundary: p",
    )
    assert [one.origin is not None for one in made.left_behind] == [True, True, False]


def test_every_object_and_item_that_is_spared_is_told_with_its_rule() -> None:
    before = [
        policy("p", READ),
        group("kept", members=["u", "stranger"]),
        group("held", members=["u"]),
        user(policies=["ReadOnlyAccess", "p"], tags={"cost": "1", "team": "a"}),
        user("stranger"),
        user("given"),
        role(description="x", inline_policies={"i": READ}),
        role("stacked"),
    ]
    after = [
        policy("p", READ),
        group("kept"),
        user(groups=["kept"], tags={"team": "a"}),
        {**absent("user/given"), "state": "unmanaged", "reason": "moved"},
        role(description="y", manage={"description": "ignore", "inline_policies": "additive"}),
    ]
    live = tagged(live_of(before), "role/stacked", stack="s")
    made = judged(live, after, settings={"ignore_tags": ["co*"]}, keep=["user/u/Read*"], holds=["group/held"])
    assert told(made) == ["DetachUserPolicy u p"]
    assert rules(made) == {
        "group/held": "hold",
        "group/kept members stranger": "undeclared",
        "role/r description": "manage",
        "role/r inline_policies i": "manage",
        "role/stacked": "foreign-owner",
        "user/given": "unmanaged",
        "user/stranger": "undeclared",
        "user/u groups held": "hold",
        "user/u policies ReadOnlyAccess": "keep user/u/Read*",
        "user/u tags cost": "ignore_tags co*",
    }
    assert list(made.skips) == sorted(made.skips, key=lambda skip: (skip.address, skip.item))
    assert address("user/stranger") in {skip.address for skip in made.skips if not skip.item}
