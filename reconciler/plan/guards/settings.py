"""Settings that a change loosens: whoever reviews it must not have to notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Alarm, Limit, Roles, Rule, Settings
from reconciler.model.document import LimitName
from reconciler.plan.guards.scene import Scene
from reconciler.plan.stricter import missing_patterns, missing_requirements, missing_rules, rules_of_roles

__all__ = ["settings_loosened"]

_REMEDY = (
    "take it back, or consent with a `kind: exception` document for settings-loosened; this change is judged by the "
    "settings of the base all the same"
)
_LIMITS: tuple[LimitName, ...] = ("delete", "narrow", "trust", "widen")


def settings_loosened(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each key of the settings that spares, asks or forbids less than at the base.

    What no longer held at the base, for its day was past, is no loss. Whatever else is written differently and means
    at least the same, as a wider pattern does, is none either.
    """
    if scene.base is None or scene.desired.verbatim:
        return
    head, base = scene.desired.settings, scene.base.desired.settings
    for key, what in _loosened(scene, head, base):
        origin = head.places.get(key) or head.places.get(key.partition(".")[0])
        yield scene.alarm("settings-loosened", f"settings/{key}", what, _REMEDY, origin)


def _loosened(scene: Scene, head: Settings, base: Settings) -> Iterator[tuple[str, str]]:
    """Yield each key that is looser, and how."""
    for name in _LIMITS:
        old, new = base.limits.get(name, Limit()), head.limits.get(name, Limit())
        if _is_higher(new.count, old.count) or _is_higher(new.percent, old.percent):
            yield f"limits.{name}", f"the limit was {_limit(old)} and is {_limit(new)}"
    valid = [[rule for rule in rules if _holds(scene, rule)] for rules in (base.protect, base.ignore)]
    protects = [*head.protect, *rules_of_roles(head.roles.every)]
    for key, old_rules, new_rules in (("protect", valid[0], protects), ("ignore", valid[1], head.ignore)):
        if lost := missing_rules(old_rules, new_rules):
            yield key, f"it no longer covers {_listed([_rule(rule) for rule in lost])} as it did"
    if gone := missing_patterns(base.keep, head.keep):
        yield "keep", f"it no longer covers {_listed(gone)}"
    if less := missing_requirements(base.require, head.require):
        texts = [f"{', '.join(one.fields)} of {one.match}" for one in less]
        yield "require", f"it no longer asks for {_listed(texts)}"
    if changed := list(_other_roles(head.roles, base.roles)):
        yield "roles", f"they were changed: {_listed(changed)}"
    if head.prune and not base.prune:
        yield "prune", "it was false and is true"
    if base.owner is not None and head.owner != base.owner:
        yield "owner", f"it was {base.owner} and is {head.owner or 'not set'}"


def _is_higher(new: int | None, old: int | None) -> bool:
    return old is not None and (new is None or new > old)


def _limit(limit: Limit) -> str:
    parts = [str(limit.count)] if limit.count is not None else []
    parts += [f"{limit.percent} %"] if limit.percent is not None else []
    return " and ".join(parts) or "none"


def _holds(scene: Scene, rule: Rule) -> bool:
    return rule.until is None or scene.desired.today <= rule.until


def _rule(rule: Rule) -> str:
    return f"{rule.match} through {rule.until}" if rule.until is not None else rule.match


def _other_roles(head: Roles, base: Roles) -> Iterator[str]:
    for name, old, new in (("plan", base.plan, head.plan), ("apply", base.apply, head.apply)):
        if old is not None and old != new:
            yield f"{name} was {old} and is {new or 'not set'}"
    for one in base.recover:
        if one not in head.recover:
            yield f"recover no longer names {one}"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts)
