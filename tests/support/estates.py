"""Random estates: documents of every kind that refer to one another, small enough to be understood when they fail."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from hypothesis import strategies as st

__all__ = ["ACCOUNT", "Docs", "as_yaml", "estates", "settings_document"]

ACCOUNT = "123456789012"

Docs: TypeAlias = list[dict[str, Any]]

POLICIES = ["p1", "p2", "p3", "p4"]
GROUPS = ["g1", "g2", "g3"]
USERS = ["u1", "u2", "u3"]
ROLES = ["r1", "r2", "r3", "r4"]
AWS = ["ReadOnlyAccess", "service-role/AmazonAPIGatewayPushToCloudWatchLogs", "SecurityAudit"]
PATHS = ["/", "/a/", "/b/c/"]
TAGS = {"team": ["a", "b"], "Cost": ["1", ""]}

BODIES: list[dict[str, Any]] = [
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": f"S{number}", "Effect": effect, "Action": action, "Resource": resource}],
    }
    for number, (effect, action, resource) in enumerate(
        [
            ("Allow", "s3:GetObject", "*"),
            ("Allow", ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::bucket/*"),
            ("Deny", "s3:*", "*"),
            ("Allow", "execute-api:Invoke", "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/*"),
            ("Allow", ["sqs:SendMessage"], ["*"]),
            ("Deny", "iam:*", "arn:aws:iam::123456789012:role/*"),
        ]
    )
]


def bodies() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(BODIES)


def subsets(names: list[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=most) if names else st.just([])


def maybe(draw: st.DrawFn, document: dict[str, Any], key: str, values: st.SearchStrategy[Any]) -> None:
    if draw(st.booleans()):
        document[key] = draw(values)


def tags() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in TAGS.items()})


def inline() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(["i1", "i2"]), bodies(), max_size=2)


@st.composite
def estates(draw: st.DrawFn) -> Docs:
    """Draw the documents of an estate whose references all lead somewhere."""
    policies, groups, users, roles = (
        draw(st.lists(st.sampled_from(names), unique=True)) for names in (POLICIES, GROUPS, USERS, ROLES)
    )
    known = [*policies, *AWS]
    documents: Docs = [_policy(draw, name) for name in policies]
    by_members = {name for name in groups if draw(st.booleans())}
    documents += [_group(draw, name, known, users if name in by_members else None) for name in groups]
    open_groups = [name for name in groups if name not in by_members]
    documents += [_user(draw, name, known, open_groups, documents) for name in users]
    principals = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in roles]
    roles_documents = [_role(draw, name, known) for name in roles]
    for document in roles_documents:
        if draw(st.booleans()):
            document["service"] = draw(st.sampled_from(["apigateway", "lambda", ["lambda", "ec2"]]))
        else:
            document["trust"] = _trust(draw, [p for p in principals if _at_root(roles_documents, p)])
    return documents + roles_documents


def _at_root(documents: Docs, principal: str) -> bool:
    name = principal.rpartition("/")[2]
    return all(document.get("path", "/") == "/" for document in documents if document["name"] == name)


def _policy(draw: st.DrawFn, name: str) -> dict[str, Any]:
    document = {"kind": "policy", "name": name, "document": draw(bodies())}
    maybe(draw, document, "tags", tags())
    maybe(draw, document, "description", st.sampled_from(["one", "two"]))
    maybe(draw, document, "path", st.sampled_from(PATHS))
    maybe(draw, document, "replace", st.just("true"))
    return document


def _group(draw: st.DrawFn, name: str, known: list[str], users: list[str] | None) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "group", "name": name}
    maybe(draw, document, "policies", subsets(known))
    maybe(draw, document, "inline_policies", inline())
    maybe(draw, document, "path", st.sampled_from(PATHS))
    if users is not None:
        document["members"] = draw(subsets(users))
    return document


def _user(draw: st.DrawFn, name: str, known: list[str], groups: list[str], documents: Docs) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "user", "name": name}
    maybe(draw, document, "policies", subsets(known))
    maybe(draw, document, "inline_policies", inline())
    maybe(draw, document, "permissions_boundary", st.one_of(st.none(), st.sampled_from(known)))
    maybe(draw, document, "path", st.sampled_from(PATHS))
    maybe(draw, document, "tags", tags())
    if draw(st.booleans()):
        listed = [d["name"] for d in documents if d["kind"] == "group" and name in d.get("members", [])]
        document["groups"] = listed + draw(subsets(groups))
    return document


def _role(draw: st.DrawFn, name: str, known: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "role", "name": name}
    maybe(draw, document, "policies", subsets(known))
    maybe(draw, document, "inline_policies", inline())
    maybe(draw, document, "permissions_boundary", st.one_of(st.none(), st.sampled_from(known)))
    maybe(draw, document, "description", st.sampled_from(["one", "two", None]))
    maybe(draw, document, "max_session_duration", st.sampled_from(["3600", "7200"]))
    maybe(draw, document, "tags", tags())
    if draw(st.integers(0, 3)) == 0:
        document["path"] = "/a/"
        maybe(draw, document, "replace", st.just("true"))
    return document


def _trust(draw: st.DrawFn, principals: list[str]) -> dict[str, Any]:
    named = draw(subsets(principals, 2)) or [f"arn:aws:iam::{ACCOUNT}:root"]
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def settings_document(**more: Any) -> dict[str, Any]:
    return {"version": "1", "account": ACCOUNT, **more}


def as_yaml(documents: Docs) -> str:
    """Return the documents as one YAML stream; JSON is YAML."""
    return "".join(f"---\n{json.dumps(document)}\n" for document in documents)
