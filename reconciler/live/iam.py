"""One account's IAM: everything that the reconciler reads and writes goes through the class here."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.errors import CallError
from reconciler.kinds import KINDS
from reconciler.live import keeping, managed
from reconciler.live.faults import translated
from reconciler.model import Account, Address, Call, Live, Lookup, Observed, Sweep

if TYPE_CHECKING:
    import boto3

__all__ = ["READS", "Iam"]

_SUMMARY, _LOOK_UP = "GetAccountSummary", "GetPolicy"
READS = frozenset({_SUMMARY, _LOOK_UP, *managed.READS})
"""What a plan may call of IAM to read, beside the listings and look-ups that the kinds name."""

_PAGE = 1000
"""Objects a page. Source: IAM's service model, maxItemsType: 1 to 1000; boto3's paginator asks for 100."""
_THREADS = 8
_CONNECTIONS = 64
"""Kept open at most; as many as an apply may make calls at once."""


class Iam:
    """IAM as one set of credentials sees it; ``calls`` counts every request of a page, a look-up or a write."""

    def __init__(self, session: boto3.Session, *, keep: bool = False) -> None:
        """Take a boto3 session; nothing is called yet.

        Args:
            session: who calls, and where.
            keep: whether to keep documents of AWS's policies in the user's cache directory. Without effect where the
                session's IAM is not at an endpoint of AWS; never set it for an emulator inside this process.
        """
        self._session = session
        self._keep = keep
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._caller = ""
        self.calls = 0

    def identify(self) -> Account:
        """Return the account that the credentials belong to; its partition is read off the caller's ARN.

        Raises:
            CredentialsError: the credentials are missing, expired or not valid.
            AccountError: the account cannot be reached.
        """
        answer = self._request("sts", "GetCallerIdentity", {})
        self._caller = answer["Arn"]
        return Account(answer["Account"], self._caller.split(":", 2)[1], self._session.region_name)

    def snapshot(self, account: Account) -> Live:
        """Return every object of every kind, in a number of calls that does not grow with the objects of one page.

        Raises:
            AccountError: the account cannot be read.
        """
        sweeps = {(s.operation, s.result): s for kind in KINDS.values() for s in kind.sweeps}
        with ThreadPoolExecutor(_THREADS) as pool:
            summary = pool.submit(self._request, "iam", _SUMMARY, {})
            listed = list(pool.map(self._sweep, sweeps.values()))
            quotas = summary.result()["SummaryMap"]
        rows = {sweep.result: found for sweep, found in zip(sweeps.values(), listed, strict=True)}
        objects: dict[Address, Observed[Any]] = {}
        for kind in KINDS.values():
            unread = frozenset(lookup.field for lookup in kind.lookups)
            for resource in kind.read(rows):
                address = kind.address(resource.name)
                objects[address] = Observed(address, resource, kind.arn(resource, account), unread)
        return Live(account, dict(sorted(objects.items())), quotas, self._caller)

    def look_up(self, live: Live, wanted: Iterable[tuple[Address, str]]) -> Live:
        """Return the snapshot with the wanted fields read, one call per object and look-up.

        Raises:
            AccountError: a look-up is denied or fails.
        """
        jobs = [
            (live.objects[address], lookup)
            for address, name in sorted(set(wanted))
            for lookup in KINDS[address.kind].lookups
            if lookup.field == name
        ]
        with ThreadPoolExecutor(_THREADS) as pool:
            found = list(pool.map(lambda job: self._look_up(*job), jobs))
        results: dict[Address, dict[str, Any]] = {}
        fields: dict[Address, set[str]] = {}
        for (observed, lookup), result in zip(jobs, found, strict=True):
            results.setdefault(observed.address, {})[lookup.operation] = result
            fields.setdefault(observed.address, set()).add(lookup.field)
        objects = dict(live.objects)
        for address, operations in results.items():
            observed = objects[address]
            resource = KINDS[address.kind].enrich(observed.resource, operations)
            unread = observed.unread - fields[address]
            objects[address] = dataclasses.replace(observed, resource=resource, unread=unread)
        return dataclasses.replace(live, objects=objects)

    def has_policies(self, arns: Iterable[str]) -> Mapping[str, bool]:
        """Return for each ARN whether IAM knows a managed policy of that ARN; one call each.

        Raises:
            AccountError: a look-up is denied or fails.
        """
        wanted = sorted(set(arns))
        with ThreadPoolExecutor(_THREADS) as pool:
            return dict(zip(wanted, pool.map(self._has_policy, wanted), strict=True))

    def documents(self, arns: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the document of the default version of each managed policy that can be read, by ARN.

        Left out are policies that are not there, and those that the caller may not read. Of AWS's policies, the version
        that is kept on this machine is not read again; but which one is the default is asked every time:

        - up to three: GetPolicy each, and GetPolicyVersion for each that is not kept;
        - more: ListPolicies of those that are attached, a page; while more than three are missing, of all, a page for
          each 1,000 that AWS has (two), else GetPolicy each; and GetPolicyVersion for each that is not kept;
        - more than five of which nothing is kept: GetAccountAuthorizationDetails first, a page for each 1,000 that the
          account uses (one), which has their versions and documents; the rest as above, without the listing of those
          that are attached.

        Customer managed policies take GetPolicy and GetPolicyVersion each, and are never kept.

        Raises:
            AccountError: a call fails for another reason than that it is denied.
            CallError: a call is refused for another reason than that there is no such policy.
        """
        wanted = set(arns)
        if not wanted:
            return {}
        kept = keeping.opened(self._client("iam").meta.endpoint_url) if self._keep else None
        return managed.documents(partial(self._request, "iam"), wanted, kept)

    def send(self, call: Call) -> Mapping[str, Any]:
        """Make one call, once: botocore repeats nothing, for a lost answer may be that of a write that landed.

        Raises:
            CallError: IAM refused the call.
            UnansweredError: IAM cannot be reached or failed, and may have done what it was told.
            AccountError: it was denied, or the credentials are not valid.
        """
        return self._request("writer", call.operation, dict(call.params))

    def _sweep(self, sweep: Sweep) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        params = {**sweep.params, "MaxItems": _PAGE}
        while True:
            page = self._request("iam", sweep.operation, params)
            found += page.get(sweep.result) or ()
            # A page may be short, even empty, and not the last.
            if not page.get("IsTruncated"):
                return found
            params["Marker"] = page["Marker"]

    def _look_up(self, observed: Observed[Any], lookup: Lookup) -> Any:
        params = dict(lookup.params(observed.resource))
        found: list[Any] = []
        try:
            while True:
                page = self._request("iam", lookup.operation, params)
                result = page.get(lookup.result)
                if not isinstance(result, list):
                    return result
                found += result
                if not page.get("IsTruncated"):
                    return found
                params["Marker"] = page["Marker"]
        except CallError as error:
            if error.code == "NoSuchEntity":
                return None
            raise

    def _has_policy(self, arn: str) -> bool:
        try:
            self._request("iam", _LOOK_UP, {"PolicyArn": arn})
        except CallError as error:
            if error.code in {"NoSuchEntity", "InvalidInput", "ValidationError"}:
                return False
            raise
        return True

    def _request(self, role: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore import xform_name  # noqa: PLC0415  offline commands must not pay for botocore

        with translated(operation, params):
            method = getattr(self._client(role), xform_name(operation))
            with self._lock:
                self.calls += 1
            answer: Mapping[str, Any] = method(**params)
        return answer

    def _client(self, role: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415  offline commands must not pay for botocore

        with self._lock:
            if role not in self._clients:
                retries: Any = (
                    {"total_max_attempts": 1} if role == "writer" else {"mode": "standard", "max_attempts": 8}
                )
                config = Config(retries=retries, max_pool_connections=_CONNECTIONS)
                service: Any = "sts" if role == "sts" else "iam"
                # IAM is one global service per partition: the region only names the partition, and need not be set.
                region = self._session.region_name or "us-east-1"
                self._clients[role] = self._session.client(service, region_name=region, config=config)
            return self._clients[role]
