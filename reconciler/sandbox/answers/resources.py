"""The Resource Groups Tagging API, as far as it knows IAM.

Source: its API reference, GetResources: users and roles are not among what it supports; IAM's resources answer from the
one region that IAM is signed for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import answer
from reconciler.sandbox.tagging import get_tags
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["get_resources", "get_tag_keys", "get_tag_values"]

_REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_PER_PAGE = 100


@answer("GetResources")
def get_resources(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of the policies and instance profiles that have tags, by ARN."""
    params = call.params
    filters = params.get("TagFilters", ())
    found = [(arn, tags) for arn, tags in _tagged(account, call) if all(_fits(tags, each) for each in filters)]
    types, arns = params.get("ResourceTypeFilters"), params.get("ResourceARNList")
    if types:
        found = [(arn, tags) for arn, tags in found if any(_of_type(arn, each) for each in types)]
    if arns:
        found = [(arn, tags) for arn, tags in found if arn in arns]
    rows, token = _page(found, params)
    return {
        "PaginationToken": token,
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
            for arn, tags in rows
        ],
    }


@answer("GetTagKeys")
def get_tag_keys(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of the keys of all tags."""
    keys = {key for _, tags in _tagged(account, call) for key in tags}
    rows, token = _page([(key, {}) for key in sorted(keys)], call.params)
    return {"PaginationToken": token, "TagKeys": [key for key, _ in rows]}


@answer("GetTagValues")
def get_tag_values(account: Account, call: Call) -> Mapping[str, Any]:
    """Return a page of the values that tags of one key have."""
    values = {tags[call.params["Key"]] for _, tags in _tagged(account, call) if call.params["Key"] in tags}
    rows, token = _page([(value, {}) for value in sorted(values)], call.params)
    return {"PaginationToken": token, "TagValues": [value for value, _ in rows]}


def _tagged(account: Account, call: Call) -> Iterator[tuple[str, Mapping[str, str]]]:
    if call.region != _REGIONS.get(account.partition, "us-east-1"):
        return
    nouns = {"Policy": account.iam.managed_policies, "InstanceProfile": account.iam.instance_profiles}
    every = ((each.arn, get_tags(account, noun, each)) for noun, found in nouns.items() for each in found.values())
    yield from sorted((arn, tags) for arn, tags in every if tags)


def _fits(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    key, values = wanted.get("Key"), wanted.get("Values")
    return key is not None and key in tags and (not values or tags[key] in values)


def _of_type(arn: str, wanted: str) -> bool:
    service, _, kind = wanted.partition(":")
    _, _, owner, _, _, resource = arn.split(":", 5)
    return service == owner and kind in {"", resource.partition("/")[0]}


def _page(
    found: list[tuple[str, Mapping[str, str]]], params: Mapping[str, Any]
) -> tuple[list[tuple[str, Mapping[str, str]]], str]:
    """Return the rows after the token's, and the token of the next page, empty where there is none.

    Of ``TagsPerPage`` a resource takes as many as it has tags, one at least.
    """
    after, most = _read(params.get("PaginationToken", "")), params.get("ResourcesPerPage", _PER_PAGE)
    room = params.get("TagsPerPage")
    rows: list[tuple[str, Mapping[str, str]]] = []
    for arn, tags in found:
        if arn <= after:
            continue
        room = room - max(len(tags), 1) if room is not None else None
        if len(rows) == most or (room is not None and room < 0):
            return rows, base64.urlsafe_b64encode(json.dumps([rows[-1][0]]).encode()).decode("ascii")
        rows.append((arn, tags))
    return rows, ""


def _read(token: str) -> str:
    if not token:
        return ""
    try:
        match json.loads(base64.urlsafe_b64decode(token)):
            case [str(last)]:
                return last
    except ValueError:
        pass
    raise RefusedError("InvalidParameterException", "The PaginationToken is invalid.")
