"""Every rule of the strict layer refuses with AWS's code, and what it refuses leaves the account as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sandbox.refusals import CASES, HTTP, Refusal
from sandbox.sandbox_support import POLICY, TRUST, details

import reconciler.sandbox.answers
import reconciler.sandbox.rules
from reconciler import sandbox
from reconciler.sandbox.registry import ANSWERS, RULES

SERVED = ("iam", "sts", "resourcegroupstaggingapi")
SERVICES = {"get_resources": "resourcegroupstaggingapi"}
REFUSING = {rule.name: rule for rule in RULES}


def of(code: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [case for case in CASES if case.code == code], ids=str)


def refused(case: Refusal) -> None:
    session: Any = sandbox.session(quotas=case.quotas)
    # Without botocore's own checks, as a program in another language would call.
    unchecked = Config(parameter_validation=False)
    iam: Any = session.client("iam", config=unchecked)
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="p", PolicyDocument=POLICY)
    for prepare in case.prepare:
        prepare(iam)
    operation, params = case.call
    service = "sts" if operation.startswith("assume_role") else SERVICES.get(operation, "iam")
    signed = case.signed(session) if case.signed else {}
    caller = session.client(service, config=unchecked, **signed) if signed or service != "iam" else iam
    before = details(iam)
    with pytest.raises(ClientError) as caught:
        getattr(caller, operation)(**params)
    error, answer = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    assert (error["Code"], answer["HTTPStatusCode"]) == (case.code, HTTP[case.code])
    assert answer["HTTPHeaders"]["x-sandbox-rule"] == case.rule
    assert answer["RetryAttempts"] == 0
    assert case.message in error["Message"]
    assert details(iam) == before


@of("ValidationError")
def test_validation_error(case: Refusal) -> None:
    refused(case)


@of("EntityAlreadyExists")
def test_entity_already_exists(case: Refusal) -> None:
    refused(case)


@of("DeleteConflict")
def test_delete_conflict(case: Refusal) -> None:
    refused(case)


@of("LimitExceeded")
def test_limit_exceeded(case: Refusal) -> None:
    refused(case)


@of("MalformedPolicyDocument")
def test_malformed_policy_document(case: Refusal) -> None:
    refused(case)


@of("InvalidInput")
def test_invalid_input(case: Refusal) -> None:
    refused(case)


@of("NoSuchEntity")
def test_no_such_entity(case: Refusal) -> None:
    refused(case)


@of("PolicyNotAttachable")
def test_policy_not_attachable(case: Refusal) -> None:
    refused(case)


@of("AccessDenied")
def test_access_denied(case: Refusal) -> None:
    refused(case)


@of("ExpiredToken")
def test_expired_token(case: Refusal) -> None:
    refused(case)


@of("InvalidClientTokenId")
def test_invalid_client_token_id(case: Refusal) -> None:
    refused(case)


@of("ExpiredTokenException")
def test_expired_token_exception(case: Refusal) -> None:
    refused(case)


@of("InvalidIdentityToken")
def test_invalid_identity_token(case: Refusal) -> None:
    refused(case)


@of("InvalidParameterException")
def test_invalid_parameter_exception(case: Refusal) -> None:
    refused(case)


@of("InvalidUserType")
def test_invalid_user_type(case: Refusal) -> None:
    refused(case)


@of("NotImplemented")
def test_not_implemented(case: Refusal) -> None:
    refused(case)


@of("PasswordPolicyViolation")
def test_password_policy_violation(case: Refusal) -> None:
    refused(case)


@of("UnmodifiableEntity")
def test_unmodifiable_entity(case: Refusal) -> None:
    refused(case)


@of("MalformedCertificate")
def test_malformed_certificate(case: Refusal) -> None:
    refused(case)


@of("DuplicateCertificate")
def test_duplicate_certificate(case: Refusal) -> None:
    refused(case)


@of("InvalidPublicKey")
def test_invalid_public_key(case: Refusal) -> None:
    refused(case)


@of("DuplicateSSHPublicKey")
def test_duplicate_ssh_public_key(case: Refusal) -> None:
    refused(case)


@of("NotSupportedService")
def test_not_supported_service(case: Refusal) -> None:
    refused(case)


def test_every_rule_is_tried_by_a_case_of_its_code_and_every_case_by_one_of_these_tests() -> None:
    assert {(rule.name, rule.code) for rule in RULES} == {(case.rule, case.code) for case in CASES}
    assert {case.code for case in CASES} == set(HTTP)


def test_every_rule_has_a_name_of_its_own_a_source_and_a_sentence() -> None:
    assert len(REFUSING) == len(RULES)
    for rule in RULES:
        assert rule.source
        assert (rule.check.__doc__ or "").startswith("Refuse")


def test_rules_and_answers_are_about_operations_that_exist() -> None:
    session: Any = sandbox.session()
    known = {name for service in SERVED for name in session.client(service).meta.service_model.operation_names}
    assert set(ANSWERS) <= known
    assert {operation for rule in RULES for operation in rule.operations} <= known


def test_the_documentation_lists_every_rule_with_its_code_source_and_standing() -> None:
    page = Path(reconciler.sandbox.rules.__file__).parents[3] / "docs" / "sandbox.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    written = {cells[0]: cells[1:] for cells in ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)}
    for rule in RULES:
        code, sentence, source, standing = written[f"`{rule.name}`"]
        assert (code, standing) == (rule.code, rule.standing)
        assert source == rule.source
        assert sentence == " ".join((rule.check.__doc__ or "").split()).split(". ")[0].removesuffix(".")
    assert len(written) == len(RULES)


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("get_user", {"UserName": "U"}, "The user with name U cannot be found."),
        ("get_group", {"GroupName": "G"}, "The group with name G cannot be found."),
        ("get_role", {"RoleName": "R"}, "The role with name R cannot be found."),
        ("get_instance_profile", {"InstanceProfileName": "x"}, "Instance Profile x cannot be found."),
        ("get_policy", {"PolicyArn": "arn:aws:iam::123456789012:policy/P"}, "does not exist or is not attachable."),
        ("delete_user", {"UserName": "nobody"}, "The user with name nobody cannot be found."),
        ("get_policy_version", {"PolicyArn": "arn:aws:iam::123456789012:policy/p", "VersionId": "v9"}, "version v9"),
        ("get_login_profile", {"UserName": "u"}, "u"),
        ("delete_service_specific_credential", {"UserName": "u", "ServiceSpecificCredentialId": "A" * 20}, "A" * 20),
        ("deactivate_mfa_device", {"UserName": "u", "SerialNumber": "serial-number"}, "serial-number"),
    ],
)
def test_what_is_not_there_is_no_such_entity_and_names_are_looked_up_with_their_case(
    operation: str, params: dict[str, str], message: str
) -> None:
    iam: Any = sandbox.session().client("iam")
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="p", PolicyDocument=POLICY)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=message) as caught:
        getattr(iam, operation)(**params)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_password_does_not_come_back_in_an_error() -> None:
    iam: Any = sandbox.session().client("iam")
    iam.create_user(UserName="u")
    with pytest.raises(ClientError, match="ValidationError") as caught:
        iam.create_login_profile(UserName="u", Password="secret\N{SNOWMAN}")
    assert "secret" not in str(caught.value)


def test_an_operation_that_nobody_answers_says_so() -> None:
    iam: Any = sandbox.session().client("iam")
    with pytest.raises(ClientError, match="The sandbox does not answer ListOrganizationsFeatures") as caught:
        iam.list_organizations_features()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
