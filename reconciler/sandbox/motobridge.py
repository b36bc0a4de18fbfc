"""moto as the answerer of what the sandbox does not answer itself, without its patching and its global state.

moto reaches its backends through module globals, so an account's backends are put there while moto answers; and every
instance of a model is remembered in a class attribute for moto's dashboard, which would keep all accounts of a process
alive, so ours are forgotten afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.exceptions import ServiceException
from moto.core.model_instances import model_data
from moto.core.request import normalize_request
from moto.core.utils import camelcase_to_underscores
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from reconciler.sandbox.account import Account
from reconciler.sandbox.wire import Call, RefusedError, Response

__all__ = ["delegate", "installed", "refusals", "untracked"]


class _Ours:
    """A responder whose account is set by hand: moto takes it from the environment, a header or the access key."""

    account: Account

    def get_current_account(self) -> str:
        return self.account.id


class _Iam(_Ours, IamResponse):  # type: ignore[misc]  # moto is untyped
    pass


class _Sts(_Ours, TokenResponse):  # type: ignore[misc]  # moto is untyped
    pass


_RESPONDERS: Mapping[str, Any] = {"iam": _Iam, "sts": _Sts}


def delegate(account: Account, call: Call) -> Response:
    """Return moto's answer to the call.

    Raises:
        RefusedError: moto refuses, or does not know the operation either.
    """
    if call.service not in _RESPONDERS:
        raise RefusedError("NotImplemented", f"The sandbox does not answer {call.operation}.")
    url = f"https://{call.service}.amazonaws.com/"
    raw = call.request
    headers = HTTPHeaders()
    for name, value in raw.headers.items():
        headers[name] = value
    prepared = AWSPreparedRequest(raw.method, url, headers, raw.body, stream_output=False)
    request = normalize_request(prepared)
    responder = _RESPONDERS[call.service]()
    responder.account = account
    method = getattr(responder, camelcase_to_underscores(call.operation), None)
    if method is None:
        raise RefusedError("NotImplemented", f"The sandbox does not answer {call.operation}.")
    # Not through moto's dispatch: that authorises when the environment says so, and reads the environment's
    # AWS profile to put errors into words.
    with installed(account):
        responder.setup_class(request, url, request.headers)
        # moto takes a partition's name for a region of it.
        responder.region = responder.partition = account.partition
        status, answered, body = responder.serialized(method())
    text = body.encode() if isinstance(body, str) else bytes(body)
    return Response(int(status), {str(key): str(value) for key, value in answered.items()}, text)


@contextmanager
def installed(account: Account) -> Iterator[None]:
    """Put the account's backends where moto's models look for them, and put back what was there."""
    slots = [(iam_backends[account.id], account.iam), (sts_backends[account.id], account.sts)]
    before = [dict.get(slot, account.partition) for slot, _ in slots]
    for slot, backend in slots:
        slot[account.partition] = backend
    try:
        yield
    finally:
        for (slot, _), backend in zip(slots, before, strict=True):
            if backend is None:
                dict.pop(slot, account.partition)
            else:
                slot[account.partition] = backend


@contextmanager
def untracked() -> Iterator[None]:
    """Forget the instances of moto's models that are made inside."""
    tracked: list[list[Any]] = [
        model.instances_tracked for service in ("iam", "sts") for model in model_data[service].values()
    ]
    counts = [len(instances) for instances in tracked]
    try:
        yield
    finally:
        for instances, count in zip(tracked, counts, strict=True):
            del instances[count:]


@contextmanager
def refusals() -> Iterator[None]:
    """Turn moto's refusals into ours.

    Raises:
        RefusedError: moto refused.
    """
    try:
        yield
    except ServiceException as error:
        raise RefusedError(str(error.code), str(error.message)) from None
