"""Stories of who owns what: what others made, what is left behind, two repositories on one account, a hotfix."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.stories import Account, Checkout, allow, exception, policy

MARK = "iam-reconciler"
READERS = policy("readers", "s3:GetObject")
DEPLOYER = "kind: role\nname: deployer\nservice: lambda\npolicies: [readers]\n"


@pytest.fixture
def terraformed(account: Account) -> Account:
    """Return the account with a role that Terraform made."""
    account.role("deployer", "aws/ReadOnlyAccess", Tags=[{"Key": "ManagedBy", "Value": "terraform"}])
    account.put("deployer", "state-bucket", allow("s3:PutObject", "arn:aws:s3:::state/*"))
    return account


def test_a_role_that_terraform_made_is_not_taken_over_because_a_pull_request_takes_its_name(
    team: Checkout, terraformed: Account
) -> None:
    team.commit("begin", readers=READERS)
    team.applied("CreatePolicy policy/readers")
    team.branch("deployer")
    team.commit("a deployer of our own", deployer=DEPLOYER)

    told = team.refused("takeover role/deployer", options=["--base=main"])
    lost = told.said("takeover", "role/deployer")
    assert "ReadOnlyAccess" in lost
    assert "state-bucket" in lost
    assert "adopt: true" in lost

    team.adopt("role/deployer")
    assert "adopt: true" in (team.documents / "deployer.yaml").read_text("utf-8")
    team.commit("it moves here")
    told = team.applied(
        "AttachRolePolicy role/deployer",
        "TagRole role/deployer",
        "DeleteRolePolicy role/deployer",
        "DetachRolePolicy role/deployer",
        options=["--base=main"],
    )
    assert terraformed.held("deployer") == {"readers"}


def test_a_role_that_loses_nothing_is_nobodys_loss(team: Checkout, terraformed: Account) -> None:
    team.commit("begin", readers=READERS)
    team.branch("deployer")
    manage = "manage: {policies: additive, inline_policies: additive}\n"
    team.commit("what it has, and more", deployer=DEPLOYER + manage)
    team.applied(
        "CreatePolicy policy/readers",
        "AttachRolePolicy role/deployer",
        "TagRole role/deployer",
        options=["--base=main"],
    )
    assert terraformed.held("deployer") == {"readers", "ReadOnlyAccess", "state-bucket"}


def test_a_role_that_carries_the_mark_of_another_team_is_theirs_whatever_else_the_plan_does(
    team: Checkout, terraformed: Account
) -> None:
    terraformed.iam.tag_role(RoleName="deployer", Tags=[{"Key": MARK, "Value": "network-11aa/role/deployer"}])
    theirs = terraformed.objects()["role/deployer"]
    team.commit("begin")
    team.branch("deployer")
    team.commit("a deployer of our own", readers=READERS, deployer=f"{DEPLOYER}adopt: true\n")

    foreign = "foreign-owner role/deployer"
    told = team.applied("CreatePolicy policy/readers", options=["--base=main"], open=[foreign])
    assert "network-11aa" in told.said("foreign-owner", "role/deployer")
    assert terraformed.objects()["role/deployer"] == theirs

    team.commit("they agree", agreed=exception("foreign-owner", "role/deployer"))
    told = team.plan("--base=main")
    assert told.consents == {foreign: "used"}
    assert "DetachRolePolicy role/deployer" in told.calls
    assert team.run("apply", "--yes", "--base=main").code == 0
    assert terraformed.held("deployer") == {"readers"}
    assert team.plan().calls == []


BOB = "kind: user\nname: bob\ngroups: [developers]\npolicies: [ReadOnlyAccess]\n"
DEVELOPERS = "kind: group\nname: developers\n"
BOBS_END = ["RemoveUserFromGroup group/developers", "DetachUserPolicy user/bob", "DeleteUser user/bob"]


@pytest.fixture
def imported(team: Checkout, account: Account) -> Checkout:
    """Return the repository with a user who was there before, whose document says what he has: nothing marks him."""
    account.iam.create_group(GroupName="developers")
    account.iam.create_user(UserName="bob")
    account.iam.add_user_to_group(UserName="bob", GroupName="developers")
    account.iam.attach_user_policy(UserName="bob", PolicyArn=account.arn("aws/ReadOnlyAccess"))
    return team


def test_a_pull_request_that_deletes_an_imported_users_file_says_first_who_is_left_behind_and_with_what(
    imported: Checkout,
) -> None:
    imported.commit("begin", bob=BOB, groups=DEVELOPERS)
    imported.applied()
    imported.branch("bob-leaves")
    imported.commit("bob leaves", bob=None, readers=READERS)

    told = imported.refused("left-behind user/bob", options=["--base=main"])
    [left] = told.plan["left_behind"]
    assert left["address"] == "user/bob"
    assert "ReadOnlyAccess" in "\n".join(left["keeps"])
    assert "developers" in "\n".join(left["keeps"])
    text = imported.run("plan", "--base=main").out
    assert text.index("user/bob") < text.index("policy/readers")
    assert imported.plan().against == set(), "without a base nothing tells that bob was ever ours"

    imported.commit("and goes", bob="kind: user\nname: bob\nstate: absent\n")
    told = imported.applied("CreatePolicy policy/readers", *BOBS_END, options=["--base=main"])
    assert told.plan["left_behind"] == []


def test_a_user_who_is_given_up_keeps_what_he_has_and_nobody_asks_again(imported: Checkout) -> None:
    imported.commit("begin", bob=BOB, groups=DEVELOPERS)
    imported.branch("bob-moves")
    imported.commit("bob moves", bob="kind: user\nname: bob\nstate: unmanaged\nreason: HR keeps him\n")
    imported.applied(options=["--base=main"])


def test_where_pruning_was_agreed_on_an_imported_user_goes_with_his_file_and_no_pull_request_turns_it_on_for_itself(
    imported: Checkout,
) -> None:
    imported.commit("begin", bob=BOB, groups=DEVELOPERS)
    imported.branch("prune")
    imported.commit("bob leaves", settings="prune: true\n", bob=None)
    imported.refused("left-behind user/bob", "settings-loosened settings/prune", options=["--base=main"])

    imported.commit("bob stays", bob=BOB, agreed=exception("settings-loosened", "settings/prune"))
    imported.applied(options=["--base=main"])
    imported.merge("prune")
    imported.branch("bob-leaves")
    imported.commit("bob leaves", bob=None, agreed=None)
    imported.applied(*BOBS_END, options=["--base=main"])


PRUNING = "prune: true\n"
OURS = policy("shared-name", "s3:GetObject")
THEIRS = policy("shared-name", "sqs:SendMessage")


def test_two_repositories_of_two_owners_touch_nothing_of_one_another(
    checkouts: Callable[[str], Checkout], account: Account
) -> None:
    orders, billing = checkouts("orders"), checkouts("billing")
    orders.commit("begin", settings=PRUNING, policies=f"{OURS}\n---\n{policy('orders', 's3:ListBucket')}")
    orders.applied("CreatePolicy policy/orders", "CreatePolicy policy/shared-name")
    before = account.objects()
    copied = (orders.documents / "reconciler.yaml").read_text("utf-8")
    billing.commit("begin", reconciler=copied.replace("owner: orders", "owner: billing"))
    billing.commit("a policy of the same name", policies=f"{THEIRS}\n---\n{policy('billing', 'sqs:SendMessage')}")

    billing.applied("CreatePolicy policy/billing", open=["foreign-owner policy/shared-name"])
    assert {address: account.objects()[address] for address in before} == before
    billing.commit("tombstones", policies="kind: policy\nname: orders\nstate: absent\n")
    assert billing.plan("--base=HEAD~1").calls == ["DeletePolicy policy/billing"]
    assert "foreign-owner policy/orders" in billing.plan("--base=HEAD~1").against


ORDERS = [f"orders-{number}" for number in range(5)]


def test_a_copy_of_a_template_that_keeps_its_owner_takes_the_others_objects_for_its_own_and_only_a_limit_stops_it(
    checkouts: Callable[[str], Checkout],
) -> None:
    orders, billing = checkouts("orders"), checkouts("billing")
    limited = f"{PRUNING}limits: {{delete: {{percent: 20}}}}\n"
    orders.commit("begin", settings=limited, roles="---\n".join(map(role, ORDERS)))
    orders.applied(*(f"CreateRole role/{name}" for name in ORDERS))

    billing.commit("a copy of the template", settings=limited, roles=role("billing"))
    told = billing.refused("limit-delete account")
    assert "role/orders-0" in told.said("limit-delete", "account")

    billing.commit("without the limit", settings=PRUNING)
    told = billing.plan()
    assert (told.code, told.against, told.calls[1:]) == (0, set(), [f"DeleteRole role/{name}" for name in ORDERS])
    reasons = {change["reason"] for change in told.plan["changes"] if change["action"] == "delete"}
    assert reasons == {"marked as ours and no longer declared (prune)"}


def test_a_copy_of_a_template_that_keeps_its_owner_prunes_nothing_that_its_own_base_never_declared(
    checkouts: Callable[[str], Checkout], account: Account
) -> None:
    orders, billing = checkouts("orders"), checkouts("billing")
    orders.commit("begin", settings=PRUNING, roles="---\n".join(map(role, ORDERS)))
    orders.applied(*(f"CreateRole role/{name}" for name in ORDERS))
    before = account.objects()

    billing.commit("a copy of the template", settings=PRUNING)
    billing.branch("first")
    billing.commit("a role", roles=role("billing") + "---\n" + role("spare"))
    made = ["CreateRole role/billing", "CreateRole role/spare"]
    told = billing.applied(*made, options=["--base=main"])
    assert [one["address"] for one in told.plan["left_behind"]] == [f"role/{name}" for name in ORDERS]
    billing.merge("first")
    billing.branch("second")
    billing.commit("one role less", roles=role("billing"))
    billing.applied("DeleteRole role/spare", options=["--base=main"])
    assert {address: text for address, text in account.objects().items() if "orders" in address} == before


def test_a_branch_that_is_behind_prunes_nothing_that_was_merged_since(team: Checkout, account: Account) -> None:
    team.commit("begin", settings=PRUNING, readers=READERS)
    team.applied("CreatePolicy policy/readers")
    team.branch("late")
    team.commit("writers", writers=policy("writers", "s3:PutObject"))
    team.switch("main")
    team.branch("early")
    team.commit("a role", roles=role("early"))
    team.merge("early")
    team.applied("CreateRole role/early", options=["--base=HEAD~1"])

    team.switch("late")
    told = team.plan(f"--base={team.merge_base('main')}")
    assert (told.calls, told.against) == (["CreatePolicy policy/writers"], set())
    assert [one["address"] for one in told.plan["left_behind"]] == ["role/early"]
    assert "role/early" in account.objects()


def role(name: str) -> str:
    return f"kind: role\nname: {name}\nservice: lambda\n"


FRONT = "kind: role\nname: front\nservice: lambda\npolicies: [readers]\n"
BACK = "kind: role\nname: back\nservice: lambda\npolicies: [readers]\n"


@pytest.fixture
def hotfixed(team: Checkout, account: Account) -> Checkout:
    """Return the repository on a branch, while the role front got a policy by hand."""
    team.commit("begin", readers=READERS, front=FRONT, back=BACK, writers=policy("writers", "s3:PutObject"))
    assert team.run("apply", "--yes").code == 0
    account.attach("front", "writers")
    return team


def test_a_hotfix_by_hand_outlives_a_pull_request_that_is_about_something_else(
    hotfixed: Checkout, account: Account
) -> None:
    hotfixed.branch("back-writes")
    hotfixed.commit("back writes", back=BACK.replace("readers", "readers, writers"))

    whole = hotfixed.plan("--base=main")
    assert {one["address"]: one["cause"] for one in whole.plan["changes"]} == {
        "role/back": "change",
        "role/front": "drift",
    }
    options = ["--base=main", "--scope=change"]
    front = account.objects()["role/front"]
    told = hotfixed.applied("AttachRolePolicy role/back", options=options)
    assert account.objects()["role/front"] == front
    assert told.plan["left_out"] == ["role/front"]

    hotfixed.merge("back-writes")
    drift = hotfixed.run("drift", "--base=HEAD")
    assert drift.code == 2
    assert "writers" in drift.out


def test_a_pull_request_about_the_role_of_a_hotfix_says_that_it_also_reverts_it(
    hotfixed: Checkout, account: Account
) -> None:
    hotfixed.branch("front-queues")
    queues = policy("queues", "sqs:SendMessage")
    hotfixed.commit("front queues", front=FRONT.replace("readers", "readers, queues"), queues=queues)
    options = ["--base=main", "--scope=change"]
    text = hotfixed.run("plan", *options).out
    assert "also reverts" in text
    [change] = [one for one in hotfixed.plan(*options).plan["changes"] if one["address"] == "role/front"]
    assert {one["item"]: one["reverts"] for one in change["differences"] if one["field"] == "policies"} == {
        "queues": False,
        "writers": True,
    }
    hotfixed.applied(
        "CreatePolicy policy/queues",
        "AttachRolePolicy role/front",
        "DetachRolePolicy role/front",
        options=options,
    )
    assert account.held("front") == {"readers", "queues"}
