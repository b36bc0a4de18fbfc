"""Plans made by hand, as the golden files of the reports show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.model import (
    Access,
    Account,
    Address,
    Alarm,
    Call,
    Change,
    Conflict,
    Consent,
    Difference,
    Escalation,
    Evidence,
    Hop,
    Impact,
    LeftBehind,
    Mark,
    Note,
    Origin,
    Plan,
    Relation,
    Skip,
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


def guarded() -> Plan:
    """Return a plan with a base, of which guards, consents and rules have something to say."""
    deploy, bob, gone = Address("role", "deploy"), Address("user", "bob"), Address("user", "leaver")
    until, reason = dt.date(2026, 12, 31), "the team moves"
    moved = Consent("takeover", str(deploy), reason, until, at("exceptions", 1))
    others = (
        Consent("trust-widened", "role/deploy", "", None),
        Consent("protected", "role/break-glass", "the yearly test", until, at("exceptions", 8)),
        Consent("in-use", "user/bob", "he has left", until, at("exceptions", 15)),
        Consent("lockout", "user/bob", "he has left", dt.date(2026, 11, 1), at("exceptions", 22)),
        Consent("quota", "account", "", None),
    )
    settings = at("reconciler", 7)
    attachment: dict[str, object] = {"UserName": "alice", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    return Plan(
        ACCOUNT,
        steps=steps((ALICE, "AttachUserPolicy", attachment), (bob, "DeleteUser", {"UserName": "bob"})),
        changes=(
            Change(
                ALICE,
                "update",
                "live differs from what is declared",
                (
                    Difference("tags", "~", "team", "a", "b", (), at("users", 5), reverts=True),
                    Difference("policies", "+", "ReadOnlyAccess", None, None, (), at("users", 9)),
                    Difference(
                        "inline_policies",
                        "-",
                        "own",
                        {"a": 1},
                        None,
                        ("- Allow s3:* on *",),
                        at("users", 1),
                        reverts=True,
                    ),
                ),
                at("users", 1),
                cause="change",
            ),
            Change(bob, "delete", "declared absent", (), at("users", 20), cause="change"),
            Change(
                deploy,
                "update",
                "live differs from what is declared",
                (Difference("description", "~", "", "old", "new", (), at("roles", 4), reverts=True),),
                at("roles", 1),
                cause="drift",
            ),
            Change(
                GROUP,
                "update",
                "live differs from what is declared",
                (Difference("policies", "-", "PowerUserAccess", None, None, (), at("groups", 4), reverts=True),),
                at("groups", 1),
                cause="change",
            ),
        ),
        conflicts=(
            Conflict(
                ALICE,
                "policies",
                "AWSDenyAll, which denies, is attached and not declared: it stays",
                "declare it, or name it with `state: absent`",
                at("users", 1),
                "incident-lock",
            ),
        ),
        declared=6,
        header=HEADER,
        left_behind=(
            LeftBehind(
                gone, "it was declared at the base", ("policy AdministratorAccess", "group admins"), at("users", 30)
            ),
            LeftBehind(Address("group", "old"), "it carries our mark"),
        ),
        alarms=(
            Alarm(
                "takeover",
                str(deploy),
                "it was made by somebody else, and would lose what it is granted",
                "write `adopt: true` into its document, or consent with a `kind: exception` document",
                at("roles", 1),
                ("- policies: AdministratorAccess",),
                moved,
            ),
            Alarm("trust-widened", "role/deploy", "its trust would let in everybody", "mend it", consent=others[0]),
            Alarm(
                "left-behind", str(gone), "it is declared no more and keeps what it has", "settle it", at("users", 30)
            ),
            Alarm(
                "in-use",
                "user/Bob",
                "it has an active access key",
                "deactivate its keys",
                None,
                ("AKIAEXAMPLE, last used on 2026-11-20", "AKIAOTHER, never used"),
            ),
            Alarm("in-use", "role/old", "it was used on 2026-11-20", "wait"),
        ),
        skips=(
            Skip(ROLE, "undeclared", "no document declares it"),
            Skip(ALICE, "keep user/*/Kept", "it is kept", "policies Kept", settings),
            Skip(Address("role", "vendor-b"), "ignore role/vendor-*", "vendor tooling", "", settings),
            Skip(Address("role", "vendor-a"), "ignore role/vendor-*", "vendor tooling", "", settings),
        ),
        used=frozenset({moved, *others[:2]}),
        consents=(moved, *others),
        base="0123456789abcdef0123456789abcdef01234567",
        today=dt.date(2026, 11, 2),
        left_out=(Address("user", "zoe"), Address("role", "worker")),
    )


def refused_in_sync() -> Plan:
    """Return a plan that has nothing to write and is refused all the same."""
    what = "no role of `recover` could get in"
    return Plan(
        ACCOUNT,
        declared=6,
        header={"calls": 8},
        alarms=(Alarm("lockout", "role/break-glass", what, "give one of them iam:* again", at("reconciler", 5)),),
        left_behind=(LeftBehind(Address("group", "old"), "it carries our mark"),),
    )


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
        left_behind=(LeftBehind(ROLE, words, (words,), at("roles", 1)),),
        alarms=(Alarm("takeover", f"role/{words}", words, words, None, (words,)),),
        consents=(Consent("lockout", f"role/{words}", words, dt.date(2026, 12, 31), at("exceptions", 1)),),
        skips=(Skip(ROLE, words, words, words),),
    )


PLANS: dict[str, Callable[[], Plan]] = {
    "accessed": accessed,
    "conflicts-only": conflicts_only,
    "creation": creation,
    "everything": everything,
    "guarded": guarded,
    "hostile": hostile,
    "in-sync": in_sync,
    "noted": noted,
    "refused-in-sync": refused_in_sync,
}

GOLDEN = Path(__file__).parent / "golden"


def reports(plan: Plan) -> dict[str, str]:
    """Return every report of the plan by the ending of its golden file, with what was spared if anything was."""
    return {
        "plan.txt": plain(text.lines(plan, skips=bool(plan.skips))),
        "drift.txt": plain(drift.lines(plan, repair="reconciler apply --sandbox")),
        "json": json.render(plan, skips=bool(plan.skips)),
    }


if __name__ == "__main__":
    # `python -m tests.report.report_plans` writes the golden files anew; read their difference before you commit it.
    for name, make in PLANS.items():
        for ending, content in reports(make()).items():
            (GOLDEN / f"{name}.{ending}").write_text(content, encoding="utf-8")
