"""Ways in which whoever may call a few actions gets at more than it was given, as they are publicly known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, TypeAlias

from reconciler.catalogue.shipped import read

__all__ = ["Become", "Change", "Does", "Enters", "Methods", "On", "Pass", "escalation_methods"]

On: TypeAlias = Literal["user", "role", "group", "policy"]
"""What the Resource of a request has to be: the ARN of such an object."""

Does: TypeAlias = Literal[
    "attach", "put", "write", "switch", "join", "unbind", "rebind", "detach", "erase", "leave"
]  # fmt: skip
"""What an action makes of a principal.

``attach`` gives it a managed policy, ``put`` an inline one; ``write`` writes a policy that it holds anew, ``switch``
takes one of its older versions; ``join`` takes it into a group; ``unbind`` takes its boundary away, ``rebind`` replaces
it; ``detach``, ``erase`` and ``leave`` take a policy away that denies.
"""

Enters: TypeAlias = Literal["log in", "trust", "assume"]
"""How an action makes one principal another: by its credentials, by rewriting its trust, as its trust allows."""


@dataclass(frozen=True, slots=True)
class Change:
    """An action that changes what a principal may do."""

    action: str
    on: On
    does: Does


@dataclass(frozen=True, slots=True)
class Become:
    """An action by which one principal becomes another."""

    action: str
    on: On
    does: Enters


@dataclass(frozen=True, slots=True)
class Pass:
    """Actions by which a service that has a role works for whoever calls them."""

    service: str
    """The service principal that the role must trust."""
    actions: tuple[str, ...]
    one: bool = False
    """Whether all the actions are about one and the same resource."""


@dataclass(frozen=True)
class Methods:
    """All ways, those first that a person would name first."""

    changes: tuple[Change, ...]
    becoming: tuple[Become, ...]
    passing: tuple[Pass, ...]
    """What is called beside iam:PassRole on the role: it makes the service start something with it."""
    carriers: tuple[Pass, ...]
    """What takes over something that has the role already."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Return all actions that are named."""
        alone = {"iam:PassRole"} | {one.action for one in self.changes} | {one.action for one in self.becoming}
        return frozenset(alone.union(*(one.actions for one in (*self.passing, *self.carriers))))

    @cached_property
    def folded(self) -> frozenset[str]:
        """Return all actions that are named, in small letters."""
        return frozenset(name.lower() for name in self.names)


@cache
def escalation_methods() -> Methods:
    """Return the known ways; only the first call reads them."""
    data = json.loads(read("escalation.json"))
    return Methods(
        tuple(Change(row["action"], row["on"], row["does"]) for row in data["change"]),
        tuple(Become(row["action"], row["on"], row["does"]) for row in data["become"]),
        *(
            tuple(Pass(row["service"], tuple(row["actions"]), row.get("one", False)) for row in data[part])
            for part in ("pass", "carriers")
        ),
    )
