"""What every kind owes the rest: a schema, examples that parse, and calls that botocore's own validator takes."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator
from support.worlds import desired_of

from reconciler.diff import Diff, Ruling, compare
from reconciler.diff.facets import blank
from reconciler.kinds import KINDS
from reconciler.kinds.policy import Version
from reconciler.model import Account, Address, Call, Desired, Facet, Fixed, Items, Kind, Live, Observed, Value

SCHEMAS = Path(__file__).parents[2] / "schemas"
ACCOUNT = Account("123456789012", "aws", "eu-west-1")

BODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("iam")


def objections(call: Call) -> str:
    """Return what botocore's validator says against a call, empty if nothing."""
    shape = service().operation_model(call.operation).input_shape
    return str(ParamValidator().validate(dict(call.params), shape).generate_report())


def schema_of(kind: Kind[Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / kind.schema).read_text())
    return loaded


def example(kind: Kind[Any]) -> Desired:
    """Return the schema's fullest example as the loader reads it; what it refers to may be elsewhere."""
    examples = schema_of(kind)["examples"]
    return desired_of([max(examples, key=len)])


LIVE_ONLY: dict[str, dict[str, Any]] = {
    "policy": {"default": "v9", "others": tuple(Version(f"v{number}", BODY) for number in (2, 3, 5, 7))},
    "role": {"instance_profiles": ("ip-1", "ip-2")},
    "user": {
        "credentials": {
            "GetLoginProfile": {"UserName": "u"},
            "ListAccessKeys": [{"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}],
            "ListMFADevices": [
                {"SerialNumber": "arn:aws:iam::123456789012:mfa/m"},
                {"SerialNumber": "arn:aws:iam::123456789012:u2f/user/u/k"},
                {"SerialNumber": "GAHT12345678"},
            ],
            "ListSSHPublicKeys": [{"SSHPublicKeyId": "APKAEIVFHP46CEXAMPLE"}],
            "ListServiceSpecificCredentials": [{"ServiceSpecificCredentialId": "ACCA12345ABCDEXAMPLE"}],
            "ListSigningCertificates": [{"CertificateId": "TA7SMP42TDN5Z26OBPJE7EXAMPLE"}],
        }
    },
}
"""By kind: the fields that no document declares, as full as IAM can show them."""


def lived(kind: Kind[Any]) -> Any:
    """Return the kind's example as IAM would show it after years: with everything that no document declares."""
    resource = dataclasses.replace(resource_of(kind), **LIVE_ONLY.get(kind.name, {}))
    return dataclasses.replace(resource, arn=kind.arn(resource, ACCOUNT)) if hasattr(resource, "arn") else resource


def resource_of(kind: Kind[Any]) -> Any:
    declared = next(d for a, d in example(kind).declared.items() if a.kind == kind.name)
    return declared.resource


def described(kind: Kind[Any]) -> set[str]:
    return set(schema_of(kind)["properties"])


@every_kind
def test_the_schema_is_valid_closed_and_described_for_hovering(kind: Kind[Any]) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False or schema.get("unevaluatedProperties") is False
    for name, node in schema["properties"].items():
        assert len(node.get("description", "")) > 20 or "$ref" in node or "const" in node, name


@every_kind
def test_every_facet_is_a_field_of_the_resource_and_a_key_of_the_schema(kind: Kind[Any]) -> None:
    fields = {field.name for field in dataclasses.fields(resource_of(kind))}
    for facet in kind.facets:
        assert facet.field in fields
        assert facet.field in described(kind)


@every_kind
def test_every_example_of_the_schema_parses(kind: Kind[Any]) -> None:
    for document in schema_of(kind)["examples"]:
        assert any(address.kind == kind.name for address in desired_of([document]).declared)


@every_kind
def test_what_no_document_declares_has_a_value_here_and_what_iam_lists_of_it_is_deleted_with_it(
    kind: Kind[Any],
) -> None:
    declared = {"name", "arn", "unique_id", *(facet.field for facet in kind.facets)}
    fields = {field.name for field in dataclasses.fields(resource_of(kind)) if field.compare} - declared
    assert fields == set(LIVE_ONLY.get(kind.name, {}))
    bare = dataclasses.replace(lived(kind), **{field: type(getattr(lived(kind), field))() for field in fields})
    few, many = ({call.key for _, call in kind.delete(resource)} for resource in (bare, lived(kind)))
    assert few < many if fields else few == many


@every_kind
def test_a_document_or_a_field_that_is_taken_away_fits_the_service_model_too(kind: Kind[Any]) -> None:
    resource = lived(kind)
    empty = dataclasses.replace(blank(resource), **({"arn": resource.arn} if hasattr(resource, "arn") else {}))
    for facet in kind.facets:
        if isinstance(facet, Value) and (facet.absent == "leave" or facet.refers):
            for call in facet.write(empty, resource):
                assert objections(call) == "", call


@every_kind
def test_every_call_that_creates_or_deletes_fits_the_service_model(kind: Kind[Any]) -> None:
    resource = lived(kind)
    calls = [*kind.create(resource, kind.principals(resource)), *(call for _, call in kind.delete(resource))]
    calls += [*kind.create(resource, frozenset()), *kind.recreate(resource, resource)]
    if kind.rename is not None:
        calls.append(kind.rename("old-name", "new-name"))
    assert calls
    for call in calls:
        assert objections(call) == "", call


def resource_showing(kind: Kind[Any], facet: Facet) -> Any:
    """Return the resource of an example of the schema that says something of the facet."""
    empty = blank(resource_of(kind))
    for document in schema_of(kind)["examples"]:
        desired = desired_of([document])
        for address, declared in desired.declared.items():
            shown = getattr(declared.resource, facet.field, None) if address.kind == kind.name else None
            if shown and (facet.field == "path" or shown != getattr(empty, facet.field)):
                return declared.resource
    raise AssertionError(f"no example of {kind.schema} shows {facet.field}")


@every_kind
def test_every_call_that_changes_a_facet_fits_the_service_model(kind: Kind[Any]) -> None:
    for facet in kind.facets:
        resource = resource_showing(kind, facet)
        if hasattr(resource, "arn"):
            resource = dataclasses.replace(resource, arn=kind.arn(resource, ACCOUNT))
        value = getattr(resource, facet.field)
        calls: list[Call] = []
        if isinstance(facet, Value):
            arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
            desired = dataclasses.replace(resource, **{facet.field: arn}) if facet.refers else resource
            calls = [*facet.write(desired, resource)]
        elif isinstance(facet, Items):
            key = "arn:aws:iam::aws:policy/ReadOnlyAccess" if facet.refers == "policy" else "some-name"
            items = {key: None} if facet.refers else value
            calls = [*facet.put(resource, items), *facet.drop(resource, list(items))]
        else:
            assert isinstance(facet, Fixed)
            continue
        assert calls, facet.field
        for call in calls:
            assert objections(call) == "", call


@every_kind
def test_a_lookup_and_a_sweep_name_operations_and_members_of_the_service_model(kind: Kind[Any]) -> None:
    for sweep in kind.sweeps:
        operation = service().operation_model(sweep.operation)
        assert sweep.result in operation.output_shape.members
        assert {"MaxItems", "Marker", *sweep.params} <= set(operation.input_shape.members)
    for lookup in kind.lookups:
        assert lookup.result in service().operation_model(lookup.operation).output_shape.members


@every_kind
def test_an_object_that_is_as_declared_needs_no_call(kind: Kind[Any]) -> None:
    desired = desired_of([{"kind": kind.name, "name": "same", **minimal(kind)}])
    address = Address(kind.name, "same")
    resource = desired.declared[address].resource
    observed = Observed(address, resource, kind.arn(resource, ACCOUNT))
    diff: Diff = compare(desired, Live(ACCOUNT, {address: observed}), {address: Ruling("declare")})
    assert (list(diff.drafts), list(diff.changes), list(diff.conflicts)) == ([], [], [])


def minimal(kind: Kind[Any]) -> dict[str, Any]:
    """Return what the kind cannot be declared without."""
    needed: dict[str, Any] = {"document": BODY, "service": "lambda"}
    return {key: value for key, value in needed.items() if key in described(kind)}
