"""The settings that guards hold to: no change of the documents may loosen what it is judged by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from reconciler.model import Address, Limit, LimitName, Requirement, Roles, Rule, Settings
from reconciler.plan.globs import covers

__all__ = ["missing_patterns", "missing_requirements", "missing_rules", "rules_of_roles", "stricter"]


def stricter(settings: Settings, base: Settings | None) -> Settings:
    """Return the stricter of the settings and those at the base, key by key; None: there is no base.

    Lists of what is spared, and of what is required, are joined; of two numbers the smaller one holds. Nothing is ours
    under an owner that the base does not know, save where it knows none. An object that is among the roles on either
    side is protected. There is but one who plans and one who applies: where the base names others, they are protected
    by rules, and who asks whether they are locked out looks at the base as well.
    """
    if base is None or settings == base:
        return settings
    agreed = settings.owner == base.owner or base.owner is None
    roles = _roles(settings.roles, base.roles)
    protect = [*settings.protect, *missing_rules(base.protect, settings.protect)]
    either = rules_of_roles([*settings.roles.every, *base.roles.every])
    protect += missing_rules(either, [*protect, *rules_of_roles(roles.every)])
    return dataclasses.replace(
        settings,
        owner=settings.owner if agreed else None,
        prune=settings.prune and base.prune and agreed,
        roles=roles,
        protect=tuple(protect),
        limits=_limits(settings, base),
        require=(*settings.require, *missing_requirements(base.require, settings.require)),
        accounts=settings.accounts & base.accounts,
        ignore=(*settings.ignore, *missing_rules(base.ignore, settings.ignore)),
        keep=(*settings.keep, *missing_patterns(base.keep, settings.keep)),
        ignore_tags=(*settings.ignore_tags, *missing_patterns(base.ignore_tags, settings.ignore_tags)),
    )


def missing_rules(old: Iterable[Rule], new: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the old rules of which no new one covers all objects for as long."""
    return tuple(dict.fromkeys(rule for rule in old if not any(_outlasts(other, rule) for other in new)))


def _outlasts(rule: Rule, other: Rule) -> bool:
    longer = rule.until is None or (other.until is not None and rule.until >= other.until)
    return longer and covers(rule.match, other.match)


def missing_patterns(old: Iterable[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the old patterns that no new one covers."""
    return tuple(dict.fromkeys(pattern for pattern in old if not any(covers(other, pattern) for other in new)))


def missing_requirements(old: Iterable[Requirement], new: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Return the old requirements with those of their fields that no new one requires of all the same objects."""
    found = []
    for one in old:
        required = {field for other in new if covers(other.match, one.match) for field in other.fields}
        left = tuple(field for field in one.fields if field not in required)
        if left:
            found.append(dataclasses.replace(one, fields=left))
    return tuple(found)


def rules_of_roles(roles: Iterable[Address]) -> list[Rule]:
    """Return the rules by which the settings' roles are protected."""
    return [Rule(str(address), "it is among the settings' roles, or was at the base") for address in roles]


def _roles(head: Roles, base: Roles) -> Roles:
    """Return the roles of the head, and the base's where it names none.

    Of those that can recover the account one is enough, so that a role which comes to them makes the rule looser.
    """
    recover = tuple(one for one in head.recover if one in base.recover) or base.recover or head.recover
    return Roles(head.plan or base.plan, head.apply or base.apply, recover, head.origin or base.origin)


def _limits(head: Settings, base: Settings) -> dict[LimitName, Limit]:
    found = {**base.limits, **head.limits}
    for name in head.limits.keys() & base.limits.keys():
        one, other = head.limits[name], base.limits[name]
        count, percent = _less(one.count, other.count), _less(one.percent, other.percent)
        same = (count, percent) == (one.count, one.percent)
        found[name] = one if same else Limit(count, percent, other.origin)
    return found


def _less(one: int | None, other: int | None) -> int | None:
    return min((number for number in (one, other) if number is not None), default=None)
