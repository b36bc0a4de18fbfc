"""The sandbox over HTTP, until somebody ends it."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from reconciler.cli import run
from reconciler.cli.screen import unread
from reconciler.cli.target import DEFAULT_SANDBOX, Target, targeted

__all__ = ["serve"]

_DONE = 0


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0, the default, is any.")
@targeted
def serve(target: Target, port: int) -> int:
    """Offer a sandbox of DIR over HTTP, on 127.0.0.1 only.

    It is the sandbox called `default`, or that of --sandbox=NAME, as `reconciler --sandbox` works on it: the AWS CLI,
    boto3 scripts and other tools reach it through AWS_ENDPOINT_URL. Ctrl-C ends it.
    """
    if target.profile is not None:
        raise click.UsageError("a sandbox is served, and --profile names a real account")
    from reconciler import sandbox  # noqa: PLC0415  an extra that need not be installed

    name, place = target.sandbox or DEFAULT_SANDBOX, run.sandbox_place(target)
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.set()

    before = signal.signal(signal.SIGTERM, end)
    try:
        with sandbox.serve(name, port=port, **place) as serving:
            with unread():
                click.echo(_told(name, place["account"], place["region"], serving.url))
            ended.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
    return _DONE


def _told(name: str, account: str, region: str, url: str) -> str:
    environment = (
        f"AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox AWS_DEFAULT_REGION={region}"
    )
    return f"sandbox {name}, account {account}, answers on {url}: {environment} aws iam list-users"
