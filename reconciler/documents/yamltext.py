"""YAML text to trees, strictly: every scalar keeps its text, and whatever has two meanings is refused.

The trees are built from the parser's events and not by PyYAML's constructors: nothing is resolved (no dates, octals,
sexagesimals or yes/no), nothing recurses, and a bomb is met while it is still small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml

from reconciler.documents.syntax import DEEPEST, TOO_DEEP, explain
from reconciler.documents.tree import Below, Spot, Tree
from reconciler.errors import Fault

__all__ = ["Reading", "read_yaml"]

_EXPANSION, _ALLOWANCE = 10, 10_000
_BROKEN_DOCUMENTS = 20
_TEXT_PER_NODE = 256
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_NAMED = re.compile(r"\bname[\"']?[ \t]*:[ \t]*[\"']?([\w+=,.@-]+)", re.ASCII)
_KIND = re.compile(r"\bkind[\"']?[ \t]*:")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one text."""

    trees: tuple[Tree, ...] = ()
    faults: tuple[Fault, ...] = ()
    lost_names: frozenset[str] = frozenset()
    """Lower-case names that unreadable documents seem to declare."""
    lost_settings: bool = False
    """Whether an unreadable document may have been the settings."""


def read_yaml(text: str, file: str, loader: Any = None) -> Reading:
    """Return every document of ``text``; a document that cannot be parsed costs only itself.

    ``file`` is the file's name in places. ``loader`` is PyYAML's, by default libyaml's where there is one.
    """
    loader = loader or getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    strange = _UNPRINTABLE.search(text)
    if strange is not None:
        what = f"U+{ord(strange.group()):04X} is no printable character"
        return _lost(text, _place(file, text, strange.start()), what, "remove it, or write it as an escape")
    trees: list[Tree] = []
    faults: list[Fault] = []
    lost: list[str] = []
    start: int | None = 0
    line = 0
    while start is not None:
        builder = _Builder(file, line, faults)
        failed = _run(builder, text[start:], loader)
        trees += builder.trees
        if failed is None:
            break
        found = _MARKER.search(text, start + failed + 1)
        end = found.start() if found else len(text)
        lost.append(text[start + failed : end])
        line += len(_BREAK.findall(text, start, end))
        start = found.start() if found else None
        if start is not None and len(lost) == _BROKEN_DOCUMENTS:
            what = f"{_BROKEN_DOCUMENTS} documents of this file cannot be parsed; the rest of it was not read"
            faults.append(Fault(f"{file}:{line + 1}:1", what, "mend them first"))
            lost.append(text[start:])
            break
    names = {name.lower() for part in lost for name in _NAMED.findall(part)}
    settings = any(not _KIND.search(part) for part in lost)
    return Reading(tuple(trees), tuple(faults), frozenset(names), settings)


def _lost(text: str, place: str, what: str, remedy: str) -> Reading:
    names = frozenset(name.lower() for name in _NAMED.findall(text))
    return Reading(faults=(Fault(place, what, remedy),), lost_names=names, lost_settings=True)


def _place(file: str, text: str, offset: int) -> str:
    breaks = [match.end() for match in _BREAK.finditer(text, 0, offset)]
    return f"{file}:{len(breaks) + 1}:{offset - (breaks[-1] if breaks else 0) + 1}"


def _run(builder: _Builder, text: str, loader: Any) -> int | None:
    """Feed the text's events to the builder; return where the document begins that cannot be parsed, or None."""
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.feed(event)
    except _AbandonedError:
        return builder.begun
    except yaml.YAMLError as error:
        complaint = explain(error, text)
        line = f"{builder.file}:{builder.line + complaint.line + 1}:"
        if not any(fault.place.startswith(line) and fault.what == complaint.what for fault in builder.faults[-1:]):
            builder.faults.append(Fault(f"{line}{complaint.column + 1}", complaint.what, complaint.remedy))
        return builder.begun
    return None


class _AbandonedError(Exception):
    """The document is not worth reading on; its fault is noted."""


class _Drop:
    """The key of an entry that is left out."""


class _Open:
    """A collection that is being read."""

    __slots__ = ("anchor", "below", "data", "flow", "key", "key_spot", "spot", "stand_in", "weight")

    def __init__(self, spot: Spot, anchor: str | None, *, mapping: bool, flow: bool) -> None:
        self.spot = spot
        self.anchor = anchor
        self.flow = flow
        self.data: Any = {} if mapping else []
        self.below: Any = {} if mapping else []
        self.key: str | type[_Drop] | None = None
        self.key_spot = spot
        self.stand_in: str | None = None
        self.weight = 1

    @property
    def wants_key(self) -> bool:
        return self.key is None and isinstance(self.data, dict)

    def put(self, data: Any, below: Below, spot: Spot, weight: int) -> None:
        """Take a finished value: the next item, or what belongs to the key that came before."""
        self.weight += weight
        if isinstance(self.data, list):
            self.data.append(data)
            self.below.append(spot if below is None else Spot(spot.file, spot.line, spot.column, below))
            return
        key, self.key = self.key, None
        if isinstance(key, str):
            place = self.key_spot
            self.data[key] = data
            self.below[key] = place if below is None else Spot(place.file, place.line, place.column, below)


class _Builder:
    """Events in, trees out."""

    def __init__(self, file: str, line: int, faults: list[Fault]) -> None:
        self.file = file
        self.line = line
        self.faults = faults
        self.trees: list[Tree] = []
        self.begun = 0
        self._reset()

    def _reset(self) -> None:
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, Below, int] | None] = {}
        self._written = 0
        self._expanded = 0
        self._templated = False
        self._spoiled: set[str] = set()

    def feed(self, event: Any) -> None:
        """Take the parser's next event."""
        handler = self._HANDLERS.get(event.__class__)
        if handler is not None:
            handler(self, event)

    def _spot(self, mark: Any) -> Spot:
        return Spot(self.file, self.line + mark.line + 1, mark.column + 1)

    def _fault(self, spot: Spot, what: str, remedy: str) -> None:
        self.faults.append(Fault(str(spot.origin), what, remedy))

    def _refuse(self, spot: Spot, what: str, remedy: str) -> None:
        """Report a value that something else will stand in for."""
        self._fault(spot, what, remedy)
        top = self._stack[-1]
        entry = top.key_spot if isinstance(top.data, dict) and top.key is not None else spot
        self._spoiled.add(str(entry.origin))

    def _document_start(self, event: Any) -> None:
        self.begun = event.start_mark.index
        self._reset()
        self._stack.append(_Open(self._spot(event.start_mark), None, mapping=False, flow=False))

    def _document_end(self, event: Any) -> None:
        self.begun = event.end_mark.index
        root = self._stack.pop()
        self.trees.append(
            Tree(root.data[0], root.below[0], templated=self._templated, spoiled=frozenset(self._spoiled))
        )

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1]
        spot = self._spot(event.start_mark)
        text: str = event.value
        plain: bool = event.implicit[0]
        if "{{" in text:
            self._templated = True
        if event.tag is not None:
            self._check_tag(event.tag, "str", spot)
        if not text.isascii() and _SURROGATE.search(text):
            self._refuse(spot, "an escape of this text is half a character", "write the character itself")
            text = ""
        weight = 1 + len(text) // _TEXT_PER_NODE
        self._written += weight
        self._expanded += weight
        value = None if plain and text in _NULLS else text
        if event.anchor is not None:
            self._define(event.anchor, spot, (value, None, weight))
        if top.wants_key:
            self._key(top, text, spot, plain=plain)
        else:
            top.put(value, None, spot, weight)

    def _key(self, top: _Open, key: str, spot: Spot, *, plain: bool) -> None:
        top.key, top.key_spot = key, spot
        if key in top.data:
            top.key = _Drop
            first = top.below[key].line
            self._fault(spot, f"the key `{key}` already stands in line {first}", "keep one of the two")
        elif plain and key == "<<":
            top.key = _Drop
            what = "`<<` merges mappings; merged keys hide what a document says"
            self._fault(spot, what, "write the keys out, or share the whole value with an anchor and an alias")
        elif plain and not key:
            top.key = _Drop
            self._fault(spot, "a key is missing before this colon", "write `key: value`")

    def _open(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        spot = self._spot(event.start_mark)
        if event.tag is not None:
            self._check_tag(event.tag, "map" if mapping else "seq", spot)
        if len(self._stack) > DEEPEST:
            self._fault(spot, *TOO_DEEP)
            raise _AbandonedError
        if event.anchor is not None:
            self._define(event.anchor, spot, None)
        self._written += 1
        self._expanded += 1
        self._stack.append(_Open(spot, event.anchor, mapping=mapping, flow=bool(event.flow_style)))

    def _close(self, _event: Any) -> None:
        done = self._stack.pop()
        top = self._stack[-1]
        data, below = done.data, done.below
        if done.stand_in is not None:
            data, below = done.stand_in, None
        if done.anchor is not None:
            self._anchors[done.anchor] = (data, below, done.weight)
        if top.wants_key:
            self._collection_as_key(top, done)
        else:
            top.put(data, below, done.spot, done.weight)

    def _collection_as_key(self, top: _Open, done: _Open) -> None:
        top.key = _Drop
        names = list(done.data)
        if top.flow and done.flow and isinstance(done.data, dict) and len(names) == 1 and not top.data:
            top.stand_in = f"{{{{ {names[0]} }}}}"
            self._templated = True
            self._fault(top.spot, "`{{` begins a mapping in YAML", f'put the whole text in quotes: "{top.stand_in}"')
            return
        self._fault(done.spot, "a key must be a text", "write a plain text before the colon")

    def _alias(self, event: Any) -> None:
        top = self._stack[-1]
        name, spot = event.anchor, self._spot(event.start_mark)
        if top.wants_key:
            top.key, top.key_spot = _Drop, spot
            self._fault(spot, f"the alias `*{name}` stands in the place of a key", "write the key out, or in quotes")
            return
        value = self._anchors.get(name)
        if name not in self._anchors:
            what = f"`*{name}` is an alias, and no anchor `&{name}` stands before it"
            self._refuse(spot, what, f'a text is written in quotes: "*{name}"')
        elif value is None:
            self._refuse(spot, f"reference cycle: `*{name}` stands within `&{name}`", "write the value out")
        data, below, weight = value or (None, None, 1)
        self._written += 1
        self._expanded += weight
        if self._expanded > _EXPANSION * self._written + _ALLOWANCE:
            self._fault(spot, f"alias bomb: the aliases up to `*{name}` expand without measure", "write the values out")
            raise _AbandonedError
        top.put(data, below, spot, weight)

    def _define(self, anchor: str, spot: Spot, value: tuple[Any, Below, int] | None) -> None:
        if anchor in self._anchors:
            self._fault(spot, f"the anchor `&{anchor}` is defined twice in this document", "rename one of the two")
        self._anchors[anchor] = value

    def _check_tag(self, tag: str, allowed: str, spot: Spot) -> None:
        if tag == f"tag:yaml.org,2002:{allowed}":
            return
        short = tag.replace("tag:yaml.org,2002:", "!!", 1)
        remedy = "remove it: values are read as they stand, and {{ name }} stands for a variable"
        self._refuse(spot, f"the tag `{short}` has no meaning here", remedy)

    _HANDLERS: ClassVar[Mapping[type, Callable[[_Builder, Any], None]]] = {
        yaml.DocumentStartEvent: _document_start,
        yaml.DocumentEndEvent: _document_end,
        yaml.ScalarEvent: _scalar,
        yaml.MappingStartEvent: _open,
        yaml.SequenceStartEvent: _open,
        yaml.MappingEndEvent: _close,
        yaml.SequenceEndEvent: _close,
        yaml.AliasEvent: _alias,
    }
