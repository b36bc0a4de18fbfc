"""Texts of a policy that stand for many: wildcards and policy variables, and what they match.

A matcher takes time in proportion to the pattern times the text, whatever the number of wildcards: each ``*`` but the
last takes the shortest text that lets what follows it match, and is never tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from reconciler.access.words import fold, quoted
from reconciler.errors import PolicyError

__all__ = [
    "Context",
    "Glob",
    "Pieces",
    "Template",
    "Variable",
    "Wild",
    "arn_matcher",
    "literal",
    "read",
    "text_matcher",
]

Context: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values of each condition key, by the folded name of the key; a key without values is an absent key."""


class Wild(Enum):
    """A wildcard."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable: the folded name of its condition key, and what stands for the key where it is absent."""

    key: str
    default: str | None


Piece: TypeAlias = str | Wild
Pieces: TypeAlias = tuple[Piece, ...]

_MEMO = 8_192
_ARN_PARTS = 6
_ANYTHING: Pieces = (Wild.ANY,)
_VARIABLE = re.compile(
    r"\$\{(?: (?P<escape>[*?$]) | \s* (?P<key>[^\s{},'][^{},']*) (?: , \s* '(?P<default>[^']*)' )? \s* )\}",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Template:
    """A text as a policy holds it; its wildcards and variables are told from what stands for itself."""

    parts: tuple[Piece | Variable, ...]
    fixed: Pieces | None
    """The pieces, where no variable has to be filled in first."""

    def pieces(self, context: Context) -> Pieces | None:
        """Return the text with its variables filled in, or None when the request has no single value for one of them.

        A value stands for itself, also where it holds ``*`` or ``?``.
        Source: IAM user guide, reference_policies_variables: the value of an absent key is null, and nothing equals it
        or is like it; a key with several values cannot be a variable.
        """
        if self.fixed is not None:
            return self.fixed
        filled: list[Piece] = []
        for part in self.parts:
            if isinstance(part, Variable):
                values = context.get(part.key, ())
                if len(values) > 1 or not (values or part.default is not None):
                    return None
                filled.append(values[0] if values else part.default or "")
            else:
                filled.append(part)
        return _merged(filled)


@lru_cache(_MEMO)
def read(text: str, *, variables: bool) -> Template:
    """Return the template that a text of a policy is; without ``variables``, ``${…}`` is literal text.

    Source: IAM user guide, reference_policies_elements_version, reference_policies_variables.

    Raises:
        PolicyError: A ``${`` begins no policy variable.
    """
    parts: list[Piece | Variable] = []
    start = 0
    while variables and (found := text.find("${", start)) >= 0:
        match = _VARIABLE.match(text, found)
        if match is None:
            raise PolicyError(
                f"{quoted(text[found:])} begins with ${{ and is no policy variable, as in ${{aws:username}}"
            )
        parts += [*_wild(text[start:found]), match["escape"] or _variable(match["key"].rstrip(), match["default"])]
        start = match.end()
    parts += _wild(text[start:])
    plain = [part for part in parts if not isinstance(part, Variable)]
    return Template(tuple(parts), _merged(plain) if len(plain) == len(parts) else None)


def literal(pieces: Pieces) -> str:
    """Return the text that pieces are where a wildcard is no more than its character."""
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in pieces)


@lru_cache(_MEMO)
def text_matcher(pieces: Pieces) -> re.Pattern[str]:
    """Return what matches the whole of a text; a wildcard takes any character."""
    return re.compile(_glob(pieces, "."), re.DOTALL)


@lru_cache(_MEMO)
def arn_matcher(pieces: Pieces) -> re.Pattern[str]:
    """Return what matches the whole of an ARN; a wildcard of the first five parts takes no colon, of the last any.

    ``*`` alone is everything, ARN or not; parts that are missing are ``*``.
    Source: IAM user guide, reference_policies_elements_resource: a wildcard cannot stretch over the colons.
    """
    if pieces and all(piece is Wild.ANY for piece in pieces):
        return text_matcher(pieces)
    parts = _split(pieces)
    parts += [[Wild.ANY]] * (_ARN_PARTS - len(parts))
    *heads, last = parts
    return re.compile(":".join([*(_glob(head, "[^:]") for head in heads), _glob(last, ".")]), re.DOTALL)


class Glob:
    """A pattern of actions or of ARNs.

    Most patterns are compared with texts that begin otherwise, and most others end with their only wildcard: an
    expression is made where neither settles it.
    """

    __slots__ = ("_arn", "_expression", "_head", "_pieces", "_tail")

    def __init__(self, pieces: Pieces, *, arn: bool) -> None:
        """Take the pieces of a pattern."""
        self._pieces, self._arn = pieces, arn
        self._head = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        plain = self._head.count(":") >= _ARN_PARTS - 1 if arn else True
        self._tail = pieces[bool(self._head) :] if plain else None
        self._expression: re.Pattern[str] | None = None

    def matches(self, text: str) -> bool:
        """Return whether the whole of a text is matched."""
        if not text.startswith(self._head):
            return False
        if self._tail == _ANYTHING:
            return True
        if self._tail == ():
            return len(text) == len(self._head)
        if self._expression is None:
            self._expression = (arn_matcher if self._arn else text_matcher)(self._pieces)
        return self._expression.fullmatch(text) is not None


def _variable(key: str, default: str | None) -> Variable:
    if ":" not in key:
        raise PolicyError(f"{quoted(key)} is no condition key that a policy variable can name, as in ${{aws:username}}")
    return Variable(fold(key), default)


def _wild(text: str) -> Iterator[Piece]:
    for part in re.split(r"([*?])", text):
        if part in ("*", "?"):
            yield Wild(part)
        elif part:
            yield part


def _merged(pieces: Iterable[Piece]) -> Pieces:
    """Return the same pieces with neighbouring texts as one, so that equal patterns are equal."""
    merged: list[Piece] = []
    for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        if is_text:
            text = "".join(str(piece) for piece in group)
            merged += [text] if text else []
        else:
            merged += group
    return tuple(merged)


def _split(pieces: Pieces) -> list[list[Piece]]:
    """Return the parts of an ARN: at most six, the last with all colons that are left."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, str):
            first, *others = piece.split(":", _ARN_PARTS - len(parts))
            parts[-1].append(first)
            parts += [[text] for text in others]
        else:
            parts[-1].append(piece)
    return parts


def _glob(pieces: Sequence[Piece], char: str) -> str:
    """Return the regular expression of a glob whose wildcards take characters of the class ``char``."""
    chunks = [""]
    for piece in pieces:
        if piece is Wild.ANY:
            chunks.append("")
        else:
            chunks[-1] += char if piece is Wild.ONE else re.escape(str(piece))
    first, *others = chunks
    if not others:
        return first
    *middle, last = others
    return "".join([first, *(f"(?>{char}*?{chunk})" for chunk in middle if chunk), f"{char}*{last}"])
