"""What IAM refuses is told in one line that names the action, the resource and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from reconciler.errors import AccountError, CallError, CredentialsError, DeniedError, UnansweredError
from reconciler.live import Iam, session
from reconciler.model import Account, Call

ACCOUNT = Account("123456789012", "aws", None)


class Answer(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def refusing(answers: Mapping[str, tuple[int, str, str]]) -> boto3.Session:
    """Return a session whose calls are answered with (HTTP status, code, message) by operation; others with a page."""
    made = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body = request.body or b""
        operation = parse_qs(body.decode() if isinstance(body, bytes) else str(body))["Action"][0]
        if operation not in answers:
            text = f"<{operation}Response><{operation}Result><IsTruncated>false</IsTruncated></{operation}Result>"
            text += f"</{operation}Response>"
            return AWSResponse(request.url, 200, HTTPHeaders(), Answer(text.encode()))
        status, code, message = answers[operation]
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return AWSResponse(request.url, status, HTTPHeaders(), Answer(text.encode()))

    events: Any = made.events
    events.register("before-send", answer)
    return made


def test_a_denied_reading_names_the_caller_the_action_and_the_resource() -> None:
    message = (
        "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: iam:ListRoles on resource: "
        "arn:aws:iam::123456789012:role/ because no identity-based policy allows the iam:ListRoles action"
    )
    iam = Iam(refusing({"ListRoles": (403, "AccessDenied", message)}))
    with pytest.raises(DeniedError) as caught:
        iam.snapshot(ACCOUNT)
    assert str(caught.value) == (
        "no permission: arn:aws:iam::123456789012:user/ci may not perform iam:ListRoles on "
        "arn:aws:iam::123456789012:role/; allow it, or use other credentials"
    )


def test_a_denial_without_words_still_names_action_and_resource() -> None:
    iam = Iam(refusing({"TagRole": (403, "AccessDenied", "no")}))
    with pytest.raises(DeniedError, match=r"may not perform iam:TagRole on app"):
        iam.send(Call("TagRole", {"RoleName": "app", "Tags": []}))


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired_credentials_are_told_as_such(code: str) -> None:
    iam = Iam(refusing({"GetCallerIdentity": (403, code, "The security token included in the request is expired")}))
    with pytest.raises(CredentialsError, match=r"have expired .*renew them"):
        iam.identify()


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"])
def test_credentials_that_aws_does_not_know_are_told_as_such(code: str) -> None:
    iam = Iam(refusing({"GetCallerIdentity": (403, code, "The security token is invalid")}))
    with pytest.raises(CredentialsError, match="does not accept the credentials"):
        iam.identify()


def test_no_credentials_at_all_name_the_ways_to_get_some() -> None:
    with pytest.raises(CredentialsError, match=r"aws sso login.*--profile.*--sandbox"):
        Iam(boto3.Session(region_name="eu-west-1")).identify()


def test_a_profile_that_does_not_exist_is_no_traceback() -> None:
    with pytest.raises(CredentialsError, match=r"nobody.*--profile"):
        session(profile="nobody")


def test_an_account_that_cannot_be_reached_is_told_in_one_line() -> None:
    made = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.example")

    made.events.register("before-send", fail)
    iam = Iam(made)
    with pytest.raises(AccountError, match="cannot be reached"):
        iam.send(Call("CreateUser", {"UserName": "x"}))


def test_an_answer_that_is_not_of_iam_is_told_in_one_line() -> None:
    made = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")

    def page(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 403, HTTPHeaders(), Answer(b"<!doctype html>\n<title>Proxy</title>\n<p>No"))

    events: Any = made.events
    events.register("before-send", page)
    with pytest.raises(AccountError, match=r"CreateUser: the answer is none of AWS.*AWS_ENDPOINT_URL") as caught:
        Iam(made).send(Call("CreateUser", {"UserName": "x"}))
    assert "\n" not in str(caught.value)


def test_every_other_refusal_keeps_the_code_and_the_words_of_iam() -> None:
    iam = Iam(refusing({"CreateUser": (409, "EntityAlreadyExists", "User with name x already exists.")}))
    with pytest.raises(CallError) as caught:
        iam.send(Call("CreateUser", {"UserName": "x"}))
    assert (caught.value.code, caught.value.message) == ("EntityAlreadyExists", "User with name x already exists.")


def test_a_write_is_sent_once_even_when_the_server_fails() -> None:
    sent = []
    made = refusing({"CreatePolicyVersion": (500, "ServiceFailure", "internal")})
    made.events.register("before-send", lambda **_: sent.append(1))
    with pytest.raises(UnansweredError, match=r"AWS failed inside \(ServiceFailure: internal\); try again later"):
        Iam(made).send(Call("CreatePolicyVersion", {"PolicyArn": "a" * 20, "PolicyDocument": "{}"}))
    assert len(sent) == 1


def test_no_error_ever_shows_the_secret_key() -> None:
    iam = Iam(refusing({"GetCallerIdentity": (403, "SignatureDoesNotMatch", "signature")}))
    with pytest.raises(CredentialsError) as caught:
        iam.identify()
    assert "secret" not in str(caught.value)
