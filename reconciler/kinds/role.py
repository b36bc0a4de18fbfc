"""Roles."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.catalogue import near_services, service_actions, service_principals
from reconciler.errors import PolicyError
from reconciler.kinds._effects import (
    boundary_effects,
    created,
    holder_effects,
    tag_effects,
    with_value,
)
from reconciler.kinds._holder import (
    Inline,
    Keys,
    attachment_facet,
    boundary_facet,
    explain_document,
    inline_facet,
    lost_attachments,
    parse_attachments,
    parse_document,
    parse_inline,
    parse_tags,
    read_attachments,
    read_inline,
    read_tags,
    same_document,
    strip,
    tag_facet,
    tag_list,
)
from reconciler.kinds._usage import is_recent
from reconciler.model import Account, Call, Context, Document, Effect, Fixed, Kind, Parsed, Rows, Sweep, Value
from reconciler.policydoc import atoms, compact, decode, principals, rename_principals, size, without_principals

__all__ = ["KIND", "Role"]

DEFAULT_SESSION = 3600
"""Seconds. Source: CreateRole in IAM's service model: the default when MaxSessionDuration is not given."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role; ``max_session_duration`` is in seconds, ``instance_profiles`` are names and known live only.

    ``last_used`` is known live only as well, and no part of what the role is: it is compared with nothing.
    """

    name: str
    path: str = "/"
    trust: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None
    max_session_duration: int = DEFAULT_SESSION
    policies: Keys = field(default_factory=dict)
    inline_policies: Inline = field(default_factory=dict)
    permissions_boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    instance_profiles: tuple[str, ...] = ()
    unique_id: str = ""
    last_used: dt.datetime | None = field(default=None, compare=False)


def _parse(document: Document, context: Context) -> Parsed[Role] | None:
    data = document.data
    trust = _service_trust(document, context) if "service" in data else data.get("trust", {})
    sound = "service" in data or ("trust" in data and parse_document(document, ("trust",), "trust", context))
    policies, dropped = parse_attachments(document, context)
    role = Role(
        name=data["name"],
        path=data.get("path") or "/",
        trust=trust,
        description=data.get("description") or None,
        max_session_duration=_seconds(data.get("max_session_duration"), context),
        policies=policies,
        inline_policies=parse_inline(document, 10240, context),
        permissions_boundary=data.get("permissions_boundary"),
        tags=parse_tags(document, context, folds=True),
    )
    return Parsed(role, {"policies": dropped}) if sound else None


def _seconds(text: Any, context: Context) -> int:
    """Return the session length; Source: CreateRole in IAM's service model: 3600 to 43200 seconds."""
    if text is None:
        return DEFAULT_SESSION
    seconds = int(text)
    if not DEFAULT_SESSION <= seconds <= 43200:  # noqa: PLR2004  the docstring's source
        what = f"a session of {seconds} s is out of IAM's range"
        context.report(("max_session_duration",), what, "write 3600 to 43200 seconds (1 to 12 hours)")
    return seconds


def _service_trust(document: Document, context: Context) -> Mapping[str, Any]:
    given = document.data["service"]
    texts = [given] if isinstance(given, str) else list(given or ())
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for index, text in enumerate(texts):
        found = service_principals(text)
        if found is None:
            near = ", ".join(near_services(text))
            path = ("service",) if isinstance(given, str) else ("service", index)
            remedy = f"did you mean {near}?" if near else "write its principal's first part, or a whole trust"
            context.report(path, f"no service is known as {text!r}", remedy)
            continue
        for principal in found:
            by_actions.setdefault(service_actions(principal), []).append(principal)
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": _scalar(sorted(set(names)))},
            "Action": _scalar(list(actions)),
        }
        for actions, names in sorted(by_actions.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _scalar(items: list[str]) -> Any:
    return items[0] if len(items) == 1 else items


def _read(rows: Rows) -> Iterable[Role]:
    listed = {row["RoleName"]: row for row in rows["Roles"]}
    for row in rows["RoleDetailList"]:
        more = listed.get(row["RoleName"], {})
        yield Role(
            name=row["RoleName"],
            path=row["Path"],
            trust=decode(row["AssumeRolePolicyDocument"]),
            description=more.get("Description") or None,
            max_session_duration=more.get("MaxSessionDuration", DEFAULT_SESSION),
            policies=read_attachments(row),
            inline_policies=read_inline(row, "RolePolicyList"),
            permissions_boundary=(row.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            tags=read_tags(row),
            instance_profiles=tuple(sorted(p["InstanceProfileName"] for p in row.get("InstanceProfileList") or ())),
            unique_id=row.get("RoleId", ""),
            last_used=(row.get("RoleLastUsed") or {}).get("LastUsedDate"),
        )


def _create(role: Role, missing: frozenset[str]) -> Sequence[Call]:
    """Return the creating call; a trust in principals that are ``missing`` is completed by a second one."""
    first = without_principals(role.trust, missing) if missing else role.trust
    params: dict[str, Any] = {"RoleName": role.name, "Path": role.path, "AssumeRolePolicyDocument": compact(first)}
    params["MaxSessionDuration"] = role.max_session_duration
    if role.description:
        params["Description"] = role.description
    if role.permissions_boundary:
        params["PermissionsBoundary"] = role.permissions_boundary
    if role.tags:
        params["Tags"] = tag_list(role.tags)
    calls = [Call("CreateRole", params)]
    return [*calls, *_write_trust(role, role)] if missing else calls


def _delete(role: Role) -> Sequence[tuple[Effect, Call]]:
    own = {"RoleName": role.name}
    leave = [
        Call("RemoveRoleFromInstanceProfile", {"InstanceProfileName": name, **own}) for name in role.instance_profiles
    ]
    leaving: list[tuple[Effect, Call]] = [("delete", call) for call in leave]
    return [*leaving, *strip("Role", role), ("delete", Call("DeleteRole", own))]


def _recreate(desired: Role, live: Role) -> Sequence[Call]:
    return [
        Call("AddRoleToInstanceProfile", {"InstanceProfileName": name, "RoleName": desired.name})
        for name in sorted({*desired.instance_profiles, *live.instance_profiles})
    ]


def _irreversible(role: Role, after: Role | None) -> tuple[str, ...]:
    lost = lost_attachments(role, after)
    return lost if after is not None else (*lost, "the unique id, by which trust policies know the role")


def _in_use(role: Role, today: dt.date) -> tuple[str, ...]:
    """Return why the role seems to be in use.

    Source: RoleLastUsed in IAM's service model: the last use in any region within 400 days, none where there was none;
    IAM user guide, access_policies_access-advisor: what was used in the last hours may not show yet. The guide says of
    instance profiles, id_roles_manage_delete: what runs on an instance with the role fails once it is gone.
    """
    found = [f"it is in the instance profile {name}" for name in role.instance_profiles]
    if role.last_used is not None and is_recent(role.last_used, today):
        found.append(f"it was last used on {role.last_used:%Y-%m-%d}")
    return tuple(found)


def _write_trust(desired: Role, live: Role) -> Sequence[Call]:
    return [Call("UpdateAssumeRolePolicy", {"RoleName": live.name, "PolicyDocument": compact(desired.trust)})]


def _write_role(desired: Role, live: Role) -> Sequence[Call]:
    """Return UpdateRole with both of its fields: one that is left out may be reset. Source: UpdateRole's model."""
    return [
        Call(
            "UpdateRole",
            {
                "RoleName": live.name,
                "Description": desired.description or "",
                "MaxSessionDuration": desired.max_session_duration,
            },
        )
    ]


def _reserved(role: Role) -> str | None:
    if role.path.startswith("/aws-service-role/"):
        return "a service-linked role, which only its service may change"
    if role.path.startswith("/aws-reserved/"):
        return "under /aws-reserved/, which AWS keeps for itself"
    return None


def _warnings(desired: Role, live: Role) -> tuple[str, ...]:
    """Return how long those may stay who are trusted no more.

    Source: IAM user guide, id_roles_use_revoke-sessions: a session lasts until it expires, whatever the trust says.
    """
    try:
        old, new = atoms(live.trust), atoms(desired.trust)
    except PolicyError:
        return ()
    if old.allow <= new.allow and new.deny <= old.deny:
        return ()
    hours = live.max_session_duration / 3600
    return (f"the trust narrows: sessions that are open already may last up to {hours:g} h more",)


def _created(live: Role | None, params: Mapping[str, Any]) -> Any:
    made = Role(
        name=params["RoleName"],
        path=params["Path"],
        trust=decode(params["AssumeRolePolicyDocument"]),
        description=params.get("Description"),
        max_session_duration=params["MaxSessionDuration"],
        permissions_boundary=params.get("PermissionsBoundary"),
        tags=read_tags(params),
    )
    fields = ("path", "trust", "description", "max_session_duration", "permissions_boundary", "tags")
    return created(made, live, fields)


def _updated(role: Role, params: Mapping[str, Any]) -> Any:
    described = with_value(role, "description", params["Description"] or None)
    return with_value(described, "max_session_duration", params["MaxSessionDuration"])


def _trusting(role: Role, params: Mapping[str, Any]) -> Any:
    trust = decode(params["PolicyDocument"])
    return role if same_document(role.trust, trust) else dataclasses.replace(role, trust=trust)


def _into_profile(role: Role, params: Mapping[str, Any]) -> Any:
    names = {*role.instance_profiles, params["InstanceProfileName"]}
    return with_value(role, "instance_profiles", tuple(sorted(names)))


def _out_of_profile(role: Role, params: Mapping[str, Any]) -> Any:
    names = (name for name in role.instance_profiles if name != params["InstanceProfileName"])
    return with_value(role, "instance_profiles", tuple(names))


def _bindings(role: Role, account: Account) -> Mapping[str, str]:
    """Return what is the same in all requests of a role's sessions. Source: reference_policies_condition-keys."""
    return {
        "aws:PrincipalArn": account.arn("role", role.path, role.name),
        "aws:PrincipalAccount": account.id,
        "aws:PrincipalType": "AssumedRole",
        **{f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()},
    }


KIND: Kind[Role] = Kind(
    name="role",
    parse=_parse,
    read=_read,
    create=_create,
    delete=_delete,
    handle=("RoleName", "name"),
    facets=(
        Fixed("path"),
        Value("trust", "none", write=_write_trust, same=same_document, explain=explain_document, trusts=True),
        Value("description", write=_write_role),
        Value("max_session_duration", write=_write_role),
        attachment_facet("Role"),
        inline_facet("Role"),
        boundary_facet("Role"),
        tag_facet(("TagRole", "UntagRole"), lambda role: {"RoleName": role.name}, folds=True),
    ),
    sweeps=(
        Sweep("GetAccountAuthorizationDetails", "RoleDetailList", {"Filter": ["Role"]}),
        Sweep("ListRoles", "Roles"),
    ),
    principals=lambda role: principals(role.trust),
    follow=lambda role, moved: dataclasses.replace(role, trust=rename_principals(role.trust, moved)),
    recreate=_recreate,
    irreversible=_irreversible,
    in_use=_in_use,
    counted="Roles",
    fills={"AssumeRolePolicySizeQuota": ("trust", lambda trust: size(compact(trust)))},
    reserved=_reserved,
    warnings=_warnings,
    bindings=_bindings,
    creates="CreateRole",
    effects={
        "CreateRole": _created,
        "UpdateRole": _updated,
        "UpdateAssumeRolePolicy": _trusting,
        "DeleteRole": lambda _role, _params: None,
        "AddRoleToInstanceProfile": _into_profile,
        "RemoveRoleFromInstanceProfile": _out_of_profile,
        **holder_effects("Role"),
        **boundary_effects("Role"),
        **tag_effects("Role"),
    },
)
