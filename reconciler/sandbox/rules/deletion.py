"""What must be gone before something can be deleted.

Source: IAM API reference, DeleteUser, DeleteGroup, DeleteRole, DeletePolicy, DeletePolicyVersion, DeleteInstanceProfile
and DeleteVirtualMFADevice, which all document DeleteConflict.
"""

from __future__ import annotations

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "group_has_no_members",
    "holder_has_no_attachments",
    "holder_has_no_inline_policies",
    "mfa_device_is_unassigned",
    "policy_has_one_version",
    "policy_is_unused",
    "profile_has_no_role",
    "role_in_no_profile",
    "user_has_no_access_keys",
    "user_has_no_certificates",
    "user_has_no_login_profile",
    "user_has_no_mfa_devices",
    "user_has_no_service_credentials",
    "user_has_no_ssh_keys",
    "user_in_no_group",
    "version_is_not_default",
]

_API = "IAM API reference"
_HOLDERS = f"{_API}, DeleteUser, DeleteGroup, DeleteRole"


def _user(account: Account, call: Call, attribute: str, what: str) -> str | None:
    if getattr(account.user(call.params["UserName"]), attribute, None):
        return f"Cannot delete entity, must {what} first."
    return None


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser")
def user_has_no_login_profile(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with a password."""
    return _user(account, call, "password", "delete login profile")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser")
def user_has_no_access_keys(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with access keys."""
    return _user(account, call, "access_keys", "delete access keys")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser")
def user_has_no_mfa_devices(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with an MFA device."""
    return _user(account, call, "mfa_devices", "delete MFA device")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser; the wording is assumed")
def user_has_no_certificates(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with signing certificates."""
    return _user(account, call, "signing_certificates", "delete signing certificates")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser; the wording is assumed")
def user_has_no_ssh_keys(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with SSH public keys."""
    return _user(account, call, "ssh_public_keys", "delete SSH public keys")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser; the wording is assumed")
def user_has_no_service_credentials(account: Account, call: Call) -> str | None:
    """Refuse to delete a user with service-specific credentials."""
    return _user(account, call, "service_specific_credentials", "delete service specific credentials")


@rule("DeleteConflict", "DeleteUser", source=f"{_API}, DeleteUser")
def user_in_no_group(account: Account, call: Call) -> str | None:
    """Refuse to delete a member of a group."""
    if account.groups_of(account.user(call.params["UserName"])):
        return "Cannot delete entity, must remove users from group first."
    return None


@rule("DeleteConflict", "DeleteGroup", source=f"{_API}, DeleteGroup")
def group_has_no_members(account: Account, call: Call) -> str | None:
    """Refuse to delete a group with members."""
    if account.group(call.params["GroupName"]).users:
        return "Cannot delete entity, must remove users from group first."
    return None


@rule("DeleteConflict", "DeleteRole", source=f"{_API}, DeleteRole")
def role_in_no_profile(account: Account, call: Call) -> str | None:
    """Refuse to delete a role that an instance profile holds."""
    if account.profiles_of(account.role(call.params["RoleName"])):
        return "Cannot delete entity, must remove roles from instance profile first."
    return None


@rule("DeleteConflict", "DeleteUser", "DeleteGroup", "DeleteRole", source=_HOLDERS)
def holder_has_no_attachments(account: Account, call: Call) -> str | None:
    """Refuse to delete a user, group or role with attached managed policies."""
    _, holder = account.holder(call.params)
    return "Cannot delete entity, must detach all policies first." if holder.managed_policies else None


@rule("DeleteConflict", "DeleteUser", "DeleteGroup", "DeleteRole", source=_HOLDERS)
def holder_has_no_inline_policies(account: Account, call: Call) -> str | None:
    """Refuse to delete a user, group or role with inline policies."""
    _, holder = account.holder(call.params)
    return "Cannot delete entity, must delete policies first." if holder.policies else None


@rule("DeleteConflict", "DeletePolicy", source=f"{_API}, DeletePolicy; gruntwork-io/cloud-nuke issue 972")
def policy_is_unused(account: Account, call: Call) -> str | None:
    """Refuse to delete a policy that is attached, or is somebody's boundary."""
    arn = account.policy(call.params["PolicyArn"]).arn
    if account.attached()[arn] or account.bounding()[arn]:
        return "Cannot delete a policy attached to entities."
    return None


@rule("DeleteConflict", "DeletePolicy", source=f"{_API}, DeletePolicy; ubicloud/ubicloud issue 6244")
def policy_has_one_version(account: Account, call: Call) -> str | None:
    """Refuse to delete a policy with versions beside the default one."""
    if len(account.policy(call.params["PolicyArn"]).versions) > 1:
        return (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    return None


@rule("DeleteConflict", "DeletePolicyVersion", source=f"{_API}, DeletePolicyVersion")
def version_is_not_default(account: Account, call: Call) -> str | None:
    """Refuse to delete the default version of a policy."""
    if account.policy(call.params["PolicyArn"]).default_version_id == call.params["VersionId"]:
        return "Cannot delete the default version of a policy."
    return None


@rule("DeleteConflict", "DeleteInstanceProfile", source=f"{_API}, DeleteInstanceProfile")
def profile_has_no_role(account: Account, call: Call) -> str | None:
    """Refuse to delete an instance profile that holds a role."""
    if account.profile(call.params["InstanceProfileName"]).roles:
        return "Cannot delete entity, must remove roles from instance profile first."
    return None


@rule("DeleteConflict", "DeleteVirtualMFADevice", source=f"{_API}, DeleteVirtualMFADevice; the wording is assumed")
def mfa_device_is_unassigned(account: Account, call: Call) -> str | None:
    """Refuse to delete a virtual MFA device that a user has."""
    serial = call.params["SerialNumber"]
    if any(serial in user.mfa_devices for user in account.iam.users.values()):
        return "MFA VirtualDevice in use. Must deactivate first."
    return None
