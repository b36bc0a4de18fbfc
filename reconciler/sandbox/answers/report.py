"""The credential report: who has which credentials, as a table that is generated on request.

Source: IAM user guide, id_credentials_getting-report: the columns, and that a report is kept for four hours.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox.account import Account, Report, now
from reconciler.sandbox.registry import answer
from reconciler.sandbox.wire import Call, RefusedError

__all__ = ["KEPT", "TAKES", "generate_credential_report", "get_credential_report"]

KEPT = dt.timedelta(hours=4)
TAKES = dt.timedelta(seconds=1)
"""How long a report is in the making; in AWS it takes some seconds."""

_KEYS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{what}" for number in (1, 2) for what in _KEYS),
    *(f"cert_{number}_{what}" for number in (1, 2) for what in ("active", "last_rotated")),
)
_NONE = "N/A"
_UNSUPPORTED = "not_supported"


@answer("GenerateCredentialReport")
def generate_credential_report(account: Account, _: Call) -> Mapping[str, Any]:
    """Begin a report, unless there is one of the last four hours."""
    if account.report is None or account.report.begun + KEPT <= now():
        account.report = Report(now(), _table(account))
        return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
    return {"State": "COMPLETE" if _ready(account.report) else "INPROGRESS"}


@answer("GetCredentialReport")
def get_credential_report(account: Account, _: Call) -> Mapping[str, Any]:
    """Return the last report, of the time when its generation began."""
    report = account.report
    if report is None:
        message = "No report exists. Call GenerateCredentialReport to generate one."
        raise RefusedError("ReportNotPresent", message)
    if not _ready(report):
        raise RefusedError("ReportInProgress", "Report generation is in progress.")
    if report.begun + KEPT <= now():
        message = "The report has expired. Call GenerateCredentialReport to generate a new one."
        raise RefusedError("ReportExpired", message)
    return {"Content": report.content, "ReportFormat": "text/csv", "GeneratedTime": report.begun}


def _ready(report: Report) -> bool:
    return report.begun + TAKES <= now()


def _table(account: Account) -> bytes:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerow(_root(account))
    for user in sorted(account.iam.users.values(), key=lambda each: each.name.lower()):
        table.writerow(_row(account, user))
    return written.getvalue().removesuffix("\n").encode()


def _root(account: Account) -> list[str]:
    """Return the row of the account's root, which here has no credentials."""
    password = [_UNSUPPORTED, "no_information", _UNSUPPORTED, _UNSUPPORTED]
    none = ["false", _NONE, _NONE, _NONE, _NONE]
    head = ["<root_account>", account.arn("root"), _moment(account.created)]
    return [*head, *password, "false", *none, *none, "false", _NONE, "false", _NONE]


def _row(account: Account, user: Any) -> Iterator[str]:
    yield from (user.name, user.arn, _moment(user.create_date))
    yield from _password(account, user)
    yield _flag(bool(user.mfa_devices))
    for number in range(2):
        key = user.access_keys[number] if number < len(user.access_keys) else None
        yield from (_flag(key is not None and key.status == "Active"), _moment(key.create_date) if key else _NONE)
        used = key.last_used if key is not None else None
        yield from (_moment(used.timestamp), used.region, used.service) if used else (_NONE, _NONE, _NONE)
    certificates = list(user.signing_certificates.values())
    for number in range(2):
        each = certificates[number] if number < len(certificates) else None
        yield from (_flag(each is not None and each.status == "Active"), _moment(each.upload_date) if each else _NONE)


def _password(account: Account, user: Any) -> tuple[str, str, str, str]:
    if not user.password:
        return "false", _NONE, _NONE, _NONE
    changed = getattr(user, "password_changed", None) or user.create_date
    policy = account.iam.account_password_policy
    age = policy.max_password_age if policy is not None else None
    rotation = _moment(changed + dt.timedelta(days=age)) if age else _NONE
    used = _moment(user.password_last_used) if user.password_last_used else "no_information"
    return "true", used, _moment(changed), rotation


def _moment(value: dt.datetime | str) -> str:
    return value if isinstance(value, str) else value.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _flag(value: bool) -> str:  # noqa: FBT001  a value, not a switch
    return "true" if value else "false"
