"""What people write for actions, resources and condition keys: whether it is any, and whether AWS knows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.catalogue.actions import ActionCatalogue, action_catalogue
from reconciler.catalogue.reach import acting_on
from reconciler.catalogue.search import find_actions, near_actions
from reconciler.documents.hints import listed, quoted

__all__ = ["Slip", "form_slips", "is_condition_key", "meaning_slips"]

_ACTION = re.compile(r"\*|[\w*?-]+:[\w*?-]+", re.ASCII)
_ARN = re.compile(r"\*|arn:[^:\s]*:[^:\s]+:[^:\s]*:[^:\s]*:.+")
_KEY = re.compile(r"[A-Za-z][\w-]*:\S+", re.ASCII)


class Slip(NamedTuple):
    """Something that was probably meant otherwise."""

    what: str
    remedy: str
    certain: bool = True
    """Whether it is certainly a mistake."""


def is_condition_key(text: str) -> bool:
    """Return whether a text may be the name of a condition key."""
    return _KEY.fullmatch(text) is not None


def form_slips(actions: Iterable[str], resources: Iterable[str]) -> Iterator[Slip]:
    """Yield what is no action or no resource: globs over ``service:Action``, and over ARNs."""
    for text in actions:
        if not _ACTION.fullmatch(text):
            yield Slip(f"{quoted(text)} is no action", "write service:Action; `*` and `?` are wildcards")
    for text in resources:
        if not _ARN.fullmatch(text):
            yield Slip(f"{quoted(text)} is no resource", "write a whole ARN, with wildcards where you like, or *")


def meaning_slips(actions: Iterable[str], resources: Iterable[str]) -> Iterator[Slip]:
    """Yield what the catalogue says against actions and resources whose form is right.

    An action that is not known is certainly a mistake only where the catalogue has a similar one: AWS adds some daily.
    """
    catalogue = action_catalogue()
    known = []
    for action in actions:
        if find_actions(catalogue, action):
            known.append(action)
            continue
        near = near_actions(catalogue, action)
        remedy = f"did you mean {listed(near, 'or')}?" if near else f"the catalogue is of {catalogue.date}"
        yield Slip(f"no action {quoted(action)} is known", remedy, bool(near))
    for resource in resources:
        if known and not any(acting_on(catalogue, action, resource) for action in known):
            what = f"{listed(known)} cannot act on {quoted(resource)}, so this says nothing"
            yield Slip(what, _form_of(catalogue, known), certain=False)


def _form_of(catalogue: ActionCatalogue, actions: Iterable[str]) -> str:
    """Return what the resources of the actions look like, for people."""
    places = (at for action in actions for at in find_actions(catalogue, action))
    form = next((form for at in places for form in catalogue.arn_formats(at)), None)
    return f"write a resource such as {form}" if form else "leave the resource away"
