"""What stories are played with: one account, which people change by hand, and git repositories that say what it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.repositories import commit, git, repository

__all__ = ["ACCOUNT", "COUNTED", "DAY", "Account", "Checkout", "Told", "allow", "exception", "policy", "trust"]

ACCOUNT = "123456789012"
DAY = "2026-06-01"
"""The day on which every story is played, unless it says otherwise."""
SETTINGS = f'version: 1\naccount: "{ACCOUNT}"\nowner: orders-7f3a\n'
COUNTED = "AttachmentCount", "PermissionsBoundaryUsageCount"

LISTS = (
    ("User", "UserDetailList", "UserName"),
    ("Group", "GroupDetailList", "GroupName"),
    ("Role", "RoleDetailList", "RoleName"),
    ("LocalManagedPolicy", "Policies", "PolicyName"),
)


def allow(action: str, resource: str = "*", effect: str = "Allow") -> dict[str, Any]:
    """Return a policy's document with one statement."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


def policy(name: str, action: str, **more: Any) -> str:
    """Return the YAML of a policy with one statement."""
    return json.dumps({"kind": "policy", "name": name, "document": allow(action), **more})


def trust(principal: Any, condition: Mapping[str, Any] | None = None, action: str = "sts:AssumeRole") -> dict[str, Any]:
    """Return a trust with one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


def exception(guard: str, address: str, until: str = "2026-12-31") -> str:
    """Return the YAML of a consent."""
    reason = "the team talked about it"
    return f"---\nkind: exception\nguard: {guard}\naddress: {address}\nreason: {reason}\nuntil: {until}\n"


class Account:
    """A sandbox account as people see it who do not use the tool."""

    def __init__(self, session: Any) -> None:
        self.iam: Any = session.client("iam")

    def arn(self, name: str) -> str:
        """Return the ARN of a policy: of the account's own, or of AWS's if it is written ``aws/NAME``."""
        owner, _, rest = name.rpartition("/") if name.startswith("aws/") else (ACCOUNT, "", name)
        return f"arn:aws:iam::{owner}:policy/{rest}"

    def role(self, name: str, *policies: str, service: str = "lambda", **more: Any) -> None:
        """Make a role with policies attached."""
        document = json.dumps(trust({"Service": f"{service}.amazonaws.com"}))
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)
        for one in policies:
            self.attach(name, one)

    def attach(self, role: str, policy: str) -> None:
        """Attach a policy to a role."""
        self.iam.attach_role_policy(RoleName=role, PolicyArn=self.arn(policy))

    def detach(self, role: str, policy: str) -> None:
        """Detach a policy from a role."""
        self.iam.detach_role_policy(RoleName=role, PolicyArn=self.arn(policy))

    def put(self, role: str, name: str, document: Mapping[str, Any]) -> None:
        """Put an inline policy on a role."""
        self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    def held(self, role: str) -> set[str]:
        """Return the names of the policies that a role has, the inline ones among them."""
        attached = self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return {one["PolicyName"] for one in attached} | set(self.iam.list_role_policies(RoleName=role)["PolicyNames"])

    def objects(self) -> dict[str, str]:
        """Return everything that IAM shows of every object, by ``kind/name``, as text."""
        found: dict[str, dict[str, Any]] = {}
        for kind, listing, name in LISTS:
            page = self.iam.get_account_authorization_details(Filter=[kind], MaxItems=1000)
            noun = "policy" if kind == "LocalManagedPolicy" else kind.lower()
            found |= {f"{noun}/{row[name]}": row for row in page[listing]}
        for address, row in found.items():
            kind, _, name = address.partition("/")
            if kind == "policy":
                row["Tags"] = self.iam.list_policy_tags(PolicyArn=row["Arn"])["Tags"]
            elif kind == "user":
                row["Keys"] = self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
            elif kind == "role":
                row["Whole"] = self.iam.get_role(RoleName=name)["Role"]
        return {address: json.dumps(row, sort_keys=True, default=str) for address, row in found.items()}


@dataclass(frozen=True)
class Told:
    """What ``plan`` told of what it would do, and how it ended."""

    code: int
    err: str
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def calls(self) -> list[str]:
        """Return each step as an operation and the object that asks for it."""
        return [f"{step['operation']} {step['address']}" for step in self.plan["steps"]]

    @property
    def against(self) -> set[str]:
        """Return which guards refuse something, each with what it speaks of."""
        alarms = [f"{one['guard']} {one['subject']}" for one in self.plan["alarms"] if one["consent"] is None]
        return {*alarms, *(f"{one['guard']} {one['address']}" for one in self.plan["conflicts"])}

    @property
    def consents(self) -> dict[str, str]:
        """Return of each consent whether it is used, unused or past."""
        return {f"{one['guard']} {one['subject']}": one["state"] for one in self.plan["consents"]}

    def said(self, guard: str, subject: str) -> str:
        """Return all that a guard says of a subject."""
        found = [one for one in self.plan["alarms"] if (one["guard"], one["subject"]) == (guard, subject)]
        found += [one for one in self.plan["conflicts"] if (one["guard"], one["address"]) == (guard, subject)]
        assert found, f"{guard} says nothing of {subject}: {self.against}"
        return "\n".join([text for one in found for text in (one["what"], *one.get("detail", ()), one["remedy"])])


class Checkout:
    """A repository of documents, on a disk and on some branch, and the command line that is run in it."""

    def __init__(self, folder: Path, run: Callable[..., Any], account: Account) -> None:
        self.root = repository(folder)
        self.documents = folder / "desired-state"
        self.documents.mkdir(exist_ok=True)
        self.account = account
        self._run = run

    def commit(self, message: str, settings: str | None = None, **files: str | None) -> str:
        """Write files, by their stems, or remove those that are None; commit, and return the commit."""
        if settings is not None or not (self.documents / "reconciler.yaml").exists():
            files.setdefault("reconciler", SETTINGS + (settings or ""))
        for stem, text in files.items():
            path = self.documents / f"{stem}.yaml"
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        return commit(self.root, message)

    def branch(self, name: str) -> None:
        """Begin a branch where the checkout is."""
        git(self.root, "switch", "-q", "-c", name)

    def switch(self, name: str) -> None:
        """Go to a branch."""
        git(self.root, "switch", "-q", name)

    def merge_base(self, name: str) -> str:
        """Return the commit in which the checkout and a branch part."""
        return git(self.root, "merge-base", name, "HEAD")

    def merge(self, name: str) -> None:
        """Merge a branch into main, and be there."""
        self.switch("main")
        git(self.root, "merge", "-q", "--no-ff", "-m", f"Merge {name}", name)

    def run(self, command: str, *options: str, now: str = DAY) -> Any:
        """Run a command on the documents and return how it ended."""
        return self._run(command, str(self.documents), f"--now={now}", *options)

    def adopt(self, *addresses: str) -> None:
        """Have ``adopt: true`` written into the documents of the objects."""
        done = self._run("adopt", *addresses, f"--dir={self.documents}")
        assert done.code == 0, done.err

    def apply_saved(self, plan: Path, *options: str) -> Any:
        """Apply a saved plan and return how that ended."""
        return self._run("apply", str(plan), f"--dir={self.documents}", "--yes", f"--now={DAY}", *options)

    def plan(self, *options: str, now: str = DAY) -> Told:
        """Return what the plan tells to programs."""
        done = self.run("plan", "--format=json", *options, now=now)
        assert done.code in {0, 3}, done.err
        return Told(done.code, done.err, json.loads(done.out))

    def refused(self, *against: str, options: Iterable[str] = (), now: str = DAY) -> Told:
        """Return the plan, which is shown and refused by just these guards: apply writes nothing."""
        told = self.plan(*options, now=now)
        assert (told.code, told.against) == (3, set(against)), f"{told.against}: {told.err}"
        before = self.account.objects()
        done = self.run("apply", "--yes", *options, now=now)
        assert done.code == 3, done.out + done.err
        assert all(guard.split()[0] in done.out + done.err for guard in against), done.out + done.err
        assert self.account.objects() == before
        return told

    def applied(self, *calls: str, options: Iterable[str] = (), now: str = DAY, open: Iterable[str] = ()) -> Told:  # noqa: A002  what stays open
        """Return the plan, which makes just these calls and leaves just this ``open``: apply makes them."""
        told = self.plan(*options, now=now)
        left = set(open)
        assert (told.calls, told.against) == (list(calls), left), f"{told.calls}, {told.against}: {told.err}"
        assert told.code == (3 if left else 0), told.err
        before = self.account.objects()
        done = self.run("apply", "--yes", *options, now=now)
        assert done.code == told.code, done.out + done.err
        assert (self.account.objects() != before) == bool(calls)
        again = self.plan(*options, now=now)
        assert (again.calls, again.against) == ([], left), f"{again.calls}, {again.against}: {again.err}"
        return told
