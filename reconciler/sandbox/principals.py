"""The account's users and roles as principals of trust policies: whom a policy means, and what becomes of them.

AWS keeps such a principal as its unique id and shows the ARN that it has now, or the id once it is gone. Here policies
are kept as they are shown: while a user or role lives nobody else can have its ARN, so that the ARN means it, and each
rename and deletion rewrites the policies that name it.

Source: IAM user guide, reference_policies_elements_principal and id_users_manage.
"""

from __future__ import annotations

import json
import re
from typing import Any

from reconciler.sandbox import trust
from reconciler.sandbox.account import Account

__all__ = ["follow", "kept", "shown"]

_SESSION = r"arn:[\w-]+:sts::\d{12}:(?:assumed-role/.+/.+|federated-user/.+)"
_FORMS = re.compile(
    r"(?P<anybody>\*)|(?P<account>\d{12})|(?P<id>A(?:IDA|ROA)[A-Z0-9]{12,})"
    rf"|arn:(?P<partition>[\w-]+):iam::(?P<owner>\d{{12}}):(?P<resource>root|(?P<noun>user|role)/(?:.+/)?(?P<name>.+))"
    rf"|(?P<session>{_SESSION})",
    re.ASCII,
)


def shown(account: Account, name: str) -> str | None:
    """Return an AWS principal as AWS shows it, or None when it is none, or nobody has that ARN or unique id.

    An account id becomes the ARN of its root, the id of a user or role its ARN. Those of other accounts are not looked
    up: an ARN of the same partition is believed, an id, which only AWS could resolve, is not.
    """
    found = _FORMS.fullmatch(name)
    if found is None or found["partition"] not in {None, account.partition}:
        return None
    if found["account"]:
        return f"arn:{account.partition}:iam::{name}:root"
    if found["id"]:
        return next((entity.arn for entity in _entities(account) if entity.id == name), None)
    if found["owner"] != account.id or not found["noun"]:
        return name
    entity = account.iam.users.get(found["name"]) if found["noun"] == "user" else _role(account, found["name"])
    return name if entity is not None and entity.arn == name else None


def kept(account: Account, text: str) -> str:
    """Return a trust policy that the rules have let pass, with every AWS principal as AWS shows it, without escapes."""
    names = {name for kind, name in trust.principals(trust.checked(text)) if kind == "AWS"}
    return trust.replaced(text, {name: shown(account, name) or name for name in names})


def follow(account: Account, before: str, after: str) -> None:
    """Rewrite every trust policy that names a principal whose ARN changed, or that is gone and leaves its id."""
    # Looking for the text first is a hundred times faster than parsing; ``kept`` has undone all escapes.
    quoted = json.dumps(before, ensure_ascii=False)
    for role in account.iam.roles.values():
        if quoted in role.assume_role_policy_document:
            role.assume_role_policy_document = trust.replaced(role.assume_role_policy_document, {before: after})


def _entities(account: Account) -> list[Any]:
    return [*account.iam.users.values(), *account.iam.roles.values()]


def _role(account: Account, name: str) -> Any:
    return next((role for role in account.iam.roles.values() if role.name == name), None)
