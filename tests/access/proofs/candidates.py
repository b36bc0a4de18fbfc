"""Values and resources worth trying on a pair of principals: taken from its own patterns, and from between them."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from access.proofs.alphabet import KEYS

from reconciler.access import Principal

__all__ = ["Texts", "holes", "key_kinds", "resources", "statements", "values"]

_HOLE = re.compile(r"\$\{\s*([^},\s]+)\s*(?:,\s*'([^']*)'\s*)?\}")

Texts = Mapping[str, Sequence[str]]
"""What policies say of each condition key, by its folded name."""

_SHORT = [""] + [a + b + c for a in ("a", "b", "A") for b in ("", "a", "b") for c in ("", "a", "b")]
_WORDS = (*_SHORT, "bob", "a:b", "a/b", "*", "?", "$", "1", ":", "/", "${aws:username}", "é", "É", "k", "K", "\u212a")
_SEGMENTS = (("aws", "azs", "x"), ("s3", "sqs", "sx", ""), ("", "eu", "us"), ("", "1", "12", "b"))
_LASTS = ("a", "b", "A", "", "a/b", "b/b", "a:b", "home/bob", "home/bob/x", "home/a", "home/a/x", "xbx", "a/", "*", "?")
_MOST = 80


def statements(principal: Principal) -> Iterator[tuple[tuple[str, int, int, int], Mapping[str, Any]]]:
    """Return every statement with its place: layer, level, document, index."""
    layers: list[tuple[str, int, Sequence[Any]]] = [("identity", 0, principal.identity)]
    layers += [("boundary", 0, [principal.boundary])] if principal.boundary is not None else []
    layers += [("scp", level, documents) for level, documents in enumerate(principal.scps)]
    for layer, level, documents in layers:
        for number, document in enumerate(documents):
            for index, statement in enumerate(document["Statement"]):
                yield (layer, level, number, index), statement


def holes(value: Any) -> Iterator[str]:
    """Return the folded keys that policy variables name anywhere in a value."""
    return (found[1].lower() for found in _HOLE.finditer(json.dumps(value)) if ":" in found[1])


def key_kinds(texts: Texts) -> dict[str, str]:
    """Return the kind of each key's values."""
    kinds = {name.lower(): kind for name, kind in KEYS.items()}
    return {key: kinds[key] for key in texts}


def values(kind: str, texts: Sequence[str], chance: Random) -> list[str]:
    """Return single values of a kind: on, beside and between what policies say."""
    if kind in ("text", "list"):
        return _words(texts, chance)
    if kind == "arn":
        return resources(texts, chance, {})
    return list(dict.fromkeys({"number": _numbers, "date": _dates, "ip": _addresses}.get(kind, _tokens)(texts)))


def _words(texts: Sequence[str], chance: Random) -> list[str]:
    chunks = ["", "a", "b", ":", *(part for text in texts for part in re.split(r"[*?]|\$\{[^}]*\}", text))]
    found = [text for text in texts for text in _instances(text, chunks, {}, chance, 8)]
    return _some(found, _WORDS, chance)


def _instances(text: str, chunks: Sequence[str], fills: Texts, chance: Random, count: int) -> Iterator[str]:
    """Return texts that a pattern may match, each with other stopgaps for its wildcards and variables."""
    yield text

    def fill(hole: re.Match[str]) -> str:
        if len(hole[1]) == 1:
            return hole[1]
        return chance.choice([*fills.get(hole[1].lower(), chunks), hole[2] or ""])

    for number in range(2 * count if "${" in text else count):
        filled = text if number % 4 == 3 else _HOLE.sub(fill, text)
        chars = (
            chance.choice(chunks) if char == "*" else chance.choice("abA/1") if char == "?" else char for char in filled
        )
        yield "".join(chars)


def _some(first: Iterable[str], others: Iterable[str], chance: Random) -> list[str]:
    """Return at most so many texts as are tried, of the first ones as many as there is room for beside some others."""
    found, rest = list(dict.fromkeys(first)), list(dict.fromkeys(others))
    chosen = chance.sample(found, min(len(found), _MOST)) + rest
    return list(dict.fromkeys(chosen))


def resources(texts: Sequence[str], chance: Random, fills: Texts) -> list[str]:
    """Return ``*``, and ARNs that put together what patterns say of each segment in many ways."""
    chunks = ["", "a", "b", "1", "eu", "bob", "/", "a:b"]
    pools: list[list[str]] = [list(options) for options in _SEGMENTS] + [list(_LASTS)]
    whole: list[str] = []
    for text in dict.fromkeys(texts):
        for one in _instances(text, chunks, fills, chance, 5):
            parts = one.split(":", 5)
            if len(parts) == 6 and parts[0] == "arn":
                whole.append(one)
            for pool, part in zip(pools, parts[1:], strict=False):
                pool.append(part)
    mixed = (":".join(["arn", *(chance.choice(pool) for pool in pools)]) for _ in range(_MOST // 2))
    near = (_one_segment_other(text, pools, chance) for text in whole[:_MOST])
    plain = [f"arn:aws:s3:::{last}" for last in _LASTS]
    return ["*", *_some([*whole, *near, *mixed], plain, chance)]


def _one_segment_other(arn: str, pools: Sequence[Sequence[str]], chance: Random) -> str:
    parts = arn.split(":", 5)
    place = chance.randrange(5)
    parts[place + 1] = chance.choice(pools[place])
    text = ":".join(parts)
    return text if len(text.split(":", 5)) == 6 else arn


def _numbers(texts: Sequence[str]) -> Iterator[str]:
    for number in _between({Decimal(text) for text in texts}):
        yield f"{number:f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"


def _between(points: set[Decimal]) -> Iterator[Decimal]:
    """Return critical points, and a point in each gap between them."""
    ordered = sorted(points or {Decimal(0)})
    yield from ordered
    yield ordered[0] - 1
    yield ordered[-1] + 1
    for low, high in pairwise(ordered):
        yield (low + high) / 2


def _dates(texts: Sequence[str]) -> Iterator[str]:
    for instant in _between({_instant(text) for text in texts}):
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(instant * 1_000_000))
        yield moment.isoformat().replace("+00:00", "Z")
        if instant % 1 == 0 and instant >= 0:
            yield str(int(instant))


def _instant(text: str) -> Decimal:
    if text.isdigit():
        return Decimal(text)
    whole = text if len(text) > 7 else f"{text}-01"
    moment = dt.datetime.fromisoformat(whole)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return Decimal(str(moment.timestamp()))


def _addresses(texts: Sequence[str]) -> Iterator[str]:
    yield from ("8.8.8.8", "2001:4860::8888", "0.0.0.0", "::", "::a00:1")  # noqa: S104  an address to try, none to bind
    for text in texts:
        network = ipaddress.ip_network(text, strict=False)
        first, last = network[0], network[-1]
        yield from (str(first), str(last))
        if int(first):
            yield str(first - 1)
        if int(last) < 2**network.max_prefixlen - 1:
            yield str(last + 1)


def _tokens(texts: Sequence[str]) -> Iterator[str]:
    """Return booleans, or binary values in their plain spelling, with one that is none of the policy's."""
    if all(text.lower() in ("true", "false") for text in texts):
        yield from ("true", "false")
        return
    for text in texts:
        yield base64.b64encode(base64.b64decode(text)).decode()
    yield "Wg=="
