"""The cases of rules about documents: grammar, on creation and on change, and the principals of trust policies."""

from __future__ import annotations

import json
from typing import Any

from sandbox.refusal_steps import Refusal, has, statement
from sandbox.sandbox_support import ASSUME, POLICY, TRUST, arn, trusting

__all__ = ["DOCUMENTS"]

P = arn("policy/p")
ROLE = {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}
SYNTAX = "Syntax errors in policy."
GRANT = json.loads(POLICY)["Statement"][0]


def grant(**changes: Any) -> str:
    """Return a policy whose one statement is changed; None takes an element out."""
    changed = {key: value for key, value in {**GRANT, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [changed]})


INLINE: tuple[tuple[str, dict[str, str]], ...] = (
    ("put_user_policy", {"UserName": "u", "PolicyName": "x"}),
    ("put_group_policy", {"GroupName": "g", "PolicyName": "x"}),
    ("put_role_policy", {"RoleName": "r", "PolicyName": "x"}),
)


def _written(number: int, text: str, message: str) -> list[Refusal]:
    """Return the cases of a policy that nothing may write: a new one, a new version, one of the inline policies."""
    new: tuple[tuple[str, dict[str, str]], ...] = (
        ("create_policy", {"PolicyName": "x"}),
        ("create_policy_version", {"PolicyArn": P}),
    )
    return [
        has("MalformedPolicyDocument", "policy_grammar", operation, message, **params, PolicyDocument=text)
        for operation, params in (*new, INLINE[number % len(INLINE)])
    ]


def _trusted(rule: str, text: str, message: str) -> list[Refusal]:
    """Return the cases of a trust policy that no role may have, neither a new one nor an old one."""
    return [
        has("MalformedPolicyDocument", rule, "create_role", message, **ROLE | {"AssumeRolePolicyDocument": text}),
        has(
            "MalformedPolicyDocument", rule, "update_assume_role_policy", message, RoleName="r", PolicyDocument=text
        ),
    ]  # fmt: skip


DOCUMENTS = [
    case
    for number, (text, message) in enumerate((
        ("{}", SYNTAX),
        ("[]", SYNTAX),
        ("{", SYNTAX),
        (POLICY + "x", SYNTAX),
        ("[" * 100_000, SYNTAX),
        (POLICY.replace("2012", "2008"), "must be version 2012-10-17 or greater."),
        (json.dumps({"Statement": GRANT}), "must be version 2012-10-17 or greater."),
        (POLICY.replace("2012", "2013"), SYNTAX),
        (json.dumps({"Version": "2012-10-17", "Statement": []}), SYNTAX),
        (json.dumps({"Version": "2012-10-17", "Statement": ["x"]}), SYNTAX),
        (POLICY.replace('"Effect": "Allow"', '"Effect": "Allow", "Effect": "Deny"'), SYNTAX),
        (grant(Condition={"Bool": {"a:b": "c"}}).replace('"c"}', '"c", "a:b": "d"}'), SYNTAX),
        (grant(Effect="allow"), "The policy failed legacy parsing"),
        (grant(Effect=None), SYNTAX),
        (grant(Actions="s3:*"), SYNTAX),
        (grant(NotAction="s3:*"), SYNTAX),
        (grant(NotResource="*"), SYNTAX),
        (grant(Action=None), "must contain actions."),
        (grant(Resource=None), "must contain resources."),
        (grant(Principal="*"), "should not specify a principal."),
        (grant(NotPrincipal={"AWS": "*"}), "should not specify a principal."),
        (grant(Action="GetObject"), "must be prefaced by a vendor"),
        (grant(Action="s3:Get:Object"), "only one colon."),
        (grant(Resource="bucket"), "must be in ARN format"),
        (grant(Resource="arn:moon:s3:::b"), 'Partition "moon" is not valid'),
        (grant(Sid="not alphanumeric"), "Statement IDs (SID) must be alpha-numeric."),
        (grant(Sid=1), SYNTAX),
        (json.dumps({"Version": "2012-10-17", "Statement": [{**GRANT, "Sid": "a"}] * 2}), "must be unique."),
        (grant(Condition=["no"]), SYNTAX),
        (grant(Condition={"StringIs": {"a:b": "c"}}), SYNTAX),
        (grant(Condition={"StringEquals": {"a:b": {"c": "d"}}}), SYNTAX),
        (grant(Condition={"StringEquals": {"a:b": ["c", None]}}), SYNTAX),
        (grant(Condition={"NumericEquals": {"a:b": float("nan")}}), SYNTAX),
        (grant(Condition={"DateLessThan": {"aws:CurrentTime": "tomorrow"}}), "failed legacy parsing"),
    ))
    for case in _written(number, text, message)
] + [
    case
    for text, message in (
        ("{", "This policy contains invalid Json"),
        ("[]", SYNTAX),
        ('{"Version":"2012-10-17","Statement":[]}', SYNTAX),
        ('{"Version":"2012-10-17","Version":"2012-10-17","Statement":{}}', SYNTAX),
        (TRUST.replace("2012-10-17", "2013-10-17"), SYNTAX),
        (json.dumps({"Id": ["x"], "Statement": ASSUME}), SYNTAX),
        ("[" * 100_000, "This policy contains invalid Json"),
        (statement(Effect="allow"), SYNTAX),
        (statement(Effect=["Allow"]), SYNTAX),
        (statement(Actions="sts:AssumeRole"), SYNTAX),
        (statement(Principal={"AWS": []}), "a statement with no principals!"),
        (statement(Resource="*"), "Has prohibited field Resource"),
        (statement(NotResource="*"), "Has prohibited field NotResource"),
        (statement(NotPrincipal={"AWS": "*"}), "Has prohibited field NotPrincipal"),
        (statement(NotPrincipal="*", Principal=None), "Has prohibited field NotPrincipal"),
        (statement(Principal=None), "Missing required field Principal"),
        (statement(Principal={"User": "alice"}), SYNTAX),
        (statement(Action=None, NotAction="sts:AssumeRole"), "Policy statement must contain actions."),
        (statement(Action=["sts:AssumeRole", "s3:*"]), "may only specify STS AssumeRole actions."),
        (statement(Action="*"), "may only specify STS AssumeRole actions."),
        (statement(Condition=["no"]), SYNTAX),
        (statement(Condition={"StringIs": {"sts:ExternalId": "x"}}), SYNTAX),
        (statement(Sid=1), SYNTAX),
        (statement(Sid="not alphanumeric"), "Statement IDs (SID) must be alpha-numeric."),
        (json.dumps({"Statement": [{**ASSUME, "Sid": "a"}] * 2}), "(SID) in a single policy must be unique."),
    )
    for case in _trusted("trust_grammar", text, message)
] + [
    case
    for service in ("ec2", "ec2.aws.com", "EC2.amazonaws.com", "amazonaws.com", "ec2.amazonaws.com ", "*")
    for case in _trusted(
        "trust_services_have_form", statement(Principal={"Service": ["s3.amazonaws.com", service]}),
        f'Invalid principal in policy: "SERVICE":"{service}"',
    )
] + [
    case
    for provider in ("github", "arn:aws:iam//123456789012:oidc-provider/x", arn("role/r"), "https://accounts.google.com")
    for case in _trusted(
        "trust_providers_have_form", statement(Principal={"Federated": provider}),
        "Federated principals must be valid domain names or SAML metadata ARNs",
    )
] + [
    case
    for principal in (
        arn("user/nobody"), arn("role/new"), arn("group/g"), arn("user/*"), arn("user/U"), arn("user/x/u"), "alice",
        "arn:aws-cn:iam::999999999999:root", "arn:aws-cn:iam::123456789012:user/u", "AROAABCDEFGHIJKLMNOPQ",
        "AIDAABCDEFGHIJKLMNOPQ",
    )
    for case in _trusted(
        "trust_principals_exist", trusting(arn("user/u"), principal),
        f'Invalid principal in policy: "AWS":"{principal}"',
    )
]  # fmt: skip
