"""What the tests of saved plans share: a plan in a file's bytes, the file edited, and what is left to do of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

from support.estates import Docs
from support.worlds import World, desired_of

from reconciler.live import Iam
from reconciler.model import Account, Live, Plan
from reconciler.plan import Begun, Reader, make
from reconciler.plan.basis import basis_of
from reconciler.plan.check import Narrowed, narrowed
from reconciler.plan.file import Header, dump, load
from reconciler.plan.make import Library, guarded

__all__ = ["HEADER", "Named", "bytes_of", "forged", "left", "sent"]

HEADER = Header("1.0", "arn:aws:iam::123456789012:user/tester", None, dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC))


def bytes_of(made: Plan, docs: Docs, header: Header = HEADER, **settings: Any) -> bytes:
    return dump(made, basis_of(desired_of(docs, made.account, **settings)), header)


def forged(data: bytes, edit: Callable[[Any], None]) -> bytes:
    """Return the file after an edit by somebody who knows how to compute its digest."""
    content = json.loads(data)
    edit(content)
    del content["sha256"]
    rest = (json.dumps(content, indent=2)[1:] + "\n").encode()
    return b'{"sha256": "' + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest


class Named(Iam):
    """Live IAM whose objects have unique ids that are the same in every sandbox."""

    def snapshot(self, account: Account) -> Live:
        live = super().snapshot(account)
        objects = {
            address: dataclasses.replace(
                observed, resource=dataclasses.replace(observed.resource, unique_id=str(address))
            )
            for address, observed in live.objects.items()
        }
        return dataclasses.replace(live, objects=objects)


def left(
    world: World, data: bytes, docs: Docs, *, exact: bool = False, iam: Iam | None = None, **settings: Any
) -> Narrowed:
    """Return what is left to do of a saved plan in the account as it is now, as the documents are now."""
    iam = iam or Iam(world.session)
    desired = desired_of(docs, iam.identify(), **settings)
    saved = load(data, "plan.json")

    def derive(reader: Reader, begun: Begun) -> Plan:
        return make(desired, reader, begun=begun)

    def judge(plan: Plan, live: Live, library: Library) -> Plan:
        return guarded(plan, desired, live, library)

    return narrowed(saved, derive, judge, iam, exact=exact, changed=basis_of(desired) != saved.basis)


def sent(made: Plan) -> list[str]:
    return [step.call.key for step in made.steps]
