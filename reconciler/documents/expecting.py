"""From a document of expectations to the sentences that hold for one account, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.documents.asked import meaning_slips
from reconciler.documents.crosscheck import Findings, Whole
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.documents.sentences import read_sentence
from reconciler.documents.stated import Heard, Told
from reconciler.documents.tree import Tree
from reconciler.errors import Fault
from reconciler.model import Address, Declared, Expectation, Kind, Named

__all__ = ["EXPECTATION", "check_subjects", "subject_kinds", "tell_expectations", "with_gone"]

EXPECTATION: Final = "expectation"
"""What ``kind`` says in a document of expectations."""


def subject_kinds(kinds: Iterable[Kind[Any]]) -> list[str]:
    """Return the kinds whose objects a sentence may be about: what makes requests, and what those belong to."""
    return sorted(kind.name for kind in kinds if all(facet.grants != "document" for facet in kind.facets))


def tell_expectations(heard: Heard, kinds: Mapping[str, Kind[Any]]) -> None:
    """Put the sentences of the document into what it tells."""
    sentences = heard.data.get("expect")
    for index, text in enumerate(sentences if isinstance(sentences, list) else ()):
        if heard.sound("expect", index):
            _tell_one(heard.filled.tree, index, text, subject_kinds(kinds.values()), heard.told)


def _tell_one(tree: Tree, index: int, text: str, kinds: list[str], told: Told) -> None:
    origin = tree.at(("expect", index))
    place, plain = str(origin), " ".join(text.split())

    def report(what: str, remedy: str) -> None:
        told.faults.append(Fault(place, f"{quoted(plain)}: {what}", remedy))

    sentence = read_sentence(text, kinds, report)
    if sentence is None:
        return
    for slip in meaning_slips(sentence.actions, sentence.resources):
        fault = Fault(place, f"{quoted(plain)}: {slip.what}", slip.remedy)
        (told.faults if slip.certain else told.warnings).append(fault)
    told.expectations.append(
        Expectation(
            text=plain,
            origin=origin,
            document=str(tree.data.get("name")),
            allowed=sentence.allowed,
            subjects=sentence.subjects,
            outside=sentence.outside,
            actions=sentence.actions,
            resources=sentence.resources,
            context=sentence.context,
            allow_undecided=str(tree.data.get("allow_undecided")).lower() == "true",
        )
    )


def check_subjects(whole: Whole, expectations: Iterable[Expectation], found: Findings) -> None:
    """Report whoever a sentence names and nothing declares; patterns may well mean nobody."""
    for expectation in expectations:
        for named in (*expectation.subjects, *expectation.outside):
            if not named.is_pattern:
                _check_subject(whole, expectation, named, found)


def with_gone(expectations: Iterable[Expectation], declared: Mapping[Address, Declared]) -> Iterator[Expectation]:
    """Yield the sentences, each knowing which of those that it names are declared absent."""
    absent = [address for address, one in declared.items() if one.state == "absent"]
    for expectation in expectations:
        named = (*expectation.subjects, *expectation.outside)
        gone = frozenset(one for one in named if not one.is_pattern and any(map(one.covers, absent)))
        yield replace(expectation, gone=gone) if gone else expectation


def _check_subject(whole: Whole, expectation: Expectation, named: Named, found: Findings) -> None:
    place, text = str(expectation.origin), quoted(expectation.text)
    kinds = [named.kind] if named.kind else [kind.name for kind in whole.kinds.values() if kind.bindings is not None]
    meant = [address for kind in kinds if (address := Address(kind, named.name)) in whole.declared]
    if len(meant) > 1:
        both = listed([str(address) for address in sorted(meant)])
        found.faults.append(Fault(place, f"{text}: {named} is the name of {both}", "write the one that you mean"))
    if meant or whole.lost(named.name):
        return
    if any(whole.settings.ignoring(Address(kind, named.name), whole.today) for kind in kinds):
        return
    names = [address.name for address in whole.declared if address.kind in kinds]
    near = did_you_mean(named.name, names)
    if near is None:
        what = f"{text}: {named} is not declared, so only the account tells who that is"
        found.open.append(Fault(place, what, "declare it, or correct the name"))
    else:
        kind = f"{named.kind}/" if named.kind else ""
        found.likely.append(Fault(place, f"{text}: {named} is not declared", f"did you mean {kind}{near}?"))
