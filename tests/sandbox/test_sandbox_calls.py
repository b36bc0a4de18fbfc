"""Whatever is sent to whichever operation is answered or refused, and never fails in another way."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from sandbox.sandbox_support import ACCOUNT, METADATA, POLICY, TRUST, arn, managed

from reconciler.sandbox.seam import Sandbox, open_sandbox
from reconciler.sandbox.wire import Request, service_model

VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
OPERATIONS = [(service, name) for service in VERSIONS for name in service_model(service).operation_names]
TEXTS = st.sampled_from(
    [
        "", "u", "g", "r", "p", "0", "-1", "true", "\u2603", "{}", "[]", "v1", "Active", "User",
        POLICY, TRUST, METADATA, arn("policy/p"), arn("role/r"), arn("user/u"), arn("oidc-provider/e.org"),
        managed("ReadOnlyAccess"), "https://e.org", "Correct-horse-1", "ecs.amazonaws.com", "s3:GetObject", "PGEvPg==",
        "e30.eyJpc3MiOiJodHRwczovL2Uub3JnIiwic3ViIjoieCJ9.x", json.dumps({"Version": "2012-10-17", "Statement": []}),
    ]
)  # fmt: skip
NUMBERS = st.sampled_from(["0", "1", "50", "900", "3600", "43200", "many"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """Return an operation, and parameters of which many fit it."""
    service, operation = draw(st.sampled_from(OPERATIONS))
    fields = {"Action": operation, "Version": VERSIONS[service]}

    def fill(shape: Any, place: str) -> None:
        match shape.type_name:
            case "structure":
                for name, member in shape.members.items():
                    if draw(st.integers(0, 9)) < (9 if name in shape.required_members else 3):
                        fill(member, f"{place}.{name}" if place else name)
            case "list":
                for number in range(1, draw(st.integers(0, 2)) + 1):
                    fill(shape.member, f"{place}.member.{number}")
            case "integer" | "long":
                fields[place] = draw(NUMBERS)
            case _:
                known = getattr(shape, "enum", [])
                fields[place] = draw(TEXTS | st.sampled_from(known)) if known else draw(TEXTS)

    shape = service_model(service).operation_model(operation).input_shape
    if shape is not None:
        fill(shape, "")
    return operation, fields


def sent(made: Sandbox, **fields: str) -> int:
    """Send one request and return the status of the answer."""
    body = urlencode(fields).encode()
    return made.dispatch(Request("POST", "https://iam.amazonaws.com/", {}, body)).status


@given(st.lists(calls(), min_size=10, max_size=30))
def test_every_call_is_answered_or_refused(made: list[tuple[str, dict[str, str]]]) -> None:
    account = open_sandbox(None, account=ACCOUNT, region="us-east-1", repository=None)
    iam = {"Version": VERSIONS["iam"]}
    assert sent(account, **iam, Action="CreateUser", UserName="u") == 200
    assert sent(account, **iam, Action="CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST) == 200
    assert sent(account, **iam, Action="CreatePolicy", PolicyName="p", PolicyDocument=POLICY) == 200
    assert sent(account, **iam, Action="CreateOpenIDConnectProvider", Url="https://e.org") == 200
    for operation, fields in made:
        status = sent(account, **fields)
        assert status == 200 or 400 <= status < 500 or status == 501, operation
