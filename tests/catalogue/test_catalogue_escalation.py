"""The data of ways to more access."""

from __future__ import annotations

import pytest

from reconciler.catalogue import service_principals
from reconciler.catalogue.actions import action_catalogue
from reconciler.catalogue.escalation import Become, Change, Pass, escalation_methods

METHODS = escalation_methods()


def test_every_action_exists_as_iam_spells_it() -> None:
    assert METHODS.names <= set(action_catalogue().names)


def types_of(action: str) -> set[str]:
    catalogue = action_catalogue()
    return {one.name for one in catalogue.resource_types(catalogue.names.index(action))}


@pytest.mark.parametrize("one", [*METHODS.changes, *METHODS.becoming], ids=lambda one: one.action)
def test_what_a_request_is_about_is_a_resource_of_its_action(one: Change | Become) -> None:
    assert one.on in types_of(one.action)


SERVICES = list({one.service: one for one in (*METHODS.passing, *METHODS.carriers)}.values())


@pytest.mark.parametrize("one", SERVICES, ids=lambda one: one.service)
def test_every_service_is_one_that_assumes_roles(one: Pass) -> None:
    assert service_principals(one.service) == (one.service,)


def test_no_way_is_listed_twice() -> None:
    for ways in (METHODS.passing, METHODS.carriers):
        found = [(one.service, frozenset(one.actions)) for one in ways]
        assert len(found) == len(set(found))
