"""Which tags AWS refuses."""

from __future__ import annotations

from collections import Counter

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.tagging import FINDERS, folded, get_tags, merged, tagged
from reconciler.sandbox.wire import Call

__all__ = ["tag_keys_differ", "tag_keys_not_reserved", "tag_quota"]

_ELSEWHERE = {"MFADevice": "CreateVirtualMFADevice", "ServerCertificate": "UploadServerCertificate"}
_CREATE = (*(f"Create{noun}" for noun in FINDERS if noun not in _ELSEWHERE), *_ELSEWHERE.values())
_TAG = tuple(f"Tag{noun}" for noun in FINDERS)
_QUOTA = 50


@rule("InvalidInput", *_CREATE, *_TAG, source="IAM user guide, id_tags")
def tag_keys_not_reserved(_: Account, call: Call) -> str | None:
    """Refuse tag keys that begin with ``aws:``, in any case."""
    if any(tag["Key"].lower().startswith("aws:") for tag in call.params.get("Tags", ())):
        return "aws: prefixed tag key names are not allowed for external use."
    return None


@rule("InvalidInput", *_CREATE, *_TAG, source="IAM user guide, id_tags; the wording is moto's")
def tag_keys_differ(account: Account, call: Call) -> str | None:
    """Refuse two tags of the same key; on users and roles case does not tell keys apart."""
    noun = tagged(account, call)[0] if call.operation in _TAG else call.operation.removeprefix("Create")
    counted = Counter(folded(noun, tag["Key"]) for tag in call.params.get("Tags", ()))
    if any(count > 1 for count in counted.values()):
        return "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    return None


@rule("LimitExceeded", *_TAG, source="IAM user guide, reference_iam-quotas: 50 tags; the wording is assumed")
def tag_quota(account: Account, call: Call) -> str | None:
    """Refuse the fifty-first tag of an object."""
    noun, entity = tagged(account, call)
    if len(merged(noun, get_tags(account, noun, entity), call.params["Tags"])) > _QUOTA:
        return f"Cannot exceed quota for TagsPer{noun}: {_QUOTA}"
    return None
