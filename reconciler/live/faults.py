"""What botocore raises, told as the package's own errors: which action on which resource, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from reconciler.errors import AccountError, CallError, CredentialsError, DeniedError, ReconcilerError, UnansweredError

__all__ = ["translated"]

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_ACTION = re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>[^\s\"]+))?")
_CALLER = re.compile(r"^User: (?P<caller>\S+) is not authorized")


@contextmanager
def translated(operation: str, params: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Raise in place of any botocore error the package's own that a person can act on.

    Raises:
        CredentialsError: there are no credentials, they have expired or are not valid.
        DeniedError: IAM denied the operation.
        UnansweredError: the account cannot be reached, or AWS failed: a write may have been made.
        AccountError: the request cannot be made.
        CallError: IAM refused the call for a reason of its own.
    """
    from botocore import exceptions as boto  # noqa: PLC0415  offline commands must not pay for it
    from botocore.parsers import ResponseParserError  # noqa: PLC0415  the same

    try:
        yield
    except boto.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise _refused(operation, params or {}, dict(error.response["Error"]), status) from error
    except boto.ProfileNotFound as error:
        raise CredentialsError(f"{error}; name a profile of your AWS configuration with --profile") from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as error:
        what = "no usable AWS credentials were found"
        remedy = "sign in (`aws sso login`), set AWS_PROFILE or --profile, or try `--sandbox`"
        raise CredentialsError(f"{what} ({_line(error)}); {remedy}") from error
    except (boto.SSOError, boto.TokenRetrievalError) as error:
        raise CredentialsError(f"the SSO session is not valid ({_line(error)}); run `aws sso login`") from error
    except (boto.HTTPClientError, boto.ConnectionError, boto.IncompleteReadError) as error:
        raise UnansweredError(
            f"{operation}: AWS cannot be reached ({_line(error)}); check network and endpoint"
        ) from error
    except ResponseParserError as error:
        what = f"{operation}: the answer is none of AWS, but perhaps of a proxy or an emulator"
        raise UnansweredError(f"{what}; check the network and AWS_ENDPOINT_URL") from error
    except boto.BotoCoreError as error:
        raise AccountError(f"{operation}: {_line(error)}") from error


def _refused(operation: str, params: Mapping[str, Any], error: Mapping[str, Any], status: int) -> ReconcilerError:
    code, message = error.get("Code", "Unknown"), error.get("Message") or "no reason given"
    if code in _EXPIRED:
        return CredentialsError(f"the AWS credentials have expired ({code}); renew them and run again")
    if code in _INVALID:
        return CredentialsError(f"AWS does not accept the credentials ({code}: {message}); check them and the clock")
    if code in _DENIED:
        return DeniedError(_denied(operation, params, message))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnansweredError(f"{operation}: AWS failed inside ({code}: {' '.join(message.split())}); try again later")
    return CallError(operation, code, " ".join(message.split()))


def _denied(operation: str, params: Mapping[str, Any], message: str) -> str:
    found = _ACTION.search(message)
    action = found["action"] if found else f"{'sts' if operation == 'GetCallerIdentity' else 'iam'}:{operation}"
    resource = found["resource"] if found and found["resource"] else _resource(params)
    caller = _CALLER.search(message)
    who = caller["caller"] if caller else "the caller"
    return f"no permission: {who} may not perform {action} on {resource}; allow it, or use other credentials"


def _resource(params: Mapping[str, Any]) -> str:
    for key in ("PolicyArn", "UserName", "RoleName", "GroupName", "PolicyName"):
        if isinstance(params.get(key), str):
            return str(params[key])
    return "*"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
