"""The sandbox over HTTP: plain boto3 against it, and whatever else may come through a socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st
from sandbox.sandbox_support import ACCOUNT, POLICY, arn, details

from reconciler import sandbox
from reconciler.errors import SandboxError
from reconciler.sandbox import cbor
from reconciler.sandbox.server import Serving

SIGNED = "AWS4-HMAC-SHA256 Credential=sandbox/20270101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
FORM = {"Authorization": SIGNED, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with sandbox.serve() as made:
        yield made


@pytest.fixture
def plain(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session as anybody's program makes it, sent here by the environment alone."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", serving.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return boto3.Session()


def request(serving: Serving, body: bytes, headers: dict[str, str], *, path: str = "/") -> tuple[int, bytes]:
    """Make one request by hand."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(serving.url).port or 0, timeout=30)
    connection.request("POST", path, body, headers)
    answered = connection.getresponse()
    try:
        return answered.status, answered.read()
    finally:
        connection.close()


def spoken(serving: Serving, raw: bytes) -> bytes:
    """Send bytes and return all that comes back until the other end closes."""
    with socket.create_connection(("127.0.0.1", urlsplit(serving.url).port or 0), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


def test_plain_boto3_finds_iam_sts_and_the_tagging_api_by_the_environment_alone(plain: boto3.Session) -> None:
    iam, sts = plain.client("iam"), plain.client("sts")
    iam.create_policy(PolicyName="served", PolicyDocument=POLICY, Tags=[{"Key": "a", "Value": "b"}])
    assert sts.get_caller_identity()["Arn"] == arn("user/sandbox")
    assert details(iam)["Policies"][0]["PolicyVersionList"][0]["Document"] == json.loads(POLICY)
    found = plain.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["iam:policy"])
    assert [row["ResourceARN"] for row in found["ResourceTagMappingList"]] == [arn("policy/served")]
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException) as caught:
        iam.create_policy(PolicyName="served", PolicyDocument=POLICY)
    answer = caught.value.response["ResponseMetadata"]
    assert (answer["HTTPStatusCode"], answer["HTTPHeaders"]["x-sandbox-rule"]) == (409, "policy_name_is_free")


def test_text_of_any_script_and_size_comes_back_as_it_went(plain: boto3.Session) -> None:
    iam = plain.client("iam")
    value = "caf\u00e9 & <b>"
    document = json.dumps({**json.loads(POLICY), "Id": "x" * 100_000})
    with pytest.raises(ClientError):
        iam.create_policy(PolicyName="large", PolicyDocument=document)
    iam.create_role(RoleName="text", AssumeRolePolicyDocument=TRUST_TEXT, Description=value)
    assert iam.get_role(RoleName="text")["Role"]["Description"] == value


TRUST_TEXT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def test_clients_at_once_lose_nothing(serving: Serving) -> None:
    options: dict[str, Any] = {
        "endpoint_url": serving.url,
        "region_name": "us-east-1",
        "aws_access_key_id": "sandbox",
        "aws_secret_access_key": "sandbox",
        "config": Config(max_pool_connections=8),
    }
    clients = [boto3.Session().client("iam", **options) for _ in range(4)]
    clients[0].create_group(GroupName="crowd")

    def create(number: int) -> None:
        clients[number % 4].create_user(UserName=f"crowd{number}")
        clients[number % 4].add_user_to_group(GroupName="crowd", UserName=f"crowd{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(60)))
    assert len(clients[0].get_group(GroupName="crowd", MaxItems=1000)["Users"]) == 60


def test_another_service_is_not_implemented_and_not_tried_again(plain: boto3.Session) -> None:
    with pytest.raises(ClientError, match="NotImplemented") as caught:
        plain.client("sns").list_topics()
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert "IAM, STS and the tagging API only, not sns." in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", FORM, 501, b"IAM, STS and the tagging API only"),
        (b"Action=ListUsers&Version=2010-05-08", {}, 403, b"MissingAuthenticationToken"),
        (b"Action=ListUsers&Version=2010-05-08", {**FORM, "Host": "evil.example"}, 403, b"AccessDenied"),
        (b"Action=ListUsers&Version=2010-05-08", {**FORM, "Content-Length": "x"}, 400, b"Content-Length"),
        (b"", {**FORM, "Content-Length": str(1 << 40)}, 413, b"RequestEntityTooLarge"),
        (b"\xff\xfe", FORM, 400, b"MalformedInput"),
        (b"Action=Nothing&Version=2010-05-08", FORM, 400, b"InvalidAction"),
        (b"Action=TagUser&Version=2010-05-08&UserName=u&Tags.member=1", FORM, 404, b"NoSuchEntity"),
        (b"Action=CreateUser&Version=2010-05-08&UserName.a=u", FORM, 400, b"MalformedInput"),
        (b"Action=TagUser&Version=2010-05-08&Tags.member." + b"9" * 5000 + b".Key=a", FORM, 400, b"ValidationError"),
        (b"Action=CreateUser&Version=2010-05-08&" + b"a." * 20_000 + b"b=1", FORM, 400, b"ValidationError"),
    ],
    ids=[
        "empty", "unsigned", "other-host", "length-no-number", "too-large", "not-utf-8", "unknown-action",
        "list-no-list", "structure-for-text", "huge-index", "deep",
    ],
)  # fmt: skip
def test_a_request_that_is_wrong_gets_an_error_that_aws_clients_can_read(
    serving: Serving, body: bytes, headers: dict[str, str], status: int, said: bytes
) -> None:
    found = request(serving, body, headers)
    assert found[0] == status
    assert said in found[1]
    assert found[1].startswith(b"<ErrorResponse")


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nshort",
        b"GET " + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=["nothing", "words", "verb", "head", "version", "no-host", "chunked", "short", "long", "headers", "tls"],
)
def test_what_is_hardly_http_is_refused_and_the_server_goes_on(
    serving: Serving, raw: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answered = spoken(serving, raw)
    assert not answered.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
    assert b"Traceback" not in answered
    assert request(serving, b"Action=ListUsers&Version=2010-05-08", FORM)[0] == 200
    assert capfd.readouterr().err == ""


@given(body=st.binary(max_size=60), action=st.sampled_from([b"TagUser", b"CreateRole", b"SimulateCustomPolicy"]))
def test_no_body_makes_the_server_fail(serving: Serving, body: bytes, action: bytes) -> None:
    prefix = b"Action=" + action + b"&Version=2010-05-08&"
    assert 400 <= request(serving, prefix + body, FORM)[0] < 500


@given(body=st.binary(max_size=60))
def test_no_json_or_cbor_makes_the_server_fail(serving: Serving, body: bytes) -> None:
    target = {"X-Amz-Target": "ResourceGroupsTaggingAPI_20170126.GetResources", "Authorization": SIGNED}
    assert request(serving, body, target)[0] in {200, 400}
    path = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources"
    spoken_in = {"smithy-protocol": "rpc-v2-cbor", "Authorization": SIGNED}
    assert request(serving, body, spoken_in, path=path)[0] in {200, 400}


def test_the_tagging_api_answers_in_cbor_who_asks_in_cbor(serving: Serving, plain: boto3.Session) -> None:
    plain.client("iam").create_policy(PolicyName="cbor", PolicyDocument=POLICY, Tags=[{"Key": "c", "Value": "\u00e9"}])
    model = botocore.session.get_session().get_service_model("resourcegroupstaggingapi").operation_model("GetResources")
    params = {"ResourcesPerPage": 30, "TagFilters": [{"Key": "c", "Values": ["\u00e9"] * 20}]}
    made = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(params, model)
    signed = {**made["headers"], "Authorization": SIGNED}
    status, body = request(serving, made["body"], signed, path=made["url_path"])
    rows = cbor.decoded(body)["ResourceTagMappingList"]
    assert (status, rows) == (200, [{"ResourceARN": arn("policy/cbor"), "Tags": [{"Key": "c", "Value": "\u00e9"}]}])
    wrong = create_serializer("smithy-rpc-v2-cbor").serialize_to_request({"ResourcesPerPage": 101}, model)
    status, body = request(serving, wrong["body"], signed, path=made["url_path"])
    assert (status, cbor.decoded(body)["__type"]) == (400, "InvalidParameterException")


VALUES = st.recursive(
    st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_is_written_as_cbor_is_read_as_it_was(value: Any) -> None:
    assert cbor.decoded(cbor.encoded(value)) == value


@given(st.binary(max_size=40))
def test_cbor_that_is_none_is_a_value_error(body: bytes) -> None:
    try:
        cbor.decoded(body)
    except ValueError:
        return
    assert body


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("00", 0), ("1818", 24), ("1903e8", 1000), ("3903e7", -1000), ("f90000", 0.0), ("fb3ff199999999999a", 1.1),
        ("c11a514b67b0", 1363896240), ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}), ("f6", None), ("4401020304", b"\x01\x02\x03\x04"),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_8949_are_read(body: str, value: Any) -> None:
    assert cbor.decoded(bytes.fromhex(body)) == value


def test_a_port_that_is_taken_is_an_error_with_a_remedy(serving: Serving) -> None:
    with pytest.raises(SandboxError, match="choose another"):
        sandbox.serve(port=urlsplit(serving.url).port or 0)


def test_after_the_end_nobody_listens_and_a_saved_account_is_there_again() -> None:
    options: dict[str, Any] = {
        "aws_access_key_id": "sandbox",
        "aws_secret_access_key": "sandbox",
        "region_name": "us-east-1",
    }
    with sandbox.serve("served", account=ACCOUNT) as first:
        boto3.Session(**options).client("iam", endpoint_url=first.url).create_user(UserName="u")
        assert sandbox.session("served").client("iam").get_user(UserName="u")["User"]["UserName"] == "u"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(first.url).port or 0))
    with sandbox.serve("served", account=ACCOUNT) as second:
        found = boto3.Session(**options).client("iam", endpoint_url=second.url).list_users()
        assert [user["UserName"] for user in found["Users"]] == ["u"]
