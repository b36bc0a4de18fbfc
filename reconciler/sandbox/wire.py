"""AWS's query protocol: a form-encoded request in, parameters out; a result or an error in, XML out."""

from __future__ import annotations

import base64
import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.loaders import Loader, create_loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel

from reconciler.errors import SandboxError

__all__ = [
    "Call",
    "OtherServiceError",
    "RefusedError",
    "Request",
    "Response",
    "failure",
    "loader",
    "parse",
    "service_model",
    "success",
]

_VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}
_CREDENTIAL = re.compile(r"Credential=(?P<key>\w+)/\d+/(?P<region>[\w-]+)/(?P<service>[\w-]+)")
_INDEX = re.compile(r"\d{1,9}", re.ASCII)
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser would turn a bare carriage return into a line feed.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_READS = ("Get", "List", "Simulate")


class Request(NamedTuple):
    """One HTTP request, as far as the query protocol looks at it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return the header of that name, ignoring case, or an empty text."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def scope(self) -> re.Match[str] | None:
        """Return what the request is signed with and for: ``key``, ``region`` and ``service``."""
        # A presigned URL has it among its parameters.
        signed = self.header("Authorization") or unquote(urlsplit(self.url).query)
        return _CREDENTIAL.search(signed)


class Response(NamedTuple):
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


class OtherServiceError(SandboxError):
    """The request is for a service that the sandbox does not answer."""


class RefusedError(Exception):
    """AWS's no: the code on the wire and the message; ``rule`` names the rule of the strict layer that said it."""

    def __init__(self, code: str, message: str, rule: str = "") -> None:
        """Take code and message as AWS words them."""
        self.code = code
        self.message = message
        self.rule = rule
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request understood: the operation of a service, and its parameters by their names in the service model."""

    model: OperationModel
    params: Mapping[str, Any]
    request: Request
    accounts: Mapping[str, Any] = field(default_factory=dict)
    """The accounts within reach of the call by their ids: the caller's, and that of a role that is to be assumed."""

    @property
    def service(self) -> str:
        """Return ``iam``, ``sts`` or ``resourcegroupstaggingapi``."""
        return str(self.model.service_model.service_name)

    @property
    def operation(self) -> str:
        """Return the operation in AWS's spelling."""
        return str(self.model.name)

    @property
    def writes(self) -> bool:
        """Return whether the operation may change the account."""
        return not self.operation.startswith(_READS)

    @property
    def access_key(self) -> str:
        """Return the access key id that signed the request, or an empty text."""
        found = self.request.scope()
        return found["key"] if found else ""

    @property
    def region(self) -> str:
        """Return the region that the request is signed for, or an empty text."""
        found = self.request.scope()
        return found["region"] if found else ""


@cache
def loader() -> Loader:
    """Return the loader of service models, one for the process: parsing IAM's model takes 50 ms."""
    return create_loader()


@cache
def service_model(service: str) -> ServiceModel:
    """Return the model of ``iam``, ``sts`` or ``resourcegroupstaggingapi``."""
    return ServiceModel(loader().load_service_model(service, "service-2"), service_name=service)


def parse(request: Request) -> Call:
    """Return the call that a request makes.

    Raises:
        RefusedError: the body is malformed or names no operation.
        OtherServiceError: the request is for another service than IAM and STS.
    """
    try:
        text = request.body.decode("utf-8") or urlsplit(request.url).query
        fields = dict(parse_qsl(text, keep_blank_values=True))
    except ValueError:
        raise RefusedError("MalformedInput", "The request body is malformed.") from None
    service = _VERSIONS.get(fields.get("Version", ""))
    if service is None:
        scope = request.scope()
        other = scope["service"] if scope else urlsplit(request.url).netloc or "this"
        raise OtherServiceError(f"the sandbox answers IAM, STS and the tagging API only, not {other}")
    action = fields.get("Action", "")
    try:
        model = service_model(service).operation_model(action)
    except OperationNotFoundError:
        message = f"Could not find operation {action} for version {fields['Version']}"
        raise RefusedError("InvalidAction", message) from None
    shape = model.input_shape
    return Call(model, _value(shape, _tree(fields)) if shape is not None else {}, request)


def success(call: Call, result: Mapping[str, Any]) -> Response:
    """Return the response of a call that was granted; members that are None are left out."""
    shape, out = call.model.output_shape, list[str]()
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{call.operation}Result")
        out.extend(_element(wrapper, shape, result))
    return _response(200, call.service, f"{call.operation}Response", "".join(out))


def failure(service: str, error: RefusedError) -> Response:
    """Return the response of a call that was refused, with the HTTP status that the service model gives its code."""
    detail = f"<Code>{_escape(error.code)}</Code><Message>{_escape(error.message)}</Message>"
    status = _statuses(service).get(error.code, 400)
    response = _response(status, service, "ErrorResponse", f"<Error><Type>Sender</Type>{detail}</Error>")
    if error.rule:
        response.headers["x-sandbox-rule"] = error.rule
    return response


@cache
def _statuses(service: str) -> Mapping[str, int]:
    found = {
        "AccessDenied": 403,
        "ExpiredToken": 403,
        "InternalFailure": 500,
        "InvalidClientTokenId": 403,
        "MissingAuthenticationToken": 403,
        "NotImplemented": 501,
    }
    for shape in service_model(service).error_shapes:
        error = shape.metadata.get("error", {})
        found[error.get("code", shape.name)] = int(error.get("httpStatusCode", 400))
    return found


def _response(status: int, service: str, root: str, inner: str) -> Response:
    request_id = str(uuid.uuid4())
    namespace = service_model(service).metadata.get("xmlNamespace", "")
    last = f"<RequestId>{request_id}</RequestId>"
    if root != "ErrorResponse":
        last = f"<ResponseMetadata>{last}</ResponseMetadata>"
    body = f'<{root} xmlns="{namespace}">{inner}{last}</{root}>'.encode()
    return Response(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body)


def _tree(fields: Mapping[str, str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in fields.items():
        *parents, last = key.split(".")
        node = root
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise RefusedError("MalformedInput", f"The parameter {key} is malformed.")
        node[last] = value
    return root


def _value(shape: Any, node: Any) -> Any:
    match shape.type_name:
        case "structure":
            names = ((name, member, member.serialization.get("name", name)) for name, member in shape.members.items())
            node = node if isinstance(node, dict) else {}
            return {name: _value(member, node[key]) for name, member, key in names if key in node}
        case "list":
            rows = node.get("member", {}) if isinstance(node, dict) else {}
            rows = rows if isinstance(rows, dict) else {}
            indexes = sorted((index for index in rows if _INDEX.fullmatch(index)), key=int)
            return [_value(shape.member, rows[index]) for index in indexes]
        case "integer" | "long":
            if not re.fullmatch(r"[+-]?\d{1,18}", str(node), re.ASCII):
                raise RefusedError("MalformedInput", f"{node} is not an integer.")
            return int(node)
        case "boolean":
            return str(node).lower() == "true"
        case _:
            if isinstance(node, dict):
                raise RefusedError("MalformedInput", "A parameter is malformed.")
            return node


def _element(tag: str, shape: Any, value: Any) -> Iterator[str]:
    if value is None:
        return
    yield f"<{tag}>"
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield from _element(member.serialization.get("name", name), member, value.get(name))
        case "list":
            name = shape.member.serialization.get("name", "member")
            for item in value:
                yield from _element(name, shape.member, item)
        case "map":
            for key, item in value.items():
                yield "<entry>"
                yield from _element("key", shape.key, key)
                yield from _element("value", shape.value, item)
                yield "</entry>"
        case "blob":
            yield base64.b64encode(value).decode("ascii")
        case _:
            yield _scalar(value)
    yield f"</{tag}>"


def _scalar(value: Any) -> str:
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _escape(str(value))


def _escape(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text).translate(_ESCAPES)
