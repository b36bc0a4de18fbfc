"""What users, groups and roles share: attached and inline policies, a boundary, tags."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.catalogue import managed_policy
from reconciler.errors import PolicyError
from reconciler.model import Call, Context, Document, Effect, Items, Value
from reconciler.model.mark import MARK_KEY
from reconciler.policydoc import check, compact, decode, describe, equivalent, explain, size

__all__ = [
    "Inline",
    "Keys",
    "attachment_facet",
    "boundary_facet",
    "inline_facet",
    "lost_attachments",
    "parse_attachments",
    "parse_document",
    "parse_inline",
    "parse_keys",
    "parse_tags",
    "read_attachments",
    "read_inline",
    "read_tags",
    "same_document",
    "strip",
    "tag_facet",
    "tag_list",
]

Keys: TypeAlias = Mapping[str, None]
"""Items that are nothing but their key."""

Inline: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Inline policies: documents by name."""

_TAG_TEXT = re.compile(r"[\w \u00a0.:/=+\-@]*")
_TAGS_PER_ENTITY = 50


def same_document(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two documents say the same; one that is beyond our grammar is like nothing but itself."""
    try:
        return equivalent(one, other)
    except PolicyError:
        return one == other


def explain_document(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the lines that explain how one document becomes the other; None is no document."""
    try:
        if before is None:
            return tuple(f"+ {line}" for line in describe(after or {}))
        if after is None:
            return tuple(f"- {line}" for line in describe(before))
        return tuple(explain(before, after))
    except PolicyError as error:
        return (f"~ the live document cannot be explained ({error})",)


def parse_document(document: Document, path: tuple[str | int, ...], form: Any, context: Context) -> bool:
    """Report every fault of the policy document at ``path`` and return whether there is none."""
    node: Any = document.data
    for key in path:
        node = node[key]
    findings = check(node, form)
    for finding in findings:
        context.report((*path, *finding.path), finding.what, finding.remedy)
    return not findings


def parse_keys(value: Any) -> Keys:
    """Return a list of names as items; None is the empty list."""
    return dict.fromkeys(value or ())


def parse_attachments(document: Document, context: Context) -> tuple[Keys, frozenset[str]]:
    """Return the references under ``policies`` that hold on the context's day, and those that no longer do."""
    present: dict[str, None] = {}
    dropped: set[str] = set()
    for index, item in enumerate(document.data.get("policies") or ()):
        if isinstance(item, str):
            present[item] = None
            continue
        until = _day(item.get("until"), ("policies", index, "until"), context)
        past = until is not None and context.today > until
        if past or item.get("state") == "absent":
            dropped.add(item["policy"])
        else:
            present[item["policy"]] = None
    for text in sorted(dropped & present.keys()):
        context.report(("policies",), f"{text} is listed both to hold and not to hold", "keep one of the two entries")
    return present, frozenset(dropped)


def _day(text: str | None, path: tuple[str | int, ...], context: Context) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        context.report(path, f"{text!r} is no day", "write it as YYYY-MM-DD")
        return None


def parse_inline(document: Document, limit: int, context: Context) -> Inline:
    """Return the inline policies, reporting the faults of their documents; ``limit`` is the sum of their sizes.

    Source: IAM user guide, reference_iam-quotas: 2,048 characters a user, 5,120 a group, 10,240 a role.
    """
    found: dict[str, Mapping[str, Any]] = {}
    folded: dict[str, str] = {}
    for name, body in (document.data.get("inline_policies") or {}).items():
        twin = folded.setdefault(name.lower(), name)
        if twin != name:
            context.report(("inline_policies", name), f"{name} and {twin} differ in case only", "rename one of them")
        if parse_document(document, ("inline_policies", name), "inline", context):
            found[name] = body
    total = sum(size(compact(body)) for body in found.values())
    if total > limit:
        what = f"the inline policies have {total} characters together; IAM takes {limit}"
        context.report(("inline_policies",), what, "move some into managed policies")
    return found


def parse_tags(document: Document, context: Context, *, folds: bool) -> Mapping[str, str]:
    """Return the tags; ``folds`` says that keys which differ in case only are one key.

    Source: IAM user guide, id_tags: keys of users and roles ignore case; ``aws:`` is reserved; 50 an entity.
    """
    tags = {key: "" if value is None else str(value) for key, value in (document.data.get("tags") or {}).items()}
    seen: dict[str, str] = {}
    for key, value in tags.items():
        path = ("tags", key)
        if key.lower().startswith("aws:"):
            context.report(path, f"the tag key {key} begins with aws:, which AWS keeps for itself", "rename the key")
        if key == MARK_KEY:
            context.report(path, f"the tag {key} is the ownership mark", "remove it: the reconciler writes it")
        if not key or len(key) > 128 or not _TAG_TEXT.fullmatch(key):  # noqa: PLR2004  the docstring's source
            what = f"{key!r} is no tag key: 1 to 128 letters, digits, spaces or _.:/=+-@"
            context.report(path, what, "rename the key")
        if len(value) > 256 or not _TAG_TEXT.fullmatch(value):  # noqa: PLR2004  the docstring's source
            what = f"the value of tag {key} is no tag value: up to 256 letters, digits, spaces or _.:/=+-@"
            context.report(path, what, "change the value")
        twin = seen.setdefault(key.lower() if folds else key, key)
        if twin != key:
            context.report(path, f"the tag keys {twin} and {key} differ in case only", "keep one of them")
    if len(tags) >= _TAGS_PER_ENTITY:
        what = f"{len(tags)} tags: IAM takes {_TAGS_PER_ENTITY}, and one of them is the ownership mark"
        context.report(("tags",), what, "remove some")
    return tags


def read_attachments(row: Mapping[str, Any]) -> Keys:
    """Return the ARNs of the managed policies attached to a row of GetAccountAuthorizationDetails."""
    return {item["PolicyArn"]: None for item in row.get("AttachedManagedPolicies") or ()}


def lost_attachments(before: Any, after: Any) -> tuple[str, ...]:
    """Return what nobody can attach to a holder again once ``after`` (None: it is gone) no longer has it.

    Source: IAM user guide, access_policies_managed-deprecated: a retired policy stays where it is attached, and can be
    attached nowhere else.
    """
    kept = after.policies if after is not None else {}
    gone = (arn for arn in sorted(before.policies) if arn not in kept and arn.split(":")[4] == "aws")
    known = (managed_policy(arn.rpartition("/")[2]) for arn in gone)
    return tuple(f"the attachment of {p.name}, which AWS has retired" for p in known if p is not None and p.deprecated)


def read_inline(row: Mapping[str, Any], member: str) -> Inline:
    """Return the inline policies of a row of GetAccountAuthorizationDetails."""
    return {item["PolicyName"]: decode(item["PolicyDocument"]) for item in row.get(member) or ()}


def read_tags(row: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the tags of a row as a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in row.get("Tags") or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags in the form that IAM's calls take, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def attachment_facet(noun: str) -> Items:
    """Return the facet over the managed policies attached to a ``User``, ``Group`` or ``Role``."""
    param = f"{noun}Name"

    def put(holder: Any, items: Mapping[str, Any]) -> Sequence[Call]:
        return [Call(f"Attach{noun}Policy", {param: holder.name, "PolicyArn": arn}) for arn in sorted(items)]

    def drop(holder: Any, keys: Sequence[str]) -> Sequence[Call]:
        return [Call(f"Detach{noun}Policy", {param: holder.name, "PolicyArn": arn}) for arn in sorted(keys)]

    return Items(
        "policies",
        "none",
        "policy",
        put=put,
        drop=drop,
        quota=f"AttachedPoliciesPer{noun}Quota",
        label=lambda arn: arn.rpartition("/")[2],
        grants="held",
    )


def inline_facet(noun: str) -> Items:
    """Return the facet over the inline policies of a ``User``, ``Group`` or ``Role``."""
    param = f"{noun}Name"

    def put(holder: Any, items: Mapping[str, Any]) -> Sequence[Call]:
        return [
            Call(f"Put{noun}Policy", {param: holder.name, "PolicyName": name, "PolicyDocument": compact(items[name])})
            for name in sorted(items)
        ]

    def drop(holder: Any, keys: Sequence[str]) -> Sequence[Call]:
        return [Call(f"Delete{noun}Policy", {param: holder.name, "PolicyName": name}) for name in sorted(keys)]

    return Items(
        "inline_policies",
        "none",
        put=put,
        drop=drop,
        same=same_document,
        explain=explain_document,
        folds=True,
        quota=f"{noun}PolicySizeQuota",
        weight=lambda body: size(compact(body)),
        grants="inline",
    )


def boundary_facet(noun: str) -> Value:
    """Return the facet over the permissions boundary of a ``User`` or ``Role``."""
    param = f"{noun}Name"

    def write(desired: Any, live: Any) -> Sequence[Call]:
        if desired.permissions_boundary is None:
            return [Call(f"Delete{noun}PermissionsBoundary", {param: live.name})]
        boundary = {param: live.name, "PermissionsBoundary": desired.permissions_boundary}
        return [Call(f"Put{noun}PermissionsBoundary", boundary)]

    return Value("permissions_boundary", "leave", "policy", write=write, grants="boundary")


def tag_facet(operations: tuple[str, str], names: Callable[[Any], Mapping[str, str]], *, folds: bool) -> Items:
    """Return the facet over tags; ``operations`` tag and untag, ``names`` gives the parameters that name the holder."""

    def put(holder: Any, items: Mapping[str, Any]) -> Sequence[Call]:
        return [Call(operations[0], {**names(holder), "Tags": tag_list(items)})]

    def drop(holder: Any, keys: Sequence[str]) -> Sequence[Call]:
        return [Call(operations[1], {**names(holder), "TagKeys": sorted(keys)})]

    return Items("tags", "leave", put=put, drop=drop, folds=folds, at_creation=True, quota=_TAGS_PER_ENTITY)


def strip(noun: str, holder: Any) -> list[tuple[Effect, Call]]:
    """Return the calls that take every managed and inline policy from a holder that is about to be deleted."""
    detach = attachment_facet(noun).drop(holder, list(holder.policies))
    erase = inline_facet(noun).drop(holder, list(holder.inline_policies))
    return [("delete", call) for call in (*detach, *erase)]
