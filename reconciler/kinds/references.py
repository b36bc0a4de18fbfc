"""From the text by which a document names another object to what IAM calls it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from reconciler import kinds
from reconciler.catalogue import ManagedPolicy, managed_policy, managed_policy_paths, near_managed_policies
from reconciler.errors import ReconcilerError
from reconciler.model import Account, Address, Declared, Live

__all__ = ["Dangling", "References"]


class Dangling(ReconcilerError):  # noqa: N818  a reference is dangling; the run may still go on
    """A reference leads nowhere, or to two places.

    ``certain`` is False when only the account could tell; ``likely`` says that it could, and that a name comes so near
    that a slip is the likely cause.
    """

    def __init__(
        self, what: str, remedy: str, *, certain: bool, likely: bool = False, probe: tuple[str, ...] = ()
    ) -> None:
        """Take what is wrong, what to do, and the ARNs that the account should be asked for."""
        self.what = what
        self.remedy = remedy
        self.certain = certain
        self.likely = likely
        self.probe = probe
        super().__init__(f"{what}; {remedy}")


class References:
    """Resolves references for one account: declared objects first, then AWS's own policies, then the account's."""

    def __init__(
        self,
        account: Account,
        declared: Mapping[Address, Declared],
        live: Live | None = None,
        probed: Mapping[str, bool] | None = None,
        replaced: Mapping[Address, str] | None = None,
    ) -> None:
        """Take what is declared and live (None offline), which probed ARNs exist, and the ARNs of replaced objects."""
        self._account = account
        self._declared = declared
        self._live = live
        self._probed = probed or {}
        self._replaced = replaced or {}

    def resolve(self, kind: str, text: str) -> str:
        """Return what IAM's calls name the object by: a policy's ARN, else the name in the live spelling.

        Raises:
            Dangling: nothing is called so, or two things are.
        """
        return self._policy(text) if kind == "policy" else self._named(kind, text)

    def arn(self, address: Address) -> str | None:
        """Return the ARN that a declared or live object has or will have, None if there is none."""
        if address in self._replaced:
            return self._replaced[address]
        live = self._live.objects.get(address) if self._live else None
        if live is not None:
            return live.arn
        declared = self._declared.get(address)
        present = declared is not None and declared.state == "present"
        return kinds.KINDS[address.kind].arn(declared.resource, self._account) if declared and present else None

    def _named(self, kind: str, text: str) -> str:
        address = Address(kind, text)
        live = self._live.objects.get(address) if self._live else None
        declared = self._declared.get(address)
        if declared is not None and declared.state == "absent":
            raise Dangling(f"{address} is declared absent at {declared.origin}", "remove one of the two", certain=True)
        if live is not None:
            return live.address.name
        if declared is not None and declared.state == "present":
            return declared.address.name
        raise self._nowhere(kind, text, self._near_names(kind, text))

    def _nowhere(self, kind: str, text: str, near: list[str]) -> Dangling:
        online = self._live is not None
        where = "declared or in the account" if online else "declared"
        remedy = f"did you mean {' or '.join(near)}?" if near else "declare it, or correct the name"
        return Dangling(f"no {kind} {text!r} is {where}", remedy, certain=online, likely=not online and bool(near))

    def _near_names(self, kind: str, text: str) -> list[str]:
        names = {a.name for a, d in self._declared.items() if a.kind == kind and d.state == "present"}
        if self._live is not None:
            names |= {address.name for address in self._live.objects if address.kind == kind}
        return difflib.get_close_matches(text, sorted(names), n=3, cutoff=0.8)

    def _policy(self, text: str) -> str:
        if text.startswith("arn:"):
            return self._policy_arn(text)
        if text.startswith("customer/"):
            return self._customer(text)
        path, slash, name = text.rpartition("/")
        found = [] if slash else self._own(name)
        aws = managed_policy(name)
        if aws is not None and (not slash or f"/{path}/" == aws.path):
            found.append(aws.arn(self._account.partition))
        if len(found) > 1:
            both = " and ".join(found)
            raise Dangling(f"{text!r} is the name of {both}", "write the ARN of the one you mean", certain=True)
        if found:
            if aws is not None:
                _must_be_attachable(aws)
            return found[0]
        if aws is not None:
            raise Dangling(f"AWS has no policy {text!r}", f"write {aws.reference}", certain=True)
        return self._unknown(text, path if slash else None, name)

    def _own(self, name: str) -> list[str]:
        """Return the ARN of the account's own policy of that name, declared or live, if there is one."""
        address = Address("policy", name)
        declared = self._declared.get(address)
        if declared is not None and declared.state == "absent":
            what = f"{address} is declared absent at {declared.origin}"
            raise Dangling(what, "remove one of the two", certain=True)
        arn = self.arn(address)
        return [arn] if arn is not None else []

    def _customer(self, text: str) -> str:
        name = text.removeprefix("customer/")
        if "/" in name or not name:
            last = name.rpartition("/")[2] or "NAME"
            raise Dangling(f"{text!r} is not customer/ and a name", f"write customer/{last}", certain=True)
        if own := self._own(name):
            return own[0]
        if self._live is None:
            return text
        raise self._nowhere("policy", name, self._near_names("policy", name))

    def _policy_arn(self, text: str) -> str:
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("policy/"):  # noqa: PLR2004  an ARN's parts
            raise Dangling(f"{text!r} is no policy's ARN", "write arn:aws:iam::ACCOUNT:policy/NAME", certain=True)
        if parts[1] != self._account.partition:
            what = f"{text} is of partition {parts[1]}, the account of {self._account.partition}"
            raise Dangling(what, "write arn:{{ partition }}:…", certain=True)
        if parts[4] == "aws":
            return self._aws_arn(text)
        if parts[4] != self._account.id:
            what = f"{text} belongs to account {parts[4]}: IAM attaches no policy of another account"
            raise Dangling(what, "copy the policy into this account, or write arn:…::{{ account_id }}:…", certain=True)
        name = text.rpartition("/")[2]
        own = self._own(name)
        if own == [text]:
            return text
        if own:
            raise Dangling(f"there is no {text}", f"write {own[0]}", certain=True)
        raise self._nowhere("policy", name, self._near_names("policy", name))

    def _aws_arn(self, arn: str) -> str:
        name = arn.rpartition("/")[2]
        known = managed_policy(name)
        if known is not None and known.arn(self._account.partition) == arn:
            _must_be_attachable(known)
            return arn
        if self._probed.get(arn):
            return arn
        if known is not None:
            raise Dangling(f"AWS has no policy {arn}", f"write {known.arn(self._account.partition)}", certain=True)
        raise self._unprobed(arn, (arn,), self._near(name))

    def _unknown(self, text: str, path: str | None, name: str) -> str:
        prefix = f"arn:{self._account.partition}:iam::aws:policy"
        paths = managed_policy_paths() if path is None else (f"/{path}/",)
        candidates = tuple(f"{prefix}{candidate}{name}" for candidate in paths)
        hits = [arn for arn in candidates if self._probed.get(arn)]
        if hits:
            return hits[0]
        raise self._unprobed(text, candidates, self._near(name))

    def _near(self, name: str) -> list[str]:
        own = self._near_names("policy", name)
        return [*own, *(policy.reference for policy in near_managed_policies(name))][:3]

    def _unprobed(self, text: str, candidates: tuple[str, ...], near: list[str]) -> Dangling:
        """Return the fault of a policy that nobody knows: final once every candidate has been asked for."""
        online = self._live is not None
        probe = tuple(arn for arn in candidates if arn not in self._probed) if online else ()
        where = "declared, AWS's own or in the account" if online else "declared or known as AWS's own"
        remedy = f"did you mean {' or '.join(near)}?" if near else "declare it, or write customer/NAME if it is yours"
        likely = not online and bool(near)
        return Dangling(
            f"no policy {text!r} is {where}", remedy, certain=online and not probe, likely=likely, probe=probe
        )


def _must_be_attachable(policy: ManagedPolicy) -> None:
    """Raise for a policy of AWS that nobody can attach: retired, or made for a service-linked role.

    Source: IAM user guide, access_policies_managed-deprecated; PolicyNotAttachable in IAM's service model.
    """
    if policy.attachable:
        return
    why = "AWS has retired it" if policy.deprecated else "it is only for a service-linked role"
    near = [other.reference for other in near_managed_policies(policy.name)]
    remedy = f"perhaps {' or '.join(near)} is what you need" if near else "choose another policy"
    raise Dangling(f"{policy.reference} cannot be attached: {why}", remedy, certain=True)
