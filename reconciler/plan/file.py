"""The format of saved plans: JSON whose bytes are known by their digest."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.documents.schemas import objection
from reconciler.errors import PlanFileError
from reconciler.kinds import KINDS
from reconciler.model import Address, Call, Mark, Plan, Step
from reconciler.plan.basis import Basis
from reconciler.plan.touched import Touched, Trail, touched_by

__all__ = ["FORMAT", "Header", "Saved", "dump", "load"]

FORMAT = 1
"""Grows when a reader of the old format would misread the new one."""

_SCHEMA = "plan.schema.json"
_FIRST = re.compile(rb'\A\{"sha256": "([0-9a-f]{64})",')


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """How a plan came about; all times are UTC."""

    tool: str
    caller: str
    commit: str | None
    created: dt.datetime
    expires: dt.datetime | None = None
    base: str | None = None
    """The commit that the documents were held against, so that guards must be asked with a base again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Saved:
    """A plan as its file holds it."""

    account: str
    partition: str
    basis: Basis
    steps: Sequence[Step]
    touched: Sequence[Touched]
    header: Header


def dump(plan: Plan, basis: Basis, header: Header) -> bytes:
    """Return the bytes of the plan's file: the same plan and basis give the same body."""
    content = {"format": FORMAT, "body": _body(plan, basis), "header": _header(header)}
    rest = (json.dumps(content, indent=2)[1:] + "\n").encode()
    return b'{"sha256": "' + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest


def load(data: bytes, place: str) -> Saved:
    """Return the plan in the bytes of a file, which ``place`` names.

    Raises:
        PlanFileError: the file is no plan, was edited or damaged, or is of a newer format.
    """
    try:
        content = json.loads(data, object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError):
        content = None
    version = content.get("format") if isinstance(content, dict) else None
    if isinstance(version, int) and version > FORMAT:
        what = f"written by a newer version of the reconciler (format {version}; this one reads {FORMAT})"
        raise PlanFileError(f"{place}: {what}; upgrade, or plan again with this version")
    first = _FIRST.match(data)
    if first is None:
        raise PlanFileError(f"{place}: no saved plan; `reconciler plan --out FILE` writes one")
    if hashlib.sha256(data[first.end() :]).hexdigest().encode() != first.group(1):
        raise PlanFileError(f"{place}: edited or damaged since it was written; plan again")
    fault = "it is no JSON" if content is None else objection(_SCHEMA, content)
    if fault is not None:
        raise PlanFileError(f"{place}: no saved plan: {fault}; plan again")
    try:
        return _saved(content)
    except RecursionError as error:
        raise PlanFileError(f"{place}: no sound plan: its parameters are nested too deep; plan again") from error
    except ValueError as error:
        raise PlanFileError(f"{place}: no sound plan: {error}; plan again") from error


def _body(plan: Plan, basis: Basis) -> dict[str, Any]:
    return {
        "account": plan.account.id,
        "partition": plan.account.partition,
        "source": {"kind": basis.kind, "sha256": basis.sha256},
        "steps": [_step(step) for step in plan.steps],
        "touched": {str(touched.address): _touched(touched) for touched in touched_by(plan)},
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "address": str(step.address),
        "operation": step.call.operation,
        "parameters": _sorted(step.call.params),
        "after": sorted(step.after),
        "note": step.note,
        "marks": [
            {"kind": mark.kind, "principal": str(mark.principal), "reason": mark.reason} for mark in sorted(step.marks)
        ],
    }


def _touched(touched: Touched) -> dict[str, Any]:
    fields = {
        field: {item: _trail(trail) for item, trail in sorted(trails.items())}
        for field, trails in sorted(touched.fields.items())
    }
    return {"arn": touched.arn, "unique_id": _trail(touched.identity), "fields": fields}


def _trail(trail: Trail) -> dict[str, str | None]:
    return {str(step): state for step, state in trail}


def _header(header: Header) -> dict[str, Any]:
    expires = header.expires.isoformat() if header.expires is not None else None
    return {
        "tool": header.tool,
        "caller": header.caller,
        "commit": header.commit,
        "created": header.created.isoformat(),
        "expires": expires,
        **({"base": header.base} if header.base is not None else {}),
    }


def _sorted(value: Any) -> Any:
    """Return a JSON value with its mappings in the order of their keys."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _saved(content: Mapping[str, Any]) -> Saved:
    """Return the plan in what fits the schema.

    Raises:
        ValueError: its parts do not fit one another, or this version does not know a kind or a field.
    """
    body, header = content["body"], content["header"]
    steps = tuple(_read_step(step) for step in body["steps"])
    ids: set[int] = set()
    for step in steps:
        if step.id <= max(ids, default=0) or not ids.issuperset(step.after):
            raise ValueError(f"step {step.id} is out of its order")
        ids.add(step.id)
    if len({step.call.key for step in steps}) < len(steps):
        raise ValueError("a call stands in it twice")
    touched = tuple(_read_touched(text, found, ids) for text, found in body["touched"].items())
    if len({one.address for one in touched}) < len(touched):
        raise ValueError("an object stands in it twice")
    expires = header["expires"]
    return Saved(
        body["account"],
        body["partition"],
        Basis(body["source"]["kind"], body["source"]["sha256"]),
        steps,
        touched,
        Header(
            header["tool"],
            header["caller"],
            header["commit"],
            _moment(header["created"]),
            _moment(expires) if expires is not None else None,
            header.get("base"),
        ),
    )


def _read_step(found: Mapping[str, Any]) -> Step:
    marks = (Mark(mark["kind"], _address(mark["principal"]), mark["reason"]) for mark in found["marks"])
    call = Call(found["operation"], found["parameters"])
    return Step(found["id"], _address(found["address"]), call, tuple(found["after"]), found["note"], tuple(marks))


def _read_touched(text: str, found: Mapping[str, Any], ids: set[int]) -> Touched:
    address = _address(text)
    known = {facet.field for facet in KINDS[address.kind].facets}
    if not known.issuperset(found["fields"]):
        raise ValueError(f"this version does not know every field of {text}")
    fields = {
        field: {item: _read_trail(trail, ids) for item, trail in items.items()}
        for field, items in found["fields"].items()
    }
    return Touched(address, found["arn"], _read_trail(found["unique_id"], ids), fields)


def _read_trail(found: Mapping[str, str | None], ids: set[int]) -> Trail:
    trail = tuple(sorted(((int(step), state) for step, state in found.items()), key=lambda entry: entry[0]))
    if not ids.issuperset(step for step, _ in trail[1:]):
        raise ValueError("a state is said to follow a step that is not there")
    return trail


def _address(text: str) -> Address:
    kind, _, name = text.partition("/")
    if kind not in KINDS:
        raise ValueError(f"this version knows no kind {kind!r}")
    return Address(kind, name)


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say in which time zone it is")
    return moment


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"a plan holds whole numbers only, and not {text}")
