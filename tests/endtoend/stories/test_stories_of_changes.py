"""Stories of pull requests that a reviewer may nod through: limits, lock-outs, leavers, open doors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.stories import ACCOUNT, Account, Checkout, exception, policy, trust

LIMITED = "limits: {delete: {count: 1}}\n"
LOOSE = "limits: {delete: {count: 9}}\n"
NAMES = ["p1", "p2", "p3"]
POLICIES = "\n---\n".join(policy(name, "s3:GetObject") for name in NAMES)
GONE = "\n---\n".join(f"kind: policy\nname: {name}\nstate: absent" for name in NAMES)
LOOSENED = "settings-loosened settings/limits.delete"


@pytest.fixture
def limited(team: Checkout) -> Checkout:
    """Return the repository that may delete one object a plan."""
    team.commit("begin", settings=LIMITED, policies=POLICIES)
    team.applied(*(f"CreatePolicy policy/{name}" for name in NAMES))
    team.branch("fewer")
    return team


def test_a_pull_request_that_loosens_a_limit_is_judged_by_the_limit_that_it_loosens(limited: Checkout) -> None:
    options = ["--base=main"]
    limited.commit("fewer policies", settings=LOOSE, policies=GONE)
    limited.refused(LOOSENED, "limit-delete account", options=options)
    limited.commit("agreed", agreed=exception("settings-loosened", "settings/limits.delete"))
    limited.refused("limit-delete account", options=options)
    limited.commit("or rather", agreed=exception("limit-delete", "account"))
    limited.refused(LOOSENED, options=options)
    both = exception("settings-loosened", "settings/limits.delete") + exception("limit-delete", "account")
    limited.commit("both", agreed=both)
    told = limited.applied(*(f"DeletePolicy policy/{name}" for name in NAMES), options=options)
    assert told.consents == {LOOSENED: "used", "limit-delete account": "used"}


def test_a_plan_that_was_refused_against_its_base_is_not_let_through_by_leaving_the_base_out(
    limited: Checkout, tmp_path: Path
) -> None:
    limited.commit("fewer policies", settings=LOOSE, policies=GONE)
    before = limited.account.objects()
    saved = tmp_path / "plan.json"
    assert limited.run("plan", "--base=main", f"--out={saved}").code == 3
    without, with_base = limited.apply_saved(saved), limited.apply_saved(saved, "--base=main")
    assert (without.code, with_base.code) == (3, 3)
    assert "--base" in without.err
    assert "limit-delete" in with_base.err
    both = exception("settings-loosened", "settings/limits.delete") + exception("limit-delete", "account")
    limited.commit("agreed", agreed=both)
    assert limited.account.objects() == before
    assert limited.apply_saved(saved, "--base=main").code == 0
    assert limited.account.objects() == {}


def test_a_pull_request_that_keeps_to_the_limit_and_tightens_it_is_let_through(limited: Checkout) -> None:
    limited.commit("one less", settings=LIMITED + "protect: [role/break-glass]\n", policies=GONE.split("\n---\n")[0])
    told = limited.plan("--base=main")
    assert "left-behind policy/p2" in told.against, "p2 and p3 are forgotten"
    rest = POLICIES.split("\n---\n", 1)[1]
    limited.commit("one less", policies=f"{GONE.partition(chr(10) + '---')[0]}\n---\n{rest}")
    limited.applied("DeletePolicy policy/p1", options=["--base=main"])


ROLES = "roles: {plan: role/iam-plan, apply: role/iam-apply, recover: [role/break-glass]}\n"
OPERATORS = policy("iam-operators", ["iam:*", "sts:GetCallerIdentity"])  # type: ignore[arg-type]
APPLY = "kind: role\nname: iam-apply\nservice: codebuild\npolicies: [{policies}]\n"


@pytest.fixture
def operated(team: Checkout, account: Account) -> Checkout:
    """Return the repository that a role applies, whose rights are declared in it; on a branch."""
    account.iam.create_policy(PolicyName="iam-operators", PolicyDocument=json.dumps(json.loads(OPERATORS)["document"]))
    account.role("iam-apply", "iam-operators", service="codebuild")
    account.role("iam-plan", "aws/IAMReadOnlyAccess", service="codebuild")
    account.role("break-glass", "aws/IAMFullAccess", service="ec2")
    files = {"operators": OPERATORS, "apply": APPLY.format(policies="iam-operators")}
    team.commit("begin", settings=ROLES, app="kind: role\nname: app\nservice: lambda\n", **files)
    team.applied("CreateRole role/app")
    team.branch("less")
    return team


def test_a_pull_request_that_cuts_the_rights_of_the_role_that_applies_it_meets_two_guards(operated: Checkout) -> None:
    options = ["--base=main"]
    operated.commit("less", apply=APPLY.format(policies=""))
    operated.refused("protected role/iam-apply", options=options)
    operated.commit("agreed", agreed=exception("protected", "role/iam-apply"))
    told = operated.refused("lockout role/iam-apply", options=options)
    assert told.calls == ["TagRole role/iam-apply", "DetachRolePolicy role/iam-apply"]
    assert told.consents == {"protected role/iam-apply": "used"}

    operated.commit("or rather another policy", apply=APPLY.format(policies="IAMFullAccess"))
    told = operated.applied(
        "AttachRolePolicy role/iam-apply",
        "TagRole role/iam-apply",
        "DetachRolePolicy role/iam-apply",
        options=options,
    )
    assert told.consents == {"protected role/iam-apply": "used"}


def test_a_pull_request_that_narrows_the_policy_behind_the_role_that_applies_it_is_refused_as_well(
    operated: Checkout,
) -> None:
    operated.commit("less", operators=policy("iam-operators", "iam:Get*"))
    operated.refused("protected policy/iam-operators", options=["--base=main"])
    operated.commit("agreed", agreed=exception("protected", "policy/iam-operators"))
    operated.refused("lockout role/iam-apply", options=["--base=main"])


def test_a_pull_request_about_another_role_locks_nobody_out(operated: Checkout, account: Account) -> None:
    operated.commit("app reads", app="kind: role\nname: app\nservice: lambda\npolicies: [ReadOnlyAccess]\n")
    operated.applied("AttachRolePolicy role/app", options=["--base=main"])
    assert account.held("app") == {"ReadOnlyAccess"}


CAROL = "kind: user\nname: carol\npolicies: [ReadOnlyAccess]\n"
TOMBSTONE = "kind: user\nname: carol\nstate: absent\n"


@pytest.fixture
def leaver(team: Checkout, account: Account) -> str:
    """Return the id of the key that carol has, while a tombstone for her stands on a branch."""
    team.commit("begin", carol=CAROL)
    team.applied("CreateUser user/carol", "AttachUserPolicy user/carol")
    key: str = account.iam.create_access_key(UserName="carol")["AccessKey"]["AccessKeyId"]
    team.branch("carol-leaves")
    team.commit("carol leaves", carol=TOMBSTONE)
    return key


@pytest.mark.usefixtures("leaver")
def test_a_leaver_whose_key_is_active_goes_by_a_consent_that_ends_with_its_day(team: Checkout) -> None:
    options = ["--base=main"]
    told = team.refused("in-use user/carol", options=options)
    assert "1 active access key" in told.said("in-use", "user/carol")
    team.commit("agreed", agreed=exception("in-use", "user/carol", until="2026-06-01"))
    late = team.refused("in-use user/carol", options=options, now="2026-06-02")
    assert late.consents == {"in-use user/carol": "past"}
    told = team.plan(*options)
    assert told.consents == {"in-use user/carol": "used"}
    team.applied(*told.calls, options=options)
    assert told.calls[-1] == "DeleteUser user/carol"
    assert "user/carol" not in team.account.objects()


def test_a_leaver_whose_key_is_off_just_goes(team: Checkout, account: Account, leaver: str) -> None:
    account.iam.update_access_key(UserName="carol", AccessKeyId=leaver, Status="Inactive")
    told = team.plan("--base=main")
    assert told.code == 0
    assert told.calls[-1] == "DeleteUser user/carol"


GITHUB = "token.actions.githubusercontent.com"
ACCOUNTS = f'version: 1\naccounts: {{prod: {{id: "{ACCOUNT}"}}, dev: {{id: "210987654321"}}}}\nowner: orders-7f3a\n'


def federated(subject: str) -> dict[str, Any]:
    condition = {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        "StringLike" if "*" in subject else "StringEquals": {f"{GITHUB}:sub": subject},
    }
    provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}
    if "StringLike" not in condition:
        condition = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subject}}
    return trust(provider, condition, "sts:AssumeRoleWithWebIdentity")


def roles(trusts: dict[str, Any], boundary: str | None) -> str:
    every = [{"kind": "role", "name": name, "trust": body, "policies": []} for name, body in trusts.items()]
    bound = {"kind": "role", "name": "bound", "service": "lambda", "policies": ["ReadOnlyAccess"]}
    return "\n---\n".join(json.dumps(one) for one in [*every, {**bound, "permissions_boundary": boundary}])


HOME = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
CLOSED = {"partner": HOME, "public": HOME, "pipeline": federated("repo:acme/orders:ref:refs/heads/main")}
OPEN = {
    "partner": trust({"AWS": "arn:aws:iam::999988887777:root"}),
    "public": trust("*"),
    "pipeline": federated("repo:acme/*"),
}
DOORS = {f"trust-widened role/{name}" for name in OPEN} | {"boundary-removed role/bound"}


@pytest.fixture
def closed(team: Checkout, account: Account) -> Checkout:
    """Return the repository of four roles behind closed doors, on a branch."""
    account.iam.create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"])
    team.commit("begin", reconciler=ACCOUNTS, roles=roles(CLOSED, "PowerUserAccess"))
    assert team.run("apply", "--yes").code == 0
    team.branch("open")
    return team


def test_every_door_that_one_pull_request_opens_needs_a_consent_of_its_own(closed: Checkout) -> None:
    options = ["--base=main"]
    closed.commit("open", roles=roles(OPEN, None))
    told = closed.refused(*DOORS, options=options)
    assert "999988887777" in told.said("trust-widened", "role/partner")
    assert "repo:acme/*" in told.said("trust-widened", "role/pipeline")

    agreed = ""
    for door in sorted(DOORS):
        guard, subject = door.split()
        other = "trust-widened" if guard == "boundary-removed" else "boundary-removed"
        closed.commit("one", agreed=exception(guard, subject) + exception(other, subject))
        told = closed.refused(*DOORS - {door}, options=options)
        assert told.consents == {door: "used", f"{other} {subject}": "unused"}
        agreed += exception(guard, subject)
    closed.commit("all", agreed=agreed)
    told = closed.applied(*closed.plan(*options).calls, options=options)
    assert sorted(told.calls) == ["DeleteRolePermissionsBoundary role/bound"] + [
        f"UpdateAssumeRolePolicy role/{name}" for name in ("partner", "pipeline", "public")
    ]


def test_doors_within_the_house_and_another_boundary_need_no_consent(closed: Checkout) -> None:
    within = {
        "partner": trust({"AWS": "arn:aws:iam::210987654321:root"}),
        "public": trust({"Service": "lambda.amazonaws.com"}),
        "pipeline": federated("repo:acme/orders:ref:refs/heads/release"),
    }
    closed.commit("within", roles=roles(within, "ReadOnlyAccess"))
    told = closed.plan("--base=main")
    assert (told.against, told.code, len(told.calls)) == (set(), 0, 4), told.err
    closed.applied(*told.calls, options=["--base=main"])
