"""What a YAML parser's complaint means to the person who wrote the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import yaml

__all__ = ["DEEPEST", "TOO_DEEP", "Complaint", "explain"]

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


class Complaint(NamedTuple):
    """A syntax error in words; ``line`` and ``column`` count from 0, as the parser does."""

    line: int
    column: int
    what: str
    remedy: str


class _Seen(NamedTuple):
    """A parser's complaint, taken apart."""

    problem: str
    context: str
    at: tuple[int, int]
    opened: tuple[int, int]
    """Where the construct begins that the problem is in."""
    text: str
    """The line that the problem is on."""

    @property
    def char(self) -> str:
        return self.text[self.at[1] : self.at[1] + 1]

    @property
    def before(self) -> str:
        return self.text[: self.at[1]]

    @property
    def flow(self) -> bool:
        return "flow" in self.context or "':'" in self.problem


class _Rule(NamedTuple):
    """A complaint's meaning; the first rule that fits gives it."""

    fits: Callable[[_Seen], bool]
    what: str
    remedy: str
    at_opening: bool = False


DEEPEST = 100
"""How deep collections may nest."""
TOO_DEEP = (f"the document nests deeper than {DEEPEST} levels", "no IAM object needs that: flatten it")
"""What is wrong, and what to do, where collections nest deeper."""

_QUOTE = "write the text in quotes"
_VARIABLE = ("`{{{{` begins a mapping in YAML", 'put the whole text in quotes: "{{ name }}"')
_RULES = (
    # libyaml gives up by itself at a thousand brackets, before it tells of the first.
    _Rule(lambda s: "nesting depth" in s.problem, *TOO_DEEP),
    _Rule(
        lambda s: s.context.endswith("an alias"), "`*` begins an alias in YAML", 'write "*" in quotes', at_opening=True
    ),
    _Rule(lambda s: s.context.endswith("an anchor"), "`&` begins an anchor in YAML", _QUOTE, at_opening=True),
    _Rule(lambda s: s.context.endswith("a tag"), "`!` begins a tag in YAML", _QUOTE, at_opening=True),
    _Rule(
        lambda s: "tab character" in s.problem or ("cannot start any token" in s.problem and s.char == "\t"),
        "a tab stands in the indentation",
        "indent with spaces",
    ),
    _Rule(
        lambda s: "cannot start any token" in s.problem and s.char == "`",
        "a backtick cannot begin a text in YAML",
        _QUOTE,
    ),
    _Rule(lambda s: "cannot start any token" in s.problem, "`{char}` cannot begin a text in YAML", _QUOTE),
    _Rule(
        lambda s: "escape" in s.problem,
        "a backslash in double quotes begins an escape that YAML does not know",
        "write the backslash twice, or use single quotes",
        at_opening=True,
    ),
    _Rule(
        lambda s: "quoted scalar" in s.context,
        "the quotation mark that opens here is never closed",
        "close it",
        at_opening=True,
    ),
    _Rule(
        lambda s: "block scalar" in s.context,
        "nothing but an indentation hint may follow `|` or `>` on its line",
        "begin the text on the next line",
        at_opening=True,
    ),
    _Rule(
        lambda s: "simple key" in s.context,
        "a key without its colon",
        "write `key: value`, with a space after the colon",
        at_opening=True,
    ),
    _Rule(
        lambda s: "directive" in s.context or "YAML document" in s.problem,
        "a line that begins with `%` is a YAML directive",
        "remove the line",
    ),
    _Rule(lambda s: s.flow and "{{" in s.text, *_VARIABLE),
    _Rule(
        lambda s: s.flow and s.at == s.opened and (not s.text.strip() or s.text.startswith("---")),
        "a bracket above this line is not closed",
        "close it, and separate its items with commas",
    ),
    _Rule(
        lambda s: s.flow and s.at[0] == s.opened[0],
        "a bracket is not closed, a comma is missing, or a text holds one of `[ ] {{ }} , :`",
        "close the bracket, or write the text in quotes",
    ),
    _Rule(
        lambda s: s.flow,
        "the bracket that opens here is not closed by line {line}",
        "close it, and separate its items with commas",
        at_opening=True,
    ),
    _Rule(
        lambda s: s.problem.startswith("mapping values") and ": " in s.before,
        "a second `: ` on one line",
        "put the value in quotes, or begin the mapping on a line of its own",
    ),
    _Rule(
        lambda s: s.problem.startswith("mapping values") and bool(s.before[:1].strip()),
        "the lines above this key are no `key: value`",
        "give them their colon",
    ),
    _Rule(
        lambda s: s.problem.startswith("mapping values"),
        "this key is indented deeper than a value above it allows",
        "line the key up with its neighbours",
    ),
    _Rule(
        lambda s: "sequence entries" in s.problem,
        "a list cannot begin on the line of its key",
        "begin each `- ` on a line of its own, or write [a, b]",
    ),
    _Rule(lambda s: "block" in s.context and "{{" in s.before, *_VARIABLE),
    _Rule(
        lambda s: "block" in s.context and bool(s.before.strip()),
        "text follows after the end of a value",
        "put the whole value in one pair of quotes",
    ),
    _Rule(
        lambda s: "block" in s.context and s.char in tuple("]},"), "`{char}` closes nothing", "remove it, or open it"
    ),
    _Rule(
        lambda s: "block" in s.context,
        "the indentation does not fit the lines above",
        "line it up with its neighbours",
    ),
    _Rule(
        lambda s: "<document start>" in s.problem,
        "text follows after the end of the document",
        "begin the next document with `---`, or put the whole text in quotes",
    ),
    _Rule(lambda _: True, "this is no YAML: {problem}", _QUOTE),
)


def explain(error: yaml.YAMLError, text: str) -> Complaint:
    """Return what ``error``, met in ``text``, means: libyaml's wording and PyYAML's own give the same answer."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Complaint(0, 0, "this is no YAML text", "save the file as plain UTF-8 text")
    mark, context = error.problem_mark, error.context_mark or error.problem_mark
    lines = _BREAK.split(text)
    seen = _Seen(
        problem=str(error.problem or "it cannot be read"),
        context=str(error.context or ""),
        at=(mark.line, mark.column),
        opened=(context.line, context.column),
        text=lines[mark.line] if mark.line < len(lines) else "",
    )
    rule = next(rule for rule in _RULES if rule.fits(seen))
    what = rule.what.format(char=seen.char, line=seen.at[0] + 1, problem=seen.problem)
    return Complaint(*(seen.opened if rule.at_opening else seen.at), what, rule.remedy)
