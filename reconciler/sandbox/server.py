"""A sandbox over HTTP, on loopback only: what any AWS SDK or the AWS CLI sends is answered by the same seam."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from reconciler.errors import SandboxError
from reconciler.sandbox import rpc, wire
from reconciler.sandbox.seam import Sandbox
from reconciler.sandbox.wire import OtherServiceError, RefusedError, Request, Response

__all__ = ["Serving"]

_LOOPBACK = "127.0.0.1"
_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)
_MOST = 32 << 20
"""Bytes of a request; the largest that IAM takes is a SAML metadata document of 10 million characters, form-encoded."""
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
_PATIENCE = 5
"""Seconds that the end waits for requests that have begun."""
_IDLE = 60
"""Seconds after which a connection that says nothing is closed."""


class Serving:
    """A server that answers from the moment it is made until ``close``."""

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        """Begin to listen on 127.0.0.1; port 0 stands for one that is free.

        Raises:
            SandboxError: the port cannot be had.
        """
        try:
            self._server = _Server(sandbox, port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SandboxError(f"port {port} cannot be had: {reason.lower()}; choose another, or 0 for any") from error
        self.url = f"http://{_LOOPBACK}:{self._server.server_address[1]}"
        """What goes into ``AWS_ENDPOINT_URL``."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop: requests that have begun are answered, others are not."""
        self._server.shutdown()
        self._server.drain()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        super().__init__((_LOOPBACK, port), _Handler)
        self.sandbox = sandbox
        self._begun = 0
        self._closing = False
        self._change = threading.Condition()

    def server_bind(self) -> None:
        # Not HTTPServer's: that asks the network for this machine's name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = _LOOPBACK, int(self.server_address[1])

    @contextmanager
    def busy(self) -> Iterator[bool]:
        """Tell whether a request may still be answered, and keep the end waiting while it is."""
        with self._change:
            open_ = not self._closing
            self._begun += open_
        try:
            yield open_
        finally:
            with self._change:
                self._begun -= open_
                self._change.notify_all()

    def drain(self) -> None:
        """Let no request begin any more, and wait for those that have."""
        with self._change:
            self._closing = True
            self._change.wait_for(lambda: not self._begun, _PATIENCE)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: only they know why."""
        del request, client_address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "iam-reconciler-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = _IDLE
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        """Answer one request."""
        with self.server.busy() as open_:
            if not open_:
                self.close_connection = True
                return
            self._respond(self._answered())
            self.wfile.flush()

    do_GET = do_POST  # noqa: N815  the same

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Write no log of requests."""
        del format, args

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP request as AWS would: with an error that a client can read."""
        del explain
        self.close_connection = True
        status = code if code < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.BAD_REQUEST
        self._respond(_refused("MalformedHttpRequestException", message or "The request is malformed.", status))

    def _answered(self) -> Response:
        body = self._body()
        if isinstance(body, Response):
            self.close_connection = True
            return body
        # By HTTP's rules a client may send a header twice; the last counts.
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        try:
            return _missing_signature(request) or self.server.sandbox.dispatch(request)
        except OtherServiceError as error:
            # Not one of the codes that SDKs try again.
            return _fault(request, RefusedError("NotImplemented", f"{error}."))
        except SandboxError as error:
            return _fault(request, RefusedError("InternalFailure", f"{error}."))
        except Exception as error:  # noqa: BLE001  the last stop before the client
            sys.stderr.write(f"error: {self.command}: {type(error).__name__}: {error}\n")
            return _fault(request, RefusedError("InternalFailure", "The sandbox failed; its standard error says how."))

    def _body(self) -> bytes | Response:
        host = self.headers.get("Host", "")
        if not _HOST.fullmatch(host):
            # A web page can make a browser send requests here by a name that it has pointed to this machine.
            return _refused("AccessDenied", f"The sandbox answers on {_LOOPBACK} and localhost only.", 403)
        if self.headers.get("Transfer-Encoding"):
            return _refused("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
        length = self.headers.get("Content-Length", "0")
        if not _LENGTH.fullmatch(length):
            return _refused("MalformedHttpRequestException", "The Content-Length header is malformed.", 400)
        if int(length) > _MOST:
            return _refused("RequestEntityTooLarge", f"A request has at most {_MOST} bytes.", 413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return _refused("RequestTimeout", "The request ended before its body did.", 400)
        return body

    def _respond(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _missing_signature(request: Request) -> Response | None:
    """Return the refusal of a request that is not signed at all; what the signature says is not checked.

    A browser cannot be made to send this header by a page of elsewhere, so that no page can write to a sandbox.
    """
    if request.header("Authorization") or "X-Amz-Signature=" in urlsplit(request.url).query:
        return None
    try:
        fields = dict(parse_qsl(request.body.decode() or urlsplit(request.url).query))
    except ValueError:
        fields = {}
    if fields.get("Action") in _UNSIGNED:
        return None
    return _fault(request, RefusedError("MissingAuthenticationToken", "Request is missing Authentication Token"))


def _fault(request: Request, error: RefusedError) -> Response:
    return rpc.failure(request, error) if rpc.speaks(request) else wire.failure("iam", error)


def _refused(code: str, message: str, status: int) -> Response:
    return wire.failure("iam", RefusedError(code, message))._replace(status=status)
