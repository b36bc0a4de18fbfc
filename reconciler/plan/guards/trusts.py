"""The guard that no role is opened to strangers unnoticed: to everybody, to other accounts, to whole providers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from reconciler.model import Address, Alarm, Evidence
from reconciler.plan.guards.entering import account_of, allowing, denying, entries, listed, trust_field, trust_of
from reconciler.plan.guards.origins import origin_of
from reconciler.plan.guards.scene import Scene

__all__ = ["Stranger", "strangers", "trust_widened"]

_REMEDY = (
    "name whom you mean, bind it with a condition, list the account under `accounts` of the settings if it is yours, "
    "or consent with a `kind: exception` document"
)
_PROVIDER = re.compile(r"arn:[^:]*:iam::[0-9]{12}:(?P<type>oidc|saml)-provider/(?P<issuer>.+)", re.ASCII)
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "cognito-identity.amazonaws.com": ("aud", "sub"),
    "graph.facebook.com": ("id",),
    "www.amazon.com": ("user_id",),
}
"""By issuer the keys that say whose token it is, where that is not ``sub`` alone; of Cognito a pool's id is enough.

Source: IAM user guide, reference_policies_iam-condition-keys, keys for web identity federation.
"""
_OWNER = re.compile(r"arn:[^:*?]*:(?:iam|sts)::(?P<account>[0-9]{12}):.*", re.ASCII)
_EQUAL = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_ANY_VALUE = "foranyvalue:"


class Stranger(NamedTuple):
    """Somebody whom a trust lets in and who is not known here."""

    statement: Mapping[str, Any]
    """The statement that lets it in, with just this one principal."""
    name: str
    """What to call it."""


def trust_widened(scene: Scene) -> Iterator[Alarm]:
    """Yield an alarm for each principal, new ones among them, that strangers could become who could not before."""
    known = scene.settings.accounts | {scene.account.id}
    for life in scene.lives:
        before, after = trust_of(life.before), trust_of(life.states[-1])
        if after is not None and after != before:
            fresh = [one for one in strangers(after, known) if _is_new(before, after, one)]
            if fresh:
                yield _alarm(scene, life.address, fresh)


def strangers(trust: Mapping[str, Any], known: AbstractSet[str]) -> Iterator[Stranger]:
    """Yield those whom a trust lets in and who are not of the ``known`` accounts, statement by statement.

    Services are none, whom a SAML provider vouches for is not judged, and a left-over unique id names nobody.
    """
    for statement in allowing(trust):
        if "NotPrincipal" in statement:
            yield Stranger(statement, f"everybody but {_text(statement['NotPrincipal'])}")
        for space, name in entries(statement):
            told = _named(space, name, statement, known)
            if told:
                yield Stranger({**statement, "Principal": {space: name}}, told)


def _named(space: str, name: str, statement: Mapping[str, Any], known: AbstractSet[str]) -> str:
    """Return what to call a principal if it is a stranger, else nothing."""
    if space == "AWS" and name == "*":
        return _everybody(statement, known)
    if space == "AWS":
        account = account_of(name)
        return name if account is not None and account not in known else ""
    return _provider(name, statement) if space == "Federated" else ""


def _everybody(statement: Mapping[str, Any], known: AbstractSet[str]) -> str:
    """Return what to call everybody whom the conditions leave; known accounts, by their ids or in ARNs, are none.

    Whose an organization is nobody can tell here, so one that is named is a stranger.
    """
    by_id = list(_required(statement, "aws:principalaccount"))
    by_arn = [list(map(_owner, arns)) for arns in _required(statement, "aws:principalarn")]
    if any(all(account in known for account in accounts) for accounts in (*by_id, *by_arn)):
        return ""
    organizations = list(_required(statement, "aws:principalorgid"))
    named = [("", by_id), ("the organization ", organizations)]
    return next((f"everybody of {what}{', '.join(found[0])}" for what, found in named if found), "everybody")


def _owner(arn: str) -> str:
    match = _OWNER.fullmatch(arn)
    return match["account"] if match is not None else ""


def _provider(name: str, statement: Mapping[str, Any]) -> str:
    match = _PROVIDER.fullmatch(name)
    if match is not None and match["type"] == "saml":
        return ""
    issuer = match["issuer"] if match is not None else name
    keys = [f"{issuer}:{key}".lower() for key in _SUBJECTS.get(issuer, ("sub",))]
    found = [subjects for key in keys for subjects in _required(statement, key)]
    if any(not any(map(_is_wild, subjects)) for subjects in found):
        return ""
    return f"{issuer} with the subject {', '.join(found[0])}" if found else f"{issuer} with any subject"


def _required(statement: Mapping[str, Any], key: str) -> Iterator[list[str]]:
    """Yield for each test of a condition key the values of which it must have one; some may be patterns.

    A test that holds too where the key is missing requires nothing.
    """
    conditions = statement.get("Condition")
    for operator, tests in conditions.items() if isinstance(conditions, Mapping) else ():
        if str(operator).lower().removeprefix(_ANY_VALUE) in _EQUAL and isinstance(tests, Mapping):
            for name, values in tests.items():
                if str(name).lower() == key and (found := [str(value) for value in listed(values)]):
                    yield found


def _is_wild(text: str) -> bool:
    """Return whether a subject is a pattern; where a test takes it by the letter, its writer meant one all the same."""
    return "*" in text or "?" in text


def _is_new(before: Mapping[str, Any] | None, after: Mapping[str, Any], stranger: Stranger) -> bool:
    """Return whether the stranger gets in in a way in which nobody like it did before, or that is not decided."""
    from reconciler.access import compare_trust  # noqa: PLC0415  only a trust with strangers costs a proof

    alone = {**after, "Statement": [stranger.statement, *denying(after)]}
    return compare_trust(before, alone, witnesses=1).widens is not False


def _alarm(scene: Scene, address: Address, fresh: Sequence[Stranger]) -> Alarm:
    who = dict.fromkeys(one.name for one in fresh)
    words = dict.fromkeys(f"the trust would say: {_text(one.statement)}" for one in fresh)
    impacts = (one for one in scene.impacts if one.address == address and one.subject == "trust")
    shown = [_witness(evidence) for one in impacts for evidence in one.evidence if evidence.gained]
    origin = origin_of(scene, address, trust_field(address))
    what = f"it would let in who is not known here and was not let in before: {', '.join(who)}"
    return scene.alarm("trust-widened", address, what, _REMEDY, origin, [*words, *shown])


def _witness(evidence: Evidence) -> str:
    context = ", ".join(f"{key}={value}" for key, value in sorted(evidence.context.items()))
    return f"{evidence.caller} could call {evidence.action}{f' with {context}' if context else ''}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
