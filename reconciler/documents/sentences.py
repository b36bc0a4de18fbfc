"""Sentences about access: ``SUBJECT can|cannot ACTION [on RESOURCE] [when KEY = VALUE]``, read without guessing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from reconciler.documents.asked import form_slips, is_condition_key
from reconciler.documents.hints import did_you_mean, listed, quoted
from reconciler.model import Named

__all__ = ["Sentence", "read_sentence"]

FORM = "SUBJECT can|cannot ACTION [on RESOURCE] [when KEY = VALUE]"
"""What a sentence looks like, for people."""

_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+|"')
_NAME = re.compile(r"[\w+=,.@*?-]+", re.ASCII)
_EVERYBODY = ("everybody", "everyone")
_NOBODY = "nobody"
_OUTSIDE = ("outside", "except")
_VERBS: Mapping[str, bool] = {"can": True, "cannot": False}
_MEANT = {"can't": "cannot", "cant": "cannot", "may": "can", "must": "can", "could": "can", "shall": "can"}

_Report: TypeAlias = Callable[[str, str], None]
"""Takes what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence says; ``allowed`` is whether all that it covers must be allowed, else none of it may be."""

    allowed: bool
    subjects: tuple[Named, ...]
    outside: tuple[Named, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str | tuple[str, ...]]


class _Word(NamedTuple):
    """A word without its quotes; only one that has none may be a keyword."""

    text: str
    bare: bool

    def among(self, *keywords: str) -> bool:
        return self.bare and self.text.lower() in keywords


def read_sentence(text: str, kinds: Sequence[str], report: _Report) -> Sentence | None:
    """Return what the sentence says, or None after reporting everything that is wrong with it.

    ``kinds`` are the kinds of objects that make requests, or to which those that do belong.
    """
    faults: list[tuple[str, str]] = []
    sentence = _Reader(kinds, lambda what, remedy: faults.append((what, remedy))).read(text)
    for what, remedy in dict.fromkeys(faults):
        report(what, remedy)
    return sentence if not faults else None


class _Reader:
    """Reads one sentence."""

    def __init__(self, kinds: Sequence[str], report: _Report) -> None:
        self._kinds = kinds
        self._report = report

    def read(self, text: str) -> Sentence | None:
        if text.count('"') % 2:
            self._report("a quotation mark is not closed", "close it, or remove it")
            return None
        words = [_Word(raw.replace('"', ""), '"' not in raw) for raw in _WORD.findall(text)]
        verb = next((index for index, word in enumerate(words) if word.among(*_VERBS)), None)
        if verb is None:
            self._no_verb(words)
            return None
        if words[verb + 1 : verb + 2] and words[verb + 1].among("not"):
            self._report("`can not` reads in two ways", "write `cannot`")
            return None
        subject, rest = words[:verb], words[verb + 1 :]
        what, rest = _until(rest, "on", "when", "if")
        where, rest = _until(rest[1:], "when", "if") if rest and rest[0].among("on") else (None, rest)
        if rest and rest[0].among("if"):
            self._report("`if` begins no condition", "write `when`")
        allowed = _VERBS[words[verb].text.lower()]
        nobody, subjects, outside = self._subject(subject)
        if nobody and not allowed:
            self._report("`nobody cannot` says no twice", "write `nobody can` or `everybody can`")
        return Sentence(
            allowed=allowed and not nobody,
            subjects=subjects,
            outside=outside,
            actions=self._actions(what),
            resources=("*",) if where is None else self._resources(where),
            context=self._context(rest[1:]) if rest else {},
        )

    def _no_verb(self, words: Sequence[_Word]) -> None:
        known = [*_VERBS, *_MEANT]
        near = next((meant for word in words if word.bare and (meant := did_you_mean(word.text, known))), None)
        remedy = f"did you mean `{_MEANT.get(near, near)}`?" if near else f"write {FORM}"
        self._report("there is neither `can` nor `cannot`", remedy)

    def _subject(self, words: Sequence[_Word]) -> tuple[bool, tuple[Named, ...], tuple[Named, ...]]:
        """Return whether it is nobody who can, who is meant, and who is left out."""
        if not words:
            self._report("nobody is named before `can`", f"write {FORM}")
            return False, (), ()
        nobody = words[0].among(_NOBODY)
        if not nobody and not words[0].among(*_EVERYBODY):
            return False, self._all_named(words), ()
        if len(words) == 1:
            return nobody, (), ()
        if not words[1].among(*_OUTSIDE):
            what = f"{quoted(words[1].text)} does not go on after `{words[0].text}`"
            self._report(what, f"write `{words[0].text} outside NAME`, or the verb")
            return nobody, (), ()
        if not words[2:]:
            self._report(f"nothing follows `{words[1].text}`", "write whom you mean, as in `outside group/admins`")
        return nobody, (), self._all_named(words[2:])

    def _all_named(self, words: Sequence[_Word]) -> tuple[Named, ...]:
        # Names may hold commas, so one without a space behind it separates only what cannot be one name.
        between = re.compile(rf",(?=(?:{'|'.join(self._kinds)})/)")
        found = (self._named(text) for item in self._items(words, "subject") for text in between.split(item))
        return tuple(one for one in found if one is not None)

    def _named(self, text: str) -> Named | None:
        if text.lower() in (_NOBODY, *_EVERYBODY):
            self._report(f"`{text}` stands among others", "let it stand alone, or write whom you mean")
            return None
        if text.startswith("arn:"):
            last = text.rpartition(":")[2].split("/")
            remedy = f"write {last[0]}/{last[-1]}" if len(last) > 1 else "write kind/name"
            self._report(f"{quoted(text)} is an ARN", remedy)
            return None
        kind, slash, name = text.rpartition("/")
        if not _NAME.fullmatch(name) or "/" in kind:
            self._report(f"{quoted(text)} is no name", f"write a name, or {self._kind_names()} with a name")
            return None
        if slash and kind.lower() not in self._kinds:
            meant = did_you_mean(kind, self._kinds)
            remedy = f"did you mean {meant}/{name}?" if meant else f"write {self._kind_names()}"
            self._report(f"{quoted(text)} is nobody who makes requests", remedy)
            return None
        if not slash and ("*" in name or "?" in name):
            self._report(f"{quoted(text)} does not say of which kind they are", f"write {self._kind_names(name)}")
            return None
        return Named(kind.lower(), name)

    def _kind_names(self, name: str = "NAME") -> str:
        return listed([f"{kind}/{name}" for kind in self._kinds], "or")

    def _actions(self, words: Sequence[_Word]) -> tuple[str, ...]:
        if not words:
            self._report("there is no action", "write one, as in s3:GetObject, iam:* or *")
        found = tuple(text for item in self._items(words, "action") for text in item.split(","))
        for slip in form_slips(found, ()):
            self._report(slip.what, slip.remedy)
        return found

    def _resources(self, words: Sequence[_Word]) -> tuple[str, ...]:
        if not words:
            self._report("nothing follows `on`", "write a resource's ARN")
        found = tuple(self._items(words, "resource"))
        for slip in form_slips((), found):
            self._report(slip.what, slip.remedy)
        return found

    def _context(self, words: Sequence[_Word]) -> dict[str, str | tuple[str, ...]]:
        if not words:
            self._report("nothing follows `when`", "write KEY = VALUE")
        found: dict[str, str | tuple[str, ...]] = {}
        for group in _split(words, "and") if words else ():
            self._condition(group, found)
        return found

    def _condition(self, words: Sequence[_Word], found: dict[str, str | tuple[str, ...]]) -> None:
        key, equals, rest = words[0].text.partition("=") if words else ("", "", "")
        values = [*([words[0]._replace(text=rest)] if rest else []), *words[1:]]
        if not equals and values and values[0].text.startswith("="):
            equals, text = "=", values[0].text[1:]
            values = [*([values[0]._replace(text=text)] if text or not values[0].bare else []), *values[1:]]
        if not is_condition_key(key):
            self._report(
                f"{quoted(key)} is no condition key", "write KEY = VALUE, as in aws:RequestedRegion = eu-west-1"
            )
            return
        if not equals or (values and values[0].bare and values[0].text.startswith("=")):
            self._report(f"{quoted(key)} is not followed by `=`", "write KEY = VALUE: no other operator has a meaning")
            return
        items = tuple(self._items(values, "value"))
        if not items:
            self._report(f"{quoted(key)} has no value", "write KEY = VALUE")
            return
        if key.lower() in {name.lower() for name in found}:
            self._report(f"{quoted(key)} has a value twice", "keep one; a key with many values has them in a list")
        found[key] = items[0] if len(items) == 1 else items

    def _items(self, words: Sequence[_Word], noun: str) -> Iterator[str]:
        """Yield what a list holds: its items are separated by commas, ``and`` or ``or``."""
        open_ = True
        for index, word in enumerate(words):
            if index and word.among("and", "or", ","):
                open_ = True
                if noun == "value" and word.among("or"):
                    self._report("`or` stands between values", "write a sentence for each of them")
                continue
            text, comma = (word.text.rstrip(","), word.text.endswith(",")) if word.bare else (word.text, False)
            if not open_:
                what = f"nothing separates {quoted(text)} from the {noun} before it"
                self._report(what, "separate them by commas, or put a text with spaces in quotes")
            if text or not word.bare:
                yield text
            open_ = comma
        if open_ and words:
            self._report(f"the list ends before its last {noun}", "add it, or remove the comma")


def _until(words: list[_Word], *keywords: str) -> tuple[list[_Word], list[_Word]]:
    """Return the words before the first keyword, and those from it on."""
    end = next((index for index, word in enumerate(words) if word.among(*keywords)), len(words))
    return words[:end], words[end:]


def _split(words: Sequence[_Word], keyword: str) -> list[list[_Word]]:
    groups: list[list[_Word]] = [[]]
    for word in words:
        if word.among(keyword):
            groups.append([])
        else:
            groups[-1].append(word)
    return groups
