"""What random policies are made of: a small alphabet in which everything meets everything.

It is small so that patterns overlap, and has at least one of each thing that a policy can say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

__all__ = ["ACTIONS", "ACTION_PATTERNS", "KEYS", "OPERATORS", "VARIABLE_KEYS", "Kind", "action", "arn", "value", "word"]

Kind = str
"""What the values of a condition key are: text, list, arn, number, date, bool, ip, binary."""

KEYS: Mapping[str, Kind] = {
    "aws:username": "text",
    "aws:PrincipalTag/team": "text",
    "aws:PrincipalAccount": "text",
    "s3:prefix": "text",
    "app:word": "text",
    "aws:TagKeys": "list",
    "aws:CalledVia": "list",
    "aws:SourceArn": "arn",
    "s3:max-keys": "number",
    "aws:MultiFactorAuthAge": "number",
    "aws:CurrentTime": "date",
    "aws:EpochTime": "date",
    "aws:SecureTransport": "bool",
    "aws:SourceIp": "ip",
    "app:blob": "binary",
}
"""Each key with the kind of its values; those of ``app`` are in no catalogue."""

VARIABLE_KEYS: tuple[str, ...] = ("aws:username", "aws:PrincipalTag/team", "aws:PrincipalAccount")
"""Those that policy variables name, and that bindings may fix."""

_SPANS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_TEXTS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
)

OPERATORS: Mapping[Kind, Sequence[str]] = {
    "text": _TEXTS,
    "list": _TEXTS,
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike", "StringNotLike"),
    "number": tuple(f"Numeric{name}" for name in _SPANS),
    "date": tuple(f"Date{name}" for name in _SPANS),
    "bool": ("Bool",),
    "ip": ("IpAddress", "NotIpAddress"),
    "binary": ("BinaryEquals",),
}

ACTIONS: tuple[str, ...] = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetBucketAcl",
    "s3:GetBucketPolicy",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:DeleteObject",
    "s3:ListBucket",
    "sqs:SendMessage",
    "sqs:GetQueueUrl",
    "iam:PassRole",
    "ec2:RunInstances",
    "s3:GetTomorrow",
    "s3:GetTomorrowAcl",
    "s3:PutTomorrow",
    "s3:PutTomorrowAcl",
    "s3:TomorrowAcl",
    "s3:XetObject",
    "s3:Tomorrow",
    "s3:DeleteTomorrow",
    "sqs:Tomorrow",
    "sqs:GetTomorrow",
    "sqs:GetObject",
    "iam:GetObject",
    "new:Tomorrow",
    "new:GetTomorrow",
    "new:GetObject",
    "new:TomorrowAcl",
    "iam:PassTomorrow",
)
"""What is asked for: of each mixture of patterns an action that exists, or one that AWS may add."""

ACTION_PATTERNS = (
    "*",
    "s3:*",
    "s3:Get*",
    "s3:Get*",
    "s3:GetObject",
    "S3:GETOBJECT",
    "s3:GetObject*",
    "s3:?etObject",
    "s3:*Acl",
    "s3:Put*",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "*:GetObject",
    "sqs:*",
    "sqs:SendMessage",
    "iam:PassRole",
    "s3:GetTomorrow",
    "new:*",
)
_PIECES = ("a", "b", "ab", "A", "*", "?", "/", ":", "", "1") * 5 + ("é", "É", "k", "\u212a", "\n")
"""Among the rare ones are letters that are alike to languages, and not to IAM."""
_HOLES = (
    "${aws:username}",
    "${aws:username}",
    "${AWS:UserName}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/team, 'b'}",
    "${aws:username, 'a*'}",
    "${aws:PrincipalAccount}",
    "${*}",
    "${?}",
    "${$}",
)
_SEGMENTS = (
    ("aws", "aws", "aws", "*", "a?s"),
    ("s3", "s3", "sqs", "*", "s*"),
    ("", "", "*", "eu", "e?"),
    ("", "", "*", "1", "1*", "${aws:PrincipalAccount}"),
)
_LAST = ("a", "b", "a/*", "*", "?", "a/b", "*/b", "a:b", "home/*", "home/bob", "home/*/x", "*b*", "A", "a*:*")
_OPEN = (
    "home/${aws:username}",
    "home/${aws:username}/*",
    "${aws:PrincipalTag/team}",
    "a/${aws:PrincipalTag/team, 'b'}",
)
_SHORT = (
    "*",
    "*",
    "**",
    "arn:aws:s3",
    "arn:aws:*",
    "arn:*",
    "a*",
    "arn:*:b",
    "arn:aws:s3:::${*}",
    "arn:aws:s3:${aws:username}",
)
_VALUES: Mapping[Kind, Sequence[str]] = {
    "number": ("0", "1", "10", "10.0", "10.5", "-3", "+20", "1000", "007"),
    "date": (
        "2030-01-01T00:00:00Z",
        "2030-01-01",
        "2030-06",
        "2030-01-01T01:00:00+01:00",
        "2030-01-01T00:00:00.5Z",
        "2031-12-31T23:59:59",
        "1893456000",
        "1893456001",
        "1924991999",
    ),
    "bool": ("true", "false", "True", "FALSE"),
    "ip": (
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.0.0.1",
        "10.0.0.1/8",
        "192.168.0.0/24",
        "0.0.0.0/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "2001:db8::/32",
        "2001:db8::1",
        "2001:DB8:0:0::/64",
        "::/0",
        "::ffff:10.0.0.1",
    ),
    "binary": ("QUI=", "QUJD", "", "/+8="),
}


def action(chance: Random) -> str:
    """Return a pattern of actions."""
    return chance.choice(ACTION_PATTERNS)


def word(chance: Random) -> str:
    """Return a pattern for text: literals, wildcards and policy variables in any order."""
    pieces = [chance.choice(_PIECES) for _ in range(chance.choice((1, 1, 2, 3)))]
    if chance.random() < 0.2:
        pieces[chance.randrange(len(pieces))] = chance.choice(_HOLES)
    return "".join(pieces)


def arn(chance: Random) -> str:
    """Return a pattern for ARNs, with wildcards within segments and over the ends of them, and policy variables."""
    kind = chance.random()
    if kind < 0.25:
        return chance.choice(_SHORT)
    last = chance.choice(_OPEN if kind < 0.4 else _LAST)
    return ":".join(["arn", *(chance.choice(options) for options in _SEGMENTS), last])


def value(chance: Random, kind: Kind) -> str:
    """Return a value that the operators of a kind take in a policy."""
    if kind in ("text", "list"):
        return word(chance)
    return arn(chance) if kind == "arn" else chance.choice(_VALUES[kind])
