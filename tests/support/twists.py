"""What people write beyond plain declarations: renames, given-up objects, additive and ignored fields, dated items."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st
from support.estates import ACCOUNT, AWS, BODIES, Docs, maybe

__all__ = ["trusting", "twisted", "twisted_settings"]

MANAGED: dict[str, dict[str, list[str]]] = {
    "policy": {"items": ["tags"], "values": ["path", "description", "document"]},
    "group": {"items": ["policies", "inline_policies", "members"], "values": ["path"]},
    "user": {
        "items": ["policies", "inline_policies", "tags", "groups"],
        "values": ["path", "permissions_boundary"],
    },
    "role": {
        "items": ["policies", "inline_policies", "tags"],
        "values": ["path", "trust", "description", "max_session_duration", "permissions_boundary"],
    },
}
NULLED = ["tags", "description", "policies", "inline_policies"]


@st.composite
def twisted(draw: st.DrawFn, before: Docs, after: Docs) -> Docs:
    """Draw what else the documents ``after`` may say when ``before`` is live; every reference still leads somewhere."""
    documents: Docs = copy.deepcopy(after)
    present = [document for document in documents if document.get("state") is None]
    for kind in ("user", "group"):
        if draw(st.booleans()):
            _rename(draw, kind, before, documents)
    for document in present:
        _twist(draw, document, documents)
    for document in documents:
        if document.get("state") == "absent" and draw(st.integers(0, 3)) == 0:
            document |= {"state": "unmanaged", "reason": "moved"}
    return draw(trusting(before, documents))


@st.composite
def trusting(draw: st.DrawFn, before: Docs, after: Docs) -> Docs:
    """Draw trusts in users and in roles of any path for some roles of ``after`` when ``before`` is live."""
    documents: Docs = copy.deepcopy(after)
    present = [document for document in documents if document.get("state") is None]
    for document in present:
        if document["kind"] == "role" and draw(st.integers(0, 2)):
            document.pop("service", None)
            document["trust"] = _trust(draw, before, present)
    return documents


def _twist(draw: st.DrawFn, document: dict[str, Any], documents: Docs) -> None:
    fields = MANAGED[document["kind"]]
    if draw(st.integers(0, 2)) == 0:
        modes = {field: ["additive", "ignore"] for field in fields["items"]}
        modes |= {field: ["ignore"] for field in fields["values"]}
        field = draw(st.sampled_from(sorted(modes)))
        document["manage"] = {field: draw(st.sampled_from(modes[field]))}
    if draw(st.integers(0, 3)) == 0:
        field = draw(st.sampled_from(NULLED))
        if field in fields["items"] + fields["values"]:
            document[field] = None
    if "policies" in fields["items"] and draw(st.booleans()):
        document["policies"] = _dated(draw, document.get("policies") or [], documents)
    if document["kind"] == "policy" and draw(st.integers(0, 3)) == 0:
        del document["document"]
        document["document_file"] = f"bodies/{draw(st.integers(0, len(BODIES) - 1))}.json"


def _dated(draw: st.DrawFn, listed: list[str], documents: Docs) -> list[Any]:
    """Return the listed references, some with a day, and beside them some that shall not be there."""
    items: list[Any] = []
    for text in listed:
        day = draw(st.sampled_from([None, "2026-11-23", "2026-11-24"]))
        items.append({"policy": text, "until": day} if day else text)
    others = [d["name"] for d in documents if d["kind"] == "policy" and d["name"] not in listed]
    others += [text for text in AWS if text not in listed]
    gone = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    return items + [{"policy": text, "state": "absent"} for text in gone]


def _rename(draw: st.DrawFn, kind: str, before: Docs, documents: Docs) -> None:
    """Give an object that is live another name, or its name to another: also one that differs in case only."""
    live = [document["name"] for document in before if document["kind"] == kind]
    here = {d["name"]: d for d in documents if d["kind"] == kind and d.get("state") is None}
    gone = [name for name in live if name not in here]
    new = [name for name in here if name not in live]
    same = [name for name in live if name in here]
    takes_over = draw(st.booleans())
    if gone and new and takes_over:
        old = draw(st.sampled_from(gone))
        documents[:] = [d for d in documents if (d["kind"], d["name"]) != (kind, old)]
        here[draw(st.sampled_from(new))]["renamed_from"] = old
    elif same:
        old = draw(st.sampled_from(same))
        name = draw(st.sampled_from([old.upper(), f"{old}.new"]))
        here[old] |= {"name": name, "renamed_from": old}
        for document in documents:
            for field in ("groups", "members"):
                refers = {"groups": "group", "members": "user"}[field]
                if refers == kind and old in (document.get(field) or []):
                    document[field] = [name if text == old else text for text in document[field]]


def _trust(draw: st.DrawFn, before: Docs, present: Docs) -> dict[str, Any]:
    """Return a trust in users and roles wherever their paths will be."""
    arns = sorted(_arn(document, before) for document in present if document["kind"] in {"user", "role"})
    named = draw(st.lists(st.sampled_from(arns), unique=True, min_size=1, max_size=3))
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    maybe(draw, statement, "Condition", st.just({"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    return {"Version": "2012-10-17", "Statement": [statement]}


def _arn(document: dict[str, Any], before: Docs) -> str:
    kind, name = document["kind"], document["name"]
    old = document.get("renamed_from", name)
    live = next((d for d in before if d["kind"] == kind and d["name"] == old), None)
    path = document.get("path") or "/"
    managed = document.get("manage", {}).get("path") != "ignore" and "path" in document
    if live is not None and not (managed and (kind == "user" or "replace" in document)):
        path = live.get("path") or "/"
    return f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}"


@st.composite
def twisted_settings(draw: st.DrawFn, documents: Docs) -> dict[str, Any]:
    """Draw settings beyond owner and prune that contradict no document."""
    settings: dict[str, Any] = {}
    keep = ["*/ReadOnly*", "user/U1/*", "role/*/p1", "*/PowerUserAccess"]
    maybe(draw, settings, "keep", st.lists(st.sampled_from(keep), unique=True, max_size=2))
    maybe(draw, settings, "ignore_tags", st.lists(st.sampled_from(["Cost", "te*", "Team"]), unique=True, max_size=2))
    declared = {(d["kind"], d["name"].lower()) for d in documents if d.get("state") != "unmanaged"}
    open_to = [("group", "g3"), ("policy", "p4"), ("role", "r4"), ("user", "u3"), ("user", "stranger1")]
    patterns = [f"{kind}/{name}" for kind, name in open_to if (kind, name) not in declared]
    rules = [{"match": pattern, "reason": "vendor"} for pattern in patterns]
    if rules:
        maybe(draw, settings, "ignore", st.lists(st.sampled_from(rules), unique_by=lambda r: r["match"], max_size=2))
    return settings
