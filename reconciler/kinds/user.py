"""Users."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds._effects import (
    boundary_effects,
    created,
    having,
    holder_effects,
    lacking,
    tag_effects,
    with_value,
)
from reconciler.kinds._holder import (
    Inline,
    Keys,
    attachment_facet,
    boundary_facet,
    inline_facet,
    lost_attachments,
    parse_attachments,
    parse_inline,
    parse_keys,
    parse_tags,
    read_attachments,
    read_inline,
    read_tags,
    strip,
    tag_facet,
    tag_list,
)
from reconciler.kinds._usage import is_recent
from reconciler.model import Account, Call, Context, Document, Effect, Items, Kind, Lookup, Parsed, Rows, Sweep, Value

__all__ = ["KIND", "User"]


@dataclass(frozen=True, slots=True)
class User:
    """A user; ``credentials`` are the results of the lookups by operation, known live and only when asked for.

    ``password_last_used`` is known along with them, and no part of what the user is: it is compared with nothing.
    """

    name: str
    path: str = "/"
    groups: Keys = field(default_factory=dict)
    policies: Keys = field(default_factory=dict)
    inline_policies: Inline = field(default_factory=dict)
    permissions_boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=dict)
    unique_id: str = ""
    password_last_used: dt.datetime | None = field(default=None, compare=False)


def _parse(document: Document, context: Context) -> Parsed[User]:
    data = document.data
    policies, dropped = parse_attachments(document, context)
    user = User(
        name=data["name"],
        path=data.get("path") or "/",
        groups=parse_keys(data.get("groups")),
        policies=policies,
        inline_policies=parse_inline(document, 2048, context),
        permissions_boundary=data.get("permissions_boundary"),
        tags=parse_tags(document, context, folds=True),
    )
    return Parsed(user, {"policies": dropped})


def _read(rows: Rows) -> Iterable[User]:
    for row in rows["UserDetailList"]:
        yield User(
            name=row["UserName"],
            path=row["Path"],
            groups=dict.fromkeys(row.get("GroupList") or ()),
            policies=read_attachments(row),
            inline_policies=read_inline(row, "UserPolicyList"),
            permissions_boundary=(row.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            tags=read_tags(row),
            unique_id=row.get("UserId", ""),
        )


def _create(user: User, _: frozenset[str]) -> Sequence[Call]:
    params: dict[str, Any] = {"UserName": user.name, "Path": user.path}
    if user.permissions_boundary:
        params["PermissionsBoundary"] = user.permissions_boundary
    if user.tags:
        params["Tags"] = tag_list(user.tags)
    return [Call("CreateUser", params)]


_CREDENTIALS = (
    ("GetLoginProfile", "LoginProfile"),
    ("ListAccessKeys", "AccessKeyMetadata"),
    ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
    ("ListSSHPublicKeys", "SSHPublicKeys"),
    ("ListSigningCertificates", "Certificates"),
    ("ListMFADevices", "MFADevices"),
    ("GetUser", "User"),
)
_KEYS = (
    ("ListAccessKeys", "access key"),
    ("ListServiceSpecificCredentials", "service credential"),
    ("ListSSHPublicKeys", "SSH key"),
    ("ListSigningCertificates", "signing certificate"),
)
"""Ways in that can be active or not."""


def _enrich(user: User, found: Mapping[str, Any]) -> User:
    """Return the user with its credentials; of what GetUser tells only the last use of the password is news."""
    credentials = {operation: result for operation, result in found.items() if operation != "GetUser"}
    used = (found.get("GetUser") or {}).get("PasswordLastUsed")
    return dataclasses.replace(user, credentials=credentials, password_last_used=used)


def _in_use(user: User, today: dt.date) -> tuple[str, ...]:
    """Return why the user seems to be in use: keys that are active, and a password that was used lately.

    Source: User in IAM's service model: PasswordLastUsed is told by GetUser and ListUsers only, is null where no use
    is known since October 2014, and still tells of a password that the user has no more; such a one lets nobody in.
    """
    found = []
    for operation, noun in _KEYS:
        active = [row for row in user.credentials.get(operation) or () if row.get("Status") == "Active"]
        if active:
            found.append(f"it has {len(active)} active {noun}{'s' if len(active) > 1 else ''}")
    used = user.password_last_used
    if used is not None and user.credentials.get("GetLoginProfile") and is_recent(used, today):
        found.append(f"its password was last used on {used:%Y-%m-%d}")
    return tuple(found)


def _delete(user: User) -> Sequence[tuple[Effect, Call]]:
    """Return what deletes a user: every way in is closed first, then the rights go, then the user.

    Source: DeleteUser in IAM's service model: what a user must not have when it is deleted.
    """
    own = {"UserName": user.name}
    found = user.credentials
    locks: list[Call] = []
    if found.get("GetLoginProfile"):
        locks.append(Call("DeleteLoginProfile", own))
    for operation, listing, param in (
        ("DeleteAccessKey", "ListAccessKeys", "AccessKeyId"),
        ("DeleteServiceSpecificCredential", "ListServiceSpecificCredentials", "ServiceSpecificCredentialId"),
        ("DeleteSSHPublicKey", "ListSSHPublicKeys", "SSHPublicKeyId"),
        ("DeleteSigningCertificate", "ListSigningCertificates", "CertificateId"),
    ):
        ids = sorted(item[param] for item in found.get(listing) or ())
        locks += [Call(operation, {**own, param: id_}) for id_ in ids]
    for serial in sorted(item["SerialNumber"] for item in found.get("ListMFADevices") or ()):
        locks.append(Call("DeactivateMFADevice", {**own, "SerialNumber": serial}))
        # Only a virtual device has an ARN; deactivated it would live on without an owner.
        if ":mfa/" in serial:
            locks.append(Call("DeleteVirtualMFADevice", {"SerialNumber": serial}))
    leave = [Call("RemoveUserFromGroup", {"GroupName": name, **own}) for name in sorted(user.groups)]
    closing: list[tuple[Effect, Call]] = [("lock", call) for call in locks]
    leaving: list[tuple[Effect, Call]] = [("delete", call) for call in leave]
    return [*closing, *leaving, *strip("User", user), ("delete", Call("DeleteUser", own))]


def _write_path(desired: User, live: User) -> Sequence[Call]:
    return [Call("UpdateUser", {"UserName": live.name, "NewPath": desired.path})]


def _join(user: User, items: Mapping[str, Any]) -> Sequence[Call]:
    return [Call("AddUserToGroup", {"GroupName": name, "UserName": user.name}) for name in sorted(items)]


def _leave(user: User, names: Sequence[str]) -> Sequence[Call]:
    return [Call("RemoveUserFromGroup", {"GroupName": name, "UserName": user.name}) for name in sorted(names)]


def _irreversible(user: User, after: User | None) -> tuple[str, ...]:
    detached = lost_attachments(user, after)
    if after is not None:
        return detached
    counted = [
        (len(user.credentials.get("ListAccessKeys") or ()), "access keys"),
        (len(user.credentials.get("ListMFADevices") or ()), "MFA devices"),
        (len(user.credentials.get("ListSSHPublicKeys") or ()), "SSH keys"),
        (len(user.credentials.get("ListSigningCertificates") or ()), "signing certificates"),
        (len(user.credentials.get("ListServiceSpecificCredentials") or ()), "service credentials"),
    ]
    lost = [f"{count} {noun if count > 1 else noun[:-1]}" for count, noun in counted if count]
    if user.credentials.get("GetLoginProfile"):
        lost.insert(0, "the console password")
    return (*lost, *detached, "the unique id, by which trust policies know the user")


def _created(live: User | None, params: Mapping[str, Any]) -> Any:
    made = User(
        name=params["UserName"],
        path=params["Path"],
        permissions_boundary=params.get("PermissionsBoundary"),
        tags=read_tags(params),
    )
    return created(made, live, ("path", "permissions_boundary", "tags"))


def _updated(user: User, params: Mapping[str, Any]) -> Any:
    moved = with_value(user, "path", params.get("NewPath", user.path))
    return with_value(moved, "name", params.get("NewUserName", user.name))


def _bindings(user: User, account: Account) -> Mapping[str, str]:
    """Return what is the same in all requests of a user. Source: IAM user guide, reference_policies_variables."""
    return {
        "aws:username": user.name,
        "aws:PrincipalArn": account.arn("user", user.path, user.name),
        "aws:PrincipalAccount": account.id,
        "aws:PrincipalType": "User",
        **({"aws:userid": user.unique_id} if user.unique_id else {}),
        **{f"aws:PrincipalTag/{key}": value for key, value in user.tags.items()},
    }


KIND: Kind[User] = Kind(
    name="user",
    parse=_parse,
    read=_read,
    create=_create,
    delete=_delete,
    handle=("UserName", "name"),
    facets=(
        Value("path", write=_write_path),
        Items(
            "groups",
            "none",
            "group",
            put=_join,
            drop=_leave,
            folds=True,
            inverse="members",
            quota="GroupsPerUserQuota",
            grants="held",
        ),
        attachment_facet("User"),
        inline_facet("User"),
        boundary_facet("User"),
        tag_facet(("TagUser", "UntagUser"), lambda user: {"UserName": user.name}, folds=True),
    ),
    sweeps=(Sweep("GetAccountAuthorizationDetails", "UserDetailList", {"Filter": ["User"]}),),
    lookups=tuple(
        Lookup("credentials", operation, result, lambda user: {"UserName": user.name})
        for operation, result in _CREDENTIALS
    ),
    enrich=_enrich,
    deletion_reads=frozenset({"credentials"}),
    irreversible=_irreversible,
    in_use=_in_use,
    counted="Users",
    rename=lambda old, new: Call("UpdateUser", {"UserName": old, "NewUserName": new}),
    bindings=_bindings,
    creates="CreateUser",
    effects={
        "CreateUser": _created,
        "UpdateUser": _updated,
        "DeleteUser": lambda _user, _params: None,
        "AddUserToGroup": lambda user, params: having(user, "groups", params["GroupName"], None),
        "RemoveUserFromGroup": lambda user, params: lacking(user, "groups", [params["GroupName"]]),
        **holder_effects("User"),
        **boundary_effects("User"),
        **tag_effects("User"),
    },
)
