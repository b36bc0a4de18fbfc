"""Documents that came up empty: nothing follows from them."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import ACCOUNT, Alarm, Desired
from reconciler.model.address import Address
from reconciler.plan.guards.scene import Scene

__all__ = ["empty_source"]


def empty_source(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm if nothing is declared for the account, and something would be pruned or was declared at the base.

    What a tombstone or ``state: unmanaged`` speaks of is not missing: documents that say so of everything are not
    empty.
    """
    desired = scene.desired
    if desired.verbatim or _present(desired):
        return
    pruned = [
        change.address
        for change in scene.plan.changes
        if change.action == "delete" and change.address not in desired.declared
    ]
    missing = _present(scene.base.desired) - desired.declared.keys() if scene.base is not None else set()
    if not pruned and not missing:
        return
    parts = []
    if pruned:
        parts.append(f"prune would delete {_counted(len(pruned))}")
    if missing:
        parts.append(f"{_counted(len(missing))} {'was' if len(missing) == 1 else 'were'} declared at the base")
    what = f"nothing is declared for account {desired.account.id}, and {' and '.join(parts)}"
    remedy = (
        "check the directory and the account; declare what shall stay, write tombstones for what shall go, or consent "
        f"with a `kind: exception` document for empty-source and `{ACCOUNT}`"
    )
    yield scene.alarm("empty-source", ACCOUNT, what, remedy, desired.settings.places.get("prune") if pruned else None)


def _present(desired: Desired) -> set[Address]:
    return {address for address, declared in desired.declared.items() if declared.state == "present"}


def _counted(number: int) -> str:
    return f"{number} object{'' if number == 1 else 's'}"
