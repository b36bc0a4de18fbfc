"""Stories of incidents: attackers and responders change the account by hand, and the next plan meets what they did."""

from __future__ import annotations

import pytest
from support.stories import Account, Checkout, allow, exception, policy

READERS = policy("readers", "s3:GetObject")
APP = "kind: role\nname: app\nservice: lambda\npolicies: [readers]\n"
QUARANTINE = "aws/AWSCompromisedKeyQuarantineV3"


@pytest.fixture
def running(team: Checkout, account: Account) -> Account:
    """Return the account with a declared role in it."""
    team.commit("begin", readers=READERS, app=APP)
    team.applied("CreatePolicy policy/readers", "CreateRole role/app", "AttachRolePolicy role/app")
    return account


def test_what_an_attacker_put_on_a_role_goes_and_the_quarantine_beside_it_stays(
    team: Checkout, running: Account
) -> None:
    running.put("app", "backdoor", allow("iam:*"))
    running.attach("app", QUARANTINE)
    running.put("app", "AWSRevokeOlderSessions", allow("*", effect="Deny"))

    options = ["--base=HEAD"]
    told = team.applied("DeleteRolePolicy role/app", options=options, open=["incident-lock role/app"])
    said = told.said("incident-lock", "role/app")
    assert "AWSCompromisedKeyQuarantineV3" in said
    assert "AWSRevokeOlderSessions" in said
    assert running.held("app") == {"readers", "AWSCompromisedKeyQuarantineV3", "AWSRevokeOlderSessions"}
    drift = team.run("drift", *options)
    assert drift.code == 3
    assert "AWSCompromisedKeyQuarantineV3" in drift.out


def test_once_the_incident_is_over_the_quarantine_goes_by_two_consents(team: Checkout, running: Account) -> None:
    running.attach("app", QUARANTINE)
    team.commit("it is over", over=exception("incident-lock", "role/app"))
    told = team.refused("repair-widens role/app", options=["--base=HEAD"])
    assert told.consents == {"incident-lock role/app": "used"}
    team.commit("it is over", over=exception("incident-lock", "role/app") + exception("repair-widens", "role/app"))
    team.applied("DetachRolePolicy role/app", options=["--base=HEAD"])
    assert running.held("app") == {"readers"}


def test_a_quarantine_that_a_pull_request_names_as_gone_goes(team: Checkout, running: Account) -> None:
    running.attach("app", QUARANTINE)
    team.branch("over")
    gone = "policies: [readers, {policy: AWSCompromisedKeyQuarantineV3, state: absent}]"
    team.commit("it is over", app=APP.replace("policies: [readers]", gone))
    team.applied("DetachRolePolicy role/app", options=["--base=main"])


def test_a_policy_by_hand_that_denies_nothing_is_no_lock(team: Checkout, running: Account) -> None:
    running.attach("app", "aws/AdministratorAccess")
    team.applied("DetachRolePolicy role/app", options=["--base=HEAD"])


def test_a_policy_that_a_responder_took_away_is_not_given_back_by_the_next_scheduled_run(
    team: Checkout, running: Account
) -> None:
    running.detach("app", "readers")

    told = team.refused("repair-widens role/app", options=["--base=HEAD"])
    assert told.calls == ["AttachRolePolicy role/app"]
    assert "s3:GetObject" in told.said("repair-widens", "role/app")

    team.branch("app-writes")
    more = policy("writers", "s3:PutObject")
    team.commit("app writes", app=APP.replace("readers", "readers, writers"), writers=more)
    team.refused("repair-widens role/app", options=["--base=main"])

    team.commit("and reads again", agreed=exception("repair-widens", "role/app"))
    team.applied(
        "CreatePolicy policy/writers",
        "AttachRolePolicy role/app",
        "AttachRolePolicy role/app",
        options=["--base=main"],
    )


def test_a_policy_that_a_pull_request_adds_is_no_repair(team: Checkout, running: Account) -> None:
    team.branch("app-writes")
    more = policy("writers", "s3:PutObject")
    team.commit("app writes", app=APP.replace("readers", "readers, writers"), writers=more)
    team.applied("CreatePolicy policy/writers", "AttachRolePolicy role/app", options=["--base=main"])
    assert running.held("app") == {"readers", "writers"}


HOLD = "kind: hold\naddress: role/app\nreason: an incident is looked into\nuntil: 2026-06-03\nticket: SEC-7\n"


def test_a_role_that_is_held_is_not_written_until_its_day_and_still_told_of(team: Checkout, running: Account) -> None:
    running.put("app", "evidence", allow("iam:*"))
    team.branch("hold")
    team.commit("hands off", hold=HOLD, other=APP.replace("name: app", "name: other"))
    app = running.objects()["role/app"]

    told = team.applied(
        "CreateRole role/other", "AttachRolePolicy role/other", options=["--base=main"], now="2026-06-03"
    )
    team.merge("hold")
    assert running.objects()["role/app"] == app
    notes = [note["what"] for note in told.plan["notes"] if note["address"] == "role/app"]
    assert "evidence" in "\n".join(notes)
    assert "SEC-7" in "\n".join(notes)
    assert "evidence" in team.run("drift", "--base=HEAD", now="2026-06-03").out

    team.applied("DeleteRolePolicy role/app", options=["--base=HEAD"], now="2026-06-04")
    assert running.held("app") == {"readers"}
