"""Customer managed policies."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds._effects import created, tag_effects
from reconciler.kinds._holder import (
    explain_document,
    parse_document,
    parse_tags,
    read_tags,
    same_document,
    tag_facet,
    tag_list,
)
from reconciler.model import Call, Context, Document, Effect, Fixed, Kind, Lookup, Parsed, Rows, Sweep, Value
from reconciler.policydoc import compact, decode, size

__all__ = ["KIND", "Policy", "Version"]

VERSIONS_KEPT = 5
"""How many versions IAM keeps of a policy. Source: IAM user guide, reference_iam-quotas (cannot be raised)."""


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version of a policy; ``number`` counts the versions ever made and is never used twice."""

    id: str
    document: Mapping[str, Any]

    @property
    def number(self) -> int:
        """Return the number in the version's id: 3 of ``v3``."""
        digits = self.id.removeprefix("v").partition(".")[0]
        return int(digits) if digits.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Policy:
    """A customer managed policy; ``arn``, the ``default`` version's id and the ``others`` are known live only."""

    name: str
    path: str = "/"
    description: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    arn: str = ""
    default: str = ""
    others: tuple[Version, ...] = ()
    unique_id: str = ""


def _parse(document: Document, context: Context) -> Parsed[Policy] | None:
    data = document.data
    tags = parse_tags(document, context, folds=False)
    if "document" not in data or not parse_document(document, ("document",), "managed", context):
        return None
    return Parsed(
        Policy(
            name=data["name"],
            path=data.get("path") or "/",
            description=data.get("description") or None,
            document=data["document"],
            tags=tags,
        )
    )


def _read(rows: Rows) -> Iterable[Policy]:
    for row in rows["Policies"]:
        path, _, name = row["Arn"].partition(":policy")[2].rpartition("/")
        versions = [Version(v["VersionId"], decode(v["Document"])) for v in row["PolicyVersionList"]]
        default = row["DefaultVersionId"]
        yield Policy(
            name=name,
            path=f"{path}/",
            description=row.get("Description") or None,
            document=next(version.document for version in versions if version.id == default),
            arn=row["Arn"],
            default=default,
            others=tuple(version for version in versions if version.id != default),
            unique_id=row.get("PolicyId", ""),
        )


def _create(policy: Policy, _: frozenset[str]) -> Sequence[Call]:
    params: dict[str, Any] = {"PolicyName": policy.name, "Path": policy.path}
    params["PolicyDocument"] = compact(policy.document)
    if policy.description:
        params["Description"] = policy.description
    if policy.tags:
        params["Tags"] = tag_list(policy.tags)
    return [Call("CreatePolicy", params)]


def _delete(policy: Policy) -> Sequence[tuple[Effect, Call]]:
    versions = sorted(policy.others, key=lambda version: version.number)
    calls = [Call("DeletePolicyVersion", {"PolicyArn": policy.arn, "VersionId": version.id}) for version in versions]
    calls.append(Call("DeletePolicy", {"PolicyArn": policy.arn}))
    return [("delete", call) for call in calls]


def _write_document(desired: Policy, live: Policy) -> Sequence[Call]:
    """Return the calls that make the desired document the default: a stored version that says the same is reused.

    Source: IAM user guide, access_policies_managed-versioning: five versions, ids are never used again.
    """
    stored = [version for version in live.others if same_document(version.document, desired.document)]
    if stored:
        newest = max(stored, key=lambda version: version.number)
        return [Call("SetDefaultPolicyVersion", {"PolicyArn": live.arn, "VersionId": newest.id})]
    calls = []
    if len(live.others) >= VERSIONS_KEPT - 1:
        oldest = min(live.others, key=lambda version: version.number)
        calls.append(Call("DeletePolicyVersion", {"PolicyArn": live.arn, "VersionId": oldest.id}))
    version = {"PolicyArn": live.arn, "PolicyDocument": compact(desired.document), "SetAsDefault": True}
    return [*calls, Call("CreatePolicyVersion", version)]


def _irreversible(policy: Policy, after: Policy | None) -> tuple[str, ...]:
    if after is not None:
        kept = {version.id for version in after.others} | {after.default}
        return tuple(f"the stored version {version.id}" for version in policy.others if version.id not in kept)
    count = len(policy.others)
    stored = (f"{count} older version{'s' if count > 1 else ''}",) if count else ()
    return (*stored, "the unique id and the version ids")


def _subject(params: Mapping[str, Any]) -> str:
    name: str = params["PolicyName"] if "PolicyName" in params else params["PolicyArn"].rpartition("/")[2]
    return name


def _created(live: Policy | None, params: Mapping[str, Any]) -> Any:
    # Tags are left out: whoever looks after a lost answer has not read them.
    made = Policy(
        name=params["PolicyName"],
        path=params["Path"],
        description=params.get("Description"),
        document=decode(params["PolicyDocument"]),
        tags=read_tags(params),
    )
    return created(made, live, ("path", "description", "document"))


def _versioned(policy: Policy, params: Mapping[str, Any]) -> Any:
    document = decode(params["PolicyDocument"])
    if same_document(policy.document, document):
        return policy
    # The new version's id is IAM's to give, so nothing of this plan may name it.
    others = (*policy.others, Version(policy.default, policy.document))
    return dataclasses.replace(policy, document=document, default="", others=others)


def _switched(policy: Policy, params: Mapping[str, Any]) -> Any:
    chosen = next((version for version in policy.others if version.id == params["VersionId"]), None)
    if chosen is None:
        return policy
    others = (*(v for v in policy.others if v is not chosen), Version(policy.default, policy.document))
    return dataclasses.replace(policy, document=chosen.document, default=chosen.id, others=others)


def _without_version(policy: Policy, params: Mapping[str, Any]) -> Any:
    others = tuple(version for version in policy.others if version.id != params["VersionId"])
    return policy if others == policy.others else dataclasses.replace(policy, others=others)


KIND: Kind[Policy] = Kind(
    name="policy",
    parse=_parse,
    read=_read,
    create=_create,
    delete=_delete,
    handle=("PolicyArn", "arn"),
    facets=(
        Fixed("path"),
        Fixed("description"),
        Value(
            "document",
            "none",
            write=_write_document,
            same=same_document,
            explain=explain_document,
            grants="document",
        ),
        tag_facet(("TagPolicy", "UntagPolicy"), lambda policy: {"PolicyArn": policy.arn}, folds=False),
    ),
    sweeps=(Sweep("GetAccountAuthorizationDetails", "Policies", {"Filter": ["LocalManagedPolicy"]}),),
    lookups=(Lookup("tags", "ListPolicyTags", "Tags", lambda policy: {"PolicyArn": policy.arn}),),
    irreversible=_irreversible,
    counted="Policies",
    fills={
        "PolicySizeQuota": ("document", lambda document: size(compact(document))),
        "VersionsPerPolicyQuota": ("others", lambda others: 1 + len(others)),
    },
    enrich=lambda policy, found: dataclasses.replace(policy, tags=read_tags({"Tags": found["ListPolicyTags"]})),
    subject=_subject,
    creates="CreatePolicy",
    effects={
        "CreatePolicy": _created,
        "CreatePolicyVersion": _versioned,
        "SetDefaultPolicyVersion": _switched,
        "DeletePolicyVersion": _without_version,
        "DeletePolicy": lambda _policy, _params: None,
        **tag_effects("Policy"),
    },
)
