"""Documents of managed policies that a snapshot does not hold: those of AWS, and those of other accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reconciler.errors import CallError, DeniedError
from reconciler.live.keeping import Kept, Version

__all__ = ["READS", "Request", "documents"]

Request = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""From an operation and its parameters to IAM's answer."""

_POLICY = re.compile(r"arn:[a-z-]+:iam::(?:(?P<aws>aws)|\d{12}):policy/[!-~]{1,640}")
"""Source: IAM's service model: a path has up to 512 characters, a policy's name up to 128."""
_FEW_IDS = 3
"""Version ids that are asked for one by one. More of AWS's are looked for in listings."""
_FEW_DOCUMENTS = 5
"""Documents that are asked for one by one. More of AWS's are first looked for among those that the account uses."""
_DETAILS, _LISTING, _POLICY_OF, _VERSION_OF = (
    "GetAccountAuthorizationDetails",
    "ListPolicies",
    "GetPolicy",
    "GetPolicyVersion",
)
READS = (_DETAILS, _LISTING, _POLICY_OF, _VERSION_OF)
"""Every operation by which documents are read."""
_GONE = frozenset({"NoSuchEntity", "InvalidInput", "ValidationError"})
_PAGE = 1000
_THREADS = 8


def documents(request: Request, arns: Iterable[str], kept: Kept | None = None) -> Mapping[str, Mapping[str, Any]]:
    """Return the document of the default version of each managed policy that can be read, by ARN.

    Of AWS's policies, what is kept is used while IAM names the same version as the default one, and what had to be read
    is kept.

    Raises:
        AccountError: a call fails for another reason than that it is denied.
        CallError: a call is refused for another reason than that there is no such policy.
    """
    by_aws = {arn: bool(match["aws"]) for arn in arns if (match := _POLICY.fullmatch(arn))}
    ours = {arn for arn, is_so in by_aws.items() if is_so}
    known = {arn: version for arn in ours if kept and (version := kept.get(arn))}
    unknown = ours - known.keys()
    many = len(unknown) > _FEW_DOCUMENTS
    found = _used(request, unknown) if many else {}
    # What is attached has just been listed, and will be found in no other listing of that.
    listings: list[Mapping[str, Any]] = [{}] if many else [{"OnlyAttached": True}, {}]
    ids = _version_ids(request, ours - found.keys(), by_aws.keys() - ours, listings)
    current = {arn: known[arn] for arn, id_ in ids.items() if arn in known and known[arn].id == id_}
    found |= _versions(request, {arn: id_ for arn, id_ in ids.items() if arn not in current})
    if kept:
        for arn in sorted(found.keys() & ours):
            kept.put(arn, found[arn])
    return {arn: version.document for arn, version in sorted((current | found).items())}


def _used(request: Request, wanted: Collection[str]) -> dict[str, Version]:
    """Return the default versions of AWS's policies, as far as the listing of what the account uses has them.

    That it leaves out what nobody in the account uses is observed, not documented; nothing rests on either.
    """
    found: dict[str, Version] = {}
    for row in _listed(request, _DETAILS, {"Filter": ["AWSManagedPolicy"]}, wanted):
        for each in row.get("PolicyVersionList", ()):
            if each["VersionId"] == row["DefaultVersionId"] and isinstance(each.get("Document"), Mapping):
                found[row["Arn"]] = Version(each["VersionId"], each["Document"])
    return found


def _version_ids(
    request: Request, ours: Collection[str], others: Collection[str], listings: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the ids of the default versions of AWS's policies, and of others.

    The listings, by their parameters, are asked for in this order while there are too many to be asked for one by one.
    """
    found: dict[str, str] = {}
    left = set(ours)
    for params in listings:
        if len(left) > _FEW_IDS:
            found |= {
                row["Arn"]: row["DefaultVersionId"]
                for row in _listed(request, _LISTING, {"Scope": "AWS", **params}, left)
            }
            left -= found.keys()
    single = left.union(others) if len(left) <= _FEW_IDS else others
    calls = {arn: {"PolicyArn": arn} for arn in sorted(single)}
    for arn, answer in _each(request, _POLICY_OF, calls):
        version = answer["Policy"].get("DefaultVersionId")
        if version is not None:
            found[arn] = version
    return found


def _versions(request: Request, ids: Mapping[str, str]) -> dict[str, Version]:
    """Return the versions of these ids, by ARN."""
    found: dict[str, Version] = {}
    calls = {arn: {"PolicyArn": arn, "VersionId": id_} for arn, id_ in sorted(ids.items())}
    for arn, answer in _each(request, _VERSION_OF, calls):
        document = answer["PolicyVersion"].get("Document")
        # botocore decodes a document that is JSON, and leaves any other as text.
        if isinstance(document, Mapping):
            found[arn] = Version(ids[arn], document)
    return found


def _listed(
    request: Request, operation: str, params: Mapping[str, Any], wanted: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield what a listing has of the wanted policies; it ends early when it has had all, or is denied."""
    left, asked = set(wanted), {**params, "MaxItems": _PAGE}
    while left:
        try:
            page = request(operation, asked)
        except DeniedError:
            return
        rows = [row for row in page.get("Policies") or () if row["Arn"] in left]
        yield from rows
        left -= {row["Arn"] for row in rows}
        if not page.get("IsTruncated"):
            return
        asked["Marker"] = page["Marker"]


def _each(
    request: Request, operation: str, calls: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the answers to the calls that are neither denied nor about what is not there."""

    def answer(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            return request(operation, params)
        except DeniedError:
            return None
        except CallError as error:
            if error.code in _GONE:
                return None
            raise

    with ThreadPoolExecutor(_THREADS) as pool:
        for arn, answered in zip(calls, pool.map(answer, calls.values()), strict=True):
            if answered is not None:
                yield arn, answered
