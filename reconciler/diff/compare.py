"""The comparison of a whole account: (desired, live) to everything that would make them one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.diff.births import born, completing, deferred, names_of, replacing
from reconciler.diff.endings import (
    dying,
    ending,
    held,
    holders,
    last_differences,
    lets_go,
    released,
    unreleased,
    without_the_dying,
)
from reconciler.diff.facets import Closing, close_facet, first_differences
from reconciler.diff.locks import with_locks
from reconciler.diff.nouns import Diff, Draft, Findings, Pair, Ruling, Scene, Tie
from reconciler.diff.pairs import paired, unpaired
from reconciler.diff.settle import left, settled, untold
from reconciler.diff.sparing import not_created, not_deleted, not_updated, stranded, used
from reconciler.diff.view import moves, seen_after
from reconciler.errors import Fault, InputError
from reconciler.kinds import KINDS
from reconciler.kinds.references import References
from reconciler.model import (
    Action,
    Address,
    Base,
    Call,
    Change,
    Conflict,
    Declared,
    Desired,
    Difference,
    Facet,
    Fixed,
    Live,
    Observed,
    Value,
)
from reconciler.model.mark import MARK_KEY, mark_value, marked_by

__all__ = ["compare"]


def compare(
    desired: Desired,
    live: Live,
    rulings: Mapping[Address, Ruling],
    probed: Mapping[str, bool] | None = None,
    begun: AbstractSet[Address] = frozenset(),
    base: Base | None = None,
) -> Diff:
    """Return all differences between ``desired`` and ``live`` that the rulings allow to be closed.

    ``probed`` says of the policy ARNs that an earlier comparison asked for (``Diff.probe``) whether they exist.
    ``begun`` are objects that a run which stopped has created: the others of their circles of trust are created as that
    run would have created them.
    ``base`` is what the documents said before: what they declared then is no lock of somebody else's.

    Raises:
        InputError: a reference leads nowhere, as only the account could tell.
    """
    findings = Findings()
    pairs = paired(desired, live, rulings, findings)
    rulings = {**rulings, **unpaired(desired, pairs)}
    # What is spared is not moved either, so nothing may count on its new ARN.
    moved = moves(desired, {address: pair for address, pair in pairs.items() if rulings[address].fate != "spare"})
    seen = seen_after(live, pairs, moved)
    pairs = {address: dataclasses.replace(pair, observed=seen.objects.get(address)) for address, pair in pairs.items()}
    scene = _scene(desired, seen, rulings, findings, probed or {})
    before = base.desired.declared if base is not None else {}
    scene = dataclasses.replace(scene, rulings={**rulings, **stranded(scene, pairs)}, before=before)
    scene = _with_replacements(scene, pairs, probed or {})
    scene = dataclasses.replace(scene, ending=ending(scene))
    whole = {address: settled(scene, desired.declared[address], pair.observed) for address, pair in pairs.items()}
    whole = with_locks(scene, without_the_dying(scene, whole))
    _check_principals(scene, pairs, whole)
    if findings.faults and findings.probe:
        # What the account answers may be another fault, and all faults are told at once.
        return Diff([], [], [], [], [], set(), frozenset(), frozenset(), frozenset(findings.probe))
    if findings.faults:
        raise InputError(findings.faults)
    new = {a: r for a, r in whole.items() if pairs[a].observed is None or a in scene.replaced or a in begun}
    new = {address: resource for address, resource in new.items() if scene.fate(address) != "spare"}
    missing = deferred(new, desired.account)
    for address, pair in pairs.items():
        if pair.observed is None:
            _create(scene, address, whole[address], missing.get(address, frozenset()))
        elif address in scene.replaced:
            _replace(scene, pair, whole[address], missing.get(address, frozenset()))
        else:
            _update(scene, pair, pair.observed, whole[address], moved)
    _end(scene)
    left(scene)
    if findings.faults:
        raise InputError(findings.faults)
    return Diff(
        drafts=findings.drafts,
        ties=findings.ties,
        changes=sorted(findings.changes, key=lambda change: change.address),
        conflicts=sorted([*findings.conflicts, *findings.locks.values()], key=_by_place),
        notes=sorted(findings.notes, key=lambda note: (note.address, note.what)),
        skips=findings.skips,
        used=used(scene, pairs),
        wanted=frozenset(findings.wanted),
        probe=frozenset(findings.probe),
    )


def _by_place(conflict: Conflict) -> tuple[Address, str, str]:
    return (conflict.address, conflict.field, conflict.what)


def _scene(
    desired: Desired,
    live: Live,
    rulings: Mapping[Address, Ruling],
    findings: Findings,
    probed: Mapping[str, bool],
) -> Scene:
    references = References(desired.account, desired.declared, live, probed)
    by_arn = {observed.arn: address for address, observed in live.objects.items()}
    for address, declared in desired.declared.items():
        if declared.state == "present" and address not in live.objects:
            by_arn[KINDS[address.kind].arn(declared.resource, desired.account)] = address
    return Scene(desired, live, rulings, references, by_arn, {}, frozenset(), findings, held(live))


def _with_replacements(scene: Scene, pairs: Mapping[Address, Pair], probed: Mapping[str, bool]) -> Scene:
    """Return the scene with the objects that are deleted and created anew; those that somebody holds are conflicts."""
    replaced: dict[Address, str] = {}
    moved: dict[str, str] = {}
    for address, pair in pairs.items():
        declared = scene.desired.declared[address]
        if pair.observed is None or not declared.replace or not _fixed_differs(declared, pair.observed.resource):
            continue
        if scene.fate(address) == "spare":
            continue
        if conflict := untold(scene, declared, pair.observed):
            scene.findings.conflicts.append(conflict)
            continue
        keeping = [
            f"{other.address} ({facet.field})"
            for other, facet, key in holders(scene, pair.observed)
            if not (
                lets_go(scene, other, facet, key) if isinstance(facet, Value) else _may_reattach(scene, other, facet)
            )
        ]
        if keeping:
            what = f"it cannot be replaced while it is held by {', '.join(keeping)}"
            remedy = "declare the holders or take it from them by hand; a boundary is lifted by nobody but you"
            scene.findings.conflicts.append(Conflict(address, "replace", what, remedy, declared.at("replace")))
            continue
        replaced[address] = KINDS[address.kind].arn(_moved(declared, pair.observed), scene.desired.account)
        moved[pair.observed.arn] = replaced[address]
    references = References(scene.desired.account, scene.desired.declared, scene.live, probed, replaced)
    by_arn = {**scene.by_arn, **{arn: address for address, arn in replaced.items()}}
    return dataclasses.replace(scene, references=references, replaced=frozenset(replaced), moved=moved, by_arn=by_arn)


def _moved(declared: Declared, observed: Observed[Any]) -> Any:
    path = declared.resource.path if "path" in declared.given else observed.resource.path
    return dataclasses.replace(observed.resource, path=path)


def _may_reattach(scene: Scene, other: Observed[Any], facet: Facet) -> bool:
    declared, fate = scene.desired.declared.get(other.address), scene.fate(other.address)
    managed = declared is not None and declared.manage.get(facet.field) != "ignore"
    return fate == "delete" or (fate == "declare" and managed)


def _fixed_differs(declared: Declared, live: Any) -> bool:
    return any(
        isinstance(facet, Fixed)
        and facet.field in declared.given
        and declared.manage.get(facet.field) != "ignore"
        and getattr(declared.resource, facet.field) != getattr(live, facet.field)
        for facet in KINDS[declared.address.kind].facets
    )


def _check_principals(scene: Scene, pairs: Mapping[Address, Pair], whole: Mapping[Address, Any]) -> None:
    """Note a fault for every principal of this account that a trust names and that will not be there.

    Source: IAM user guide, reference_policies_elements_principal: IAM refuses a principal that does not exist.
    """
    account = scene.desired.account
    there = {observed.arn for address, observed in scene.live.objects.items() if scene.fate(address) != "delete"}
    there -= set(scene.moved)
    for address, resource in whole.items():
        made = pairs[address].observed is None and scene.fate(address) != "spare"
        if made or address in scene.replaced:
            there.add(KINDS[address.kind].arn(resource, account))
    for address, resource in whole.items():
        declared = scene.desired.declared[address]
        facet = next((f for f in KINDS[address.kind].facets if isinstance(f, Value) and f.trusts), None)
        for arn in sorted(KINDS[address.kind].principals(resource)) if facet else ():
            if arn.split(":")[4] == account.id and arn not in there and scene.fate(address) == "declare":
                what = f"{address} trusts {arn}, which will not exist"
                remedy = "declare it, or take it out of the trust"
                scene.findings.faults.append(Fault(str(declared.at("trust")), what, remedy))


def _create(scene: Scene, address: Address, resource: Any, missing: frozenset[str]) -> None:
    declared = scene.desired.declared[address]
    if scene.fate(address) == "spare":
        not_created(scene, declared)
        return
    resource = _marked(scene, address, resource)
    drafts, tie = born(address, resource, KINDS[address.kind].arn(resource, scene.desired.account), missing)
    scene.findings.drafts += [*drafts, *completing(address, resource, resource)]
    scene.findings.ties.append(tie)
    _change(scene, declared, "create", "declared, not in the account", first_differences(declared, resource))


def _replace(scene: Scene, pair: Pair, resource: Any, missing: frozenset[str]) -> None:
    """Delete an object and create it anew, because a field differs that IAM cannot change in place."""
    observed, declared = pair.observed, scene.desired.declared[pair.address]
    if observed is None:
        return
    _want(scene, observed, KINDS[pair.address.kind].deletion_reads | {"tags"})
    resource = _marked(scene, pair.address, dataclasses.replace(resource, name=observed.resource.name))
    ending, end = dying(observed)
    arn = KINDS[pair.address.kind].arn(resource, scene.desired.account)
    beginning, begin = born(pair.address, resource, arn, missing)
    note = f"gap: {pair.address} is gone from here until it is created anew, and gets a new unique id"
    ending[-1] = dataclasses.replace(ending[-1], note=note)
    again = completing(pair.address, resource, observed.resource)
    scene.findings.drafts += [*released(scene, observed), *ending]
    scene.findings.drafts += [*replacing(beginning, ending[-1].call.key), *again]
    scene.findings.ties += [dataclasses.replace(end, replaced=True), dataclasses.replace(begin, replaced=True)]
    closing = _closed(scene, declared, resource, observed.resource)
    fixed = tuple(
        Difference(c.field, "~", "", getattr(observed.resource, c.field), getattr(resource, c.field), (), c.origin)
        for c in closing.conflicts
    )
    warnings = ("access is interrupted while the object is away",)
    differences = (*fixed, *closing.differences)
    _change(scene, declared, "replace", "a field differs that IAM cannot change in place", differences, warnings)


def _update(
    scene: Scene, pair: Pair, observed: Observed[Any], resource: Any, moved: Mapping[Address, tuple[str, str]]
) -> None:
    declared = scene.desired.declared[pair.address]
    resource = dataclasses.replace(resource, name=observed.resource.name)
    if "tags" in declared.given:
        _want(scene, observed, frozenset({"tags"}))
    closing = _closed(scene, declared, resource, observed.resource)
    drafts = _with_rename(pair, closing.drafts)
    if scene.fate(pair.address) == "spare":
        _spare(scene, declared, closing, drafts)
        return
    if drafts:
        _want(scene, observed, frozenset({"tags"}))
        marked = _marked(scene, pair.address, resource)
        if marked is not resource:
            closing = _closed(scene, declared, marked, observed.resource)
            drafts = _with_rename(pair, closing.drafts)
    scene.findings.conflicts += closing.conflicts
    if not drafts:
        return
    scene.findings.drafts += drafts
    if pair.address in moved:
        scene.findings.ties.append(_move_tie(pair, observed, drafts))
    old = pair.rename.params[KINDS[pair.address.kind].handle[0]] if pair.rename else ""
    action: Action = "rename" if pair.rename else "update"
    reason = f"renamed from {old}" if pair.rename else "live differs from what is declared"
    warnings = KINDS[pair.address.kind].warnings(resource, observed.resource)
    _change(scene, declared, action, reason, tuple(closing.differences), warnings)


def _spare(scene: Scene, declared: Declared, closing: Closing, drafts: list[Draft]) -> None:
    """Tell what is not written of an object that is spared, where anything differs."""
    fixed = [Difference(c.field, "~", origin=c.origin) for c in closing.conflicts]
    if drafts or fixed:
        not_updated(scene, declared, [*closing.differences, *fixed])


def _with_rename(pair: Pair, drafts: list[Draft]) -> list[Draft]:
    """Return the drafts behind the renaming call, which takes in what its operation can change along with the name."""
    if pair.rename is None:
        return drafts
    operation, params = pair.rename.operation, dict(pair.rename.params)
    for draft in drafts:
        if draft.call.operation == operation:
            params = {**draft.call.params, **params}
    others = [draft for draft in drafts if draft.call.operation != operation]
    return [Draft(pair.address, Call(operation, params), "rename"), *others]


def _missing_ties(address: Address, desired: Any, live: Any) -> list[Draft]:
    """Return the drafts that put back what no facet holds and a live object lacks."""
    there = {draft.call.key for draft in completing(address, live, live)}
    return [draft for draft in completing(address, desired, desired) if draft.call.key not in there]


def _move_tie(pair: Pair, observed: Observed[Any], drafts: list[Draft]) -> Tie:
    """Return the tie of a renamed or moved object: its new name and ARN are valid from the call that moves it."""
    mover = next(draft for draft in drafts if draft.effect == "rename" or "NewPath" in draft.call.params)
    names = names_of(pair.address, observed.resource, observed.arn)
    if pair.rename is None:
        names = frozenset({("*", observed.arn)})
    return Tie(names, born=mover.call.key)


def _closed(scene: Scene, declared: Declared, desired: Any, live: Any) -> Closing:
    closing = Closing(_missing_ties(declared.address, desired, live))
    for facet in KINDS[declared.address.kind].facets:
        close_facet(scene, declared, facet, desired, live, closing)
    return closing


def _marked(scene: Scene, address: Address, resource: Any) -> Any:
    """Return the resource with the ownership mark among its tags, or the very same one if it needs none."""
    owner = scene.desired.settings.owner
    if (
        owner is None
        or scene.desired.verbatim
        or KINDS[address.kind].facet("tags") is None
        or marked_by(resource.tags, owner, address)
    ):
        return resource
    tags = {**resource.tags, MARK_KEY: mark_value(owner, address)}
    return dataclasses.replace(resource, tags=tags)


def _end(scene: Scene) -> None:
    """Add what the endings of objects take, and the conflicts of those that are not to end."""
    for address, observed in scene.live.objects.items():
        if scene.fate(address) == "delete":
            _delete(scene, observed)
        elif scene.fate(address) == "spare":
            not_deleted(scene, observed)


def _delete(scene: Scene, observed: Observed[Any]) -> None:
    address, ruling = observed.address, scene.rulings[observed.address]
    declared = scene.desired.declared.get(address)
    origin = declared.origin if declared is not None else None
    kind = KINDS[address.kind]
    _want(scene, observed, kind.deletion_reads | {"tags"})
    if keeping := unreleased(scene, observed):
        what = f"it cannot be deleted while it is held by {', '.join(keeping)}"
        remedy = "declare the holders without it, or take it from them by hand"
        scene.findings.conflicts.append(Conflict(address, "state", what, remedy, origin))
        return
    drafts, tie = dying(observed)
    scene.findings.drafts += [*released(scene, observed), *drafts]
    scene.findings.ties.append(tie)
    scene.findings.changes.append(Change(address, "delete", ruling.reason, last_differences(observed), origin))


def _want(scene: Scene, observed: Observed[Any], fields: frozenset[str]) -> None:
    scene.findings.wanted.update((observed.address, field) for field in observed.unread & fields)


def _change(
    scene: Scene,
    declared: Declared,
    action: Action,
    reason: str,
    differences: tuple[Difference, ...],
    warnings: tuple[str, ...] = (),
) -> None:
    change = Change(declared.address, action, reason, differences, declared.origin, warnings)
    scene.findings.changes.append(change)
