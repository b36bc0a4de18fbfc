"""A boto3 session whose requests go to a sandbox and nowhere else, whatever the environment says."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.configprovider import (
    BOTOCORE_DEFAUT_SESSION_VARIABLES,
    ChainProvider,
    ConfigValueStore,
    ConstantProvider,
    InstanceVarProvider,
)
from botocore.hooks import HierarchicalEmitter
from moto.core.models import botocore_stubber

from reconciler.errors import SandboxError
from reconciler.sandbox.seam import Sandbox, partition_of
from reconciler.sandbox.wire import Request, loader

__all__ = ["connect", "neighbour", "sandbox_of"]

_ACCESS_KEY = "AKIASANDBOXSANDBOX00"
_SECRET_KEY = "the sandbox asks for no secret"  # noqa: S105  there is nothing behind it
_SANDBOXES: WeakKeyDictionary[boto3.Session, Sandbox] = WeakKeyDictionary()
_SERVICES = ("iam", "sts", "resource-groups-tagging-api")


def connect(sandbox: Sandbox, region: str) -> boto3.Session:
    """Return a boto3 session wired to the sandbox."""
    core = botocore.session.Session(event_hooks=copy(_handlers()), include_builtin_handlers=False)
    core.register_component("config_store", _defaults(core))
    core.register_component("data_loader", _Loader())
    core.set_credentials(_ACCESS_KEY, _SECRET_KEY)
    handler: Any = _Handler(sandbox)
    core.register("before-send", handler)
    session = boto3.Session(botocore_session=core, region_name=region)
    _SANDBOXES[session] = sandbox
    return session


def neighbour(session: boto3.Session, account: str, region: str, **options: Any) -> boto3.Session:
    """Return a session of another account in memory, beside that of a session.

    Raises:
        SandboxError: an argument is malformed, or the session is none of the sandbox in memory.
    """
    return connect(sandbox_of(session).beside(account, partition_of(account, region), **options), region)


def sandbox_of(session: boto3.Session) -> Sandbox:
    """Return the sandbox that a session is wired to.

    Raises:
        SandboxError: it is none of ours.
    """
    found = _SANDBOXES.get(session)
    if found is None:
        raise SandboxError("that is no session of the sandbox")
    return found


class _Handler:
    """The before-send handler: it answers, so botocore never opens a connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse:
        service = event_name.split(".")[1]
        if service not in _SERVICES:
            raise SandboxError(f"the sandbox answers IAM, STS and the tagging API only, not {service}")
        headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()}
        body = request.body or b""
        raw = Request(request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body))
        status, answered, content = self._sandbox.dispatch(raw)
        found: Any = answered
        return AWSResponse(request.url, status, found, _Raw(content))


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Return the body in one piece."""
        yield self.read()


class _Loader:
    """The shared loader with search paths of its own: every boto3 session appends to them."""

    def __init__(self) -> None:
        self.search_paths: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(_data(), name)


@cache
def _data() -> Any:
    shared = loader()
    shared.search_paths.append(str(Path(boto3.__file__).parent / "data"))
    return shared


@cache
def _handlers() -> HierarchicalEmitter:
    """Return botocore's own handlers, registered once for the process: it takes them 5 ms."""
    emitter = HierarchicalEmitter()
    core = botocore.session.Session(event_hooks=emitter)
    # moto adds itself to them when it is imported, and would answer too while somebody's mock_aws is active.
    core.unregister("before-send", botocore_stubber)
    return emitter


def _defaults(core: botocore.session.Session) -> ConfigValueStore:
    """Return botocore's configuration from its defaults and what is set on the session: no environment, no file."""
    values = {name: default for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    values |= {"config_file": os.devnull, "credentials_file": os.devnull, "ignore_configured_endpoint_urls": True}
    chains = {
        name: ChainProvider([InstanceVarProvider(name, core), ConstantProvider(value)])
        for name, value in values.items()
    }
    return ConfigValueStore(mapping=chains)
