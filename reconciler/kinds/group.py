"""Groups of users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds._effects import created, having, holder_effects, lacking, with_value
from reconciler.kinds._holder import (
    Inline,
    Keys,
    attachment_facet,
    inline_facet,
    lost_attachments,
    parse_attachments,
    parse_inline,
    parse_keys,
    read_attachments,
    read_inline,
    strip,
)
from reconciler.model import Call, Context, Document, Effect, Items, Kind, Parsed, Rows, Sweep, Value

__all__ = ["KIND", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """A group; IAM gives it no tags, so it never carries the ownership mark."""

    name: str
    path: str = "/"
    members: Keys = field(default_factory=dict)
    policies: Keys = field(default_factory=dict)
    inline_policies: Inline = field(default_factory=dict)
    unique_id: str = ""


def _parse(document: Document, context: Context) -> Parsed[Group]:
    data = document.data
    policies, dropped = parse_attachments(document, context)
    group = Group(
        name=data["name"],
        path=data.get("path") or "/",
        members=parse_keys(data.get("members")),
        policies=policies,
        inline_policies=parse_inline(document, 5120, context),
    )
    return Parsed(group, {"policies": dropped})


def _read(rows: Rows) -> Iterable[Group]:
    members: dict[str, dict[str, None]] = {}
    for user in rows["UserDetailList"]:
        for name in user.get("GroupList") or ():
            members.setdefault(name, {})[user["UserName"]] = None
    for row in rows["GroupDetailList"]:
        yield Group(
            name=row["GroupName"],
            path=row["Path"],
            members=members.get(row["GroupName"], {}),
            policies=read_attachments(row),
            inline_policies=read_inline(row, "GroupPolicyList"),
            unique_id=row.get("GroupId", ""),
        )


def _create(group: Group, _: frozenset[str]) -> Sequence[Call]:
    return [Call("CreateGroup", {"GroupName": group.name, "Path": group.path})]


def _expel(group: Group, names: Sequence[str]) -> Sequence[Call]:
    return [Call("RemoveUserFromGroup", {"GroupName": group.name, "UserName": name}) for name in sorted(names)]


def _join(group: Group, items: Mapping[str, Any]) -> Sequence[Call]:
    return [Call("AddUserToGroup", {"GroupName": group.name, "UserName": name}) for name in sorted(items)]


def _delete(group: Group) -> Sequence[tuple[Effect, Call]]:
    expelled: list[tuple[Effect, Call]] = [("delete", call) for call in _expel(group, list(group.members))]
    return [*expelled, *strip("Group", group), ("delete", Call("DeleteGroup", {"GroupName": group.name}))]


def _irreversible(group: Group, after: Group | None) -> tuple[str, ...]:
    lost = lost_attachments(group, after)
    return lost if after is not None else (*lost, "the unique id")


def _write_path(desired: Group, live: Group) -> Sequence[Call]:
    return [Call("UpdateGroup", {"GroupName": live.name, "NewPath": desired.path})]


def _created(live: Group | None, params: Mapping[str, Any]) -> Any:
    return created(Group(params["GroupName"], params["Path"]), live, ("path",))


def _updated(group: Group, params: Mapping[str, Any]) -> Any:
    moved = with_value(group, "path", params.get("NewPath", group.path))
    return with_value(moved, "name", params.get("NewGroupName", group.name))


KIND: Kind[Group] = Kind(
    name="group",
    parse=_parse,
    read=_read,
    create=_create,
    delete=_delete,
    handle=("GroupName", "name"),
    facets=(
        Value("path", write=_write_path),
        Items("members", "leave", "user", put=_join, drop=_expel, folds=True, inverse="groups"),
        attachment_facet("Group"),
        inline_facet("Group"),
    ),
    sweeps=(
        Sweep("GetAccountAuthorizationDetails", "GroupDetailList", {"Filter": ["Group"]}),
        Sweep("GetAccountAuthorizationDetails", "UserDetailList", {"Filter": ["User"]}),
    ),
    irreversible=_irreversible,
    counted="Groups",
    rename=lambda old, new: Call("UpdateGroup", {"GroupName": old, "NewGroupName": new}),
    creates="CreateGroup",
    effects={
        "CreateGroup": _created,
        "UpdateGroup": _updated,
        "DeleteGroup": lambda _group, _params: None,
        "AddUserToGroup": lambda group, params: having(group, "members", params["UserName"], None),
        "RemoveUserFromGroup": lambda group, params: lacking(group, "members", [params["UserName"]]),
        **holder_effects("Group"),
    },
)
