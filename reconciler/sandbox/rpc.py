"""AWS's RPC protocols, JSON and CBOR, which the tagging API speaks: a request in, parameters out; and back.

Which of the two a request is in, its headers say: ``X-Amz-Target`` or ``smithy-protocol``.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.model import OperationNotFoundError

from reconciler.sandbox import cbor
from reconciler.sandbox.wire import Call, RefusedError, Request, Response, service_model

__all__ = ["SERVICE", "answering", "failure", "parse", "speaks", "success"]

SERVICE = "resourcegroupstaggingapi"
_TARGET = "ResourceGroupsTaggingAPI_20170126"
_CBOR_PATH = re.compile(rf"/service/{_TARGET}/operation/(?P<operation>\w+)")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
}
# The codes of IAM's protocol, as this API words them.
_CODES = {"ValidationError": "InvalidParameterException", "MalformedInput": "SerializationException"}
_STATUSES = {"NotImplemented": 501, "InvalidClientTokenId": 403, "ExpiredToken": 403}


def speaks(request: Request) -> bool:
    """Return whether the request is in one of the two protocols."""
    return bool(_operation(request))


def parse(request: Request) -> Call:
    """Return the call that a request makes.

    Raises:
        RefusedError: the body is malformed or the operation unknown.
    """
    operation = _operation(request)
    try:
        model = service_model(SERVICE).operation_model(operation)
    except OperationNotFoundError:
        message = f"The sandbox does not know the operation {operation}."
        raise RefusedError("UnknownOperationException", message) from None
    try:
        body = cbor.decoded(request.body) if _cbor(request) else json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise RefusedError("SerializationException", "The request body is malformed.") from None
    return Call(model, _value(model.input_shape, body, "body"), request)


def success(call: Call, result: Mapping[str, Any]) -> Response:
    """Return the response of a call that was granted; members that are None are left out."""
    return answering(call.request, 200, result)


def failure(request: Request, error: RefusedError) -> Response:
    """Return the response of a call that was refused."""
    code = _CODES.get(error.code, error.code)
    response = answering(request, _STATUSES.get(code, 400), {"__type": code, "message": error.message})
    response.headers["x-amzn-ErrorType"] = code
    if error.rule:
        response.headers["x-sandbox-rule"] = error.rule
    return response


def answering(request: Request, status: int, content: Mapping[str, Any]) -> Response:
    """Return a response in the protocol of the request."""
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    if _cbor(request):
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(status, headers, cbor.encoded(content))
    headers["Content-Type"] = "application/x-amz-json-1.1"
    kept = {key: value for key, value in content.items() if value is not None}
    return Response(status, headers, json.dumps(kept).encode())


def _operation(request: Request) -> str:
    target, dot, operation = request.header("x-amz-target").partition(".")
    if dot and target == _TARGET:
        return operation
    found = _CBOR_PATH.fullmatch(urlsplit(request.url).path)
    return found["operation"] if found and _cbor(request) else ""


def _cbor(request: Request) -> bool:
    return request.header("smithy-protocol") == "rpc-v2-cbor"


def _value(shape: Any, value: Any, place: str) -> Any:
    right = _TYPES[shape.type_name]
    # A bool is an int in Python, and only there.
    if type(value) not in right:
        raise RefusedError("SerializationException", f"{place} is not of the type {shape.type_name}.")
    match shape.type_name:
        case "structure":
            members = ((name, member) for name, member in shape.members.items() if value.get(name) is not None)
            return {name: _value(member, value[name], name) for name, member in members}
        case "list":
            return [_value(shape.member, item, place) for item in value]
        case _:
            return value
