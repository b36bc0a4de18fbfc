"""Plans made by hand, as the golden files of the reports show them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.model import (
    Access,
    Account,
    Address,
    Call,
    Change,
    Conflict,
    Difference,
    Escalation,
    Evidence,
    Hop,
    Impact,
    Mark,
    Note,
    Origin,
    Plan,
    Relation,
    Step,
    Subject,
)
from reconciler.report import drift, json, text
from reconciler.report.lines import plain

ACCOUNT = Account("123456789012", "aws", "eu-west-1")
OWN = f"arn:aws:iam::{ACCOUNT.id}"
POLICY = Address("policy", "orders-api-invoke")
GROUP = Address("group", "api-callers")
ALICE = Address("user", "alice")
ROLE = Address("role", "old-deployer")
HEADER = {"calls": 8, "caller": f"{OWN}:user/reviewer", "undeclared": 3}


def at(file: str, line: int, column: int = 1) -> Origin:
    return Origin(f"desired-state/{file}.yaml", line, column)


def steps(
    *rows: tuple[Address, str, dict[str, object]],
    notes: dict[int, str] | None = None,
    marks: dict[int, tuple[Mark, ...]] | None = None,
) -> tuple[Step, ...]:
    found = []
    for number, (address, operation, params) in enumerate(rows, start=1):
        after = (number - 1,) if number > 1 else ()
        note, marked = (notes or {}).get(number, ""), (marks or {}).get(number, ())
        found.append(Step(number, address, Call(operation, params), after, note, marked))
    return tuple(found)


def in_sync() -> Plan:
    return Plan(ACCOUNT, declared=6, header={"calls": 8, "caller": f"{OWN}:user/reviewer"})


def noted() -> Plan:
    notes = (
        Note(Address("role", "vendor-scan"), "it is ignored (vendor tooling)"),
        Note(Address("group", "ops"), "user/bob is among its members though not declared: left alone"),
    )
    return Plan(ACCOUNT, notes=notes, declared=1, header={"calls": 1, "undeclared": 1})


def creation() -> Plan:
    document = '{"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}'
    arn = f"{OWN}:policy/apis/orders-api-invoke"
    mark = f"team-a/{GROUP}"
    return Plan(
        ACCOUNT,
        steps=steps(
            (GROUP, "CreateGroup", {"GroupName": GROUP.name, "Path": "/"}),
            (POLICY, "CreatePolicy", {"PolicyName": POLICY.name, "Path": "/apis/", "PolicyDocument": document}),
            (GROUP, "AttachGroupPolicy", {"GroupName": GROUP.name, "PolicyArn": arn}),
            (GROUP, "PutGroupPolicy", {"GroupName": GROUP.name, "PolicyName": "own", "PolicyDocument": document}),
        ),
        changes=(
            Change(
                POLICY,
                "create",
                "declared, not in the account",
                (
                    Difference("path", "+", "", None, "/apis/", (), at("policies", 4)),
                    Difference("description", "+", "", None, "Call the orders API", (), at("policies", 5)),
                    Difference(
                        "document",
                        "+",
                        "",
                        None,
                        {"Version": "2012-10-17"},
                        (
                            "+ Allow execute-api:Invoke on arn:aws:execute-api:*:123456789012:a1/prod/* (Sid Call)",
                            "+   if Bool aws:SecureTransport is true",
                        ),
                        at("policies", 6),
                    ),
                    Difference("tags", "+", "iam-reconciler", None, mark, (), at("policies", 3)),
                    Difference("tags", "+", "empty", None, "", (), at("policies", 3)),
                ),
                at("policies", 3),
            ),
            Change(
                GROUP,
                "create",
                "declared, not in the account",
                (
                    Difference("policies", "+", POLICY.name, None, None, (), at("groups", 4)),
                    Difference("inline_policies", "+", "own", None, {"Version": "2012-10-17"}, ("+ Allow s3:* on *",)),
                ),
                at("groups", 1),
            ),
        ),
        declared=2,
        header={"calls": 6},
    )


def everything() -> Plan:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    read = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    again = Address("policy", "invoices")
    old = f"{OWN}:policy/invoices"
    bobby, worker = Address("user", "bobby"), Address("role", "worker")
    return Plan(
        ACCOUNT,
        steps=steps(
            (bobby, "UpdateUser", {"UserName": "bob", "NewUserName": "bobby"}),
            (ALICE, "AttachUserPolicy", {"UserName": "alice", "PolicyArn": read}),
            (ALICE, "TagUser", {"UserName": "alice", "Tags": [{"Key": "team", "Value": "b"}]}),
            (ALICE, "UpdateUser", {"UserName": "alice", "NewPath": "/people/"}),
            (ALICE, "DetachUserPolicy", {"UserName": "alice", "PolicyArn": admin}),
            (ALICE, "UntagUser", {"UserName": "alice", "TagKeys": ["cost", "until"]}),
            (ALICE, "DeleteUserPermissionsBoundary", {"UserName": "alice"}),
            (ROLE, "DeleteRole", {"RoleName": ROLE.name}),
            (again, "DeletePolicyVersion", {"PolicyArn": old, "VersionId": "v3"}),
            (again, "DeletePolicy", {"PolicyArn": old}),
            (again, "CreatePolicy", {"PolicyName": "invoices", "Path": "/apis/", "PolicyDocument": "{}"}),
            (worker, "UpdateAssumeRolePolicy", {"RoleName": "worker", "PolicyDocument": "{}"}),
            notes={
                5: "policies are at their quota of 10, so removing comes before adding",
                10: "gap: policy/invoices is gone from here until it is created anew, and gets a new unique id",
                11: "the trust is completed once its principals exist",
            },
            marks={
                5: (
                    Mark("gap", ALICE, "refused meanwhile, though allowed before and after: s3:GetObject on *"),
                    Mark("spike", bobby, "allowed meanwhile, though refused before and after: iam:PassRole on *"),
                ),
                12: (Mark("trust", worker, "its permissions change too; its trust changes last"),),
            },
        ),
        changes=(
            Change(
                ALICE,
                "update",
                "live differs from what is declared",
                (
                    Difference("path", "~", "", "/", "/people/", (), at("users", 4)),
                    Difference("policies", "+", "ReadOnlyAccess", None, None, (), at("users", 9)),
                    Difference("policies", "-", "AdministratorAccess", None, None, (), at("users", 1)),
                    Difference("tags", "~", "team", "a", "b", (), at("users", 5)),
                    Difference("tags", "-", "cost", "12", None, (), at("users", 1)),
                    Difference("permissions_boundary", "-", "", f"{OWN}:policy/team", None, (), at("users", 7)),
                    Difference(
                        "inline_policies",
                        "~",
                        "own",
                        {"Version": "2012-10-17"},
                        {"Version": "2012-10-17"},
                        ("~ Allow on * (Sid Read)", "    - s3:*", "    + s3:GetObject"),
                        at("users", 12),
                    ),
                ),
                at("users", 1),
            ),
            Change(
                ROLE,
                "delete",
                "declared absent",
                (Difference("policies", "-", "PowerUserAccess"),),
                at("gone", 4),
                irreversible=("the unique id, by which trust policies know the role",),
            ),
            Change(
                Address("group", "past"),
                "delete",
                "marked as ours and no longer declared (prune)",
            ),
            Change(
                again,
                "replace",
                "a field differs that IAM cannot change in place",
                (Difference("path", "~", "", "/", "/apis/", (), at("policies", 22)),),
                at("policies", 20),
                ("access is interrupted while the object is away",),
            ),
            Change(bobby, "rename", "renamed from bob", (), at("users", 30)),
        ),
        conflicts=(
            Conflict(
                POLICY,
                "description",
                "description is 'Call' and shall be 'Call the orders API', which IAM cannot change in place",
                "set it back, or write `replace: true` to delete policy/orders-api-invoke and create it anew",
                at("policies", 5),
            ),
        ),
        notes=(Note(Address("group", "ops"), "user/bob is among its members though not declared: left alone"),),
        declared=6,
        header=HEADER,
    )


def impact(
    address: Address, subject: Subject, relation: Relation, evidence: tuple[Evidence, ...] = (), **more: Any
) -> Impact:
    sides = {
        "EQUAL": (False, False),
        "NARROWER": (False, True),
        "WIDER": (True, False),
        "INCOMPARABLE": (True, True),
        "UNDECIDED": (True, None),
    }
    return Impact(address, subject, relation, *sides[relation], evidence, **more)


def accessed() -> Plan:
    """Return a plan with every sort of verdict on access."""
    grown = Evidence(
        gained=True,
        action="iam:PassRole",
        resource=f"{OWN}:role/admin",
        because="deploy#Pass (Action iam:PassRole, Resource *)",
        context={"iam:PassedToService": "lambda.amazonaws.com", "aws:TagKeys": ["a", "b"]},
    )
    gone = Evidence(gained=False, action="s3:GetObject", resource="arn:aws:s3:::b/x", because="denied by guard#1")
    future = Evidence(gained=True, action="s3:GetNew", resource="arn:aws:s3:::b", because="wild#1", label="future-only")
    trusted = Evidence(
        gained=True,
        action="sts:AssumeRole",
        resource="*",
        because="trust#1",
        caller="AWS arn:aws:iam::210987654321:root",
    )
    crowd = [Address("user", f"u{number}") for number in range(5)]
    wild = Address("policy", "wild")
    invoke = (f"policy {POLICY.name} through {GROUP}",)
    impacts = (
        impact(POLICY, "policy", "INCOMPARABLE", (grown, gone), principals=tuple(crowd)),
        impact(wild, "policy", "WIDER", (future,), gained_label="future-only"),
        impact(ROLE, "policy", "NARROWER", (gone,), item="own", principals=(ROLE,)),
        *(
            impact(one, "identity", "INCOMPARABLE", (grown, gone), old_actions=214, new_actions=217, through=invoke)
            for one in crowd
        ),
        impact(ROLE, "identity", "EQUAL", reasons=("reads#1 still grants s3:GetObject on *",)),
        impact(ALICE, "identity", "UNDECIDED", (grown,), reasons=("the document of arn:x is not known",)),
        impact(ROLE, "trust", "WIDER", (trusted,)),
    )
    path = Escalation((Hop(ALICE, ROLE, "iam:PassRole + lambda:CreateFunction", (grown,)),))
    access = Access("catalogue 2026-10-27, 22,321 actions; identity-based", impacts, (path,), ("user/bob: budget",))
    call = {"PolicyArn": f"{OWN}:policy/{POLICY.name}", "PolicyDocument": "{}", "SetAsDefault": True}
    change = Change(POLICY, "update", "live differs from what is declared", (), at("policies", 3))
    return Plan(
        ACCOUNT,
        steps=steps((POLICY, "CreatePolicyVersion", call)),
        changes=(change,),
        declared=6,
        header=HEADER,
        access=access,
    )


def conflicts_only() -> Plan:
    conflicts = (
        Conflict(ROLE, "path", "path is '/' and shall be '/ci/'", "set it back", at("roles", 3)),
        Conflict(GROUP, "name", "the name is spelled 'API-callers' in the account", "spell it as live"),
    )
    return Plan(ACCOUNT, conflicts=conflicts, declared=2, header={"calls": 5})


def hostile() -> Plan:
    """Return a plan whose texts, read from an account, try to speak for the report or to the terminal."""
    words = "fine\nin sync: nothing to do\x1b[2J\x9b31m\u202egnp.exe [bold]x[/bold]"
    return Plan(
        Account("123456789012", "aws-cn"),
        steps=steps((ALICE, "TagUser", {"UserName": "alice", "Tags": [{"Key": "k", "Value": words}]})),
        changes=(
            Change(
                ALICE,
                "update",
                "live differs from what is declared",
                (
                    Difference("description", "~", "", words, " padded ", (), at("users", 1)),
                    Difference("trust", "+", "", None, {"A": {"b": ["c", {"d": None}]}, "E": []}, (), at("users", 1)),
                    Difference("numbers", "~", "", [1, 2], (True, None), (), at("users", 2)),
                    Difference("letters", "~", "", frozenset({"b", "a"}), set(), (), at("users", 3)),
                    Difference("inline_policies", "-", words, {"a": 1}, None, (f"- {words}",), at("users", 1)),
                ),
                at("users", 1),
            ),
            Change(ROLE, "replace", "a reason\tof two columns"),
        ),
        declared=1,
        header={"calls": 1000},
    )


PLANS: dict[str, Callable[[], Plan]] = {
    "accessed": accessed,
    "conflicts-only": conflicts_only,
    "creation": creation,
    "everything": everything,
    "hostile": hostile,
    "in-sync": in_sync,
    "noted": noted,
}

GOLDEN = Path(__file__).parent / "golden"


def reports(plan: Plan) -> dict[str, str]:
    """Return every report of the plan by the ending of its golden file."""
    return {
        "plan.txt": plain(text.lines(plan)),
        "drift.txt": plain(drift.lines(plan, repair="reconciler apply --sandbox")),
        "json": json.render(plan),
    }


if __name__ == "__main__":
    # `python -m tests.report.report_plans` writes the golden files anew; read their difference before you commit it.
    for name, make in PLANS.items():
        for ending, content in reports(make()).items():
            (GOLDEN / f"{name}.{ending}").write_text(content, encoding="utf-8")
