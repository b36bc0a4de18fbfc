"""Guards look at an undo plan, and at a part of it, with the eyes of the documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from support.journals import run_of
from support.worlds import TODAY, World

import reconciler.plan.guards
from reconciler.live import Iam
from reconciler.model import Address, Alarm, Consent, Desired, Hold, Settings
from reconciler.plan.guards import Scene
from reconciler.undo import judged, undone

USERS = [{"kind": "user", "name": name} for name in ("u", "v")]


def test_a_part_of_an_undo_plan_is_judged_as_the_whole_was_and_by_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, scenes = World(), list[Scene]()
    journal = run_of(world, world.plan(USERS))

    def minding(scene: Scene) -> Iterator[Alarm]:
        scenes.append(scene)
        for step in scene.plan.steps:
            yield scene.alarm("takeover", step.address, "it goes", "keep it")

    monkeypatch.setattr(reconciler.plan.guards, "_GUARDS", (minding,))
    iam, last = Iam(world.session), TODAY + dt.timedelta(days=1)
    consents = tuple(Consent("takeover", f"user/{name}", "it may", last) for name in "uv")
    holds = (Hold(Address("user", "w"), "it is looked into", last),)
    asked = Desired(iam.identify(), Settings(owner="us"), {}, TODAY, consents=consents, holds=holds)
    whole = undone(journal, "journal.jsonl", asked, iam)
    assert whole.used == set(consents)
    part = judged(
        journal, "journal.jsonl", asked, dataclasses.replace(whole, steps=whole.steps[:1]), scenes[0].live, iam
    )
    assert [(alarm.subject, alarm.consent) for alarm in part.alarms] == [("user/u", consents[0])]
    assert part.used == {consents[0]}
    assert scenes[0].desired == scenes[1].desired
    assert (scenes[0].desired.consents, scenes[0].desired.holds) == (consents, holds)
