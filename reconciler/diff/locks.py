"""Incident locks: what denies somebody something and is not declared may be a responder's doing, so it stays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from reconciler.catalogue import managed_policy
from reconciler.diff.nouns import Scene
from reconciler.diff.settle import dropped
from reconciler.diff.sparing import way_out
from reconciler.kinds import KINDS
from reconciler.kinds.references import Dangling
from reconciler.model import Address, Conflict, Declared, Facet, Items, Observed, Skip

__all__ = ["with_locks"]

_QUARANTINES = "AWSCompromisedKeyQuarantine"
"""How the names of the policies begin that AWS attaches to users whose keys it finds in public.

Source: AWS managed policy reference guide, AWSCompromisedKeyQuarantineV3.
"""


def with_locks(scene: Scene, whole: Mapping[Address, Any]) -> dict[Address, Any]:
    """Return the whole resources with the live items that stay because they carry a Deny, noting their conflicts.

    An item is a lock if it carries a Deny now and would still carry one after the plan, so that the next plan says the
    same. What the base declares is nobody's lock: it goes because the documents changed. A membership is a lock seen
    from both ends, as the group's own items have become; it is told once, and a consent for either end lifts it.
    """
    found = dict(whole)
    for inverse in (False, True) if not scene.desired.verbatim else ():
        for address, resource in list(found.items()):
            observed = scene.live.objects.get(address)
            if observed is not None and scene.fate(address) == "declare":
                stays = _locked(scene, found, scene.desired.declared[address], observed, inverse=inverse)
                if stays:
                    found[address] = dataclasses.replace(resource, **stays)
    return found


def _locked(
    scene: Scene, whole: Mapping[Address, Any], declared: Declared, observed: Observed[Any], *, inverse: bool
) -> dict[str, Any]:
    """Return the fields of an object that hold locks, with what shall be there beside these."""
    fields = {}
    for facet in KINDS[declared.address.kind].facets:
        if not isinstance(facet, Items) or bool(facet.inverse) != inverse or not (facet.grants or facet.inverse):
            continue
        live, after = getattr(observed.resource, facet.field), getattr(whole[declared.address], facet.field)
        stays = {
            scene.moved.get(key, key): value
            for key, value in live.items()
            if scene.moved.get(key, key) not in after and _stays(scene, whole, declared, facet, key)
        }
        if stays:
            fields[facet.field] = {**after, **stays}
    return fields


def _stays(scene: Scene, whole: Mapping[Address, Any], declared: Declared, facet: Items, key: str) -> bool:
    """Return whether a live item stays that is not declared, noting the conflict or the consents."""
    target = scene.target(facet.refers, key) if facet.refers else None
    if target in scene.ending or not all(_denying(scene, known, declared, facet, key) for known in ({}, whole)):
        return False
    if key in dropped(scene, declared, facet, {key: None}) or _was_declared(scene, declared, facet, key):
        return False
    if target is not None and _was_member(scene, target, facet, declared):
        return False
    ends = [declared.address, target] if facet.inverse and target is not None else [declared.address]
    consents = [scene.desired.consented("incident-lock", str(end)) for end in ends]
    given = [consent for consent in consents if consent is not None]
    if given:
        scene.findings.used.update(given)
        return False
    _tell(scene, declared, facet, key, sorted(str(end) for end in ends))
    return True


def _was_declared(scene: Scene, declared: Declared, facet: Items, key: str) -> bool:
    """Return whether the base declares the item of the object."""
    old = declared.renamed_from
    then = scene.before.get(declared.address) or (
        scene.before.get(Address(declared.address.kind, old)) if old else None
    )
    if then is None or then.state != "present":
        return False
    return any(_is_item(scene, facet, text, key) for text in getattr(then.resource, facet.field))


def _was_member(scene: Scene, target: Address, facet: Items, declared: Declared) -> bool:
    """Return whether the base declares a membership at its other end."""
    then, inverse = scene.before.get(target), KINDS[target.kind].facet(facet.inverse)
    if then is None or then.state != "present" or inverse is None:
        return False
    names = {declared.address.folded, (declared.renamed_from or "").lower()}
    return any(text.lower() in names for text in getattr(then.resource, inverse.field))


def _is_item(scene: Scene, facet: Items, text: str, key: str) -> bool:
    if not facet.refers:
        return text.lower() == key.lower() if facet.folds else text == key
    try:
        return scene.references.resolve(facet.refers, text) == key
    except Dangling:
        return text.rpartition("/")[2].lower() == key.rpartition("/")[2].lower()


def _tell(scene: Scene, declared: Declared, facet: Items, key: str, ends: list[str]) -> None:
    label = facet.label(key)
    what = (
        f"{label} among its {facet.field} carries a Deny and is not declared, so it may be an incident's lock: it stays"
    )
    consent = way_out("incident-lock", declared.address)
    remedy = f"declare it if it shall stay, or {consent} if it shall go"
    conflict = Conflict(declared.address, facet.field, what, remedy, declared.at(facet.field), "incident-lock")
    # Of a membership, the end that is denied something is the one to tell.
    told = tuple(ends) if facet.inverse else (*ends, facet.field, key)
    if facet.grants or told not in scene.findings.locks:
        scene.findings.locks[told] = conflict
    why = "it carries a Deny and is not declared"
    scene.findings.skips.add(Skip(declared.address, "incident-lock", why, f"{facet.field} {label}", declared.origin))


def _denying(scene: Scene, whole: Mapping[Address, Any], declared: Declared, facet: Items, key: str) -> bool:
    """Return whether whoever loses the item is denied less, as objects are live or as those in ``whole`` become."""
    if facet.inverse and not facet.grants:
        return _denies_by(scene, whole, declared.address)
    value = getattr(scene.live.objects[declared.address].resource, facet.field)[key]
    return _denies(scene, whole, facet, key, value)


def _denies(scene: Scene, whole: Mapping[Address, Any], facet: Facet, key: str, value: Any) -> bool:
    """Return whether an item of the facet carries a Deny; AWS's own policies as the catalogue tells."""
    if facet.grants == "inline":
        return _has_deny(value)
    if facet.grants != "held":
        return False
    target = scene.target(facet.refers or "", key)
    if target is not None and target in scene.live.objects:
        return _denies_by(scene, whole, target)
    return _is_aws_denial(key)


def _denies_by(scene: Scene, whole: Mapping[Address, Any], address: Address) -> bool:
    """Return whether the object denies something to whoever holds it."""
    written = address in whole and scene.fate(address) == "declare"
    resource = whole[address] if written else scene.live.objects[address].resource
    for facet in KINDS[address.kind].facets:
        value = getattr(resource, facet.field)
        if facet.grants == "document" and _has_deny(value):
            return True
        if facet.grants in {"inline", "held"} and any(_denies(scene, whole, facet, key, value[key]) for key in value):
            return True
    return False


def _is_aws_denial(arn: str) -> bool:
    name = arn.rpartition("/")[2]
    known = managed_policy(name)
    aws = known is not None and known.denies and known.arn(arn.split(":")[1]) == arn
    return aws or (name.startswith(_QUARANTINES) and arn.split(":")[4] == "aws")


def _has_deny(document: Mapping[str, Any]) -> bool:
    statements = document.get("Statement", ())
    return any(one.get("Effect") == "Deny" for one in ([statements] if isinstance(statements, Mapping) else statements))
