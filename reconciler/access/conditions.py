"""The Condition of a statement: operators and keys all have to hold, of the values one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from reconciler.access.operators import NEGATED, OPERATORS, Matcher, truth
from reconciler.access.patterns import Context
from reconciler.access.places import at
from reconciler.access.words import fold, items, quoted, scalar, type_name
from reconciler.errors import PolicyError

__all__ = ["Test", "compile_condition"]

Qualifier: TypeAlias = Literal["", "ForAllValues:", "ForAnyValue:"]

_QUALIFIERS: tuple[Qualifier, ...] = ("ForAllValues:", "ForAnyValue:")
_SUFFIX = "IfExists"


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one key."""

    key: str
    """The key's folded name."""
    qualifier: Qualifier
    negated: bool
    when_absent: bool
    """What the test is where the request has no value for the key."""
    matchers: tuple[Matcher, ...]
    always: bool | None = None
    """What the test is where the request has a value, whatever it is; None when that depends on the value."""

    def holds(self, context: Context) -> bool:
        """Return whether the test holds; without a qualifier, one of several values is enough for a match.

        Source: IAM user guide, reference_policies_condition-logic-multiple-context-keys-or-values,
        reference_policies_condition-single-vs-multi-valued-context-keys.
        """
        values = context.get(self.key)
        if not values:
            return self.when_absent
        if self.always is not None:
            return self.always
        results = (any(match(value, context) for match in self.matchers) is not self.negated for value in values)
        every = self.qualifier == "ForAllValues:" or (not self.qualifier and self.negated)
        return all(results) if every else any(results)


def compile_condition(value: Any, *, variables: bool) -> tuple[Test, ...]:
    """Return the tests of a Condition; all of them must hold.

    Raises:
        PolicyError: It is no mapping from operators to keys and values, an operator is unknown, a value is none that
            the operator takes, or two keys of one operator differ in case only.
    """
    return tuple(_tests(value, variables=variables))


def _tests(value: Any, *, variables: bool) -> Iterator[Test]:
    for name, block in _entries(value, "operators"):
        with at(name):
            seen: set[str] = set()
            for key, values in _entries(block, "condition keys"):
                with at(key):
                    if ":" not in key:
                        raise PolicyError("this is no condition key, as in aws:SourceIp")
                    if fold(key) in seen:
                        raise PolicyError("the key stands twice, in two spellings; keep one")
                    seen.add(fold(key))
                    yield _test(name, fold(key), _texts(values), variables=variables)


def _test(name: str, key: str, texts: list[str], *, variables: bool) -> Test:
    qualifier: Qualifier = next((text for text in _QUALIFIERS if name.startswith(text)), "")
    base = name.removeprefix(qualifier)
    if base == "Null" and not qualifier:
        wanted = {truth(text) for text in texts}
        return Test(key, qualifier, negated=False, when_absent=True in wanted, matchers=(), always=False in wanted)
    if_exists = base.endswith(_SUFFIX)
    base = base.removesuffix(_SUFFIX)
    compiler = OPERATORS.get(base)
    if compiler is None:
        raise PolicyError(f"{quoted(name)} is no condition operator")
    negated = base in NEGATED
    absent = qualifier != "ForAnyValue:" and (negated or if_exists or qualifier == "ForAllValues:")
    matchers = tuple(compiler(text, variables=variables) for text in texts)
    return Test(key, qualifier, negated=negated, when_absent=absent, matchers=matchers)


def _entries(value: Any, what: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"this is {type_name(value)}; write a mapping of {what}")
    for name, item in value.items():
        if not isinstance(name, str):
            raise PolicyError(f"{quoted(name)} is {type_name(name)}; names are text")
        yield name, item


def _texts(value: Any) -> list[str]:
    texts = []
    for item in items(value):
        text = scalar(item)
        if text is None:
            raise PolicyError(f"a value is {type_name(item)}; write text, a number or a boolean")
        texts.append(text)
    return texts
