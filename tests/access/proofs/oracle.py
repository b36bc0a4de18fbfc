"""A third opinion: whether z3 finds a request that one principal is allowed and another is not.

The encoding is written from the rules alone, with strings for texts and the six parts of an ARN, reals for numbers and
instants, bit vectors for addresses. Texts are of printable ASCII. Where policies hold other texts, or a key has more
tests than values are declared, the encoding is ``partial``: that there is no request counts for nothing. What z3 has no
words for may be true or false, and the encoding is ``loose``: a request may be none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3
from access.proofs.alphabet import ACTIONS
from access.proofs.candidates import key_kinds, statements
from access.proofs.pairs import Pair
from access.proofs.slots import Slots, Unencodable, Value, constant, fresh, match

from reconciler.access import Principal, Request

__all__ = ["Answer", "Oracle"]

_SLOTS = 6


@dataclass(frozen=True)
class Answer:
    """What z3 says: a request, that there is none (``proved``), or neither."""

    request: Request | None
    proved: bool


class Oracle:
    """Both principals of a pair, as formulas over one request."""

    def __init__(self, pair: Pair, milliseconds: int) -> None:
        """Encode the pair."""
        self.partial = not str(pair).isascii() or r"\n" in str(pair)
        self.loose = False
        self._milliseconds = milliseconds
        self._rules: list[Any] = []
        self._action = z3.Int("action")
        self._rules.append(z3.And(self._action >= 0, self._action < len(ACTIONS)))
        self._everything = z3.Bool("everything")
        self._resource = fresh("resource", "arn", self._rules)
        self._lay_keys(pair)
        self._sides = [self._principal(pair.old), self._principal(pair.new)]

    def ask(self, allowed: int, refused: int) -> Answer:
        """Return a request that one side (0 or 1) allows and the other does not, if z3 finds one in time."""
        solver = z3.Solver()
        solver.set("timeout", self._milliseconds)
        solver.add(*self._rules, self._sides[allowed], z3.Not(self._sides[refused]))
        found = solver.check()
        if found == z3.sat:
            return Answer(self._request(solver.model()), proved=False)
        return Answer(None, proved=found == z3.unsat and not self.partial)

    def _lay_keys(self, pair: Pair) -> None:
        """Declare as many values for each key as tests can tell apart."""
        tests: dict[str, set[str]] = {}
        named: set[str] = set()
        for principal in (pair.old, pair.new):
            for _, statement in statements(principal):
                named |= {hole.lower() for hole in re.findall(r"\$\{\s*([\w:/]+:[\w/]+)", str(statement))}
                for operator, block in statement.get("Condition", {}).items():
                    for key, texts in block.items():
                        tests.setdefault(key.lower(), set()).add(f"{operator} {texts}")
        self._keys: dict[str, Slots] = {}
        for key, kind in key_kinds(dict.fromkeys([*tests, *sorted(named)], ())).items():
            wanted = max(len(tests.get(key, ())), 2 if key in named else 1)
            self.partial |= wanted > _SLOTS
            count = z3.Int(f"{key} count")
            slots = min(wanted, _SLOTS)
            self._rules.append(z3.And(count >= 0, count <= slots))
            values = tuple(fresh(f"{key} {number}", kind, self._rules) for number in range(slots))
            self._keys[key] = Slots(kind, count, values)

    def _principal(self, principal: Principal) -> Any:
        keys = dict(self._keys)
        for name, text in principal.bindings.items():
            if name.lower() not in keys:
                continue
            values = (text,) if isinstance(text, str) else tuple(text)
            slots = tuple(constant("text", one) for one in values) or self._keys[name.lower()].values
            keys[name.lower()] = Slots("text", z3.IntVal(len(values)), slots)
        groups: dict[tuple[str, int], tuple[list[Any], list[Any]]] = {("identity", 0): ([], [])}
        groups |= {("boundary", 0): ([], [])} if principal.boundary is not None else {}
        groups |= {("scp", level): ([], []) for level in range(len(principal.scps))}
        layers: Any = {"boundary": [[principal.boundary]], "identity": [principal.identity], "scp": principal.scps}
        for (layer, level, number, _), statement in statements(principal):
            new = layers[layer][level][number].get("Version") == "2012-10-17"
            applies = self._statement(statement, keys, new=new)
            groups[layer, level][statement["Effect"] == "Allow"].append(applies)
        return z3.And(*(z3.And(z3.Or(*allows), z3.Not(z3.Or(*denies))) for denies, allows in groups.values()))

    def _statement(self, statement: Mapping[str, Any], keys: Mapping[str, Slots], *, new: bool) -> Any:
        parts = []
        for name in ("Action", "NotAction"):
            if name in statement:
                globs = [_glob(text) for text in _listed(statement[name])]
                named = [n for n, action in enumerate(ACTIONS) if any(glob.fullmatch(action) for glob in globs)]
                covered = z3.Or(*(self._action == n for n in named))
                parts.append(covered if name == "Action" else z3.Not(covered))
        for name in ("Resource", "NotResource"):
            if name in statement:
                covered = z3.Or(*(self._covers(text, keys, new=new) for text in _listed(statement[name])))
                parts.append(covered if name == "Resource" else z3.Not(covered))
        for operator, block in statement.get("Condition", {}).items():
            for key, texts in block.items():
                parts.append(self._test(operator, keys[key.lower()], _listed(texts), keys, new=new))
        return z3.And(*parts)

    def _covers(self, text: str, keys: Mapping[str, Slots], *, new: bool) -> Any:
        if set(text) == {"*"}:
            return z3.BoolVal(val=True)
        return z3.And(z3.Not(self._everything), self._match("ArnLike", text, self._resource, keys, new=new))

    def _test(self, operator: str, slots: Slots, texts: Sequence[str], keys: Mapping[str, Slots], *, new: bool) -> Any:
        absent = slots.count == 0
        if operator == "Null":
            return z3.Or(*(absent if text == "true" else z3.Not(absent) for text in texts))
        quantifier, _, rest = operator.rpartition(":")
        base = rest.removesuffix("IfExists")
        negated = "Not" in base
        hits = []
        for value in slots.values:
            hit = z3.Or(*(self._match(base.replace("Not", ""), text, value, keys, new=new) for text in texts))
            hits.append(z3.Not(hit) if negated else hit)
        there = [number < slots.count for number in range(len(hits))]
        if quantifier == "ForAllValues" or (negated and not quantifier):
            present = z3.And(*(z3.Implies(one, hit) for one, hit in zip(there, hits, strict=True)))
        else:
            present = z3.Or(*(z3.And(one, hit) for one, hit in zip(there, hits, strict=True)))
        when_absent = quantifier != "ForAnyValue" and (negated or rest != base or quantifier == "ForAllValues")
        return z3.If(absent, z3.BoolVal(val=when_absent), present)

    def _match(self, base: str, text: str, value: Value, keys: Mapping[str, Slots], *, new: bool) -> Any:
        try:
            return match(base, text, value, keys if new else None)
        except Unencodable:
            self.loose = True
            bound = [str(slots.values[0].parts[0]) for slots in keys.values()]
            return z3.Bool(f"{base} {text} {value.parts[0]} {bound}")

    def _request(self, model: Any) -> Request:
        action = ACTIONS[model.eval(self._action, model_completion=True).as_long()]
        everything = z3.is_true(model.eval(self._everything, model_completion=True))
        resource = "*" if everything else self._resource.read(model)
        context = {}
        for key, slots in self._keys.items():
            count = model.eval(slots.count, model_completion=True).as_long()
            if count:
                context[key] = [value.read(model) for value in slots.values[:count]]
        return Request(action, resource, context)


def _glob(text: str) -> re.Pattern[str]:
    chars = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text)
    return re.compile("".join(chars), re.IGNORECASE)


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]
