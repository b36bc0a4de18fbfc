"""Which principals get at more than they were given: a case for each method, and near misses."""

from __future__ import annotations

from typing import Any

import pytest
from support.actors import (
    ADMIN,
    IAM,
    PROVERS,
    READ,
    ROOT,
    allow,
    deny,
    doc,
    estate,
    managed,
    paths,
    role,
    told,
    trust,
    user,
)

from reconciler.access.escalation import Graph, Policy, Provers
from reconciler.catalogue.escalation import escalation_methods

AWS_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BOSS = user("boss", ADMIN)
STAFF = managed("staff", allow("s3:GetObject"))
BOUND = managed("bound", allow(["s3:*", "iam:*"]))
LAMBDA = "lambda.amazonaws.com"
DEPLOY = (allow("iam:PassRole"), allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))
GUARD = doc(deny("s3:PutObject"))


def only(service: str) -> dict[str, Any]:
    return {"StringEquals": {"iam:PassedToService": service}}


SELF: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    "attach to itself": (user("u", doc(allow("iam:AttachUserPolicy", f"{IAM}user/u"))), {}, ["iam:AttachUserPolicy"]),
    "attach to another only": (user("u", doc(allow("iam:AttachUserPolicy", f"{IAM}user/v"))), {}, []),
    "attach only what is harmless": (
        user("u", doc(allow("iam:AttachUserPolicy", ArnEquals={"iam:PolicyARN": f"{IAM}policy/harmless"}))),
        {},
        [],
    ),
    "attach AdministratorAccess by name": (
        user("u", doc(allow("iam:AttachUserPolicy", ArnEquals={"iam:PolicyARN": AWS_ADMIN}))),
        {},
        ["iam:AttachUserPolicy"],
    ),
    "attach, with MFA": (
        user("u", doc(allow("iam:AttachUserPolicy", Bool={"aws:MultiFactorAuthPresent": "true"}))),
        {},
        ["iam:AttachUserPolicy"],
    ),
    "attach, denied": (user("u", doc(allow("iam:*"), deny("iam:*"))), {}, []),
    "put to itself by its own name": (
        user("u", doc(allow("iam:PutUserPolicy", f"{IAM}user/${{aws:username}}"))),
        {},
        ["iam:PutUserPolicy"],
    ),
    "put in a boundary that lets it have more": (
        user("u", doc(allow("iam:PutUserPolicy")), boundary=BOUND),
        {},
        ["iam:PutUserPolicy"],
    ),
    "put in a boundary that does not allow it": (
        user("u", doc(allow("iam:PutUserPolicy")), boundary=managed("b", allow("s3:*"))),
        {},
        [],
    ),
    "put in a boundary that gives no more": (
        user("u", doc(allow("iam:PutUserPolicy")), boundary=managed("b", allow("iam:PutUserPolicy"))),
        {},
        [],
    ),
    "put as long as the boundary is on": (
        user(
            "u",
            doc(allow("iam:PutUserPolicy", StringEquals={"iam:PermissionsBoundary": f"{IAM}policy/bound"})),
            boundary=BOUND,
        ),
        {},
        ["iam:PutUserPolicy"],
    ),
    "put as long as a boundary is on that is not": (
        user("u", doc(allow("iam:PutUserPolicy", StringEquals={"iam:PermissionsBoundary": f"{IAM}policy/bound"}))),
        {},
        [],
    ),
    "put to those of its own tag": (
        user("u", doc(allow("iam:PutUserPolicy", StringEquals={"iam:ResourceTag/team": "a"})), tags={"team": "a"}),
        {},
        ["iam:PutUserPolicy"],
    ),
    "put to those of a tag that it has not": (
        user("u", doc(allow("iam:PutUserPolicy", StringEquals={"iam:ResourceTag/team": "a"}))),
        {},
        [],
    ),
    "write a policy that it holds": (
        user("u", STAFF, doc(allow("iam:CreatePolicyVersion", f"{IAM}policy/staff"))),
        {},
        ["iam:CreatePolicyVersion"],
    ),
    "write a policy that it does not hold": (
        user("u", STAFF, doc(allow("iam:CreatePolicyVersion", f"{IAM}policy/other"))),
        {},
        [],
    ),
    "write a policy of AWS": (user("u", Policy(READ, AWS_ADMIN), doc(allow("iam:CreatePolicyVersion"))), {}, []),
    "take an older version that gives more": (
        user("u", managed("p", allow("s3:GetObject"), versions=(ADMIN,)), doc(allow("iam:SetDefaultPolicyVersion"))),
        {},
        ["iam:SetDefaultPolicyVersion"],
    ),
    "take an older version that gives less": (
        user("u", managed("p", allow("s3:*"), versions=(READ,)), doc(allow("iam:SetDefaultPolicyVersion"))),
        {},
        [],
    ),
    "there is no older version": (user("u", STAFF, doc(allow("iam:SetDefaultPolicyVersion"))), {}, []),
    "join a group that has more": (
        user("u", doc(allow("iam:AddUserToGroup", f"{IAM}group/admins"))),
        {"admins": (Policy(ADMIN),)},
        ["iam:AddUserToGroup"],
    ),
    "join a group that has no more": (user("u", READ, doc(allow("iam:AddUserToGroup"))), {"g": (Policy(READ),)}, []),
    "join another group": (
        user("u", doc(allow("iam:AddUserToGroup", f"{IAM}group/g"))),
        {"g": (), "admins": (Policy(ADMIN),)},
        [],
    ),
    "attach to its group": (
        user("u", doc(allow("iam:AttachGroupPolicy", f"{IAM}group/g")), groups=["g"]),
        {"g": ()},
        ["iam:AttachGroupPolicy"],
    ),
    "put to its group": (
        user("u", doc(allow("iam:PutGroupPolicy", f"{IAM}group/g")), groups=["g"]),
        {"g": ()},
        ["iam:PutGroupPolicy"],
    ),
    "put to a group that it is not in": (user("u", doc(allow("iam:PutGroupPolicy"))), {"g": ()}, []),
    "remove its boundary": (
        user("u", ADMIN, boundary=managed("b", allow(["s3:*", "iam:DeleteUserPermissionsBoundary"]))),
        {},
        ["iam:DeleteUserPermissionsBoundary"],
    ),
    "remove a boundary that is not there": (user("u", doc(allow("iam:DeleteUserPermissionsBoundary"))), {}, []),
    "remove a boundary that holds nothing back": (
        user("u", doc(allow(["s3:*", "iam:DeleteUserPermissionsBoundary"])), boundary=BOUND),
        {},
        [],
    ),
    "replace its boundary": (
        user("u", ADMIN, boundary=managed("b", allow(["s3:*", "iam:PutUserPermissionsBoundary"]))),
        {},
        ["iam:PutUserPermissionsBoundary"],
    ),
    "replace its boundary by the same only": (
        user(
            "u",
            ADMIN,
            boundary=managed(
                "b",
                allow("s3:*"),
                allow("iam:PutUserPermissionsBoundary", StringEquals={"iam:PermissionsBoundary": f"{IAM}policy/b"}),
            ),
        ),
        {},
        [],
    ),
    "write its boundary": (
        user("u", ADMIN, boundary=managed("b", allow(["s3:*", "iam:CreatePolicyVersion"]))),
        {},
        ["iam:CreatePolicyVersion"],
    ),
    "remove a denial": (
        user("u", doc(allow(["s3:*", "iam:DeleteUserPolicy"])), GUARD),
        {},
        ["iam:DeleteUserPolicy"],
    ),
    "remove a denial that takes nothing": (user("u", doc(allow("iam:DeleteUserPolicy")), GUARD), {}, []),
    "detach a denial": (
        user("u", doc(allow(["s3:*", "iam:DetachUserPolicy"])), managed("guard", deny("s3:PutObject"))),
        {},
        ["iam:DetachUserPolicy"],
    ),
    "detach another policy only": (
        user(
            "u",
            doc(allow("s3:*"), allow("iam:DetachUserPolicy", ArnEquals={"iam:PolicyARN": f"{IAM}policy/other"})),
            managed("guard", deny("s3:PutObject")),
        ),
        {},
        [],
    ),
    "leave a group that denies": (
        user(
            "u",
            doc(allow(["s3:*", "iam:RemoveUserFromGroup"])),
            Policy(GUARD, group=f"{IAM}group/g"),
            groups=["g"],
        ),
        {"g": (Policy(GUARD),)},
        ["iam:RemoveUserFromGroup"],
    ),
    "erase a denial of its group": (
        user("u", doc(allow(["s3:*", "iam:DeleteGroupPolicy"])), Policy(GUARD, group=f"{IAM}group/g"), groups=["g"]),
        {"g": (Policy(GUARD),)},
        ["iam:DeleteGroupPolicy"],
    ),
    "one change alone is not enough": (
        user(
            "u",
            doc(allow(["iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary"])),
            boundary=managed("b", allow(["iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary"])),
        ),
        {},
        ["iam:AttachUserPolicy + iam:DeleteUserPermissionsBoundary"],
    ),
    "an administrator has nothing to gain": (BOSS, {}, []),
}


@pytest.mark.parametrize("case", SELF)
def test_a_principal_that_can_give_itself_more_is_told(case: str) -> None:
    one, groups, ways = SELF[case]
    assert paths(one, groups=groups) == [f"user/u -> user/u via {way}" for way in ways]


ROLE_SELF = {
    "attach": (doc(allow("iam:AttachRolePolicy")), None, "iam:AttachRolePolicy"),
    "put": (doc(allow("iam:PutRolePolicy", f"{IAM}role/r")), None, "iam:PutRolePolicy"),
    "unbind": (
        ADMIN,
        managed("b", allow(["s3:*", "iam:DeleteRolePermissionsBoundary"])),
        "iam:DeleteRolePermissionsBoundary",
    ),
    "rebind": (ADMIN, managed("b", allow("iam:PutRolePermissionsBoundary")), "iam:PutRolePermissionsBoundary"),
    "user's actions are not a role's": (doc(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy"])), None, ""),
}


@pytest.mark.parametrize("case", ROLE_SELF)
def test_a_role_that_can_give_itself_more_is_told(case: str) -> None:
    held, boundary, way = ROLE_SELF[case]
    one = role("r", trust(Service="ec2.amazonaws.com"), held, boundary=boundary)
    assert paths(one) == ([f"role/r -> role/r via {way}"] if way else [])


BECOME: dict[str, tuple[tuple[Any, ...], list[str]]] = {
    "keys": (
        (user("u", doc(allow("iam:CreateAccessKey", f"{IAM}user/boss"))), BOSS),
        ["user/boss via iam:CreateAccessKey"],
    ),
    "keys of another": ((user("u", doc(allow("iam:CreateAccessKey", f"{IAM}user/v"))), BOSS), []),
    "keys of itself": ((user("u", doc(allow("iam:CreateAccessKey", f"{IAM}user/${{aws:username}}"))), BOSS), []),
    "keys of somebody who has no more": (
        (user("u", READ, doc(allow("iam:CreateAccessKey"))), user("v", READ)),
        [],
    ),
    "a password": ((user("u", doc(allow("iam:CreateLoginProfile"))), BOSS), ["user/boss via iam:CreateLoginProfile"]),
    "another password": (
        (user("u", doc(allow("iam:UpdateLoginProfile"))), BOSS),
        ["user/boss via iam:UpdateLoginProfile"],
    ),
    "keys, denied for that user": (
        (user("u", doc(allow("iam:CreateAccessKey"), deny("iam:CreateAccessKey", f"{IAM}user/boss"))), BOSS),
        [],
    ),
    "keys, outside the boundary": (
        (user("u", doc(allow("iam:CreateAccessKey")), boundary=managed("b", allow("s3:*"))), BOSS),
        [],
    ),
    "trust": (
        (user("u", doc(allow("iam:UpdateAssumeRolePolicy"))), role("r", trust(Service="ec2.amazonaws.com"), ADMIN)),
        ["role/r via iam:UpdateAssumeRolePolicy + sts:AssumeRole"],
    ),
    "trust, but assuming is denied": (
        (
            user("u", doc(allow("iam:UpdateAssumeRolePolicy"), deny("sts:AssumeRole"))),
            role("r", trust(Service="ec2.amazonaws.com"), ADMIN),
        ),
        [],
    ),
    "trust, of a role that its service alone may change": (
        (
            user("u", doc(allow("iam:UpdateAssumeRolePolicy"))),
            role("r", trust(Service="ecs.amazonaws.com"), ADMIN, reserved=True, path="aws-service-role/"),
        ),
        [],
    ),
    "trust, and the boundary of a user does not hold back who is named": (
        (
            user(
                "u",
                doc(allow("iam:UpdateAssumeRolePolicy")),
                boundary=managed("b", allow("iam:UpdateAssumeRolePolicy")),
            ),
            role("r", trust(Service="ec2.amazonaws.com"), ADMIN),
        ),
        ["role/r via iam:UpdateAssumeRolePolicy + sts:AssumeRole"],
    ),
    "attach and keys": (
        (user("u", doc(allow(["iam:AttachUserPolicy", "iam:CreateAccessKey"], f"{IAM}user/v"))), user("v")),
        ["user/v via iam:AttachUserPolicy + iam:CreateAccessKey"],
    ),
    "attach without a way in": ((user("u", doc(allow("iam:AttachUserPolicy", f"{IAM}user/v"))), user("v")), []),
    "attach and assume": (
        (user("u", doc(allow("iam:AttachRolePolicy", f"{IAM}role/r"))), role("r", trust(AWS=f"{IAM}user/u"))),
        ["role/r via iam:AttachRolePolicy + sts:AssumeRole"],
    ),
    "write a policy that the role holds, and assume": (
        (user("u", doc(allow("iam:CreatePolicyVersion"))), role("r", trust(AWS=f"{IAM}user/u"), STAFF)),
        ["role/r via iam:CreatePolicyVersion + sts:AssumeRole"],
    ),
}


@pytest.mark.parametrize("case", BECOME)
def test_a_user_that_can_become_somebody_with_more_is_told(case: str) -> None:
    actors, ways = BECOME[case]
    assert paths(*actors) == [f"user/u -> {way}" for way in ways]


ASSUME: dict[str, tuple[tuple[Any, ...], list[str]]] = {
    "any role, and one lets in the account": (
        (user("u", doc(allow("sts:AssumeRole"))), role("r", trust(AWS=ROOT), ADMIN)),
        ["role/r via sts:AssumeRole"],
    ),
    "the account's id is its root": (
        (user("u", doc(allow("sts:*"))), role("r", trust(AWS="123456789012"), ADMIN)),
        ["role/r via sts:AssumeRole"],
    ),
    "the trust lets in another account": (
        (user("u", doc(allow("sts:AssumeRole"))), role("r", trust(AWS="210987654321"), ADMIN)),
        [],
    ),
    "no policy of its own allows it": ((user("u", READ), role("r", trust(AWS=ROOT), ADMIN)), []),
    "the trust names it: given": ((user("u"), role("r", trust(AWS=f"{IAM}user/u"), ADMIN)), []),
    "its policy names the role: given": (
        (user("u", doc(allow("sts:AssumeRole", f"{IAM}role/r"))), role("r", trust(AWS=ROOT), ADMIN)),
        [],
    ),
    "a role that is no administrator is none to get at": (
        (user("u", doc(allow("sts:AssumeRole"))), role("r", trust(AWS=ROOT), READ)),
        [],
    ),
    "the trust denies it": (
        (
            user("u", doc(allow("sts:AssumeRole"))),
            role(
                "r",
                doc(*trust(AWS=ROOT)["Statement"], *trust("Deny", AWS=f"{IAM}user/u")["Statement"]),
                ADMIN,
            ),
        ),
        [],
    ),
    "the trust wants what only another principal has": (
        (
            user("u", doc(allow("sts:AssumeRole"))),
            role("r", trust(AWS=ROOT, when={"ArnLike": {"aws:PrincipalArn": f"{IAM}user/v"}}), ADMIN),
        ),
        [],
    ),
    "the trust wants MFA, which a user can bring": (
        (
            user("u", doc(allow("sts:AssumeRole"))),
            role("r", trust(AWS=ROOT, when={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), ADMIN),
        ),
        ["role/r via sts:AssumeRole"],
    ),
    "through another role": (
        (
            user("u", doc(allow("sts:AssumeRole"))),
            role("a", trust(AWS=ROOT)),
            role("b", trust(AWS=f"{IAM}role/a"), ADMIN),
        ),
        ["role/a via sts:AssumeRole -> role/b via sts:AssumeRole"],
    ),
}


@pytest.mark.parametrize("case", ASSUME)
def test_assuming_a_role_is_an_escalation_where_nobody_meant_it(case: str) -> None:
    actors, ways = ASSUME[case]
    assert paths(*actors) == [f"user/u -> {way}" for way in ways]


def test_a_boundary_holds_back_a_role_that_a_trust_names() -> None:
    held = doc(allow("iam:UpdateAssumeRolePolicy"))
    target = role("r", trust(Service="ec2.amazonaws.com"), ADMIN)
    free = role("s", trust(Service="ec2.amazonaws.com"), held, boundary=managed("b", allow(["iam:*", "sts:*"])))
    held_back = role("s", trust(Service="ec2.amazonaws.com"), held, boundary=managed("b", allow("iam:*")))
    assert paths(free, target) == ["role/s -> role/r via iam:UpdateAssumeRolePolicy + sts:AssumeRole"]
    assert paths(held_back, target) == []


PASS: dict[str, tuple[tuple[Any, ...], bool]] = {
    "the spec's own": (DEPLOY, True),
    "to that service": ((allow("iam:PassRole", **only(LAMBDA)), DEPLOY[1]), True),
    "to another service": ((allow("iam:PassRole", **only("ec2.amazonaws.com")), DEPLOY[1]), False),
    "that role": ((allow("iam:PassRole", f"{IAM}role/admin"), DEPLOY[1]), True),
    "another role": ((allow("iam:PassRole", f"{IAM}role/app-*"), DEPLOY[1]), False),
    "without invoking": ((DEPLOY[0], allow("lambda:CreateFunction")), False),
    "without passing": ((DEPLOY[1],), False),
    "passing is denied": ((*DEPLOY, deny("iam:PassRole", f"{IAM}role/admin")), False),
    "creating is denied": ((*DEPLOY, deny("lambda:CreateFunction")), False),
}


@pytest.mark.parametrize("case", PASS)
def test_a_role_that_is_passed_to_a_service_is_had(case: str) -> None:
    statements, is_one = PASS[case]
    found = paths(user("app-deployer", doc(*statements)), role("admin", trust(Service=LAMBDA), ADMIN))
    way = "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"
    assert found == ([f"user/app-deployer -> role/admin via {way}"] if is_one else [])


def test_a_role_that_does_not_trust_the_service_cannot_be_passed_to_it() -> None:
    deployer = user("u", doc(*DEPLOY))
    assert paths(deployer, role("r", trust(Service="ec2.amazonaws.com"), ADMIN)) == []
    assert paths(deployer, role("r", trust(AWS=ROOT), ADMIN)) == []
    assert paths(deployer, role("r", trust("Deny", Service=LAMBDA), ADMIN)) == []


def test_a_boundary_holds_back_who_passes_a_role() -> None:
    admin = role("admin", trust(Service=LAMBDA), ADMIN)
    assert paths(user("u", doc(*DEPLOY), boundary=managed("b", allow("lambda:*"))), admin) == []


@pytest.mark.parametrize("method", escalation_methods().passing, ids=lambda method: "+".join(method.actions))
def test_every_known_service_gives_the_role_that_it_is_passed(method: Any) -> None:
    deployer = user("u", doc(allow("iam:PassRole", **only(method.service)), allow(list(method.actions))))
    way = " + ".join(["iam:PassRole", *method.actions])
    assert paths(deployer, role("r", trust(Service=method.service), ADMIN)) == [f"user/u -> role/r via {way}"]
    fewer = user("u", doc(allow("iam:PassRole"), allow(list(method.actions[1:]) or "s3:GetObject")))
    assert paths(fewer, role("r", trust(Service=method.service), ADMIN)) == []


@pytest.mark.parametrize("method", escalation_methods().carriers, ids=lambda method: "+".join(method.actions))
def test_what_runs_already_with_a_role_is_told_apart(method: Any) -> None:
    one, target = user("u", doc(allow(list(method.actions)))), role("r", trust(Service=method.service), ADMIN)
    graph = Graph(estate(one, target), PROVERS)
    assert graph.paths() == []
    assert [told(path) for path in graph.carried()] == [f"user/u -> role/r via {' + '.join(method.actions)}"]
    assert all(path.is_possible for path in graph.carried())


def test_of_who_can_give_itself_anything_nothing_else_is_told() -> None:
    one = user("u", doc(allow("iam:*")))
    assert paths(one, BOSS) == ["user/u -> user/u via iam:AttachUserPolicy"]


def test_of_who_can_become_an_administrator_only_that_is_told() -> None:
    helper = user("u", doc(allow("iam:CreateAccessKey")))
    found = paths(helper, BOSS, user("chief", ADMIN), user("reader", READ))
    assert found == ["user/u -> user/boss via iam:CreateAccessKey", "user/u -> user/chief via iam:CreateAccessKey"]


def test_what_a_role_takes_is_told_of_the_role_and_not_of_all_who_are_given_it() -> None:
    dev = role("dev", trust(AWS=[f"{IAM}user/u", f"{IAM}user/v"]), doc(*DEPLOY))
    found = paths(user("u"), user("v"), dev, role("admin", trust(Service=LAMBDA), ADMIN))
    assert found == ["role/dev -> role/admin via iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"]


def test_what_a_principal_is_given_is_no_gain() -> None:
    reader = role("reader", trust(AWS=[f"{IAM}user/u"], Service=LAMBDA), READ)
    assert paths(user("u", doc(*DEPLOY)), reader) == []


def test_a_path_may_have_several_steps() -> None:
    door = user("door")
    chief = role("chief", trust(AWS=door.arn), ADMIN)
    found = paths(user("u", doc(allow("iam:CreateAccessKey", door.arn))), door, chief)
    assert found == ["user/u -> user/door via iam:CreateAccessKey -> role/chief via sts:AssumeRole"]


def test_of_policies_that_are_not_known_no_way_is_claimed() -> None:
    one = user("u", doc(allow("iam:*")), unknown=(f"the document of {AWS_ADMIN} is not known",))
    graph = Graph(estate(one), PROVERS)
    assert graph.paths() == []
    assert [(doubt.source, doubt.reasons) for doubt in graph.doubts] == [
        (one.arn, (f"the document of {AWS_ADMIN} is not known",))
    ]


def test_a_policy_that_cannot_be_read_is_told() -> None:
    graph = Graph(estate(user("u", doc({"Effect": "Allow", "Action": "iam:*", "Resource": "nonsense"}))), PROVERS)
    assert graph.paths() == []
    assert graph.doubts


class Unsure:
    """An answer that could not be settled."""

    holds = widens = witness = gained_label = None
    gained = ()
    reasons = ("the budget is used up",)


def test_of_what_is_not_settled_no_way_is_claimed_and_it_is_told() -> None:
    unsure = Provers(lambda *_: Unsure(), lambda *_: Unsure())
    by_condition = user("u", doc(allow("iam:CreateAccessKey", Bool={"aws:MultiFactorAuthPresent": "true"})))
    graph = Graph(estate(by_condition, BOSS), unsure)
    assert graph.paths() == []
    assert [(doubt.source, doubt.what, doubt.reasons) for doubt in graph.doubts] == [
        (by_condition.arn, f"iam:CreateAccessKey on {BOSS.arn}", Unsure.reasons)
    ]
    equal = user("v", doc(allow("s3:GetObject", "arn:aws:s3:::b/x*")))
    by_comparison = user("u", doc(allow(["iam:CreateAccessKey", "s3:GetObject"], ["arn:aws:s3:::b/*", equal.arn])))
    graph = Graph(estate(by_comparison, equal), unsure)
    assert graph.paths() == []
    assert [doubt.what for doubt in graph.doubts] == [f"whether {equal.arn} has more than it has"]


def test_a_user_that_a_trust_names_is_held_back_by_a_denial_of_its_boundary() -> None:
    named = trust(AWS=[f"{IAM}user/u"])
    takes = doc(allow("iam:AttachRolePolicy", f"{IAM}role/r"))
    bound = managed("b", allow("iam:AttachRolePolicy"), deny("sts:AssumeRole"))
    assert paths(user("u", takes, boundary=bound), role("r", named)) == []


def test_sessions_are_what_a_role_calls_as() -> None:
    one = role(
        "dev", trust(Service="ec2.amazonaws.com"), doc(allow(["sts:AssumeRole", "iam:PutRolePolicy"], f"{IAM}role/r"))
    )
    found = paths(one, role("r", trust(AWS=f"{IAM}role/dev")))
    assert found == ["role/dev -> role/r via iam:PutRolePolicy + sts:AssumeRole"]


def test_a_role_of_sso_is_a_source_and_no_target() -> None:
    people = trust(Federated="arn:aws:iam::123456789012:saml-provider/sso")
    kept = role("sso", people, doc(*DEPLOY, allow("iam:*Role*")), reserved=True, path="aws-reserved/")
    found = paths(kept, role("admin", trust(Service=LAMBDA), ADMIN))
    assert [path.split(" via ")[0] for path in found] == ["role/sso -> role/admin"]


def test_a_function_must_be_one_that_can_be_both_made_and_invoked() -> None:
    admin = role("admin", trust(Service=LAMBDA), ADMIN)
    make, call = (
        "arn:aws:lambda:eu-west-1:123456789012:function:dev-*",
        "arn:aws:lambda:eu-west-1:123456789012:function:prod-*",
    )
    passing = allow("iam:PassRole")
    apart = doc(passing, allow("lambda:CreateFunction", make), allow("lambda:InvokeFunction", call))
    both = doc(passing, allow("lambda:CreateFunction", make), allow("lambda:InvokeFunction", [call, make]))
    assert paths(user("u", apart), admin) == []
    assert len(paths(user("u", both), admin)) == 1


def test_a_user_has_the_tags_that_it_has_and_a_session_may_bring_its_own() -> None:
    when = {"StringEquals": {"aws:PrincipalTag/admin": "yes"}}
    held = doc(allow(["iam:PutUserPolicy", "iam:PutRolePolicy"], **when))
    assert paths(user("u", held)) == []
    assert paths(user("u", held, tags={"admin": "yes"})) == ["user/u -> user/u via iam:PutUserPolicy"]
    assert paths(role("r", trust(AWS=ROOT), held)) == ["role/r -> role/r via iam:PutRolePolicy"]


def test_of_those_that_can_be_made_to_hold_anything_one_is_told() -> None:
    held = doc(allow(["iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"]))
    roles = [role(name, trust(Service="ec2.amazonaws.com"), READ) for name in ("a", "b", "c")]
    way = "iam:AttachRolePolicy + iam:UpdateAssumeRolePolicy + sts:AssumeRole"
    assert paths(user("u", held), *roles) == [f"user/u -> role/a via {way}"]


def test_a_doubt_is_told_of_everybody_whom_it_concerns() -> None:
    unsure = Provers(lambda *_: Unsure(), lambda *_: Unsure())
    held = doc(allow("iam:CreateAccessKey", Bool={"aws:MultiFactorAuthPresent": "true"}))
    graph = Graph(estate(user("u", held), user("v", held), BOSS), unsure)
    assert graph.paths() == []
    assert {doubt.source for doubt in graph.doubts} == {f"{IAM}user/u", f"{IAM}user/v"}
