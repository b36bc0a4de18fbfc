"""Sentences about access, held against an account: which do not hold, for whom, and a request that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model import Address, Call, Evidence, Expectation, Live, Named, Unmet
from reconciler.plan.because import because
from reconciler.plan.foresee import after_all
from reconciler.plan.picture import Held, Picture, aws_policies
from reconciler.plan.questions import Asker, Finding, cannot_be, question
from reconciler.plan.standing import led_to

__all__ = ["Crowd", "checked", "shown", "unmet"]


def checked(
    expectations: Sequence[Expectation],
    live: Live,
    calls: Sequence[Call],
    read: Callable[[Iterable[str]], Mapping[str, Mapping[str, Any]]],
) -> tuple[Unmet, ...]:
    """Return what is expected and not so once the calls are made; ``read`` gives the documents of policies by ARN.

    Raises:
        AccountError: the account cannot be read.
    """
    if not expectations:
        return ()
    end = after_all(live.objects, calls, live.account)
    return unmet(expectations, Picture(end, live.account, read(aws_policies((end,), live.account))))


def unmet(expectations: Iterable[Expectation], picture: Picture) -> tuple[Unmet, ...]:
    """Return the sentences that do not hold in the picture, or of which it is not known, in their order.

    Those whom a sentence fails for in the same way are told together.
    """
    crowd, asker = Crowd(picture), Asker(picture)
    return tuple(one for expectation in expectations for one in _unmet(expectation, crowd, asker))


class Crowd:
    """Whom names mean among the principals of a picture."""

    def __init__(self, picture: Picture) -> None:
        """Take who there is."""
        self.picture = picture
        self.principals = tuple(picture.principals())
        self._held: dict[Address, Held] = {}
        self._groups: dict[Address, list[Address]] = {}
        for address in self.principals:
            for group in self._groups_of(address):
                self._groups.setdefault(group, []).append(address)

    def held(self, address: Address) -> Held:
        """Return what the principal at the address holds."""
        if address not in self._held:
            self._held[address] = self.picture.held(address)
        return self._held[address]

    def meant(self, named: Named) -> list[Address]:
        """Return the principals that are meant, sorted: by their names, or by those of what they belong to."""
        found = {address for address in self.principals if named.covers(address)}
        if named.kind:
            found |= {one for group, members in self._groups.items() if named.covers(group) for one in members}
        return sorted(found)

    def is_there(self, named: Named) -> bool:
        """Return whether there is anything of this name, be it a group without members."""
        return bool(self.meant(named)) or (bool(named.kind) and Address(named.kind, named.name) in self.picture.objects)

    def _groups_of(self, address: Address) -> Iterator[Address]:
        observed = self.picture.objects[address]
        for facet in KINDS[address.kind].facets:
            if facet.grants == "held":
                for key in getattr(observed.resource, facet.field):
                    at = led_to(facet, key, self.picture.account)
                    if at is not None:
                        yield at


def _unmet(expectation: Expectation, crowd: Crowd, asker: Asker) -> Iterator[Unmet]:
    yield from _misnamed(expectation, crowd)
    asked = question(
        expectation.actions,
        expectation.resources,
        expectation.context,
        every=expectation.allowed,
        partition=crowd.picture.account.partition,
    )
    groups: dict[object, tuple[list[Address], Evidence | None, Finding]] = {}
    for address in _covered(expectation, crowd):
        held = crowd.held(address)
        if cannot_be(held, expectation.context):
            continue
        finding = asker.ask(held, asked)
        if finding.holds is not expectation.allowed:
            evidence = shown(finding, held)
            key = (finding.holds, finding.reasons, finding.unknown, repr(evidence))
            groups.setdefault(key, ([], evidence, finding))[0].append(address)
    for addresses, evidence, finding in groups.values():
        undecided = finding.holds is None
        yield Unmet(expectation, tuple(addresses), evidence, finding.reasons, finding.unknown, undecided=undecided)


def _covered(expectation: Expectation, crowd: Crowd) -> list[Address]:
    if expectation.subjects:
        return sorted({address for named in expectation.subjects for address in crowd.meant(named)})
    spared = {address for named in expectation.outside for address in crowd.meant(named)}
    return [address for address in crowd.principals if address not in spared]


def _misnamed(expectation: Expectation, crowd: Crowd) -> Iterator[Unmet]:
    """Yield what is wrong with whom the sentence names: nobody is called so, or several are."""
    for named in (*expectation.subjects, *expectation.outside):
        if named.is_pattern:
            continue
        meant = crowd.meant(named)
        if not named.kind and len(meant) > 1:
            names = " and ".join(str(address) for address in meant)
            yield Unmet(expectation, reasons=(f"{named} is the name of {names}: write the one that you mean",))
        if crowd.is_there(named) or named in expectation.gone:
            continue
        yield Unmet(expectation, reasons=(f"there is no {named} in the account: correct the name, or leave it away",))


def shown(finding: Finding, held: Held) -> Evidence | None:
    """Return the request that shows an answer, and why it is decided so; None where there is none."""
    if finding.request is None or finding.decision is None:
        return None
    return Evidence(
        finding.decision.allowed,
        finding.request.action,
        finding.request.resource,
        because(finding.decision, held),
        dict(finding.request.context),
        label=finding.label.value if finding.label is not None else "",
    )
