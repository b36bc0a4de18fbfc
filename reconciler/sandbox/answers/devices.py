"""MFA devices: the virtual ones that the account has made, and whose any device is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.models import VirtualMfaDevice

from reconciler.sandbox import views
from reconciler.sandbox.account import Account, now
from reconciler.sandbox.answers.identity import named_user
from reconciler.sandbox.registry import Key, answer, listing
from reconciler.sandbox.tagging import merged, put_tags
from reconciler.sandbox.wire import Call, RefusedError

__all__ = [
    "create_virtual_device",
    "deactivate_device",
    "delete_virtual_device",
    "enable_device",
    "get_device",
    "list_devices",
    "list_virtual_devices",
    "resync_device",
]

_NOUN = "MFADevice"


@answer("CreateVirtualMFADevice")
def create_virtual_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Make a virtual device; its seed is shown this once."""
    name = f"{call.params.get('Path', '/')}{call.params['VirtualMFADeviceName']}"
    device = VirtualMfaDevice(account.id, account.iam.region_name, name)
    put_tags(account, _NOUN, device, merged(_NOUN, {}, call.params.get("Tags", ())))
    account.iam.virtual_mfa_devices[device.serial_number] = device
    seed = {"Base32StringSeed": device.base32_string_seed.encode(), "QRCodePNG": device.qr_code_png}
    return {"VirtualMFADevice": {"SerialNumber": device.serial_number, **seed, "Tags": device.tags or None}}


@listing("ListVirtualMFADevices", "VirtualMFADevices")
def list_virtual_devices(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the virtual devices, all of them or those that are, or are not, a user's."""
    wanted = call.params.get("AssignmentStatus", "Any")
    for serial, device in account.iam.virtual_mfa_devices.items():
        if wanted == "Any" or (device.user is not None) == (wanted == "Assigned"):
            user = views.user_in_list(account, device.user) if device.user is not None else None
            yield (serial,), {"SerialNumber": serial, "EnableDate": device.enable_date, "User": user}


@answer("EnableMFADevice")
def enable_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Give a user a device; its codes are not verified."""
    user, serial = named_user(account, call), call.params["SerialNumber"]
    device = _virtual(account, serial)
    if device is not None:
        device.user, device.enable_date = user, now()
    user.enable_mfa_device(serial, call.params["AuthenticationCode1"], call.params["AuthenticationCode2"])
    return {}


@answer("ResyncMFADevice")
def resync_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Change nothing; the device has to be the user's."""
    _device(account, call)
    return {}


@answer("DeactivateMFADevice")
def deactivate_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Take a device from a user."""
    serial = _device(account, call).serial_number
    named_user(account, call).deactivate_mfa_device(serial)
    device = _virtual(account, serial)
    if device is not None:
        device.user = device.enable_date = None
    return {}


@answer("DeleteVirtualMFADevice")
def delete_virtual_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Delete a virtual device."""
    device = account.virtual_device(call.params["SerialNumber"])
    del account.iam.virtual_mfa_devices[device.serial_number]
    return {}


@answer("GetMFADevice")
def get_device(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a user's device."""
    return _shown(named_user(account, call), _device(account, call))


@listing("ListMFADevices", "MFADevices")
def list_devices(account: Account, call: Call) -> Iterable[tuple[Key, Any]]:
    """Return the devices of a user."""
    user = named_user(account, call)
    return (((serial,), _shown(user, device)) for serial, device in user.mfa_devices.items())


def _shown(user: Any, device: Any) -> Mapping[str, Any]:
    return {"UserName": user.name, "SerialNumber": device.serial_number, "EnableDate": device.enable_date}


def _device(account: Account, call: Call) -> Any:
    user, serial = named_user(account, call), call.params["SerialNumber"]
    if serial not in user.mfa_devices:
        raise RefusedError("NoSuchEntity", f"MFA Device {serial} is not assigned to user {user.name}.")
    return user.mfa_devices[serial]


def _virtual(account: Account, serial: str) -> Any:
    """Return the virtual device, or None for one that is held in the hand: its serial number is no ARN."""
    return account.virtual_device(serial) if serial.startswith("arn:") else None
