"""A sandbox account and a folder of documents: what a test needs to run the main job without the command line."""

from __future__ import annotations

import atexit
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from support.estates import ACCOUNT, BODIES, Docs, as_yaml, settings_document

from reconciler import apply, documents, plan, sandbox
from reconciler.live import Iam
from reconciler.model import Account, Base, Call, Desired, Plan

__all__ = ["TODAY", "Recorder", "World", "desired_of"]

TODAY = dt.date(2026, 11, 24)


class Recorder(Iam):
    """Live IAM that remembers every call it sent."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self.sent: list[Call] = []

    def send(self, call: Call) -> Mapping[str, Any]:
        self.sent.append(call)
        return super().send(call)


@cache
def folder() -> Path:
    """Return the one folder that this process writes documents to, so that their origins stay the same."""
    made = Path(tempfile.mkdtemp(prefix="documents-"))
    atexit.register(shutil.rmtree, made)
    (made / "bodies").mkdir()
    for number, body in enumerate(BODIES):
        (made / "bodies" / f"{number}.json").write_text(json.dumps(body))
    return made


def desired_of(docs: Docs, account: Account | None = None, **settings: Any) -> Desired:
    """Return the documents as the loader reads them from a folder."""
    (folder() / "all.yaml").write_text(as_yaml([settings_document(**settings), *docs]))
    return documents.load(folder()).build(account or Account(ACCOUNT, "aws", "eu-west-1"), TODAY)


class World:
    """One sandbox account."""

    def __init__(self, session: Any = None) -> None:
        self.session = session or sandbox.session()
        self.iam: Any = self.session.client("iam")

    def plan(self, docs: Docs, base: Docs | None = None, **settings: Any) -> Plan:
        """Return the plan for the documents, and for a base with the same settings, against the account as it is."""
        iam = Iam(self.session)
        account = iam.identify()
        then = Base("0" * 40, desired_of(base, account, **settings)) if base is not None else None
        return plan.make(desired_of(docs, account, **settings), iam, base=then)

    def apply(self, docs: Docs, **settings: Any) -> Plan:
        """Plan and apply; the plan is returned after every step was made."""
        made = self.plan(docs, **settings)
        outcome = apply.run(made, Iam(self.session))
        assert outcome.ok, outcome.failed
        return made

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return what GetAccountAuthorizationDetails shows of every object, by ``kind/name``."""
        found: dict[str, dict[str, Any]] = {}
        kinds = [("User", "UserDetailList", "UserName"), ("Group", "GroupDetailList", "GroupName")]
        kinds += [("Role", "RoleDetailList", "RoleName"), ("LocalManagedPolicy", "Policies", "PolicyName")]
        for kind, listing, name in kinds:
            page = self.iam.get_account_authorization_details(Filter=[kind], MaxItems=1000)
            noun = "policy" if kind == "LocalManagedPolicy" else kind.lower()
            found |= {f"{noun}/{row[name]}": row for row in page[listing]}
        for name, row in found.items():
            if name.startswith("policy/"):
                row["Tags"] = self.iam.list_policy_tags(PolicyArn=row["Arn"])["Tags"]
        for role in self.iam.list_roles(MaxItems=1000)["Roles"]:
            found[f"role/{role['RoleName']}"]["Listed"] = role
        return found
