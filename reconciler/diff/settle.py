"""Makes a declared resource whole: references resolved, and everything that is left alone copied from live."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from reconciler.diff.nouns import Scene
from reconciler.diff.sparing import tie_untouched
from reconciler.kinds import KINDS
from reconciler.kinds.references import Dangling
from reconciler.model import Conflict, Declared, Facet, Items, Note, Observed, Origin, Skip, Value
from reconciler.model.mark import MARK_KEY

__all__ = ["dropped", "item_origin", "left", "settled", "untold"]


def settled(scene: Scene, declared: Declared, observed: Observed[Any] | None) -> Any:
    """Return the resource that shall be live, complete in every field, so that comparing it needs no exceptions."""
    kind = KINDS[declared.address.kind]
    values = {}
    for facet in kind.facets:
        own = getattr(declared.resource, facet.field)
        live = getattr(observed.resource, facet.field) if observed is not None else None
        if observed is not None and _left_alone(declared, facet):
            values[facet.field] = _copied(scene, facet, live)
        elif isinstance(facet, Items):
            values[facet.field] = _items(scene, declared, observed, facet)
        elif facet.refers and own is not None:
            values[facet.field] = scene.resolve(facet.refers, own, declared.at(facet.field))
        else:
            values[facet.field] = own
        if observed is not None and not scene.desired.verbatim and declared.manage.get(facet.field) == "ignore":
            _note_ignored(scene, declared, facet, own, live)
    return dataclasses.replace(declared.resource, **values)


def _note_ignored(scene: Scene, declared: Declared, facet: Facet, own: Any, live: Any) -> None:
    """Note a field that is left alone as its document asks, where it is not as declared."""
    if _ignores(declared, facet) and not _same(facet, own, live):
        scene.findings.notes.add(Note(declared.address, f"{facet.field} is ignored, and not as declared"))
    if live:
        _skip(scene, declared, facet, "", ("manage", "its document says to ignore the field"), declared.at("manage"))


def _skip(
    scene: Scene, declared: Declared, facet: Facet, key: str, rule: tuple[str, str], origin: Origin | None
) -> None:
    """Note an item of a declared object (its whole field where ``key`` is empty) that is spared by rule and reason.

    A ``verbatim`` plan speaks of no rules.
    """
    if not scene.desired.verbatim:
        label = facet.label(key) if isinstance(facet, Items) and key else key
        item = f"{facet.field} {label}" if label else facet.field
        scene.findings.skips.add(Skip(declared.address, *rule, item, origin))


def untold(scene: Scene, declared: Declared, observed: Observed[Any]) -> Conflict | None:
    """Return why an object cannot be replaced that its document does not tell as far as it must be told, or None.

    Once it is deleted, nothing but the document tells what the creating call shall make: the ARN must follow from that,
    and a field that is declared and ignored would come back as another one than was reviewed.
    """
    if scene.desired.verbatim:
        return None
    path = observed.resource.path
    if path != "/" and "path" not in declared.given:
        what = f"it cannot be replaced while nothing but the object itself tells its path, {path!r}"
        return Conflict(declared.address, "replace", what, f"write `path: {path}`", declared.at("replace"))
    for facet in KINDS[declared.address.kind].facets:
        own, live = getattr(declared.resource, facet.field), getattr(observed.resource, facet.field)
        if isinstance(facet, Items) and not facet.at_creation:
            continue
        if _ignores(declared, facet) and not _same(facet, own, live):
            what = f"it cannot be replaced while {facet.field} is ignored, and not as declared"
            remedy = f"declare {facet.field} as it is, or do not ignore it while the object is replaced"
            return Conflict(declared.address, "replace", what, remedy, declared.at("replace"))
    return None


def _ignores(declared: Declared, facet: Facet) -> bool:
    """Return whether a field is ignored of which the document says something nevertheless."""
    told = facet.field in declared.given or facet.absent == "none"
    return told and declared.manage.get(facet.field) == "ignore"


def _same(facet: Facet, own: Any, live: Any) -> bool:
    """Return whether a field that is ignored looks as declared; references are held against their last part."""
    if isinstance(facet, Items):
        ends = [{_last(key) if facet.refers else key for key in items} for items in (own, live)]
        return ends[0] == ends[1] and (bool(facet.refers) or all(facet.same(own[key], live[key]) for key in own))
    if facet.refers and own and live:
        return _last(own) == _last(live)
    return bool(facet.same(own, live)) if isinstance(facet, Value) and own and live else bool(own == live)


def _left_alone(declared: Declared, facet: Facet) -> bool:
    if declared.manage.get(facet.field) == "ignore":
        return True
    return facet.absent == "leave" and facet.field not in declared.given


def _copied(scene: Scene, facet: Facet, live: Any) -> Any:
    """Return live's value with the ARNs of replaced objects brought up to date."""
    if not facet.refers or not live:
        return live
    if isinstance(live, str):
        return scene.moved.get(live, live)
    return {scene.moved.get(key, key): value for key, value in live.items()}


def _items(scene: Scene, declared: Declared, observed: Observed[Any] | None, facet: Items) -> Mapping[str, Any]:
    live: Mapping[str, Any] = getattr(observed.resource, facet.field) if observed is not None else {}
    spelled = {key.lower(): key for key in live} if facet.folds else {}
    found: dict[str, Any] = {}
    for text, value in getattr(declared.resource, facet.field).items():
        key: str | None = text
        if facet.refers:
            key = scene.resolve(facet.refers, text, item_origin(declared, facet, text))
        if key is None:
            continue
        key = key if key in live else spelled.get(key.lower(), key)
        if facet.field == "tags" and (rule := _sparing_tag(scene, key)):
            if key not in live or live[key] != value:
                scene.findings.notes.add(Note(declared.address, f"the tag {key} is ignored: not written"))
                _spare_tag(scene, declared, facet, key, rule)
            continue
        if facet.refers and key not in live and _is_shut(scene, declared, facet, key):
            continue
        found[key] = value
    gone = dropped(scene, declared, facet, live)
    for key, value in live.items():
        if key not in found and _keeps(scene, declared, facet, key, gone):
            found[scene.moved.get(key, key) if facet.refers else key] = value
    return found


def _is_shut(scene: Scene, declared: Declared, facet: Items, key: str) -> bool:
    """Return whether an item is not added because of what it leads to, noting it."""
    ruling = scene.sparing(facet, scene.target(facet.refers or "", key))
    if ruling is None:
        return False
    tie_untouched(scene, declared, facet, key, ruling, is_there=False)
    _skip(scene, declared, facet, key, (ruling.rule, ruling.reason), ruling.origin)
    return True


def dropped(scene: Scene, declared: Declared, facet: Items, live: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of the items that shall not be there; what leads nowhere any more is known by its name alone."""
    texts = declared.dropped.get(facet.field, frozenset())
    if not facet.refers or scene.desired.verbatim:
        return texts
    found: set[str] = set()
    for text in texts:
        try:
            found.add(scene.references.resolve(facet.refers, text))
        except Dangling:
            found.update(key for key in live if key == text or _last(key) == _last(text))
    return frozenset(found)


def _keeps(scene: Scene, declared: Declared, facet: Items, key: str, gone: frozenset[str]) -> bool:
    """Return whether a live item that is not declared stays, noting those that somebody may wonder about."""
    if declared.manage.get(facet.field) == "additive":
        if key not in gone:
            rule = ("manage", "its document says to keep what is added")
            _skip(scene, declared, facet, key, rule, declared.at("manage"))
        return key not in gone
    if facet.field == "tags":
        pattern = _sparing_tag(scene, key)
        if pattern is not None and key != MARK_KEY:
            _spare_tag(scene, declared, facet, key, pattern)
        return pattern is not None
    return bool(facet.refers) and _keeps_tie(scene, declared, facet, key)


def _spare_tag(scene: Scene, declared: Declared, facet: Items, key: str, rule: str) -> None:
    reserved = rule == "reserved"
    why = "AWS keeps such tags for itself" if reserved else "the settings leave such tags alone"
    where = None if reserved else scene.desired.settings.places.get("ignore_tags")
    _skip(scene, declared, facet, key, (rule, why), where)


def _sparing_tag(scene: Scene, key: str) -> str | None:
    """Return the rule by which a tag is never written, or None."""
    if scene.desired.verbatim:
        return None
    if key == MARK_KEY or key.startswith("aws:"):
        return "reserved"
    pattern = next((p for p in scene.desired.settings.ignore_tags if fnmatchcase(key, p)), None)
    return f"ignore_tags {pattern}" if pattern is not None else None


def _keeps_tie(scene: Scene, declared: Declared, facet: Items, key: str) -> bool:
    target = scene.target(facet.refers or "", key)
    if ruling := scene.sparing(facet, target):
        tie_untouched(scene, declared, facet, key, ruling, is_there=True)
        _skip(scene, declared, facet, key, (ruling.rule, ruling.reason), ruling.origin)
        return True
    if facet.inverse:
        return _other_end_keeps(scene, declared, facet, key)
    path = f"{declared.address.kind}/{declared.address.folded}/{facet.label(key).lower()}"
    pattern = next((p for p in scene.desired.settings.keep if fnmatchcase(path, p.lower())), None)
    if pattern is None:
        return False
    scene.findings.notes.add(Note(declared.address, f"{facet.label(key)} stays: kept by {pattern!r}"))
    rule = (f"keep {pattern}", "the settings keep such attachments")
    _skip(scene, declared, facet, key, rule, scene.desired.settings.places.get("keep"))
    return True


def _other_end_keeps(scene: Scene, declared: Declared, facet: Items, key: str) -> bool:
    """Return whether the item is left to the object at its other end, which alone speaks of it and is not exclusive."""
    own_key = declared.document is not None and facet.field in declared.document.data
    other = scene.desired.declared.get(scene.target(facet.refers or "", key))  # type: ignore[arg-type]
    return not own_key and other is not None and other.manage.get(facet.inverse) in {"additive", "ignore"}


def left(scene: Scene) -> None:
    """Note the undeclared ends of ties that a declared object leaves to whoever made them."""
    if scene.desired.verbatim:
        return
    for address, observed in scene.live.objects.items():
        declared = scene.desired.declared.get(address)
        if declared is None or declared.state != "present":
            continue
        for facet in KINDS[address.kind].facets:
            if not (isinstance(facet, Items) and facet.inverse and facet.absent == "leave"):
                continue
            if facet.field in declared.given:
                continue
            for key in getattr(observed.resource, facet.field):
                target = scene.target(facet.refers or "", key)
                if target not in scene.desired.declared:
                    what = f"{target} is among its {facet.field} though not declared: left alone"
                    scene.findings.notes.add(Note(address, what))
                    _skip(scene, declared, facet, key, ("undeclared", "no document declares it"), None)


def item_origin(declared: Declared, facet: Facet, key: str) -> Origin:
    """Return where an item stands in its document: by key in a mapping, by its name in a list."""
    data = declared.document.data.get(facet.field) if declared.document is not None else None
    if isinstance(data, Mapping):
        return declared.at(facet.field, key)
    texts = [item["policy"] if isinstance(item, Mapping) else item for item in data or ()]
    alike = [index for index, text in enumerate(texts) if _last(text) == _last(key)]
    exact = [index for index in alike if texts[index] == key]
    return next((declared.at(facet.field, index) for index in (*exact, *alike)), declared.at(facet.field))


def _last(text: str) -> str:
    return text.rpartition("/")[2].lower()
