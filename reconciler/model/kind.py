"""What a kind of resource is: how it is parsed, read, created, deleted, and in which facets it may differ."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from reconciler.model.address import Account, Address
from reconciler.model.document import Context, Document
from reconciler.model.plan import Call

__all__ = [
    "Absent", "Effect", "Facet", "Fixed", "Grants", "Items", "Kind", "Live", "Lookup", "Observed", "Parsed",
    "Resource", "Rows", "Sweep", "Value",
]  # fmt: skip

Absent: TypeAlias = Literal["none", "leave"]
"""What an absent key means: ``none`` for what grants access, ``leave`` (as live) for what describes."""

Grants: TypeAlias = Literal["", "document", "inline", "held", "boundary"]
"""What a field gives a principal: ``document`` is itself a policy, ``inline`` holds policies by name, ``held`` names
objects whose own grants count, ``boundary`` names the policy that bounds all of them."""

Effect: TypeAlias = Literal["lock", "create", "rename", "add", "change", "remove", "delete"]
"""What a call does to access, roughly; calls run in this order where nothing else binds them."""


class Resource(Protocol):
    """What every kind's dataclass has."""

    @property
    def name(self) -> str:
        """Return the name as somebody spelled it."""

    @property
    def path(self) -> str:
        """Return the path, ``/`` at least."""

    @property
    def unique_id(self) -> str:
        """Return the id that IAM never uses twice; empty where it is not known."""


R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One listing that reads many objects: an operation, its parameters, and the member that holds the rows."""

    operation: str
    result: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One call per object, made only for objects whose ``field`` a plan needs."""

    field: str
    operation: str
    result: str
    params: Callable[[Any], Mapping[str, Any]]
    """From the live resource to the call's parameters."""


Rows: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows that the sweeps of all kinds returned, by the sweep's ``result`` member."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[R]):
    """What a kind's parser returns: the resource and the items that shall not be there (per field)."""

    resource: R
    dropped: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facet:
    """One way in which an object may differ; ``field`` is the dataclass's field and the document's key."""

    field: str
    absent: Absent = "leave"
    refers: str | None = None
    """The kind that the value, or every key, names."""
    key: str = ""
    """The document's key where it is not ``field`` (``trust`` may also be written ``service``)."""
    grants: Grants = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Facet):
    """A field that is replaced whole."""

    write: Callable[[Any, Any], Sequence[Call]]
    """From (desired, live) resources to the calls, to be made in this order."""
    same: Callable[[Any, Any], bool] = operator.eq
    explain: Callable[[Any, Any], tuple[str, ...]] | None = None
    trusts: bool = False
    """Whether the value names the principals that ``Kind.principals`` returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Facet):
    """A field of keyed items, each added, replaced or removed by itself."""

    put: Callable[[Any, Mapping[str, Any]], Sequence[Call]]
    """From the holder and the items to add or replace to the calls."""
    drop: Callable[[Any, Sequence[str]], Sequence[Call]]
    """From the holder and the keys to remove to the calls."""
    same: Callable[[Any, Any], bool] = operator.eq
    explain: Callable[[Any, Any], tuple[str, ...]] | None = None
    folds: bool = False
    """Whether keys that differ in case only are one key."""
    at_creation: bool = False
    """Whether the creating call carries the items."""
    quota: str | int | None = None
    """The limit on the items' weights, or the entry of GetAccountSummary that holds it; where adding would pass it, a
    removal makes room first."""
    weight: Callable[[Any], int] = lambda _: 1
    label: Callable[[str], str] = str
    """From a key to what people call the item."""
    inverse: str = ""
    """The field of the kind that is referred to which holds the same items from their other end (``groups`` of a user
    and ``members`` of a group): such an item belongs to both ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Facet):
    """A field that IAM cannot change in place."""


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[R]):
    """One kind of resource; the diff, the plan and the reports know it only through this.

    Annotate the name (``KIND: Kind[Group] = Kind(...)``): a subscripted call raises TypeError on frozen slotted
    generic dataclasses before Python 3.13.
    """

    name: str
    parse: Callable[[Document, Context], Parsed[R] | None]
    """From a document that fits its schema to the resource, or None after reporting why there is none.

    It is given documents too that lack keys which the schema requires, for the faults of what they hold; the name is
    always there.
    """
    read: Callable[[Rows], Iterable[R]]
    create: Callable[[R, frozenset[str]], Sequence[Call]]
    """From the resource and the principal ARNs that do not exist yet to the creating call and its completing ones."""
    delete: Callable[[R], Sequence[tuple[Effect, Call]]]
    """From the live resource to everything that its deletion takes, in order; the last call deletes it."""
    handle: tuple[str, Literal["name", "arn"]]
    """The parameter by which calls name an object of this kind, and what it holds."""
    facets: tuple[Facet, ...]
    sweeps: tuple[Sweep, ...]
    lookups: tuple[Lookup, ...] = ()
    enrich: Callable[[R, Mapping[str, Any]], R] = lambda resource, _: resource
    """From a live resource and its lookups' results, by operation (None where IAM has nothing), to the whole one."""
    deletion_reads: frozenset[str] = frozenset()
    """The looked-up fields that ``delete`` needs."""
    principals: Callable[[R], frozenset[str]] = lambda _: frozenset()
    """The ARNs that must exist when the resource is created."""
    follow: Callable[[R, Mapping[str, str]], R] = lambda resource, _: resource
    """From a live resource and the ARNs that change with a rename or a move to how IAM will show the resource after."""
    recreate: Callable[[R, R], Sequence[Call]] = lambda _desired, _live: ()
    """From (desired, live) to what puts back, on a new object, the ties of either that no facet holds."""
    rename: Callable[[str, str], Call] | None = None
    """From the old and the new name to the renaming call, where IAM can rename."""
    irreversible: Callable[[R, R | None], tuple[str, ...]] = lambda _before, _after: ()
    """From a live resource and what becomes of it (None: it is deleted) to what is lost for good, for people."""
    warnings: Callable[[R, R], tuple[str, ...]] = lambda _desired, _live: ()
    """From (desired, live) to what a reviewer should know of the change beyond its differences."""
    in_use: Callable[[R, dt.date], tuple[str, ...]] = lambda _resource, _today: ()
    """From a live resource that a plan deletes, its lookups read, and a day (UTC) to why it seems to be in use on that
    day, for people."""
    counted: str = ""
    """The entry of GetAccountSummary that counts the objects of the kind; with ``Quota`` behind it, how many there may
    be."""
    fills: Mapping[str, tuple[str, Callable[[Any], int]]] = field(default_factory=dict)
    """By the entry of GetAccountSummary that bounds it: a field, and how much its value takes of the quota; beside what
    facets count."""
    reserved: Callable[[R], str | None] = lambda _: None
    """Why nobody but AWS may write the object, or None."""
    creates: str = ""
    """The operation of ``effects`` that creates an object: the only one that is asked about one that is not there."""
    effects: Mapping[str, Callable[[Any, Mapping[str, Any]], R | None]] = field(default_factory=dict)
    """By operation: from the resource and the call's parameters to the resource after the call (None: it is gone); the
    very same resource where the call changes nothing."""
    subject: Callable[[Mapping[str, Any]], str] | None = None
    """From a call's parameters to the name of the object concerned, where ``handle`` does not tell."""
    bindings: Callable[[R, Account], Mapping[str, str]] | None = None
    """The condition keys whose values are fixed for requests that the object makes; None: it makes none."""

    @property
    def schema(self) -> str:
        """Return the file name of the kind's JSON Schema."""
        return f"{self.name}.schema.json"

    def address(self, name: str) -> Address:
        """Return the address of the object of this kind that is called ``name``."""
        return Address(self.name, name)

    def arn(self, resource: R, account: Account) -> str:
        """Return the resource's ARN: computable before it exists."""
        return account.arn(self.name, resource.path, resource.name)

    def facet(self, field_name: str) -> Facet | None:
        """Return the facet over ``field_name``, or None."""
        return next((facet for facet in self.facets if facet.field == field_name), None)


@dataclass(frozen=True, slots=True)
class Observed(Generic[R]):
    """An object as it is live; fields in ``unread`` have not been looked up."""

    address: Address
    resource: R
    arn: str
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Live:
    """One snapshot of an account."""

    account: Account
    objects: Mapping[Address, Observed[Any]]
    summary: Mapping[str, int] = field(default_factory=dict)
    """GetAccountSummary's counts and quotas."""
    caller: str = ""
    """The ARN of the caller."""
