"""What the Resource Groups Tagging API refuses."""

from __future__ import annotations

from reconciler.sandbox.account import Account
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = ["resource_filters_fit", "resources_are_listed_or_filtered"]

_API = "Resource Groups Tagging API reference, GetResources"
_PAGING = ("ResourcesPerPage", "TagsPerPage", "PaginationToken")
_PAGES = {"ResourcesPerPage": (1, 100, 1), "TagsPerPage": (100, 500, 100)}


@rule("InvalidParameterException", "GetResources", source=f"{_API}; the wording is assumed")
def resources_are_listed_or_filtered(_: Account, call: Call) -> str | None:
    """Refuse a list of ARNs together with filters or paging."""
    if "ResourceARNList" not in call.params:
        return None
    for name in ("TagFilters", "ResourceTypeFilters", *_PAGING):
        if call.params.get(name):
            return f"You can't specify both ResourceARNList and {name} in the same request."
    return None


@rule("InvalidParameterException", "GetResources", source=f"{_API}; the wording is assumed")
def resource_filters_fit(_: Account, call: Call) -> str | None:
    """Refuse a page size out of range, a filter without a key, and an exclusion that needs what is not asked for."""
    for name, (least, most, step) in _PAGES.items():
        size = call.params.get(name, least)
        if not least <= size <= most or size % step:
            return f"{name} must be from {least} to {most}" + (f", in steps of {step}." if step > 1 else ".")
    for each in call.params.get("TagFilters", ()):
        if not each.get("Key"):
            return "Every TagFilter must have a Key."
    if call.params.get("ExcludeCompliantResources") and not call.params.get("IncludeComplianceDetails"):
        return "ExcludeCompliantResources needs IncludeComplianceDetails."
    return None
