"""Which policy documents AWS refuses: grammar, principals and size.

Sizes are counted without the white space outside strings. Source: IAM user guide, reference_iam-quotas ("IAM doesn't
count white space"); whether white space inside strings counts is not documented, so it does here.
"""

from __future__ import annotations

import re

from reconciler.sandbox import principals, trust
from reconciler.sandbox.account import Account
from reconciler.sandbox.grammar import MalformedError, check_identity
from reconciler.sandbox.registry import rule
from reconciler.sandbox.wire import Call

__all__ = [
    "inline_policy_size",
    "managed_policy_size",
    "policy_grammar",
    "trust_grammar",
    "trust_principals_exist",
    "trust_providers_have_form",
    "trust_services_have_form",
    "trust_size",
]

_INLINE = ("PutUserPolicy", "PutGroupPolicy", "PutRolePolicy")
_MANAGED = ("CreatePolicy", "CreatePolicyVersion")
_TRUST = ("CreateRole", "UpdateAssumeRolePolicy")
_QUOTAS = "IAM user guide, reference_iam-quotas"
_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
_SUFFIXES = (
    "amazonaws.com amazonaws.com.cn amazonaws.eu amazon.com c2s.ic.gov sc2s.sgov.gov cloud.adc-e.uk csp.hci.ic.gov"
)
_SERVICE = re.compile(rf"{_LABELS}(?:{'|'.join(map(re.escape, _SUFFIXES.split()))})", re.ASCII)
_PROVIDER = r"arn:[\w-]+:iam::\d{12}:(?:saml|oidc)-provider/.+"
_FEDERATED = re.compile(rf"{_PROVIDER}|(?i:{_LABELS}[a-z]{{2,}})", re.ASCII)
_SPACES = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')


@rule(
    "MalformedPolicyDocument",
    *_INLINE,
    *_MANAGED,
    source="IAM user guide, reference_policies_grammar; moto's validator",
)
def policy_grammar(_: Account, call: Call) -> str | None:
    """Refuse a managed or inline policy that breaks the grammar, or is not of version 2012-10-17."""
    try:
        check_identity(call.params["PolicyDocument"])
    except MalformedError as error:
        return str(error)
    return None


@rule("MalformedPolicyDocument", *_TRUST, source="IAM user guide, reference_policies_grammar")
def trust_grammar(_: Account, call: Call) -> str | None:
    """Refuse a trust policy with resources, NotPrincipal or other than STS actions; both versions are fine."""
    try:
        trust.checked(_trust(call))
    except MalformedError as error:
        return str(error)
    return None


@rule("MalformedPolicyDocument", *_TRUST, source="IAM user guide, reference_policies_elements_principal")
def trust_principals_exist(account: Account, call: Call) -> str | None:
    """Refuse a trust policy that names a user or role of this account which does not exist, not yet or not any more."""
    for kind, name in trust.principals(trust.checked(_trust(call))):
        if kind == "AWS" and principals.shown(account, name) is None:
            return f'Invalid principal in policy: "AWS":"{name}"'
    return None


@rule(
    "MalformedPolicyDocument", *_TRUST, source="hashicorp/terraform issue 35086; aws-samples/aws-cdk-examples issue 801"
)
def trust_services_have_form(_: Account, call: Call) -> str | None:
    """Refuse a trust policy whose service principal has not the form of one; which services exist is not known here."""
    for kind, name in trust.principals(trust.checked(_trust(call))):
        if kind == "Service" and not _SERVICE.fullmatch(name):
            return f'Invalid principal in policy: "SERVICE":"{name}"'
    return None


@rule("MalformedPolicyDocument", *_TRUST, source="IAM user guide, reference_policies_elements_principal")
def trust_providers_have_form(_: Account, call: Call) -> str | None:
    """Refuse a trust policy whose federated principal is neither a domain name nor the ARN of a provider."""
    for kind, name in trust.principals(trust.checked(_trust(call))):
        if kind == "Federated" and not _FEDERATED.fullmatch(name):
            return "Federated principals must be valid domain names or SAML metadata ARNs"
    return None


@rule("LimitExceeded", *_MANAGED, source=_QUOTAS)
def managed_policy_size(account: Account, call: Call) -> str | None:
    """Refuse a managed policy of more than 6,144 characters."""
    quota = account.quota("PolicySizeQuota")
    return f"Cannot exceed quota for PolicySize: {quota}" if _size(call.params["PolicyDocument"]) > quota else None


@rule("LimitExceeded", *_INLINE, source=_QUOTAS)
def inline_policy_size(account: Account, call: Call) -> str | None:
    """Refuse inline policies of together more than 2,048 (user), 5,120 (group) or 10,240 (role) characters."""
    noun, holder = account.holder(call.params)
    documents = dict(holder.policies) | {call.params["PolicyName"]: call.params["PolicyDocument"]}
    quota = account.quota(f"{noun}PolicySizeQuota")
    if sum(map(_size, documents.values())) > quota:
        return f"Maximum policy size of {quota} bytes exceeded for {noun.lower()} {holder.name}"
    return None


@rule("LimitExceeded", *_TRUST, source=_QUOTAS)
def trust_size(account: Account, call: Call) -> str | None:
    """Refuse a trust policy of more than 2,048 characters."""
    quota = account.quota("AssumeRolePolicySizeQuota")
    return f"Cannot exceed quota for ACLSizePerRole: {quota}" if _size(_trust(call)) > quota else None


def _trust(call: Call) -> str:
    text: str = call.params["AssumeRolePolicyDocument" if call.operation == "CreateRole" else "PolicyDocument"]
    return text


def _size(document: str) -> int:
    return len(_SPACES.sub(lambda found: found[1] or "", document))
